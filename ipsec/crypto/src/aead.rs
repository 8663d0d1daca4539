//! Combined-mode algorithms: AES-GCM (RFC 4106), AES-CCM (RFC 4309), ChaCha20-Poly1305 (RFC 7634); RFC 5282 for IKEv2.
//! AES-GMAC (RFC 4543) has their shape, but gives no secrecy.
//!
//! ```text
//! KEYMAT of an SA      key | salt
//! nonce                salt | explicit IV of 8 bytes, put together by the caller
//! on the wire          explicit IV | ciphertext | ICV
//! ```

use std::fmt;

use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::{U8, U11, U12, U16};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::{Aes128, Aes192, Aes256};
use aes_gcm::{AeadCore, AesGcm};
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;

use crate::fast::{FastAesGcm, FastChaCha20Poly1305};
use crate::gmac::Gmac;
use crate::{Forged, KeyLength, WrongLength};

/// A combined-mode algorithm. The number in a name is the length of the integrity check value in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AeadAlgorithm {
    /// AES-GCM with an ICV of 8 bytes (RFC 4106).
    AesGcm8,
    /// AES-GCM with an ICV of 12 bytes (RFC 4106).
    AesGcm12,
    /// AES-GCM with an ICV of 16 bytes (RFC 4106).
    AesGcm16,
    /// AES-CCM with an ICV of 8 bytes (RFC 4309).
    AesCcm8,
    /// AES-CCM with an ICV of 12 bytes (RFC 4309).
    AesCcm12,
    /// AES-CCM with an ICV of 16 bytes (RFC 4309).
    AesCcm16,
    /// ChaCha20-Poly1305, ICV of 16 bytes (RFC 7634).
    ChaCha20Poly1305,
    /// ENCR_NULL_AUTH_AES_GMAC, ICV of 16 bytes (RFC 4543 §3): the text is authenticated and stays readable.
    AesGmac,
}

impl AeadAlgorithm {
    /// All of them, in the order of their transform identifiers' families.
    pub const ALL: &'static [Self] = &[
        Self::AesGcm8,
        Self::AesGcm12,
        Self::AesGcm16,
        Self::AesCcm8,
        Self::AesCcm12,
        Self::AesCcm16,
        Self::ChaCha20Poly1305,
        Self::AesGmac,
    ];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesGcm8 => "AES-GCM-8",
            Self::AesGcm12 => "AES-GCM-12",
            Self::AesGcm16 => "AES-GCM-16",
            Self::AesCcm8 => "AES-CCM-8",
            Self::AesCcm12 => "AES-CCM-12",
            Self::AesCcm16 => "AES-CCM-16",
            Self::ChaCha20Poly1305 => "ChaCha20-Poly1305",
            Self::AesGmac => "AES-GMAC",
        }
    }

    /// The key lengths that it takes, in bytes, without the salt.
    pub const fn key_lens(self) -> &'static [usize] {
        match self {
            Self::ChaCha20Poly1305 => &[32],
            _ => &[16, 24, 32],
        }
    }

    /// The length of the salt in bytes, which follows the key in the key material (RFC 4106 §8.1, 4309 §7.1, 4543 §5.4,
    /// 7634 §2).
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AesCcm8 | Self::AesCcm12 | Self::AesCcm16 => 3,
            _ => 4,
        }
    }

    /// The length of the explicit initialization vector in bytes: 8 in all of them.
    pub const fn iv_len(self) -> usize {
        8
    }

    /// The length of the nonce in bytes: the salt and the explicit initialization vector.
    pub const fn nonce_len(self) -> usize {
        self.salt_len() + self.iv_len()
    }

    /// The length of the integrity check value in bytes.
    pub const fn icv_len(self) -> usize {
        match self {
            Self::AesGcm8 | Self::AesCcm8 => 8,
            Self::AesGcm12 | Self::AesCcm12 => 12,
            Self::AesGcm16 | Self::AesCcm16 | Self::ChaCha20Poly1305 | Self::AesGmac => 16,
        }
    }

    /// Whether in ESP the explicit initialization vector is associated data too, behind the sequence number.
    ///
    /// Only for AES-GMAC: RFC 4543 §3.5, Figure 4, has it so, and the packet of draft-mcgrew-gcm-test confirms the
    /// figure against §7, which says that the vector is not authenticated.
    pub const fn authenticates_iv(self) -> bool {
        matches!(self, Self::AesGmac)
    }
}

/// A combined-mode algorithm with its key. Made once, used for each message; it never allocates after that.
pub struct Aead {
    algorithm: AeadAlgorithm,
    keyed: Box<Keyed>,
}

