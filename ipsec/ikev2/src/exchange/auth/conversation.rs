//! The responder's rounds of `IKE_AUTH` with EAP (RFC 7296 §2.16): what it keeps between them, and what it answers.
//!
//! ```text
//! SK {IDi [CERTREQ] IDr SAi2 TSi TSr}   ------->               no AUTH: the initiator wants EAP
//!                                       <-------   SK {IDr [CERT] AUTH EAP}        without CERT and AUTH: RFC 5998
//! SK {EAP}                              ------->
//!                                       <-------   SK {EAP(Success)}, or SK {EAP(Failure)}
//! SK {AUTH}                             ------->
//!                                       <-------   SK {AUTH SAr2 TSi TSr}
//! ```

use std::sync::Arc;

use ipsec_auth::eap::{EapMethod, EapServer, EapServerConfig, EapSuccess, ServerStep};
use ipsec_auth::{Authenticate, Identity, PeerEntry, Prove, Proven};
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Identification, Notify, Payload};

use super::bounds::Bounds;
use super::responder::{conclude, refuse};
use super::{HalfOpen, another, auth_of, eap_of, id_of, ppk};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::Answer;
use crate::features::Features;
use crate::message::{Opened, find_notify};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::Role;

/// What a responder keeps between the rounds of `IKE_AUTH`.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    connection: Arc<Connection>,
    /// Who the initiator says it is in the exchange at hand, and who it has proven to be in the first.
    id: Identification,
    proven: Option<Proven>,
    /// The payloads of the first request, which the last response answers.
    first: Vec<Payload>,
    stage: Stage,
    bounds: Bounds,
    /// How many exchanges of the initiator's are through, and how many of our further proofs are given.
    through: usize,
    given: usize,
}

#[derive(Clone, Debug)]
enum Stage {
    /// The peer has to answer.
    Asked(Box<EapServer>),
    /// EAP is through, and the peer's AUTH is to come.
    Through(EapSuccess),
    /// A further exchange begins: one of the initiator's, one of ours, or both.
    Another { theirs: bool, ours: bool },
}

/// Answers a first request without AUTH.
pub(super) fn begin(
    half_open: HalfOpen<'_>,
    (entry, connection): (&PeerEntry, Arc<Connection>),
    id: &Identification,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let (identity, config) = eap_config(entry, id)?;
    let eap_only = find_notify(&message.payloads, NotifyType::EAP_ONLY_AUTHENTICATION).is_some();
    let eap_only = eap_only && matches!(connection.prove, Prove::EapOnly);
    let own = connection.local_id.to_wire();
    let mut payloads = vec![Payload::IdR(own.clone())];
    let mut config = config.clone();
    if eap_only {
        config.methods.retain(|method| EapMethod::is_mutual(*method));
        if config.methods.is_empty() {
            let why =
                "EAP alone needs a method that authenticates both ends, and none is configured".to_owned();
            return Err(refuse(Failure::Authentication(why)));
        }
    } else {
        payloads.extend(half_open.prove(&connection.prove, &own, &message.payloads, cx).map_err(refuse)?);
    }
    let (server, step) = EapServer::begin(config, user(&identity), cx.entropy);
    let stage = Stage::Asked(Box::new(server));
    Conversation::new(connection, id, message, stage).answer(payloads, step)
}

/// Who wants to prove itself by EAP, and how that is done with it.
fn eap_config<'a>(
    entry: &'a PeerEntry,
    id: &Identification,
) -> Result<(Identity, &'a EapServerConfig), Refusal> {
    let identity = Identity::from_wire(id);
    match &entry.authenticate {
        Authenticate::Eap(config) => Ok((identity, config)),
        _ => {
            let why = format!("{identity} wants to prove itself by EAP, which is not how it has to");
            Err(refuse(Failure::Authentication(why)))
        }
    }
}

/// The user that an identity names, if it names one.
fn user(identity: &Identity) -> Option<String> {
    match identity {
        Identity::Email(name) | Identity::Fqdn(name) => Some(name.clone()),
        _ => None,
    }
}

