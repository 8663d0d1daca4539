//! What the peer may ask, and when: one row for each exchange and the states in which it may begin (RFC 7296 §1.2–1.4,
//! §2.2). An exchange without a row for the state is dropped before both ends are authenticated, and ends the IKE SA afterwards.

use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::Notify;

use crate::context::Context;
use crate::exchange::{Answer, auth, create_child, followup, informational, intermediate};
use crate::message::Opened;
use crate::refusal::{DropReason, Failure, Refusal};
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
    match (row, stage) {
        (Some(row), _) => (row.answer)(sa, message, cx),
        (None, Stage::Established | Stage::Deleting) => Err(unfit(message.header.exchange)),
        (None, _) => Err(Refusal::Ignore(DropReason::State)),
    }
}

/// Each request of an authenticated peer is answered, and one of a type that is not known or has had its time is badly formed
/// (RFC 7296 §2.21.3, §3.10.1).
fn unfit(exchange: ExchangeType) -> Refusal {
    let failure = Failure::Syntax(format!("{exchange} on an established IKE SA"));
    Refusal::Close(Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()), failure)
}
