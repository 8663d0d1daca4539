use proptest::prelude::*;

use super::*;
use crate::{FixedEntropy, HashAlgorithm};

/// Begins a key exchange with either arm.
type Initiate = fn(KeyExchangeAlgorithm, &mut dyn Entropy) -> Initiator;
const ARMS: [Initiate; 2] = [Initiator::new, Initiator::fast];

fn initiator(arm: Initiate, algorithm: KeyExchangeAlgorithm, private: &[u8]) -> Initiator {
    let mut entropy = FixedEntropy::new(private);
    let initiator = arm(algorithm, &mut entropy);
    assert_eq!(entropy.drawn(), private_len(algorithm), "{algorithm:?}");
    initiator
}

/// The column "bytes" of the table at [`Initiator`].
fn private_len(algorithm: KeyExchangeAlgorithm) -> usize {
    match algorithm {
        KeyExchangeAlgorithm::Modp768
        | KeyExchangeAlgorithm::Modp1024
        | KeyExchangeAlgorithm::Modp1024s160 => 20,
        KeyExchangeAlgorithm::Modp1536 => 24,
        KeyExchangeAlgorithm::Modp2048 | KeyExchangeAlgorithm::Modp2048s224 => 28,
        KeyExchangeAlgorithm::Modp2048s256 => 32,
        KeyExchangeAlgorithm::Modp3072 => 33,
        KeyExchangeAlgorithm::Modp4096 => 38,
        KeyExchangeAlgorithm::Modp6144 => 44,
        KeyExchangeAlgorithm::Modp8192 => 50,
        KeyExchangeAlgorithm::Ecp192 => 24,
        KeyExchangeAlgorithm::Ecp224 | KeyExchangeAlgorithm::Brainpool224 => 28,
        KeyExchangeAlgorithm::Ecp256 | KeyExchangeAlgorithm::Brainpool256 => 32,
        KeyExchangeAlgorithm::Ecp384 | KeyExchangeAlgorithm::Brainpool384 => 48,
        KeyExchangeAlgorithm::Brainpool512 => 64,
        KeyExchangeAlgorithm::Ecp521 => 66,
        KeyExchangeAlgorithm::X25519 => 32,
        KeyExchangeAlgorithm::X448 => 56,
        KeyExchangeAlgorithm::MlKem512 | KeyExchangeAlgorithm::MlKem768 | KeyExchangeAlgorithm::MlKem1024 => {
            64
        }
    }
}

/// What a private value of ones makes of `peer`.
fn defect(arm: Initiate, algorithm: KeyExchangeAlgorithm, peer: &[u8]) -> PublicValueDefect {
    let error = initiator(arm, algorithm, &[1; 66]).finish(peer).unwrap_err();
    assert_eq!(error.algorithm, algorithm);
    error.defect
}

#[test]
fn published_exchanges() {
    // RFC 5903 §8.1, §8.2, §8.3 and RFC 8031 appendix A: private and public value of each side, shared secret.
    let exchanges = [
        (
            KeyExchangeAlgorithm::Ecp256,
            "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
            "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180\
             5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
            "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
            "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63\
             56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
            "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
        ),
        (
            KeyExchangeAlgorithm::Ecp384,
            "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
            "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa\
             9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
            "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
            "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571\
             dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
            "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
        ),
        (
            KeyExchangeAlgorithm::Ecp521,
            "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0\
             95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
            "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbe\
             e1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176ced3e\
             017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10a\
             d8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582",
            "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e\
             9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
            "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a21\
             9b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f\
             015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87\
             220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
            "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04\
             d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea",
        ),
        (
            KeyExchangeAlgorithm::X25519,
            "751fb4308655b476b6789b7325f9ea8cddd16a58533ff6d9e60009464a5f9d94",
            "48d5ddd4061257ba166fa3f9bbdb74f1a4e81c089384fa77f790709f0dfbc766",
            "0a54645253290d60ddadd0e030bacd9e5501efdc220755a1e978f1b839a05688",
            "0be7c1f5aad87d7e448662673298a443478b859745179eaf564c79c0ef6eee25",
            "c74950607a12327f3204d94b6825bfb068b7f8319a9e3708ed3d43ce8130c950",
        ),
    ];
    for (algorithm, private_i, public_i, private_r, public_r, secret) in exchanges {
        assert_exchange(algorithm, [private_i, public_i, private_r, public_r, secret]);
    }
}

