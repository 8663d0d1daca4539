//! `CREATE_CHILD_SA` for a new child (RFC 7296 §1.3.1), with or without a key exchange of its own; in front of it REKEY_SA
//! where the new child is to replace another one ([`super::rekey_child`]).
//!
//! ```text
//! SK {SA Ni [KEi] TSi TSr}   ------->
//!                            <-------   SK {SA Nr [KEr] TSi TSr}, or SK {N(NO_PROPOSAL_CHOSEN | TS_UNACCEPTABLE |
//!                                       INVALID_KE_PAYLOAD | TEMPORARY_FAILURE)}
//! ```

use std::time::Duration;

use ipsec_crypto::{Initiator, KeyExchangeAlgorithm, Secret};
use ipsec_wire::Spi;
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{KeyExchange, Notify, Payload};

use super::child::{self, Agreed, ChildOffer, ChildRefusal, Secrets, Wish};
use super::delete::DeleteChild;
use super::followup::{self, FollowUp};
use super::init::nobody_there;
use super::retry::{after_refusal, temporary_failure};
use super::{Answer, Company, Exchange, Next, rekey_child, rekey_ike};
use crate::collision::{Asked, End, Reply, reply};
use crate::config::ChildConfig;
use crate::context::Context;
use crate::effect::{Effect, NewChild};
use crate::event::Event;
use crate::message::{Opened, find_error, find_notify};
use crate::negotiate;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Affair, ChildSa, Crypto, IkeSa, Making};

/// The initiator's half of `CREATE_CHILD_SA` for a new child.
pub(crate) struct CreateChild {
    offer: ChildOffer,
    /// The child to replace, by the SPI under which we receive.
    replaces: Option<Spi>,
    nonce: Vec<u8>,
    groups: Vec<u16>,
    key_exchange: Option<(u16, Initiator)>,
    /// What the response has agreed on, and the additional key exchanges that have to follow.
    followed: Option<Followed>,
    /// How often the responder asked for another group.
    regrouped: usize,
    /// How often it answered TEMPORARY_FAILURE.
    refusals: u32,
    /// How often we have asked for it in vain.
    failures: u32,
}

/// A child for which additional key exchanges are to come.
struct Followed {
    agreed: Agreed,
    nonce_r: Vec<u8>,
    follow_up: FollowUp,
}

impl CreateChild {
    /// A child that is wanted, to replace the one that we receive under `replaces` if there is one.
    pub(crate) fn new(config: ChildConfig, wish: Wish, replaces: Option<Spi>, cx: &mut Context<'_>) -> Self {
        let offer = ChildOffer::new(config, wish, true, cx);
        Self::with(offer, replaces, cx)
    }

    fn with(offer: ChildOffer, replaces: Option<Spi>, cx: &mut Context<'_>) -> Self {
        let algorithms = offer.config().proposals.iter().flat_map(|proposal| proposal.key_exchange.iter());
        let groups: Vec<u16> = algorithms.filter_map(|a| negotiate::key_exchange_id(*a)).collect();
        let nonce = cx.nonce();
        let mut exchange = Self {
            offer,
            replaces,
            nonce,
            groups,
            key_exchange: None,
            followed: None,
            regrouped: 0,
            refusals: 0,
            failures: 0,
        };
        if let Some(group) = exchange.groups.first().copied() {
            exchange.use_group(group, cx);
        }
        exchange
    }

    /// The same wish once more, with a nonce and an SPI of its own.
    fn again(&self, cx: &mut Context<'_>) -> Self {
        let Self { regrouped, refusals, failures, .. } = *self;
        let (config, wish) = (self.offer.config().clone(), self.offer.wish().clone());
        Self { regrouped, refusals, failures, ..Self::new(config, wish, self.replaces, cx) }
    }

