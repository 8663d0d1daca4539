//! `IKE_INTERMEDIATE` (RFC 9242): exchanges between `IKE_SA_INIT` and `IKE_AUTH`, protected but not yet authenticated, for
//! additional key exchanges in the order of their transform types (RFC 9370 §2.2.2), and for a PPK in the last of them
//! (RFC 9867 §3.1). After each the IKE SA has new keys, and what was sent under the old ones goes into the AUTH payloads.
//!
//! ```text
//! SK {KEi(1)}   ------->
//!               <-------   SK {KEr(1)}
//! SK {KEi(2) N(PPK_IDENTITY_KEY)…}   ------->             under the keys that the exchange before has brought
//!               <-------   SK {KEr(2) [N(PPK_IDENTITY)]}
//! ```

use ipsec_crypto::{Initiator, KeyExchangeAlgorithm, Secret};
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{KeyExchange, Message, Notify, Payload};

use super::auth::AuthExchange;
use super::child::Wish;
use super::init::respond_to;
use super::{Answer, Exchange, Next};
use crate::config::Ppk;
use crate::context::Context;
use crate::effect::{Effect, Mixed};
use crate::event::Event;
use crate::features::Features;
use crate::keys::{self, Keys, Shared};
use crate::message::{Envelope, Opened, find_error, find_notify};
use crate::negotiate;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Crypto, IkeSa, Role, State, Transcript};

/// What an initiator has before it until `IKE_AUTH`.
pub(crate) struct Additional {
    /// The key exchanges, in order.
    pub(crate) to_come: Vec<KeyExchangeAlgorithm>,
    /// Whether a PPK is to be mixed in, with the last of them or after them.
    pub(crate) ppk: bool,
    /// The child that `IKE_AUTH` is to set up, if any.
    pub(crate) child: Option<Wish>,
}

/// The exchange that an initiator begins next.
pub(crate) fn next(sa: &IkeSa, ahead: Additional, cx: &mut Context<'_>) -> Box<dyn Exchange> {
    let Additional { mut to_come, ppk, child } = ahead;
    if to_come.is_empty() && !ppk {
        return Box::new(AuthExchange::new(sa, child, cx));
    }
    let due = (!to_come.is_empty()).then(|| to_come.remove(0));
    let key_exchange = due.map(|algorithm| (cx.provider.initiate)(algorithm, cx.entropy));
    let is_last = to_come.is_empty();
    let ahead = Additional { to_come, ppk: ppk && !is_last, child };
    Box::new(Intermediate { key_exchange, brings_ppk: ppk && is_last, ahead, sent: Vec::new() })
}

/// The initiator's half.
struct Intermediate {
    /// Consumed by the response.
    key_exchange: Option<Initiator>,
    /// Whether it says which PPKs we have.
    brings_ppk: bool,
    /// What follows.
    ahead: Additional,
    /// The payloads of the request.
    sent: Vec<Payload>,
}

impl Exchange for Intermediate {
    fn describe(&self) -> &'static str {
        "IKE_INTERMEDIATE"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_INTERMEDIATE
    }

    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let half_open = HalfOpen::of(sa)?;
        self.sent = Vec::new();
        if let Some(ours) = &self.key_exchange {
            let group = negotiate::key_exchange_id(ours.algorithm())?;
            self.sent.push(Payload::Ke(KeyExchange::new(group, ours.public().to_vec())));
        }
        if self.brings_ppk {
            let keys = sa.connection.ppk.iter().flat_map(|ppk| &ppk.keys);
            self.sent.extend(keys.map(|ppk| half_open.identity_key(ppk, cx)));
        }
        Some((self.sent.clone(), Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
        let fail = |failure| Ok(Next::Done(vec![Effect::Fail(failure)]));
        if let Some(error) = find_error(&message.payloads) {
            return fail(match error.kind {
                NotifyType::AUTHENTICATION_FAILED => no_ppk("the responder"),
                other => Failure::Refused(other),
            });
        }
        let (mut keys, mut has_ppk) = (None, false);
        if let Some(ours) = self.key_exchange.take() {
            keys = match half_open.finish(ours, message, cx) {
                Ok(keys) => Some(keys),
                Err(failure) => return fail(failure),
            };
        }
        if self.brings_ppk {
            let chosen = find_notify(&message.payloads, NotifyType::PPK_IDENTITY).map(|notify| &notify.data);
            let ours = sa.connection.ppk.iter().flat_map(|ppk| &ppk.keys);
            match ours.into_iter().find(|ppk| Some(&ppk.wire_id()) == chosen) {
                Some(ppk) => match half_open.with_ppk(keys.as_ref(), ppk, cx) {
                    Ok(mixed) => (keys, has_ppk) = (Some(mixed), true),
                    Err(failure) => return fail(failure),
                },
                None if sa.connection.requires_ppk() => return fail(no_ppk("the responder")),
                None => {}
            }
        }
        let request = Envelope::on(sa, ExchangeType::IKE_INTERMEDIATE, false, message.header.message_id);
        let int_auth = half_open.int_auth(&request.content(&self.sent), &message.content, cx);
        let to_come = self.ahead.to_come.clone();
        let mixed = Mixed { keys, int_auth, to_come: to_come.clone(), has_ppk };
        let next = next(sa, Additional { to_come, ppk: self.ahead.ppk, child: self.ahead.child.take() }, cx);
        let mut effects = vec![Effect::Mixed(Box::new(mixed))];
        effects.extend(self.brings_ppk.then(|| Effect::Report(Event::Probe(used(has_ppk)))));
        Ok(Next::Then(next, effects))
    }
}