#[test]
fn x448_exchange_of_rfc_7748() {
    let values = [
        "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d\
         d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
        "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c\
         22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
        "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d\
         6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
        "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430\
         27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
        "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b\
         b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d",
    ];
    assert_exchange(KeyExchangeAlgorithm::X448, values);
}

/// Private and public value of each side and the shared secret are as written, with both arms.
fn assert_exchange(algorithm: KeyExchangeAlgorithm, values: [&str; 5]) {
    let [private_i, public_i, private_r, public_r, secret] =
        values.map(|digits| hex::decode(digits).unwrap());
    for (arm, answer) in ARMS.into_iter().zip([respond, respond_fast]) {
        let initiator = initiator(arm, algorithm, &private_i);
        assert_eq!(initiator.public(), public_i, "{algorithm:?}");
        let (public, shared) = answer(algorithm, &public_i, &mut FixedEntropy::new(&private_r[..])).unwrap();
        assert_eq!((&public[..], shared.as_bytes()), (&public_r[..], &secret[..]), "{algorithm:?}");
        assert_eq!(initiator.finish(&public_r).unwrap().as_bytes(), secret, "{algorithm:?}");
    }
}

#[test]
fn modp_exchanges_are_those_of_big_integer_arithmetic() {
    // SHA2-256 of 2^x and 2^(x y), computed apart; x is the number made of the bytes 1, 2, … and y of 101, 102, ….
    let exchanges = [
        (
            KeyExchangeAlgorithm::Modp1024,
            "a58b4f99562dcc4354cd2e1a1cf39e3a964923787559ed107f7d74bf7526845e",
            "558098ae8780c36c34d20959515c8f4e6e33cdd35b3eb74c2b155b93afd09e2f",
        ),
        (
            KeyExchangeAlgorithm::Modp1536,
            "63ba0b3c66ffeb37d60f9645e9f6b6bac45c718362d6606d87d31e6d39f25ad4",
            "c88f1ae3b0cc7460c70ae5f81f719916aac6d279c249e06b26646179e51a4274",
        ),
        (
            KeyExchangeAlgorithm::Modp2048,
            "334bb3d0393b494ca042e9aa05b30318519cbc20e8a1d751c385c86606b3e740",
            "725ee52f6ac62c658f9078592bab92c2164c3c7fc6e60074fb87c47021243ea8",
        ),
        (
            KeyExchangeAlgorithm::Modp3072,
            "34ea51a0def18dc9d6f56f22014421ab851035c84f3e58b692608ea275e4aff3",
            "3f6531f2ccdc702f20b594e99acd941b0200aaf30fbf56398b0a9e23ad6f6861",
        ),
        (
            KeyExchangeAlgorithm::Modp4096,
            "c2c77d92ef75e8d21fa2f1dd34946ea7e4ccbd1fa87eef7060f667e07ada978d",
            "44cb1dc5ec157238090fa36e54b09ca4e95c50c77153e3c891b7a32c6baacc07",
        ),
        (
            KeyExchangeAlgorithm::Modp6144,
            "dbd6b04034a18cab344a8b682873a5a5481c9d44336fc4fa50eb6facf2fd4b35",
            "7bf00c9d0f446afcfe454aa33610ac0c8f5933e3cdcea53decc33ecc4be9aa54",
        ),
        (
            KeyExchangeAlgorithm::Modp8192,
            "000d3b5a6ace0d370bded9608701d37f3fe16d680dbddf919f1362e79e4744a5",
            "9372aa4cf2e07ff1035bb9748e558322f9a0d5eaac09e11dc107c195d5f46fe6",
        ),
    ];
    let hash = |bytes: &[u8]| hex::encode(HashAlgorithm::Sha2_256.digest(&[bytes]));
    for (algorithm, public_hash, secret_hash) in exchanges {
        let initiator = initiator(Initiator::new, algorithm, &(1..=66).collect::<Vec<u8>>());
        let mut y = FixedEntropy::new((101..=166).collect::<Vec<u8>>());
        let (public, secret) = respond(algorithm, initiator.public(), &mut y).unwrap();
        assert_eq!(hash(initiator.public()), public_hash, "{algorithm:?}");
        assert_eq!(hash(secret.as_bytes()), secret_hash, "{algorithm:?}");
        assert_eq!(initiator.finish(&public).unwrap(), secret, "{algorithm:?}");
    }
}

