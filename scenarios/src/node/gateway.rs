//! A security gateway: an IPsec peer with ports to the network and to the hosts that it protects.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use ipsec::{Command, Input, Output, Peer, Status};
use ipsec_net::{Instant, IpPacket, protocol};
use sim::{Port, Step};

use super::Note;

/// A gateway.
pub struct Gateway {
    peer: Peer,
    /// Where packets leave, by their destination: other gateways and the hosts behind this one.
    routes: BTreeMap<IpAddr, Port>,
    /// The ports to the network.
    outer: Vec<Port>,
    /// How long it takes before it looks at an IKE message.
    think: Duration,
    /// IKE messages that it has not looked at yet.
    unread: VecDeque<(Instant, IpPacket)>,
    /// When the peer wants to be woken.
    due: Option<Instant>,
}

impl Gateway {
    /// A gateway that is not joined to anything yet.
    #[must_use]
    pub fn new(peer: Peer, think: Duration) -> Self {
        let (routes, outer, unread) = (BTreeMap::new(), Vec::new(), VecDeque::new());
        Self { peer, routes, outer, think, unread, due: None }
    }

    /// The same gateway with another peer, and nothing unread.
    #[must_use]
    pub fn anew(&self, peer: Peer) -> Self {
        let (routes, outer) = (self.routes.clone(), self.outer.clone());
        Self { routes, outer, ..Self::new(peer, self.think) }
    }

    /// Tells the way to another gateway, or to a host behind one.
    pub fn route_outside(&mut self, destination: IpAddr, port: Port) {
        if !self.outer.contains(&port) {
            self.outer.push(port);
        }
        self.routes.entry(destination).or_insert(port);
    }

    /// Tells the way to a host that the gateway protects.
    pub fn route_inside(&mut self, destination: IpAddr, port: Port) {
        self.routes.insert(destination, port);
    }

    /// Gives an order to the peer.
    pub fn command(&mut self, now: Instant, command: Command) {
        self.peer.handle(now, Input::Command(command));
    }

    /// The peer's state.
    #[must_use]
    pub fn status(&self) -> Status {
        self.peer.status()
    }

    pub(super) fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        if !self.outer.contains(&port) {
            self.peer.handle(now, Input::Inside(packet));
        } else if !self.think.is_zero() && packet.protocol() == protocol::UDP {
            self.unread.push_back((now + self.think, packet));
        } else {
            self.peer.handle(now, Input::Outside(packet));
        }
    }

    pub(super) fn wake(&mut self, now: Instant) {
        while self.unread.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, packet)) = self.unread.pop_front() {
                self.peer.handle(now, Input::Outside(packet));
            }
        }
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            self.peer.handle(now, Input::Timeout);
        }
    }

    pub(super) fn poll(&mut self, now: Instant) -> Step<Note> {
        match self.peer.poll(now) {
            Output::Event(event) => Step::Note(Note::Peer(event)),
            Output::Outside(packet) | Output::Inside(packet) => {
                match self.routes.get(&packet.destination()) {
                    Some(port) => Step::Send { port: *port, packet },
                    None => Step::Note(Note::NoHost),
                }
            }
            Output::Idle { until, .. } => {
                self.due = until;
                let unread = self.unread.front().map(|(at, _)| *at);
                Step::Idle { until: [until, unread].into_iter().flatten().min() }
            }
        }
    }
}
