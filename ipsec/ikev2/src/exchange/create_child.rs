//! `CREATE_CHILD_SA` for a new child (RFC 7296 §1.3.1), with or without a key exchange of its own.
//!
//! ```text
//! SK {SA Ni [KEi] TSi TSr}   ------->
//!                            <-------   SK {SA Nr [KEr] TSi TSr}, or SK {N(NO_PROPOSAL_CHOSEN | TS_UNACCEPTABLE |
//!                                       INVALID_KE_PAYLOAD)}
//! ```

use ipsec_crypto::{Initiator, Secret};
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{KeyExchange, Notify, Payload};

use super::child::{self, ChildOffer, ChildRefusal, Nonces};
use super::{Answer, Exchange, Next};
use crate::config::ChildConfig;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::{Opened, find_error, find_notify};
use crate::negotiate;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Crypto, IkeSa};

/// The initiator's half of `CREATE_CHILD_SA` for a new child.
pub(crate) struct CreateChild {
    offer: ChildOffer,
    nonce: Vec<u8>,
    groups: Vec<u16>,
    key_exchange: Option<(u16, Initiator)>,
}

impl CreateChild {
    pub(crate) fn new(config: ChildConfig, cx: &mut Context<'_>) -> Self {
        let algorithms = config.proposals.iter().flat_map(|proposal| proposal.key_exchange.iter());
        let groups: Vec<u16> = algorithms.filter_map(|a| negotiate::key_exchange_id(*a)).collect();
        let nonce = cx.nonce();
        let mut exchange =
            Self { offer: ChildOffer::new(config, true, cx), nonce, groups, key_exchange: None };
        if let Some(group) = exchange.groups.first().copied() {
            exchange.use_group(group, cx);
        }
        exchange
    }

    fn use_group(&mut self, group: u16, cx: &mut Context<'_>) {
        let algorithm = negotiate::key_exchange(group);
        self.key_exchange = algorithm.map(|algorithm| (group, (cx.provider.initiate)(algorithm, cx.entropy)));
    }

    /// Another group that the responder asks for, if it is one that we offered and have not sent.
    fn other_group(&self, message: &Opened<'_>) -> Option<u16> {
        let notify = find_notify(&message.payloads, NotifyType::INVALID_KE_PAYLOAD)?;
        let group = u16::from_be_bytes(notify.data.as_slice().try_into().ok()?);
        let sent = self.key_exchange.as_ref().map(|(sent, _)| *sent);
        (sent != Some(group) && self.groups.contains(&group)).then_some(group)
    }

    /// The secret of the child's own, where it has one; the response and the choice have to agree on that.
    fn secret(&mut self, message: &Opened<'_>) -> Result<Option<Secret>, Failure> {
        let theirs = message.payloads.iter().find_map(|payload| match payload {
            Payload::Ke(ke) => Some(ke),
            _ => None,
        });
        match (self.key_exchange.take(), theirs) {
            (Some((group, ours)), Some(ke)) if ke.group() == group => {
                ours.finish(ke.public()).map(Some).map_err(|error| Failure::KeyExchange(error.to_string()))
            }
            (None, None) => Ok(None),
            _ => Err(Failure::Syntax("CREATE_CHILD_SA response: not the group that we sent".to_owned())),
        }
    }
}

