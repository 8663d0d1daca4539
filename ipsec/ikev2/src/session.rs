//! One IKE SA at work: its record, its windows, the exchange that is open and those that wait.
//!
//! ```text
//! datagram → window (new or repeat?) → decrypt → grammar → table, or the open exchange → effects → apply
//!          → queue → message → encrypt → window (kept for retransmission) → datagram
//! ```

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipsec_net::Instant;
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Notify, Payload};
use ipsec_wire::{Header, IkeSpi, Spi};

use crate::apply::{Reach, apply};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::{Effect, Keyed};
use crate::event::{Cause, Event, MessageRecord, listed};
use crate::exchange::delete::{DeleteChild, DeleteIke};
use crate::exchange::liveness::LivenessExchange;
use crate::exchange::{Exchange, Next};
use crate::grammar::{self, Broken};
use crate::message::{Envelope, Opened};
use crate::output::Output;
use crate::protect::NotOpened;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Role, State};
use crate::table;
use crate::timers::{TimerReason, Timers, take_due};
use crate::window::{Expiry, Incoming, Requests, Responses};

/// An IKE SA and all that moves it.
pub(crate) struct Session {
    pub(crate) sa: IkeSa,
    pub(crate) requests: Requests,
    pub(crate) responses: Responses,
    open: Option<Box<dyn Exchange>>,
    queue: VecDeque<Box<dyn Exchange>>,
    timers: Timers,
    /// How long it stays half open at the responder, and how long it answers repeats once it is closed.
    patience: Duration,
    /// Why the attempt to set it up failed, until the endpoint has asked.
    pub(crate) failed: Option<Failure>,
    /// The children that are wanted as soon as it is established, and how many attempts may follow this one.
    pub(crate) wanted: Vec<String>,
    pub(crate) attempts_left: u32,
}

/// Where the two ends are and what they call the SA.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) spi_i: IkeSpi,
    pub(crate) spi_r: IkeSpi,
}

impl Session {
    pub(crate) fn new(
        role: Role,
        connection: Arc<Connection>,
        ends: Ends,
        patience: Duration,
        now: Instant,
    ) -> Self {
        let Ends { local, remote, spi_i, spi_r } = ends;
        let sa = IkeSa {
            role,
            connection,
            local,
            remote,
            spi_i,
            spi_r,
            state: State::Init,
            crypto: None,
            children: Vec::new(),
            last_heard: now,
            is_first: false,
            supersedes: false,
        };
        let half_open = (role == Role::Responder).then(|| now + patience);
        Self {
            sa,
            requests: Requests::default(),
            responses: Responses::default(),
            open: None,
            queue: VecDeque::new(),
            timers: Timers { half_open, ..Timers::default() },
            patience,
            failed: None,
            wanted: Vec::new(),
            attempts_left: 0,
        }
    }

    /// Begins an exchange of ours as soon as the window allows.
    pub(crate) fn begin(
        &mut self,
        exchange: Box<dyn Exchange>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        self.queue.push_back(exchange);
        self.pump(cx, out);
    }

    /// Deletes a Child SA pair.
    pub(crate) fn delete_child(&mut self, inbound: Spi, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        self.begin(Box::new(DeleteChild { inbound }), cx, out);
    }

    /// Deletes the IKE SA; one that is not established yet is dropped without a word.
    pub(crate) fn terminate(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        match self.sa.state {
            State::Established(_) => self.begin(Box::new(DeleteIke), cx, out),
            State::Init | State::HalfOpen(_) => {
                self.carry_out(vec![Effect::Fail(Failure::Abandoned)], cx, out);
            }
            State::Deleting | State::Closed => {}
        }
    }

    /// Takes a message for this SA.
    pub(crate) fn handle(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let result = if (from, to) != (self.sa.remote, self.sa.local) {
            Err(DropReason::Address)
        } else if header.flags.initiator == (self.sa.role == Role::Initiator) {
            Err(DropReason::Flags)
        } else if header.flags.response {
            self.handle_response(header, octets, cx, out)
        } else {
            self.handle_request(header, octets, cx, out)
        };
        if let Err(reason) = result {
            out.push_back(Output::Event(Event::Dropped { from, reason }));
        }
        self.pump(cx, out);
    }

