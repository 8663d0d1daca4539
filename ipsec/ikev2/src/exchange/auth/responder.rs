//! The responder's half of `IKE_AUTH`.

use std::sync::Arc;

use ipsec_auth::{Identity, IdentityPattern, PeerEntry, Proven};
use ipsec_wire::registry::{AuthMethod, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use super::{Conversation, HalfOpen, another, auth_of, conversation, id_of, ppk, resumed, terms, who};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::exchange::Answer;
use crate::message::{Opened, find_notify};
use crate::mobility::meets_forbidden_nat;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Role};

/// Answers a request of `IKE_AUTH`.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
    if let Some(conversation) = &sa.conversation {
        return conversation::go_on(half_open, conversation, message, cx);
    }
    let Some(id) = id_of(message, Role::Initiator) else {
        let why = "IKE_AUTH request without IDi".to_owned();
        let notify = Notify::new(NotifyType::INVALID_SYNTAX, Vec::new());
        return Err(Refusal::Close(notify, Failure::Syntax(why)));
    };
    if meets_forbidden_nat(message) && sa.connection.mobike {
        let kind = NotifyType::UNEXPECTED_NAT_DETECTED;
        return Err(Refusal::Close(Notify::new(kind, Vec::new()), Failure::Refused(kind)));
    }
    let identity = Identity::from_wire(id);
    let auth = auth_of(message);
    if let Some(resumption) = &sa.resumption {
        return resumed::answer(half_open, resumption, id, auth, message, cx);
    }
    let (entry, connection) =
        authorized(half_open, &identity, auth.map(|auth| auth.method), message, cx).map_err(refuse)?;
    let Some(auth) = auth else {
        return conversation::begin(half_open, (entry, connection), id, message, cx);
    };
    let (mixed, auth) = ppk::offered(half_open, (&connection, &identity), auth, message, cx)?;
    let (half_open, auth) = (HalfOpen { ppk: mixed.as_ref(), ..half_open }, &auth);
    let proven = half_open.verify(entry, id, (auth, None), &message.payloads, cx).map_err(refuse)?;
    let own = connection.local_id.to_wire();
    let proof = half_open.prove(&connection.prove, &own, &message.payloads, cx).map_err(refuse)?;
    let payloads = [vec![Payload::IdR(own)], proof].concat();
    if another::concerns(&connection, message) {
        let conversation = Conversation::after_proof(connection, proven, id, message);
        return conversation.through(half_open, payloads, message, cx);
    }
    conclude(half_open, &connection, proven, payloads, message, cx)
}

/// The last response of `IKE_AUTH`: our proof, and what the initiator gets, such as the child that `message` asks for.
pub(super) fn conclude(
    half_open: HalfOpen<'_>,
    connection: &Arc<Connection>,
    proven: Proven,
    mut payloads: Vec<Payload>,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    ppk::admit(half_open, connection, proven.identity())?;
    terms::admit(connection, proven.identity(), message, cx)?;
    let initial_contact = find_notify(&message.payloads, NotifyType::INITIAL_CONTACT).is_some();
    let peer = proven.identity().clone();
    let mut effects = ppk::mixed(half_open);
    effects.push(Effect::Establish { proven, connection: Arc::clone(connection), initial_contact });
    payloads.extend(half_open.ppk.map(|_| ppk::identity(Vec::new())));
    let (granted, follows) = terms::grant(half_open, connection, &peer, message, cx)?;
    payloads.extend(granted);
    effects.extend(follows);
    Ok(Answer { payloads, effects })
}

pub(super) fn refuse(failure: Failure) -> Refusal {
    Refusal::Close(Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new()), failure)
}

/// The first entry of the peer authorization database for `identity` whose connection runs between these addresses, is
/// the one of who is asked for, if the initiator asks for somebody, and takes the algorithms that the IKE SA has.
fn authorized<'a>(
    half_open: HalfOpen<'_>,
    identity: &Identity,
    method: Option<AuthMethod>,
    message: &Opened<'_>,
    cx: &Context<'a>,
) -> Result<(&'a PeerEntry, Arc<Connection>), Failure> {
    let denied = |why| Err(Failure::Authentication(why));
    let wanted = id_of(message, Role::Responder).map(|id| IdentityPattern::Exactly(Identity::from_wire(id)));
    let is_wanted = |known: &Connection| wanted.as_ref().is_none_or(|wanted| wanted.matches(&known.local_id));
    let (local, remote) = (half_open.sa.path.local.ip(), half_open.sa.path.remote.ip());
    let connections = cx.connections;
    let is_meant = |name: &str| {
        let known = connections.named(name);
        known.is_some_and(|known| is_wanted(known) && connections.runs_between(known, local, remote))
    };
    let entries = cx.peers.matching(identity, method, is_meant).into_iter();
    let known: Vec<_> = entries.filter_map(|e| Some((e, connections.named(&e.connection)?))).collect();
    let takes =
        |(_, connection): &&(_, &Arc<Connection>)| connection.check_suite(&half_open.crypto.suite).is_ok();
    if let Some((entry, connection)) = known.iter().find(takes).or(known.first()) {
        return check_suite(half_open, connection, identity).map(|()| (*entry, Arc::clone(connection)));
    }
    let asked: Vec<_> = connections.between(local, remote).filter(|known| is_wanted(known)).collect();
    if let (true, Some(wanted)) = (asked.is_empty(), &wanted) {
        return denied(format!("{identity} asks for {wanted}, who is not here"));
    }
    let expected: Vec<String> = asked.iter().map(|connection| connection.remote_id.to_string()).collect();
    let who = who(identity, method);
    denied(format!("{who} is not known here; expected was {}", expected.join(" or ")))
}

/// Checks that the connection that is meant takes the algorithms that the IKE SA has: another one between these addresses may
/// have been the one that does.
pub(super) fn check_suite(
    half_open: HalfOpen<'_>,
    connection: &Connection,
    identity: &Identity,
) -> Result<(), Failure> {
    let name = &connection.name;
    connection.check_suite(&half_open.crypto.suite).map_err(|why| {
        let what = format!("{name} does not take of {identity} what the IKE SA has: ");
        Failure::Proposal(why.preceded(&what))
    })
}
