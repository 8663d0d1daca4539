use proptest::prelude::*;

use super::*;

mod ccm;

/// Keys an algorithm with either arm.
type New = fn(AeadAlgorithm, &[u8]) -> Result<Aead, KeyLength>;
const ARMS: [New; 2] = [Aead::new, Aead::fast];

struct Vector {
    algorithm: AeadAlgorithm,
    key: &'static str,
    nonce: &'static str,
    aad: &'static str,
    plaintext: &'static str,
    ciphertext: &'static str,
    icv: &'static str,
}

impl Vector {
    fn check(&self, new: New) {
        let [key, nonce, aad, plaintext, ciphertext, icv] =
            [self.key, self.nonce, self.aad, self.plaintext, self.ciphertext, self.icv]
                .map(|digits| hex::decode(digits).unwrap());
        let aead = new(self.algorithm, &key).unwrap();
        let mut buffer = plaintext.clone();
        let mut made = vec![0; icv.len()];
        aead.seal(&nonce, &aad, &mut buffer, &mut made).unwrap();
        assert_eq!((&buffer, &made), (&ciphertext, &icv), "{:?}", self.algorithm);
        aead.open(&nonce, &aad, &mut buffer, &icv).unwrap();
        assert_eq!(buffer, plaintext);
    }
}

#[test]
fn gcm_seals_the_packets_of_draft_mcgrew_gcm_test() {
    let vectors = [
        Vector {
            algorithm: AeadAlgorithm::AesGcm16,
            key: "4c80cdefbb5d10da906ac73c3613a634",
            nonce: "2e443b684956ed7e3b244cfe",
            aad: "000043218765432100000000",
            plaintext: "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000000000\
                        00045f736970045f756470037369700963796265726369747902646b000021000101020201",
            ciphertext: "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa243\
                         6f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732",
            icv: "459018148f6cbe722fd04796562dfdb4",
        },
        Vector {
            algorithm: AeadAlgorithm::AesGcm16,
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c",
            nonce: "cafebabefacedbaddecaf888",
            aad: "0000a5f80000000a",
            plaintext: "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680001",
            ciphertext: "a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0315b27452144cc77",
            icv: "95457b9652037f5318027b5b4cd7a636",
        },
        Vector {
            algorithm: AeadAlgorithm::AesGcm16,
            key: "abbccddef00112233445566778899aababbccddef00112233445566778899aab",
            nonce: "112233440102030405060708",
            aad: "4a2cbfe300000002",
            plaintext: "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf\
                        0000020405b40101040201020201",
            ciphertext: "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985\
                         771d347f0545659f14e99def842d8e",
            icv: "b335f4eecfdbf831824b4c4915956c96",
        },
    ];
    for vector in &vectors {
        for new in ARMS {
            vector.check(new);
        }
        for (algorithm, digits) in [(AeadAlgorithm::AesGcm8, 16), (AeadAlgorithm::AesGcm12, 24)] {
            Vector { algorithm, icv: &vector.icv[..digits], ..*vector }.check(Aead::new);
        }
    }
}

#[test]
fn chacha20_poly1305_seals_the_packet_of_rfc_7634() {
    let vector = Vector {
        algorithm: AeadAlgorithm::ChaCha20Poly1305,
        key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
        nonce: "a0a1a2a31011121314151617",
        aad: "0102030400000005",
        plaintext: "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b\
                    0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233\
                    3435363701020204",
        ciphertext: "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb\
                     61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da\
                     9165b82829f641e0",
        icv: "76aaa8266b7fb0f7b11b369907e1ad43",
    };
    for new in ARMS {
        vector.check(new);
    }
}

#[test]
fn gmac_seals_the_packet_of_draft_mcgrew_gcm_test_and_leaves_it_readable() {
    let payload = "45000030da3a00008001df3bc0a80005c0a800010800c6cd0200070061626364\
                   65666768696a6b6c6d6e6f707172737401020204";
    let vector = Vector {
        algorithm: AeadAlgorithm::AesGmac,
        key: "4c80cdefbb5d10da906ac73c3613a634",
        nonce: "22433c640000000000000000",
        aad: "00004321000000070000000000000000",
        plaintext: payload,
        ciphertext: payload,
        icv: "594f4055428d399a9d66c15e77023a98",
    };
    for new in ARMS {
        vector.check(new);
    }
}

#[test]
fn gmac_of_nothing_is_that_of_the_gcm_specification() {
    // "The Galois/Counter Mode of Operation", appendix B, test cases 1, 7 and 13.
    for (key_len, icv) in [
        (16, "58e2fccefa7e3061367f1d57a4e7455a"),
        (24, "cd33b28ac773f74ba00ed1f312572435"),
        (32, "530f8afbc74536b9a963b4f1c4cb738b"),
    ] {
        let gmac = Aead::new(AeadAlgorithm::AesGmac, &vec![0; key_len]).unwrap();
        let mut found = [0; 16];
        gmac.seal(&[0; 12], &[], &mut [], &mut found).unwrap();
        assert_eq!(hex::encode(found), icv, "{key_len} bytes");
    }
}

