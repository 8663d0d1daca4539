//! RFC 4309 prints no vectors, and those of RFC 3610 have nonces of 13 bytes instead of 11. So the formulas of RFC 3610
//! are written out for nonces of any length and proved with its vectors, and AES-CCM is compared with them.

use proptest::prelude::*;
use serde_json::Value;

use crate::{Aead, AeadAlgorithm, Cipher, CipherAlgorithm};

/// Encrypts with the CBC-MAC chain or, a block at a time, with the block cipher itself.
fn encrypt(key: &[u8], mut blocks: Vec<u8>) -> Vec<u8> {
    Cipher::new(CipherAlgorithm::AesCbc, key).unwrap().encrypt(&[0; 16], &mut blocks).unwrap();
    blocks
}

/// Ciphertext and tag (RFC 3610 §2.2, §2.3). The associated data is shorter than 65280 bytes.
fn by_definition(key: &[u8], nonce: &[u8], aad: &[u8], text: &[u8], tag_len: usize) -> (Vec<u8>, Vec<u8>) {
    let number_len = 15 - nonce.len();
    let block = |flags: u8, number: usize| {
        let number = (number as u64).to_be_bytes();
        [&[flags + number_len as u8 - 1], nonce, &number[8 - number_len..]].concat()
    };
    let mut blocks = block(64 * u8::from(!aad.is_empty()) + 8 * ((tag_len as u8 - 2) / 2), text.len());
    if !aad.is_empty() {
        blocks.extend_from_slice(&(aad.len() as u16).to_be_bytes());
        blocks.extend_from_slice(aad);
        blocks.resize(blocks.len().next_multiple_of(16), 0);
    }
    blocks.extend_from_slice(text);
    blocks.resize(blocks.len().next_multiple_of(16), 0);
    let chain = encrypt(key, blocks);

    let masked = |text: &[u8], number: usize| -> Vec<u8> {
        text.iter().zip(encrypt(key, block(0, number))).map(|(text, mask)| text ^ mask).collect()
    };
    let tag = masked(&chain[chain.len() - 16..][..tag_len], 0);
    (text.chunks(16).zip(1..).flat_map(|(text, number)| masked(text, number)).collect(), tag)
}

#[test]
fn the_formulas_make_the_packets_of_rfc_3610() {
    let file: Value =
        serde_json::from_str(include_str!("../../../../../vectors/data/rfc3610_aes_ccm.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 24);
    for case in cases {
        let [key, nonce, aad, plain, sealed] = ["key", "nonce", "aad", "plain", "cipher_and_tag"]
            .map(|field| hex::decode(case[field].as_str().unwrap()).unwrap());
        let tag_len = case["tag_len"].as_u64().unwrap() as usize;
        let (ciphertext, tag) = by_definition(&key, &nonce, &aad, &plain, tag_len);
        assert_eq!(hex::encode([ciphertext, tag].concat()), hex::encode(sealed), "case {}", case["n"]);
    }
}

proptest! {
    #[test]
    fn aes_ccm_is_what_rfc_3610_defines(
        algorithm in prop::sample::select(vec![
            AeadAlgorithm::AesCcm8, AeadAlgorithm::AesCcm12, AeadAlgorithm::AesCcm16,
        ]),
        key_len in prop::sample::select(vec![16usize, 24, 32]),
        key in prop::array::uniform32(any::<u8>()),
        nonce in prop::array::uniform11(any::<u8>()),
        aad in prop::collection::vec(any::<u8>(), 0..40),
        text in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let key = &key[..key_len];
        let (mut sealed, mut icv) = (text.clone(), vec![0; algorithm.icv_len()]);
        Aead::new(algorithm, key).unwrap().seal(&nonce, &aad, &mut sealed, &mut icv).unwrap();
        prop_assert_eq!((sealed, icv), by_definition(key, &nonce, &aad, &text, algorithm.icv_len()));
    }
}
