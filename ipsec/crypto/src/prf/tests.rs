use super::*;

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

#[test]
fn hmacs_are_those_of_rfc_2202_and_rfc_4231() {
    let what = b"what do ya want for nothing?";
    for (algorithm, expected) in [
        (PrfAlgorithm::HmacMd5, "750c783e6ab0b503eaa86e310a5db738"),
        (PrfAlgorithm::HmacSha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (PrfAlgorithm::HmacSha2_256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            PrfAlgorithm::HmacSha2_384,
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            PrfAlgorithm::HmacSha2_512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ] {
        let output = Prf::new(algorithm, b"Jefe").compute(&[what]);
        assert_eq!(hex::encode(&output), expected, "{algorithm:?}");
        assert_eq!(output.len(), algorithm.output_len());
    }
}

#[test]
fn a_key_longer_than_a_block_is_hashed_first() {
    let output = Prf::new(PrfAlgorithm::HmacSha2_256, &[0xaa; 131])
        .compute(&[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
    let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
    assert_eq!(hex::encode(&output), expected);
}

#[test]
fn prfs_over_aes_take_any_key_as_rfc_4434_and_rfc_4615_say() {
    let text: Vec<u8> = (0..20).collect();
    let keys =
        ["00010203040506070809", "000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0fedcb"];
    for (algorithm, outputs) in [
        (
            PrfAlgorithm::AesXcbc,
            [
                "0fa087af7d866e7653434e602fdde835",
                "47f51b4564966215b8985c63055ed308",
                "8cd3c93ae598a9803006ffb67c40e9e4",
            ],
        ),
        (
            PrfAlgorithm::AesCmac,
            [
                "290d9e112edb09ee141fcf64c0b72f3d",
                "980ae87b5f4c9c5214f5b6a8455e4c2d",
                "84a348a4a45d235babfffc0d2b4da09a",
            ],
        ),
    ] {
        for (key, expected) in keys.iter().zip(outputs) {
            let output = Prf::new(algorithm, &bytes(key)).compute(&[&text]);
            assert_eq!(hex::encode(&output), expected, "{algorithm:?} with key {key}");
        }
    }
}

#[test]
fn prf_plus_makes_the_key_material_of_a_nist_case() {
    let [ni, nr, spi_i, spi_r] =
        ["32b50d5f4a3763f3", "9206a04b26564cb1", "34c9e7c188868785", "3ff77d760d2b2199"].map(bytes);
    let shared = bytes("4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52");
    let skeyseed = Prf::new(PrfAlgorithm::HmacSha1, &[&ni[..], &nr].concat()).compute(&[&shared]);
    assert_eq!(hex::encode(&skeyseed), "a9a7b222b59f8f48645f28a1db5b5f5d7479cba7");
    let prf = Prf::new(PrfAlgorithm::HmacSha1, skeyseed.as_bytes());
    let material = prf_plus(&prf, &[&ni, &nr, &spi_i, &spi_r], 132).unwrap();
    let expected = "a14293677cc80ff8f9cc0eee30d895da9d8f405666e30ef0dfcb63c634a46002a2a63080e514a062\
                    768b76606f9fa5e992204fc5a670bde3f10d6b027113936a5c55b648a194ae587b0088d52204b702\
                    c979fa280870d2ed41efa9c549fd11198af1670b143d384bd275c5f594cf266b05ebadca855e4249\
                    520a441a81157435a7a56cc4";
    assert_eq!(hex::encode(&material), expected);
}

#[test]
fn a_shorter_prf_plus_is_the_start_of_a_longer_one() {
    for &algorithm in PrfAlgorithm::ALL {
        let prf = Prf::new(algorithm, b"key");
        let long = prf_plus(&prf, &[b"seed"], 200).unwrap();
        for len in [0, 1, algorithm.output_len(), algorithm.output_len() + 1, 199] {
            let short = prf_plus(&prf, &[b"se", b"ed"], len).unwrap();
            assert_eq!(short.as_bytes(), &long.as_bytes()[..len], "{algorithm:?}, {len} bytes");
        }
    }
}

#[test]
fn prf_plus_ends_after_255_outputs() {
    let prf = Prf::new(PrfAlgorithm::HmacSha2_256, b"key");
    assert_eq!(prf_plus(&prf, &[b"seed"], 255 * 32).unwrap().len(), 8160);
    let error = prf_plus(&prf, &[b"seed"], 255 * 32 + 1).unwrap_err();
    assert_eq!(error, KeyMaterialTooLong { requested: 8161, most: 8160 });
}
