//! Replacement of the IKE SA (RFC 7296 §1.3.2, §2.8, §2.8.2, §2.18): a new one comes out of the old one, inherits its
//! children, and the old one is deleted by who began.
//!
//! ```text
//! SK {SA(new SPIi) Ni KEi}   ------->
//!                            <-------   SK {SA(new SPIr) Nr KEr}, or SK {N(TEMPORARY_FAILURE | INVALID_KE_PAYLOAD | …)}
//! SK {D(IKE)}                ------->
//!                            <-------   SK {}
//! ```

use ipsec_crypto::{Initiator, KeyExchangeAlgorithm, Secret};
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{KeyExchange, Notify, Payload, Proposal, SecurityAssociation};

use super::delete::DeleteIke;
use super::followup::{self, FollowUp};
use super::init::{Fields, respond_to};
use super::retry::{after_refusal, temporary_failure};
use super::{Answer, Exchange, Next};
use crate::collision::{Asked, End, Reply, reply, survivor};
use crate::context::Context;
use crate::effect::{Effect, Fate, Successor};
use crate::event::{Cause, Event};
use crate::keys::{self, Shared};
use crate::message::{Opened, find_error, find_notify};
use crate::negotiate::{self, Disagreement, IkeSuite};
use crate::protect::Protection;
use crate::refusal::{Failure, Refusal};
use crate::sa::{Affair, Crypto, IkeSa, Making, Role, State};

/// The initiator's half.
pub(crate) struct RekeyIke {
    /// The IKE SA to replace; the exchange is pointless on another one.
    old: (IkeSpi, IkeSpi),
    /// Our SPI of the new one.
    spi: IkeSpi,
    offer: Vec<Proposal>,
    nonce: Vec<u8>,
    group: u16,
    /// Made for the current group; consumed by the response.
    key_exchange: Option<Initiator>,
    /// What the response has agreed on, and the additional key exchanges that have to follow.
    followed: Option<Followed>,
    /// How often the responder asked for another group.
    regrouped: u32,
    /// How often it answered TEMPORARY_FAILURE.
    refusals: u32,
}

/// An IKE SA for which additional key exchanges are to come.
struct Followed {
    suite: IkeSuite,
    nonce_r: Vec<u8>,
    spi_r: IkeSpi,
    follow_up: FollowUp,
}

/// Both ends replace the IKE SA.
const COLLISION: &str = "ikev2.ike-rekey.collision";

/// How often a responder may ask for another group.
const MOST_REGROUPINGS: u32 = 2;

impl RekeyIke {
    /// The exchange for an IKE SA that has keys, beginning with the group that made them.
    pub(crate) fn new(sa: &IkeSa, cx: &mut Context<'_>) -> Option<Self> {
        let group = sa.crypto.as_ref()?.suite.key_exchange;
        let mut configured = sa.connection.proposals.iter().flat_map(|proposal| &proposal.key_exchange);
        let first = sa.connection.proposals.first()?.key_exchange.first()?;
        Self::with(sa, if configured.any(|other| *other == group) { group } else { *first }, cx)
    }

    fn with(sa: &IkeSa, algorithm: KeyExchangeAlgorithm, cx: &mut Context<'_>) -> Option<Self> {
        let spi = cx.ike_spi();
        Some(Self {
            old: (sa.spi_i, sa.spi_r),
            spi,
            offer: negotiate::ike_offer(&sa.connection.usable(sa.connection.intermediate), Some(spi)),
            nonce: cx.nonce(),
            group: negotiate::key_exchange_id(algorithm)?,
            key_exchange: Some((cx.provider.initiate)(algorithm, cx.entropy)),
            followed: None,
            regrouped: 0,
            refusals: 0,
        })
    }

    /// The same wish with another group, or the same one, and everything else fresh.
    fn again(&self, sa: &IkeSa, group: u16, cx: &mut Context<'_>) -> Option<Self> {
        let Self { regrouped, refusals, .. } = *self;
        Some(Self { regrouped, refusals, ..Self::with(sa, negotiate::key_exchange(group)?, cx)? })
    }

    /// Another group that the responder asks for, if it is one that we offered and have not sent.
    fn other_group(&self, message: &Opened<'_>) -> Option<u16> {
        let notify = find_notify(&message.payloads, NotifyType::INVALID_KE_PAYLOAD)?;
        let group = u16::from_be_bytes(notify.data.as_slice().try_into().ok()?);
        let offered = self.offer.iter().any(|proposal| negotiate::offers_group(proposal, group));
        (group != self.group && offered && self.regrouped < MOST_REGROUPINGS).then_some(group)
    }

