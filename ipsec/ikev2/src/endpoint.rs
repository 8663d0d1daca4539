//! All the IKE SAs of one host: finds the session that a message is for, answers what is for none, and begins new ones.

/// Lends the parts of an endpoint to a step of one of its sessions.
macro_rules! context {
    ($endpoint:expr, $now:expr) => {
        Context {
            now: $now,
            provider: $endpoint.provider,
            entropy: &mut *$endpoint.entropy,
            connections: &$endpoint.connections,
            peers: &$endpoint.peers,
            epoch: $endpoint.config.epoch,
            pools: &mut $endpoint.pools,
            spis: &$endpoint.spis,
            ike_spis: &$endpoint.ike_spis,
            held: &$endpoint.held,
            addresses: &$endpoint.config.addresses,
            tickets: $endpoint.tickets.as_ref(),
        }
    };
}

mod acquire;
mod commands;
mod contact;
mod failover;
mod loss;
mod mobility;
mod redirection;
mod resumption;
mod sessions;
mod stateless;
mod strangers;
mod succession;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use ipsec_auth::{PeerDatabase, PeerEntry, Pools};
use ipsec_crypto::{Entropy, Provider};
use ipsec_net::Instant;
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Message, Notify, Payload};
use ipsec_wire::{Header, IkeSpi, Spi};

use crate::config::{Config, Connection, Uniqueness};
use crate::connections::Connections;
use crate::context::Context;
use crate::defence::{Cookies, Limiter, Tokens};
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::create_child::CreateChild;
use crate::exchange::init::{self, InitAnswer, InitExchange};
use crate::exchange::resume::{self, ResumeExchange};
use crate::grammar::{self, Broken};
use crate::held::Held;
use crate::message::Opened;
use crate::nat::Course;
use crate::output::Output;
use crate::path::Path;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Ends, Role};
use crate::session::{Purpose, Session, received};
use crate::status::{self, IkeSaStatus};
use crate::ticket::{Ticket, Tickets};
use crate::timers::TimerReason;
use sessions::Sessions;
use stateless::HalfOpen;
use strangers::Departed;

/// The IKEv2 control plane of one host.
///
/// Give it something with one of [`Endpoint::handle`], [`Endpoint::timeout`] or a command, then drain
/// [`Endpoint::poll`].
pub struct Endpoint {
    config: Config,
    connections: Connections,
    peers: PeerDatabase,
    provider: &'static Provider,
    entropy: Box<dyn Entropy>,
    sessions: Sessions,
    /// The sessions that answered an `IKE_SA_INIT` request, by where it came from and its SPI.
    answered: BTreeMap<(SocketAddr, IkeSpi), IkeSpi>,
    /// The SPIs under which children receive.
    spis: BTreeSet<Spi>,
    /// Our SPIs of the sessions.
    ike_spis: BTreeSet<IkeSpi>,
    held: Held,
    tickets: Option<Tickets>,
    /// What was lost and can be resumed, by the connection's name.
    wallet: BTreeMap<String, Box<Ticket>>,
    cookies: Cookies,
    pools: Pools,
    /// The children that could not be set up, and until when packets ask for them in vain.
    resting: BTreeMap<String, Option<Instant>>,
    /// How much we have said of late to those who are not authenticated.
    limiter: Limiter,
    tokens: Tokens,
    departed: Departed,
    /// When a session worked last.
    latest: Instant,
    out: VecDeque<Output>,
}

