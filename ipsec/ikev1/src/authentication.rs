//! What authenticates both ends in phase 1, as an end is told (RFC 2409 §5).

use ipsec_auth::{Certified, Credential};
use ipsec_crypto::Secret;

use crate::negotiate::Method;

/// One way in which both ends prove who they are.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// By a key that both ends share (RFC 2409 §5.4).
    SharedKey(Secret),
    /// By signatures of keys that certificates bind to their identities (RFC 2409 §5.1).
    Signatures(Signatures),
}

/// What signs at this end, and whose signatures count.
#[derive(Clone, Debug)]
pub struct Signatures {
    /// The methods that may be offered and accepted, best first. One for which there is no key is neither.
    pub methods: Vec<Method>,
    /// What there is to sign with, the preferred one first. The peer's certificate requests may ask for another.
    pub credentials: Vec<Credential>,
    /// Whose certificates count.
    pub peers: Certified,
}

impl Authentication {
    /// The methods that it may be agreed on by, best first.
    #[must_use]
    pub fn methods(&self) -> Vec<Method> {
        match self {
            Self::SharedKey(_) => vec![Method::SharedKey],
            Self::Signatures(signatures) => {
                let has_key = |method: &&Method| signatures.signing_with(**method).next().is_some();
                signatures.methods.iter().filter(has_key).copied().collect()
            }
        }
    }
}

impl Signatures {
    /// What there is to sign with by this method.
    pub(crate) fn signing_with(&self, method: Method) -> impl Iterator<Item = &Credential> {
        let fits = move |credential: &&Credential| {
            Method::of_signatures(credential.signer.key_type()) == Some(method)
        };
        self.credentials.iter().filter(fits)
    }
}