    /// What follows when the first child, offered in `IKE_AUTH`, was refused for a reason that can be mended.
    pub(crate) fn after_refusal_in_auth(
        offer: &ChildOffer,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Option<(Box<dyn Exchange>, Effect)> {
        find_notify(&message.payloads, NotifyType::SINGLE_PAIR_REQUIRED)?;
        Self::for_packet_alone(offer, cx)
    }

    /// The same wish for nothing but its packet (RFC 7296 §2.9).
    fn for_packet_alone(offer: &ChildOffer, cx: &mut Context<'_>) -> Option<(Box<dyn Exchange>, Effect)> {
        let offer = offer.for_packet_alone(cx)?;
        let probe = Effect::Report(Event::Probe("ikev2.single-pair.retried"));
        Some((Box::new(Self::with(offer, None, cx)), probe))
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
        let known = sent != Some(group) && self.groups.contains(&group);
        (known && self.regrouped < self.groups.len()).then_some(group)
    }

    /// The secret of the child's own, where the choice has a group for one. A proposal without a group may be chosen although
    /// we sent a public value for another one (RFC 7296 §3.3.6).
    fn secret(
        &mut self,
        chosen: Option<KeyExchangeAlgorithm>,
        message: &Opened<'_>,
    ) -> Result<Option<Secret>, Failure> {
        let theirs = message.payloads.iter().find_map(|payload| match payload {
            Payload::Ke(ke) => Some(ke),
            _ => None,
        });
        match (chosen, self.key_exchange.take(), theirs) {
            (Some(chosen), Some((group, ours)), Some(ke))
                if ke.group() == group && negotiate::key_exchange(group) == Some(chosen) =>
            {
                ours.finish(ke.public()).map(Some).map_err(|error| Failure::KeyExchange(error.to_string()))
            }
            (None, _, None) => Ok(None),
            _ => Err(Failure::Syntax("CREATE_CHILD_SA response: not the group that we sent".to_owned())),
        }
    }

    /// What an error in the response leads to.
    fn refused(&mut self, kind: NotifyType, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Next {
        if let Some(group) = self.other_group(message) {
            let mut again = self.again(cx);
            again.regrouped += 1;
            again.use_group(group, cx);
            let probe = Effect::Report(Event::Probe("ikev2.invalid-ke.child"));
            return Next::Then(Box::new(again), vec![probe]);
        }
        match (kind, self.replaces) {
            (NotifyType::TEMPORARY_FAILURE | NotifyType::STATE_NOT_FOUND, _) => {
                self.refusals += 1;
                let again = self.again(cx);
                after_refusal(self.refusals, Box::new(again), cx)
            }
            (NotifyType::CHILD_SA_NOT_FOUND, Some(old)) => match rekey_child::not_found(sa, old) {
                (effects, true) => {
                    let anew = Self::new(self.offer.config().clone(), self.offer.wish().clone(), None, cx);
                    Next::Then(Box::new(anew), effects)
                }
                (effects, false) => Next::Done(effects),
            },
            (NotifyType::SINGLE_PAIR_REQUIRED, None) => match Self::for_packet_alone(&self.offer, cx) {
                Some((next, effect)) => Next::Then(next, vec![effect]),
                None => Next::Done(vec![self.failed(self.offer.refused(message))]),
            },
            (NotifyType::TS_MAX_QUEUE, None) => {
                let full = Effect::NoteExhausted(self.offer.config().name.clone());
                Next::Done(vec![full, self.failed(self.offer.refused(message))])
            }
            _ => {
                let mut effects = vec![self.failed(self.offer.refused(message))];
                effects.extend(self.replaces.map(Effect::NoteUnreplaced));
                if kind == NotifyType::NO_ADDITIONAL_SAS && self.replaces.is_some() {
                    effects.push(Effect::Renew);
                }
                match self.next_attempt(cx) {
                    Some((again, wait)) => Next::Later(again, wait, effects),
                    None => Next::Done(effects),
                }
            }
        }
    }

    /// The child that the response makes; nothing while key exchanges are to come.
    fn made(
        &mut self,
        sa: &IkeSa,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Option<NewChild>, Failure> {
        if let Some(followed) = &mut self.followed {
            followed.follow_up.response(message, cx)?;
        } else {
            let none = || Failure::Syntax("CREATE_CHILD_SA response without a nonce".to_owned());
            let agreed = self.offer.agreed(&sa.path, message, self.replaces)?;
            let secret = self.secret(agreed.key_exchange(), message)?;
            let nonce_r = nonce_of(message).ok_or_else(none)?.to_vec();
            let follows = agreed.additional().iter().any(Option::is_some);
            match secret {
                Some(secret) if follows => {
                    let follow_up = FollowUp::after(sa, agreed.additional(), secret, message, cx)?;
                    self.followed = Some(Followed { agreed, nonce_r, follow_up });
                }
                secret => {
                    let shared: Vec<Secret> = secret.into_iter().collect();
                    let shared = (!shared.is_empty()).then_some(shared.as_slice());
                    return self.finished(sa, &agreed, &nonce_r, shared, cx).map(Some);
                }
            }
        }
        match self.followed.take_if(|followed| followed.follow_up.is_through()) {
            Some(Followed { agreed, nonce_r, follow_up }) => {
                self.finished(sa, &agreed, &nonce_r, Some(follow_up.secrets()), cx).map(Some)
            }
            None => Ok(None),
        }
    }

    /// What comes behind a response that leaves key exchanges to come.
    fn follow(&self, sa: &IkeSa, cx: &Context<'_>) -> Next {
        match (self.replaces, &self.followed) {
            (Some(old), Some(followed)) => {
                rekey_child::follow(sa, old, &[self.nonce.clone(), followed.nonce_r.clone()], cx)
            }
            _ => Next::On(Vec::new()),
        }
    }

    /// The child that was agreed on.
    fn finished(
        &self,
        sa: &IkeSa,
        agreed: &Agreed,
        nonce_r: &[u8],
        shared: Option<&[Secret]>,
        cx: &mut Context<'_>,
    ) -> Result<NewChild, Failure> {
        let none = || Failure::KeyExchange("the IKE SA has no keys".to_owned());
        let crypto = sa.crypto.as_ref().ok_or_else(none)?;
        let (prf, sk_d) = (crypto.suite.prf, &crypto.keys().d);
        let child = agreed.child(sa, Secrets { prf, sk_d, nonce_i: &self.nonce, nonce_r, shared }, cx)?;
        if let Some(old) = self.replaces.and_then(|old| sa.child(old)) {
            rekey_child::covers(old, &child)?;
        }
        Ok(child)
    }

    /// The next attempt, and how long it waits, if the configuration wants one; what is to replace another child is asked
    /// for again when that one reaches its next limit.
    fn next_attempt(&self, cx: &mut Context<'_>) -> Option<(Box<dyn Exchange>, Duration)> {
        let failures = self.failures + 1;
        if self.replaces.is_some() || failures >= self.offer.config().attempts {
            return None;
        }
        let (config, wish) = (self.offer.config().clone(), self.offer.wish().clone());
        let again = Self { failures, ..Self::new(config, wish, None, cx) };
        Some((Box::new(again), wait_before_attempt(failures)))
    }

    fn failed(&self, failure: Failure) -> Effect {
        self.offer.failed(failure)
    }
}

impl Exchange for CreateChild {
    fn describe(&self) -> &'static str {
        match self.replaces {
            Some(_) => "rekeying of a Child SA",
            None => "CREATE_CHILD_SA",
        }
    }

    fn kind(&self) -> ExchangeType {
        match self.followed {
            Some(_) => ExchangeType::IKE_FOLLOWUP_KE,
            None => ExchangeType::CREATE_CHILD_SA,
        }
    }

    fn wish(&self) -> Option<&Wish> {
        self.replaces.is_none().then(|| self.offer.wish())
    }

    fn affair(&self) -> Option<Affair> {
        let replaces = if self.followed.is_some() { Affair::FollowChild } else { Affair::RekeyChild };
        Some(self.replaces.map_or(Affair::CreateChild, replaces))
    }

    fn company(&self) -> Company {
        if self.replaces.is_some() { Company::OneOfAKind } else { Company::Any }
    }

    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        if let Some(followed) = &self.followed {
            if followed.follow_up.is_on(sa) {
                return Some((followed.follow_up.request()?, Vec::new()));
            }
            // The IKE SA was replaced meanwhile; the new one knows nothing of what was agreed on the old one.
            *self = self.again(cx);
        }
        let wish = self.offer.wish();
        if self.offer.config().carries_nothing() {
            return None;
        }
        if !sa.is_current() || wish.resource.is_some() && sa.exhausted.contains(&wish.child) {
            return None;
        }
        let mut payloads = Vec::new();
        let mut affair = Affair::CreateChild;
        if let Some(old) = self.replaces {
            payloads.push(rekey_child::notify(sa.child(old).filter(|child| child.is_current())?));
            affair = Affair::RekeyChild(old);
        }
        let [proposals, initiator, responder] = self.offer.payloads();
        payloads.extend(self.offer.terms());
        payloads.extend([proposals, Payload::Nonce(self.nonce.clone())]);
        if let Some((group, ours)) = &self.key_exchange {
            payloads.push(Payload::Ke(KeyExchange::new(*group, ours.public().to_vec())));
        }
        payloads.extend([initiator, responder]);
        Some((payloads, vec![Effect::Begin(affair)]))
    }

    fn unsent(&mut self) -> Vec<Effect> {
        let config = self.offer.config();
        config.carries_nothing().then(|| self.failed(nobody_there(config))).into_iter().collect()
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        if let Some(error) = find_error(&message.payloads) {
            return Ok(self.refused(error.kind, sa, message, cx));
        }
        let is_first = self.followed.is_none();
        let child = match self.made(sa, message, cx) {
            Ok(Some(child)) => child,
            Ok(None) if is_first => return Ok(self.follow(sa, cx)),
            Ok(None) => return Ok(Next::On(Vec::new())),
            Err(failure) => {
                // The responder believes that the child is there.
                let (protocol, spi) = self.offer.promised();
                let delete = DeleteChild::Refused(protocol, spi);
                let unreplaced = self.replaces.map(Effect::NoteUnreplaced);
                let effects = [self.failed(failure)].into_iter().chain(unreplaced).collect();
                return Ok(Next::Then(Box::new(delete), effects));
            }
        };
        if sa.stillborn.contains(&(child.protocol(), child.record.outbound)) {
            return Ok(Next::Done(vec![Effect::Report(Event::Probe("ikev2.child.stillborn"))]));
        }
        let Some(old) = self.replaces else {
            return Ok(Next::Done(vec![Effect::AddChild(Box::new(child))]));
        };
        let (effects, doomed) = rekey_child::sequel(sa, old, child);
        Ok(Next::Then(Box::new(DeleteChild::Pair(doomed)), effects))
    }
}

/// How long to wait after so many failures: 2 s, twice as long each time, and no longer than about a minute.
fn wait_before_attempt(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.min(6))
}

