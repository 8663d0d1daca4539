//! What an endpoint is told to do.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use ipsec_net::Instant;
use ipsec_wire::{IkeSpi, Spi};

use super::{Endpoint, UnknownName};
use crate::context::Context;
use crate::exchange::create_child::CreateChild;
use crate::exchange::delete::DeleteChild;
use crate::exchange::liveness::LivenessExchange;
use crate::exchange::rekey_child;
use crate::exchange::rekey_ike::RekeyIke;
use crate::output::Output;
use crate::sa::State;
use crate::session::Session;

impl Endpoint {
    /// Sets up a child, and an IKE SA for it where none is there.
    ///
    /// # Errors
    /// When no connection has a child of this name.
    pub fn initiate(&mut self, now: Instant, child: &str) -> Result<(), UnknownName> {
        let unknown = || UnknownName(child.to_owned());
        let connection = Arc::clone(self.connections.with_child(child).ok_or_else(unknown)?);
        let config = connection.children.iter().find(|c| c.name == child).ok_or_else(unknown)?.clone();
        let there = self.sessions.of_connection(&connection.name);
        let that = |there: &[IkeSpi], is: fn(&Session) -> bool| {
            there.iter().copied().find(|spi| self.sessions.get(spi).is_some_and(is))
        };
        let current = that(&there, |session| session.sa.is_current());
        let coming = that(&there, |s| matches!(s.sa.state, State::Init | State::HalfOpen(_)));
        if let Some(spi) = current {
            self.with(now, spi, |session, cx, out| {
                let exchange = CreateChild::new(config, None, cx);
                session.begin(Box::new(exchange), cx, out);
            });
            return Ok(());
        }
        match coming.and_then(|spi| self.sessions.get_mut(&spi)) {
            Some(session) => {
                if !session.wanted.iter().any(|wanted| wanted == child) {
                    session.wanted.push(child.to_owned());
                }
            }
            None => {
                let attempts_left = connection.attempts.saturating_sub(1);
                self.attempt(now, &connection, vec![child.to_owned()], attempts_left, None);
            }
        }
        Ok(())
    }

    /// Deletes the IKE SAs of a connection and their children.
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn terminate(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        self.each_of(now, connection, Session::terminate)
    }

    /// Asks the peers of a connection whether they are alive.
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn check(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        self.each_of(now, connection, |session, cx, out| {
            if session.sa.is_current() {
                session.begin(Box::new(LivenessExchange), cx, out);
            }
        })
    }

    /// Deletes the Child SA pairs of this name, those that are still on the way to replace them among them.
    ///
    /// # Errors
    /// When no connection has a child of this name.
    pub fn delete(&mut self, now: Instant, child: &str) -> Result<(), UnknownName> {
        for spi in self.with_child(child)? {
            self.with(now, spi, |session, cx, out| {
                session.begin(Box::new(DeleteChild::Named(child.to_owned())), cx, out);
            });
        }
        Ok(())
    }

    /// Replaces the Child SA pairs of this name (RFC 7296 §2.8).
    ///
    /// # Errors
    /// When no connection has a child of this name.
    pub fn rekey(&mut self, now: Instant, child: &str) -> Result<(), UnknownName> {
        for spi in self.with_child(child)? {
            self.with(now, spi, |session, cx, out| {
                let named = session.sa.children.iter().filter(|c| c.name == child && c.is_current());
                let inbound: Vec<Spi> = named.map(|child| child.inbound).collect();
                inbound.into_iter().for_each(|inbound| replace(session, inbound, cx, out));
            });
        }
        Ok(())
    }

    /// Replaces the IKE SAs of a connection (RFC 7296 §2.18).
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn rekey_ike(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        self.each_of(now, connection, |session, cx, out| {
            if let Some(exchange) = RekeyIke::new(&session.sa, cx).filter(|_| session.sa.is_current()) {
                session.begin(Box::new(exchange), cx, out);
            }
        })
    }

    /// Authenticates the peers of a connection anew: sets up another IKE SA with the same children, and deletes the old one
    /// once all of them are there (RFC 7296 §2.8.3). Where they do not come, the old one stays.
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn reauthenticate(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let unknown = || UnknownName(connection.to_owned());
        let config = Arc::clone(self.connections.named(connection).ok_or_else(unknown)?);
        let there = self.sessions.of_connection(connection);
        let there = || there.iter().filter_map(|spi| Some((*spi, self.sessions.get(spi)?)));
        let renewed: BTreeSet<IkeSpi> = there().filter_map(|(_, session)| session.renews).collect();
        let meant = |(spi, session): &(IkeSpi, &Session)| session.sa.is_current() && !renewed.contains(spi);
        let old: Vec<(IkeSpi, Vec<String>)> =
            there().filter(meant).map(|(spi, old)| (spi, old.sa.child_names())).collect();
        for (old, children) in old {
            let attempts_left = config.attempts.saturating_sub(1);
            self.attempt(now, &config, children, attempts_left, Some(old));
        }
        Ok(())
    }

    /// Replaces one Child SA pair, by the SPI under which we receive: it has reached a soft limit. Does nothing when it is
    /// gone or replaced already, or its configuration does not want that.
    pub fn age(&mut self, now: Instant, inbound: Spi) {
        if let Some(spi) = self.sessions.with_child(inbound) {
            self.with(now, spi, |session, cx, out| {
                if is_rekeyed(session, inbound) {
                    replace(session, inbound, cx, out);
                }
            });
        }
    }

    /// Deletes one Child SA pair, by the SPI under which we receive: its lifetime is over. Does nothing when it is gone
    /// already.
    pub fn expire(&mut self, now: Instant, inbound: Spi) {
        if let Some(spi) = self.sessions.with_child(inbound) {
            self.with(now, spi, |session, cx, out| {
                session.begin(Box::new(DeleteChild::Pair(inbound)), cx, out);
            });
        }
    }

    /// The sessions of the connection that has a child of this name configured.
    fn with_child(&mut self, child: &str) -> Result<Vec<IkeSpi>, UnknownName> {
        let unknown = || UnknownName(child.to_owned());
        let connection = self.connections.with_child(child).ok_or_else(unknown)?;
        let mut spis = self.sessions.of_connection(&connection.name);
        spis.retain(|spi| self.sessions.get(spi).is_some_and(|session| session.sa.is_current()));
        Ok(spis)
    }

    fn each_of(
        &mut self,
        now: Instant,
        connection: &str,
        work: impl Fn(&mut Session, &mut Context<'_>, &mut VecDeque<Output>),
    ) -> Result<(), UnknownName> {
        if self.connections.named(connection).is_none() {
            return Err(UnknownName(connection.to_owned()));
        }
        let mut spis = self.sessions.of_connection(connection);
        spis.retain(|spi| self.sessions.get(spi).is_some_and(|session| !session.sa.is_closed()));
        for spi in spis {
            self.with(now, spi, &work);
        }
        Ok(())
    }
}

/// Whether the configuration of a child wants it replaced at soft limits.
fn is_rekeyed(session: &Session, inbound: Spi) -> bool {
    let name = session.sa.child(inbound).map(|child| &child.name);
    session.sa.connection.children.iter().any(|child| Some(&child.name) == name && child.rekey)
}

/// Begins to replace a child, if it is there and stays.
fn replace(session: &mut Session, inbound: Spi, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
    if let Some(exchange) = rekey_child::begin(&session.sa, inbound, cx) {
        session.begin(Box::new(exchange), cx, out);
    }
}
