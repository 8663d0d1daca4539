//! AES-GMAC (RFC 4543 §2): the tag of AES-GCM with an empty plaintext, all of the message being associated data.

use aes::cipher::{BlockCipherEncrypt, InvalidLength, KeyInit, array::Array, consts::U16};
use ghash::universal_hash::UniversalHash;
use ghash::{Block, GHash};
use subtle::ConstantTimeEq;

/// A key of the block cipher `C`, and the hash that comes of it.
pub(super) struct Gmac<C> {
    cipher: C,
    ghash: GHash,
}

impl<C: BlockCipherEncrypt<BlockSize = U16> + KeyInit> Gmac<C> {
    pub(super) fn new_from_slice(key: &[u8]) -> Result<Self, InvalidLength> {
        let cipher = C::new_from_slice(key)?;
        let mut hash_key = Block::default();
        cipher.encrypt_block(&mut hash_key);
        Ok(Self { ghash: GHash::new(&hash_key), cipher })
    }

    /// Leaves `text` as it is. `None` if the nonce has not 12 bytes or `icv` has not 16.
    pub(super) fn seal(&self, nonce: &[u8], aad: &[u8], text: &[u8], icv: &mut [u8]) -> Option<()> {
        let icv: &mut [u8; 16] = icv.try_into().ok()?;
        *icv = self.tag(nonce.try_into().ok()?, aad, text).into();
        Some(())
    }

    /// Leaves `text` as it is. `None` if `icv` is not the tag of `aad` and `text` under this nonce.
    pub(super) fn open(&self, nonce: &[u8], aad: &[u8], text: &[u8], icv: &[u8]) -> Option<()> {
        let tag = self.tag(nonce.try_into().ok()?, aad, text);
        bool::from(tag.as_slice().ct_eq(icv)).then_some(())
    }

    /// The hash of `aad | text`, masked with the encrypted nonce (NIST SP 800-38D §7.1, where C is empty).
    fn tag(&self, nonce: &[u8; 12], aad: &[u8], text: &[u8]) -> Block {
        let mut ghash = self.ghash.clone();
        let (blocks, rest) = Array::slice_as_chunks(aad);
        ghash.update(blocks);
        // The block that holds the end of one and the start of the other.
        let (start, text_rest) = text.split_at(text.len().min(16 - rest.len()));
        let mut joint = [0; 16];
        joint[..rest.len()].copy_from_slice(rest);
        joint[rest.len()..][..start.len()].copy_from_slice(start);
        ghash.update_padded(&joint[..rest.len() + start.len()]);
        ghash.update_padded(text_rest);
        let bits = 8 * (aad.len() as u64 + text.len() as u64);
        ghash.update(&[(u128::from(bits) << 64).to_be_bytes().into()]);

        let mut mask = Block::default();
        mask[..12].copy_from_slice(nonce);
        mask[15] = 1;
        self.cipher.encrypt_block(&mut mask);
        let mut tag = ghash.finalize();
        for (tag, mask) in tag.iter_mut().zip(mask) {
            *tag ^= mask;
        }
        tag
    }
}
