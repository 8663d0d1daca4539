//! Encryption without integrity: CBC (RFC 2451, RFC 3602), AES-CTR (RFC 3686) and NULL (RFC 2410).
//!
//! ```text
//! KEYMAT of an SA      key | salt                  (only CTR has a salt)
//! nonce                salt | explicit IV, put together by the caller
//! on the wire          explicit IV | ciphertext    followed by the ICV of an integrity algorithm
//! ```

use std::fmt;

use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit,
    StreamCipherCore, array::Array, inout::InOutBuf,
};
use aes::{Aes128, Aes192, Aes256};
use camellia::{Camellia128, Camellia192, Camellia256};
use ctr::CtrCore;
use ctr::flavors::Ctr32BE;
use des::{Des, TdesEde3};

use crate::{KeyLength, WrongLength};

/// An encryption algorithm that needs an integrity algorithm beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CipherAlgorithm {
    /// No encryption at all (RFC 2410).
    Null,
    /// DES in CBC mode (RFC 2405). Long broken.
    DesCbc,
    /// Triple DES with three keys in CBC mode (RFC 2451).
    TripleDesCbc,
    /// AES in CBC mode (RFC 3602).
    AesCbc,
    /// AES in counter mode (RFC 3686).
    AesCtr,
    /// Camellia in CBC mode (RFC 4312).
    CamelliaCbc,
}

impl CipherAlgorithm {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Null, Self::DesCbc, Self::TripleDesCbc, Self::AesCbc, Self::AesCtr, Self::CamelliaCbc];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::DesCbc => "DES-CBC",
            Self::TripleDesCbc => "3DES-CBC",
            Self::AesCbc => "AES-CBC",
            Self::AesCtr => "AES-CTR",
            Self::CamelliaCbc => "Camellia-CBC",
        }
    }

    /// The key lengths that it takes, in bytes, without the salt; parity bits of DES included.
    pub const fn key_lens(self) -> &'static [usize] {
        match self {
            Self::Null => &[0],
            Self::DesCbc => &[8],
            Self::TripleDesCbc => &[24],
            Self::AesCbc | Self::AesCtr | Self::CamelliaCbc => &[16, 24, 32],
        }
    }

    /// The length in bytes of which a text must be a multiple: 1 where any length will do.
    pub const fn block_len(self) -> usize {
        match self {
            Self::Null | Self::AesCtr => 1,
            Self::DesCbc | Self::TripleDesCbc => 8,
            Self::AesCbc | Self::CamelliaCbc => 16,
        }
    }

    /// The length of the salt in bytes, which follows the key in the key material: 4 for CTR, where RFC 3686 §5.1
    /// calls it the nonce, 0 for the others.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AesCtr => 4,
            _ => 0,
        }
    }

    /// The length of the explicit initialization vector in bytes.
    pub const fn iv_len(self) -> usize {
        match self {
            Self::Null => 0,
            Self::DesCbc | Self::TripleDesCbc | Self::AesCtr => 8,
            Self::AesCbc | Self::CamelliaCbc => 16,
        }
    }

    /// The length in bytes of what [`Cipher::encrypt`] takes: the salt and the explicit initialization vector.
    pub const fn nonce_len(self) -> usize {
        self.salt_len() + self.iv_len()
    }
}

/// An encryption algorithm with its key. Made once, used for each message; it never allocates after that.
pub struct Cipher {
    algorithm: CipherAlgorithm,
    keyed: Keyed,
}

impl Cipher {
    /// Takes a key without its salt.
    ///
    /// # Errors
    /// If the key has none of the lengths of [`CipherAlgorithm::key_lens`].
    pub fn new(algorithm: CipherAlgorithm, key: &[u8]) -> Result<Self, KeyLength> {
        let wrong_length =
            KeyLength { algorithm: algorithm.name(), expected: algorithm.key_lens(), found: key.len() };
        Keyed::new(algorithm, key).map(|keyed| Self { algorithm, keyed }).ok_or(wrong_length)
    }

    /// Which one it is.
    pub fn algorithm(&self) -> CipherAlgorithm {
        self.algorithm
    }

    /// Encrypts `buffer` in place. `nonce` is the salt and the initialization vector; CTR starts its counter at 1.
    ///
    /// # Errors
    /// If `nonce` has not the algorithm's length or `buffer` is not made of whole blocks; then nothing is written.
    pub fn encrypt(&self, nonce: &[u8], buffer: &mut [u8]) -> Result<(), WrongLength> {
        self.check_lengths(nonce, buffer)?;
        self.keyed.encrypt(nonce, buffer);
        Ok(())
    }

    /// Decrypts `buffer` in place; the reverse of [`Cipher::encrypt`].
    ///
    /// # Errors
    /// If `nonce` has not the algorithm's length or `buffer` is not made of whole blocks; then nothing is written.
    pub fn decrypt(&self, nonce: &[u8], buffer: &mut [u8]) -> Result<(), WrongLength> {
        self.check_lengths(nonce, buffer)?;
        self.keyed.decrypt(nonce, buffer);
        Ok(())
    }