#[test]
fn x448_iterated_is_as_in_rfc_7748() {
    let (mut scalar, mut point) = (vec![0; 56], vec![0; 56]);
    (scalar[0], point[0]) = (5, 5);
    let expected = [
        "3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a\
         4d23a8cd0db897086239492caf350b51f833868b9bc2b3bca9cf4113",
        "aa3b4749d55b9daf1e5b00288826c467274ce3ebbdd5c17b975e09d4\
         af6c67cf10d087202db88286e2b79fceea3ec353ef54faa26e219f38",
    ];
    for iteration in 1..=1000 {
        let secret = initiator(Initiator::new, KeyExchangeAlgorithm::X448, &scalar).finish(&point).unwrap();
        point = std::mem::replace(&mut scalar, secret.as_bytes().to_vec());
        match iteration {
            1 => assert_eq!(hex::encode(&scalar), expected[0]),
            1000 => assert_eq!(hex::encode(&scalar), expected[1]),
            _ => {}
        }
    }
}

#[test]
fn a_private_value_of_zero_is_read_as_one() {
    let generator_x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    for arm in ARMS {
        let own = initiator(arm, KeyExchangeAlgorithm::Ecp256, &[0; 32]);
        assert_eq!(hex::encode(&own.public()[..32]), generator_x);
        // The order of the curve is zero too.
        let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
        assert_eq!(initiator(arm, KeyExchangeAlgorithm::Ecp256, &order).public(), own.public());
    }
    let own = initiator(Initiator::new, KeyExchangeAlgorithm::Modp2048, &[0; 28]);
    assert_eq!((own.public()[255], own.public().len()), (2, 256));
    // In a small subgroup its order is zero too.
    let [zero, order] = [&[0; 20][..], &hex::decode("f518aa8781a8df278aba4e7d64b7cb9d49462353").unwrap()]
        .map(|private| initiator(Initiator::new, KeyExchangeAlgorithm::Modp1024s160, private));
    assert_eq!(zero.public()[..4], [0xa4, 0xd1, 0xcb, 0xd5]);
    assert_eq!(zero.public(), order.public());
}

#[test]
fn a_public_value_of_another_length_is_refused() {
    for &algorithm in KeyExchangeAlgorithm::ALL {
        let expected = algorithm.responder_public_len();
        for found in [0, 1, expected - 1, expected + 1, 2 * expected] {
            for arm in ARMS {
                let peer = vec![1; found];
                assert_eq!(defect(arm, algorithm, &peer), PublicValueDefect::Length { expected, found });
            }
        }
        let expected = algorithm.initiator_public_len();
        for found in [0, 1, expected - 1, expected + 1, 2 * expected] {
            let error = respond(algorithm, &vec![1; found], &mut FixedEntropy::new([1; 66])).unwrap_err();
            assert_eq!(error.defect, PublicValueDefect::Length { expected, found });
        }
    }
    let error = initiator(Initiator::new, KeyExchangeAlgorithm::Modp2048, &[1; 28]).finish(&[0; 255]);
    let expected = "bad public value for MODP-2048: expected 256 bytes, found 255";
    assert_eq!(error.unwrap_err().to_string(), expected);
}

#[test]
fn modp_refuses_a_value_out_of_range() {
    let peer = vec![0; 256];
    let defect = defect(Initiator::new, KeyExchangeAlgorithm::Modp2048, &peer);
    assert_eq!(defect, PublicValueDefect::OutOfRange);
}

