//! MD4 and single blocks of DES, for MS-CHAP alone (RFC 2759 §8): both are broken, and nothing else may use them.

use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};
use zeroize::Zeroize;

/// The MD4 digest (RFC 1320) of the parts as if they were one text.
pub fn md4(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Md4::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// `block` encrypted with DES in ECB mode under the 56 bits of `key`, to which no parity bits are added yet
/// (RFC 2759 §8.6).
pub fn des_encrypt_block(key: [u8; 7], block: [u8; 8]) -> [u8; 8] {
    let mut with_parity = with_room_for_parity(key);
    let mut block = block.into();
    Des::new(&with_parity.into()).encrypt_block(&mut block);
    with_parity.zeroize();
    block.into()
}

/// Seven bits in each octet, the lowest left for the parity, which DES ignores.
fn with_room_for_parity(key: [u8; 7]) -> [u8; 8] {
    let bits = key.iter().fold(0u64, |bits, octet| bits << 8 | u64::from(*octet));
    std::array::from_fn(|index| (bits >> (49 - 7 * index) & 0x7f) as u8 * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md4_digests_are_those_of_rfc_1320() {
        let expected = [
            ("", "31d6cfe0d16ae931b73c59d7e0c089c0"),
            ("a", "bde52cb31de33e46245e05fbdbd6fb24"),
            ("abc", "a448017aaf21d8525fc10ae87aa6729d"),
            ("message digest", "d9130a8164549fe818874806e1c7014b"),
        ];
        for (text, digest) in expected {
            assert_eq!(hex::encode(md4(&[text.as_bytes()])), digest);
            let (one, other) = text.as_bytes().split_at(text.len() / 2);
            assert_eq!(hex::encode(md4(&[one, other])), digest);
        }
    }

    #[test]
    fn keys_get_room_for_parity_as_in_rfc_2759() {
        // RFC 2759 §9.3, without the parity bits.
        let keys = [
            ([0xfc, 0x15, 0x6a, 0xf7, 0xed, 0xcd, 0x6c], "fd0b5b5e7f6e34d9"),
            ([0x0e, 0xdd, 0xe3, 0x33, 0x7d, 0x42, 0x7f], "0e6e796737ea08fe"),
        ];
        for (key, expected) in keys {
            let odd = with_room_for_parity(key).map(|octet| octet | u8::from(octet.count_ones() % 2 == 0));
            assert_eq!(hex::encode(odd), expected);
        }
    }

    #[test]
    fn a_block_is_encrypted_as_fips_46_has_it() {
        // The key 133457799bbcdff1 without its parity bits.
        let key = [0x12, 0x69, 0x5b, 0xc9, 0xb7, 0xb7, 0xf8];
        let block = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        assert_eq!(hex::encode(des_encrypt_block(key, block)), "85e813540f0ab405");
    }
}
