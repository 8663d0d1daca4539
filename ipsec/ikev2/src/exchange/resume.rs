//! `IKE_SESSION_RESUME` (RFC 5723 §4.3.2): in the place of `IKE_SA_INIT`, with a ticket in the place of a key exchange.
//!
//! ```text
//! [N(COOKIE)] Ni N(TICKET_OPAQUE)   ------->
//!                                   <-------   Nr, or N(COOKIE), or N(TICKET_NACK): begin with IKE_SA_INIT
//! ```
//!
//! `IKE_AUTH` follows, in which both prove to know the keys (§4.3.3).

use ipsec_wire::IkeSpi;
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use super::auth::AuthExchange;
use super::child::Wish;
use super::create_child::nonce_of;
use super::init::{InitAnswer, nat_detection};
use super::{Exchange, Next};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::{Effect, Keyed};
use crate::event::Event;
use crate::features::{self, Features};
use crate::keys::{self, Keys, Shared};
use crate::message::{Opened, find_notify};
use crate::nat::{self, Course};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Resumption, Transcript};
use crate::ticket::{Resumable, Ticket};

/// The client's half.
pub(crate) struct ResumeExchange {
    /// The child that `IKE_AUTH` is to set up, if any.
    child: Option<Wish>,
    ticket: Box<Ticket>,
    nonce: Vec<u8>,
    cookie: Option<Vec<u8>>,
    begun_anew: u32,
}

/// How often a gateway may ask for a cookie.
const MOST_RESTARTS: u32 = 2;

impl ResumeExchange {
    pub(crate) fn new(ticket: Box<Ticket>, child: Option<Wish>, cx: &mut Context<'_>) -> Self {
        Self { child, ticket, nonce: cx.nonce(), cookie: None, begun_anew: 0 }
    }

    fn with_cookie(&mut self, cookie: &[u8]) -> Result<Next, Refusal> {
        self.begun_anew += 1;
        if self.begun_anew > MOST_RESTARTS || !(1..=64).contains(&cookie.len()) {
            return Err(Refusal::Ignore(DropReason::Unprotected));
        }
        self.cookie = Some(cookie.to_vec());
        Ok(Next::Again)
    }
}

