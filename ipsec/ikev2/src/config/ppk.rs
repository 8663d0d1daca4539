//! Post-quantum preshared keys: secrets that both ends know beforehand, mixed into the keys of an IKE SA so that who breaks
//! its key exchange some day has nothing yet (RFC 8784, RFC 9867).

use ipsec_crypto::Secret;

/// A post-quantum preshared key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ppk {
    /// What both ends call it; the data of a `PPK_ID_FIXED` (RFC 8784 §5.1).
    pub id: Vec<u8>,
    /// The key, of at least 32 octets where it is to withstand quantum computers.
    pub secret: Secret,
}

impl Ppk {
    /// Its identifier as it stands in a notify: type, then data.
    pub(crate) fn wire_id(&self) -> Vec<u8> {
        [&[PPK_ID_FIXED], self.id.as_slice()].concat()
    }
}

/// Both ends know the identifier in this form (RFC 8784 §5.1).
const PPK_ID_FIXED: u8 = 2;

/// When a PPK is mixed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PpkMethod {
    /// With `IKE_AUTH`: children and later IKE SAs are protected, this IKE SA is not (RFC 8784).
    Auth,
    /// In the last `IKE_INTERMEDIATE` exchange: the IKE SA is protected, too (RFC 9867).
    Intermediate,
}

/// How a connection uses post-quantum preshared keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PpkConfig {
    /// Those that it has, best first.
    pub keys: Vec<Ppk>,
    /// Whether there is to be no IKE SA without one.
    pub required: bool,
    /// When they may be mixed in. Where both ends can do either, it is [`PpkMethod::Intermediate`].
    pub methods: Vec<PpkMethod>,
}

impl PpkConfig {
    pub(crate) fn allows(&self, method: PpkMethod) -> bool {
        self.methods.contains(&method) && !self.keys.is_empty()
    }
}
