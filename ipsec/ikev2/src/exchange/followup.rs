//! `IKE_FOLLOWUP_KE` (RFC 9370 §2.2.4): the additional key exchanges of a `CREATE_CHILD_SA` exchange, one after the other.
//! What that is to make, a child or an IKE SA, is made when the last of them is through. The responder keeps what was agreed
//! until then, and the initiator names it by what the response before has said.
//!
//! ```text
//! CREATE_CHILD_SA   SK {SA Ni KEi(0) …}                              ------->
//!                                                                   <-------   SK {SA Nr KEr(0) … N(ADDITIONAL_KEY_EXCHANGE)}
//! IKE_FOLLOWUP_KE   SK {KEi(1) N(ADDITIONAL_KEY_EXCHANGE)}           ------->
//!                                                                   <-------   SK {KEr(1) [N(ADDITIONAL_KEY_EXCHANGE)]},
//!                                                                              or SK {N(STATE_NOT_FOUND | TEMPORARY_FAILURE)}
//! ```

use ipsec_crypto::{Initiator, KeyExchangeAlgorithm, Secret};
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{KeyExchange, Notify, Payload};

use super::child::Secrets;
use super::init::respond_to;
use super::intermediate::key_exchange;
use super::retry::temporary_failure;
use super::{Answer, Next, rekey_child, rekey_ike};
use crate::collision::{Asked, Doing, End, Reply, reply, survivor};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::{Opened, find_notify};
use crate::negotiate;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Affair, IkeSa, Making, Pending};

/// The initiator's side: the key exchanges that are still to come.
pub(super) struct FollowUp {
    /// The IKE SA on which they take place; another one knows nothing of them.
    ike: (IkeSpi, IkeSpi),
    /// What the responder calls the matter.
    link: Vec<u8>,
    to_come: Vec<KeyExchangeAlgorithm>,
    /// The one that is open; consumed by the response.
    key_exchange: Option<Initiator>,
    /// What the exchanges so far have given, that of `CREATE_CHILD_SA` first.
    secrets: Vec<Secret>,
}