/// Asks once more for a child that was refused in `IKE_AUTH`, if the configuration wants that.
pub(super) fn after_auth(offer: &ChildOffer, cx: &mut Context<'_>) -> Option<(Box<dyn Exchange>, Duration)> {
    CreateChild::new(offer.config().clone(), offer.wish().clone(), None, cx).next_attempt(cx)
}

/// Answers `CREATE_CHILD_SA`: a new child, one for another, or a new IKE SA for this one.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    if let Some(notify) = find_notify(&message.payloads, NotifyType::REKEY_SA) {
        return rekey_child::answer(sa, notify, message, cx);
    }
    if !message.payloads.iter().any(|payload| matches!(payload, Payload::TsI(_) | Payload::TsR(_))) {
        return rekey_ike::answer(sa, message, cx);
    }
    if reply(Asked::CreateChild, sa.doing(None)) == Reply::TemporaryFailure {
        return Ok(temporary_failure());
    }
    let children = sa.children.iter().filter(|child| child.is_current()).count();
    if children >= sa.connection.most_children {
        let failure =
            Failure::Limit(format!("the IKE SA has {children} children, which is all that it may have"));
        let refused = Effect::Report(Event::ChildFailed { child: String::new(), failure });
        let notify = Notify::new(NotifyType::NO_ADDITIONAL_SAS, Vec::new());
        return Ok(Answer { payloads: vec![Payload::Notify(notify)], effects: vec![refused] });
    }
    answer_with(sa, message, None, cx)
}

