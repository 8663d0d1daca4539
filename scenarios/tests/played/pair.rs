//! Two peers on a wire, whose messages a test may change.

use std::collections::VecDeque;
use std::time::Duration;

use ipsec::crypto::Entropy;
use ipsec::{Command, Event, Input, Luck, Output, Peer, Status};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, udp};
use proptest::prelude::*;

/// Octets that look random and are the same in each run.
pub(crate) struct Counted(pub(crate) u64);

impl Entropy for Counted {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (self.0 >> 56) as u8;
        }
    }
}

/// The streams of one of two peers.
pub(crate) fn luck(side: usize) -> Luck {
    let luck = |part| Box::new(Counted(10 * side as u64 + part));
    Luck { ike: luck(1), ikev1: luck(3), esp: luck(2) }
}

/// Two peers and what is on the wire between them.
pub(crate) struct Pair {
    now: Instant,
    peers: [Peer; 2],
    /// What is on its way, and to whom.
    pub(crate) wire: VecDeque<(usize, IpPacket)>,
    /// What is ordered when nothing is on its way.
    pub(crate) orders: VecDeque<(usize, Command)>,
    /// What the peers have told.
    pub(crate) events: Vec<Event>,
}

impl Pair {
    pub(crate) fn new(peers: [Peer; 2], orders: impl IntoIterator<Item = (usize, Command)>) -> Self {
        let orders = orders.into_iter().collect();
        Self { now: Instant::ZERO, peers, wire: VecDeque::new(), orders, events: Vec::new() }
    }

    /// Gives a peer something; tells how many packets it sent.
    pub(crate) fn give(&mut self, side: usize, input: Input) -> usize {
        self.peers[side].handle(self.now, input);
        let before = self.wire.len();
        loop {
            match self.peers[side].poll(self.now) {
                Output::Outside(packet) => self.wire.push_back((1 - side, packet)),
                Output::Event(event) => self.events.push(event),
                Output::Inside(_) => {}
                Output::Idle { .. } => break,
            }
        }
        self.wire.len() - before
    }

    /// Lets the next thing happen: a message arrives or an order is given. Says whether there was one.
    pub(crate) fn step(&mut self) -> bool {
        if let Some((to, packet)) = self.wire.pop_front() {
            self.give(to, Input::Outside(packet));
            return true;
        }
        match self.orders.pop_front() {
            Some((side, order)) => {
                self.give(side, Input::Command(order));
                true
            }
            None => false,
        }
    }

    /// Lets so many messages arrive, and stops with the next one on the wire; nothing if there are no more.
    pub(crate) fn play(&mut self, messages: usize) -> Option<()> {
        let mut arrived = 0;
        loop {
            if !self.wire.is_empty() {
                if arrived == messages {
                    return Some(());
                }
                arrived += 1;
            }
            if !self.step() {
                return None;
            }
        }
    }

    /// Lets everything happen that still does, time included, for ten minutes.
    pub(crate) fn settle(&mut self) {
        let end = self.now + Duration::from_secs(600);
        for _ in 0..500 {
            while self.step() {}
            let due = [0, 1].map(|side| match self.peers[side].poll(self.now) {
                Output::Idle { until, .. } => until,
                _ => None,
            });
            let Some(next) = due.into_iter().flatten().min().filter(|next| *next <= end) else { return };
            self.now = self.now.max(next);
            for side in 0..2 {
                self.give(side, Input::Timeout);
            }
        }
        panic!("the peers do not come to rest: {:?}", self.status());
    }

    pub(crate) fn status(&self) -> [Status; 2] {
        self.peers.each_ref().map(Peer::status)
    }
}

/// A change to octets; places are shares of the length in 65,536ths.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Flip { at: u16, bit: u8 },
    Overwrite { at: u16, with: u8 },
    Shorten { to: u16 },
    Extend { by: u8, with: u8 },
    Insert { at: u16, by: u8 },
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<u16>(), 0u8..8).prop_map(|(at, bit)| Change::Flip { at, bit }),
        2 => (any::<u16>(), any::<u8>()).prop_map(|(at, with)| Change::Overwrite { at, with }),
        1 => any::<u16>().prop_map(|to| Change::Shorten { to }),
        1 => (1u8..40, any::<u8>()).prop_map(|(by, with)| Change::Extend { by, with }),
        1 => (any::<u16>(), 1u8..20).prop_map(|(at, by)| Change::Insert { at, by }),
    ]
}

impl Change {
    pub(crate) fn apply(self, octets: &mut Vec<u8>) {
        let place = |at: u16| octets.len() * usize::from(at) / 65_536;
        match self {
            Self::Flip { at, bit } => {
                let place = place(at);
                octets[place] ^= 1 << bit;
            }
            Self::Overwrite { at, with } => {
                let place = place(at);
                octets[place] = with;
            }
            Self::Shorten { to } => octets.truncate(place(to)),
            Self::Extend { by, with } => octets.resize(octets.len() + usize::from(by), with),
            Self::Insert { at, by } => {
                let place = place(at);
                octets.splice(place..place, std::iter::repeat_n(0, usize::from(by)));
            }
        }
    }
}

/// The IKE message in a packet.
pub(crate) fn message(packet: &IpPacket) -> Vec<u8> {
    udp::read(packet).unwrap().payload.to_vec()
}

/// The packet with another message in it.
pub(crate) fn with_message(packet: &IpPacket, octets: &[u8]) -> IpPacket {
    let datagram = udp::read(packet).unwrap();
    let header = IpHeader::new(packet.source(), packet.destination(), 0);
    udp::build(datagram.source, datagram.destination, Buffer::copy_of(octets), &header).unwrap()
}