/// Answers a further request.
pub(super) fn go_on(
    half_open: HalfOpen<'_>,
    conversation: &Conversation,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let mut conversation = conversation.clone();
    match &mut conversation.stage {
        Stage::Asked(server) => {
            let packet = eap_of(&message.payloads).ok_or_else(|| lacks("EAP"))?;
            conversation.bounds.admit(packet).map_err(refuse)?;
            let step = server
                .handle(packet, cx.entropy)
                .map_err(|why| refuse(Failure::Authentication(format!("EAP: {why}"))))?;
            conversation.answer(Vec::new(), step)
        }
        Stage::Through(success) => {
            let success = success.clone();
            conversation.after_eap(half_open, &success, message, cx)
        }
        Stage::Another { theirs, ours } => {
            let (theirs, ours) = (*theirs, *ours);
            conversation.another(half_open, (theirs, ours), message, cx)
        }
    }
}

impl Conversation {
    /// What the machine's step comes to, behind these payloads.
    fn answer(mut self, mut payloads: Vec<Payload>, step: ServerStep) -> Result<Answer, Refusal> {
        let effects = match step {
            ServerStep::Request(packet) => {
                payloads.push(Payload::Eap(packet));
                vec![Effect::Converse(Box::new(self))]
            }
            ServerStep::Succeeded(packet, success) => {
                payloads.push(Payload::Eap(packet));
                self.stage = Stage::Through(success);
                vec![Effect::Report(Event::Probe("ikev2.eap.success")), Effect::Converse(Box::new(self))]
            }
            ServerStep::Failed(packet, why) => {
                // No AUTHENTICATION_FAILED goes with it (RFC 7296 §2.21).
                payloads.push(Payload::Eap(packet));
                let failure = Failure::Authentication(format!("EAP: {why}"));
                vec![Effect::Report(Event::Probe("ikev2.eap.failure")), Effect::Fail(failure)]
            }
        };
        Ok(Answer { payloads, effects })
    }

