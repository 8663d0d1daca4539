//! Which payloads may and must stand in a message (RFC 7296 §1.2–1.4, appendix C), as a table.

use ipsec_wire::registry::{ExchangeType, PayloadType};
use ipsec_wire::v2::Payload;

/// How often a payload may occur in one kind of message.
struct Rule {
    exchange: ExchangeType,
    payload: PayloadType,
    most: usize,
}

/// Payloads that may occur but once, or not at all, where they are known. Those not named here may stand anywhere and
/// are skipped where they have no meaning.
const RULES: &[Rule] = &[
    rule(ExchangeType::IKE_SA_INIT, PayloadType::SA, 1),
    rule(ExchangeType::IKE_SA_INIT, PayloadType::KE, 1),
    rule(ExchangeType::IKE_SA_INIT, PayloadType::NONCE, 1),
    rule(ExchangeType::IKE_SA_INIT, PayloadType::AUTH, 0),
    rule(ExchangeType::IKE_SA_INIT, PayloadType::SK, 0),
    rule(ExchangeType::IKE_INTERMEDIATE, PayloadType::KE, 1),
    rule(ExchangeType::IKE_INTERMEDIATE, PayloadType::AUTH, 0),
    rule(ExchangeType::IKE_FOLLOWUP_KE, PayloadType::KE, 1),
    rule(ExchangeType::IKE_SESSION_RESUME, PayloadType::NONCE, 1),
    rule(ExchangeType::IKE_SESSION_RESUME, PayloadType::AUTH, 0),
    rule(ExchangeType::IKE_SESSION_RESUME, PayloadType::SK, 0),
    rule(ExchangeType::IKE_AUTH, PayloadType::SA, 1),
    rule(ExchangeType::IKE_AUTH, PayloadType::ID_I, 1),
    rule(ExchangeType::IKE_AUTH, PayloadType::ID_R, 1),
    rule(ExchangeType::IKE_AUTH, PayloadType::AUTH, 1),
    rule(ExchangeType::IKE_AUTH, PayloadType::EAP, 1),
    rule(ExchangeType::IKE_AUTH, PayloadType::TS_I, 1),
    rule(ExchangeType::IKE_AUTH, PayloadType::TS_R, 1),
    rule(ExchangeType::CREATE_CHILD_SA, PayloadType::SA, 1),
    rule(ExchangeType::CREATE_CHILD_SA, PayloadType::KE, 1),
    rule(ExchangeType::CREATE_CHILD_SA, PayloadType::NONCE, 1),
    rule(ExchangeType::CREATE_CHILD_SA, PayloadType::TS_I, 1),
    rule(ExchangeType::CREATE_CHILD_SA, PayloadType::TS_R, 1),
];

const fn rule(exchange: ExchangeType, payload: PayloadType, most: usize) -> Rule {
    Rule { exchange, payload, most }
}

/// What is wrong with the payloads of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A payload that is not known is marked critical (RFC 7296 §2.5).
    Critical(PayloadType),
    /// A payload occurs too often.
    TooMany(PayloadType),
}

/// Checks the payloads of a message of this exchange.
pub(crate) fn check(exchange: ExchangeType, payloads: &[Payload]) -> Result<(), Broken> {
    for payload in payloads {
        if let Payload::Unknown { kind, critical: true, .. } = payload {
            return Err(Broken::Critical(*kind));
        }
    }
    for rule in RULES.iter().filter(|rule| rule.exchange == exchange) {
        if payloads.iter().filter(|payload| payload.kind() == rule.payload).count() > rule.most {
            return Err(Broken::TooMany(rule.payload));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
