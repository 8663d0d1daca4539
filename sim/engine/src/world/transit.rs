//! A packet's way over a link: cut or not, small enough or not, and then what its fate has decided.

use std::sync::Arc;
use std::time::Duration;

use ipsec_net::{Instant, IpPacket, fragment, icmp};

use super::{Flight, World};
use crate::link::{self, Lane};
use crate::queue::Event;
use crate::trace::{Kind, Observer};
use crate::{Decision, Direction, DropReason, Fault, LinkId, Node, NodeId, Port};

impl<N: Node, O: Observer<N::Note>> World<N, O> {
    /// Puts a packet on a link, in fragments where it has to be.
    pub(super) fn send(&mut self, from: NodeId, link: LinkId, direction: Direction, packet: IpPacket) {
        let lane = self.lane(link, direction);
        let (mtu, cut) = (lane.settings.mtu, lane.cut);
        if packet.len() <= mtu || cut {
            return self.transmit(from, link, direction, packet);
        }
        let ordinal = self.announce(link, direction, &packet);
        // Only its source may fragment an IPv6 packet (RFC 8200 §4.5).
        if packet.dont_fragment() {
            return self.refuse(link, direction, ordinal, &packet);
        }
        match fragment(packet, mtu, 0) {
            Ok(pieces) => {
                self.lane(link, direction).counters.fragmented += 1;
                let kind = Kind::Fragmented { link, direction, ordinal, pieces: pieces.len() };
                self.trace.record(self.now, &kind);
                for piece in pieces {
                    self.transmit(from, link, direction, piece);
                }
            }
            Err(_) => self.drop(link, direction, ordinal, DropReason::TooBig),
        }
    }

    /// Takes a packet off a link; tells where it came out.
    pub(super) fn arrive(&mut self, flight: &Flight) -> (NodeId, Port) {
        let Flight { link, direction, ordinal, duplicate, ref packet } = *flight;
        let counters = &mut self.lane(link, direction).counters;
        counters.in_flight -= 1;
        counters.delivered += 1;
        self.trace.record(self.now, &Kind::Delivered { link, direction, ordinal, duplicate, packet });
        self.links[link.index()].far_end(direction)
    }

    /// Drops a packet that is too big, and says so to its sender if the far end has an address to say it from.
    fn refuse(&mut self, link: LinkId, direction: Direction, ordinal: u64, packet: &IpPacket) {
        self.drop(link, direction, ordinal, DropReason::TooBig);
        let mtu = self.lane(link, direction).settings.mtu;
        let (node, port) = self.links[link.index()].far_end(direction);
        let address = self.addresses.get(&(node, port, packet.version()));
        if let Some(answer) = address.and_then(|address| icmp::packet_too_big(packet, *address, mtu)) {
            self.send(node, link, direction.reverse(), answer);
        }
    }

    fn transmit(&mut self, from: NodeId, link: LinkId, direction: Direction, mut packet: IpPacket) {
        let ordinal = self.announce(link, direction, &packet);
        let lane = self.lane(link, direction);
        if lane.cut {
            return self.drop(link, direction, ordinal, DropReason::Cut);
        }
        let delay = lane.settings.delay;
        let faults = lane.faults(ordinal, &packet);
        let mut arrival = self.now + delay;
        let mut copies = Vec::new();
        for fault in faults {
            self.decide(link, direction, ordinal, fault);
            match fault {
                Fault::Lost => return self.drop(link, direction, ordinal, DropReason::Lost),
                Fault::Delayed(nanos) => {
                    let amount = Duration::from_nanos(nanos.unsigned_abs());
                    arrival = if nanos < 0 { (arrival - amount).max(self.now) } else { arrival + amount };
                }
                Fault::HeldBack(by) => arrival += by,
                Fault::Duplicated(after) => copies.push((after, packet.clone())),
                Fault::Corrupted { bit } => link::corrupt(&mut packet, bit),
            }
        }
        self.launch(from, arrival, Flight { link, direction, ordinal, duplicate: false, packet });
        for (after, packet) in copies {
            self.lane(link, direction).counters.duplicated += 1;
            let flight = Flight { link, direction, ordinal, duplicate: true, packet };
            self.launch(from, arrival + after, flight);
        }
    }

    fn announce(&mut self, link: LinkId, direction: Direction, packet: &IpPacket) -> u64 {
        let counters = &mut self.lane(link, direction).counters;
        let ordinal = counters.sent;
        counters.sent += 1;
        self.trace.record(self.now, &Kind::Sent { link, direction, ordinal, packet });
        ordinal
    }

    fn decide(&mut self, link: LinkId, direction: Direction, ordinal: u64, fault: Fault) {
        let name = Arc::clone(&self.links[link.index()].name);
        let decision = Decision { link: name, direction, ordinal, fault };
        self.trace.record(self.now, &Kind::Decided { link, decision: &decision });
    }

    fn drop(&mut self, link: LinkId, direction: Direction, ordinal: u64, reason: DropReason) {
        self.lane(link, direction).counters.dropped += 1;
        self.trace.record(self.now, &Kind::Dropped { link, direction, ordinal, reason });
    }

    fn launch(&mut self, from: NodeId, arrival: Instant, flight: Flight) {
        self.lane(flight.link, flight.direction).counters.in_flight += 1;
        self.schedule(from, arrival, Event::Parcel(flight));
    }

    fn lane(&mut self, link: LinkId, direction: Direction) -> &mut Lane {
        &mut self.links[link.index()].lanes[direction.index()]
    }
}