    /// The initiator has gone through EAP, and its AUTH has to show the key that came of it.
    fn after_eap(
        mut self,
        half_open: HalfOpen<'_>,
        success: &EapSuccess,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Answer, Refusal> {
        let auth = auth_of(message).ok_or_else(|| lacks("AUTH"))?;
        let initiator = Identity::from_wire(&self.id);
        let (mixed, auth) = match self.through {
            0 => ppk::offered(half_open, (&self.connection, &initiator), auth, message, cx)?,
            _ => (None, auth.clone()),
        };
        let half_open = HalfOpen { ppk: mixed.as_ref(), ..half_open };
        let proven = half_open
            .verify(self.entry(cx)?, &self.id, (&auth, Some(success)), &message.payloads, cx)
            .map_err(refuse)?;
        self.proven.get_or_insert(proven);
        let own = half_open.prove_after_eap(success, &self.own_id(), cx);
        self.through(half_open, vec![own], message, cx)
    }

    /// What the exchange at hand has to prove.
    fn entry<'a>(&'a self, cx: &'a Context<'_>) -> Result<&'a PeerEntry, Refusal> {
        let entry = match self.through.checked_sub(1) {
            None => cx.peers.of(&self.connection.name),
            Some(further) => self.connection.further.theirs.get(further),
        };
        entry.ok_or_else(|| {
            refuse(Failure::Authentication(format!("nobody belongs to {}", self.connection.name)))
        })
    }

    /// Who we said last that we are.
    fn own_id(&self) -> Identification {
        let ours = &self.connection.further.ours;
        let further = self.given.checked_sub(1).and_then(|last| ours.get(last));
        further.map_or(&self.connection.local_id, |(identity, _)| identity).to_wire()
    }

    /// Begins further exchanges, of the initiator's, of ours, or of both.
    fn another(
        mut self,
        half_open: HalfOpen<'_>,
        (theirs, ours): (bool, bool),
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Answer, Refusal> {
        let mut payloads = Vec::new();
        if let Some((identity, prove)) = self.connection.further.ours.get(self.given).filter(|_| ours) {
            let own = identity.to_wire();
            payloads.push(Payload::IdR(own.clone()));
            payloads.extend(half_open.prove(prove, &own, &self.first, cx).map_err(refuse)?);
            self.given += 1;
        }
        if !theirs {
            return self.pause(half_open, payloads, message, cx);
        }
        self.id = id_of(message, Role::Initiator).ok_or_else(|| lacks("IDi"))?.clone();
        another::check_identity(self.entry(cx)?, &Identity::from_wire(&self.id)).map_err(refuse)?;
        if let Some(auth) = auth_of(message) {
            let entry = self.entry(cx)?;
            half_open.verify(entry, &self.id, (auth, None), &message.payloads, cx).map_err(refuse)?;
            return self.through(half_open, payloads, message, cx);
        }
        let (identity, config) = eap_config(self.entry(cx)?, &self.id)?;
        let (server, step) = EapServer::begin(config.clone(), user(&identity), cx.entropy);
        self.stage = Stage::Asked(Box::new(server));
        self.bounds = Bounds::default();
        self.answer(payloads, step)
    }

    /// An exchange of the initiator's is through, and answered with these payloads.
    pub(super) fn through(
        mut self,
        half_open: HalfOpen<'_>,
        payloads: Vec<Payload>,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Answer, Refusal> {
        let agreed = find_notify(&self.first, NotifyType::MULTIPLE_AUTH_SUPPORTED).is_some()
            && Features::of(&half_open.said_by(Role::Responder)).multiple_auth;
        let follows = another::follows(message);
        let wanted = self.connection.further.theirs.len() + 1;
        self.through += 1;
        if follows && !agreed {
            let why = "ANOTHER_AUTH_FOLLOWS where the ends have not both said MULTIPLE_AUTH_SUPPORTED";
            let notify = Notify::new(NotifyType::INVALID_SYNTAX, Vec::new());
            return Err(Refusal::Close(notify, Failure::Syntax(why.to_owned())));
        }
        if follows != (self.through < wanted) {
            let who = Identity::from_wire(&self.id).to_string();
            return Err(refuse(another::miscounted(&who, wanted, follows)));
        }
        if !agreed && !self.connection.further.ours.is_empty() {
            let why = "the initiator does not take several authentication exchanges (RFC 4739)";
            return Err(refuse(Failure::Unsupported(why)));
        }
        self.pause(half_open, payloads, message, cx)
    }

    /// Answers with these payloads: with more exchanges to come, or for the last time.
    fn pause(
        mut self,
        half_open: HalfOpen<'_>,
        mut payloads: Vec<Payload>,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Answer, Refusal> {
        let further = &self.connection.further;
        let theirs = self.through <= further.theirs.len();
        // Said only beside a proof of ours (RFC 4739 §2.1).
        let proves = payloads.iter().any(|payload| matches!(payload, Payload::Auth(_)));
        let ours = proves && self.given < further.ours.len();
        if theirs || ours {
            payloads.extend(ours.then(another::notify));
            payloads.extend(half_open.ppk.map(|_| ppk::identity(Vec::new())));
            self.stage = Stage::Another { theirs, ours };
            let mut effects = ppk::mixed(half_open);
            effects.push(Effect::Report(Event::Probe("ikev2.another-auth.follows")));
            effects.push(Effect::Converse(Box::new(self)));
            return Ok(Answer { payloads, effects });
        }
        let proven = self.proven.clone().ok_or(Refusal::Ignore(DropReason::State))?;
        // The last request may be the first.
        let asked = if self.first == message.payloads {
            self.first.clone()
        } else {
            [&self.first[..], &message.payloads[..]].concat()
        };
        let whole = Opened {
            came: message.came,
            header: message.header,
            payloads: asked,
            octets: message.octets,
            pieces: message.pieces,
            request: message.request,
            content: Vec::new(),
        };
        conclude(half_open, &self.connection, proven, payloads, &whole, cx)
    }

    fn new(connection: Arc<Connection>, id: &Identification, message: &Opened<'_>, stage: Stage) -> Self {
        let (id, first, bounds) = (id.clone(), message.payloads.clone(), Bounds::default());
        Self { connection, id, proven: None, first, stage, bounds, through: 0, given: 0 }
    }

    /// One whose first exchange has been a proof without EAP.
    pub(super) fn after_proof(
        connection: Arc<Connection>,
        proven: Proven,
        id: &Identification,
        message: &Opened<'_>,
    ) -> Self {
        let stage = Stage::Another { theirs: false, ours: false };
        Self { proven: Some(proven), ..Self::new(connection, id, message, stage) }
    }
}

fn lacks(what: &str) -> Refusal {
    let why = format!("IKE_AUTH request without {what} behind the first one");
    Refusal::Close(Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()), Failure::Syntax(why))
}
