//! A packet's way over a link: down or not, small enough or not, then what befalls it, then the queue before the link,
//! and then the link itself.

use std::sync::Arc;
use std::time::Duration;

use ipsec_net::{Instant, IpPacket, fragment, icmp};

use super::{Flight, Happening, World};
use crate::link::{Backlog, Lane, damage};
use crate::queue::Event;
use crate::trace::{Kind, Observer};
use crate::{Decision, Direction, DropReason, Fault, LinkId, Node, NodeId, Port};

/// A packet with all that has been decided of it.
#[derive(Debug)]
pub(super) struct Parcel {
    ordinal: u64,
    packet: IpPacket,
    /// Nanoseconds more than the delay, or less.
    late: i64,
    held: Duration,
    overtaken: Option<(u32, Duration)>,
    /// How much later its copies arrive.
    copies: Vec<Duration>,
}

impl<N: Node, O: Observer<N::Note>> World<N, O> {
    /// Puts a packet on a link, in fragments where it has to be.
    pub(super) fn send(&mut self, link: LinkId, direction: Direction, packet: IpPacket) {
        let now = self.now;
        let lane = self.lane(link, direction);
        let (mtu, down) = (lane.settings.mtu, lane.is_down(now));
        if packet.len() <= mtu || down {
            return self.transmit(link, direction, packet);
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
                    self.transmit(link, direction, piece);
                }
            }
            Err(_) => self.drop(link, direction, ordinal, DropReason::TooBig),
        }
    }

    /// Takes a packet off a link; tells where it came out, unless nobody is there.
    pub(super) fn arrive(&mut self, flight: Flight) -> Option<(NodeId, Port, IpPacket)> {
        let Flight { link, direction, ordinal, duplicate, packet } = flight;
        let (node, port) = self.links[link.index()].far_end(direction);
        self.lane(link, direction).counters.in_flight -= 1;
        if self.nodes[node.index()].down {
            self.drop(link, direction, ordinal, DropReason::NodeDown);
            return None;
        }
        self.lane(link, direction).counters.delivered += 1;
        self.trace
            .record(self.now, &Kind::Delivered { link, direction, ordinal, duplicate, packet: &packet });
        Some((node, port, packet))
    }

    /// Lets the link take the next packet that waits for it.
    pub(super) fn serve(&mut self, link: LinkId, direction: Direction) {
        let now = self.now;
        let lane = self.lane(link, direction);
        let Some(settings) = lane.settings.bottleneck.clone() else {
            return self.release_backlog(link, direction);
        };
        let mtu = lane.settings.mtu;
        let served = lane.backlog.pop(&settings, mtu, now, |parcel| damage::is_ecn_capable(&parcel.packet));
        for parcel in served.dropped {
            self.lane(link, direction).counters.in_flight -= 1;
            self.drop(link, direction, parcel.ordinal, DropReason::CoDel);
        }
        if let Some((mut parcel, marked)) = served.next {
            if marked {
                damage::mark(&mut parcel.packet);
                self.trace.record(now, &Kind::Marked { link, direction, ordinal: parcel.ordinal });
            }
            let taken = now + settings.time(parcel.packet.len());
            self.lane(link, direction).backlog.free_at = taken;
            self.depart(link, direction, taken, parcel);
        }
        let lane = self.lane(link, direction);
        if !lane.backlog.is_empty() {
            let at = lane.backlog.free_at.max(now);
            self.schedule_on(link, direction, at, Happening::Serve { link, direction });
        }
    }

    /// A held-back packet has waited long enough for others to overtake it.
    pub(super) fn release(&mut self, link: LinkId, direction: Direction, ordinal: u64) {
        let held = &mut self.lane(link, direction).held;
        if let Some(index) = held.iter().position(|(_, parcel)| parcel.ordinal == ordinal) {
            let (_, parcel) = held.remove(index);
            self.lane(link, direction).counters.in_flight -= 1;
            self.fly(link, direction, self.now, parcel);
        }
    }

    /// The bottleneck has gone: nothing waits any more.
    fn release_backlog(&mut self, link: LinkId, direction: Direction) {
        let unlimited =
            crate::Bottleneck { rate: u64::MAX, limit: usize::MAX, codel: None, express: Vec::new() };
        let mut backlog: Backlog<Parcel> = std::mem::take(&mut self.lane(link, direction).backlog);
        while let Some((parcel, _)) = backlog.pop(&unlimited, 0, self.now, |_| false).next {
            self.depart(link, direction, self.now, parcel);
        }
    }

    /// Drops a packet that is too big, and says so to its sender if the far end has an address to say it from.
    fn refuse(&mut self, link: LinkId, direction: Direction, ordinal: u64, packet: &IpPacket) {
        self.drop(link, direction, ordinal, DropReason::TooBig);
        let mtu = self.lane(link, direction).settings.mtu;
        let (node, port) = self.links[link.index()].far_end(direction);
        let address = self.addresses.get(&(node, port, packet.version()));
        if let Some(answer) = address.and_then(|address| icmp::packet_too_big(packet, *address, mtu)) {
            self.send(link, direction.reverse(), answer);
        }
    }

    fn transmit(&mut self, link: LinkId, direction: Direction, packet: IpPacket) {
        let now = self.now;
        let ordinal = self.announce(link, direction, &packet);
        let lane = self.lane(link, direction);
        if lane.is_down(now) {
            return self.drop(link, direction, ordinal, DropReason::Cut);
        }
        let faults = lane.faults(ordinal, &packet);
        if faults.is_empty() && lane.is_plain() {
            let arrival = now + lane.settings.delay;
            return self.launch(arrival, Flight { link, direction, ordinal, duplicate: false, packet });
        }
        let (held, copies) = (Duration::ZERO, Vec::new());
        let mut parcel = Parcel { ordinal, packet, late: 0, held, overtaken: None, copies };
        for fault in faults {
            self.decide(link, direction, ordinal, fault);
            if let Err(reason) = parcel.befall(fault) {
                return self.drop(link, direction, ordinal, reason);
            }
        }
        if self.lane(link, direction).settings.bottleneck.is_some() {
            return self.enqueue(link, direction, parcel);
        }
        self.depart_now(link, direction, now, parcel);
    }

    /// Lets a packet wait for the link, or gives it to the link at once if that is idle.
    fn enqueue(&mut self, link: LinkId, direction: Direction, parcel: Parcel) {
        let now = self.now;
        let lane = self.lane(link, direction);
        let Lane { settings, backlog, .. } = lane;
        let Some(settings) = &settings.bottleneck else { return };
        if backlog.is_empty() && backlog.free_at <= now {
            backlog.free_at = now + settings.time(parcel.packet.len());
            let taken = backlog.free_at;
            return self.depart_now(link, direction, taken, parcel);
        }
        let was_empty = backlog.is_empty();
        let (dscp, octets) = (parcel.packet.traffic_class() >> 2, parcel.packet.len());
        match backlog.push(settings, now, dscp, octets, parcel) {
            Ok(()) => {
                let at = backlog.free_at;
                lane.counters.in_flight += 1;
                if was_empty {
                    self.schedule_on(link, direction, at, Happening::Serve { link, direction });
                }
            }
            Err(parcel) => self.drop(link, direction, parcel.ordinal, DropReason::QueueFull),
        }
    }

    /// Lets a packet that waited leave at `at`.
    fn depart(&mut self, link: LinkId, direction: Direction, at: Instant, parcel: Parcel) {
        self.lane(link, direction).counters.in_flight -= 1;
        self.depart_now(link, direction, at, parcel);
    }

    /// Lets a packet leave at `at`, or holds it back until others have overtaken it.
    fn depart_now(&mut self, link: LinkId, direction: Direction, at: Instant, parcel: Parcel) {
        let ordinal = parcel.ordinal;
        if let Some((by, within)) = parcel.overtaken {
            let lane = self.lane(link, direction);
            lane.counters.in_flight += 1;
            lane.held.push((by, parcel));
            return self.schedule_on(
                link,
                direction,
                at + within,
                Happening::Release { link, direction, ordinal },
            );
        }
        self.fly(link, direction, at, parcel);
        self.overtake(link, direction, at, ordinal);
    }

    /// A later packet has gone ahead of those that are held back.
    fn overtake(&mut self, link: LinkId, direction: Direction, at: Instant, ordinal: u64) {
        let lane = self.lane(link, direction);
        if lane.held.is_empty() {
            return;
        }
        let mut ready = Vec::new();
        for (mut left, parcel) in std::mem::take(&mut lane.held) {
            left -= u32::from(parcel.ordinal < ordinal);
            if left == 0 { ready.push(parcel) } else { lane.held.push((left, parcel)) }
        }
        for parcel in ready {
            self.lane(link, direction).counters.in_flight -= 1;
            self.fly(link, direction, at, parcel);
        }
    }

    /// Lets a packet and its copies arrive.
    fn fly(&mut self, link: LinkId, direction: Direction, at: Instant, parcel: Parcel) {
        let Parcel { ordinal, packet, late, held, copies, .. } = parcel;
        let lane = self.lane(link, direction);
        let amount = Duration::from_nanos(late.unsigned_abs());
        let arrival = at + lane.settings.delay;
        let mut arrival = if late < 0 { (arrival - amount).max(at) } else { arrival + amount } + held;
        if lane.settings.in_order {
            arrival = arrival.max(lane.last_arrival);
            lane.last_arrival = arrival;
        }
        let copies: Vec<_> = copies.into_iter().map(|after| (after, packet.clone())).collect();
        self.launch(arrival, Flight { link, direction, ordinal, duplicate: false, packet });
        for (after, packet) in copies {
            self.lane(link, direction).counters.duplicated += 1;
            self.launch(arrival + after, Flight { link, direction, ordinal, duplicate: true, packet });
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

    pub(super) fn drop(&mut self, link: LinkId, direction: Direction, ordinal: u64, reason: DropReason) {
        self.lane(link, direction).counters.dropped += 1;
        self.trace.record(self.now, &Kind::Dropped { link, direction, ordinal, reason });
    }

    fn launch(&mut self, arrival: Instant, flight: Flight) {
        let (link, direction) = (flight.link, flight.direction);
        self.lane(link, direction).counters.in_flight += 1;
        match &mut self.pool {
            Some(pool) => pool.push(flight),
            None => self.schedule_on(link, direction, arrival, Happening::Arrival(flight)),
        }
    }

    /// Queues what happens on a link, as caused by the node at its near end.
    fn schedule_on(&mut self, link: LinkId, direction: Direction, at: Instant, happening: Happening) {
        let (from, _) = self.links[link.index()].near_end(direction);
        self.schedule(from, at, Event::Parcel(happening));
    }

    pub(super) fn lane(&mut self, link: LinkId, direction: Direction) -> &mut Lane<Parcel> {
        &mut self.links[link.index()].lanes[direction.index()]
    }
}

impl Parcel {
    /// Lets a misfortune happen; tells why the packet is gone, if it is.
    fn befall(&mut self, fault: Fault) -> Result<(), DropReason> {
        match fault {
            Fault::Lost => return Err(DropReason::Lost),
            Fault::Delayed(nanos) => self.late = self.late.saturating_add(nanos),
            Fault::HeldBack(by) => self.held = self.held.saturating_add(by),
            Fault::Overtaken { by, within } => self.overtaken = Some((by.max(1), within)),
            Fault::Duplicated(after) => self.copies.push(after),
            Fault::Corrupted { bit } => damage::flip(&mut self.packet, bit),
            Fault::HeaderCorrupted { bit } => {
                self.packet = damage::flip_header(&self.packet, bit).ok_or(DropReason::Damaged)?;
            }
            Fault::Truncated { kept } => {
                self.packet = damage::truncate(&self.packet, kept as usize).ok_or(DropReason::Damaged)?;
            }
            Fault::Marked => damage::mark(&mut self.packet),
        }
        Ok(())
    }
}