/// Answers with a new child, in the place of `old` if there is one.
pub(super) fn answer_with(
    sa: &IkeSa,
    message: &Opened<'_>,
    old: Option<&ChildSa>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
    match create(sa, crypto, message, old, cx) {
        Ok(mut answer) => {
            let is_made = answer.effects.iter().any(|effect| matches!(effect, Effect::AddChild(_)));
            let old = old.filter(|_| is_made);
            answer.effects.extend(old.map(|old| Effect::Retire { inbound: old.inbound, by: End::Theirs }));
            Ok(answer)
        }
        // The peer will ask again.
        Err((notify, ..)) if notify.kind == NotifyType::INVALID_KE_PAYLOAD => {
            let effects = vec![Effect::Report(Event::Probe("ikev2.invalid-ke.sent"))];
            Ok(Answer { payloads: vec![Payload::Notify(notify)], effects })
        }
        // Both ends end the IKE SA (RFC 7296 §2.21.3).
        Err((notify, _, failure)) if notify.kind == NotifyType::INVALID_SYNTAX => {
            Err(Refusal::Close(notify, failure))
        }
        Err((notify, child, failure)) => {
            let effects = vec![Effect::Report(Event::ChildFailed { child, failure })];
            Ok(Answer { payloads: vec![Payload::Notify(notify)], effects })
        }
    }
}