impl FollowUp {
    /// What follows a `CREATE_CHILD_SA` response in which these additional key exchanges were chosen.
    ///
    /// # Errors
    /// When the response does not say how the matter is called.
    pub(super) fn after(
        sa: &IkeSa,
        additional: &[Option<KeyExchangeAlgorithm>],
        secret: Secret,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Self, Failure> {
        let mut follow_up = Self {
            ike: (sa.spi_i, sa.spi_r),
            link: Vec::new(),
            to_come: additional.iter().flatten().copied().collect(),
            key_exchange: None,
            secrets: vec![secret],
        };
        follow_up.go_on(message, cx)?;
        Ok(follow_up)
    }

    /// Whether all of them are through.
    pub(super) fn is_through(&self) -> bool {
        self.to_come.is_empty()
    }

    /// Whether they take place on this IKE SA.
    pub(super) fn is_on(&self, sa: &IkeSa) -> bool {
        self.ike == (sa.spi_i, sa.spi_r)
    }

    pub(super) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// The payloads of the next request.
    pub(super) fn request(&self) -> Option<Vec<Payload>> {
        let ours = self.key_exchange.as_ref()?;
        let group = negotiate::key_exchange_id(ours.algorithm())?;
        Some(vec![Payload::Ke(KeyExchange::new(group, ours.public().to_vec())), additional(&self.link)])
    }

    /// Takes its response.
    ///
    /// # Errors
    /// When it is not one that this key exchange can have.
    pub(super) fn response(&mut self, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<(), Failure> {
        let syntax = |what: &str| Failure::Syntax(format!("IKE_FOLLOWUP_KE response {what}"));
        let ours = self.key_exchange.take().ok_or_else(|| syntax("to nothing"))?;
        let theirs =
            key_exchange(message, ours.algorithm()).ok_or_else(|| syntax("without the key exchange"))?;
        let secret = ours.finish(theirs.public()).map_err(|error| Failure::KeyExchange(error.to_string()))?;
        self.secrets.push(secret);
        self.to_come.remove(0);
        self.go_on(message, cx)
    }

    fn go_on(&mut self, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<(), Failure> {
        let Some(next) = self.to_come.first() else {
            return Ok(());
        };
        let notify =
            find_notify(&message.payloads, NotifyType::ADDITIONAL_KEY_EXCHANGE).ok_or_else(|| {
                Failure::Syntax("a response without ADDITIONAL_KEY_EXCHANGE before the last one".to_owned())
            })?;
        self.link.clone_from(&notify.data);
        self.key_exchange = Some((cx.provider.initiate)(*next, cx.entropy));
        Ok(())
    }
}

/// What follows a `CREATE_CHILD_SA` response that leaves key exchanges to come for what is to replace an SA. Where the peer
/// replaces the same one meanwhile, as is agreed with it or has been made with these nonces, the exchange with the lowest of
/// the four goes no further.
pub(super) fn begin(
    ours: &[Vec<u8>; 2],
    agreed: &[&Pending],
    made: Option<&[Vec<u8>; 2]>,
    affair: Affair,
    collision: &'static str,
) -> Next {
    let mut theirs = agreed.iter().map(|pending| &pending.nonces).chain(made);
    let mut effects = Vec::new();
    if !agreed.is_empty() || made.is_some() {
        effects.push(Effect::Report(Event::Probe(collision)));
    }
    if theirs.any(|theirs| survivor(ours, theirs) == End::Theirs) {
        return Next::Done(effects);
    }
    effects.extend(agreed.iter().map(|pending| Effect::Outdo(pending.link.clone())));
    effects.push(Effect::Begin(affair));
    Next::On(effects)
}

/// What was agreed with the peer, and is not made, of what `is_same` tells, but for what has lost already.
pub(super) fn agreed_with_peer(sa: &IkeSa, now: Instant, is_same: impl Fn(&Making) -> bool) -> Vec<&Pending> {
    let is_same = |pending: &&Pending| !pending.lost && pending.until > now && is_same(&pending.making);
    sa.pending.iter().filter(is_same).collect()
}

/// The notify by which the two ends know what a key exchange belongs to.
fn additional(link: &[u8]) -> Payload {
    Payload::Notify(Notify::new(NotifyType::ADDITIONAL_KEY_EXCHANGE, link.to_vec()))
}

/// What the responder keeps where key exchanges are to come, and the notify that says so.
pub(super) fn defer(
    sa: &IkeSa,
    making: Making,
    nonces: [Vec<u8>; 2],
    secrets: Vec<Secret>,
    to_come: Vec<KeyExchangeAlgorithm>,
    cx: &mut Context<'_>,
) -> (Payload, Effect) {
    let mut link = vec![0; 8];
    cx.entropy.fill(&mut link);
    // Whoever has not asked again by then has given up.
    let until = cx.now + sa.connection.retransmission.total();
    let notify = additional(&link);
    (notify, Effect::Defer(Box::new(Pending { link, making, nonces, secrets, to_come, lost: false, until })))
}

/// The responder's half.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let link = find_notify(&message.payloads, NotifyType::ADDITIONAL_KEY_EXCHANGE).map(|n| &n.data);
    let known = |pending: &&Pending| Some(&pending.link) == link && pending.until > cx.now;
    let Some(pending) = sa.pending.iter().find(known) else {
        return Ok(refusal(NotifyType::STATE_NOT_FOUND, Event::Probe("ikev2.state-not-found.sent")));
    };
    let mut answer = match standing(sa, pending) {
        Reply::TemporaryFailure => temporary_failure(),
        Reply::NotFound => {
            refusal(NotifyType::CHILD_SA_NOT_FOUND, Event::Probe("ikev2.child-not-found.sent"))
        }
        decision => go_on(sa, pending, decision, message, cx)?,
    };
    answer.effects.insert(0, Effect::Settle(pending.link.clone()));
    Ok(answer)
}

fn refusal(kind: NotifyType, event: Event) -> Answer {
    let payloads = vec![Payload::Notify(Notify::new(kind, Vec::new()))];
    Answer { payloads, effects: vec![Effect::Report(event)] }
}

/// What the request meets that it belongs to, which may be another thing than when that came (RFC 7296 §2.25). A peer that
/// goes on beside us has not compared the nonces, and they decide once both SAs are there.
fn standing(sa: &IkeSa, pending: &Pending) -> Reply {
    let doing = |child| match sa.doing(child) {
        Doing::FollowingSame => Doing::RekeyingSame,
        Doing::FollowingIke => Doing::RekeyingIke,
        doing => doing,
    };
    match &pending.making {
        Making::Ike { .. } if sa.rival.is_some() => Reply::TemporaryFailure,
        Making::Ike { .. } => reply(Asked::RekeyIke, doing(None)),
        Making::Child(agreed) => match agreed.replaces() {
            None => reply(Asked::CreateChild, doing(None)),
            Some(old) => {
                let child = sa.child(old);
                reply(Asked::RekeyChild { known: child.is_some() }, doing(child))
            }
        },
    }
}

/// The next key exchange, and what follows from it.
fn go_on(
    sa: &IkeSa,
    pending: &Pending,
    decision: Reply,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let syntax = || {
        let failure =
            Failure::Syntax("IKE_FOLLOWUP_KE request without the key exchange that is due".to_owned());
        Refusal::Close(Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()), failure)
    };
    let due = pending.to_come.split_first();
    let Some((algorithm, rest, theirs)) =
        due.and_then(|(first, rest)| Some((*first, rest, key_exchange(message, *first)?)))
    else {
        return Err(syntax());
    };
    let Ok((public, secret)) = respond_to(algorithm, theirs.public(), cx) else {
        return Err(syntax());
    };
    let mut secrets = pending.secrets.clone();
    secrets.push(secret);
    let mut payloads = vec![Payload::Ke(KeyExchange::new(theirs.group(), public))];
    if !rest.is_empty() {
        let (making, nonces) = (pending.making.clone(), pending.nonces.clone());
        let (notify, effect) = defer(sa, making, nonces, secrets, rest.to_vec(), cx);
        payloads.push(notify);
        return Ok(Answer { payloads, effects: vec![effect] });
    }
    let mut effects = vec![Effect::Report(Event::Probe("ikev2.followup.through"))];
    match &pending.making {
        Making::Child(agreed) => {
            let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
            let [nonce_i, nonce_r] = &pending.nonces;
            let name = agreed.name().to_owned();
            let (prf, sk_d) = (crypto.suite.prf, &crypto.keys().d);
            let shared = Secrets { prf, sk_d, nonce_i, nonce_r, shared: Some(&secrets) };
            match agreed.child(sa, shared, cx) {
                Ok(child) => {
                    effects.push(Effect::AddChild(Box::new(child)));
                    let old = agreed.replaces();
                    effects.extend(old.map(|inbound| Effect::Retire { inbound, by: End::Theirs }));
                    rekey_child::note_rival(decision, &mut effects);
                }
                Err(failure) => {
                    let event = Event::ChildFailed { child: name, failure };
                    return Ok(refusal(NotifyType::NO_PROPOSAL_CHOSEN, event));
                }
            }
        }
        Making::Ike { suite, spi_i, spi_r } => {
            let made = rekey_ike::made_by_peer(sa, (*suite, *spi_i, *spi_r), &pending.nonces, &secrets, cx);
            match made {
                Ok(new) => effects.extend(rekey_ike::succeeded(new, decision)),
                Err(failure) => {
                    let connection = sa.connection.name.clone();
                    let event = Event::IkeFailed { connection, failure, retries: false };
                    return Ok(refusal(NotifyType::NO_PROPOSAL_CHOSEN, event));
                }
            }
        }
    }
    Ok(Answer { payloads, effects })
}