impl Exchange for CreateChild {
    fn describe(&self) -> &'static str {
        "CREATE_CHILD_SA"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::CREATE_CHILD_SA
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        if !sa.is_established() {
            return None;
        }
        let [proposals, initiator, responder] = self.offer.payloads();
        let mut payloads: Vec<Payload> = self.offer.mode().into_iter().collect();
        payloads.extend([proposals, Payload::Nonce(self.nonce.clone())]);
        if let Some((group, ours)) = &self.key_exchange {
            payloads.push(Payload::Ke(KeyExchange::new(*group, ours.public().to_vec())));
        }
        payloads.extend([initiator, responder]);
        Some((payloads, Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
        if let Some(group) = self.other_group(message) {
            let mut again = Self::new(self.offer.config().clone(), cx);
            again.use_group(group, cx);
            return Ok(Next::Then(
                Box::new(again),
                vec![Effect::Report(Event::Probe("ikev2.invalid-ke.child"))],
            ));
        }
        let name = self.offer.config().name.clone();
        let fail =
            |failure| Ok(Next::Done(vec![Effect::Report(Event::ChildFailed { child: name, failure })]));
        if find_error(&message.payloads).is_some() {
            return fail(self.offer.refused(message));
        }
        let secret = match self.secret(message) {
            Ok(secret) => secret,
            Err(failure) => return fail(failure),
        };
        let Some(nonce) = nonce_of(message) else {
            return fail(Failure::Syntax("CREATE_CHILD_SA response without a nonce".to_owned()));
        };
        let nonces = Nonces { initiator: &self.nonce, responder: nonce };
        Ok(Next::Done(vec![self.offer.conclude(sa, crypto, message, nonces, secret.as_ref(), cx)]))
    }
}

/// Answers `CREATE_CHILD_SA` for a new child. Rekeying is not offered: the peer is told so.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
    let rekeys = find_notify(&message.payloads, NotifyType::REKEY_SA).is_some();
    let with_selectors = message.payloads.iter().any(|payload| matches!(payload, Payload::TsI(_)));
    if rekeys || !with_selectors {
        return Err(Refusal::Answer(Notify::new(NotifyType::NO_ADDITIONAL_SAS, Vec::new())));
    }
    create(sa, crypto, message, cx).or_else(|(notify, child, failure)| {
        let effects = vec![Effect::Report(Event::ChildFailed { child, failure })];
        Ok(Answer { payloads: vec![Payload::Notify(notify)], effects })
    })
}

fn create(
    sa: &IkeSa,
    crypto: &Crypto,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, ChildRefusal> {
    let choice = child::choose(&sa.connection, message, true)?;
    let name = || choice.name().to_owned();
    let syntax = |what: &str| {
        let failure = Failure::Syntax(format!("CREATE_CHILD_SA request {what}"));
        (Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()), name(), failure)
    };
    let peers = nonce_of(message).ok_or_else(|| syntax("without a nonce"))?;
    let nonce = cx.nonce();
    let mut extra = vec![Payload::Nonce(nonce.clone())];
    let mut secret = None;
    if let Some(algorithm) = choice.key_exchange() {
        let group = negotiate::key_exchange_id(algorithm).unwrap_or_default();
        let theirs = message.payloads.iter().find_map(|payload| match payload {
            Payload::Ke(ke) if ke.group() == group => Some(ke),
            _ => None,
        });
        let Some(theirs) = theirs else {
            let failure = Failure::KeyExchange(format!("{} was not the group sent", algorithm.name()));
            let notify = Notify::new(NotifyType::INVALID_KE_PAYLOAD, group.to_be_bytes().to_vec());
            return Err((notify, name(), failure));
        };
        let (public, shared) = (cx.provider.respond)(algorithm, theirs.public(), cx.entropy)
            .map_err(|e| syntax(&e.to_string()))?;
        extra.push(Payload::Ke(KeyExchange::new(group, public)));
        secret = Some(shared);
    }
    let nonces = Nonces { initiator: peers, responder: &nonce };
    let mut answer = child::install(&choice, sa, crypto, nonces, secret.as_ref(), cx)?;
    answer.payloads.splice(1..1, extra);
    Ok(answer)
}

fn nonce_of<'a>(message: &'a Opened<'_>) -> Option<&'a [u8]> {
    message.payloads.iter().find_map(|payload| match payload {
        Payload::Nonce(nonce) if (16..=256).contains(&nonce.len()) => Some(nonce.as_slice()),
        _ => None,
    })
}
