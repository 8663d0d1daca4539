//! All the ISAKMP SAs of one host and the IPsec SAs that came of them: finds the session that a message is for, answers first
//! messages, and begins what is ordered.

mod commands;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use ipsec_auth::Pools;
use ipsec_crypto::{Entropy, Provider};
use ipsec_dataplane::Path;
use ipsec_net::Instant;
use ipsec_wire::registry::v1::{ExchangeType, NotifyType};
use ipsec_wire::v1::{Flags, Header, Message, Notify, Payload};
use ipsec_wire::{IKE_PORT, IkeSpi, Spi, Version};

pub use commands::UnknownName;

use crate::children::{ChildSa, Children};
use crate::config::{Config, Connection, Mode};
use crate::context::Context;
use crate::event::{Cause, Event};
use crate::farewell::Ended;
use crate::message::Opened;
use crate::negotiate::Disagreement;
use crate::output::Output;
use crate::parting::Parting;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::refused::Refused;
use crate::sa::{Role, State};
use crate::session::Session;
use crate::session::record;
use crate::status::{self, Status};
use crate::timers::TimerReason;

/// The IKEv1 control plane of one host.
///
/// Give it something with one of [`Endpoint::handle`], [`Endpoint::timeout`] or a command, then drain
/// [`Endpoint::poll`].
pub struct Endpoint {
    connections: Vec<Arc<Connection>>,
    half_open_limit: usize,
    epoch: u64,
    provider: &'static Provider,
    entropy: Box<dyn Entropy>,
    /// By our own cookies.
    sessions: BTreeMap<IkeSpi, Session>,
    /// The sessions that answered a first message, by where it came from and its cookie.
    answered: BTreeMap<(SocketAddr, IkeSpi), IkeSpi>,
    children: Children,
    pools: Pools,
    /// Deletes that are sent again.
    partings: Vec<Parting>,
    /// Deletes that came under ISAKMP SAs that have ended.
    ended: Ended,
    refused: Refused,
    out: VecDeque<Output>,
}

/// Lends the parts of an endpoint to a step of one of its sessions.
macro_rules! context {
    ($endpoint:expr, $now:expr) => {
        Context {
            now: $now,
            provider: $endpoint.provider,
            entropy: &mut *$endpoint.entropy,
            children: &mut $endpoint.children,
            pools: &mut $endpoint.pools,
            epoch: $endpoint.epoch,
        }
    };
}