    /// Becomes the responder's end of an IKE SA: sends the `IKE_SA_INIT` response and takes the keys.
    pub(crate) fn answer_init(
        &mut self,
        request: (Header, &[u8]),
        payloads: &[Payload],
        mut keyed: Box<Keyed>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let (header, octets) = request;
        let envelope = Envelope::on(&self.sa, header.exchange, true, header.message_id);
        let response = envelope.clear(payloads);
        keyed.transcript.response.clone_from(&response);
        self.announce(&envelope, payloads, 1, out);
        self.responses.answered(octets.to_vec(), response.clone());
        self.send(response, out);
        self.carry_out(vec![Effect::Keyed(keyed)], cx, out);
    }

    /// Does what the clock asks for. `heard` tells when the data plane last received under an SPI.
    pub(crate) fn timeout(
        &mut self,
        heard: &dyn Fn(Spi) -> Option<Instant>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        match self.requests.expire(cx.now, &self.sa.connection.retransmission) {
            Some(Expiry::Resend { octets, message_id, transmission }) => {
                self.send_again(octets, message_id, transmission, out);
            }
            Some(Expiry::GiveUp) => self.give_up(cx, out),
            None => {}
        }
        if take_due(&mut self.timers.half_open, cx.now) && !self.sa.is_closed() {
            self.carry_out(vec![Effect::Fail(Failure::Timeout("IKE_AUTH"))], cx, out);
            // Answering a late repeat of IKE_SA_INIT would send the initiator on to an IKE SA that is no more.
            self.timers.forget = Some(cx.now);
        }
        if take_due(&mut self.timers.liveness, cx.now) {
            self.check_liveness(heard, cx);
        }
        self.pump(cx, out);
    }

    /// When [`Session::timeout`] has something to do next.
    pub(crate) fn next_timeout(&self) -> Option<(Instant, TimerReason)> {
        self.timers.next(self.requests.deadline())
    }

    /// Whether the SA is over and nobody is to be answered any more.
    pub(crate) fn is_forgotten(&self, now: Instant) -> bool {
        self.sa.is_closed() && self.timers.forget.is_some_and(|at| at <= now)
    }

    /// How many exchanges of ours are open or wait.
    pub(crate) fn pending(&self) -> usize {
        usize::from(self.open.is_some()) + self.queue.len()
    }

    /// Carries out effects that no exchange of this session asked for.
    pub(crate) fn carry_out(
        &mut self,
        effects: Vec<Effect>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let mut reach =
            Reach { provider: cx.provider, queue: &mut self.queue, out, failed: &mut self.failed };
        apply(&mut self.sa, effects, &mut reach);
        self.set_timers(cx.now);
    }

    fn handle_request(
        &mut self,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        match self.responses.classify(header.message_id, octets) {
            Incoming::Repeat { response, repeats } => {
                out.push_back(Output::Event(Event::Probe("ikev2.request.repeated")));
                let envelope = Envelope::on(&self.sa, header.exchange, true, header.message_id);
                self.announce(&envelope, &[], repeats + 1, out);
                self.send(response, out);
                return Ok(());
            }
            Incoming::Differs => return Err(DropReason::Differs),
            Incoming::OutOfWindow => return Err(DropReason::OutOfWindow),
            Incoming::New => {}
        }
        let answer = match self.open_message(header, octets, &[]) {
            Ok(message) => {
                out.push_back(received(self.sa.remote, &message));
                grammar::check(header.exchange, &message.payloads)
                    .map_err(refusal)
                    .and_then(|()| table::answer(&self.sa, &message, cx))
            }
            Err(NotOpened::Drop(reason)) => return Err(reason),
            Err(NotOpened::Malformed(what)) => Err(Refusal::Close(
                Notify::new(NotifyType::INVALID_SYNTAX, Vec::new()),
                Failure::Syntax(what),
            )),
        };
        self.sa.last_heard = cx.now;
        let (payloads, effects) = match answer {
            Ok(answer) => (answer.payloads, answer.effects),
            Err(Refusal::Ignore(reason)) => return Err(reason),
            Err(Refusal::Answer(notify)) => (vec![Payload::Notify(notify)], Vec::new()),
            Err(Refusal::Close(notify, failure)) => {
                (vec![Payload::Notify(notify)], vec![self.ending(failure)])
            }
        };
        self.respond(header, octets, &payloads, cx, out);
        self.carry_out(effects, cx, out);
        Ok(())
    }

