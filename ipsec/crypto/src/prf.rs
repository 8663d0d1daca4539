//! Pseudorandom functions, and prf+ that stretches them (RFC 7296 §2.13).
//!
//! ```text
//! SKEYSEED = prf(Ni | Nr, g^ir)
//! prf+(K, S) = T1 | T2 | …      T1 = prf(K, S | 0x01), T2 = prf(K, T1 | S | 0x02), …
//! ```

use std::fmt;

use zeroize::Zeroize;

use crate::cbc_mac::{Block, CbcMac};
use crate::mac::Mac;
use crate::{KeyMaterialTooLong, Secret};

/// A pseudorandom function (RFC 7296 §3.3.2, transform type 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrfAlgorithm {
    /// HMAC-MD5 (RFC 2104), 16 bytes.
    HmacMd5,
    /// HMAC-SHA1 (RFC 2104), 20 bytes.
    HmacSha1,
    /// HMAC-SHA2-256 (RFC 4868), 32 bytes.
    HmacSha2_256,
    /// HMAC-SHA2-384 (RFC 4868), 48 bytes.
    HmacSha2_384,
    /// HMAC-SHA2-512 (RFC 4868), 64 bytes.
    HmacSha2_512,
    /// AES-XCBC-PRF-128 (RFC 4434), 16 bytes.
    AesXcbc,
    /// AES-CMAC-PRF-128 (RFC 4615), 16 bytes.
    AesCmac,
}

impl PrfAlgorithm {
    /// All of them, in the order of their transform identifiers' families.
    pub const ALL: &'static [Self] = &[
        Self::HmacMd5,
        Self::HmacSha1,
        Self::HmacSha2_256,
        Self::HmacSha2_384,
        Self::HmacSha2_512,
        Self::AesXcbc,
        Self::AesCmac,
    ];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacMd5 => "PRF-HMAC-MD5",
            Self::HmacSha1 => "PRF-HMAC-SHA1",
            Self::HmacSha2_256 => "PRF-HMAC-SHA2-256",
            Self::HmacSha2_384 => "PRF-HMAC-SHA2-384",
            Self::HmacSha2_512 => "PRF-HMAC-SHA2-512",
            Self::AesXcbc => "PRF-AES128-XCBC",
            Self::AesCmac => "PRF-AES128-CMAC",
        }
    }

    /// The length of one output in bytes.
    pub const fn output_len(self) -> usize {
        match self {
            Self::HmacMd5 | Self::AesXcbc | Self::AesCmac => 16,
            Self::HmacSha1 => 20,
            Self::HmacSha2_256 => 32,
            Self::HmacSha2_384 => 48,
            Self::HmacSha2_512 => 64,
        }
    }

    /// The preferred key length in bytes, that of SK_d, SK_pi and SK_pr: as long as the output (RFC 7296 §2.13).
    pub const fn preferred_key_len(self) -> usize {
        self.output_len()
    }

    /// How many bytes of each nonce form the key of SKEYSEED, where not all do: eight for the PRFs over AES, whose
    /// key has a fixed length (RFC 7296 §2.14).
    pub const fn skeyseed_nonce_len(self) -> Option<usize> {
        match self {
            Self::AesXcbc | Self::AesCmac => Some(8),
            _ => None,
        }
    }
}

/// A pseudorandom function with its key.
#[derive(Clone)]
pub struct Prf {
    algorithm: PrfAlgorithm,
    keyed: Mac,
}

impl Prf {
    /// Takes a key of any length: HMAC by its nature, AES-XCBC and AES-CMAC as RFC 4434 §2 and RFC 4615 §3 say.
    pub fn new(algorithm: PrfAlgorithm, key: &[u8]) -> Self {
        let keyed = match algorithm {
            PrfAlgorithm::HmacMd5 => Mac::hmac_md5(key),
            PrfAlgorithm::HmacSha1 => Mac::hmac_sha1(key),
            PrfAlgorithm::HmacSha2_256 => Mac::hmac_sha2_256(key),
            PrfAlgorithm::HmacSha2_384 => Mac::hmac_sha2_384(key),
            PrfAlgorithm::HmacSha2_512 => Mac::hmac_sha2_512(key),
            PrfAlgorithm::AesXcbc => Mac::xcbc(&xcbc_key(key)),
            PrfAlgorithm::AesCmac => Mac::cmac(&cmac_key(key)),
        };
        Self { algorithm, keyed }
    }

    /// Which one it is.
    pub fn algorithm(&self) -> PrfAlgorithm {
        self.algorithm
    }

    /// prf(key, parts), the parts as if they were one text. As long as [`PrfAlgorithm::output_len`] says.
    pub fn compute(&self, parts: &[&[u8]]) -> Secret {
        let mut output = vec![0; self.algorithm.output_len()];
        self.keyed.compute(parts, &mut output);
        Secret::from(output)
    }
}

impl fmt::Debug for Prf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prf").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The first `len` bytes of prf+(key, seed), the seed's parts as if they were one text (RFC 7296 §2.13).
///
/// # Errors
/// If more than 255 outputs of the PRF would be needed.
pub fn prf_plus(prf: &Prf, seed: &[&[u8]], len: usize) -> Result<Secret, KeyMaterialTooLong> {
    let block = prf.algorithm.output_len();
    let most = block * usize::from(u8::MAX);
    if len > most {
        return Err(KeyMaterialTooLong { requested: len, most });
    }
    // The room is made at once: a vector that grows would leave copies of the keys behind.
    let mut material = vec![0; len.next_multiple_of(block)];
    let mut previous = [0; crate::mac::LONGEST];
    for (output, number) in material.chunks_exact_mut(block).zip(1..=u8::MAX) {
        let before: &[u8] = if number == 1 { &[] } else { &previous[..block] };
        let number = [number];
        let mut parts = Vec::with_capacity(seed.len() + 2);
        parts.push(before);
        parts.extend_from_slice(seed);
        parts.push(&number);
        prf.keyed.compute(&parts, output);
        previous[..block].copy_from_slice(output);
    }
    previous.zeroize();
    material[len..].zeroize();
    material.truncate(len);
    Ok(Secret::from(material))
}

/// A short key is padded with zeros, a long one is hashed under the zero key (RFC 4434 §2).
fn xcbc_key(key: &[u8]) -> Block {
    if key.len() > 16 {
        return CbcMac::xcbc(&[0; 16]).compute(&[key]);
    }
    let mut padded = [0; 16];
    padded[..key.len()].copy_from_slice(key);
    padded
}

/// Any key but one of 16 bytes is hashed under the zero key (RFC 4615 §3).
fn cmac_key(key: &[u8]) -> Block {
    key.try_into().unwrap_or_else(|_| CbcMac::cmac(&[0; 16]).compute(&[key]))
}

#[cfg(test)]
mod tests;
