//! `INITIAL_CONTACT` (RFC 7296 §2.4): when we may say it, and which IKE SAs of a peer end when it does.

use std::sync::Arc;

use ipsec_auth::IdentityPattern;
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;

use super::Endpoint;
use crate::config::Connection;
use crate::effect::Effect;
use crate::event::Cause;
use crate::exchange::delete::DeleteIke;
use crate::sa::{Role, Supersession};
use crate::session::Session;

impl Endpoint {
    /// Whether there is an IKE SA between the identities of a connection (RFC 7296 §2.4), under whichever connection.
    pub(super) fn has_another(&mut self, connection: &Connection) -> bool {
        let mut others = self.sessions.of_connection(&connection.name);
        if let IdentityPattern::Exactly(peer) = &connection.remote_id {
            others.extend(self.sessions.of_peer(peer));
        }
        let mut others = others.iter().filter_map(|spi| self.sessions.get(spi));
        others.any(|o| o.sa.is_established() && o.sa.connection.local_id == connection.local_id)
    }

    /// The peer says with a new IKE SA that it has no other one with us (RFC 7296 §2.4), or may not have: those that it
    /// had set up with the same identity of ours end. Ours may be younger than what it says, and are left to liveness checks.
    pub(super) fn supersede(&mut self, now: Instant, by: IkeSpi, how: Supersession) {
        let Some(sa) = self.sessions.get(&by).map(|session| &session.sa) else { return };
        let (connection, Some(peer)) = (Arc::clone(&sa.connection), sa.peer().cloned()) else { return };
        let mut stale = self.sessions.of_peer(&peer);
        stale.retain(|spi| {
            let theirs = self.sessions.get(spi).filter(|session| session.sa.role == Role::Responder);
            let is_ours = |other: &Connection| other.local_id == connection.local_id;
            let is_stale = |session: &Session| session.sa.is_established() && is_ours(&session.sa.connection);
            *spi != by && theirs.is_some_and(is_stale)
        });
        for spi in stale {
            let cause = Cause::Superseded;
            self.with(now, spi, |session, cx, out| match how {
                Supersession::Silent => session.carry_out(vec![Effect::Close(cause)], cx, out),
                Supersession::ByDeletion => session.begin(Box::new(DeleteIke { cause }), cx, out),
            });
        }
    }
}