impl Endpoint {
    /// An endpoint without SAs.
    #[must_use]
    pub fn new(config: Config, provider: &'static Provider, entropy: Box<dyn Entropy>) -> Self {
        Self {
            connections: config.connections.into_iter().map(Arc::new).collect(),
            half_open_limit: config.half_open_limit,
            epoch: config.epoch,
            provider,
            entropy,
            sessions: BTreeMap::new(),
            answered: BTreeMap::new(),
            children: Children::default(),
            pools: Pools::new(config.pools),
            partings: Vec::new(),
            ended: Ended::default(),
            refused: Refused::default(),
            out: VecDeque::new(),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Endpoint::timeout`] has something to do next, and why.
    #[must_use]
    pub fn next_timeout(&self) -> Option<(Instant, TimerReason)> {
        let retirement = self.children.next_retirement().map(|at| (at, TimerReason::Retirement));
        let parting =
            self.partings.iter().map(Parting::due).min().map(|at| (at, TimerReason::Retransmission));
        let own = self.sessions.values().filter_map(|session| session.next_timeout(&self.children));
        own.chain(retirement).chain(parting).min()
    }

    /// Does what the clock asks for. `heard` tells when the data plane last received under an SPI.
    pub fn timeout(&mut self, now: Instant, heard: &dyn Fn(Spi) -> Option<Instant>) {
        let is_due =
            |session: &Session| session.next_timeout(&self.children).is_some_and(|(at, _)| at <= now);
        let due = self.sessions.iter().filter(|(_, session)| is_due(session)).map(|(cookie, _)| *cookie);
        for cookie in due.collect::<Vec<_>>() {
            let replace = self.with(now, cookie, |session, cx, out| session.timeout(heard, cx, out));
            let connection = self.sessions.get(&cookie).map(|session| Arc::clone(&session.sa.connection));
            if let (Some(true), Some(connection)) = (replace, connection) {
                self.replace(now, connection);
            }
        }
        self.partings.retain_mut(|parting| parting.repeat(now, &mut self.out));
        let retired = |child: &ChildSa| child.retire.is_some_and(|at| at <= now);
        self.delete_children(now, retired, &Cause::Replaced);
    }

    /// Takes an IKE message of version 1.
    pub fn handle(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        if let Err(reason) = self.route(now, from, to, octets) {
            self.out.push_back(Output::Event(Event::Dropped { from, reason }));
        }
    }

    /// The SAs, as plain data.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            ike: self.sessions.values().map(status::of).collect(),
            children: self.children.iter().map(status::of_child).collect(),
        }
    }

    fn route(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        octets: &[u8],
    ) -> Result<(), DropReason> {
        let header = Header::parse(octets).map_err(|error| DropReason::Malformed(error.to_string()))?;
        if usize::try_from(header.length) != Ok(octets.len()) {
            return Err(DropReason::Malformed("the header's length is not the datagram's".to_owned()));
        }
        let came = Path::new(to, from);
        if header.version.major != Version::V1.major {
            return Err(DropReason::Version(header.version.major));
        }
        let begins = matches!(header.exchange, ExchangeType::MAIN | ExchangeType::AGGRESSIVE);
        if begins && header.spi_r == IkeSpi(0) && header.spi_i != IkeSpi(0) && header.message_id == 0 {
            if header.flags.encryption {
                return Err(DropReason::Protection);
            }
            return self.first(now, came, header, octets);
        }
        let Some(cookie) = self.cookie_of(&header) else {
            if !self.ended.is_repeat(octets) {
                return Err(DropReason::UnknownCookies);
            }
            self.out.push_back(Output::Event(Event::Probe("ikev1.delete.repeated")));
            return Ok(());
        };
        let handled =
            self.with(now, cookie, |session, cx, out| session.handle(&came, header, octets, cx, out));
        handled.unwrap_or(Err(DropReason::UnknownCookies))
    }

    /// Our cookie of the session that a message is for.
    fn cookie_of(&self, header: &Header) -> Option<IkeSpi> {
        let ours = |cookie: IkeSpi, role: Role| {
            let session = self.sessions.get(&cookie).filter(|session| session.sa.role == role)?;
            let (own, peer) = match role {
                Role::Initiator => (session.sa.cookie_r, header.spi_r),
                Role::Responder => (session.sa.cookie_i, header.spi_i),
            };
            // The responder's cookie comes with its first message.
            (own == peer || own == IkeSpi(0)).then_some(cookie)
        };
        ours(header.spi_r, Role::Responder).or_else(|| ours(header.spi_i, Role::Initiator))
    }

    /// The first message of an initiator.
    fn first(&mut self, now: Instant, came: Path, header: Header, octets: &[u8]) -> Result<(), DropReason> {
        if let Some(cookie) = self.answered.get(&(came.remote, header.spi_i)).copied() {
            let handled =
                self.with(now, cookie, |session, cx, out| session.handle(&came, header, octets, cx, out));
            return handled.unwrap_or(Err(DropReason::State));
        }
        let mode = if header.exchange == ExchangeType::MAIN { Mode::Main } else { Mode::Aggressive };
        let joins = |connection: &&Arc<Connection>| connection.joins(came.local.ip(), came.remote.ip());
        let between: Vec<Arc<Connection>> = self.connections.iter().filter(joins).cloned().collect();
        let first = between.first().cloned().ok_or(DropReason::NoConnection)?;
        // As often as an exchange answers a repeat.
        if self.refused.count(octets) >= first.retransmission.transmissions.saturating_mul(2) {
            return Err(DropReason::Repeated);
        }
        let malformed = |error: ipsec_wire::Malformed| DropReason::Malformed(error.to_string());
        let message = Opened::read(header, came, octets.to_vec()).map_err(malformed)?;
        let half_open = self
            .sessions
            .values()
            .filter(|session| session.sa.role == Role::Responder && session.sa.state == State::Negotiating);
        if half_open.count() >= self.half_open_limit {
            return Err(DropReason::HalfOpenLimit);
        }
        self.out.push_back(Output::Event(Event::Received(record(&message))));
        let fitting = between.into_iter().filter(|connection| connection.mode == mode);
        let spoken = match first.mode {
            Mode::Main => "main mode",
            Mode::Aggressive => "aggressive mode",
        };
        let what = format!("offered {}, configured {spoken}", header.exchange);
        let mut refused =
            (NotifyType::INVALID_EXCHANGE_TYPE, Failure::Proposal(Disagreement::because(what)), first);
        for connection in fitting {
            let own = Arc::clone(&connection);
            let cx = &mut context!(self, now);
            match Session::respond(own, &message, octets, cx, &mut self.out) {
                Ok(session) => {
                    let cookie = session.sa.cookie();
                    self.answered.insert((came.remote, header.spi_i), cookie);
                    self.sessions.insert(cookie, session);
                    self.settle(now, cookie);
                    return Ok(());
                }
                Err(Refusal::Ignore(reason)) => return Err(reason),
                Err(Refusal::Close(kind, failure)) => refused = (kind, failure, connection),
            }
        }
        self.refused.note(octets);
        let (kind, failure, connection) = refused;
        let notify = Notify::new(kind, Vec::new());
        let cookies = (header.spi_i, IkeSpi(0));
        let answer = stateless(&came, cookies, notify, &mut context!(self, now));
        self.out.push_back(answer);
        let connection = connection.name.clone();
        self.out.push_back(Output::Event(Event::IkeFailed { connection, failure, retries: false }));
        Ok(())
    }

    /// Begins phase 1 of a connection.
    fn set_up(&mut self, now: Instant, connection: Arc<Connection>, attempt: u32) -> Option<IkeSpi> {
        let path = self.first_path(&connection);
        if path.remote.ip().is_unspecified() {
            let (connection, failure) = (connection.name.clone(), Failure::NoAddress);
            self.out.push_back(Output::Event(Event::IkeFailed { connection, failure, retries: false }));
            return None;
        }
        let cx = &mut context!(self, now);
        let name = connection.name.clone();
        let session = match Session::initiate(connection, path, attempt, cx, &mut self.out) {
            Ok(session) => session,
            Err(failure) => {
                let failed = Event::IkeFailed { connection: name, failure, retries: false };
                self.out.push_back(Output::Event(failed));
                return None;
            }
        };
        let cookie = session.sa.cookie();
        self.sessions.insert(cookie, session);
        Some(cookie)
    }

    /// Where phase 1 begins: where there is an ISAKMP SA with the peer or IPsec SAs of one, or as configured.
    fn first_path(&self, connection: &Connection) -> Path {
        let established = self.established_of(&connection.name);
        let session = established.last().and_then(|cookie| self.sessions.get(cookie));
        let child = self.children.iter().rfind(|child| child.connection == connection.name);
        let known = session.map(|session| session.sa.path).or(child.map(|child| child.path));
        if let Some(Path { local, remote, .. }) = known {
            return Path::new(local, remote);
        }
        let [local, remote] =
            [connection.local, connection.remote].map(|address| SocketAddr::new(address, IKE_PORT));
        let path = Path::new(local, remote);
        if connection.starts_on_nat_port { path.floated() } else { path }
    }

    /// Begins phase 1 of a connection, to replace its ISAKMP SAs.
    fn replace(&mut self, now: Instant, connection: Arc<Connection>) {
        let replaced = self.established_of(&connection.name);
        if let Some(session) =
            self.set_up(now, connection, 1).and_then(|cookie| self.sessions.get_mut(&cookie))
        {
            session.replaces = replaced;
        }
    }

    /// Lets one session do something, and does what follows from that.
    fn with<T>(
        &mut self,
        now: Instant,
        cookie: IkeSpi,
        step: impl FnOnce(&mut Session, &mut Context<'_>, &mut VecDeque<Output>) -> T,
    ) -> Option<T> {
        let mut session = self.sessions.remove(&cookie)?;
        let done = step(&mut session, &mut context!(self, now), &mut self.out);
        self.sessions.insert(cookie, session);
        self.settle(now, cookie);
        Some(done)
    }

    /// Does what a session leaves to the endpoint.
    fn settle(&mut self, now: Instant, cookie: IkeSpi) {
        if self.sessions.get(&cookie).is_some_and(Session::has_to_transact) {
            self.with(now, cookie, Session::begin_transactions);
        }
        let Some(session) = self.sessions.get_mut(&cookie) else { return };
        let connection = Arc::clone(&session.sa.connection);
        self.partings.extend(session.take_partings().into_iter().map(|parting| parting.at(now)));
        if let Some(failure) = session.take_failure() {
            return self.failed(now, cookie, failure);
        }
        if session.take_death() {
            return self.died(cookie);
        }
        let (established, contact) = (session.take_established(), session.take_initial_contact());
        if established {
            self.established(now, cookie, &connection);
        }
        if contact {
            self.supersede(now, cookie, &connection);
        }
        if self.sessions.get(&cookie).is_some_and(Session::has_retired) {
            self.with(now, cookie, |session, cx, out| session.close(Cause::Replaced, &[], cx, out));
        }
        if self.sessions.get(&cookie).is_some_and(|session| session.sa.state == State::Closed) {
            self.abandon(cookie);
        }
    }

    /// A session that could be used has ended. What it has not brought about it will not bring about.
    fn abandon(&mut self, cookie: IkeSpi) {
        let unfinished = self.forget(cookie).map(|mut session| session.take_unfinished());
        for child in unfinished.into_iter().flatten() {
            self.out.push_back(Output::Event(Event::ChildFailed { child, failure: Failure::Abandoned }));
        }
    }

    /// The peer has no other SAs than those of this session. What came to be while it was set up crossed it on its way, and
    /// is not meant.
    fn supersede(&mut self, now: Instant, cookie: IkeSpi, connection: &Arc<Connection>) {
        let Some(begun) = self.sessions.get(&cookie).map(|session| session.begun) else { return };
        let older = |child: &ChildSa| child.connection == connection.name && child.since < begun;
        self.children.end(older, &Cause::Superseded, &mut self.out);
        for other in self.others(cookie, connection) {
            let is_older = |session: &Session| session.established.is_some_and(|at| at < begun);
            if self.sessions.get(&other).is_some_and(is_older) {
                self.with(now, other, |session, _, out| session.end(Cause::Superseded, out));
            }
        }
    }

    /// A session is established. Those that it replaces are deleted, and what we have begun there begins anew here.
    fn established(&mut self, now: Instant, cookie: IkeSpi, connection: &Arc<Connection>) {
        let others = self.others(cookie, connection);
        let holds = self.children.iter().any(|child| child.connection == connection.name);
        let Some(session) = self.sessions.get_mut(&cookie) else { return };
        let replaced = std::mem::take(&mut session.replaces);
        let is_first = session.sa.role == Role::Initiator && others.is_empty() && !holds;
        let mut inherited = Vec::new();
        for other in others {
            let Some(old) = self.sessions.get_mut(&other) else { continue };
            old.is_replaced();
            if replaced.contains(&other) {
                inherited.extend(old.take_unfinished());
                self.with(now, other, |session, _, _| session.retire());
            }
        }
        self.with(now, cookie, |session, cx, out| {
            if is_first {
                session.tell_initial_contact(cx, out);
            }
            session.begin_waiting(cx, out);
            inherited.iter().for_each(|child| session.want(child, cx, out));
        });
    }

    /// The other established sessions of a connection.
    fn others(&self, cookie: IkeSpi, connection: &Arc<Connection>) -> Vec<IkeSpi> {
        let own =
            |session: &Session| session.sa.is_established() && session.sa.connection.name == connection.name;
        let others = self.sessions.iter().filter(|(other, session)| **other != cookie && own(session));
        others.map(|(other, _)| *other).collect()
    }

    /// Phase 1 has failed: perhaps another attempt follows, for what waits for it.
    fn failed(&mut self, now: Instant, cookie: IkeSpi, failure: Failure) {
        let Some(mut session) = self.forget(cookie) else { return };
        let connection = Arc::clone(&session.sa.connection);
        let retries = session.sa.role == Role::Initiator
            && failure != Failure::Abandoned
            && session.attempt < connection.attempts;
        let name = connection.name.clone();
        self.out.push_back(Output::Event(Event::IkeFailed { connection: name, failure, retries }));
        if retries && let Some(next) = self.set_up(now, connection, session.attempt + 1) {
            let waiting = session.take_unfinished();
            let replaces = session.replaces;
            self.with(now, next, |session, cx, out| {
                waiting.iter().for_each(|child| session.want(child, cx, out));
                session.replaces = replaces;
            });
        }
    }

    /// The peer no longer answers: its SAs are gone, unless there is another ISAKMP SA with it.
    fn died(&mut self, cookie: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&cookie) else { return };
        let connection = Arc::clone(&session.sa.connection);
        let failure = Failure::Timeout("R-U-THERE-ACK did not come".to_owned());
        session.end(Cause::Failed(failure.clone()), &mut self.out);
        self.abandon(cookie);
        if self.others(cookie, &connection).is_empty() {
            let own = |child: &ChildSa| child.connection == connection.name;
            self.children.end(own, &Cause::Failed(failure), &mut self.out);
        }
    }

    /// Ends children, and tells their peers where there is an ISAKMP SA to tell them under.
    fn delete_children(&mut self, now: Instant, which: impl Fn(&ChildSa) -> bool, cause: &Cause) {
        let ended = self.children.end(which, cause, &mut self.out);
        for connection in self.connections.clone() {
            let own = ended.iter().filter(|child| child.connection == connection.name).cloned();
            let own: Vec<ChildSa> = own.collect();
            let newest = self.established_of(&connection.name).last().copied();
            if let (false, Some(cookie)) = (own.is_empty(), newest) {
                self.with(now, cookie, |session, cx, out| session.tell_deleted(&own, cx, out));
            }
        }
    }

    /// The established sessions of a connection, the newest last.
    fn established_of(&self, connection: &str) -> Vec<IkeSpi> {
        let own = |session: &Session| session.sa.is_established() && session.sa.connection.name == connection;
        let mut all: Vec<(Option<Instant>, IkeSpi)> = self
            .sessions
            .iter()
            .filter(|(_, session)| own(session))
            .map(|(cookie, session)| (session.established, *cookie))
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(_, cookie)| cookie).collect()
    }

    fn forget(&mut self, cookie: IkeSpi) -> Option<Session> {
        self.answered.retain(|_, own| *own != cookie);
        let session = self.sessions.remove(&cookie)?;
        self.ended.note(session.farewells.clone());
        if session.sa.lends {
            self.pools.give_back(&session.sa.inside.addresses);
        }
        Some(session)
    }
}

/// A notify to somebody with whom there is no established ISAKMP SA, in the clear (RFC 2409 §5.7).
pub(crate) fn stateless(
    path: &Path,
    (spi_i, spi_r): (IkeSpi, IkeSpi),
    notify: Notify,
    cx: &mut Context<'_>,
) -> Output {
    let header = Header {
        spi_i,
        spi_r,
        next_payload: ipsec_wire::registry::v1::PayloadType::NOTIFY,
        version: Version::V1,
        exchange: ExchangeType::INFORMATIONAL,
        flags: Flags::default(),
        message_id: cx.message_id(),
        length: 0,
    };
    let octets = Message { header, payloads: vec![Payload::Notify(notify)] }.emit();
    let Path { local: source, remote: destination, .. } = *path;
    Output::Datagram { source, destination, octets }
}
