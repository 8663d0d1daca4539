//! Where a redirect leads (RFC 5685): to another gateway under the same configuration, and not in circles.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipsec_net::Instant;
use ipsec_wire::IkeSpi;

use super::{Endpoint, UnknownName};
use crate::config::Connection;
use crate::event::{Cause, Event};
use crate::exchange::child::Wish;
use crate::exchange::delete::DeleteIke;
use crate::exchange::redirect::Redirect;
use crate::gateway::Gateway;
use crate::output::Output;
use crate::refusal::Failure;
use crate::session::{Purpose, Redirections};

/// So many redirects are followed within [`LOOP_PERIOD`] (RFC 5685 §7).
const MOST_REDIRECTS: usize = 5;

/// Redirects longer ago than this do not count (RFC 5685 §7).
const LOOP_PERIOD: Duration = Duration::from_secs(300);

impl Endpoint {
    /// Sends the initiators of a connection's IKE SAs to another gateway (RFC 5685 §5), those that can be sent.
    ///
    /// # Errors
    /// When there is no connection of this name.
    pub fn redirect(&mut self, now: Instant, connection: &str, to: &Gateway) -> Result<(), UnknownName> {
        self.each_of(now, connection, |session, cx, out| {
            let supported = !session.sa.begun_here && session.sa.features.redirect;
            if session.sa.is_current() && supported {
                session.begin(Box::new(Redirect { to: to.clone() }), cx, out);
            } else {
                out.push_back(Output::Event(Event::Probe("ikev2.redirect.not-supported")));
            }
        })
    }

    /// The gateway of the session under `spi` has sent us to another one.
    pub(super) fn follow(&mut self, now: Instant, spi: IkeSpi, to: &Gateway) {
        let (remote, at) = match self.destination(now, spi, to) {
            Ok(found) => found,
            Err(failure) => return self.lead_nowhere(now, spi, failure),
        };
        // Where nothing is to be lost, the old IKE SA goes first.
        let keeps = self.has_children(spi);
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        let here = Arc::clone(&session.sa.connection);
        let established = session.sa.is_established();
        let mut children = std::mem::take(&mut session.purpose.children);
        if children.is_empty() {
            children = Wish::named(&here, &session.sa.child_names());
        }
        let purpose = Purpose {
            attempts_left: session.purpose.attempts_left,
            renews: keeps.then_some(spi),
            redirections: Redirections { from: Some(session.sa.path.remote.ip()), at },
            ..Purpose::new(&here, children)
        };
        if established && !keeps {
            self.leave(now, spi);
        }
        self.out.push_back(Output::Event(Event::Probe("ikev2.redirect.followed")));
        self.attempt(now, &Arc::new(Connection { remote, ..(*here).clone() }), purpose);
    }

    /// The address that a redirect leads to, and when we were redirected lately, this time included.
    fn destination(
        &self,
        now: Instant,
        spi: IkeSpi,
        to: &Gateway,
    ) -> Result<(IpAddr, Vec<Instant>), Failure> {
        let nowhere = || Failure::Redirect(format!("{to} cannot be reached"));
        let session = self.sessions.get(&spi).ok_or_else(nowhere)?;
        let address = match to {
            Gateway::Address(address) => Some(*address),
            Gateway::Name(name) => self.config.hosts.get(name).copied(),
        };
        let address =
            address.filter(|there| can_reach(&session.sa.connection, *there)).ok_or_else(nowhere)?;
        let earlier = session.purpose.redirections.at.iter().filter(|at| now.since(**at) < LOOP_PERIOD);
        let mut at: Vec<Instant> = earlier.copied().collect();
        if at.len() >= MOST_REDIRECTS {
            let period = LOOP_PERIOD.as_secs();
            return Err(Failure::Redirect(format!("more than {MOST_REDIRECTS} redirects within {period} s")));
        }
        at.push(now);
        Ok((address, at))
    }

    /// A redirect that is not followed: before the IKE SA is established, that is the end of the attempt.
    fn lead_nowhere(&mut self, now: Instant, spi: IkeSpi, failure: Failure) {
        let established = self.sessions.get(&spi).is_some_and(|session| session.sa.is_established());
        if !established {
            return self.failed(now, spi, failure);
        }
        if !self.has_children(spi) {
            self.leave(now, spi);
        }
        let name = self.sessions.get(&spi).map(|session| session.sa.connection.name.clone());
        let connection = name.unwrap_or_default();
        self.out.push_back(Output::Event(Event::IkeFailed { connection, failure, retries: false }));
    }

    fn leave(&mut self, now: Instant, spi: IkeSpi) {
        self.with(now, spi, |session, cx, out| {
            session.begin(Box::new(DeleteIke { cause: Cause::Redirected }), cx, out);
        });
    }

    fn has_children(&self, spi: IkeSpi) -> bool {
        self.sessions.get(&spi).is_some_and(|session| !session.sa.children.is_empty())
    }
}

fn can_reach(connection: &Connection, there: IpAddr) -> bool {
    there != connection.local && there.is_ipv4() == connection.local.is_ipv4() && !there.is_unspecified()
}
