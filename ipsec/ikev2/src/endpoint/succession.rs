//! What an IKE SA leaves to the one that replaces it (RFC 7296 §2.8, §2.8.2), and when it goes for one that renews it
//! (§2.8.3).

use ipsec_net::Instant;
use ipsec_wire::IkeSpi;

use super::Endpoint;
use crate::apply::bury;
use crate::context::Context;
use crate::effect::Fate;
use crate::event::Cause;
use crate::exchange::delete::DeleteIke;
use crate::session::Session;

impl Endpoint {
    /// Makes sessions of the IKE SAs that a step of the session under `spi` has agreed on, and gives its children and the
    /// exchanges that wait to the one that replaces it, once that is known.
    pub(super) fn succession(&mut self, now: Instant, spi: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        let born = std::mem::take(&mut session.born);
        let mut new: Vec<(IkeSpi, Fate, Session)> = Vec::new();
        for successor in born {
            let (own, fate) = (successor.spi(), successor.fate);
            new.push((own, fate, Session::succeed(session, successor, &mut context!(self, now))));
        }
        let legacy = session.sa.heir.map(|heir| (heir, session.bequeath()));
        for (own, fate, session) in new {
            if session.sa.connection.assigns.is_some() {
                self.pools.share(&session.sa.inside.addresses);
            }
            self.insert(own, session);
            if fate == Fate::Redundant {
                self.with(now, own, |session, cx, out| {
                    session.begin(Box::new(DeleteIke { cause: Cause::Rekeyed }), cx, out);
                });
            }
        }
        let Some((heir, estate)) = legacy else {
            return;
        };
        match self.sessions.get_mut(&heir) {
            Some(session) if session.sa.is_established() => {
                session.inherit(estate, &mut context!(self, now), &mut self.out);
                self.announce(now, heir);
            }
            _ => bury(&estate.children, &mut self.out),
        }
    }

    /// Ends the IKE SA that the one under `spi` was made to renew, once all its children are here; the new one, when it has
    /// settled without them.
    pub(super) fn renewal(&mut self, now: Instant, spi: IkeSpi) {
        let Some(new) = self.sessions.get_mut(&spi).filter(|new| new.sa.is_current() && new.pending() == 0)
        else {
            return;
        };
        let Some(mut old) = new.purpose.renews.take() else {
            return;
        };
        let renewed = match new.purpose.redirections.from {
            Some(_) => Cause::Redirected,
            None => Cause::Reauthenticated,
        };
        let here = new.sa.child_names();
        // It may have been rekeyed meanwhile.
        while let Some(heir) = self.sessions.get(&old).and_then(|session| session.sa.heir) {
            old = heir;
        }
        let Some(session) = self.sessions.get(&old).filter(|old| old.sa.is_established()) else {
            return;
        };
        let complete = session.sa.child_names().iter().all(|name| here.contains(name));
        let (doomed, cause) = if complete { (old, renewed) } else { (spi, Cause::Deleted) };
        self.with(now, doomed, |session, cx, out| {
            session.begin(Box::new(DeleteIke { cause }), cx, out);
        });
    }
}
