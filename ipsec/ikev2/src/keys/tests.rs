use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, FAST, IntegrityAlgorithm, KeyExchangeAlgorithm, PORTABLE,
};
use ipsec_dataplane::{Encryption, Suite};

use super::*;

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

const SHARED: Shared<'_> =
    Shared { nonce_i: &[1; 32], nonce_r: &[2; 32], spi_i: IkeSpi(3), spi_r: IkeSpi(4) };

fn suite(
    encryption: Encryption,
    key_len: usize,
    integrity: Option<IntegrityAlgorithm>,
    prf: PrfAlgorithm,
) -> IkeSuite {
    let protection = Suite { encryption, key_len, integrity };
    IkeSuite { protection, prf, key_exchange: KeyExchangeAlgorithm::X25519, additional: [None; 7] }
}

/// The first case of NIST's CAVS file: SHA-1, 132 octets, as the suite AES-128-CBC with HMAC-SHA1-96 divides them.
#[test]
fn a_published_case_is_divided_in_the_order_of_the_rfc() {
    let shared = Shared {
        nonce_i: &octets("32b50d5f4a3763f3"),
        nonce_r: &octets("9206a04b26564cb1"),
        spi_i: IkeSpi(0x34c9_e7c1_8886_8785),
        spi_r: IkeSpi(0x3ff7_7d76_0d2b_2199),
    };
    let secret = Secret::from(octets("4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52"));
    let seed = skeyseed(&PORTABLE, PrfAlgorithm::HmacSha1, &shared, &secret);
    assert_eq!(seed.as_bytes(), octets("a9a7b222b59f8f48645f28a1db5b5f5d7479cba7"));
    let cbc = Encryption::Cipher(CipherAlgorithm::AesCbc);
    let suite = suite(cbc, 16, Some(IntegrityAlgorithm::HmacSha1_96), PrfAlgorithm::HmacSha1);
    let keys = ike_keys(&PORTABLE, &suite, &seed, &shared).unwrap();
    let stream = octets(concat!(
        "a14293677cc80ff8f9cc0eee30d895da9d8f405666e30ef0dfcb63c634a46002a2a63080e514a062768b76606f9fa5e992204fc5",
        "a670bde3f10d6b027113936a5c55b648a194ae587b0088d52204b702c979fa280870d2ed41efa9c549fd11198af1670b143d384b",
        "d275c5f594cf266b05ebadca855e4249520a441a81157435a7a56cc4",
    ));
    let parts = [
        (&keys.d, 20),
        (&keys.ai, 20),
        (&keys.ar, 20),
        (&keys.ei, 16),
        (&keys.er, 16),
        (&keys.pi, 20),
        (&keys.pr, 20),
    ];
    let mut rest = stream.as_slice();
    for (key, length) in parts {
        assert_eq!(key.as_bytes(), &rest[..length]);
        rest = &rest[length..];
    }
}

#[test]
fn keys_have_the_lengths_of_their_algorithms() {
    let gcm = Encryption::Aead(AeadAlgorithm::AesGcm16);
    let keys = |suite: IkeSuite| {
        let keys = ike_keys(&FAST, &suite, &Secret::from(vec![9; 32]), &SHARED).unwrap();
        [&keys.d, &keys.ai, &keys.ar, &keys.ei, &keys.er, &keys.pi, &keys.pr].map(Secret::len)
    };
    // A combined-mode cipher has no integrity key and four octets of salt behind its key.
    assert_eq!(keys(suite(gcm, 32, None, PrfAlgorithm::HmacSha2_384)), [48, 0, 0, 36, 36, 48, 48]);
    let cbc = Encryption::Cipher(CipherAlgorithm::AesCbc);
    let separate = suite(cbc, 24, Some(IntegrityAlgorithm::HmacSha2_512_256), PrfAlgorithm::HmacSha2_256);
    assert_eq!(keys(separate), [32, 64, 64, 24, 24, 32, 32]);
}

#[test]
fn a_childs_key_exchange_changes_its_keys_and_each_direction_has_its_own() {
    let keys = |secrets: (Option<&Secret>, &[Secret])| {
        let sk_d = Secret::from(vec![7; 32]);
        child_keys(&PORTABLE, PrfAlgorithm::HmacSha2_256, &sk_d, secrets, (&[1; 32], &[2; 32]), 36).unwrap()
    };
    let (first, second) = (Secret::from(vec![5; 32]), Secret::from(vec![6; 32]));
    let (plain, fresh) = (keys((None, &[])), keys((Some(&first), &[])));
    assert_ne!(keys((Some(&first), &[second])), fresh, "and so does one that follows");
    assert_ne!(plain.0, plain.1);
    assert!(plain.0 != fresh.0 && plain.1 != fresh.1);
    assert_eq!((plain.0.len(), plain.1.len()), (36, 36));
}

/// The expected octets come from Python's `hmac` over the text of RFC 5723 §5.1.
#[test]
fn a_resumed_ike_sa_has_its_skeyseed_from_the_old_sk_d_the_word_and_both_nonces() {
    let sk_d = Secret::from((0..32).collect::<Vec<u8>>());
    let shared = Shared { nonce_i: &[0xaa; 16], nonce_r: &[0xbb; 32], ..SHARED };
    let expected = octets("e03fa4667d2a35793ff35d719c06f77992e7b0b46524f83f71d446dd6cd9b43f");
    let skeyseed = resumed_skeyseed(&PORTABLE, PrfAlgorithm::HmacSha2_256, &sk_d, &shared);
    assert_eq!(skeyseed.as_bytes(), expected);
}

/// RFC 7296 §2.14: of each nonce 64 bits count for SKEYSEED, and all of it for what is made of that.
#[test]
fn a_prf_over_aes_takes_the_first_eight_octets_of_each_nonce() {
    let secret = Secret::from(vec![5; 32]);
    let keys = |prf: PrfAlgorithm, nonce_i: &[u8], nonce_r: &[u8]| {
        let shared = Shared { nonce_i, nonce_r, ..SHARED };
        let seed = skeyseed(&PORTABLE, prf, &shared, &secret);
        let suite = suite(Encryption::Aead(AeadAlgorithm::AesGcm16), 16, None, prf);
        (seed.clone(), ike_keys(&PORTABLE, &suite, &seed, &shared).unwrap().d)
    };
    let changed = |at: usize| {
        let mut nonce = [1; 32];
        nonce[at] = 7;
        nonce
    };
    for prf in [PrfAlgorithm::AesXcbc, PrfAlgorithm::AesCmac] {
        let usual = keys(prf, &[1; 32], &[1; 32]);
        for late in [keys(prf, &changed(8), &[1; 32]), keys(prf, &[1; 32], &changed(8))] {
            assert!(late.0 == usual.0 && late.1 != usual.1, "{prf:?}");
        }
        for early in [keys(prf, &changed(7), &[1; 32]), keys(prf, &[1; 32], &changed(7))] {
            assert!(early.0 != usual.0, "{prf:?}");
        }
    }
}
