//! The answer to an INFORMATIONAL request (RFC 7296 §1.4): deletions, the peer's word that our proof was refused,
//! requests for configuration, or nothing at all, which asks whether we are alive.

use ipsec_wire::registry::{NotifyType, ProtocolId};
use ipsec_wire::v2::Payload;

use super::{Answer, auth, configuration, delete, mobility, notice, redirect, ticket};
use crate::context::Context;
use crate::defence::told;
use crate::effect::Effect;
use crate::event::Cause;
use crate::failover;
use crate::message::{Opened, find_notify, notifies};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::IkeSa;

/// Answers the request.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    if find_notify(&message.payloads, NotifyType::AUTHENTICATION_FAILED).is_some() {
        let failure = Failure::Authentication("the initiator refused our identity or its proof".to_owned());
        return Ok(Answer { payloads: Vec::new(), effects: vec![Effect::Close(Cause::Failed(failure))] });
    }
    let mut answer = delete::answer(sa, message);
    answer.effects.extend(redirect::in_session(sa, message));
    answer.effects.extend(auth::limit(sa, message, cx));
    if let Some(client) = sa.peer().cloned()
        && let Some((payload, effect)) = ticket::answer(sa, &sa.connection, &client, message, false, cx)
    {
        answer.payloads.push(payload);
        answer.effects.push(effect);
    }
    answer
        .payloads
        .extend(configuration::repeat(sa, message).or_else(|| configuration::acknowledge(message)));
    answer.effects.extend(told(&message.payloads).map(Effect::NoteToken));
    answer.effects.extend(failover::skipped(sa, &message.payloads).into_iter().flatten());
    let Answer { payloads, effects } = mobility::answer(sa, message, cx);
    answer.payloads.extend(payloads);
    answer.effects.extend(effects);
    for notify in notifies(&message.payloads) {
        answer.effects.extend(notice::received(sa, notify));
    }
    Ok(answer)
}

/// Answers the request where it is not decided yet whether the IKE SA inherits the children of the one that it was made to
/// replace: the peer may delete it, and whatever else it has to say has to wait.
pub(crate) fn answer_while_waiting(
    sa: &IkeSa,
    message: &Opened<'_>,
    _cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let ends = |payload: &Payload| matches!(payload, Payload::Delete(d) if d.protocol == ProtocolId::IKE);
    match message.payloads.iter().any(ends) {
        true => Ok(delete::answer(sa, message)),
        false => Err(Refusal::Ignore(DropReason::Undecided)),
    }
}
