//! Lines that stand for several.

use std::time::Duration;

use ipsec::wire::registry::{ExchangeType, PayloadType};

use super::{Base, Hear, Item, Level, Pattern, What};

/// How long a message is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// A message that has these payloads.
pub(super) fn heard(response: bool, exchange: ExchangeType, with: &[PayloadType], only: bool) -> What {
    let with = with.iter().copied().map(Item::Payload).collect();
    let pattern =
        Pattern::Message { exchange, response: Some(response), port: None, with, without: Vec::new(), only };
    What::Hear(Hear { level: Level::Must, patterns: vec![pattern], within: PATIENCE })
}

/// Asks for an IKE SA, and hears the answer.
pub(super) fn key() -> Vec<What> {
    let answer = [PayloadType::SA, PayloadType::KE, PayloadType::NONCE];
    vec![What::Say(Base::Init, Vec::new()), heard(true, ExchangeType::IKE_SA_INIT, &answer, false)]
}

/// Asks for an IKE SA with a child, and hears both answers.
pub(super) fn establish() -> Vec<What> {
    let answer =
        [PayloadType::ID_R, PayloadType::AUTH, PayloadType::SA, PayloadType::TS_I, PayloadType::TS_R];
    let auth = [What::Say(Base::Auth, Vec::new()), heard(true, ExchangeType::IKE_AUTH, &answer, false)];
    key().into_iter().chain(auth).collect()
}

/// Hears both first requests of somebody else, and answers them.
pub(super) fn accept() -> Vec<What> {
    let init = [PayloadType::SA, PayloadType::KE, PayloadType::NONCE];
    let auth = [PayloadType::ID_I, PayloadType::AUTH, PayloadType::SA, PayloadType::TS_I, PayloadType::TS_R];
    vec![
        heard(false, ExchangeType::IKE_SA_INIT, &init, false),
        What::Answer(Vec::new()),
        heard(false, ExchangeType::IKE_AUTH, &auth, false),
        What::Answer(Vec::new()),
    ]
}
