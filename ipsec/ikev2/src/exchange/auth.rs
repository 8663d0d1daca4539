//! `IKE_AUTH` (RFC 7296 §1.2, §2.15): each end proves who it is, and the first Child SA comes with it.
//!
//! ```text
//! SK {IDi IDr AUTH SAi2 TSi TSr}   ------->
//!                                  <-------   SK {IDr AUTH SAr2 TSi TSr}, or with N(…) where the child was refused,
//!                                             or SK {N(AUTHENTICATION_FAILED)}
//! ```

use std::sync::Arc;

use ipsec_auth::{Identity, PadEntry, SignedOctets, prove_psk, verify_psk};
use ipsec_crypto::Secret;
use ipsec_wire::registry::{AuthMethod, ExchangeType, NotifyType};
use ipsec_wire::v2::{Authentication, Identification, Notify, Payload};

use super::child::{self, ChildOffer, Secrets};
use super::{Answer, Exchange, Next};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::{Opened, find_error, find_notify};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Crypto, IkeSa, Role, State, Transcript};

/// The initiator's half.
pub(crate) struct AuthExchange {
    child: Option<ChildOffer>,
}

impl AuthExchange {
    pub(crate) fn new(sa: &IkeSa, child: Option<String>, cx: &mut Context<'_>) -> Self {
        let config = child.and_then(|name| sa.connection.children.iter().find(|child| child.name == name));
        Self { child: config.map(|config| ChildOffer::new(config.clone(), false, cx)) }
    }
}

impl Exchange for AuthExchange {
    fn describe(&self) -> &'static str {
        "IKE_AUTH"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_AUTH
    }

    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let (transcript, crypto) = half_open(sa)?;
        let id = sa.connection.local_id.to_wire();
        let mut payloads = vec![
            Payload::IdI(id.clone()),
            Payload::IdR(sa.connection.remote_id.to_wire()),
            prove(sa, transcript, crypto, &id, &sa.connection.psk, cx),
        ];
        if sa.is_first {
            payloads.push(Payload::Notify(Notify::new(NotifyType::INITIAL_CONTACT, Vec::new())));
        }
        if let Some(child) = &self.child {
            payloads.extend(child.mode());
            payloads.extend(child.payloads());
        }
        Some((payloads, Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let (transcript, crypto) = half_open(sa).ok_or(Refusal::Ignore(DropReason::State))?;
        let fail = |failure| Ok(Next::Done(vec![Effect::Fail(failure)]));
        let Some((id, auth)) = id_and_auth(message, Role::Responder) else {
            return fail(match find_error(&message.payloads).map(|notify| notify.kind) {
                Some(NotifyType::AUTHENTICATION_FAILED) | None => {
                    Failure::Authentication("the responder refused our identity or its proof".to_owned())
                }
                Some(NotifyType::INVALID_SYNTAX) => Failure::Syntax("the responder says so".to_owned()),
                Some(other) => Failure::Refused(other),
            });
        };
        let identity = Identity::from_wire(id);
        let expected = &sa.connection.remote_id;
        if identity != *expected {
            let text = format!("the responder is {identity}, expected was {expected}");
            return Ok(abandon(Failure::Authentication(text)));
        }
        let octets = signed_octets(Role::Responder, transcript, crypto, id);
        let proof = check(&octets, auth, &sa.connection.psk, identity, crypto, cx);
        let proven = match proof {
            Ok(proven) => proven,
            Err(failure) => return Ok(abandon(failure)),
        };
        let connection = Arc::clone(&sa.connection);
        let mut effects = vec![Effect::Establish { proven, connection, initial_contact: false }];
        if let Some(offer) = &self.child {
            effects.push(match offer.conclude(sa, secrets(transcript, crypto), message, None, cx) {
                Ok(child) => Effect::AddChild(Box::new(child)),
                Err(failure) => {
                    let child = offer.config().name.clone();
                    Effect::Report(Event::ChildFailed { child, failure })
                }
            });
        }
        Ok(Next::Done(effects))
    }
}

/// The responder believes that all is well: it has to be told (RFC 7296 §2.21.2).
fn abandon(failure: Failure) -> Next {
    Next::Then(Box::new(Abandon { failure }), Vec::new())
}

/// Tells the responder that its proof was refused, and ends the IKE SA.
pub(crate) struct Abandon {
    failure: Failure,
}

impl Exchange for Abandon {
    fn describe(&self) -> &'static str {
        "AUTHENTICATION_FAILED notice"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, _sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let notify = Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new());
        Some((vec![Payload::Notify(notify)], Vec::new()))
    }

    fn response(&mut self, _: &IkeSa, _: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        Ok(Next::Done(vec![Effect::Fail(self.failure.clone())]))
    }

    fn given_up(&mut self) -> Failure {
        self.failure.clone()
    }
}

