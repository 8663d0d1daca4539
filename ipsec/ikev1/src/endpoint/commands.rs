//! Orders to an endpoint, and what packets and limits ask of it.

use std::net::SocketAddr;
use std::sync::Arc;

use ipsec_dataplane::Path;
use ipsec_net::Instant;
use ipsec_wire::{IkeSpi, Spi};

use super::Endpoint;
use crate::children::ChildSa;
use crate::config::{ChildConfig, Connection};
use crate::event::Cause;
use crate::session::Session;

/// There is no connection or child of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is called \"{0}\"")]
pub struct UnknownName(pub String);

impl Endpoint {
    /// Sets a child up, and an ISAKMP SA for it where there is none.
    ///
    /// # Errors
    /// When there is no such child.
    pub fn initiate(&mut self, now: Instant, child: &str) -> Result<(), UnknownName> {
        let (connection, _) = self.child(child)?;
        self.want(now, connection, child);
        Ok(())
    }

    /// Sets up the children that start by themselves.
    pub fn start(&mut self, now: Instant) {
        let all = self.connections.clone();
        let starts = |connection: &Arc<Connection>| {
            let own = connection.children.iter().filter(|child| child.start);
            own.map(|child| (Arc::clone(connection), child.name.clone())).collect::<Vec<_>>()
        };
        for (connection, child) in all.iter().flat_map(starts) {
            self.want(now, connection, &child);
        }
    }

    /// Sets up an ISAKMP SA where there is none.
    ///
    /// # Errors
    /// When there is no such connection.
    pub fn initiate_ike(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let connection = self.connection(connection)?;
        if self.ours(&connection.name).is_none() {
            self.set_up(now, connection, 1);
        }
        Ok(())
    }

    /// Deletes the IPsec SAs of a child.
    ///
    /// # Errors
    /// When there is no such child.
    pub fn delete(&mut self, now: Instant, child: &str) -> Result<(), UnknownName> {
        self.child(child)?;
        self.delete_children(now, |own| own.name == child, &Cause::Deleted);
        Ok(())
    }

    /// Replaces the IPsec SAs of a child, if it has any.
    ///
    /// # Errors
    /// When there is no such child.
    pub fn rekey(&mut self, now: Instant, child: &str) -> Result<(), UnknownName> {
        let (connection, _) = self.child(child)?;
        if self.children.iter().any(|own| own.name == child) {
            self.want(now, connection, child);
        }
        Ok(())
    }

    /// Replaces the ISAKMP SAs of a connection, if it has any; both ends authenticate each other anew.
    ///
    /// # Errors
    /// When there is no such connection.
    pub fn rekey_ike(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let connection = self.connection(connection)?;
        if !self.established_of(&connection.name).is_empty() {
            self.replace(now, connection);
        }
        Ok(())
    }

    /// Deletes the ISAKMP SAs of a connection, and its IPsec SAs with them: one message says both, so that none overtakes the
    /// other.
    ///
    /// # Errors
    /// When there is no such connection.
    pub fn terminate(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let connection = self.connection(connection)?;
        let own = |child: &ChildSa| child.connection == connection.name;
        let mut children = self.children.end(own, &Cause::Deleted, &mut self.out);
        let newest = self.established_of(&connection.name).last().copied();
        for cookie in self.all_of(&connection.name) {
            let told = if Some(cookie) == newest { std::mem::take(&mut children) } else { Vec::new() };
            self.with(now, cookie, |session, cx, out| session.close(Cause::Deleted, &told, cx, out));
        }
        Ok(())
    }

    /// Forgets the SAs of a connection without a word to the peer.
    ///
    /// # Errors
    /// When there is no such connection.
    pub fn forget_ike(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let connection = self.connection(connection)?;
        let own = |child: &ChildSa| child.connection == connection.name;
        self.children.end(own, &Cause::Forgotten, &mut self.out);
        for cookie in self.all_of(&connection.name) {
            self.with(now, cookie, |session, _, out| session.end(Cause::Forgotten, out));
        }
        Ok(())
    }

    /// Asks the peers of a connection whether they are alive (RFC 3706).
    ///
    /// # Errors
    /// When there is no such connection.
    pub fn check(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let connection = self.connection(connection)?;
        for cookie in self.established_of(&connection.name) {
            self.with(now, cookie, Session::check);
        }
        Ok(())
    }

