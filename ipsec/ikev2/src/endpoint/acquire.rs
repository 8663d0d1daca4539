//! Children that are wanted: by command, or because a packet has no SA (RFC 7296 §2.9, RFC 4301 §4.4.1.2).

use std::sync::Arc;
use std::time::Duration;

use ipsec_dataplane::Flow;
use ipsec_net::Instant;

use super::Endpoint;
use crate::config::{ChildConfig, Connection};
use crate::event::Event;
use crate::exchange::child::Wish;
use crate::exchange::create_child::CreateChild;
use crate::session::{Purpose, Session};

/// How long packets ask in vain for a child that could not be set up: each would begin the same failure anew.
const REST: Duration = Duration::from_secs(10);
/// How many pairs of addresses a child with an SA for each may ask for at a time.
const MOST_PAIRS: usize = 16;

impl Endpoint {
    /// A packet of this flow belongs to the child of this name, and no SA carries it. Sets one up, and an IKE SA where none
    /// is there, unless that has been begun already or has just failed. Returns whether an SA may come of it: the packet can
    /// wait for [`Event::ChildUp`] or for a failure.
    pub fn acquire(&mut self, now: Instant, child: &str, flow: Flow) -> bool {
        let Some(connection) = self.connections.with_child(child).cloned() else { return false };
        let on_demand = |config: &&ChildConfig| config.name == child && config.on_demand;
        let Some(config) = connection.children.iter().find(on_demand) else { return false };
        if self.rests(now, child) {
            return false;
        }
        let pair = |flow: &Flow| (flow.local, flow.remote);
        let same = |wish: &Wish| {
            wish.child == child
                && (!config.single_pair
                    || wish.packet.as_ref().is_none_or(|packet| pair(packet) == pair(&flow)))
        };
        let sessions = self.sessions.of_connection(&connection.name);
        let sessions = || sessions.iter().filter_map(|spi| self.sessions.get(spi));
        let wishes = || sessions().flat_map(Session::wishes);
        if wishes().any(same) {
            return true;
        }
        if wishes().filter(|wish| wish.child == child).count() >= MOST_PAIRS {
            return false;
        }
        self.out.push_back(crate::Output::Event(Event::Probe("ikev2.acquire")));
        let wish = Wish { packet: Some(flow), ..Wish::of(child) };
        self.want(now, &connection, vec![wish]);
        true
    }

    /// Sets children up, and an IKE SA for them where none is there.
    pub(super) fn want(&mut self, now: Instant, connection: &Arc<Connection>, wishes: Vec<Wish>) {
        if let Some(spi) = self.current(&connection.name) {
            self.with(now, spi, |session, cx, out| {
                for wish in wishes {
                    if let Some(config) = wish.config(&session.sa) {
                        let exchange = CreateChild::new(config, wish, None, cx);
                        session.begin(Box::new(exchange), cx, out);
                    }
                }
            });
            return;
        }
        match self.coming(&connection.name).and_then(|spi| self.sessions.get_mut(&spi)) {
            Some(session) => {
                for wish in wishes {
                    if !session.purpose.children.contains(&wish) {
                        session.purpose.children.push(wish);
                    }
                }
            }
            None => self.attempt(now, connection, Purpose::new(connection, wishes)),
        }
    }

    /// Notes which children packets need not ask for after what happens.
    pub(super) fn rest(&mut self, event: &Event) {
        match event {
            Event::ChildFailed { child, .. } => {
                self.resting.insert(child.clone(), None);
            }
            Event::IkeFailed { connection, retries: false, .. } => {
                let children =
                    self.connections.named(connection).into_iter().flat_map(|known| &known.children);
                self.resting.extend(children.map(|child| (child.name.clone(), None)));
            }
            _ => {}
        }
    }

    /// Whether a child has failed a moment ago; the time counts from the first packet that asks for it again.
    fn rests(&mut self, now: Instant, child: &str) -> bool {
        let Some(until) = self.resting.get_mut(child) else { return false };
        if *until.get_or_insert(now + REST) > now {
            return true;
        }
        self.resting.remove(child);
        false
    }
}
