use proptest::prelude::*;

use super::*;

/// Algorithm, key, nonce, plaintext, ciphertext.
const VECTORS: &[(CipherAlgorithm, &str, &str, &str, &str)] = &[
    // RFC 3602 §4 cases 1 and 3
    (
        CipherAlgorithm::AesCbc,
        "06a9214036b8a15b512e03d534120006",
        "3dafba429d9eb430b422da802c9fac41",
        "53696e676c6520626c6f636b206d7367",
        "e353779c1079aeb82708942dbe77181a",
    ),
    (
        CipherAlgorithm::AesCbc,
        "6c3ea0477630ce21a2ce334aa746c2cd",
        "c782dc4c098c66cbd9cd27d825682c81",
        "5468697320697320612034382d62797465206d657373616765202865786163746c7920332041455320626c6f636b7329",
        "d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d83ba2684",
    ),
    // RFC 3686 §6 cases 3, 6 and 9
    (
        CipherAlgorithm::AesCtr,
        "7691be035e5020a8ac6e618529f9a0dc",
        "00e0017b27777f3f4a1786f0",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223",
        "c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f",
    ),
    (
        CipherAlgorithm::AesCtr,
        "02bf391ee8ecb159b959617b0965279bf59b60a786d3e0fe",
        "0007bdfd5cbd60278dcc0912",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223",
        "96893fc55e5c722f540b7dd1ddf7e758d288bc95c69165884536c811662f2188abee0935",
    ),
    (
        CipherAlgorithm::AesCtr,
        "ff7a617ce69148e4f1726e2f43581de2aa62d9f805532edff1eed687fb54153d",
        "001cc5b751a51d70a1c11148",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223",
        "eb6c52821d0bbbf7ce7594462aca4faab407df866569fd07f48cc0b583d6071f1ec0e6b8",
    ),
    // FIPS 81 appendix C, table C-1
    (
        CipherAlgorithm::DesCbc,
        "0123456789abcdef",
        "1234567890abcdef",
        "4e6f77206973207468652074696d6520666f7220616c6c20",
        "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6",
    ),
    // NIST SP 800-67 appendix B.1, its first block
    (
        CipherAlgorithm::TripleDesCbc,
        "0123456789abcdef23456789abcdef01456789abcdef0123",
        "0000000000000000",
        "5468652071756663",
        "a826fd8ce53b855f",
    ),
    // RFC 3713 appendix A
    (
        CipherAlgorithm::CamelliaCbc,
        "0123456789abcdeffedcba9876543210",
        "00000000000000000000000000000000",
        "0123456789abcdeffedcba9876543210",
        "67673138549669730857065648eabe43",
    ),
    (
        CipherAlgorithm::CamelliaCbc,
        "0123456789abcdeffedcba98765432100011223344556677",
        "00000000000000000000000000000000",
        "0123456789abcdeffedcba9876543210",
        "b4993401b3e996f84ee5cee7d79b09b9",
    ),
    (
        CipherAlgorithm::CamelliaCbc,
        "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff",
        "00000000000000000000000000000000",
        "0123456789abcdeffedcba9876543210",
        "9acc237dff16d76c20ef7c919e3a7509",
    ),
    (CipherAlgorithm::Null, "", "", "c0ffee", "c0ffee"),
];

#[test]
fn published_vectors() {
    for (algorithm, key, nonce, plaintext, ciphertext) in VECTORS {
        let [key, nonce, plaintext, ciphertext] =
            [key, nonce, plaintext, ciphertext].map(|digits| hex::decode(digits).unwrap());
        let cipher = Cipher::new(*algorithm, &key).unwrap();
        let mut buffer = plaintext.clone();
        cipher.encrypt(&nonce, &mut buffer).unwrap();
        assert_eq!(hex::encode(&buffer), hex::encode(ciphertext), "{algorithm:?}");
        cipher.decrypt(&nonce, &mut buffer).unwrap();
        assert_eq!(buffer, plaintext, "{algorithm:?}");
    }
}

proptest! {
    #[test]
    fn what_is_encrypted_decrypts(
        algorithm in prop::sample::select(CipherAlgorithm::ALL),
        key_len in any::<prop::sample::Index>(),
        key in prop::array::uniform32(any::<u8>()),
        nonce in prop::array::uniform16(any::<u8>()),
        text in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let cipher = Cipher::new(algorithm, &key[..*key_len.get(algorithm.key_lens())]).unwrap();
        let nonce = &nonce[..algorithm.nonce_len()];
        let text = &text[..text.len() - text.len() % algorithm.block_len()];
        let mut buffer = text.to_vec();
        cipher.encrypt(nonce, &mut buffer).unwrap();
        prop_assert!(algorithm == CipherAlgorithm::Null || text.len() < 8 || buffer != text);
        cipher.decrypt(nonce, &mut buffer).unwrap();
        prop_assert_eq!(buffer, text);
    }
}

#[test]
fn each_algorithm_takes_its_key_lengths_and_no_others() {
    for &algorithm in CipherAlgorithm::ALL {
        for len in 0..=40 {
            let taken = Cipher::new(algorithm, &vec![1; len]).is_ok();
            assert_eq!(taken, algorithm.key_lens().contains(&len), "{algorithm:?} with {len} bytes");
        }
    }
}

#[test]
fn a_wrong_length_is_refused_and_nothing_is_written() {
    let cipher = Cipher::new(CipherAlgorithm::AesCbc, &[1; 16]).unwrap();
    let mut buffer = [7; 17];
    let error = cipher.encrypt(&[0; 16], &mut buffer).unwrap_err();
    assert_eq!(error.to_string(), "AES-CBC takes whole blocks of 16 bytes, not 17 bytes");
    let error = cipher.decrypt(&[0; 15], &mut buffer).unwrap_err();
    assert_eq!(error.to_string(), "AES-CBC takes a nonce of 16 bytes, not of 15");
    assert_eq!(buffer, [7; 17]);
}
