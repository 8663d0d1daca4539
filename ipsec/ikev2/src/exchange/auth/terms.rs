//! On which terms a responder takes an initiator that has proven who it is: whether it may have another IKE SA, with or
//! without a child (RFC 6023), here or at another gateway (RFC 5685), and for how long (RFC 4478).

use std::time::Duration;

use ipsec_auth::Identity;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use super::HalfOpen;
use crate::config::{Childless, Connection, RedirectTime, Uniqueness};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::{beside, child, redirect, ticket};
use crate::failover;
use crate::message::{Opened, find_notify};
use crate::mobility;
use crate::refusal::{Failure, Refusal};
use crate::sa::{AuthenticationTerm, IkeSa};

/// Whether `peer` may have the IKE SA that it asks for.
///
/// # Errors
/// When it has one already and keeps that, or asks for no child and has to.
pub(super) fn admit(
    connection: &Connection,
    peer: &Identity,
    message: &Opened<'_>,
    cx: &Context<'_>,
) -> Result<(), Refusal> {
    let contact = find_notify(&message.payloads, NotifyType::INITIAL_CONTACT).is_some();
    let keeps = connection.unique == Uniqueness::Keep && *peer != Identity::Null;
    if keeps && !contact && cx.held.has(&connection.name, peer) {
        let why = format!("{peer} has an IKE SA here, which is kept");
        let notify = Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new());
        return Err(Refusal::Close(notify, Failure::Authentication(why)));
    }
    if connection.childless == Childless::Refuse && !child::is_asked_for(message) {
        let why = "IKE_AUTH request without a child, which is refused here".to_owned();
        let notify = Notify::new(NotifyType::INVALID_SYNTAX, Vec::new());
        return Err(Refusal::Close(notify, Failure::Syntax(why)));
    }
    Ok(())
}

/// What stands behind AUTH in the response, and what comes of it.
///
/// # Errors
/// When what is asked for beside is malformed.
pub(super) fn grant(
    half_open: HalfOpen<'_>,
    connection: &Connection,
    peer: &Identity,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<(Vec<Payload>, Vec<Effect>), Refusal> {
    let redirect = connection.redirect.as_ref().filter(|policy| policy.during == RedirectTime::Auth);
    if let Some(policy) = redirect.filter(|_| half_open.sa.features.redirect) {
        let effects = vec![Effect::Report(Event::Probe("ikev2.redirect.sent"))];
        return Ok((vec![redirect::notify(&policy.to, &[])], effects));
    }
    let answer = beside::answer(connection, peer, half_open.sa, message, half_open.secrets(), cx)?;
    let (mut payloads, mut effects) = (answer.payloads, answer.effects);
    if let Some(lifetime) = connection.authentication_lifetime {
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        let notify = Notify::new(NotifyType::AUTH_LIFETIME, seconds.to_be_bytes().to_vec());
        payloads.push(Payload::Notify(notify));
        effects.push(Effect::LimitAuthentication(AuthenticationTerm { from: cx.now, lifetime }));
    }
    if let Some(mobility) = mobility::supported(connection, message) {
        payloads.extend(mobility::offered(half_open.sa, connection, cx.addresses));
        effects.push(Effect::Mobile(Box::new(mobility)));
    }
    let synchronises = failover::agreed(connection.synchronises, &message.payloads);
    payloads.extend(failover::offered(synchronises));
    effects.push(Effect::Agree(synchronises));
    let ticket = ticket::answer(half_open.sa, connection, peer, message, true, cx);
    if let Some((payload, effect)) = ticket {
        payloads.push(payload);
        effects.push(effect);
    }
    Ok((payloads, effects))
}

/// What a response, or a later request of the gateway's, says of how long our authentication holds, if it does.
pub(crate) fn limit(sa: &IkeSa, message: &Opened<'_>, cx: &Context<'_>) -> Option<Effect> {
    let notify = find_notify(&message.payloads, NotifyType::AUTH_LIFETIME).filter(|_| sa.begun_here)?;
    let seconds = u32::from_be_bytes(notify.data.as_slice().try_into().ok()?);
    let lifetime = Duration::from_secs(u64::from(seconds));
    Some(Effect::LimitAuthentication(AuthenticationTerm { from: cx.now, lifetime }))
}
