//! A security gateway: an IPsec peer, virtual or real, with ports to the network and to the hosts that it protects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use ipsec::{AddressChange, Command, Input, Output, Peer, Status};
use ipsec_net::{Instant, IpPacket, protocol};
use sim::{Port, Step};

use super::Note;

/// What does IPsec in a gateway: a virtual peer, or a real one that looks like it.
pub trait Implementation {
    /// Takes what has come, from the network or from whoever gives orders.
    fn handle(&mut self, now: Instant, input: Input);

    /// The next thing to do, until it is idle.
    fn poll(&mut self, now: Instant) -> Output;

    /// What it holds.
    fn status(&self) -> Status;
}

impl Implementation for Peer {
    fn handle(&mut self, now: Instant, input: Input) {
        Peer::handle(self, now, input);
    }

    fn poll(&mut self, now: Instant) -> Output {
        Peer::poll(self, now)
    }

    fn status(&self) -> Status {
        Peer::status(self)
    }
}

/// A gateway.
pub struct Gateway {
    peer: Box<dyn Implementation>,
    /// Where packets leave, by their destination: other gateways and the hosts behind this one.
    routes: BTreeMap<IpAddr, Port>,
    /// The ports to the network.
    outer: Vec<Port>,
    /// All outer addresses that it may have, and the ports that they are at.
    places: BTreeMap<IpAddr, Option<Port>>,
    /// Those that it has.
    addresses: BTreeSet<IpAddr>,
    /// How many packets came for one that it has not.
    missed: u32,
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
        Self {
            peer: Box::new(peer),
            routes: BTreeMap::new(),
            outer: Vec::new(),
            places: BTreeMap::new(),
            addresses: BTreeSet::new(),
            missed: 0,
            think,
            unread: VecDeque::new(),
            due: None,
        }
    }

    /// The same gateway where it is, with another peer, and nothing unread.
    #[must_use]
    pub fn anew(&self, mut peer: Peer, now: Instant) -> Self {
        let went = self.places.keys().filter(|place| !self.addresses.contains(place)).copied().collect();
        let came = self.addresses.iter().copied().collect();
        peer.handle(now, Input::Address(AddressChange { came, went }));
        let (routes, outer, places) = (self.routes.clone(), self.outer.clone(), self.places.clone());
        let addresses = self.addresses.clone();
        Self { routes, outer, places, addresses, ..Self::new(peer, self.think) }
    }

    /// Lets another implementation do what the peer was to do, before anything has happened.
    pub fn replace_peer(&mut self, implementation: Box<dyn Implementation>) {
        self.peer = implementation;
    }

    /// Tells a port to the network.
    pub fn join_outside(&mut self, port: Port) {
        if !self.outer.contains(&port) {
            self.outer.push(port);
        }
    }

    /// Tells an outer address that it has or may have, and the port that it is at, if it is at one.
    pub fn add_place(&mut self, address: IpAddr, port: Option<Port>, has_it: bool) {
        self.places.insert(address, port);
        if has_it {
            self.addresses.insert(address);
        }
    }

    /// Outer addresses come and go.
    pub fn readdress(&mut self, now: Instant, change: AddressChange) {
        self.addresses.retain(|address| !change.went.contains(address));
        self.addresses.extend(&change.came);
        self.peer.handle(now, Input::Address(change));
    }

    /// The outer addresses that it has.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.addresses.iter().copied().collect()
    }

    /// Tells the way to another gateway, or to a host behind one.
    pub fn route_outside(&mut self, destination: IpAddr, port: Port) {
        self.join_outside(port);
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
        let to = packet.destination();
        if !self.outer.contains(&port) {
            self.peer.handle(now, Input::Inside(packet));
        } else if self.places.contains_key(&to) && !self.addresses.contains(&to) {
            self.missed += 1;
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
        if self.missed > 0 {
            self.missed -= 1;
            return Step::Note(Note::Gone);
        }
        match self.peer.poll(now) {
            Output::Event(event) => Step::Note(Note::Peer(event)),
            Output::Outside(packet) => {
                let at = self.places.get(&packet.source()).copied().flatten();
                let way = at.or_else(|| self.routes.get(&packet.destination()).copied());
                way.map_or(Step::Note(Note::NoHost), |port| Step::Send { port, packet })
            }
            Output::Inside(packet) => match self.routes.get(&packet.destination()) {
                Some(port) => Step::Send { port: *port, packet },
                None => Step::Note(Note::NoHost),
            },
            Output::Idle { until, .. } => {
                self.due = until;
                let unread = self.unread.front().map(|(at, _)| *at);
                Step::Idle { until: [until, unread].into_iter().flatten().min() }
            }
        }
    }
}
