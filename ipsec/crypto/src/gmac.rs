//! AES-GMAC (RFC 4543 §2): the tag of AES-GCM with an empty plaintext, all of the message being associated data.

use aes::cipher::{BlockCipherEncrypt, InvalidLength, KeyInit, array::Array, consts::U16};
use ghash::universal_hash::UniversalHash;
use ghash::{Block, GHash};
use subtle::ConstantTimeEq;

/// A key of the block cipher `C`, and the hash that comes of it.
#[derive(Clone)]
pub(crate) struct Gmac<C> {
    cipher: C,
    ghash: GHash,
}

impl<C: BlockCipherEncrypt<BlockSize = U16> + KeyInit> Gmac<C> {
    pub(crate) fn new_from_slice(key: &[u8]) -> Result<Self, InvalidLength> {
        let cipher = C::new_from_slice(key)?;
        let mut hash_key = Block::default();
        cipher.encrypt_block(&mut hash_key);
        Ok(Self { ghash: GHash::new(&hash_key), cipher })
    }

    /// Leaves `text` as it is. `None` if the nonce has not 12 bytes or `icv` has not 16.
    pub(crate) fn seal(&self, nonce: &[u8], aad: &[u8], text: &[u8], icv: &mut [u8]) -> Option<()> {
        let icv: &mut [u8; 16] = icv.try_into().ok()?;
        *icv = self.tag(nonce.try_into().ok()?, &[aad, text]).into();
        Some(())
    }

    /// Leaves `text` as it is. `None` if `icv` is not the tag of `aad` and `text` under this nonce.
    pub(crate) fn open(&self, nonce: &[u8], aad: &[u8], text: &[u8], icv: &[u8]) -> Option<()> {
        let tag = self.tag(nonce.try_into().ok()?, &[aad, text]);
        bool::from(tag.as_slice().ct_eq(icv)).then_some(())
    }

    /// The hash of the parts as if they were one text, masked with the encrypted nonce (NIST SP 800-38D §7.1, where C is
    /// empty).
    pub(crate) fn tag(&self, nonce: &[u8; 12], parts: &[&[u8]]) -> Block {
        let mut ghash = self.ghash.clone();
        // The block that holds the end of one part and the start of the next.
        let mut joint = [0; 16];
        let mut filled = 0;
        for mut part in parts.iter().copied() {
            if filled > 0 {
                let (start, rest) = part.split_at(part.len().min(16 - filled));
                joint[filled..][..start.len()].copy_from_slice(start);
                filled += start.len();
                part = rest;
                if filled < 16 {
                    continue;
                }
                ghash.update(&[joint.into()]);
            }
            let (blocks, rest) = Array::slice_as_chunks(part);
            ghash.update(blocks);
            joint[..rest.len()].copy_from_slice(rest);
            filled = rest.len();
        }
        ghash.update_padded(&joint[..filled]);
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let bits = 8 * len as u64;
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