    fn check_lengths(&self, nonce: &[u8], buffer: &[u8]) -> Result<(), WrongLength> {
        let algorithm = self.algorithm.name();
        let (expected, block) = (self.algorithm.nonce_len(), self.algorithm.block_len());
        if nonce.len() != expected {
            return Err(WrongLength::Nonce { algorithm, expected, found: nonce.len() });
        }
        if !buffer.len().is_multiple_of(block) {
            return Err(WrongLength::Blocks { algorithm, block, found: buffer.len() });
        }
        Ok(())
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// One row for each algorithm and key length: the arm that holds its keyed block cipher, and the mode it runs in.
macro_rules! keyed {
    ($($arm:ident($cipher:ty) in $mode:ident = $algorithm:ident, $key_len:literal;)+) => {
        enum Keyed {
            Null,
            $($arm($cipher),)+
        }

        impl Keyed {
            fn new(algorithm: CipherAlgorithm, key: &[u8]) -> Option<Self> {
                match (algorithm, key.len()) {
                    (CipherAlgorithm::Null, 0) => Some(Self::Null),
                    $((CipherAlgorithm::$algorithm, $key_len) => {
                        <$cipher>::new_from_slice(key).ok().map(Self::$arm)
                    })+
                    _ => None,
                }
            }

            fn encrypt(&self, nonce: &[u8], buffer: &mut [u8]) {
                match self {
                    Self::Null => {}
                    $(Self::$arm(cipher) => $mode::encrypt(cipher, nonce, buffer),)+
                }
            }

            fn decrypt(&self, nonce: &[u8], buffer: &mut [u8]) {
                match self {
                    Self::Null => {}
                    $(Self::$arm(cipher) => $mode::decrypt(cipher, nonce, buffer),)+
                }
            }
        }
    };
}

keyed! {
    Des(Des) in cbc_mode = DesCbc, 8;
    TripleDes(TdesEde3) in cbc_mode = TripleDesCbc, 24;
    Aes128Cbc(Aes128) in cbc_mode = AesCbc, 16;
    Aes192Cbc(Aes192) in cbc_mode = AesCbc, 24;
    Aes256Cbc(Aes256) in cbc_mode = AesCbc, 32;
    Aes128Ctr(Aes128) in counter_mode = AesCtr, 16;
    Aes192Ctr(Aes192) in counter_mode = AesCtr, 24;
    Aes256Ctr(Aes256) in counter_mode = AesCtr, 32;
    Camellia128(Camellia128) in cbc_mode = CamelliaCbc, 16;
    Camellia192(Camellia192) in cbc_mode = CamelliaCbc, 24;
    Camellia256(Camellia256) in cbc_mode = CamelliaCbc, 32;
}

/// Cipher block chaining over whole blocks. The caller has checked the lengths.
mod cbc_mode {
    use super::*;

    pub(super) fn encrypt<C: BlockCipherEncrypt>(cipher: &C, iv: &[u8], buffer: &mut [u8]) {
        let Ok(iv) = <&Array<u8, C::BlockSize>>::try_from(iv) else {
            return;
        };
        let (blocks, _) = Array::slice_as_chunks_mut(buffer);
        cbc::Encryptor::inner_iv_init(cipher, iv).encrypt_blocks(blocks);
    }

    pub(super) fn decrypt<C: BlockCipherDecrypt>(cipher: &C, iv: &[u8], buffer: &mut [u8]) {
        let Ok(iv) = <&Array<u8, C::BlockSize>>::try_from(iv) else {
            return;
        };
        let (blocks, _) = Array::slice_as_chunks_mut(buffer);
        cbc::Decryptor::inner_iv_init(cipher, iv).decrypt_blocks(blocks);
    }
}

/// Counter mode as RFC 3686 §4 has it: nonce of 4 bytes, initialization vector of 8, block counter of 4 from 1 on.
mod counter_mode {
    use super::*;
    use aes::cipher::consts::U16;

    pub(super) fn encrypt<C: BlockCipherEncrypt<BlockSize = U16>>(
        cipher: &C,
        nonce: &[u8],
        buffer: &mut [u8],
    ) {
        let mut counter_block = [0; 16];
        let (start, counter) = counter_block.split_at_mut(12);
        start.copy_from_slice(nonce);
        counter.copy_from_slice(&1u32.to_be_bytes());
        CtrCore::<&C, Ctr32BE>::inner_iv_init(cipher, &counter_block.into())
            .apply_keystream_partial(InOutBuf::from(buffer));
    }

    pub(super) fn decrypt<C: BlockCipherEncrypt<BlockSize = U16>>(
        cipher: &C,
        nonce: &[u8],
        buffer: &mut [u8],
    ) {
        encrypt(cipher, nonce, buffer);
    }
}

#[cfg(test)]
mod tests;