/// How many of these exchanges a responder takes part in: seven key exchanges, and as many without one.
const MOST_EXCHANGES: u32 = 14;

/// The responder's half.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Answer, Refusal> {
    let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
    let transcript = half_open.transcript;
    let negotiated = sa.role == Role::Responder && sa.features.intermediate && sa.connection.intermediate;
    if !negotiated || transcript.intermediate().2 >= MOST_EXCHANGES {
        return Err(Refusal::Ignore(DropReason::State));
    }
    let refuse =
        |failure: Failure| Refusal::Close(Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()), failure);
    let brings_key = message.payloads.iter().any(|payload| matches!(payload, Payload::Ke(_)));
    let mut payloads = Vec::new();
    let mut to_come = transcript.to_come.clone();
    let mut fresh = None;
    if brings_key {
        let found =
            to_come.first().and_then(|algorithm| Some((*algorithm, key_exchange(message, *algorithm)?)));
        let (algorithm, theirs) = found.ok_or_else(|| {
            let due = to_come.first().map_or("none", |algorithm| algorithm.name());
            refuse(Failure::Syntax(format!("IKE_INTERMEDIATE with another key exchange than is due: {due}")))
        })?;
        let (public, secret) = respond_to(algorithm, theirs.public(), cx).map_err(refuse)?;
        fresh = Some(half_open.keys(&secret, cx).map_err(refuse)?);
        payloads.push(Payload::Ke(KeyExchange::new(theirs.group(), public)));
        to_come.remove(0);
    }
    let offers_ppk =
        half_open.uses_ppk() && find_notify(&message.payloads, NotifyType::PPK_IDENTITY_KEY).is_some();
    let mut has_ppk = false;
    if offers_ppk {
        match half_open.known_ppk(message, cx) {
            Some(ppk) if to_come.is_empty() => {
                fresh = Some(half_open.with_ppk(fresh.as_ref(), ppk, cx).map_err(refuse)?);
                payloads.push(Payload::Notify(Notify::new(NotifyType::PPK_IDENTITY, ppk.wire_id())));
                has_ppk = true;
            }
            _ if sa.connection.requires_ppk() => {
                let notify = Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new());
                return Err(Refusal::Close(notify, no_ppk("the initiator")));
            }
            _ => {}
        }
    }
    let response = Envelope::on(sa, ExchangeType::IKE_INTERMEDIATE, true, message.header.message_id);
    let int_auth = half_open.int_auth(&message.content, &response.content(&payloads), cx);
    let mut effects = vec![
        Effect::Mixed(Box::new(Mixed { keys: fresh, int_auth, to_come, has_ppk })),
        Effect::Report(Event::Probe("ikev2.intermediate.answered")),
    ];
    effects.extend(offers_ppk.then(|| Effect::Report(Event::Probe(used(has_ppk)))));
    Ok(Answer { payloads, effects })
}

/// The situation in which a PPK was, or was not, mixed in.
fn used(has_ppk: bool) -> &'static str {
    if has_ppk { "ikev2.ppk.intermediate" } else { "ikev2.ppk.unknown" }
}

fn no_ppk(peer: &str) -> Failure {
    Failure::Authentication(format!(
        "{peer} has none of our post-quantum preshared keys, of which one is required"
    ))
}

/// An IKE SA that has keys while nobody is authenticated yet, taken apart.
struct HalfOpen<'a> {
    sa: &'a IkeSa,
    transcript: &'a Transcript,
    crypto: &'a Crypto,
}

impl<'a> HalfOpen<'a> {
    fn of(sa: &'a IkeSa) -> Option<Self> {
        match (&sa.state, &sa.crypto) {
            (State::HalfOpen(transcript), Some(crypto)) => Some(Self { sa, transcript, crypto }),
            _ => None,
        }
    }

