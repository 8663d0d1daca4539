//! Diffie-Hellman on NIST's curves (SP 800-56A), and points that are none of theirs.

use ipsec_crypto::{FixedEntropy, KeyExchangeAlgorithm, Provider};

use super::padded;
use crate::checks::exchange::{agreed, has_two_implementations};
use crate::rsp::{Case, each_case};
use crate::tally::Tally;

/// What two parties have, as NIST says it is right or not: the peer's public value, ours, and the secret.
pub(crate) fn agreement(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let set = case.section.split_whitespace().next().unwrap_or_default();
        let algorithm = match set {
            "EA" => KeyExchangeAlgorithm::Ecp192,
            "EB" => KeyExchangeAlgorithm::Ecp224,
            "EC" => KeyExchangeAlgorithm::Ecp256,
            "ED" => KeyExchangeAlgorithm::Ecp384,
            "EE" => KeyExchangeAlgorithm::Ecp521,
            other => return Err(format!("case {}: there is no parameter set {other}", case.number)),
        };
        if !tally.takes(has_two_implementations(algorithm)) {
            return Ok(());
        }
        let name = case.name();
        let private = padded(&case.integer("dsIUT")?, algorithm.initiator_public_len() / 2);
        let own = point(case, algorithm, ["QsIUTx", "QsIUTy"])?;
        let peer = point(case, algorithm, ["QsCAVSx", "QsCAVSy"])?;
        let shared = padded(&case.integer("Z")?, algorithm.initiator_public_len() / 2);
        if algorithm == KeyExchangeAlgorithm::Ecp521 && private.first().is_some_and(|top| *top > 1) {
            let what = format!("{} with private values of more bits", algorithm.name());
            tally.not_replayed(&what, "a private value is drawn with as many bits as the order has", 1);
            return Ok(());
        }
        let (public, secret) = agreed(algorithm, &private, &peer, provider);
        if case.is_right()? {
            let secret = secret.map_err(|error| format!("case {name}: {error}"))?;
            let fields = [("public value", &*own, &*public), ("shared secret", &*shared, secret.as_bytes())];
            tally.case(algorithm.name(), &name, &fields);
        } else {
            // The peer's value is refused, or our own or the secret is not the one that NIST has changed.
            let all_right = public == own && secret.is_ok_and(|secret| secret.as_bytes() == shared);
            tally.refusal(algorithm.name(), &name, !all_right);
        }
        Ok(())
    })
}

/// Points as public values.
pub(crate) fn points(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let algorithm = match case.section {
            "P-192" => KeyExchangeAlgorithm::Ecp192,
            "P-224" => KeyExchangeAlgorithm::Ecp224,
            "P-256" => KeyExchangeAlgorithm::Ecp256,
            "P-384" => KeyExchangeAlgorithm::Ecp384,
            "P-521" => KeyExchangeAlgorithm::Ecp521,
            other => return Err(format!("case {}: there is no curve {other}", case.number)),
        };
        if !tally.takes(has_two_implementations(algorithm)) {
            return Ok(());
        }
        let peer = point(case, algorithm, ["Qx", "Qy"])?;
        let accepted = (provider.respond)(algorithm, &peer, &mut FixedEntropy::new([1; 66])).is_ok();
        if case.is_right()? {
            tally.case(algorithm.name(), &case.name(), &[("accepted", &[1], &[u8::from(accepted)])]);
        } else {
            tally.refusal(algorithm.name(), &case.name(), !accepted);
        }
        Ok(())
    })
}

/// x | y, longer than the algorithm has it where a coordinate is.
fn point(case: &Case<'_>, algorithm: KeyExchangeAlgorithm, [x, y]: [&str; 2]) -> Result<Vec<u8>, String> {
    let len = algorithm.initiator_public_len() / 2;
    Ok([padded(&case.integer(x)?, len), padded(&case.integer(y)?, len)].concat())
}
