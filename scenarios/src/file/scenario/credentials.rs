//! Who proves what to whom, and the laboratory's public key infrastructure. The keys come from the seed.

use std::collections::BTreeMap;
use std::time::Duration;

use ipsec::auth::eap::EapMethod;
use ipsec::auth::x509::Revocation;
use ipsec::auth::x509::laboratory::Usage;
use ipsec::auth::{Identity, IdentityPattern, SignatureHash};
use ipsec::crypto::KeyType;

/// How an end proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a pre-shared key.
    Psk(String),
    /// By one of these certificates, the first that the other end asks for.
    Certificate(Vec<String>),
    /// By EAP, before which the other end has to prove itself, unless it does so by EAP alone.
    Eap {
        /// The user, and who the end says it is unless it is told otherwise.
        user: String,
        /// What the user knows.
        password: String,
        /// What it agrees to, best first.
        methods: Vec<EapMethod>,
    },
    /// By the key that EAP makes for the other end's proof (RFC 5998).
    EapOnly,
    /// By a key that is known without a certificate (RFC 7670).
    RawKey(KeyType),
    /// Not at all (RFC 7619).
    Null,
}

/// How an end wants the other one to prove who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// By a pre-shared key.
    Psk(String),
    /// By a certificate.
    Certificate {
        /// The trust anchors.
        authorities: Vec<String>,
        /// What has to be known about revocation.
        revocation: Revocation,
        /// Whether OCSP responses are asked for, and whose certificates, by name, are those of responders that are trusted
        /// besides the issuers.
        ocsp: Option<Vec<String>>,
        /// Whether the certificate may be somebody else's.
        any_name: bool,
    },
    /// By EAP.
    Eap {
        /// Passwords by user.
        users: BTreeMap<String, String>,
        /// What is offered, in this order.
        methods: Vec<EapMethod>,
        /// Whether users are asked who they are although they have said so.
        asks_identity: bool,
        /// What they are to read first.
        notice: Option<String>,
    },
    /// By the key that EAP makes for our proof.
    EapOnly,
    /// By the raw key of this peer.
    RawKey(String),
    /// Not at all.
    Null,
}

/// What an end is told about authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// Who it says it is.
    pub identity: Identity,
    /// How it proves that.
    pub proof: Proof,
    /// How the other end has to prove who it is.
    pub demand: Demand,
    /// Who else it says it is, and how it proves that (RFC 4739).
    pub further: Vec<(Identity, Proof)>,
    /// Who else the other end has to be, and how it has to prove that.
    pub further_demands: Vec<(IdentityPattern, Demand)>,
    /// The hash functions that it announces for signatures; what its algorithms need where nothing is said.
    pub hashes: Option<Vec<SignatureHash>>,
    /// Whether it tells the other end which proofs it accepts (RFC 9593).
    pub announces_methods: bool,
}

/// The first and the last moment of validity, counted from the beginning of the run. Where one is not given, it is far enough
/// away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first.
    pub from: Option<Duration>,
    /// The last.
    pub until: Option<Duration>,
}

/// An authority that issues certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// The authority above; a root has none.
    pub issuer: Option<String>,
    /// Its key.
    pub key: KeyType,
    /// Whose certificate it is.
    pub subject: String,
    /// How many authorities may stand below it.
    pub path_length: Option<u8>,
    /// When its certificate is valid.
    pub validity: Validity,
    /// Whether its issuer has revoked it.
    pub revoked: bool,
    /// What revocation list it publishes.
    pub list: List,
}

/// A revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// None.
    None,
    /// One that is current, so long after the beginning of the run; all the time if nothing is said.
    Until(Option<Duration>),
}

/// A certificate of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its name.
    pub name: String,
    /// The authority.
    pub issuer: String,
    /// Its key.
    pub key: KeyType,
    /// Whose it is.
    pub subject: String,
    /// The alternative names.
    pub names: Vec<Identity>,
    /// What its key is for.
    pub usage: Usage,
    /// When it is valid.
    pub validity: Validity,
    /// Whether its issuer has revoked it.
    pub revoked: bool,
    /// Whether the authorities between it and the root are sent with it.
    pub chain: bool,
    /// What an OCSP responder says of it, if one does.
    pub ocsp: Option<Ocsp>,
}

/// What an OCSP responder says of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ocsp {
    /// Its status.
    pub says: OcspWord,
    /// The certificate of the responder, if it is not the issuer itself.
    pub responder: Option<String>,
    /// When it says that, and until when that is good.
    pub validity: Validity,
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspWord {
    /// It is not revoked.
    Good,
    /// It is revoked since the beginning of the run.
    Revoked,
    /// The responder does not know it.
    Unknown,
}

/// The octets of a shared key: those of the text, or those that its hexadecimal digits behind `0x` stand for (RFC 7296 §2.15). Nothing
/// when it begins so and goes on otherwise.
pub(crate) fn shared_key(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix("0x") else { return Some(text.as_bytes().to_vec()) };
    if digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok());
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_key_is_its_text_or_what_its_digits_stand_for() {
        let long = "a".repeat(64);
        assert_eq!(shared_key(&long).unwrap(), long.as_bytes());
        assert_eq!(shared_key("0x00ffA5").unwrap(), [0, 0xff, 0xa5]);
        assert_eq!(shared_key("x0"), Some(b"x0".to_vec()));
        assert_eq!(["0x0", "0x0g", "0x+1"].map(shared_key), [None, None, None]);
    }
}
