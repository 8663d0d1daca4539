//! The initiator's half of `IKE_AUTH`.

use std::sync::Arc;

use ipsec_auth::{Authenticate, Identity, IdentityPattern, Prove, Proven, certificate_requests};
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use super::abandon::Abandon;
use super::another::Progress;
use super::eap::Talk;
use super::{HalfOpen, another, auth_of, id_of, ppk, terms, who};
use crate::context::Context;
use crate::effect::Effect;
use crate::exchange::beside::Beside;
use crate::exchange::child::Wish;
use crate::exchange::{Exchange, Next, redirect, ticket};
use crate::failover;
use crate::features;
use crate::message::{Opened, find_error};
use crate::mobility;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Role};

/// The round in which the initiator says who it is and, without EAP, proves it.
pub(crate) struct AuthExchange {
    progress: Progress,
    /// Why there is no request.
    unable: Option<Failure>,
}

impl AuthExchange {
    pub(crate) fn new(sa: &IkeSa, child: Option<Wish>, cx: &mut Context<'_>) -> Self {
        Self { progress: Progress::new(Beside::new(sa, child, cx)), unable: None }
    }
}

impl Exchange for AuthExchange {
    fn describe(&self) -> &'static str {
        "IKE_AUTH"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_AUTH
    }

    fn wish(&self) -> Option<&Wish> {
        self.progress.beside.wish()
    }

    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let half_open = HalfOpen::of(sa)?;
        let id = sa.connection.local_id.to_wire();
        let proof = match &sa.connection.prove {
            Prove::Eap { .. } if sa.resumption.is_none() => Ok(Vec::new()),
            prove => {
                let said = half_open.said_by(Role::Responder);
                ppk::proofs(half_open, cx.provider, |half_open| half_open.prove(prove, &id, &said, cx))
            }
        };
        let mut certificates = match proof {
            Ok(proof) => proof,
            Err(failure) => {
                self.unable = Some(failure);
                return None;
            }
        };
        let is_certificate = |payload: &Payload| matches!(payload, Payload::Cert(_));
        let auth = certificates.split_off(certificates.iter().take_while(|p| is_certificate(p)).count());
        let mut payloads = vec![Payload::IdI(id)];
        payloads.extend(certificates);
        let entry = cx.peers.of(&sa.connection.name);
        let ways: Vec<&Authenticate> = entry.iter().map(|entry| &entry.authenticate).collect();
        let further = sa.connection.further.theirs.iter().map(|entry| &entry.authenticate);
        let all: Vec<&Authenticate> = ways.iter().copied().chain(further).collect();
        payloads.extend(certificate_requests(&all).into_iter().map(Payload::CertReq));
        if let IdentityPattern::Exactly(expected) = &sa.connection.remote_id {
            payloads.push(Payload::IdR(expected.to_wire()));
        }
        let proves = !auth.is_empty();
        payloads.extend(auth);
        if sa.resumption.is_none() && !sa.connection.further.is_empty() {
            payloads.push(Payload::Notify(Notify::new(NotifyType::MULTIPLE_AUTH_SUPPORTED, Vec::new())));
            payloads.extend((proves && self.progress.has_more(sa, true)).then(another::notify));
        }
        if ways.iter().any(|way| matches!(way, Authenticate::EapOnly)) {
            payloads.push(Payload::Notify(Notify::new(NotifyType::EAP_ONLY_AUTHENTICATION, Vec::new())));
        }
        payloads.extend(features::accepted_methods(&[&sa.connection]));
        if sa.is_first {
            payloads.push(Payload::Notify(Notify::new(NotifyType::INITIAL_CONTACT, Vec::new())));
        }
        payloads.extend(ticket::request(&sa.connection));
        payloads.extend(self.progress.beside.payloads(sa));
        payloads.extend(mobility::offered(sa, &sa.connection, cx.addresses));
        payloads.extend(mobility::no_nats(sa));
        payloads.extend(failover::offered(sa.connection.synchronises));
        Some((payloads, Vec::new()))
    }

    fn unsent(&mut self) -> Vec<Effect> {
        self.unable.take().map(Effect::Fail).into_iter().collect()
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
        let proves_later = matches!(sa.connection.prove, Prove::Eap { .. }) && sa.resumption.is_none();
        let mixed = match proves_later {
            true => Ok(None),
            false => ppk::answered(half_open, message, cx),
        };
        let mixed = match mixed {
            Ok(mixed) => mixed,
            Err(failure) => return Ok(Abandon::after(failure)),
        };
        let half_open = HalfOpen { ppk: mixed.as_ref(), ..half_open };
        let (Some(id), auth) = (id_of(message, Role::Responder), auth_of(message)) else {
            return Ok(Next::Done(vec![Effect::Fail(refused(message))]));
        };
        if let Some(resumption) = &sa.resumption {
            return Ok(match half_open.verify_resumed(&resumption.peer, id, auth, cx) {
                Ok(proven) => establish(half_open, proven, &self.progress.beside, message, cx),
                Err(failure) => Abandon::after(failure),
            });
        }
        let identity = Identity::from_wire(id);
        let is_own = |name: &str| name == sa.connection.name;
        let Some(entry) = cx.peers.find(&identity, auth.map(|auth| auth.method), is_own) else {
            let who = who(&identity, auth.map(|auth| auth.method));
            let text = format!("the responder is {who}, expected was {}", sa.connection.remote_id);
            return Ok(Abandon::after(Failure::Authentication(text)));
        };
        let proven = match (auth, &entry.authenticate) {
            (Some(auth), _) => match half_open.verify(entry, id, (auth, None), &message.payloads, cx) {
                Ok(proven) => Some(proven),
                Err(failure) => return Ok(Abandon::after(failure)),
            },
            (None, Authenticate::EapOnly) => None,
            (None, _) => {
                let text = format!("{identity} does not prove itself before EAP");
                return Ok(match find_error(&message.payloads) {
                    Some(_) => Next::Done(vec![Effect::Fail(refused(message))]),
                    None => Abandon::after(Failure::Authentication(text)),
                });
            }
        };
        let mut progress = std::mem::take(&mut self.progress);
        progress.proven = proven;
        progress.announced = auth.is_some() && another::follows(message);
        if matches!(sa.connection.prove, Prove::Eap { .. }) {
            let own = (&sa.connection.local_id, &sa.connection.prove);
            let talk = Talk::new(own, id, progress, true);
            return Ok(talk.map_or(Next::Done(Vec::new()), |talk| talk.go_on(message, cx)));
        }
        Ok(progress.advance(half_open, id, message, cx))
    }
}

