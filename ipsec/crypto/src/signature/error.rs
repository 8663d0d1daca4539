//! What can be wrong with a key, an algorithm's identifier or a signature.

use thiserror::Error;

use super::{KeyType, SignatureAlgorithm};

/// A key that cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadKey {
    /// It is not the DER of the structure that was asked for.
    #[error("expected {expected} in DER")]
    NotDer {
        /// The structure.
        expected: &'static str,
    },
    /// It is a key for something else.
    #[error("{oid} is no key of RSA, DSA, ECDSA on P-256, P-384 or P-521, Ed25519 or Ed448")]
    Unsupported {
        /// The object identifier of its algorithm, or of its curve.
        oid: String,
    },
    /// Its numbers are not those of such a key.
    #[error("bad {} key: expected {expected}", .key_type.name())]
    Invalid {
        /// The type of key that it says to be.
        key_type: KeyType,
        /// What such a key has.
        expected: &'static str,
    },
}

/// An AlgorithmIdentifier of RFC 7427 that names no algorithm here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadIdentifier {
    /// It is not the DER of an AlgorithmIdentifier (RFC 5280 §4.1.1.2).
    #[error("expected an AlgorithmIdentifier in DER")]
    NotDer,
    /// The object identifier of an algorithm that is not one of these.
    #[error("{oid} is no signature algorithm known here")]
    Unsupported {
        /// The object identifier.
        oid: String,
    },
    /// Its parameters are not those that the algorithm takes.
    #[error("{oid} takes {expected}")]
    Parameters {
        /// The object identifier.
        oid: String,
        /// The parameters that it takes.
        expected: &'static str,
    },
}

/// The algorithm does not take this type of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{} takes a key of {}, not of {}", .algorithm.name(), names(.algorithm.key_types()), .key_type.name())]
pub struct WrongKey {
    /// The algorithm.
    pub algorithm: SignatureAlgorithm,
    /// The type of the key.
    pub key_type: KeyType,
}

/// Why nothing was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CannotSign {
    /// The algorithm does not take this type of key.
    #[error(transparent)]
    Key(#[from] WrongKey),
    /// RSA: the modulus has no room for the padded hash.
    #[error("{} has no room in a modulus of {bits} bits", .algorithm.name())]
    NoRoom {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// DSA or ECDSA of IKEv1: the message is not a hash of the length that belongs to the algorithm or the curve.
    #[error("{} signs a hash of {expected} bytes, not of {found}", .algorithm.name())]
    HashLength {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
        /// The length that it signs, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        found: usize,
    },
    /// The private key's numbers do not fit its public key's.
    #[error("the private key does not belong to its public key")]
    Inconsistent,
}

/// Why a signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadSignature {
    /// The algorithm does not take this type of key.
    #[error(transparent)]
    Key(#[from] WrongKey),
    /// It has not the length of such a signature.
    #[error("expected a signature of {expected} bytes, found {found}")]
    Length {
        /// The length of such a signature, in bytes.
        expected: usize,
        /// The length found, in bytes.
        found: usize,
    },
    /// It is not the DER of two integers r and s that fit the key.
    #[error("expected a SEQUENCE of r and s in DER, each of at most {most} bytes")]
    NotDer {
        /// The length of the order of the key's group, in bytes.
        most: usize,
    },
    /// It was not made with this key's private part over this message.
    #[error("the signature does not match the key and the message")]
    Mismatch,
}

fn names(key_types: &[KeyType]) -> String {
    let names: Vec<&str> = key_types.iter().map(|key_type| key_type.name()).collect();
    names.join(" or ")
}
