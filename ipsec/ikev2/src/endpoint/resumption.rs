//! What was lost is resumed by ticket (RFC 5723): the client keeps the ticket of an IKE SA that it has lost, and the gateway
//! lets the old one go when the new one stands.

use std::sync::Arc;

use ipsec_net::Instant;
use ipsec_wire::IkeSpi;

use super::{Endpoint, UnknownName};
use crate::config::Connection;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::output::Output;
use crate::session::Purpose;
use crate::ticket::Ticket;

impl Endpoint {
    /// Forgets the IKE SAs of a connection and their children without a word to the peer, as a host does that loses its
    /// power; but keeps tickets.
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn forget_ike(&mut self, now: Instant, connection: &str) -> Result<(), UnknownName> {
        self.each_of(now, connection, |session, cx, out| {
            if session.sa.is_current() {
                session.carry_out(vec![Effect::Close(Cause::Forgotten)], cx, out);
            }
        })
    }

    /// The ticket to begin an attempt with, if there is one. It is used for one IKE SA, and not to authenticate anew; an attempt
    /// that nobody answers gives it back.
    pub(super) fn ticket(
        &mut self,
        now: Instant,
        connection: &Connection,
        purpose: &Purpose,
    ) -> Option<Box<Ticket>> {
        if purpose.renews.is_some() {
            return None;
        }
        let ticket = self.wallet.remove(&connection.name)?;
        (ticket.until > now && ticket.gateway == connection.remote).then_some(ticket)
    }

    /// Keeps the ticket of an IKE SA that was lost, not of one that was deleted (RFC 5723 §6.2).
    pub(super) fn keep_ticket(&mut self, spi: IkeSpi, cause: &Cause) {
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        let ticket = session.sa.ticket.take();
        if let (Some(ticket), Cause::Failed(_) | Cause::Forgotten) = (ticket, cause) {
            self.wallet.insert(session.sa.connection.name.clone(), ticket);
        }
    }

    /// The gateway does not take the ticket that the session under `spi` began with.
    pub(super) fn begin_anew(&mut self, now: Instant, spi: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        let purpose = std::mem::take(&mut session.purpose);
        let connection = Arc::clone(&session.sa.connection);
        self.out.push_back(Output::Event(Event::Probe("ikev2.resume.refused")));
        self.attempt(now, &connection, purpose);
    }

    /// An IKE SA that began with a ticket is established: the ticket is used, and the IKE SA that it was goes silently
    /// (RFC 5723 §4.3.4).
    pub(super) fn resumption(&mut self, now: Instant, spi: IkeSpi) {
        let session = self.sessions.get_mut(&spi).filter(|session| session.sa.is_established());
        let Some(resumption) = session.and_then(|session| session.sa.resumption.take()) else {
            return;
        };
        self.out.push_back(Output::Event(Event::Probe("ikev2.ike.resumed")));
        let Some((serial, until, old)) = resumption.used else {
            return;
        };
        if let Some(tickets) = &mut self.tickets {
            tickets.spend(now, serial, until);
        }
        let is_it =
            self.sessions.get(&old).is_some_and(|session| session.sa.peer() == Some(&resumption.peer));
        if is_it && old != spi {
            self.with(now, old, |session, cx, out| {
                session.carry_out(vec![Effect::Close(Cause::Resumed)], cx, out);
            });
        }
    }
}
