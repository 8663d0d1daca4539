//! The sessions of an endpoint by our SPI, and what finds one without a walk over all: when it wants to be woken, its connection,
//! its peer, its children.
//!
//! The indexes are brought up to date from the sessions themselves, after a session was lent to be changed and before an index
//! is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipsec_auth::Identity;
use ipsec_net::Instant;
use ipsec_wire::{IkeSpi, Spi};

use crate::config::Connection;
use crate::sa::{Role, State};
use crate::session::Session;
use crate::timers::TimerReason;

#[derive(Default)]
pub(super) struct Sessions {
    /// In boxes, since a map keeps room for as many again.
    all: BTreeMap<IkeSpi, Box<Filed>>,
    /// Those that were lent since the indexes were last brought up to date; never many.
    lent: Vec<IkeSpi>,
    indexes: Indexes,
}

/// A session, and under what the indexes have it.
struct Filed {
    session: Session,
    /// The peer's address and SPI when it came.
    origin: (SocketAddr, IkeSpi),
    due: Option<(Instant, TimerReason)>,
    connection: Option<Arc<Connection>>,
    peer: Option<Identity>,
    half_open: bool,
    /// The peer's address.
    address: Option<IpAddr>,
}

#[derive(Default)]
struct Indexes {
    due: BTreeSet<(Instant, TimerReason, IkeSpi)>,
    by_connection: BTreeSet<(String, IkeSpi)>,
    by_peer: BTreeSet<(Identity, IkeSpi)>,
    by_child: BTreeMap<Spi, IkeSpi>,
    half_open: usize,
    /// The same with each address.
    half_open_with: BTreeMap<IpAddr, usize>,
    by_address: BTreeSet<(IpAddr, IkeSpi)>,
}

/// So many sessions are lent at most before the indexes are brought up to date.
const MOST_LENT: usize = 8;

impl Sessions {
    pub(super) fn insert(&mut self, spi: IkeSpi, session: Session) {
        let origin = (session.sa.path.remote, session.sa.spi_i);
        let mut filed = Filed {
            session,
            origin,
            due: None,
            connection: None,
            peer: None,
            half_open: false,
            address: None,
        };
        self.indexes.file(spi, &mut filed);
        self.all.insert(spi, Box::new(filed));
    }

    pub(super) fn get(&self, spi: &IkeSpi) -> Option<&Session> {
        self.all.get(spi).map(|filed| &filed.session)
    }

