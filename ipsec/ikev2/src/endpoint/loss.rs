//! What follows when an IKE SA or a child ends that is still wanted: it is set up anew, if the configuration says so.

use std::sync::Arc;

use ipsec_net::Instant;
use ipsec_wire::IkeSpi;

use super::Endpoint;
use crate::apply::Lost;
use crate::config::{ChildConfig, Connection, OnClose, OnLoss};
use crate::event::{Cause, Event};
use crate::exchange::child::Wish;
use crate::exchange::create_child::CreateChild;
use crate::output::Output;
use crate::session::Purpose;

impl Endpoint {
    /// Draws the consequences of what the session under `spi` has lost.
    pub(super) fn make_good(&mut self, now: Instant, spi: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&spi) else {
            return;
        };
        let connection = Arc::clone(&session.sa.connection);
        for lost in std::mem::take(&mut session.lost) {
            match lost {
                Lost::Child(name) => self.recreate(now, spi, &connection, &name),
                Lost::Ike { cause, children } => {
                    self.keep_ticket(spi, &cause);
                    self.restart(now, spi, &connection, &cause, children);
                }
            }
        }
    }

    fn recreate(&mut self, now: Instant, spi: IkeSpi, connection: &Arc<Connection>, name: &str) {
        let wanted = connection.children.iter().find(|child| child.name == name).filter(|c| restarts(c));
        let Some(wish) = wanted.map(|config| Wish::of(&config.name)) else {
            return;
        };
        self.with(now, spi, |session, cx, out| {
            let config = wish.config(&session.sa).filter(|_| session.sa.is_current());
            if let Some(config) = config.filter(|config| !session.sa.child_names().contains(&config.name)) {
                out.push_back(Output::Event(Event::Probe("ikev2.child.restarted")));
                session.begin(Box::new(CreateChild::new(config, wish, None, cx)), cx, out);
            }
        });
    }

    fn restart(
        &mut self,
        now: Instant,
        spi: IkeSpi,
        connection: &Arc<Connection>,
        cause: &Cause,
        mut children: Vec<String>,
    ) {
        let Some(session) = self.sessions.get_mut(&spi).filter(|session| session.sa.heir.is_none()) else {
            return;
        };
        let reborn = std::mem::take(&mut session.reborn);
        let probe = match cause {
            _ if reborn => "ikev2.ike.reborn",
            Cause::Failed(_) if connection.on_loss == OnLoss::Restart => "ikev2.ike.restarted",
            Cause::DeletedByPeer => {
                let wanted =
                    |name: &String| connection.children.iter().any(|c| c.name == *name && restarts(c));
                children.retain(wanted);
                if children.is_empty() {
                    return;
                }
                "ikev2.ike.restarted"
            }
            _ => return,
        };
        // The peer may have been quicker; and what a redirect led to begins where the connection says.
        let connection =
            &self.connections.named(&connection.name).cloned().unwrap_or_else(|| Arc::clone(connection));
        if self.current(&connection.name).is_none() && self.coming(&connection.name).is_none() {
            self.out.push_back(Output::Event(Event::Probe(probe)));
            self.attempt(now, connection, Purpose::new(connection, Wish::named(connection, &children)));
        }
    }
}

fn restarts(child: &ChildConfig) -> bool {
    child.on_close == OnClose::Restart
}
