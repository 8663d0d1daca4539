//! One IKE SA at work: its record, its windows, the exchange that is open and those that wait.
//!
//! ```text
//! datagram → window (new or repeat?) → decrypt → whole? → grammar → table, or the open exchange → effects → apply
//!          → queue → message → encrypt → window (kept for retransmission) → datagram
//! ```

mod clock;
mod failover;
mod mobility;
mod receive;
mod transmit;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipsec_net::Instant;
use ipsec_wire::registry::ExchangeType;
use ipsec_wire::v2::Payload;
use ipsec_wire::{Header, IkeSpi};

use crate::apply::{Lost, Reach, apply};
use crate::config::{Childless, Connection};
use crate::context::Context;
use crate::effect::{Effect, Keyed, Successor};
use crate::event::{Cause, Event};
use crate::exchange::Exchange;
use crate::exchange::child::Wish;
use crate::exchange::delete::DeleteIke;
use crate::exchange::ticket::TicketRequest;
use crate::gateway::Gateway;
use crate::message::Envelope;
use crate::output::Output;
use crate::path::Path;
use crate::protect::Cut;
use crate::refusal::{DropReason, Failure};
use crate::sa::{AuthenticationTerm, ChildSa, Ends, IkeSa, Role, State};
use crate::ticket::Ticket;
use crate::timers::Timers;
use crate::window::{Fragments, Requests, Responses};

use receive::is_clear;
pub(crate) use transmit::received;

/// An IKE SA and all that moves it.
pub(crate) struct Session {
    pub(crate) sa: IkeSa,
    pub(crate) requests: Requests,
    pub(crate) responses: Responses,
    fragments: Fragments,
    /// The exchanges whose requests are open, by message ID.
    open: BTreeMap<u32, Open>,
    /// Which of the sizes that messages are cut to is in use.
    cut: usize,
    queue: VecDeque<Box<dyn Exchange>>,
    /// Exchanges that the peer has put off, and when to begin them.
    later: Vec<(Instant, Box<dyn Exchange>)>,
    timers: Timers,
    /// When a message was last sent.
    last_sent: Instant,
    /// Whether its lifetime has begun.
    aging: bool,
    /// When we last told the peer of a message ID or an SPI that we do not know.
    complained: Option<Instant>,
    /// When we last asked whether the peer is alive because somebody said that it may not be.
    hinted: Option<Instant>,
    /// Whether the peer has been told what we make known of ourselves.
    pub(crate) announced: bool,
    /// How long it stays half open at the responder, and how long it answers repeats once it is closed.
    patience: Duration,
    /// Why the attempt to set it up failed, until the endpoint has asked.
    pub(crate) failed: Option<Failure>,
    /// New IKE SAs that were made to replace this one, until the endpoint has made sessions of them.
    pub(crate) born: Vec<Successor>,
    /// Children that belong to the IKE SA which replaces this one, until the endpoint has brought them there.
    estate: Vec<ChildSa>,
    /// What we began it for.
    pub(crate) purpose: Purpose,
    /// What it has lost, until the endpoint has drawn the consequences.
    pub(crate) lost: Vec<Lost>,
    /// The gateway does not take our ticket, until the endpoint has begun anew.
    pub(crate) anew: bool,
    /// Where the peer has sent us, until the endpoint has gone there.
    pub(crate) redirected: Option<Gateway>,
    /// The term of authentication that has been acted upon.
    repeated: Option<AuthenticationTerm>,
    /// The peer wants to be authenticated anew, or makes no more SAs within this one, until the endpoint has begun another
    /// (RFC 4478, RFC 7296 §4).
    pub(crate) renewal_due: bool,
    /// Another IKE SA with the same children follows as soon as it has ended (RFC 7296 §2.8.3).
    pub(crate) reborn: bool,
    /// It runs elsewhere, until the endpoint has told the IKE SAs that it replaces (RFC 4555 §3.5).
    pub(crate) moved: bool,
}

