//! The responder's rounds of `IKE_AUTH` with EAP (RFC 7296 §2.16): what it keeps between them, and what it answers.
//!
//! ```text
//! SK {IDi [CERTREQ] IDr SAi2 TSi TSr}   ------->               no AUTH: the initiator wants EAP
//!                                       <-------   SK {IDr [CERT] AUTH EAP}        without CERT and AUTH: RFC 5998
//! SK {EAP}                              ------->
//!                                       <-------   SK {EAP(Success)}, or SK {EAP(Failure) N(AUTHENTICATION_FAILED)}
//! SK {AUTH}                             ------->
//!                                       <-------   SK {AUTH SAr2 TSi TSr}
//! ```

use std::sync::Arc;

use ipsec_auth::eap::{EapMethod, EapServer, EapSuccess, ServerStep};
use ipsec_auth::{Authenticate, Identity, PeerEntry, Prove};
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Identification, Notify, Payload};

use super::bounds::Bounds;
use super::responder::{conclude, refuse};
use super::{HalfOpen, auth_of, eap_of};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::Answer;
use crate::message::{Opened, find_notify};
use crate::refusal::{Failure, Refusal};

/// What a responder keeps between the rounds of `IKE_AUTH`.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    connection: Arc<Connection>,
    id: Identification,
    /// The payloads of the first request, which the last response answers.
    first: Vec<Payload>,
    stage: Stage,
    bounds: Bounds,
}

#[derive(Clone, Debug)]
enum Stage {
    /// The peer has to answer.
    Asked(Box<EapServer>),
    /// EAP is through, and the peer's AUTH is to come.
    Through(EapSuccess),
}

/// Answers a first request without AUTH.
pub(super) fn begin(
    half_open: HalfOpen<'_>,
    (entry, connection): (&PeerEntry, Arc<Connection>),
    id: &Identification,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let identity = Identity::from_wire(id);
    let Authenticate::Eap(config) = &entry.authenticate else {
        let why = format!("{identity} wants to prove itself by EAP, which is not how it has to");
        return Err(refuse(Failure::Authentication(why)));
    };
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
        payloads.extend(half_open.prove(&connection, &own, &message.payloads, cx).map_err(refuse)?);
    }
    let (server, step) = EapServer::begin(config, user(&identity), cx.entropy);
    let first = message.payloads.clone();
    let stage = Stage::Asked(Box::new(server));
    let conversation = Conversation { connection, id: id.clone(), first, stage, bounds: Bounds::default() };
    conversation.answer(payloads, step)
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
            conversation.conclude(half_open, &success, message, cx)
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
                payloads.push(Payload::Eap(packet));
                let notify = Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new());
                payloads.push(Payload::Notify(notify));
                let failure = Failure::Authentication(format!("EAP: {why}"));
                vec![Effect::Report(Event::Probe("ikev2.eap.failure")), Effect::Fail(failure)]
            }
        };
        Ok(Answer { payloads, effects })
    }

    /// The initiator has gone through EAP, and its AUTH has to show the key that came of it.
    fn conclude(
        &self,
        half_open: HalfOpen<'_>,
        success: &EapSuccess,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Answer, Refusal> {
        let auth = auth_of(message).ok_or_else(|| lacks("AUTH"))?;
        let entry = cx.peers.of(&self.connection.name).ok_or_else(|| {
            refuse(Failure::Authentication(format!("nobody belongs to {}", self.connection.name)))
        })?;
        let proven = half_open
            .verify(entry, &self.id, (auth, Some(success)), &message.payloads, cx)
            .map_err(refuse)?;
        let own = half_open.prove_after_eap(success, &self.connection.local_id.to_wire(), cx);
        let payloads = [&self.first[..], &message.payloads[..]].concat();
        let whole = Opened {
            header: message.header,
            payloads,
            octets: message.octets,
            pieces: message.pieces,
            request: message.request,
            content: Vec::new(),
        };
        conclude(half_open, &self.connection, proven, vec![own], &whole, cx)
    }
}

fn lacks(what: &str) -> Refusal {
    let why = format!("IKE_AUTH request without {what} in a conversation of EAP");
    Refusal::Close(Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()), Failure::Syntax(why))
}