    /// What an error in the response leads to. Where the peer has made another IKE SA at the same time, that one is the
    /// answer to all of them.
    fn refused(&mut self, kind: NotifyType, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Next {
        if let Some(rival) = &sa.rival {
            let refused = kind == NotifyType::TEMPORARY_FAILURE;
            let probe = refused.then_some(Effect::Report(Event::Probe("ikev2.temporary-failure.received")));
            return Next::Done(probe.into_iter().chain([Effect::Bequeath(rival.spi)]).collect());
        }
        if let Some(mut again) = self.other_group(message).and_then(|group| self.again(sa, group, cx)) {
            again.regrouped += 1;
            let probe = Effect::Report(Event::Probe("ikev2.invalid-ke.ike-rekey"));
            return Next::Then(Box::new(again), vec![probe]);
        }
        if matches!(kind, NotifyType::TEMPORARY_FAILURE | NotifyType::STATE_NOT_FOUND) {
            self.refusals += 1;
            if let Some(again) = self.again(sa, self.group, cx) {
                return after_refusal(self.refusals, Box::new(again), cx);
            }
        }
        let failure = match find_notify(&message.payloads, NotifyType::INVALID_KE_PAYLOAD) {
            Some(group) => Failure::group(&group.data, &self.offer),
            None if kind == NotifyType::NO_PROPOSAL_CHOSEN => {
                Failure::Proposal(Disagreement::told(&self.offer))
            }
            None => Failure::Refused(kind),
        };
        let renewed = (kind == NotifyType::NO_ADDITIONAL_SAS).then_some(Effect::Renew);
        Next::Done([failed(sa, failure)].into_iter().chain(renewed).collect())
    }

    /// The new IKE SA that the response makes, its fate open; nothing while key exchanges are to come.
    fn made(
        &mut self,
        sa: &IkeSa,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Successor>, Failure> {
        if let Some(followed) = &mut self.followed {
            followed.follow_up.response(message, cx)?;
        } else if let Some(new) = self.agreed(sa, message, cx)? {
            return Ok(Some(new));
        }
        let Some(followed) = self.followed.take_if(|followed| followed.follow_up.is_through()) else {
            return Ok(None);
        };
        let Followed { suite, nonce_r, spi_r, follow_up } = followed;
        let shared = Shared { nonce_i: &self.nonce, nonce_r: &nonce_r, spi_i: self.spi, spi_r };
        successor(sa, Role::Initiator, suite, &shared, follow_up.secrets(), cx).map(Some)
    }

    /// What comes behind a response that leaves key exchanges to come, where the peer may be replacing the IKE SA, too.
    fn follow(&self, sa: &IkeSa, cx: &Context<'_>) -> Next {
        let Some(followed) = &self.followed else { return Next::On(Vec::new()) };
        let ours = [self.nonce.clone(), followed.nonce_r.clone()];
        let is_same = |making: &Making| matches!(making, Making::Ike { .. });
        let made = sa.rival.as_ref().map(|rival| &rival.nonces);
        let agreed = followup::agreed_with_peer(sa, cx.now, is_same);
        match (followup::begin(&ours, &agreed, made, Affair::FollowIke, COLLISION), &sa.rival) {
            (Next::Done(mut effects), Some(rival)) => {
                effects.push(Effect::Bequeath(rival.spi));
                Next::Done(effects)
            }
            (next, _) => next,
        }
    }

    /// What the `CREATE_CHILD_SA` response agrees on: the new IKE SA, or what has to come before there is one.
    fn agreed(
        &mut self,
        sa: &IkeSa,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Successor>, Failure> {
        let syntax = |what: &str| Failure::Syntax(format!("response to the rekeying of the IKE SA: {what}"));
        let fields = Fields::of(message).ok_or_else(|| syntax("without SA, KE and nonce"))?;
        let chosen = negotiate::check_choice(&self.offer, fields.proposals).map_err(syntax)?;
        let suite = negotiate::IkeSuite::of(&chosen).ok_or_else(|| syntax("the choice is incomplete"))?;
        let spi_r = spi_of(&chosen).ok_or_else(|| syntax("an SPI that is none"))?;
        if fields.group != self.group || Some(suite.key_exchange) != negotiate::key_exchange(self.group) {
            return Err(syntax("another group than we sent"));
        }
        let key_exchange = self.key_exchange.take().ok_or_else(|| syntax("a second one"))?;
        let secret =
            key_exchange.finish(fields.public).map_err(|error| Failure::KeyExchange(error.to_string()))?;
        if suite.additional.iter().any(Option::is_some) {
            let follow_up = FollowUp::after(sa, &suite.additional, secret, message, cx)?;
            self.followed = Some(Followed { suite, nonce_r: fields.nonce.to_vec(), spi_r, follow_up });
            return Ok(None);
        }
        let shared = Shared { nonce_i: &self.nonce, nonce_r: fields.nonce, spi_i: self.spi, spi_r };
        successor(sa, Role::Initiator, suite, &shared, &[secret], cx).map(Some)
    }
}

impl Exchange for RekeyIke {
    fn describe(&self) -> &'static str {
        "rekeying of the IKE SA"
    }

    fn kind(&self) -> ExchangeType {
        match self.followed {
            Some(_) => ExchangeType::IKE_FOLLOWUP_KE,
            None => ExchangeType::CREATE_CHILD_SA,
        }
    }

    fn affair(&self) -> Option<Affair> {
        Some(if self.followed.is_some() { Affair::FollowIke } else { Affair::RekeyIke })
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        if self.old != (sa.spi_i, sa.spi_r) {
            return None;
        }
        if let Some(followed) = &self.followed {
            return Some((followed.follow_up.request()?, Vec::new()));
        }
        if !sa.is_current() {
            return None;
        }
        let public = self.key_exchange.as_ref()?.public().to_vec();
        let payloads = vec![
            Payload::Sa(SecurityAssociation { proposals: self.offer.clone() }),
            Payload::Nonce(self.nonce.clone()),
            Payload::Ke(KeyExchange::new(self.group, public)),
        ];
        Some((payloads, vec![Effect::Begin(Affair::RekeyIke)]))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        if let Some(error) = find_error(&message.payloads) {
            return Ok(self.refused(error.kind, sa, message, cx));
        }
        let is_first = self.followed.is_none();
        let mut new = match self.made(sa, message, cx) {
            Ok(Some(new)) => new,
            Ok(None) if is_first => return Ok(self.follow(sa, cx)),
            Ok(None) => return Ok(Next::On(Vec::new())),
            // The responder has left the old one already.
            Err(failure) => {
                let delete = DeleteIke { cause: Cause::Failed(failure) };
                return Ok(Next::Then(Box::new(delete), Vec::new()));
            }
        };
        match &sa.rival {
            Some(rival) if survivor(&new.nonces, &rival.nonces) == End::Theirs => {
                new.fate = Fate::Redundant;
                Ok(Next::Done(vec![Effect::Succeed(Box::new(new)), Effect::Bequeath(rival.spi)]))
            }
            _ => {
                let delete = DeleteIke { cause: Cause::Rekeyed };
                Ok(Next::Then(Box::new(delete), vec![Effect::Succeed(Box::new(new))]))
            }
        }
    }
}

/// The responder's half.
pub(super) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let decision = reply(Asked::RekeyIke, sa.doing(None));
    if decision == Reply::TemporaryFailure || sa.rival.is_some() {
        return Ok(temporary_failure());
    }
    match agree(sa, decision, message, cx) {
        Ok(answer) => Ok(answer),
        // The peer will ask again.
        Err((notify, _)) if notify.kind == NotifyType::INVALID_KE_PAYLOAD => {
            let effects = vec![Effect::Report(Event::Probe("ikev2.invalid-ke.sent"))];
            Ok(Answer { payloads: vec![Payload::Notify(notify)], effects })
        }
        // Both ends end the IKE SA (RFC 7296 §2.21.3).
        Err((notify, failure)) if notify.kind == NotifyType::INVALID_SYNTAX => {
            Err(Refusal::Close(notify, failure))
        }
        Err((notify, failure)) => {
            Ok(Answer { payloads: vec![Payload::Notify(notify)], effects: vec![failed(sa, failure)] })
        }
    }
}

/// The effects of a new IKE SA that the peer has made.
pub(super) fn succeeded(mut new: Successor, decision: Reply) -> Vec<Effect> {
    let mut effects = Vec::new();
    if decision == Reply::Collision {
        new.fate = Fate::Undecided;
        effects.push(Effect::Report(Event::Probe(COLLISION)));
    }
    effects.push(Effect::Succeed(Box::new(new)));
    effects
}

/// The new IKE SA, now that the last key exchange of the peer's request is through.
pub(super) fn made_by_peer(
    sa: &IkeSa,
    (suite, spi_i, spi_r): (IkeSuite, IkeSpi, IkeSpi),
    [nonce_i, nonce_r]: &[Vec<u8>; 2],
    secrets: &[Secret],
    cx: &Context<'_>,
) -> Result<Successor, Failure> {
    successor(sa, Role::Responder, suite, &Shared { nonce_i, nonce_r, spi_i, spi_r }, secrets, cx)
}

/// What the responder makes of an offer: its answer and the new IKE SA, or why there is none.
fn agree(
    sa: &IkeSa,
    decision: Reply,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, (Notify, Failure)> {
    let refuse = |kind, failure| (Notify::new(kind, Vec::new()), failure);
    let syntax = |what: &str| {
        let failure = Failure::Syntax(format!("request to rekey the IKE SA: {what}"));
        refuse(NotifyType::INVALID_SYNTAX, failure)
    };
    let fields = Fields::of(message).ok_or_else(|| syntax("without SA, KE and nonce"))?;
    let configured = negotiate::ike_offer(&sa.connection.usable(sa.connection.intermediate), None);
    let mut chosen = negotiate::select(&configured, fields.proposals)
        .map_err(|why| refuse(NotifyType::NO_PROPOSAL_CHOSEN, Failure::Proposal(Box::new(why))))?;
    let suite = negotiate::IkeSuite::of(&chosen).ok_or_else(|| syntax("the offer is incomplete"))?;
    let spi_i = spi_of(&chosen).ok_or_else(|| syntax("an SPI that is none"))?;
    let group = negotiate::key_exchange_id(suite.key_exchange).ok_or_else(|| syntax("no group"))?;
    if group != fields.group {
        let failure = Failure::KeyExchange(format!("{} was not the group sent", suite.key_exchange.name()));
        return Err((Notify::new(NotifyType::INVALID_KE_PAYLOAD, group.to_be_bytes().to_vec()), failure));
    }
    let (public, secret) = respond_to(suite.key_exchange, fields.public, cx)
        .map_err(|failure| refuse(NotifyType::INVALID_SYNTAX, failure))?;
    let (spi_r, nonce) = (cx.ike_spi(), cx.nonce());
    chosen.spi = spi_r.0.to_be_bytes().to_vec();
    let mut payloads = vec![
        Payload::Sa(SecurityAssociation { proposals: vec![chosen] }),
        Payload::Nonce(nonce.clone()),
        Payload::Ke(KeyExchange::new(group, public)),
    ];
    let to_come: Vec<KeyExchangeAlgorithm> = suite.additional.into_iter().flatten().collect();
    if !to_come.is_empty() {
        let making = Making::Ike { suite, spi_i, spi_r };
        let nonces = [fields.nonce.to_vec(), nonce];
        let (notify, effect) = followup::defer(sa, making, nonces, vec![secret], to_come, cx);
        payloads.push(notify);
        return Ok(Answer { payloads, effects: vec![effect] });
    }
    let shared = Shared { nonce_i: fields.nonce, nonce_r: &nonce, spi_i, spi_r };
    let new = successor(sa, Role::Responder, suite, &shared, &[secret], cx)
        .map_err(|failure| refuse(NotifyType::NO_PROPOSAL_CHOSEN, failure))?;
    Ok(Answer { payloads, effects: succeeded(new, decision) })
}

/// The new IKE SA, which inherits unless something else is decided. Its SKEYSEED comes from the old one's `SK_d` by the old
/// one's PRF (RFC 7296 §2.18).
fn successor(
    sa: &IkeSa,
    role: Role,
    suite: IkeSuite,
    shared: &Shared<'_>,
    secrets: &[Secret],
    cx: &Context<'_>,
) -> Result<Successor, Failure> {
    let broken = |what: String| Failure::KeyExchange(what);
    let old = sa.crypto.as_ref().ok_or_else(|| broken("there are no keys to replace".to_owned()))?;
    let State::Established(proven) = &sa.state else {
        return Err(broken("the peer has not proven who it is".to_owned()));
    };
    let (secret, additional) =
        secrets.split_first().ok_or_else(|| broken("there was no key exchange".to_owned()))?;
    let skeyseed =
        keys::rekeyed_skeyseed(cx.provider, old.suite.prf, &old.keys().d, shared, secret, additional);
    let keys = keys::ike_keys(cx.provider, &suite, &skeyseed, shared).map_err(|e| broken(e.to_string()))?;
    let protection =
        Protection::new(cx.provider, &suite.protection, keys, role).map_err(|e| broken(e.to_string()))?;
    Ok(Successor {
        role,
        spi_i: shared.spi_i,
        spi_r: shared.spi_r,
        crypto: Crypto { suite, protection, before: None },
        proven: proven.clone(),
        nonces: [shared.nonce_i.to_vec(), shared.nonce_r.to_vec()],
        fate: Fate::Heir,
    })
}

/// The SPI in a proposal for an IKE SA: eight octets, not all zero.
fn spi_of(proposal: &Proposal) -> Option<IkeSpi> {
    let octets = <[u8; 8]>::try_from(proposal.spi.as_slice()).ok()?;
    Some(IkeSpi(u64::from_be_bytes(octets))).filter(|spi| *spi != IkeSpi(0))
}

fn failed(sa: &IkeSa, failure: Failure) -> Effect {
    let connection = sa.connection.name.clone();
    Effect::Report(Event::IkeFailed { connection, failure, retries: false })
}
