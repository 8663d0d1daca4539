//! `IKE_INTERMEDIATE` (RFC 9242): exchanges between `IKE_SA_INIT` and `IKE_AUTH`, protected but not yet authenticated, for
//! additional key exchanges in the order of their transform types (RFC 9370 §2.2.2). After each the IKE SA has new keys, and
//! what was sent under the old ones goes into the AUTH payloads.
//!
//! ```text
//! SK {KEi(1)}   ------->
//!               <-------   SK {KEr(1)}
//! SK {KEi(2)}   ------->                    under the keys that the exchange before has brought
//!               <-------   SK {KEr(2)}
//! ```

use ipsec_crypto::{Initiator, KeyExchangeAlgorithm, Secret};
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{KeyExchange, Notify, Payload};

use super::auth::AuthExchange;
use super::init::respond_to;
use super::{Answer, Exchange, Next};
use crate::context::Context;
use crate::effect::{Effect, Mixed};
use crate::event::Event;
use crate::keys::{self, Keys, Shared};
use crate::message::{Envelope, Opened, find_error};
use crate::negotiate;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Crypto, IkeSa, Role, State, Transcript};

/// What an initiator has before it until `IKE_AUTH`.
pub(crate) struct Additional {
    /// The key exchanges, in order.
    pub(crate) to_come: Vec<KeyExchangeAlgorithm>,
    /// The child that `IKE_AUTH` is to set up, if any.
    pub(crate) child: Option<String>,
}

/// The exchange that an initiator begins next.
pub(crate) fn next(sa: &IkeSa, ahead: Additional, cx: &mut Context<'_>) -> Box<dyn Exchange> {
    match ahead.to_come.split_first() {
        Some((algorithm, rest)) => {
            let key_exchange = (cx.provider.initiate)(*algorithm, cx.entropy);
            let ahead = Additional { to_come: rest.to_vec(), child: ahead.child };
            Box::new(Intermediate { key_exchange: Some(key_exchange), ahead, sent: Vec::new() })
        }
        None => Box::new(AuthExchange::new(sa, ahead.child, cx)),
    }
}

/// The initiator's half.
struct Intermediate {
    /// Consumed by the response.
    key_exchange: Option<Initiator>,
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

    fn request(&mut self, _sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let ours = self.key_exchange.as_ref()?;
        let group = negotiate::key_exchange_id(ours.algorithm())?;
        self.sent = vec![Payload::Ke(KeyExchange::new(group, ours.public().to_vec()))];
        Some((self.sent.clone(), Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
        let fail = |failure| Ok(Next::Done(vec![Effect::Fail(failure)]));
        if let Some(error) = find_error(&message.payloads) {
            return fail(Failure::Refused(error.kind));
        }
        let ours = self.key_exchange.take().ok_or(Refusal::Ignore(DropReason::Unexpected))?;
        let algorithm = ours.algorithm();
        let Some(theirs) = key_exchange(message, algorithm) else {
            let text = format!("IKE_INTERMEDIATE response without {}", algorithm.name());
            return fail(Failure::Syntax(text));
        };
        let made = ours.finish(theirs.public()).map_err(|error| Failure::KeyExchange(error.to_string()));
        let keys = match made.and_then(|secret| half_open.keys(&secret, cx)) {
            Ok(keys) => keys,
            Err(failure) => return fail(failure),
        };
        let request = Envelope::on(sa, ExchangeType::IKE_INTERMEDIATE, false, message.header.message_id);
        let int_auth = half_open.int_auth(&request.content(&self.sent), &message.content, cx);
        let to_come = self.ahead.to_come.clone();
        let mixed = Mixed { keys: Some(keys), int_auth, to_come: to_come.clone() };
        let next = next(sa, Additional { to_come, child: self.ahead.child.take() }, cx);
        Ok(Next::Then(next, vec![Effect::Mixed(Box::new(mixed))]))
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
    let response = Envelope::on(sa, ExchangeType::IKE_INTERMEDIATE, true, message.header.message_id);
    let int_auth = half_open.int_auth(&message.content, &response.content(&payloads), cx);
    let effects = vec![
        Effect::Mixed(Box::new(Mixed { keys: fresh, int_auth, to_come })),
        Effect::Report(Event::Probe("ikev2.intermediate.answered")),
    ];
    Ok(Answer { payloads, effects })
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
        let seed = keys::rekeyed_skeyseed(cx.provider, suite.prf, &self.crypto.keys.d, &shared, secret, &[]);
        keys::ike_keys(cx.provider, suite, &seed, &shared)
            .map_err(|error| Failure::KeyExchange(error.to_string()))
    }

    /// IntAuth after an exchange whose messages have these contents.
    fn int_auth(&self, request: &[u8], response: &[u8], cx: &Context<'_>) -> Vec<u8> {
        let (before_i, before_r, exchanges) = self.transcript.intermediate();
        let (prf, keys) = (self.crypto.suite.prf, &self.crypto.keys);
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