#[test]
fn ecp_and_brainpool_take_only_points_of_the_curve() {
    for algorithm in [
        KeyExchangeAlgorithm::Ecp256,
        KeyExchangeAlgorithm::Ecp384,
        KeyExchangeAlgorithm::Ecp521,
        KeyExchangeAlgorithm::Ecp192,
        KeyExchangeAlgorithm::Ecp224,
        KeyExchangeAlgorithm::Brainpool224,
        KeyExchangeAlgorithm::Brainpool256,
        KeyExchangeAlgorithm::Brainpool384,
        KeyExchangeAlgorithm::Brainpool512,
    ] {
        for arm in ARMS {
            let good = initiator(arm, algorithm, &[7; 66]).public().to_vec();
            assert!(initiator(arm, algorithm, &[1; 66]).finish(&good).is_ok());
            let len = good.len();
            let mut beside = good.clone();
            beside[len - 1] ^= 1;
            let swapped = [&good[len / 2..], &good[..len / 2]].concat();
            for bad in [beside, swapped, vec![0; len], vec![0xff; len]] {
                assert_eq!(defect(arm, algorithm, &bad), PublicValueDefect::NotOnCurve, "{algorithm:?}");
            }
        }
    }
}

#[test]
fn ecp_takes_a_coordinate_in_its_one_spelling_only() {
    // The point of P-256 whose x is 0, and the same with x = p.
    let y = hex::decode("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4").unwrap();
    let p = hex::decode("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff").unwrap();
    let zero = [&[0; 32][..], &y].concat();
    let spelled_otherwise = [&p[..], &y].concat();
    for arm in ARMS {
        assert!(initiator(arm, KeyExchangeAlgorithm::Ecp256, &[1; 32]).finish(&zero).is_ok());
        let defect = defect(arm, KeyExchangeAlgorithm::Ecp256, &spelled_otherwise);
        assert_eq!(defect, PublicValueDefect::NotOnCurve);
    }
}

#[test]
fn x25519_refuses_points_of_small_order() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for point in points {
        let mut point = hex::decode(point).unwrap();
        // The top bit is to be ignored (RFC 7748 §5).
        for top in [0, 0x80] {
            point[31] = point[31] & 0x7f | top;
            for arm in ARMS {
                let defect = defect(arm, KeyExchangeAlgorithm::X25519, &point);
                assert_eq!(defect, PublicValueDefect::SmallOrder, "{}", hex::encode(&point));
            }
        }
    }
}

#[test]
fn x448_refuses_points_of_small_order() {
    let ones = "ff".repeat(27);
    let zeros = "00".repeat(55);
    // 0, 1, p - 1, and the first two again with p added.
    let points = [
        format!("00{zeros}"),
        format!("01{zeros}"),
        format!("fe{ones}fe{ones}"),
        format!("ff{ones}fe{ones}"),
        format!("00{}ff{ones}", "00".repeat(27)),
    ];
    for point in points {
        let defect = defect(Initiator::new, KeyExchangeAlgorithm::X448, &hex::decode(&point).unwrap());
        assert_eq!(defect, PublicValueDefect::SmallOrder, "{point}");
    }
}

#[test]
fn mlkem_makes_another_secret_of_another_ciphertext() {
    for algorithm in
        [KeyExchangeAlgorithm::MlKem512, KeyExchangeAlgorithm::MlKem768, KeyExchangeAlgorithm::MlKem1024]
    {
        let own = || initiator(Initiator::new, algorithm, &[3; 64]);
        let (ciphertext, secret) =
            respond(algorithm, own().public(), &mut FixedEntropy::new([4; 32])).unwrap();
        assert_eq!(own().finish(&ciphertext).unwrap(), secret);
        let mut forged = ciphertext;
        forged[0] ^= 1;
        let unknown = own().finish(&forged).unwrap();
        assert!(unknown != secret && unknown == own().finish(&forged).unwrap() && unknown.len() == 32);
    }
}