    /// Lends a session to be changed.
    pub(super) fn get_mut(&mut self, spi: &IkeSpi) -> Option<&mut Session> {
        if !self.lent.contains(spi) {
            if self.lent.len() >= MOST_LENT {
                self.file_lent();
            }
            self.lent.push(*spi);
        }
        self.all.get_mut(spi).map(|filed| &mut filed.session)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Session> {
        self.all.values().map(|filed| &filed.session)
    }

    /// Their SPIs, in order.
    pub(super) fn spis(&self) -> impl Iterator<Item = IkeSpi> {
        self.all.keys().copied()
    }

    /// Forgets a session. Gives back the peer's address and SPI when it came.
    pub(super) fn remove(&mut self, spi: IkeSpi) -> Option<(SocketAddr, IkeSpi)> {
        self.lent.retain(|lent| *lent != spi);
        let mut filed = self.all.remove(&spi)?;
        self.indexes.unfile(spi, &mut filed);
        Some(filed.origin)
    }

    /// When the first of them wants to be woken, and why.
    pub(super) fn next_timeout(&self) -> Option<(Instant, TimerReason)> {
        let lent = self.lent.iter().filter_map(|spi| self.get(spi)?.next_timeout());
        let filed = self.indexes.due.iter().find(|(_, _, spi)| !self.lent.contains(spi));
        lent.chain(filed.map(|(at, reason, _)| (*at, *reason))).min()
    }

    /// Those that want to be woken by `now`, by SPI.
    pub(super) fn due(&mut self, now: Instant) -> Vec<IkeSpi> {
        self.file_lent();
        let due = self.indexes.due.iter().take_while(|(at, _, _)| *at <= now);
        let mut spis: Vec<IkeSpi> = due.map(|(_, _, spi)| *spi).collect();
        spis.sort_unstable();
        spis
    }

    /// Those of a connection, by SPI.
    pub(super) fn of_connection(&mut self, name: &str) -> Vec<IkeSpi> {
        self.file_lent();
        under(&self.indexes.by_connection, name.to_owned())
    }

    /// Those whose peer has proven to be this one, by SPI.
    pub(super) fn of_peer(&mut self, identity: &Identity) -> Vec<IkeSpi> {
        self.file_lent();
        under(&self.indexes.by_peer, identity.clone())
    }

    /// The one that has the child which receives under this SPI.
    pub(super) fn with_child(&mut self, inbound: Spi) -> Option<IkeSpi> {
        self.file_lent();
        let spi = *self.indexes.by_child.get(&inbound)?;
        self.get(&spi).filter(|session| session.sa.child(inbound).is_some()).map(|_| spi)
    }

    /// A child is gone.
    pub(super) fn forget_child(&mut self, inbound: Spi) {
        self.file_lent();
        self.indexes.by_child.remove(&inbound);
    }

    /// How many are half open at the responder.
    pub(super) fn half_open(&mut self) -> usize {
        self.file_lent();
        self.indexes.half_open
    }

    /// How many are half open at the responder with this address.
    pub(super) fn half_open_with(&mut self, address: IpAddr) -> usize {
        self.file_lent();
        self.indexes.half_open_with.get(&address).copied().unwrap_or_default()
    }

    /// Those whose peer has this address, by SPI.
    pub(super) fn with_address(&mut self, address: IpAddr) -> Vec<IkeSpi> {
        self.file_lent();
        under(&self.indexes.by_address, address)
    }

    fn file_lent(&mut self) {
        for spi in self.lent.drain(..) {
            if let Some(filed) = self.all.get_mut(&spi) {
                self.indexes.file(spi, filed);
            }
        }
    }
}

impl Indexes {
    /// Brings themselves up to date with a session.
    fn file(&mut self, spi: IkeSpi, filed: &mut Filed) {
        let sa = &filed.session.sa;
        let half_open = sa.role == Role::Responder && matches!(sa.state, State::HalfOpen(_));
        let address = sa.path.remote.ip();
        self.unfile_address(spi, filed);
        filed.address = Some(address);
        filed.half_open = half_open;
        self.by_address.insert((address, spi));
        if half_open {
            self.half_open += 1;
            *self.half_open_with.entry(address).or_default() += 1;
        }
        let sa = &filed.session.sa;
        self.by_child.extend(sa.children.iter().map(|child| (child.inbound, spi)));
        let due = filed.session.next_timeout();
        if filed.due != due {
            self.unfile_time(spi, filed);
            self.due.extend(due.map(|(at, reason)| (at, reason, spi)));
            filed.due = due;
        }
        let connection = &filed.session.sa.connection;
        if filed.connection.as_ref().is_none_or(|known| !Arc::ptr_eq(known, connection)) {
            let connection = Arc::clone(connection);
            self.unfile_connection(spi, filed);
            self.by_connection.insert((connection.name.clone(), spi));
            filed.connection = Some(connection);
        }
        if filed.peer.as_ref() != filed.session.sa.peer() {
            self.unfile_peer(spi, filed);
            filed.peer = filed.session.sa.peer().cloned();
            self.by_peer.extend(filed.peer.clone().map(|peer| (peer, spi)));
        }
    }

    fn unfile(&mut self, spi: IkeSpi, filed: &mut Filed) {
        self.unfile_address(spi, filed);
        self.unfile_time(spi, filed);
        self.unfile_connection(spi, filed);
        self.unfile_peer(spi, filed);
    }

    fn unfile_time(&mut self, spi: IkeSpi, filed: &mut Filed) {
        if let Some((at, reason)) = filed.due.take() {
            self.due.remove(&(at, reason, spi));
        }
    }

    /// Takes a session out of what is known by address: where it is, and whether it is half open there.
    fn unfile_address(&mut self, spi: IkeSpi, filed: &mut Filed) {
        let Some(address) = filed.address.take() else { return };
        self.by_address.remove(&(address, spi));
        if std::mem::take(&mut filed.half_open) {
            self.half_open -= 1;
            if let Some(count) = self.half_open_with.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    self.half_open_with.remove(&address);
                }
            }
        }
    }

    fn unfile_connection(&mut self, spi: IkeSpi, filed: &mut Filed) {
        if let Some(connection) = filed.connection.take() {
            self.by_connection.remove(&(connection.name.clone(), spi));
        }
    }

    fn unfile_peer(&mut self, spi: IkeSpi, filed: &mut Filed) {
        if let Some(peer) = filed.peer.take() {
            self.by_peer.remove(&(peer, spi));
        }
    }
}