/// The responder's half.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let (transcript, crypto) = half_open(sa).ok_or(Refusal::Ignore(DropReason::State))?;
    let refuse = |why: String| {
        Refusal::Close(
            Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new()),
            Failure::Authentication(why),
        )
    };
    let (id, auth) = id_and_auth(message, Role::Initiator).ok_or_else(|| {
        let why = "IKE_AUTH request without IDi or AUTH".to_owned();
        Refusal::Close(Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()), Failure::Syntax(why))
    })?;
    let identity = Identity::from_wire(id);
    if let Some(wanted) = asked_for(message)
        && wanted != sa.connection.local_id
    {
        return Err(refuse(format!("{identity} asks for {wanted}, who is not here")));
    }
    let (entry, connection) = authorized(sa, &identity, cx).ok_or_else(|| {
        refuse(format!("{identity} is not known here; expected was {}", sa.connection.remote_id))
    })?;
    let octets = signed_octets(Role::Initiator, transcript, crypto, id);
    let proven = check(&octets, auth, &entry.secret, identity, crypto, cx).map_err(|failure| {
        Refusal::Close(Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new()), failure)
    })?;
    let own = connection.local_id.to_wire();
    let proof = prove(sa, transcript, crypto, &own, &entry.secret, cx);
    let mut payloads = vec![Payload::IdR(own), proof];
    let initial_contact = find_notify(&message.payloads, NotifyType::INITIAL_CONTACT).is_some();
    let mut effects =
        vec![Effect::Establish { proven, connection: Arc::clone(&connection), initial_contact }];
    if child::is_asked_for(message) {
        match child::answer(&connection, sa, message, secrets(transcript, crypto), cx) {
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

/// What the first child's keys are made of (RFC 7296 §2.17).
fn secrets<'a>(transcript: &'a Transcript, crypto: &'a Crypto) -> Secrets<'a> {
    Secrets { crypto, nonce_i: &transcript.nonce_i, nonce_r: &transcript.nonce_r, shared: None }
}

fn half_open(sa: &IkeSa) -> Option<(&Transcript, &Crypto)> {
    match (&sa.state, &sa.crypto) {
        (State::HalfOpen(transcript), Some(crypto)) => Some((transcript, crypto)),
        _ => None,
    }
}

/// The first entry of the peer authorization database for `identity` whose connection runs between these addresses.
fn authorized<'a>(
    sa: &IkeSa,
    identity: &Identity,
    cx: &Context<'a>,
) -> Option<(&'a PadEntry, Arc<Connection>)> {
    let (pad, connections) = (cx.pad, cx.connections);
    pad.lookup(identity).find_map(|entry| {
        let connection = connections.named(&entry.connection)?;
        let here = connection.local == sa.local.ip() && connection.remote == sa.remote.ip();
        here.then(|| (entry, Arc::clone(connection)))
    })
}

/// The sender's identity and proof.
fn id_and_auth<'a>(
    message: &'a Opened<'_>,
    sender: Role,
) -> Option<(&'a Identification, &'a Authentication)> {
    let id = message.payloads.iter().find_map(|payload| match (payload, sender) {
        (Payload::IdI(id), Role::Initiator) | (Payload::IdR(id), Role::Responder) => Some(id),
        _ => None,
    })?;
    let auth = message.payloads.iter().find_map(|payload| match payload {
        Payload::Auth(auth) => Some(auth),
        _ => None,
    })?;
    Some((id, auth))
}

/// The identity that the initiator wants to speak to.
fn asked_for(message: &Opened<'_>) -> Option<Identity> {
    message.payloads.iter().find_map(|payload| match payload {
        Payload::IdR(id) => Some(Identity::from_wire(id)),
        _ => None,
    })
}

fn signed_octets<'a>(
    signer: Role,
    transcript: &'a Transcript,
    crypto: &'a Crypto,
    id: &'a Identification,
) -> SignedOctets<'a> {
    let (message, nonce, sk_p) = match signer {
        Role::Initiator => (&transcript.request, &transcript.nonce_r, &crypto.keys.pi),
        Role::Responder => (&transcript.response, &transcript.nonce_i, &crypto.keys.pr),
    };
    SignedOctets { message, nonce, id: id.body(), sk_p, int_auth: &[] }
}

fn prove(
    sa: &IkeSa,
    transcript: &Transcript,
    crypto: &Crypto,
    id: &Identification,
    secret: &Secret,
    cx: &Context<'_>,
) -> Payload {
    let octets = signed_octets(sa.role, transcript, crypto, id);
    let data = prove_psk(cx.provider, crypto.suite.prf, secret, &octets);
    Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data })
}

fn check(
    octets: &SignedOctets<'_>,
    auth: &Authentication,
    secret: &Secret,
    identity: Identity,
    crypto: &Crypto,
    cx: &Context<'_>,
) -> Result<ipsec_auth::Proven, Failure> {
    if auth.method != AuthMethod::SHARED_KEY {
        let text = format!("{identity} proves itself by {}, expected was a shared key", auth.method);
        return Err(Failure::Authentication(text));
    }
    let who = identity.to_string();
    verify_psk(cx.provider, crypto.suite.prf, secret, octets, &auth.data, identity).map_err(|_| {
        Failure::Authentication(format!("{who} does not know the pre-shared key that we have for it"))
    })
}
