//! Outer addresses that come and go (RFC 4555 §3.5, §3.6).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipsec_net::Instant;
use ipsec_wire::{IKE_PORT, IkeSpi};

use super::Endpoint;
use crate::config::Connection;
use crate::context::Context;
use crate::mobility::first_ways;
use crate::path::Path;

impl Endpoint {
    /// These are our outer addresses from now on. IKE SAs with MOBIKE go where they still can, and their peers are told; all
    /// others stay where they are.
    pub fn readdress(&mut self, now: Instant, addresses: Vec<IpAddr>) {
        self.config.addresses = addresses;
        self.latest = now;
        let spis: Vec<IkeSpi> = self.sessions.spis().collect();
        for spi in &spis {
            if let Some(session) = self.sessions.get_mut(spi) {
                session.readdress(&mut context!(self, now), &mut self.out);
            }
        }
        // What one IKE SA leaves to another, that one says from where it is now.
        for spi in spis {
            self.settle(now, spi);
        }
    }

    /// The session under `spi` has moved: the IKE SAs that it replaces, which the peer has not deleted yet, go along.
    pub(super) fn go_along(&mut self, now: Instant, spi: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&spi) else { return };
        if !std::mem::take(&mut session.moved) {
            return;
        }
        let (path, name) = (session.sa.path, session.sa.connection.name.clone());
        for other in self.sessions.of_connection(&name) {
            if self.sessions.get(&other).is_some_and(|old| old.sa.heir == Some(spi)) {
                self.with(now, other, |session, cx, out| session.go_along(path, cx, out));
            }
        }
    }

    /// Where an initiator begins: where the IKE SA runs that is to be renewed, or as configured, or between other addresses of the
    /// two ends after so many tries.
    pub(super) fn first_path(&self, connection: &Connection, renews: Option<IkeSpi>, tried: u16) -> Path {
        let old = renews.and_then(|old| self.sessions.get(&old));
        // A redirect leads elsewhere.
        if let Some(old) = old.filter(|old| old.sa.connection.remote == connection.remote) {
            return Path::new(old.sa.path.local, old.sa.path.remote);
        }
        let (local, remote) = (self.local_for(connection), connection.remote);
        let [local, remote] = [local, remote].map(|address| SocketAddr::new(address, IKE_PORT));
        let path = Path::new(local, remote);
        let path = if connection.starts_on_nat_port { path.floated() } else { path };
        let ways = first_ways(&self.config.addresses, connection, &path);
        ways.get(usize::from(tried) % ways.len().max(1)).copied().unwrap_or(path)
    }

    /// Where we begin an IKE SA: at the address that is configured, or at another one of ours where that one is gone.
    fn local_for(&self, connection: &Connection) -> IpAddr {
        let addresses = &self.config.addresses;
        let fits = |own: &&IpAddr| own.is_ipv4() == connection.remote.is_ipv4();
        let gone = connection.mobike && !addresses.contains(&connection.local);
        addresses.iter().find(fits).filter(|_| gone).copied().unwrap_or(connection.local)
    }
}

/// The addresses of connections, where no more are configured.
pub(super) fn known(addresses: &mut Vec<IpAddr>, connections: &[Arc<Connection>]) {
    if addresses.is_empty() {
        addresses.extend(connections.iter().map(|connection| connection.local));
        addresses.sort_unstable();
        addresses.dedup();
    }
}