/// What a response without identity or proof means.
pub(super) fn refused(message: &Opened<'_>) -> Failure {
    match find_error(&message.payloads).map(|notify| notify.kind) {
        Some(NotifyType::AUTHENTICATION_FAILED) | None => {
            Failure::Authentication("the responder refused our identity or its proof".to_owned())
        }
        Some(NotifyType::INVALID_SYNTAX) => Failure::Syntax("the responder says so".to_owned()),
        Some(other) => Failure::Refused(other),
    }
}

/// The IKE SA is established, and what was asked for beside it is there, or is not.
pub(super) fn establish(
    half_open: HalfOpen<'_>,
    proven: Proven,
    beside: &Beside,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Next {
    let sa = half_open.sa;
    let connection = Arc::clone(&sa.connection);
    let peer = proven.identity().clone();
    let mut effects = ppk::mixed(half_open);
    effects.push(Effect::Establish { proven, connection, initial_contact: false });
    if let Some(redirect) = redirect::in_session(sa, message) {
        effects.push(redirect);
        return Next::Done(effects);
    }
    effects.extend(mobility::supported(&sa.connection, message).map(Box::new).map(Effect::Mobile));
    effects.push(Effect::Agree(failover::agreed(sa.connection.synchronises, &message.payloads)));
    effects.extend(terms::limit(sa, message, cx));
    effects.extend(ticket::received(sa, &peer, message, cx));
    if ticket::is_put_off(message) {
        effects.push(Effect::Queue(Box::new(ticket::TicketRequest)));
    }
    beside.conclude(sa, half_open.secrets(), message, effects, cx)
}