    fn shared(&self) -> Shared<'a> {
        let Transcript { nonce_i, nonce_r, .. } = self.transcript;
        Shared { nonce_i, nonce_r, spi_i: self.sa.spi_i, spi_r: self.sa.spi_r }
    }

    /// The keys after a key exchange that gave this secret (RFC 9370 §2.2.2).
    fn keys(&self, secret: &Secret, cx: &Context<'_>) -> Result<Keys, Failure> {
        let (suite, shared) = (&self.crypto.suite, self.shared());
        let seed =
            keys::rekeyed_skeyseed(cx.provider, suite.prf, &self.crypto.keys().d, &shared, secret, &[]);
        keys::ike_keys(cx.provider, suite, &seed, &shared)
            .map_err(|error| Failure::KeyExchange(error.to_string()))
    }

    /// The keys after the responder's half of this key exchange.
    fn finish(&self, ours: Initiator, message: &Opened<'_>, cx: &Context<'_>) -> Result<Keys, Failure> {
        let algorithm = ours.algorithm();
        let theirs = key_exchange(message, algorithm).ok_or_else(|| {
            Failure::Syntax(format!("IKE_INTERMEDIATE response without {}", algorithm.name()))
        })?;
        let secret = ours.finish(theirs.public());
        self.keys(&secret.map_err(|error| Failure::KeyExchange(error.to_string()))?, cx)
    }

    /// Whether both ends have said that they mix a PPK in here (RFC 9867 §3.1): what the responder has answered, counts.
    fn uses_ppk(&self) -> bool {
        let response = Message::parse(&self.transcript.response).map(|message| message.payloads);
        Features::of(&response.unwrap_or_default()).ppk_int
    }

    /// What tells the responder that we know this PPK, and shows it which key we mean (RFC 9867 §3.1).
    fn identity_key(&self, ppk: &Ppk, cx: &Context<'_>) -> Payload {
        let confirmation = self.confirmation(ppk, cx);
        let data = [ppk.wire_id().as_slice(), &confirmation].concat();
        Payload::Notify(Notify::new(NotifyType::PPK_IDENTITY_KEY, data))
    }

    fn confirmation(&self, ppk: &Ppk, cx: &Context<'_>) -> [u8; 8] {
        keys::ppk_confirmation(cx.provider, self.crypto.suite.prf, &ppk.secret, &self.shared())
    }

    /// The first of our PPKs that the initiator has, too, under the same name.
    fn known_ppk(&self, message: &Opened<'_>, cx: &Context<'_>) -> Option<&'a Ppk> {
        let offered = |ppk: &&Ppk| {
            let known = self.identity_key(ppk, cx);
            message.payloads.contains(&known)
        };
        self.sa.connection.ppk.iter().flat_map(|ppk| &ppk.keys).find(offered)
    }

    /// The keys with the PPK, behind those that the exchange has brought otherwise.
    fn with_ppk(&self, fresh: Option<&Keys>, ppk: &Ppk, cx: &Context<'_>) -> Result<Keys, Failure> {
        let suite = &self.crypto.suite;
        let before = fresh.unwrap_or(self.crypto.keys());
        let seed = keys::ppk_skeyseed(cx.provider, suite.prf, &before.d, &ppk.secret);
        seed.and_then(|seed| keys::ike_keys(cx.provider, suite, &seed, &self.shared()))
            .map_err(|error| Failure::KeyExchange(error.to_string()))
    }

    /// IntAuth after an exchange whose messages have these contents.
    fn int_auth(&self, request: &[u8], response: &[u8], cx: &Context<'_>) -> Vec<u8> {
        let (before_i, before_r, exchanges) = self.transcript.intermediate();
        let (prf, keys) = (self.crypto.suite.prf, self.crypto.keys());
        let mut int_auth = keys::int_auth(cx.provider, prf, &keys.pi, before_i, request);
        int_auth.extend(keys::int_auth(cx.provider, prf, &keys.pr, before_r, response));
        // The message ID of IKE_AUTH: IKE_SA_INIT has 0, and each exchange one more than the one before.
        int_auth.extend((exchanges + 2).to_be_bytes());
        int_auth
    }
}

/// The KE payload, if it is one of this method.
pub(super) fn key_exchange<'a>(
    message: &'a Opened<'_>,
    algorithm: KeyExchangeAlgorithm,
) -> Option<&'a KeyExchange> {
    message.payloads.iter().find_map(|payload| match payload {
        Payload::Ke(ke) if negotiate::key_exchange_id(algorithm) == Some(ke.group()) => Some(ke),
        _ => None,
    })
}
