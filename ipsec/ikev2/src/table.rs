//! What the peer may ask, and when: one row for each exchange and the states in which it may begin (RFC 7296 §1.2–1.4,
//! §2.2). An exchange without a row for the state is dropped.

use ipsec_wire::registry::ExchangeType;

use crate::context::Context;
use crate::exchange::{Answer, auth, create_child, followup, informational, intermediate};
use crate::message::Opened;
use crate::refusal::{DropReason, Refusal};
use crate::sa::{IkeSa, State};

type Responder = fn(&IkeSa, &Opened<'_>, &mut Context<'_>) -> Result<Answer, Refusal>;

struct Row {
    exchange: ExchangeType,
    states: &'static [Stage],
    answer: Responder,
}

/// A state without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    HalfOpen,
    /// The same, but additional key exchanges are to come before `IKE_AUTH`.
    Keying,
    /// Established, but whether it takes the place of another IKE SA is not decided.
    Waiting,
    Established,
    Deleting,
}

const ROWS: &[Row] = &[
    Row { exchange: ExchangeType::IKE_AUTH, states: &[Stage::HalfOpen], answer: auth::answer },
    Row { exchange: ExchangeType::INFORMATIONAL, states: &[Stage::HalfOpen], answer: auth::hear },
    Row {
        exchange: ExchangeType::IKE_INTERMEDIATE,
        states: &[Stage::HalfOpen, Stage::Keying],
        answer: intermediate::answer,
    },
    Row {
        exchange: ExchangeType::CREATE_CHILD_SA,
        states: &[Stage::Established, Stage::Deleting],
        answer: create_child::answer,
    },
    Row {
        exchange: ExchangeType::CREATE_CHILD_SA,
        states: &[Stage::Waiting],
        answer: informational::answer_while_waiting,
    },
    Row {
        exchange: ExchangeType::IKE_FOLLOWUP_KE,
        states: &[Stage::Established, Stage::Deleting],
        answer: followup::answer,
    },
    Row {
        exchange: ExchangeType::IKE_FOLLOWUP_KE,
        states: &[Stage::Waiting],
        answer: informational::answer_while_waiting,
    },
    Row {
        exchange: ExchangeType::INFORMATIONAL,
        states: &[Stage::Waiting],
        answer: informational::answer_while_waiting,
    },
    Row {
        exchange: ExchangeType::INFORMATIONAL,
        states: &[Stage::Established, Stage::Deleting],
        answer: informational::answer,
    },
];

/// Answers a request of the peer's.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let stage = match sa.state {
        State::HalfOpen(ref transcript) if !transcript.to_come.is_empty() => Stage::Keying,
        State::HalfOpen(_) => Stage::HalfOpen,
        State::Established(_) if sa.waits => Stage::Waiting,
        State::Established(_) => Stage::Established,
        State::Deleting => Stage::Deleting,
        State::Init | State::Closed => return Err(Refusal::Ignore(DropReason::State)),
    };
    let row = ROWS.iter().find(|row| row.exchange == message.header.exchange && row.states.contains(&stage));
    row.map_or(Err(Refusal::Ignore(DropReason::State)), |row| (row.answer)(sa, message, cx))
}
