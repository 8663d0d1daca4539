//! The responder's half of `IKE_AUTH`.

use std::sync::Arc;

use ipsec_auth::{Identity, PeerEntry};
use ipsec_wire::registry::{AuthMethod, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use super::{HalfOpen, auth_of, certificate_requests, id_of};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::{Answer, child};
use crate::message::{Opened, find_notify};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Role};

/// Answers a request of `IKE_AUTH`.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
    let (Some(id), Some(auth)) = (id_of(message, Role::Initiator), auth_of(message)) else {
        let why = "IKE_AUTH request without IDi or AUTH".to_owned();
        let notify = Notify::new(NotifyType::INVALID_SYNTAX, Vec::new());
        return Err(Refusal::Close(notify, Failure::Syntax(why)));
    };
    let identity = Identity::from_wire(id);
    let (entry, connection) = authorized(sa, &identity, auth.method, message, cx)
        .map_err(|why| refuse(Failure::Authentication(why)))?;
    let proven = half_open.verify(entry, id, auth, message, cx).map_err(refuse)?;
    let own = connection.local_id.to_wire();
    let asked = certificate_requests(&message.payloads);
    let (certificates, auth) = half_open.prove(&connection, &own, &asked, cx).map_err(refuse)?;
    let mut payloads = vec![Payload::IdR(own)];
    payloads.extend(certificates);
    payloads.push(auth);
    let initial_contact = find_notify(&message.payloads, NotifyType::INITIAL_CONTACT).is_some();
    let mut effects =
        vec![Effect::Establish { proven, connection: Arc::clone(&connection), initial_contact }];
    if child::is_asked_for(message) {
        match child::answer(&connection, sa, message, half_open.secrets(), cx) {
            Ok(answer) => {
                payloads.extend(answer.payloads);
                effects.extend(answer.effects);
            }
            Err((notify, child, failure)) => {
                payloads.push(Payload::Notify(notify));
                effects.push(Effect::Report(Event::ChildFailed { child, failure }));
            }
        }
    }
    Ok(Answer { payloads, effects })
}

fn refuse(failure: Failure) -> Refusal {
    Refusal::Close(Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new()), failure)
}

/// The first entry of the peer authorization database for `identity` whose connection runs between these addresses and is
/// the one of who is asked for, if the initiator asks for somebody.
fn authorized<'a>(
    sa: &IkeSa,
    identity: &Identity,
    method: AuthMethod,
    message: &Opened<'_>,
    cx: &Context<'a>,
) -> Result<(&'a PeerEntry, Arc<Connection>), String> {
    let wanted = id_of(message, Role::Responder).map(Identity::from_wire);
    let is_wanted =
        |connection: &&Arc<Connection>| wanted.as_ref().is_none_or(|wanted| *wanted == connection.local_id);
    let here = cx.connections.between(sa.local.ip(), sa.remote.ip());
    let asked: Vec<&Arc<Connection>> = here.filter(is_wanted).collect();
    if let (true, Some(wanted)) = (asked.is_empty(), wanted) {
        return Err(format!("{identity} asks for {wanted}, who is not here"));
    }
    let names = asked.iter().map(|connection| connection.name.as_str());
    let entry = cx.peers.find(identity, Some(method), names);
    let found = entry.and_then(|entry| Some((entry, Arc::clone(cx.connections.named(&entry.connection)?))));
    found.ok_or_else(|| {
        let expected: Vec<String> = asked.iter().map(|connection| connection.remote_id.to_string()).collect();
        format!("{identity} is not known here; expected was {}", expected.join(" or "))
    })
}
