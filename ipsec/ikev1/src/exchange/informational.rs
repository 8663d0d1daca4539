//! Informational exchanges (RFC 2409 §5.7, RFC 2408 §4.8): one message that nobody answers. Those under an ISAKMP SA are
//! hashed and encrypted; others are no more than a hint.

use ipsec_wire::registry::v1::{NotifyType, ProtocolId};
use ipsec_wire::v1::{Delete, Notify, Payload};

use super::quick::{Hashes, check_hash, hashed};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::grammar::{self, Form};
use crate::message::Opened;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::IsakmpSa;

/// A message that says this under the ISAKMP SA; nothing while it has no keys.
pub(crate) fn tell(
    sa: &IsakmpSa,
    payloads: Vec<Payload>,
    message_id: u32,
    cx: &Context<'_>,
) -> Option<Vec<Payload>> {
    let prf = sa.crypto.as_ref()?.authenticator(cx.provider);
    Some(hashed(payloads, |rest| Hashes { prf: &prf, message_id }.first(rest)))
}

/// A notify about the ISAKMP SA itself.
pub(crate) fn notify(sa: &IsakmpSa, kind: NotifyType, data: Vec<u8>) -> Payload {
    Payload::Notify(Notify::about_ike(sa.cookie_i, sa.cookie_r, kind, data))
}

/// Whether a message of this form under the ISAKMP SA is the peer's.
///
/// # Errors
/// When it is not, or makes no sense.
pub(crate) fn check(sa: &IsakmpSa, form: Form, message: &Opened, cx: &Context<'_>) -> Result<(), Refusal> {
    let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
    grammar::check(form, &message.payloads).map_err(|_| Refusal::Ignore(DropReason::Undecipherable))?;
    let prf = crypto.authenticator(cx.provider);
    let hashes = Hashes { prf: &prf, message_id: message.header.message_id };
    check_hash(message, &hashes.first(message.behind_hash()))
}

/// What a message under the ISAKMP SA brings about.
pub(crate) fn receive(sa: &IsakmpSa, message: &Opened, cx: &Context<'_>) -> Result<Vec<Effect>, Refusal> {
    check(sa, Form::Informational, message, cx)?;
    let effects = message.payloads.iter().filter_map(|payload| match payload {
        Payload::Notify(notify) => notified(sa, notify),
        Payload::Delete(delete) => deleted(sa, delete),
        _ => None,
    });
    Ok(effects.collect())
}

fn notified(sa: &IsakmpSa, notice: &Notify) -> Option<Effect> {
    let about_us = notice.ike_spis() == Some((sa.cookie_i, sa.cookie_r));
    match notice.kind {
        NotifyType::R_U_THERE if about_us => {
            Some(Effect::Tell(vec![notify(sa, NotifyType::R_U_THERE_ACK, notice.data.clone())]))
        }
        NotifyType::R_U_THERE_ACK if about_us => notice.number().map(Effect::Alive),
        NotifyType::INITIAL_CONTACT => Some(Effect::InitialContact),
        kind if about_us
            && kind.is_error()
            && matches!(Failure::told(kind, ""), Failure::Authentication(_)) =>
        {
            Some(Effect::Close(Cause::Failed(Failure::told(kind, ""))))
        }
        kind if kind.is_error() => Some(Effect::Refused(notice.spi.clone(), Failure::told(kind, ""))),
        _ => Some(Effect::Report(Event::Probe("ikev1.notify.unused"))),
    }
}

fn deleted(sa: &IsakmpSa, delete: &Delete) -> Option<Effect> {
    match delete.protocol {
        ProtocolId::ISAKMP => {
            let ours = delete.ike_spis().contains(&(sa.cookie_i, sa.cookie_r));
            ours.then_some(Effect::Close(Cause::DeletedByPeer))
        }
        protocol => Some(Effect::DeletedByPeer(protocol, delete.ipsec_spis())),
    }
}