impl Endpoint {
    /// An endpoint without sessions.
    #[must_use]
    pub fn new(mut config: Config, provider: &'static Provider, entropy: Box<dyn Entropy>) -> Self {
        let connections = Connections::new(std::mem::take(&mut config.connections));
        mobility::known(&mut config.addresses, &connections);
        let entry = |connection: &Arc<Connection>| PeerEntry {
            connection: connection.name.clone(),
            peers: connection.remote_id.clone(),
            authenticate: connection.authenticate.clone(),
            selectors: None,
        };
        let tokens = Tokens::new(config.token_secret.take());
        let peers = PeerDatabase::new(connections.iter().map(entry).collect());
        let tickets = config.tickets.take().map(Tickets::new);
        let pools = Pools::new(std::mem::take(&mut config.pools));
        Self {
            config,
            connections,
            peers,
            provider,
            entropy,
            sessions: Sessions::default(),
            answered: BTreeMap::new(),
            spis: BTreeSet::new(),
            ike_spis: BTreeSet::new(),
            held: Held::default(),
            tickets,
            wallet: BTreeMap::new(),
            cookies: Cookies::default(),
            pools,
            resting: BTreeMap::new(),
            limiter: Limiter::default(),
            tokens,
            departed: Departed::default(),
            latest: Instant::ZERO,
            out: VecDeque::new(),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        let output = self.out.pop_front()?;
        match &output {
            Output::Install(pair) => {
                self.spis.insert(pair.inbound.spi);
            }
            Output::Remove { inbound } => {
                self.spis.remove(inbound);
                self.departed.note(self.latest, *inbound);
                self.sessions.forget_child(*inbound);
            }
            Output::Event(event) => self.note(event),
            Output::Datagram { .. }
            | Output::Readdress { .. }
            | Output::StopSending { .. }
            | Output::Skip { .. }
            | Output::Keepalive { .. } => {}
        }
        Some(output)
    }

    /// Notes what others ask about.
    fn note(&mut self, event: &Event) {
        match event {
            Event::IkeUp { connection, spi_i, spi_r, peer, .. } => {
                let keeps = |connection: &Arc<Connection>| connection.unique == Uniqueness::Keep;
                if self.connections.named(connection).is_some_and(keeps) {
                    self.held.up((*spi_i, *spi_r), connection, peer);
                }
            }
            Event::IkeDown { spi_i, spi_r, .. } => self.held.down((*spi_i, *spi_r)),
            other => self.rest(other),
        }
    }

    /// When [`Endpoint::timeout`] has something to do next, and why.
    #[must_use]
    pub fn next_timeout(&self) -> Option<(Instant, TimerReason)> {
        self.sessions.next_timeout()
    }

    /// Does what the clock asks for. `heard` tells when the data plane last received under an SPI.
    pub fn timeout(&mut self, now: Instant, heard: &dyn Fn(Spi) -> Option<Instant>) {
        for spi in self.sessions.due(now) {
            self.with(now, spi, |session, cx, out| session.timeout(heard, cx, out));
            if self.sessions.get(&spi).is_some_and(|session| session.is_forgotten(now)) {
                self.forget(spi);
            }
        }
    }

    /// Takes an IKE message.
    pub fn handle(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        if let Err(reason) = self.route(now, from, to, octets) {
            self.out.push_back(Output::Event(Event::Dropped { from, reason }));
        }
    }

    /// The data plane has opened a packet under this SPI, newer than all before, that ran between these addresses and not
    /// between those of its SA: NAT may have moved the peer (RFC 7296 §2.23).
    pub fn moved(&mut self, now: Instant, inbound: Spi, local: SocketAddr, remote: SocketAddr) {
        if let Some(spi) = self.sessions.with_child(inbound) {
            let came = Path::new(local, remote);
            self.with(now, spi, |session, cx, out| session.follow(&came, cx, out));
        }
    }

    /// The IKE SAs, as plain data.
    #[must_use]
    pub fn status(&self) -> Vec<IkeSaStatus> {
        self.sessions.values().map(status::of).collect()
    }

    fn route(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        octets: &[u8],
    ) -> Result<(), DropReason> {
        let malformed = |what: String| DropReason::Malformed(what);
        let header = Header::parse(octets).map_err(|error| malformed(error.to_string()))?;
        if usize::try_from(header.length) != Ok(octets.len()) {
            return Err(malformed("the header's length is not the datagram's".to_owned()));
        }
        if header.version.major != 2 {
            if header.version.major > 2 && !header.flags.response && self.limiter.allows(now) {
                self.refuse_version(from, to, &header);
            }
            return Err(DropReason::Version(header.version.major));
        }
        let begins = matches!(header.exchange, ExchangeType::IKE_SA_INIT | ExchangeType::IKE_SESSION_RESUME);
        let first = begins && !header.flags.response;
        if first && header.message_id == 0 && header.spi_r == IkeSpi(0) && header.flags.initiator {
            if header.spi_i == IkeSpi(0) {
                // RFC 7296 §3.1
                return Err(malformed("the initiator's SPI is 0".to_owned()));
            }
            return self.handle_init(now, from, to, header, octets);
        }
        let spi = if header.flags.initiator { header.spi_r } else { header.spi_i };
        let Some(session) = self.sessions.get(&spi) else {
            return self.unknown_sa(now, from, to, &header);
        };
        let (other, expected) = match session.sa.role {
            Role::Initiator => (header.spi_r, session.sa.spi_r),
            Role::Responder => (header.spi_i, session.sa.spi_i),
        };
        if expected != IkeSpi(0) && other != expected {
            return Err(DropReason::UnknownSpi);
        }
        let came = Path::new(to, from);
        self.with(now, spi, |session, cx, out| session.handle(came, header, octets, cx, out));
        Ok(())
    }

    /// The first message of an initiator.
    fn handle_init(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        header: Header,
        octets: &[u8],
    ) -> Result<(), DropReason> {
        if let Some(spi) = self.answered.get(&(from, header.spi_i)).copied() {
            let came = Path::new(to, from);
            self.with(now, spi, |session, cx, out| session.handle(came, header, octets, cx, out));
            return Ok(());
        }
        let candidates: Vec<Arc<Connection>> =
            self.connections.between(to.ip(), from.ip()).cloned().collect();
        let first = candidates.first().cloned().ok_or(DropReason::NoConnection)?;
        let message = Message::parse(octets).map_err(|error| DropReason::Malformed(error.to_string()))?;
        let (pieces, content) = ((1, octets.len()), Vec::new());
        let came = Path::new(to, from);
        let opened =
            Opened { header, payloads: message.payloads, octets, pieces, came, request: &[], content };
        self.out.push_back(received(from, &opened, None));
        match grammar::check(header.exchange, &opened.payloads) {
            Ok(()) => {}
            Err(Broken::Critical(kind)) => {
                let notify = Notify::new(NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, vec![kind.0]);
                self.answer_statelessly(from, to, &header, &[Payload::Notify(notify)]);
                return Ok(());
            }
            Err(Broken::TooMany(kind)) => {
                return Err(DropReason::Malformed(format!("IKE_SA_INIT with too many {kind} payloads")));
            }
        }
        let half_open =
            HalfOpen { all: self.sessions.half_open(), here: self.sessions.half_open_with(from.ip()) };
        let puzzle = self.puzzle(half_open, &candidates, &opened);
        if self.demands_cookie(half_open, puzzle) && !self.brings_cookie(now, from, &opened, puzzle) {
            return self.demand_cookie(now, from, to, &opened, puzzle);
        }
        if half_open.all >= self.config.half_open_limit
            || half_open.here >= self.config.half_open_limit_per_address
        {
            return Err(DropReason::HalfOpenLimit);
        }
        let spi_r = context!(self, now).ike_spi();
        let borrowed: Vec<&Connection> = candidates.iter().map(AsRef::as_ref).collect();
        let course = Course { source: from, destination: to };
        let respond = match header.exchange {
            ExchangeType::IKE_SESSION_RESUME => resume::respond,
            _ => init::respond,
        };
        let answer = respond(&borrowed, &opened, course, spi_r, &mut context!(self, now));
        match answer {
            Ok(InitAnswer::Stateless(payloads, events)) => {
                self.out.extend(events.into_iter().map(Output::Event));
                self.answer_statelessly(from, to, &header, &payloads);
                Ok(())
            }
            Ok(InitAnswer::New { payloads, keyed }) => {
                let ends = Ends { path: Path::new(to, from), spi_i: header.spi_i, spi_r };
                let mut session =
                    Session::new(Role::Responder, first, ends, self.config.half_open_timeout, now);
                self.answered.insert((from, header.spi_i), spi_r);
                let mut cx = context!(self, now);
                session.answer_init((header, octets), &payloads, keyed, &mut cx, &mut self.out);
                self.insert(spi_r, session);
                self.settle(now, spi_r);
                Ok(())
            }
            Err(Refusal::Ignore(reason)) => Err(reason),
            Err(Refusal::Answer(notify) | Refusal::Close(notify, _)) => {
                self.answer_statelessly(from, to, &header, &[Payload::Notify(notify)]);
                Ok(())
            }
        }
    }

    /// Begins an IKE SA.
    fn attempt(&mut self, now: Instant, connection: &Arc<Connection>, purpose: Purpose) {
        let spi_i = context!(self, now).ike_spi();
        let path = self.first_path(connection, purpose.renews, purpose.ways_tried);
        let ends = Ends { path, spi_i, spi_r: IkeSpi(0) };
        let patience = self.config.half_open_timeout;
        let mut session = Session::new(Role::Initiator, Arc::clone(connection), ends, patience, now);
        session.sa.is_first = connection.unique != Uniqueness::Never && !self.has_another(connection);
        session.sa.redirected_from = purpose.redirections.from;
        session.purpose = purpose;
        if let Some(old) = session.purpose.renews.and_then(|old| self.sessions.get(&old)) {
            session.sa.inside.addresses.clone_from(&old.sa.inside.addresses);
        }
        let in_auth = session.purpose.children.first().filter(|_| session.purpose.in_auth).cloned();
        let ticket = self.ticket(now, connection, &session.purpose);
        session.purpose.ticket.clone_from(&ticket);
        let mut cx = context!(self, now);
        let first: Result<Box<dyn Exchange>, Failure> = match ticket {
            Some(ticket) => Ok(Box::new(ResumeExchange::new(ticket, in_auth, &mut cx))),
            None => InitExchange::new(connection, in_auth, &mut cx).map(|exchange| Box::new(exchange) as _),
        };
        match first {
            _ if path.remote.ip().is_unspecified() => {
                session.carry_out(vec![Effect::Fail(Failure::NoAddress)], &mut cx, &mut self.out);
            }
            Ok(exchange) => session.begin(exchange, &mut cx, &mut self.out),
            Err(failure) => session.carry_out(vec![Effect::Fail(failure)], &mut cx, &mut self.out),
        }
        self.insert(spi_i, session);
        self.settle(now, spi_i);
    }

    fn insert(&mut self, spi: IkeSpi, session: Session) {
        self.ike_spis.insert(spi);
        self.sessions.insert(spi, session);
    }

    fn forget(&mut self, spi: IkeSpi) {
        self.ike_spis.remove(&spi);
        let origin = self.sessions.remove(spi);
        if let Some(origin) = origin.filter(|origin| self.answered.get(origin) == Some(&spi)) {
            self.answered.remove(&origin);
        }
    }

    /// Lets one session work, then draws the consequences.
    fn with<R>(
        &mut self,
        now: Instant,
        spi: IkeSpi,
        work: impl FnOnce(&mut Session, &mut Context<'_>, &mut VecDeque<Output>) -> R,
    ) -> Option<R> {
        self.latest = now;
        let session = self.sessions.get_mut(&spi)?;
        let result = work(session, &mut context!(self, now), &mut self.out);
        self.settle(now, spi);
        Some(result)
    }

    /// After a step: sets up children that waited for the IKE SA, or tells of its failure and tries again.
    fn settle(&mut self, now: Instant, spi: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        if let Some(failure) = session.failed.take() {
            return self.failed(now, spi, failure);
        }
        if std::mem::take(&mut session.anew) {
            self.begin_anew(now, spi);
        }
        self.resumption(now, spi);
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        if let Some(to) = session.redirected.take() {
            self.follow(now, spi, &to);
        }
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        if let Some(how) = session.sa.supersedes.take() {
            self.supersede(now, spi, how);
        }
        self.succession(now, spi);
        self.go_along(now, spi);
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        if session.sa.is_current() && !session.purpose.children.is_empty() {
            let asked_for = usize::from(session.purpose.in_auth);
            for wish in std::mem::take(&mut session.purpose.children).into_iter().skip(asked_for) {
                let config = wish.config(&session.sa);
                if let Some(config) = config {
                    let mut cx = context!(self, now);
                    let exchange = CreateChild::new(config, wish, None, &mut cx);
                    session.begin(Box::new(exchange), &mut cx, &mut self.out);
                }
            }
        }
        if std::mem::take(&mut session.renewal_due) {
            let connection = Arc::clone(&session.sa.connection);
            self.out.push_back(Output::Event(Event::Probe("ikev2.authentication.repeated")));
            self.renew(now, &connection, spi);
        }
        self.announce(now, spi);
        self.renewal(now, spi);
        self.make_good(now, spi);
    }

    /// An attempt to set up an IKE SA has failed: another one may follow.
    fn failed(&mut self, now: Instant, spi: IkeSpi, failure: Failure) {
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        let unanswered = matches!(failure, Failure::Timeout("IKE_SA_INIT" | "IKE_SESSION_RESUME"));
        let elsewhere = unanswered && session.has_another_way(&self.config.addresses);
        let mut purpose = std::mem::take(&mut session.purpose);
        let hopeless = matches!(failure, Failure::Abandoned | Failure::NoAddress);
        let retries = purpose.attempts_left > 0 && !hopeless;
        let tried = Arc::clone(&session.sa.connection);
        let name = tried.name.clone();
        // The next one begins where the connection says, not where a redirect led.
        let connection = self.connections.named(&name).cloned().unwrap_or(tried);
        if let (Some(ticket), Failure::Timeout(_)) = (purpose.ticket.take(), &failure) {
            self.wallet.insert(name.clone(), ticket);
        }
        if elsewhere {
            self.out.push_back(Output::Event(Event::Probe("ikev2.mobike.another-first-way")));
            purpose.ways_tried = purpose.ways_tried.saturating_add(1);
            return self.attempt(now, &connection, purpose);
        }
        purpose.ways_tried = 0;
        self.out.push_back(Output::Event(Event::IkeFailed { connection: name, failure, retries }));
        if retries {
            purpose.attempts_left -= 1;
            purpose.redirections.from = None;
            self.attempt(now, &connection, purpose);
        }
    }
}

/// A command names something that is not configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing called \"{0}\" is configured")]
pub struct UnknownName(pub String);
