//! The proof that a peer is who it says it is. Whoever holds one got it from a verification in this crate.

use ipsec_crypto::{BadIdentifier, BadSignature, SignatureAlgorithm};
use ipsec_wire::registry::AuthMethod;
use thiserror::Error;

use crate::{Identity, SignatureHash};

/// A verified identity. Nothing outside this crate can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    identity: Identity,
}

impl Proven {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity }
    }

    /// Who was proven to speak; [`Identity::Null`] if it is only proven that nobody else came between (RFC 7619).
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// Why an AUTH payload, or in IKEv1 a HASH payload, does not prove the identity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotProven {
    /// It was not computed with the secret that both ends should have, or over other messages.
    #[error("the AUTH payload was not made with the expected shared secret over these messages")]
    SharedSecret,
    /// A HASH payload of IKEv1 was not computed with the secret that both ends should have, or over other messages.
    #[error("the HASH payload was not made with the expected shared key over these messages")]
    HashPayload,
    /// It proves in another way than was agreed.
    #[error("expected the authentication method {expected}, found {found}")]
    Method {
        /// What the key and the SIGNATURE_HASH_ALGORITHMS of both ends ask for.
        expected: AuthMethod,
        /// The method of the payload.
        found: AuthMethod,
    },
    /// Method 14: the octets end before the AlgorithmIdentifier does.
    #[error("expected an AlgorithmIdentifier of {expected} octets and a signature, found {found} octets")]
    Truncated {
        /// The length that its ASN.1 length octet says.
        expected: usize,
        /// How many octets follow that octet.
        found: usize,
    },
    /// Method 14: the AlgorithmIdentifier names nothing that is known here.
    #[error("expected a known signature algorithm: {0}")]
    Identifier(#[from] BadIdentifier),
    /// Method 14: the algorithm is known but not allowed here.
    #[error("expected a signature with {}, found one with {}", names(.expected), .found.name())]
    Algorithm {
        /// What is allowed.
        expected: Vec<SignatureAlgorithm>,
        /// What was used.
        found: SignatureAlgorithm,
    },
    /// Method 14: the algorithm hashes with a function that this end did not announce (RFC 7427 §4).
    #[error("expected a hash function out of {}, {} uses another", hash_names(.announced), .algorithm.name())]
    Hash {
        /// What this end announced.
        announced: Vec<SignatureHash>,
        /// What was used.
        algorithm: SignatureAlgorithm,
    },
    /// The signature is not one of the key over these messages.
    #[error("expected a signature with {}: {why}", .algorithm.name())]
    Signature {
        /// The algorithm that verified it.
        algorithm: SignatureAlgorithm,
        /// What is wrong with it.
        why: BadSignature,
    },
}

fn names(algorithms: &[SignatureAlgorithm]) -> String {
    let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
    names.join(" or ")
}

fn hash_names(hashes: &[SignatureHash]) -> String {
    let names: Vec<&str> = hashes.iter().map(|hash| hash.name()).collect();
    names.join(", ")
}