    fn handle_response(
        &mut self,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let mut exchange = match self.open.take() {
            Some(exchange)
                if self.requests.awaits(header.message_id) && exchange.kind() == header.exchange =>
            {
                exchange
            }
            other => {
                self.open = other;
                return Err(DropReason::Unexpected);
            }
        };
        let request = self.requests.open_octets().to_vec();
        let result = match self.open_message(header, octets, &request) {
            Ok(message) => {
                out.push_back(received(self.sa.remote, &message));
                let result = grammar::check(header.exchange, &message.payloads)
                    .map_err(refusal)
                    .and_then(|()| exchange.response(&self.sa, &message, cx));
                match result {
                    Ok(next) => Ok(Ok(next)),
                    Err(Refusal::Ignore(reason)) => Err(reason),
                    Err(Refusal::Answer(notify)) => {
                        Ok(Err(Failure::Syntax(format!("a response that calls for {}", notify.kind))))
                    }
                    Err(Refusal::Close(_, failure)) => Ok(Err(failure)),
                }
            }
            Err(NotOpened::Drop(reason)) => Err(reason),
            Err(NotOpened::Malformed(what)) => Ok(Err(Failure::Syntax(what))),
        };
        match result {
            Err(reason) => {
                self.open = Some(exchange);
                return Err(reason);
            }
            Ok(Ok(Next::Again)) => {
                self.requests.repeat_id();
                self.queue.push_front(exchange);
            }
            Ok(Ok(Next::Done(effects))) => {
                self.requests.answered();
                self.sa.last_heard = cx.now;
                self.carry_out(effects, cx, out);
            }
            Ok(Ok(Next::Then(next, effects))) => {
                self.requests.answered();
                self.sa.last_heard = cx.now;
                self.carry_out(effects, cx, out);
                self.queue.push_front(next);
            }
            Ok(Err(failure)) => {
                self.requests.answered();
                let ending = self.ending(failure);
                self.carry_out(vec![ending], cx, out);
            }
        }
        Ok(())
    }

