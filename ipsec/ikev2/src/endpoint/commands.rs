//! What an endpoint is told to do.

use std::collections::VecDeque;
use std::sync::Arc;

use ipsec_net::Instant;
use ipsec_wire::{IkeSpi, Spi};

use super::{Endpoint, UnknownName};
use crate::config::{Connection, Reauthentication};
use crate::context::Context;
use crate::event::Cause;
use crate::exchange::child::Wish;
use crate::exchange::configuration::AskConfiguration;
use crate::exchange::delete::{DeleteChild, DeleteIke};
use crate::exchange::liveness::LivenessExchange;
use crate::exchange::rekey_child;
use crate::exchange::rekey_ike::RekeyIke;
use crate::output::Output;
use crate::sa::{ChildSa, State};
use crate::session::{Purpose, Session};

impl Endpoint {
    /// Sets up a child, and an IKE SA for it where none is there.
    ///
    /// # Errors
    /// When no connection has a child of this name.
    pub fn initiate(&mut self, now: Instant, child: &str) -> Result<(), UnknownName> {
        let unknown = || UnknownName(child.to_owned());
        let connection = Arc::clone(self.connections.with_child(child).ok_or_else(unknown)?);
        let config = connection.children.iter().find(|c| c.name == child).ok_or_else(unknown)?;
        self.want(now, &connection, Wish::all_of(config));
        Ok(())
    }

    /// Sets up an IKE SA without a child, where none is there or on its way (RFC 6023).
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn initiate_ike(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let unknown = || UnknownName(connection.to_owned());
        let connection = Arc::clone(self.connections.named(connection).ok_or_else(unknown)?);
        if self.current(&connection.name).is_none() && self.coming(&connection.name).is_none() {
            self.attempt(now, &connection, Purpose::new(&connection, Vec::new()));
        }
        Ok(())
    }

    /// Sets up the children that are configured to start by themselves. To be called once.
    pub fn start(&mut self, now: Instant) {
        let children = self.connections.iter().flat_map(|connection| &connection.children);
        let names: Vec<String> =
            children.filter(|child| child.start).map(|child| child.name.clone()).collect();
        for name in names {
            // Its name was read from the configuration just now.
            let _: Result<(), UnknownName> = self.initiate(now, &name);
        }
    }

    /// Our SPI of an IKE SA of the connection that children can be set up in.
    pub(super) fn current(&mut self, connection: &str) -> Option<IkeSpi> {
        self.that(connection, |session| session.sa.is_current())
    }

    /// Our SPI of an IKE SA of the connection that is on its way.
    pub(super) fn coming(&mut self, connection: &str) -> Option<IkeSpi> {
        self.that(connection, |session| matches!(session.sa.state, State::Init | State::HalfOpen(_)))
    }

    fn that(&mut self, connection: &str, is: fn(&Session) -> bool) -> Option<IkeSpi> {
        let there = self.sessions.of_connection(connection);
        there.into_iter().find(|spi| self.sessions.get(spi).is_some_and(is))
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

    /// Asks the peers of a connection once more what they tell those who ask (RFC 7296 §2.19).
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn ask_configuration(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        self.each_of(now, connection, |session, cx, out| {
            if session.sa.is_current() {
                session.begin(Box::new(AskConfiguration), cx, out);
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

    /// Authenticates the peers of a connection anew (RFC 7296 §2.8.3): sets up another IKE SA with the same children, and
    /// deletes the old one once all of them are there; where they do not come, the old one stays. Or, if the connection is
    /// configured so, deletes the old one first.
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn reauthenticate(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        let unknown = || UnknownName(connection.to_owned());
        let config = Arc::clone(self.connections.named(connection).ok_or_else(unknown)?);
        let mut old = self.sessions.of_connection(connection);
        old.retain(|spi| self.sessions.get(spi).is_some_and(|session| session.sa.is_current()));
        old.into_iter().for_each(|old| self.renew(now, &config, old));
        Ok(())
    }

    /// Authenticates the peer of one IKE SA anew, if that has not begun yet.
    pub(super) fn renew(&mut self, now: Instant, connection: &Arc<Connection>, old: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&old).filter(|session| !session.reborn) else {
            return;
        };
        match connection.reauthentication {
            Reauthentication::BreakBeforeMake => {
                session.reborn = true;
                self.with(now, old, |session, cx, out| {
                    session.begin(Box::new(DeleteIke { cause: Cause::Reauthenticated }), cx, out);
                });
            }
            Reauthentication::MakeBeforeBreak => {
                let children = Wish::named(connection, &session.sa.child_names());
                if self.that_renews(&connection.name, old).is_none() {
                    let purpose = Purpose { renews: Some(old), ..Purpose::new(connection, children) };
                    self.attempt(now, connection, purpose);
                }
            }
        }
    }

    fn that_renews(&mut self, connection: &str, old: IkeSpi) -> Option<IkeSpi> {
        let there = self.sessions.of_connection(connection);
        let renews = |session: &Session| session.purpose.renews == Some(old);
        there.into_iter().find(|spi| self.sessions.get(spi).is_some_and(renews))
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

    /// Deletes one Child SA pair, by the SPI under which we receive: its lifetime is over. Where the peer has refused to replace it,
    /// the whole IKE SA goes (RFC 7296 §2.8). Does nothing when it is gone already.
    pub fn expire(&mut self, now: Instant, inbound: Spi) {
        if let Some(spi) = self.sessions.with_child(inbound) {
            self.with(now, spi, |session, cx, out| {
                let unreplaced = |child: &ChildSa| child.unreplaced && child.is_current();
                if session.sa.child(inbound).is_some_and(unreplaced) && session.sa.is_current() {
                    session.begin(Box::new(DeleteIke { cause: Cause::Expired }), cx, out);
                } else {
                    session.begin(Box::new(DeleteChild::Pair(inbound)), cx, out);
                }
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

    pub(super) fn each_of(
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