fn create(
    sa: &IkeSa,
    crypto: &Crypto,
    message: &Opened<'_>,
    old: Option<&ChildSa>,
    cx: &mut Context<'_>,
) -> Result<Answer, ChildRefusal> {
    let asker = child::Asker { identity: sa.peer(), addresses: &sa.inside.addresses };
    let choice = child::choose(&sa.connection, sa, asker, message, true, old)?;
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
    let shared: Option<Vec<Secret>> = secret.map(|secret| vec![secret]);
    let to_come: Vec<_> = choice.additional().collect();
    let mut answer = match shared {
        Some(secrets) if !to_come.is_empty() => {
            let (agreed, payloads) = child::accept(&choice, cx);
            let making = Making::Child(Box::new(agreed));
            let (notify, effect) =
                followup::defer(sa, making, [peers.to_vec(), nonce.clone()], secrets, to_come, cx);
            extra.push(notify);
            Answer { payloads, effects: vec![effect] }
        }
        shared => {
            let (prf, sk_d) = (crypto.suite.prf, &crypto.keys().d);
            let secrets = Secrets { prf, sk_d, nonce_i: peers, nonce_r: &nonce, shared: shared.as_deref() };
            child::install(&choice, sa, secrets, cx)?
        }
    };
    answer.payloads.splice(1..1, extra);
    Ok(answer)
}

pub(super) fn nonce_of<'a>(message: &'a Opened<'_>) -> Option<&'a [u8]> {
    message.payloads.iter().find_map(|payload| match payload {
        Payload::Nonce(nonce) if (16..=256).contains(&nonce.len()) => Some(nonce.as_slice()),
        _ => None,
    })
}