/// What an IKE SA was begun for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Purpose {
    /// The children that are wanted as soon as it is established.
    pub(crate) children: Vec<Wish>,
    /// Whether the first of them is asked for in `IKE_AUTH`.
    pub(crate) in_auth: bool,
    /// How many other ways to the peer have been tried in this attempt (RFC 4555 §3.1).
    pub(crate) ways_tried: u16,
    /// How many attempts may follow this one.
    pub(crate) attempts_left: u32,
    /// Our SPI of the IKE SA that is to end once this one and its children are there: the peer is authenticated anew.
    pub(crate) renews: Option<IkeSpi>,
    /// What led to its gateway.
    pub(crate) redirections: Redirections,
    /// What it is resumed with; used when it is established (RFC 5723 §4.3.1).
    pub(crate) ticket: Option<Box<Ticket>>,
}

/// The redirects behind an IKE SA (RFC 5685).
#[derive(Clone, Debug, Default)]
pub(crate) struct Redirections {
    /// The gateway that sent us here.
    pub(crate) from: Option<IpAddr>,
    /// When we were sent on, the latest last.
    pub(crate) at: Vec<Instant>,
}

impl Purpose {
    /// These children, in as many attempts as the connection has.
    pub(crate) fn new(connection: &Connection, children: Vec<Wish>) -> Self {
        let in_auth = connection.childless != Childless::Require && !children.is_empty();
        let attempts_left = connection.attempts.saturating_sub(1);
        Self { children, in_auth, attempts_left, ..Self::default() }
    }
}

/// An exchange of ours whose request is open.
struct Open {
    exchange: Box<dyn Exchange>,
    /// What the request says, should it have to be cut anew.
    payloads: Vec<Payload>,
}

/// What an IKE SA leaves to the one that replaces it.
pub(crate) struct Estate {
    pub(crate) children: Vec<ChildSa>,
    queue: VecDeque<Box<dyn Exchange>>,
    later: Vec<(Instant, Box<dyn Exchange>)>,
    reborn: bool,
}

impl Session {
    pub(crate) fn new(
        role: Role,
        connection: Arc<Connection>,
        ends: Ends,
        patience: Duration,
        now: Instant,
    ) -> Self {
        let sa = IkeSa::new(role, connection, ends, now);
        let half_open = (role == Role::Responder).then(|| now + patience);
        Self {
            sa,
            requests: Requests::default(),
            responses: Responses::default(),
            fragments: Fragments::default(),
            open: BTreeMap::new(),
            cut: 0,
            queue: VecDeque::new(),
            later: Vec::new(),
            timers: Timers { half_open, ..Timers::default() },
            last_sent: now,
            aging: false,
            complained: None,
            hinted: None,
            announced: false,
            patience,
            failed: None,
            born: Vec::new(),
            estate: Vec::new(),
            purpose: Purpose::default(),
            lost: Vec::new(),
            redirected: None,
            anew: false,
            repeated: None,
            renewal_due: false,
            reborn: false,
            moved: false,
        }
    }

    /// The session of an IKE SA that is to replace that of `old`; it waits until it inherits.
    pub(crate) fn succeed(old: &Self, successor: Successor, cx: &mut Context<'_>) -> Self {
        let Successor { role, spi_i, spi_r, crypto, proven, .. } = successor;
        let ends = Ends { path: old.sa.path, spi_i, spi_r };
        let mut session = Self::new(role, Arc::clone(&old.sa.connection), ends, old.patience, cx.now);
        session.sa.state = State::Established(proven);
        session.sa.crypto = Some(crypto);
        session.sa.features = old.sa.features.clone();
        session.sa.begun_here = old.sa.begun_here;
        session.sa.mobility = old.sa.mobility.as_ref().map(|mobility| Box::new(mobility.inherited()));
        session.sa.authentication = old.sa.authentication;
        session.sa.inside.clone_from(&old.sa.inside);
        session.sa.waits = true;
        session.cut = old.cut;
        session.set_timers(cx);
        session
    }

