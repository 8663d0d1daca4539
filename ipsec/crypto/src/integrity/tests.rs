use proptest::prelude::*;

use super::*;

#[test]
fn published_vectors() {
    let repeated = |byte: u8, algorithm: IntegrityAlgorithm| vec![byte; algorithm.key_len()];
    let vectors = [
        // RFC 2202 §2 and §3, case 1, and RFC 4868 §2.7.2, cases 1, all with the key 0b0b…
        (IntegrityAlgorithm::HmacMd5_96, "9294727a3638bb1c13f48ef8"),
        (IntegrityAlgorithm::HmacSha1_96, "b617318655057264e28bc0b6"),
        (IntegrityAlgorithm::HmacSha2_256_128, "198a607eb44bfbc69903a0f1cf2bbdc5"),
        (IntegrityAlgorithm::HmacSha2_384_192, "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973"),
        (
            IntegrityAlgorithm::HmacSha2_512_256,
            "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8",
        ),
    ];
    for (algorithm, expected) in vectors {
        let integrity = Integrity::new(algorithm, &repeated(0x0b, algorithm)).unwrap();
        let mut icv = vec![0; algorithm.icv_len()];
        integrity.sign(&[b"Hi ", b"There"], &mut icv).unwrap();
        assert_eq!(hex::encode(icv), expected, "{algorithm:?}");
    }
}

#[test]
fn macs_over_aes_are_those_of_rfc_3566_and_rfc_4494() {
    let vectors = [
        (
            IntegrityAlgorithm::AesXcbc96,
            "000102030405060708090a0b0c0d0e0f",
            "000102030405060708090a0b0c0d0e0f10111213",
            "47f51b4564966215b8985c63",
        ),
        (
            IntegrityAlgorithm::AesCmac96,
            "2b7e151628aed2a6abf7158809cf4f3c",
            "6bc1bee22e409f96e93d7e117393172a",
            "070a16b46b4d4144f79bdd9d",
        ),
    ];
    for (algorithm, key, text, expected) in vectors {
        let integrity = Integrity::new(algorithm, &hex::decode(key).unwrap()).unwrap();
        let icv = hex::decode(expected).unwrap();
        assert_eq!(integrity.verify(&[&hex::decode(text).unwrap()], &icv), Ok(()), "{algorithm:?}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies_until_a_bit_flips(
        algorithm in prop::sample::select(IntegrityAlgorithm::ALL),
        key in prop::collection::vec(any::<u8>(), 64),
        text in prop::collection::vec(any::<u8>(), 0..200),
        where_ in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let integrity = Integrity::new(algorithm, &key[..algorithm.key_len()]).unwrap();
        let mut icv = vec![0; algorithm.icv_len()];
        integrity.sign(&[&text], &mut icv).unwrap();
        let (head, tail) = text.split_at(where_.index(text.len() + 1));
        prop_assert_eq!(integrity.verify(&[head, tail], &icv), Ok(()));

        let mut message = [text, icv];
        let total = message.iter().map(Vec::len).sum();
        *message.iter_mut().flatten().nth(where_.index(total)).unwrap() ^= 1u8 << bit;
        prop_assert_eq!(integrity.verify(&[&message[0]], &message[1]), Err(Forged));
    }
}

#[test]
fn another_length_of_key_or_icv_is_refused() {
    for &algorithm in IntegrityAlgorithm::ALL {
        let (key_len, icv_len) = (algorithm.key_len(), algorithm.icv_len());
        for len in [0, key_len - 1, key_len + 1] {
            let error = Integrity::new(algorithm, &vec![0; len]).unwrap_err();
            assert_eq!((error.found, error.expected), (len, &[key_len][..]), "{algorithm:?}");
        }
        let integrity = Integrity::new(algorithm, &vec![0; key_len]).unwrap();
        let mut icv = vec![0; icv_len];
        integrity.sign(&[b"text"], &mut icv).unwrap();
        assert_eq!(integrity.verify(&[b"text"], &icv[1..]), Err(Forged));
        assert_eq!(integrity.verify(&[b"text"], &[]), Err(Forged));
        for len in [0, icv_len - 1, icv_len + 1] {
            let error = integrity.sign(&[b"text"], &mut vec![0; len]).unwrap_err();
            let algorithm = algorithm.name();
            assert_eq!(error, WrongLength::Icv { algorithm, expected: icv_len, found: len });
        }
    }
}

proptest! {
    #[test]
    fn gmac_is_gcm_of_an_empty_plaintext_with_the_iv_before_the_tag(
        key in prop::collection::vec(any::<u8>(), 36), iv: [u8; 8], text in prop::collection::vec(any::<u8>(), 0..200),
        cut in any::<prop::sample::Index>(), size in 0usize..3,
    ) {
        let algorithms =
            [IntegrityAlgorithm::Aes128Gmac, IntegrityAlgorithm::Aes192Gmac, IntegrityAlgorithm::Aes256Gmac];
        let key = &key[..algorithms[size].key_len()];
        let (head, tail) = text.split_at(cut.index(text.len() + 1));
        let mut icv = [&iv[..], &[0; 16]].concat();
        Integrity::new(algorithms[size], key).unwrap().sign(&[head, tail], &mut icv).unwrap();

        let (aes_key, salt) = key.split_at(key.len() - 4);
        let gcm = crate::Aead::new(crate::AeadAlgorithm::AesGcm16, aes_key).unwrap();
        let mut tag = [0; 16];
        gcm.seal(&[salt, &iv].concat(), &text, &mut [], &mut tag).unwrap();
        prop_assert_eq!(icv, [&iv[..], &tag].concat());
    }
}