    /// Parses a message and takes it out of SK. Only `IKE_SA_INIT` comes in the clear.
    fn open_message<'a>(
        &mut self,
        header: Header,
        octets: &'a [u8],
        request: &'a [u8],
    ) -> Result<Opened<'a>, NotOpened> {
        let clear = header.exchange == ExchangeType::IKE_SA_INIT;
        let payloads = match (&mut self.sa.crypto, clear) {
            (None, true) => {
                ipsec_wire::v2::Message::parse(octets)
                    .map_err(|error| NotOpened::Drop(DropReason::Malformed(error.to_string())))?
                    .payloads
            }
            (Some(crypto), false) => crypto.protection.open(octets)?,
            _ => return Err(NotOpened::Drop(DropReason::Protection)),
        };
        Ok(Opened { header, payloads, octets, request })
    }

    fn respond(
        &mut self,
        request: Header,
        octets: &[u8],
        payloads: &[Payload],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let envelope = Envelope::on(&self.sa, request.exchange, true, request.message_id);
        let Some(crypto) = &mut self.sa.crypto else { return };
        let response = envelope.sealed(payloads, &mut crypto.protection, cx);
        self.announce(&envelope, payloads, 1, out);
        self.responses.answered(octets.to_vec(), response.clone());
        self.send(response, out);
    }

    /// Sends the next request that waits, if the window is free.
    fn pump(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        while self.requests.is_free() && !self.sa.is_closed() {
            let Some(mut exchange) = self.queue.pop_front() else {
                break;
            };
            let Some((payloads, effects)) = exchange.request(&self.sa, cx) else {
                continue;
            };
            let envelope = Envelope::on(&self.sa, exchange.kind(), false, self.requests.next_id());
            let octets = match &mut self.sa.crypto {
                Some(crypto) => envelope.sealed(&payloads, &mut crypto.protection, cx),
                None => envelope.clear(&payloads),
            };
            self.announce(&envelope, &payloads, 1, out);
            self.requests.sent(cx.now, octets.clone(), &self.sa.connection.retransmission);
            self.open = Some(exchange);
            self.send(octets, out);
            self.carry_out(effects, cx, out);
        }
        self.set_timers(cx.now);
    }

    fn send_again(
        &mut self,
        octets: Vec<u8>,
        message_id: u32,
        transmission: u32,
        out: &mut VecDeque<Output>,
    ) {
        if let Some(exchange) = &self.open {
            let envelope = Envelope::on(&self.sa, exchange.kind(), false, message_id);
            self.announce(&envelope, &[], transmission, out);
        }
        self.send(octets, out);
    }

    fn give_up(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let Some(mut exchange) = self.open.take() else {
            return;
        };
        out.push_back(Output::Event(Event::Probe("ikev2.request.given-up")));
        let ending = self.ending(exchange.given_up());
        self.carry_out(vec![ending], cx, out);
    }

    fn check_liveness(&mut self, heard: &dyn Fn(Spi) -> Option<Instant>, cx: &Context<'_>) {
        let Some(interval) = self.sa.connection.liveness else {
            return;
        };
        let by_children = self.sa.children.iter().filter_map(|child| heard(child.inbound)).max();
        self.sa.last_heard = self.sa.last_heard.max(by_children.unwrap_or(Instant::ZERO));
        let silent = cx.now.since(self.sa.last_heard) >= interval;
        if silent && self.sa.is_established() && self.pending() == 0 {
            self.queue.push_back(Box::new(LivenessExchange));
        }
    }

    /// How the SA ends, by how far it had come.
    fn ending(&self, failure: Failure) -> Effect {
        match self.sa.state {
            State::Established(_) => Effect::Close(Cause::Failed(failure)),
            State::Deleting => Effect::Close(Cause::Deleted),
            State::Init | State::HalfOpen(_) | State::Closed => Effect::Fail(failure),
        }
    }

    fn set_timers(&mut self, now: Instant) {
        if self.sa.is_closed() {
            if self.timers.forget.is_none() {
                self.requests.repeat_id();
                self.open = None;
                self.timers = Timers { forget: Some(now + self.patience), ..Timers::default() };
            }
            return;
        }
        if matches!(self.sa.state, State::Established(_) | State::Deleting) {
            self.timers.half_open = None;
        }
        self.timers.liveness = match self.sa.connection.liveness {
            Some(interval) if self.sa.is_established() => {
                Some((self.sa.last_heard + interval).max(now + interval / 4))
            }
            _ => None,
        };
    }

    fn announce(
        &self,
        envelope: &Envelope,
        payloads: &[Payload],
        transmission: u32,
        out: &mut VecDeque<Output>,
    ) {
        out.push_back(Output::Event(Event::Sent(MessageRecord {
            peer: self.sa.remote,
            exchange: envelope.exchange,
            response: envelope.response,
            message_id: envelope.message_id,
            payloads: listed(payloads),
            transmission,
        })));
    }

    fn send(&self, octets: Vec<u8>, out: &mut VecDeque<Output>) {
        out.push_back(Output::Datagram { source: self.sa.local, destination: self.sa.remote, octets });
    }
}

/// The record of a message that was understood.
pub(crate) fn received(peer: SocketAddr, message: &Opened<'_>) -> Output {
    Output::Event(Event::Received(MessageRecord {
        peer,
        exchange: message.header.exchange,
        response: message.header.flags.response,
        message_id: message.header.message_id,
        payloads: listed(&message.payloads),
        transmission: 1,
    }))
}

/// What a broken grammar means for a message whose integrity is proven, or that came in the clear.
fn refusal(broken: Broken) -> Refusal {
    match broken {
        Broken::Critical(kind) => {
            Refusal::Answer(Notify::new(NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, vec![kind.0]))
        }
        Broken::TooMany(kind) => {
            let notify = Notify::new(NotifyType::INVALID_SYNTAX, Vec::new());
            Refusal::Close(notify, Failure::Syntax(format!("too many {kind} payloads")))
        }
    }
}