    /// Hands over what belongs to the IKE SA that replaces this one: the children, and the exchanges that wait.
    pub(crate) fn bequeath(&mut self) -> Estate {
        let (own, queue) = std::mem::take(&mut self.queue).into_iter().partition(|e| e.retires());
        self.queue = own;
        let (children, later) = (std::mem::take(&mut self.estate), std::mem::take(&mut self.later));
        Estate { children, queue, later, reborn: std::mem::take(&mut self.reborn) }
    }

    /// Takes the place of the IKE SA that left this.
    pub(crate) fn inherit(&mut self, estate: Estate, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        self.carry_out(vec![Effect::Inherit(estate.children)], cx, out);
        self.queue.extend(estate.queue);
        self.later.extend(estate.later);
        self.reborn |= estate.reborn;
        self.resume_moves();
        if self.sa.begun_here && self.sa.connection.resumes {
            self.queue.push_back(Box::new(TicketRequest));
        }
        self.pump(cx, out);
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

    /// Deletes the IKE SA; one that is not established yet is dropped without a word. One that is replaced, or may yet replace
    /// another, ends by itself.
    pub(crate) fn terminate(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        match self.sa.state {
            State::Established(_) if !self.sa.is_current() => {}
            State::Established(_) => self.begin(Box::new(DeleteIke { cause: Cause::Deleted }), cx, out),
            State::Init | State::HalfOpen(_) => {
                self.carry_out(vec![Effect::Fail(Failure::Abandoned)], cx, out);
            }
            State::Deleting | State::Closed => {}
        }
    }

    /// Takes a message for this SA.
    pub(crate) fn handle(
        &mut self,
        came: Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        // Nothing else than where it comes from speaks for a response in the clear.
        let awaited =
            header.exchange == ExchangeType::IKE_SA_INIT && self.open.contains_key(&header.message_id);
        let in_the_clear = header.flags.response && (awaited || is_clear(&header));
        let result = if in_the_clear && !came.joins_same(&self.sa.path) {
            Err(DropReason::Address)
        } else if header.flags.initiator == (self.sa.role == Role::Initiator) {
            Err(DropReason::Flags)
        } else if header.flags.response && is_clear(&header) {
            self.handle_clear(octets, cx, out)
        } else if header.flags.response {
            self.handle_response(came, header, octets, cx, out)
        } else {
            self.handle_request(came, header, octets, cx, out)
        };
        if let Err(reason) = result {
            out.push_back(Output::Event(Event::Dropped { from: came.remote, reason }));
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
        let path = self.sa.path;
        self.announce(&envelope, payloads, (1, 1), path.remote, out);
        self.send(std::slice::from_ref(&response), &path, cx.now, out);
        self.responses.answered(header.message_id, octets, vec![response]);
        self.carry_out(vec![Effect::Keyed(keyed)], cx, out);
    }

    /// Whether the SA is over and nobody is to be answered any more.
    pub(crate) fn is_forgotten(&self, now: Instant) -> bool {
        self.sa.is_closed() && self.timers.forget.is_some_and(|at| at <= now)
    }

    /// How many exchanges of ours are open or wait.
    pub(crate) fn pending(&self) -> usize {
        self.open.len() + self.queue.len() + self.later.len()
    }

    /// The children that exchanges of ours are to make, and those that wait for the IKE SA.
    pub(crate) fn wishes(&self) -> impl Iterator<Item = &Wish> {
        let later = self.later.iter().map(|(_, exchange)| exchange);
        let exchanges = self.open.values().map(|open| &open.exchange).chain(&self.queue).chain(later);
        exchanges.filter_map(|exchange| exchange.wish()).chain(&self.purpose.children)
    }

    /// Carries out effects that no exchange of this session asked for.
    pub(crate) fn carry_out(
        &mut self,
        effects: Vec<Effect>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let mut reach = Reach {
            provider: cx.provider,
            queue: &mut self.queue,
            out,
            pools: cx.pools,
            failed: &mut self.failed,
            born: &mut self.born,
            estate: &mut self.estate,
            lost: &mut self.lost,
            redirected: &mut self.redirected,
            anew: &mut self.anew,
            renewal_due: &mut self.renewal_due,
            requests: &mut self.requests,
            responses: &mut self.responses,
        };
        apply(&mut self.sa, effects, &mut reach);
        self.set_timers(cx);
    }

    /// Goes where an authentic message that had not come before has come from, if NAT may have moved the peer there
    /// (RFC 7296 §2.23).
    pub(crate) fn follow(&mut self, came: &Path, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let nat = self.sa.path.nat;
        // With MOBIKE the original initiator says where the SAs run (RFC 4555 §3.8).
        let fixed = self.sa.mobility.is_none();
        let may_move = fixed && nat.there && !nat.here && self.sa.is_established();
        if may_move && !came.joins_same(&self.sa.path) {
            self.carry_out(vec![Effect::Move(Path { nat, ..*came })], cx, out);
        }
    }

    /// Sends the requests that wait, as the window has room.
    fn pump(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        self.end_with_message_ids(cx, out);
        while self.requests.is_free() && !self.sa.is_closed() {
            let Some(mut exchange) = self.queue.pop_front() else {
                break;
            };
            let elsewhere = (self.sa.heir.is_some() || self.sa.waits) && !exchange.retires();
            let company = exchange.company();
            if elsewhere || !self.open.values().all(|open| open.exchange.company().admits(company)) {
                self.queue.push_front(exchange);
                break;
            }
            let Some((payloads, effects)) = exchange.request(&self.sa, cx) else {
                self.carry_out(exchange.unsent(), cx, out);
                continue;
            };
            let fixed = exchange.fixed_message_id();
            let message_id = fixed.unwrap_or(self.requests.next_id());
            let envelope = Envelope::on(&self.sa, exchange.kind(), false, message_id);
            let cut = self.size().map(|size| Cut { size, least: 1 });
            let datagrams = match &mut self.sa.crypto {
                Some(crypto) => envelope.sealed(&payloads, cut, &mut crypto.protection, cx),
                None => vec![envelope.clear(&payloads)],
            };
            let path = self.sa.path;
            self.announce(&envelope, &payloads, (1, datagrams.len()), path.remote, out);
            self.send(&datagrams, &path, cx.now, out);
            let how = &self.sa.connection.retransmission;
            match fixed {
                Some(message_id) => self.requests.sent_as(message_id, cx.now, datagrams, how),
                None => self.requests.sent(cx.now, datagrams, how),
            }
            self.open.insert(envelope.message_id, Open { exchange, payloads });
            self.carry_out(effects, cx, out);
        }
        self.set_timers(cx);
    }

    /// Ends an IKE SA of which either end has used all message IDs but one (RFC 7296 §2.2).
    fn end_with_message_ids(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let ends = self.queue.iter().any(|exchange| exchange.retires());
        let [ours, theirs] = [self.requests.next_id(), self.responses.next_id()].map(|next| u32::MAX - next);
        if !self.sa.is_established() || ends || ours > 1 && theirs > 1 {
            return;
        }
        match ours {
            0 => self.carry_out(vec![Effect::Close(Cause::Expired)], cx, out),
            _ => self.queue.push_front(Box::new(DeleteIke { cause: Cause::Expired })),
        }
    }

    /// How the SA ends, by how far it had come.
    fn ending(&self, failure: Failure) -> Effect {
        match self.sa.state {
            State::Established(_) | State::Deleting if self.sa.heir.is_some() => {
                Effect::Close(Cause::Rekeyed)
            }
            State::Established(_) => Effect::Close(Cause::Failed(failure)),
            State::Deleting => Effect::Close(Cause::Deleted),
            State::Init | State::HalfOpen(_) | State::Closed => Effect::Fail(failure),
        }
    }
}