/// An algorithm with a key, a nonce, associated data and a text that suit it.
fn messages() -> impl Strategy<Value = (AeadAlgorithm, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>)> {
    (prop::sample::select(AeadAlgorithm::ALL), any::<prop::sample::Index>()).prop_flat_map(
        |(algorithm, index)| {
            (
                Just(algorithm),
                prop::collection::vec(any::<u8>(), *index.get(algorithm.key_lens())),
                prop::collection::vec(any::<u8>(), algorithm.nonce_len()),
                prop::collection::vec(any::<u8>(), 0..40),
                prop::collection::vec(any::<u8>(), 0..300),
            )
        },
    )
}

proptest! {
    #[test]
    fn what_is_sealed_opens_with_either_arm((algorithm, key, nonce, aad, text) in messages()) {
        let [portable, fast] = ARMS.map(|new| new(algorithm, &key).unwrap());
        let mut sealed = [text.clone(), text.clone()];
        let mut icvs = [vec![0; algorithm.icv_len()], vec![0; algorithm.icv_len()]];
        portable.seal(&nonce, &aad, &mut sealed[0], &mut icvs[0]).unwrap();
        fast.seal(&nonce, &aad, &mut sealed[1], &mut icvs[1]).unwrap();
        prop_assert_eq!((&sealed[0], &icvs[0]), (&sealed[1], &icvs[1]));
        prop_assert_eq!(portable.open(&nonce, &aad, &mut sealed[0], &icvs[0]), Ok(()));
        prop_assert_eq!(fast.open(&nonce, &aad, &mut sealed[1], &icvs[1]), Ok(()));
        prop_assert_eq!(&sealed[0], &text);
        prop_assert_eq!(&sealed[1], &text);
    }

    #[test]
    fn any_flipped_bit_is_refused_and_leaves_zeros(
        (algorithm, key, nonce, aad, text) in messages(), where_ in any::<prop::sample::Index>(), bit in 0..8,
    ) {
        let sealer = Aead::new(algorithm, &key).unwrap();
        let mut sealed = text;
        let mut icv = vec![0; algorithm.icv_len()];
        sealer.seal(&nonce, &aad, &mut sealed, &mut icv).unwrap();

        let mut message = [nonce, aad, sealed, icv];
        let total = message.iter().map(Vec::len).sum();
        let byte = message.iter_mut().flatten().nth(where_.index(total)).unwrap();
        *byte ^= 1u8 << bit;
        let [nonce, aad, sealed, icv] = message;
        for new in ARMS {
            let mut buffer = sealed.clone();
            prop_assert_eq!(new(algorithm, &key).unwrap().open(&nonce, &aad, &mut buffer, &icv), Err(Forged));
            prop_assert!(buffer.iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn gmac_is_gcm_of_an_empty_plaintext_wherever_the_text_begins(
        key in prop::collection::vec(any::<u8>(), 32),
        key_len in prop::sample::select(vec![16usize, 24, 32]),
        nonce in prop::array::uniform12(any::<u8>()),
        message in prop::collection::vec(any::<u8>(), 0..200),
        start in any::<prop::sample::Index>(),
    ) {
        let key = &key[..key_len];
        let (aad, text) = message.split_at(start.index(message.len() + 1));
        for new in ARMS {
            let (mut gcm, mut gmac, mut text) = ([0; 16], [0; 16], text.to_vec());
            new(AeadAlgorithm::AesGcm16, key).unwrap().seal(&nonce, &message, &mut [], &mut gcm).unwrap();
            new(AeadAlgorithm::AesGmac, key).unwrap().seal(&nonce, aad, &mut text, &mut gmac).unwrap();
            prop_assert_eq!((gmac, &text[..]), (gcm, &message[aad.len()..]));
        }
    }
}

#[test]
fn each_algorithm_takes_its_key_lengths_and_no_others() {
    for &algorithm in AeadAlgorithm::ALL {
        for len in 0..=40 {
            for new in ARMS {
                let taken = new(algorithm, &vec![1; len]).is_ok();
                assert_eq!(taken, algorithm.key_lens().contains(&len), "{algorithm:?} with {len} bytes");
            }
        }
    }
    let error = Aead::new(AeadAlgorithm::AesGcm16, &[0; 20]).unwrap_err();
    assert_eq!(error.to_string(), "AES-GCM-16 takes a key of 16 or 24 or 32 bytes, not of 20");
}

#[test]
fn a_nonce_or_icv_of_another_length_is_refused_and_nothing_is_written() {
    for &algorithm in AeadAlgorithm::ALL {
        for new in ARMS {
            let aead = new(algorithm, &vec![1; algorithm.key_lens()[0]]).unwrap();
            let (nonce_len, icv_len) = (algorithm.nonce_len(), algorithm.icv_len());
            for (nonce, icv) in
                [(nonce_len - 1, icv_len), (nonce_len + 1, icv_len), (nonce_len, icv_len + 1), (0, 0)]
            {
                let mut buffer = *b"text";
                let mut room = vec![0; icv];
                aead.seal(&vec![0; nonce], b"", &mut buffer, &mut room).unwrap_err();
                assert_eq!((&buffer, room), (b"text", vec![0; icv]));
                assert_eq!(aead.open(&vec![0; nonce], b"", &mut buffer, &vec![0; icv]), Err(Forged));
            }
        }
    }
}