    /// A packet of this policy has no SA. Says whether one is being set up for it.
    pub fn acquire(&mut self, now: Instant, policy: &str) -> bool {
        let Ok((connection, child)) = self.child(policy) else { return false };
        let under_way = self.is_setting_up(policy);
        if !under_way && child.on_demand {
            self.want(now, connection, policy);
        }
        under_way || child.on_demand
    }

    /// The pair that we receive under this SPI has reached a soft limit. Nothing is to be done where another one has taken its
    /// place or is about to: two ends that replaced each old pair would have twice as many each time.
    pub fn age(&mut self, now: Instant, inbound: Spi) {
        let Some(name) = self.children.known_by(inbound).map(|child| child.name.clone()) else { return };
        let newest = self.children.iter().rev().find(|child| child.name == name);
        if newest.is_none_or(|newest| newest.inbound.first() != inbound) || self.is_setting_up(&name) {
            return;
        }
        if let Some((connection, _)) = self.child(&name).ok().filter(|(_, child)| child.rekey) {
            self.want(now, connection, &name);
        }
    }

    /// The pair that we receive under this SPI has reached a hard limit.
    pub fn expire(&mut self, now: Instant, inbound: Spi) {
        self.delete_children(now, |child| child.inbound.first() == inbound, &Cause::Expired);
    }

    /// The data plane has opened a packet under this SPI, newer than all before, that ran between these addresses and not
    /// between those of its SA: NAT may have moved the peer (RFC 3947 §7).
    pub fn moved(&mut self, now: Instant, inbound: Spi, local: SocketAddr, remote: SocketAddr) {
        let Some(child) = self.children.known_by(inbound) else { return };
        let (before, came) = (child.path, Path::new(local, remote));
        let Ok(connection) = self.connection(&child.connection.clone()) else { return };
        for cookie in self.established_of(&connection.name) {
            self.with(now, cookie, |session, cx, out| {
                if session.sa.path.joins_same(&before) {
                    session.follow_peer(&came, cx, out);
                }
            });
        }
        // Those of an ISAKMP SA that is gone.
        if before.nat.there && !before.nat.here {
            let path = Path { nat: before.nat, ..came };
            self.children.move_to(&connection, &before, &path, &mut self.out);
        }
    }

    fn is_setting_up(&self, child: &str) -> bool {
        self.sessions.values().any(|session| session.is_setting_up(child))
    }

    /// Sets a child up under an ISAKMP SA that is there, or under another one.
    fn want(&mut self, now: Instant, connection: Arc<Connection>, child: &str) {
        let cookie = self.ours(&connection.name).or_else(|| self.set_up(now, connection, 1));
        if let Some(cookie) = cookie {
            self.with(now, cookie, |session, cx, out| session.want(child, cx, out));
        }
    }

    /// The ISAKMP SA that an exchange of ours may run under: an established one, or one that we are setting up.
    fn ours(&self, connection: &str) -> Option<IkeSpi> {
        let established = self.established_of(connection).last().copied();
        let begun = |cookie: &&IkeSpi| {
            self.sessions.get(*cookie).is_some_and(|session| session.sa.role == crate::Role::Initiator)
        };
        established.or_else(|| self.all_of(connection).iter().find(begun).copied())
    }

    fn all_of(&self, connection: &str) -> Vec<IkeSpi> {
        let own = self.sessions.iter().filter(|(_, session)| session.sa.connection.name == connection);
        own.map(|(cookie, _)| *cookie).collect()
    }

    fn connection(&self, name: &str) -> Result<Arc<Connection>, UnknownName> {
        let found = self.connections.iter().find(|connection| connection.name == name);
        found.cloned().ok_or_else(|| UnknownName(name.to_owned()))
    }

    fn child(&self, name: &str) -> Result<(Arc<Connection>, ChildConfig), UnknownName> {
        let own = |connection: &Arc<Connection>| {
            let child = connection.children.iter().find(|child| child.name == name)?;
            Some((Arc::clone(connection), child.clone()))
        };
        self.connections.iter().find_map(own).ok_or_else(|| UnknownName(name.to_owned()))
    }
}
