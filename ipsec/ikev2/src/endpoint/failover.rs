//! Failover between the members of a cluster (RFC 6311), of which an endpoint is the active one: what a standby member knows, and
//! how it goes on from there.

use std::collections::BTreeSet;

use ipsec_net::Instant;
use ipsec_wire::{IkeSpi, Spi};

use super::Endpoint;
use crate::failover::{self, Standby};
use crate::sa::{IkeSa, Role};
use crate::session::Session;

impl Endpoint {
    /// What a standby member that is told of everything would know at this instant.
    #[must_use]
    pub fn standby(&self) -> Standby {
        let known = |session: &Session| {
            let spi = match session.sa.role {
                Role::Initiator => session.sa.spi_i,
                Role::Responder => session.sa.spi_r,
            };
            Some((spi, session.known()?))
        };
        Standby { sas: self.sessions.values().filter_map(known).collect() }
    }

    /// The children whose peers skip sequence numbers after a failover, by the SPIs under which we receive.
    #[must_use]
    pub fn skipping(&self) -> BTreeSet<Spi> {
        let skips = |sa: &IkeSa| sa.features.synchronises.replay_counters && failover::skip(sa).is_some();
        let sas = self.sessions.values().map(|session| &session.sa).filter(|sa| skips(sa));
        sas.flat_map(|sa| &sa.children).map(|child| child.inbound).collect()
    }

    /// Becomes the member that has this knowledge. IKE SAs and children that came since are lost without a word, those that ended
    /// since stay ended: that the members tell each other at once. The counters are as old as the knowledge, and whatever was open
    /// is forgotten; where the peer takes that, both are set right at once.
    pub fn take_over(&mut self, now: Instant, standby: &Standby) {
        let spis: Vec<IkeSpi> = self.sessions.spis().collect();
        for spi in spis {
            let known = standby.sas.get(&spi);
            let there = self.sessions.get(&spi).is_some_and(|session| !session.sa.is_closed());
            if there {
                self.with(now, spi, |session, cx, out| session.take_over(known, cx, out));
            }
        }
    }
}
