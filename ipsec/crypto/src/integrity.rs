//! Integrity algorithms: a MAC cut to the length of the integrity check value (RFC 7296 §3.3.2, transform type 3).

use std::fmt;

use subtle::ConstantTimeEq;

use crate::mac::{LONGEST, Mac};
use crate::{Forged, KeyLength, WrongLength};

/// An integrity algorithm. The last number in a name is the length of the integrity check value in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntegrityAlgorithm {
    /// HMAC-MD5-96 (RFC 2403): key of 16 bytes.
    HmacMd5_96,
    /// HMAC-SHA1-96 (RFC 2404): key of 20 bytes.
    HmacSha1_96,
    /// HMAC-SHA2-256-128 (RFC 4868): key of 32 bytes.
    HmacSha2_256_128,
    /// HMAC-SHA2-384-192 (RFC 4868): key of 48 bytes.
    HmacSha2_384_192,
    /// HMAC-SHA2-512-256 (RFC 4868): key of 64 bytes.
    HmacSha2_512_256,
    /// AES-XCBC-MAC-96 (RFC 3566): key of 16 bytes.
    AesXcbc96,
    /// AES-CMAC-96 (RFC 4494): key of 16 bytes.
    AesCmac96,
    /// AES-128-GMAC in AH (RFC 4543 §4): key of 16 bytes and salt of 4. The check value begins with an IV of 8 bytes, which
    /// [`Integrity::sign`] takes from there; it must never repeat under one key. Not for ESP (§5.3).
    Aes128Gmac,
    /// AES-192-GMAC in AH, likewise: key of 24 bytes and salt of 4.
    Aes192Gmac,
    /// AES-256-GMAC in AH, likewise: key of 32 bytes and salt of 4.
    Aes256Gmac,
}

impl IntegrityAlgorithm {
    /// All of them, in the order of their transform identifiers' families.
    pub const ALL: &'static [Self] = &[
        Self::HmacMd5_96,
        Self::HmacSha1_96,
        Self::HmacSha2_256_128,
        Self::HmacSha2_384_192,
        Self::HmacSha2_512_256,
        Self::AesXcbc96,
        Self::AesCmac96,
        Self::Aes128Gmac,
        Self::Aes192Gmac,
        Self::Aes256Gmac,
    ];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacMd5_96 => "HMAC-MD5-96",
            Self::HmacSha1_96 => "HMAC-SHA1-96",
            Self::HmacSha2_256_128 => "HMAC-SHA2-256-128",
            Self::HmacSha2_384_192 => "HMAC-SHA2-384-192",
            Self::HmacSha2_512_256 => "HMAC-SHA2-512-256",
            Self::AesXcbc96 => "AES-XCBC-96",
            Self::AesCmac96 => "AES-CMAC-96",
            Self::Aes128Gmac => "AES-128-GMAC",
            Self::Aes192Gmac => "AES-192-GMAC",
            Self::Aes256Gmac => "AES-256-GMAC",
        }
    }

    /// The length of the key in bytes. There is just one for each algorithm.
    pub const fn key_len(self) -> usize {
        self.key_lens()[0]
    }

    /// The length in bytes of the IV that the integrity check value begins with: 8 of GMAC, else 0.
    pub const fn iv_len(self) -> usize {
        match self {
            Self::Aes128Gmac | Self::Aes192Gmac | Self::Aes256Gmac => 8,
            _ => 0,
        }
    }

    /// The length of the integrity check value in bytes, its IV included.
    pub const fn icv_len(self) -> usize {
        match self {
            Self::HmacMd5_96 | Self::HmacSha1_96 | Self::AesXcbc96 | Self::AesCmac96 => 12,
            Self::HmacSha2_256_128 => 16,
            Self::HmacSha2_384_192 | Self::Aes128Gmac | Self::Aes192Gmac | Self::Aes256Gmac => 24,
            Self::HmacSha2_512_256 => 32,
        }
    }

    const fn key_lens(self) -> &'static [usize] {
        match self {
            Self::HmacMd5_96 | Self::AesXcbc96 | Self::AesCmac96 => &[16],
            Self::HmacSha1_96 | Self::Aes128Gmac => &[20],
            Self::Aes192Gmac => &[28],
            Self::Aes256Gmac => &[36],
            Self::HmacSha2_256_128 => &[32],
            Self::HmacSha2_384_192 => &[48],
            Self::HmacSha2_512_256 => &[64],
        }
    }
}

/// An integrity algorithm with its key.
#[derive(Clone)]
pub struct Integrity {
    algorithm: IntegrityAlgorithm,
    keyed: Mac,
}

impl Integrity {
    /// Takes a key of exactly [`IntegrityAlgorithm::key_len`] bytes.
    ///
    /// # Errors
    /// If the key has another length.
    pub fn new(algorithm: IntegrityAlgorithm, key: &[u8]) -> Result<Self, KeyLength> {
        let wrong_length =
            KeyLength { algorithm: algorithm.name(), expected: algorithm.key_lens(), found: key.len() };
        if key.len() != algorithm.key_len() {
            return Err(wrong_length);
        }
        let keyed = match algorithm {
            IntegrityAlgorithm::HmacMd5_96 => Mac::hmac_md5(key),
            IntegrityAlgorithm::HmacSha1_96 => Mac::hmac_sha1(key),
            IntegrityAlgorithm::HmacSha2_256_128 => Mac::hmac_sha2_256(key),
            IntegrityAlgorithm::HmacSha2_384_192 => Mac::hmac_sha2_384(key),
            IntegrityAlgorithm::HmacSha2_512_256 => Mac::hmac_sha2_512(key),
            IntegrityAlgorithm::AesXcbc96 => Mac::xcbc(key.try_into().map_err(|_| wrong_length)?),
            IntegrityAlgorithm::AesCmac96 => Mac::cmac(key.try_into().map_err(|_| wrong_length)?),
            IntegrityAlgorithm::Aes128Gmac
            | IntegrityAlgorithm::Aes192Gmac
            | IntegrityAlgorithm::Aes256Gmac => Mac::gmac(key).ok_or(wrong_length)?,
        };
        Ok(Self { algorithm, keyed })
    }

    /// Which one it is.
    pub fn algorithm(&self) -> IntegrityAlgorithm {
        self.algorithm
    }

    /// Writes the integrity check value of the parts as if they were one text; an IV that it begins with is taken from
    /// `icv` and stays.
    ///
    /// # Errors
    /// If `icv` has another length than [`IntegrityAlgorithm::icv_len`]; then nothing is written.
    pub fn sign(&self, parts: &[&[u8]], icv: &mut [u8]) -> Result<(), WrongLength> {
        let expected = self.algorithm.icv_len();
        if icv.len() != expected {
            return Err(WrongLength::Icv { algorithm: self.algorithm.name(), expected, found: icv.len() });
        }
        self.keyed.compute(parts, icv);
        Ok(())
    }

    /// Compares the integrity check value of the parts with the one received, in constant time.
    ///
    /// # Errors
    /// If they differ, in length or in any bit.
    pub fn verify(&self, parts: &[&[u8]], icv: &[u8]) -> Result<(), Forged> {
        let mut expected = [0; LONGEST];
        let expected = &mut expected[..self.algorithm.icv_len()];
        if icv.len() != expected.len() {
            return Err(Forged);
        }
        let iv_len = self.algorithm.iv_len();
        expected[..iv_len].copy_from_slice(&icv[..iv_len]);
        self.keyed.compute(parts, expected);
        if bool::from(expected.ct_eq(icv)) { Ok(()) } else { Err(Forged) }
    }
}

impl fmt::Debug for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Integrity").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