impl Aead {
    /// Takes a key without its salt. Runs on any processor.
    ///
    /// # Errors
    /// If the key has none of the lengths of [`AeadAlgorithm::key_lens`].
    pub fn new(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Self, KeyLength> {
        Self::with(algorithm, Keyed::portable(algorithm, key), key.len())
    }

    /// The same with the processor's help, where there is any for this algorithm and key length.
    pub(crate) fn fast(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Self, KeyLength> {
        let fast = match algorithm {
            AeadAlgorithm::AesGcm16 => FastAesGcm::new(key).map(Keyed::FastAesGcm16),
            AeadAlgorithm::ChaCha20Poly1305 => {
                FastChaCha20Poly1305::new(key).map(Keyed::FastChaCha20Poly1305)
            }
            _ => None,
        };
        Self::with(algorithm, fast.or_else(|| Keyed::portable(algorithm, key)), key.len())
    }

    /// Which one it is.
    pub fn algorithm(&self) -> AeadAlgorithm {
        self.algorithm
    }

    /// Encrypts `buffer` in place and writes the integrity check value of it and of `aad`. AES-GMAC leaves `buffer` as
    /// it is, and does not tell where `aad` ends and `buffer` begins.
    ///
    /// A nonce must never be used twice under one key.
    ///
    /// # Errors
    /// If `nonce` or `icv` has not the algorithm's length, or `buffer` is longer than one nonce can protect (some
    /// 4 GiB for CCM, 64 GiB for GCM, 256 GiB for ChaCha20-Poly1305); then nothing is written.
    pub fn seal(
        &self,
        nonce: &[u8],
        aad: &[u8],
        buffer: &mut [u8],
        icv: &mut [u8],
    ) -> Result<(), WrongLength> {
        self.check_lengths(nonce, icv)?;
        let found = buffer.len();
        let too_long = WrongLength::Text { algorithm: self.algorithm.name(), found };
        self.keyed.seal(nonce, aad, buffer, icv).ok_or(too_long)
    }

    /// Checks the integrity check value and decrypts `buffer` in place.
    ///
    /// # Errors
    /// If the message is not what was sealed under this key and nonce with this `aad`, or a length is not the
    /// algorithm's. Then `buffer` holds zeros.
    pub fn open(&self, nonce: &[u8], aad: &[u8], buffer: &mut [u8], icv: &[u8]) -> Result<(), Forged> {
        let opened =
            self.check_lengths(nonce, icv).ok().and_then(|()| self.keyed.open(nonce, aad, buffer, icv));
        opened.ok_or_else(|| {
            buffer.fill(0);
            Forged
        })
    }

    fn with(algorithm: AeadAlgorithm, keyed: Option<Keyed>, key_len: usize) -> Result<Self, KeyLength> {
        let wrong_length =
            KeyLength { algorithm: algorithm.name(), expected: algorithm.key_lens(), found: key_len };
        keyed.map(|keyed| Self { algorithm, keyed: Box::new(keyed) }).ok_or(wrong_length)
    }

    fn check_lengths(&self, nonce: &[u8], icv: &[u8]) -> Result<(), WrongLength> {
        let algorithm = self.algorithm.name();
        let (nonce_len, icv_len) = (self.algorithm.nonce_len(), self.algorithm.icv_len());
        if nonce.len() != nonce_len {
            return Err(WrongLength::Nonce { algorithm, expected: nonce_len, found: nonce.len() });
        }
        if icv.len() != icv_len {
            return Err(WrongLength::Icv { algorithm, expected: icv_len, found: icv.len() });
        }
        Ok(())
    }
}

impl fmt::Debug for Aead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aead").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// One row for each algorithm and key length: the arm that holds its keyed instance, and the type of that.
macro_rules! portable {
    ($($arm:ident($implementation:ty) = $algorithm:ident, $key_len:literal;)+) => {
        #[allow(clippy::large_enum_variant, reason = "it is kept in a box")]
        enum Keyed {
            $($arm($implementation),)+
            FastAesGcm16(FastAesGcm),
            FastChaCha20Poly1305(FastChaCha20Poly1305),
        }

        impl Keyed {
            fn portable(algorithm: AeadAlgorithm, key: &[u8]) -> Option<Self> {
                match (algorithm, key.len()) {
                    $((AeadAlgorithm::$algorithm, $key_len) => {
                        <$implementation>::new_from_slice(key).ok().map(Self::$arm)
                    })+
                    _ => None,
                }
            }

            fn seal(&self, nonce: &[u8], aad: &[u8], buffer: &mut [u8], icv: &mut [u8]) -> Option<()> {
                match self {
                    $(Self::$arm(keyed) => keyed.seal(nonce, aad, buffer, icv),)+
                    Self::FastAesGcm16(keyed) => keyed.seal(nonce, aad, buffer, icv),
                    Self::FastChaCha20Poly1305(keyed) => keyed.seal(nonce, aad, buffer, icv),
                }
            }

            fn open(&self, nonce: &[u8], aad: &[u8], buffer: &mut [u8], icv: &[u8]) -> Option<()> {
                match self {
                    $(Self::$arm(keyed) => keyed.open(nonce, aad, buffer, icv),)+
                    Self::FastAesGcm16(keyed) => keyed.open(nonce, aad, buffer, icv),
                    Self::FastChaCha20Poly1305(keyed) => keyed.open(nonce, aad, buffer, icv),
                }
            }
        }
    };
}

portable! {
    Aes128Gcm8(AesGcm<Aes128, U12, U8>) = AesGcm8, 16;
    Aes192Gcm8(AesGcm<Aes192, U12, U8>) = AesGcm8, 24;
    Aes256Gcm8(AesGcm<Aes256, U12, U8>) = AesGcm8, 32;
    Aes128Gcm12(AesGcm<Aes128, U12, U12>) = AesGcm12, 16;
    Aes192Gcm12(AesGcm<Aes192, U12, U12>) = AesGcm12, 24;
    Aes256Gcm12(AesGcm<Aes256, U12, U12>) = AesGcm12, 32;
    Aes128Gcm16(AesGcm<Aes128, U12, U16>) = AesGcm16, 16;
    Aes192Gcm16(AesGcm<Aes192, U12, U16>) = AesGcm16, 24;
    Aes256Gcm16(AesGcm<Aes256, U12, U16>) = AesGcm16, 32;
    Aes128Ccm8(Ccm<Aes128, U8, U11>) = AesCcm8, 16;
    Aes192Ccm8(Ccm<Aes192, U8, U11>) = AesCcm8, 24;
    Aes256Ccm8(Ccm<Aes256, U8, U11>) = AesCcm8, 32;
    Aes128Ccm12(Ccm<Aes128, U12, U11>) = AesCcm12, 16;
    Aes192Ccm12(Ccm<Aes192, U12, U11>) = AesCcm12, 24;
    Aes256Ccm12(Ccm<Aes256, U12, U11>) = AesCcm12, 32;
    Aes128Ccm16(Ccm<Aes128, U16, U11>) = AesCcm16, 16;
    Aes192Ccm16(Ccm<Aes192, U16, U11>) = AesCcm16, 24;
    Aes256Ccm16(Ccm<Aes256, U16, U11>) = AesCcm16, 32;
    ChaCha20Poly1305(ChaCha20Poly1305) = ChaCha20Poly1305, 32;
    Aes128Gmac(Gmac<Aes128>) = AesGmac, 16;
    Aes192Gmac(Gmac<Aes192>) = AesGmac, 24;
    Aes256Gmac(Gmac<Aes256>) = AesGmac, 32;
}

/// Sealing and opening as all arms have it; `None` where the implementation refuses.
trait InPlace {
    fn seal(&self, nonce: &[u8], aad: &[u8], buffer: &mut [u8], icv: &mut [u8]) -> Option<()>;
    fn open(&self, nonce: &[u8], aad: &[u8], buffer: &mut [u8], icv: &[u8]) -> Option<()>;
}

impl<A: AeadInOut> InPlace for A {
    fn seal(&self, nonce: &[u8], aad: &[u8], buffer: &mut [u8], icv: &mut [u8]) -> Option<()> {
        let nonce: &Array<u8, <A as AeadCore>::NonceSize> = nonce.try_into().ok()?;
        let tag = self.encrypt_inout_detached(nonce, aad, InOutBuf::from(buffer)).ok()?;
        icv.copy_from_slice(&tag);
        Some(())
    }

    fn open(&self, nonce: &[u8], aad: &[u8], buffer: &mut [u8], icv: &[u8]) -> Option<()> {
        let nonce: &Array<u8, <A as AeadCore>::NonceSize> = nonce.try_into().ok()?;
        let icv: &Array<u8, <A as AeadCore>::TagSize> = icv.try_into().ok()?;
        self.decrypt_inout_detached(nonce, aad, InOutBuf::from(buffer), icv).ok()
    }
}

#[cfg(test)]
mod tests;