#[test]
fn mlkem_refuses_a_key_with_a_coefficient_of_q() {
    // 3329 in the first 12 bits.
    let mut key = vec![0; 800];
    (key[0], key[1]) = (0x01, 0x0d);
    let error = respond(KeyExchangeAlgorithm::MlKem512, &key, &mut FixedEntropy::new([4; 32])).unwrap_err();
    assert_eq!(error.to_string(), "bad public value for ML-KEM-512: a coefficient is not below q");
}

#[test]
fn x25519_takes_a_value_beyond_the_prime_as_what_it_stands_for() {
    // 9 and 2^255 - 19 + 9 (RFC 8031 §3.2).
    let nine = [vec![9], vec![0; 31]].concat();
    let spelled_otherwise = [vec![0xf6], vec![0xff; 30], vec![0x7f]].concat();
    for arm in ARMS {
        let [secret, same] = [&nine, &spelled_otherwise]
            .map(|peer| initiator(arm, KeyExchangeAlgorithm::X25519, &[5; 32]).finish(peer));
        assert_eq!(secret.unwrap(), same.unwrap());
    }
}

#[test]
fn an_initiator_does_not_print_its_private_value() {
    let own = initiator(Initiator::new, KeyExchangeAlgorithm::X25519, &[1; 32]);
    assert_eq!(format!("{own:?}"), "Initiator { algorithm: X25519, .. }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn both_arms_draw_and_compute_the_same(
        algorithm in prop::sample::select(&[
            KeyExchangeAlgorithm::Ecp256, KeyExchangeAlgorithm::Ecp384, KeyExchangeAlgorithm::Ecp521,
            KeyExchangeAlgorithm::X25519, KeyExchangeAlgorithm::X448, KeyExchangeAlgorithm::Modp1024,
            KeyExchangeAlgorithm::Modp1024s160, KeyExchangeAlgorithm::Modp2048s256,
            KeyExchangeAlgorithm::Ecp192, KeyExchangeAlgorithm::Ecp224,
            KeyExchangeAlgorithm::Brainpool224, KeyExchangeAlgorithm::Brainpool256,
            KeyExchangeAlgorithm::Brainpool384, KeyExchangeAlgorithm::Brainpool512,
            KeyExchangeAlgorithm::MlKem512, KeyExchangeAlgorithm::MlKem768, KeyExchangeAlgorithm::MlKem1024,
        ][..]),
        ours in prop::collection::vec(any::<u8>(), 66),
        theirs in prop::collection::vec(any::<u8>(), 66),
    ) {
        let [portable, fast] = ARMS.map(|arm| initiator(arm, algorithm, &ours));
        prop_assert_eq!(portable.public(), fast.public());
        let mut entropy = FixedEntropy::new(&theirs[..]);
        let (public, secret) = respond(algorithm, portable.public(), &mut entropy).unwrap();
        let mut entropy_fast = FixedEntropy::new(&theirs[..]);
        let (public_fast, secret_fast) = respond_fast(algorithm, portable.public(), &mut entropy_fast).unwrap();
        prop_assert_eq!(entropy.drawn(), entropy_fast.drawn());
        prop_assert_eq!((&public, &secret), (&public_fast, &secret_fast));
        prop_assert_eq!(&portable.finish(&public).unwrap(), &secret);
        prop_assert_eq!(&fast.finish(&public).unwrap(), &secret);
    }

    #[test]
    fn both_arms_judge_any_x25519_value_alike(peer in prop::array::uniform32(any::<u8>())) {
        let [portable, fast] =
            ARMS.map(|arm| initiator(arm, KeyExchangeAlgorithm::X25519, &[0xff; 32]).finish(&peer));
        prop_assert_eq!(portable, fast);
    }

    #[test]
    fn both_arms_draw_the_same_scalar_from_bytes_beyond_the_order(low in any::<u64>()) {
        let mut drawn = [0xff; 48];
        drawn[40..].copy_from_slice(&low.to_be_bytes());
        for algorithm in [KeyExchangeAlgorithm::Ecp256, KeyExchangeAlgorithm::Ecp384] {
            let [portable, fast] = ARMS.map(|arm| initiator(arm, algorithm, &drawn));
            prop_assert_eq!(portable.public(), fast.public());
        }
    }
}
