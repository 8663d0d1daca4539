//! AES-XCBC-MAC (RFC 3566) and AES-CMAC (RFC 4493): one CBC-MAC, with two ways to make the keys of its last block.

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};

/// A keyed CBC-MAC over AES-128, safe for texts of any length.
#[derive(Clone)]
pub(crate) struct CbcMac {
    cipher: Aes128,
    /// Added to a last block that is whole.
    whole: Block,
    /// Added to a last block that had to be padded.
    padded: Block,
}

pub(crate) type Block = [u8; 16];

impl CbcMac {
    /// AES-XCBC-MAC: three keys, each the encryption of a constant (RFC 3566 §4).
    pub(crate) fn xcbc(key: &Block) -> Self {
        let cipher = Aes128::new(key.into());
        let [first, whole, padded] = [1, 2, 3].map(|number| encrypted(&cipher, [number; 16]));
        Self { cipher: Aes128::new(&first.into()), whole, padded }
    }

    /// AES-CMAC: the key itself, and two doublings of the encrypted zero block (RFC 4493 §2.3).
    pub(crate) fn cmac(key: &Block) -> Self {
        let cipher = Aes128::new(key.into());
        let whole = doubled(encrypted(&cipher, [0; 16]));
        Self { padded: doubled(whole), whole, cipher }
    }

    /// The MAC of the parts as if they were one text.
    pub(crate) fn compute(&self, parts: &[&[u8]]) -> Block {
        let mut state = [0; 16];
        let mut filled = 0;
        for mut part in parts.iter().copied() {
            while !part.is_empty() {
                // A full block waits until it is known not to be the last.
                if filled == 16 {
                    state = encrypted(&self.cipher, state);
                    filled = 0;
                }
                let (now, later) = part.split_at(part.len().min(16 - filled));
                add(&mut state[filled..], now);
                filled += now.len();
                part = later;
            }
        }
        if filled == 16 {
            add(&mut state, &self.whole);
        } else {
            state[filled] ^= 0x80;
            add(&mut state, &self.padded);
        }
        encrypted(&self.cipher, state)
    }
}

fn add(to: &mut [u8], what: &[u8]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to ^= what;
    }
}

fn encrypted(cipher: &Aes128, block: Block) -> Block {
    let mut block = block.into();
    cipher.encrypt_block(&mut block);
    block.into()
}

/// Multiplication by x in the field of 2^128 elements.
fn doubled(block: Block) -> Block {
    let value = u128::from_be_bytes(block);
    let reduction = 0x87 * (value >> 127);
    ((value << 1) ^ reduction).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const XCBC_KEY: Block = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const CMAC_KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
    const CMAC_TEXT: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                             30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

    #[test]
    fn xcbc_macs_are_those_of_rfc_3566() {
        let text: Vec<u8> = (0..34).collect();
        let mac = CbcMac::xcbc(&XCBC_KEY);
        for (len, expected) in [
            (0, "75f0251d528ac01c4573dfd584d79f29"),
            (3, "5b376580ae2f19afe7219ceef172756f"),
            (16, "d2a246fa349b68a79998a4394ff7a263"),
            (20, "47f51b4564966215b8985c63055ed308"),
            (32, "f54f0ec8d2b9f3d36807734bd5283fd4"),
            (34, "becbb3bccdb518a30677d5481fb6b4d8"),
        ] {
            assert_eq!(hex::encode(mac.compute(&[&text[..len]])), expected, "{len} bytes");
        }
    }

    #[test]
    fn cmacs_are_those_of_rfc_4493() {
        let key: Block = hex::decode(CMAC_KEY).unwrap().try_into().unwrap();
        let text = hex::decode(CMAC_TEXT).unwrap();
        for (len, expected) in [
            (0, "bb1d6929e95937287fa37d129b756746"),
            (16, "070a16b46b4d4144f79bdd9dd04a287c"),
            (40, "dfa66747de9ae63030ca32611497c827"),
            (64, "51f0bebf7e3b9d92fc49741779363cfe"),
        ] {
            assert_eq!(hex::encode(CbcMac::cmac(&key).compute(&[&text[..len]])), expected, "{len} bytes");
        }
    }

    #[test]
    fn where_a_text_is_cut_into_parts_does_not_matter() {
        let text: Vec<u8> = (0..50).collect();
        let mac = CbcMac::xcbc(&XCBC_KEY);
        for cut in 0..=text.len() {
            let (head, tail) = text.split_at(cut);
            assert_eq!(mac.compute(&[head, &[], tail]), mac.compute(&[&text]), "cut at {cut}");
        }
    }
}
