//! The keyed functions that the PRFs and the integrity algorithms share.

use aes::{Aes128, Aes192, Aes256};
use hmac::{Hmac, KeyInit};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::cbc_mac::{Block, CbcMac};
use crate::gmac::Gmac;

/// The longest output of any of them, in bytes.
pub(crate) const LONGEST: usize = 64;

/// A keyed function. The HMACs keep their state after the key, so that a message costs only its own blocks.
#[derive(Clone)]
pub(crate) enum Mac {
    HmacMd5(Hmac<Md5>),
    HmacSha1(Hmac<Sha1>),
    HmacSha2_256(Hmac<Sha256>),
    HmacSha2_384(Hmac<Sha384>),
    HmacSha2_512(Hmac<Sha512>),
    Cbc(Box<CbcMac>),
    Gmac(Box<SaltedGmac>),
}

/// AES-GMAC and the salt of its nonces.
#[derive(Clone)]
pub(crate) struct SaltedGmac {
    keyed: AesGmac,
    salt: [u8; 4],
}

/// By the length of the key.
#[derive(Clone)]
enum AesGmac {
    Aes128(Gmac<Aes128>),
    Aes192(Gmac<Aes192>),
    Aes256(Gmac<Aes256>),
}

impl SaltedGmac {
    /// The key and then the salt; nothing for a length that AES does not have.
    fn new(key: &[u8]) -> Option<Self> {
        let (key, salt) = key.split_last_chunk()?;
        let keyed = match key.len() {
            16 => AesGmac::Aes128(Gmac::new_from_slice(key).ok()?),
            24 => AesGmac::Aes192(Gmac::new_from_slice(key).ok()?),
            _ => AesGmac::Aes256(Gmac::new_from_slice(key).ok()?),
        };
        Some(Self { keyed, salt: *salt })
    }

    /// Puts the tag of the parts behind the IV that `icv` begins with.
    fn compute(&self, parts: &[&[u8]], icv: &mut [u8]) {
        let (iv, tag) = icv.split_at_mut(icv.len().min(8));
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&self.salt);
        copy_start(iv, &mut nonce[4..]);
        let found = match &self.keyed {
            AesGmac::Aes128(keyed) => keyed.tag(&nonce, parts),
            AesGmac::Aes192(keyed) => keyed.tag(&nonce, parts),
            AesGmac::Aes256(keyed) => keyed.tag(&nonce, parts),
        };
        copy_start(&found, tag);
    }
}

impl Mac {
    pub(crate) fn hmac_md5(key: &[u8]) -> Self {
        Self::HmacMd5(hmac(key))
    }

    pub(crate) fn hmac_sha1(key: &[u8]) -> Self {
        Self::HmacSha1(hmac(key))
    }

    pub(crate) fn hmac_sha2_256(key: &[u8]) -> Self {
        Self::HmacSha2_256(hmac(key))
    }

    pub(crate) fn hmac_sha2_384(key: &[u8]) -> Self {
        Self::HmacSha2_384(hmac(key))
    }

    pub(crate) fn hmac_sha2_512(key: &[u8]) -> Self {
        Self::HmacSha2_512(hmac(key))
    }

    pub(crate) fn xcbc(key: &Block) -> Self {
        Self::Cbc(Box::new(CbcMac::xcbc(key)))
    }

    pub(crate) fn cmac(key: &Block) -> Self {
        Self::Cbc(Box::new(CbcMac::cmac(key)))
    }

    /// The key and then the salt; nothing for a length that AES does not have.
    pub(crate) fn gmac(key: &[u8]) -> Option<Self> {
        SaltedGmac::new(key).map(|keyed| Self::Gmac(Box::new(keyed)))
    }

    /// Writes the first `output.len()` bytes of the MAC of the parts as if they were one text; of GMAC an IV that is there,
    /// left as it is, and then the tag.
    pub(crate) fn compute(&self, parts: &[&[u8]], output: &mut [u8]) {
        match self {
            Self::HmacMd5(keyed) => finish(keyed.clone(), parts, output),
            Self::HmacSha1(keyed) => finish(keyed.clone(), parts, output),
            Self::HmacSha2_256(keyed) => finish(keyed.clone(), parts, output),
            Self::HmacSha2_384(keyed) => finish(keyed.clone(), parts, output),
            Self::HmacSha2_512(keyed) => finish(keyed.clone(), parts, output),
            Self::Cbc(keyed) => copy_start(&keyed.compute(parts), output),
            Self::Gmac(keyed) => keyed.compute(parts, output),
        }
    }
}

fn hmac<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn finish<M: hmac::Mac>(mut mac: M, parts: &[&[u8]], output: &mut [u8]) {
    for part in parts {
        mac.update(part);
    }
    copy_start(&mac.finalize().into_bytes(), output);
}

fn copy_start(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
