//! What can be wrong with a key, a buffer, a peer's public value or a protected message.

use thiserror::Error;

use crate::KeyExchangeAlgorithm;

/// The integrity check value does not match: the message, its associated data, nonce or key is not the sender's.
///
/// Says no more than that on purpose; why it differs cannot be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the integrity check value does not match")]
pub struct Forged;

/// A key of a length that the algorithm does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{algorithm} takes a key of {} bytes, not of {found}", one_of(.expected))]
pub struct KeyLength {
    /// The algorithm's name.
    pub algorithm: &'static str,
    /// The lengths that it takes, in bytes.
    pub expected: &'static [usize],
    /// The length that was given, in bytes.
    pub found: usize,
}

/// A nonce, initialization vector, integrity check value or text of a length that the algorithm does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WrongLength {
    /// The nonce, or initialization vector with its salt.
    #[error("{algorithm} takes a nonce of {expected} bytes, not of {found}")]
    Nonce {
        /// The algorithm's name.
        algorithm: &'static str,
        /// The length that it takes, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        found: usize,
    },
    /// The room for the integrity check value.
    #[error("{algorithm} makes an integrity check value of {expected} bytes, not of {found}")]
    Icv {
        /// The algorithm's name.
        algorithm: &'static str,
        /// The length that it makes, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        found: usize,
    },
    /// A text that is not made of whole blocks.
    #[error("{algorithm} takes whole blocks of {block} bytes, not {found} bytes")]
    Blocks {
        /// The algorithm's name.
        algorithm: &'static str,
        /// The length of a block, in bytes.
        block: usize,
        /// The length of the text that was given, in bytes.
        found: usize,
    },
    /// A text longer than the algorithm can protect under one nonce.
    #[error("{algorithm} cannot protect {found} bytes under one nonce")]
    Text {
        /// The algorithm's name.
        algorithm: &'static str,
        /// The length of the text that was given, in bytes.
        found: usize,
    },
}

/// More key material than prf+ can make: 255 times the output of the PRF (RFC 7296 §2.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("prf+ makes at most {most} bytes, not {requested}")]
pub struct KeyMaterialTooLong {
    /// How many bytes were asked for.
    pub requested: usize,
    /// How many bytes this PRF can give.
    pub most: usize,
}

/// A peer's public value that must not be used (RFC 6989, RFC 7748 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("bad public value for {}: {defect}", .algorithm.name())]
pub struct BadPublicValue {
    /// The key exchange it was meant for.
    pub algorithm: KeyExchangeAlgorithm,
    /// What is wrong with it.
    pub defect: PublicValueDefect,
}

/// What is wrong with a peer's public value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PublicValueDefect {
    /// Its length is not the group's.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// The group's length, in bytes.
        expected: usize,
        /// The length found, in bytes.
        found: usize,
    },
    /// MODP: it is not in 2 ..= p - 2 (RFC 6989 §2.1).
    #[error("not between 1 and p - 1")]
    OutOfRange,
    /// MODP with a small subgroup: raised to the subgroup's order it is not 1 (RFC 6989 §2.2).
    #[error("not in the subgroup of order q")]
    NotInSubgroup,
    /// ECP and Brainpool: its coordinates are not those of a point of the curve (RFC 6989 §2.3).
    #[error("not a point of the curve")]
    NotOnCurve,
    /// X25519 and X448: a point of small order, that would give a secret of zeros (RFC 7748 §6).
    #[error("a point of small order")]
    SmallOrder,
    /// ML-KEM: an encapsulation key with a coefficient that is not reduced modulo q (FIPS 203 §7.2).
    #[error("a coefficient is not below q")]
    NotReduced,
}

fn one_of(lengths: &[usize]) -> String {
    let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    lengths.join(" or ")
}