/// The SPIs that an index has under a key.
fn under<K: Ord + Clone>(index: &BTreeSet<(K, IkeSpi)>, key: K) -> Vec<IkeSpi> {
    let last = (key.clone(), IkeSpi(u64::MAX));
    index.range((key, IkeSpi(0))..=last).map(|(_, spi)| *spi).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipsec_crypto::Secret;

    use super::*;
    use crate::path::Path;
    use crate::sa::Ends;

    fn session(connection: &Arc<Connection>, spi: u64, seconds: u64) -> Session {
        let address = SocketAddr::new(connection.local, 500);
        let ends = Ends { path: Path::new(address, address), spi_i: IkeSpi(1), spi_r: IkeSpi(spi) };
        let patience = Duration::from_secs(seconds);
        Session::new(Role::Responder, Arc::clone(connection), ends, patience, Instant::ZERO)
    }

    fn connection(name: &str) -> Arc<Connection> {
        let key = Secret::from(b"key".to_vec());
        Arc::new(Connection::new(name, [192, 0, 2, 1].into(), [192, 0, 2, 2].into(), key))
    }

    #[test]
    fn sessions_are_due_in_the_order_of_time_also_after_they_have_changed() {
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        let (a, b) = (connection("a"), connection("b"));
        let mut sessions = Sessions::default();
        for (spi, connection, seconds) in [(7, &a, 20), (8, &b, 10), (9, &a, 30)] {
            sessions.insert(IkeSpi(spi), session(connection, spi, seconds));
        }
        assert_eq!(sessions.next_timeout().map(|(at, _)| at), Some(at(10)));
        assert_eq!(sessions.due(at(20)), [IkeSpi(7), IkeSpi(8)]);
        assert_eq!(sessions.of_connection("a"), [IkeSpi(7), IkeSpi(9)]);
        *sessions.get_mut(&IkeSpi(8)).unwrap() = session(&a, 8, 40);
        assert_eq!(sessions.next_timeout().map(|(at, _)| at), Some(at(20)), "before the indexes know of it");
        assert_eq!(sessions.due(at(20)), [IkeSpi(7)]);
        assert_eq!(sessions.next_timeout().map(|(at, _)| at), Some(at(20)), "and after");
        assert_eq!(sessions.of_connection("a"), [7, 8, 9].map(IkeSpi));
        assert_eq!(sessions.of_connection("b"), []);
        assert!(sessions.remove(IkeSpi(7)).is_some() && sessions.remove(IkeSpi(7)).is_none());
        assert_eq!(sessions.next_timeout().map(|(at, _)| at), Some(at(30)));
        assert_eq!(sessions.of_connection("a"), [8, 9].map(IkeSpi));
    }

    #[test]
    fn those_that_are_half_open_are_counted_as_they_come_and_go() {
        let connection = connection("a");
        let mut sessions = Sessions::default();
        for spi in 1..=20 {
            sessions.insert(IkeSpi(spi), session(&connection, spi, 10));
        }
        assert_eq!(sessions.half_open(), 0);
        for spi in 1..=20 {
            let transcript = crate::sa::Transcript {
                request: Vec::new(),
                response: Vec::new(),
                nonce_i: Vec::new(),
                nonce_r: Vec::new(),
                int_auth: Vec::new(),
                to_come: Vec::new(),
                has_ppk: false,
                full: Default::default(),
            };
            sessions.get_mut(&IkeSpi(spi)).unwrap().sa.state = State::HalfOpen(Box::new(transcript));
        }
        assert_eq!(sessions.half_open(), 20);
        sessions.get_mut(&IkeSpi(3)).unwrap().sa.state = State::Closed;
        sessions.remove(IkeSpi(4));
        assert_eq!(sessions.half_open(), 18);
        assert_eq!(sessions.half_open_with([192, 0, 2, 1].into()), 18);
        assert_eq!(sessions.half_open_with([192, 0, 2, 2].into()), 0);
        assert_eq!(sessions.with_address([192, 0, 2, 1].into()).len(), 19);
    }
}