impl Exchange for ResumeExchange {
    fn describe(&self) -> &'static str {
        "IKE_SESSION_RESUME"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_SESSION_RESUME
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let notify = |kind, data| Payload::Notify(Notify::new(kind, data));
        let mut payloads = Vec::new();
        payloads.extend(self.cookie.clone().map(|cookie| notify(NotifyType::COOKIE, cookie)));
        payloads.push(Payload::Nonce(self.nonce.clone()));
        payloads.push(notify(NotifyType::TICKET_OPAQUE, self.ticket.octets.clone()));
        let course = Course { source: sa.path.local, destination: sa.path.remote };
        payloads.extend(nat::detection(&sa.connection, (sa.spi_i, IkeSpi(0)), course));
        payloads.extend(features::offered(&sa.connection));
        Some((payloads, Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        if let Some(cookie) = find_notify(&message.payloads, NotifyType::COOKIE) {
            return self.with_cookie(&cookie.data);
        }
        if find_notify(&message.payloads, NotifyType::TICKET_NACK).is_some() {
            return Ok(Next::Done(vec![Effect::BeginAnew]));
        }
        let nonce_r = nonce_of(message).ok_or(Refusal::Ignore(DropReason::Unprotected))?;
        let features = Features::of(&message.payloads);
        if self.child.is_none() && !features.childless {
            return Ok(Next::Done(vec![Effect::Fail(super::init::NOT_CHILDLESS)]));
        }
        let spi_r = message.header.spi_r;
        let state = &self.ticket.state;
        let shared = Shared { nonce_i: &self.nonce, nonce_r, spi_i: sa.spi_i, spi_r };
        let keys = match derive(state, &shared, cx) {
            Ok(keys) => keys,
            Err(failure) => return Ok(Next::Done(vec![Effect::Fail(failure)])),
        };
        let transcript = Transcript {
            request: message.request.to_vec(),
            response: message.octets.to_vec(),
            nonce_i: self.nonce.clone(),
            nonce_r: nonce_r.to_vec(),
            int_auth: Vec::new(),
            to_come: Vec::new(),
            has_ppk: false,
            full: Default::default(),
        };
        let resumption = Some(Resumption { peer: state.id_r.clone(), own: state.id_i.clone(), used: None });
        let course = Course { source: sa.path.remote, destination: sa.path.local };
        let nat =
            nat::found(&message.payloads, (sa.spi_i, spi_r), course).filter(|_| sa.connection.nat_traversal);
        let keyed = Keyed { spi_r, suite: state.suite, keys, transcript, features, resumption, nat };
        let next = AuthExchange::new(sa, self.child.take(), cx);
        Ok(Next::Then(Box::new(next), vec![Effect::Keyed(Box::new(keyed))]))
    }
}

/// The gateway's half, once the endpoint has dealt with cookies.
///
/// # Errors
/// When the message is to be dropped.
pub(crate) fn respond(
    connections: &[&Connection],
    message: &Opened<'_>,
    course: Course,
    spi_r: IkeSpi,
    cx: &mut Context<'_>,
) -> Result<InitAnswer, Refusal> {
    let malformed = || {
        let what = "IKE_SESSION_RESUME without nonce and ticket";
        Refusal::Ignore(DropReason::Malformed(what.to_owned()))
    };
    let nonce_i = nonce_of(message).ok_or_else(malformed)?;
    let ticket = find_notify(&message.payloads, NotifyType::TICKET_OPAQUE).ok_or_else(malformed)?;
    let refuse = |probe: &'static str| {
        let nack = Payload::Notify(Notify::new(NotifyType::TICKET_NACK, Vec::new()));
        Ok(InitAnswer::Stateless(vec![nack], vec![Event::Probe(probe)]))
    };
    let Some(tickets) = cx.tickets else {
        return refuse("ikev2.ticket.not-supported");
    };
    let (serial, until, state) = match tickets.take(cx.provider, cx.now, &ticket.data) {
        Ok(taken) => taken,
        Err(unfit) => return refuse(unfit.probe()),
    };
    let nonce_r = cx.nonce();
    let shared = Shared { nonce_i, nonce_r: &nonce_r, spi_i: message.header.spi_i, spi_r };
    let keys = derive(&state, &shared, cx).map_err(|_| malformed())?;
    let features = Features::of(&message.payloads);
    let mut payloads = vec![Payload::Nonce(nonce_r.clone())];
    let nat = nat_detection(connections, message, course, spi_r, &mut payloads);
    payloads.extend(features::answered(connections, &features));
    let transcript = Transcript {
        request: message.octets.to_vec(),
        response: Vec::new(),
        nonce_i: nonce_i.to_vec(),
        nonce_r,
        int_auth: Vec::new(),
        to_come: Vec::new(),
        has_ppk: false,
        full: Default::default(),
    };
    let used = Some((serial, until, state.spis.1));
    let resumption = Some(Resumption { peer: state.id_i, own: state.id_r, used });
    let suite = state.suite;
    let keyed = Box::new(Keyed { spi_r, suite, keys, transcript, features, resumption, nat });
    Ok(InitAnswer::New { payloads, keyed })
}

fn derive(state: &Resumable, shared: &Shared<'_>, cx: &Context<'_>) -> Result<Keys, Failure> {
    let skeyseed = keys::resumed_skeyseed(cx.provider, state.suite.prf, &state.sk_d, shared);
    keys::ike_keys(cx.provider, &state.suite, &skeyseed, shared)
        .map_err(|error| Failure::KeyExchange(error.to_string()))
}
