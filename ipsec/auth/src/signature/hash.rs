//! The list in a SIGNATURE_HASH_ALGORITHMS notify (RFC 7427 §4, RFC 8420 §2): what its sender can verify.

use ipsec_crypto::{HashAlgorithm, SignatureAlgorithm};
use thiserror::Error;

/// A hash function of IANA's "IKEv2 Hash Algorithms".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureHash {
    /// SHA-1, number 1.
    Sha1,
    /// SHA2-256, number 2.
    Sha2_256,
    /// SHA2-384, number 3.
    Sha2_384,
    /// SHA2-512, number 4.
    Sha2_512,
    /// None: the algorithm takes the message as it is, as Ed25519 and Ed448 do. Number 5.
    Identity,
}

/// A list that ends within a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected SIGNATURE_HASH_ALGORITHMS of two octets a hash algorithm, found {found} octets")]
pub struct OddHashList {
    /// The length of the notification data in octets.
    pub found: usize,
}

impl SignatureHash {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Sha1, Self::Sha2_256, Self::Sha2_384, Self::Sha2_512, Self::Identity];

    /// What an end announces that takes any algorithm but those with SHA-1, which RFC 8247 §4.2 forbids.
    pub const RECOMMENDED: &'static [Self] =
        &[Self::Sha2_256, Self::Sha2_384, Self::Sha2_512, Self::Identity];

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Sha1 => 1,
            Self::Sha2_256 => 2,
            Self::Sha2_384 => 3,
            Self::Sha2_512 => 4,
            Self::Identity => 5,
        }
    }

    /// The name to print.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha2_256 => "SHA2-256",
            Self::Sha2_384 => "SHA2-384",
            Self::Sha2_512 => "SHA2-512",
            Self::Identity => "Identity",
        }
    }

    /// What `algorithm` needs the peer to have announced. None if method 14 cannot say it at all.
    #[must_use]
    pub fn of(algorithm: SignatureAlgorithm) -> Option<Self> {
        algorithm.identifier()?;
        match algorithm.hash() {
            None => Some(Self::Identity),
            Some(HashAlgorithm::Sha1) => Some(Self::Sha1),
            Some(HashAlgorithm::Sha2_256) => Some(Self::Sha2_256),
            Some(HashAlgorithm::Sha2_384) => Some(Self::Sha2_384),
            Some(HashAlgorithm::Sha2_512) => Some(Self::Sha2_512),
            Some(_) => None,
        }
    }

    /// What an end announces that verifies these algorithms: no more than they need (RFC 8420 §3).
    #[must_use]
    pub fn needed_by(algorithms: &[SignatureAlgorithm]) -> Vec<Self> {
        let is_needed = |hash: &Self| algorithms.iter().any(|algorithm| Self::of(*algorithm) == Some(*hash));
        Self::ALL.iter().copied().filter(is_needed).collect()
    }

    /// Reads the notification data, without the numbers that are not known.
    ///
    /// # Errors
    /// When it ends within a number.
    pub fn parse_list(data: &[u8]) -> Result<Vec<Self>, OddHashList> {
        let (numbers, rest) = data.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(OddHashList { found: data.len() });
        }
        let known =
            |number: &[u8; 2]| Self::ALL.iter().find(|hash| hash.number() == u16::from_be_bytes(*number));
        Ok(numbers.iter().filter_map(known).copied().collect())
    }

    /// The notification data that announces `hashes`.
    #[must_use]
    pub fn emit_list(hashes: &[Self]) -> Vec<u8> {
        hashes.iter().flat_map(|hash| hash.number().to_be_bytes()).collect()
    }
}
