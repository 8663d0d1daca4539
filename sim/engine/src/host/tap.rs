//! A tap: stands in a link, hands on what comes, and counts it.

use std::collections::{BTreeMap, VecDeque};

use ipsec_net::{Instant, IpPacket};

use crate::{Direction, Node, Port, Step};

/// A passive node with ports 0 and 1: what comes in at one goes out of the other at the same instant,
/// unchanged.
#[derive(Debug, Default)]
pub struct Tap {
    seen: [Seen; 2],
    outbox: VecDeque<(Port, IpPacket)>,
}

/// What a tap saw in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Everything.
    pub total: Tally,
    /// By the protocol behind IP extension headers; of a datagram in fragments each one counts.
    pub by_protocol: BTreeMap<u8, Tally>,
}

/// Packets and their octets, IP headers included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many packets.
    pub packets: u64,
    /// How many octets.
    pub octets: u64,
}

impl Tally {
    fn add(&mut self, packet: &IpPacket) {
        self.packets += 1;
        self.octets += packet.len() as u64;
    }
}

impl Tap {
    /// A tap that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What went from port 0 to port 1 (forward), or back.
    #[must_use]
    pub fn seen(&self, direction: Direction) -> &Seen {
        &self.seen[direction.index()]
    }
}

impl Node for Tap {
    /// It has nothing to say.
    type Note = ();

    fn handle(&mut self, _now: Instant, port: Port, packet: IpPacket) {
        let (direction, out) = match port {
            Port(0) => (Direction::Forward, Port(1)),
            _ => (Direction::Backward, Port(0)),
        };
        let seen = &mut self.seen[direction.index()];
        seen.total.add(&packet);
        seen.by_protocol.entry(packet.protocol()).or_default().add(&packet);
        self.outbox.push_back((out, packet));
    }

    fn wake(&mut self, _now: Instant) {}

    fn poll(&mut self, _now: Instant) -> Step<()> {
        match self.outbox.pop_front() {
            Some((port, packet)) => Step::Send { port, packet },
            None => Step::Idle { until: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipsec_net::protocol;

    use super::super::laboratory::{Station, address, finish, pair, read, start, tapped};
    use super::super::{Constant, EchoRequests, EchoSettings, Flow, Receiver, Traffic};
    use super::*;
    use crate::{LinkSettings, Streams};

    #[test]
    fn what_passes_is_counted_by_direction_and_protocol_and_nothing_else_changes() {
        let run = |tap: bool| {
            let (mut world, west, east) =
                if tap { tapped(1, LinkSettings::default()) } else { pair(1, LinkSettings::default()) };
            let receiver = start(&mut world, east, Receiver::new(5000));
            let flow = Flow { limit: Some(40), ..Flow::new(4000, "10.0.2.1:5000".parse().unwrap()) };
            let sizes = Streams::new(1).stream(&["sizes"]);
            start(
                &mut world,
                west,
                Traffic::new(flow, Constant::new(Duration::from_millis(3), 100..=2000, sizes)),
            );
            let echo =
                EchoSettings { limit: Some(3), size: 10, ..EchoSettings::new(7, address("2001:db8:2::1")) };
            let echo = start(&mut world, west, EchoRequests::new(echo));
            finish(&mut world);
            let heard: Receiver = read(&world, east, receiver);
            let asked: EchoRequests = read(&world, west, echo);
            (world, heard, asked)
        };
        let (_, heard, asked) = run(false);
        let (world, heard_tapped, asked_tapped) = run(true);
        assert_eq!((heard.octets(), heard.received(), asked.answered()), (heard_tapped.octets(), 40, 3));
        // One more link of the same delay each way, and no delay in the tap.
        assert_eq!(heard_tapped.delay().greatest(), heard.delay().greatest().map(|delay| 2 * delay));
        assert_eq!(asked_tapped.round_trip().greatest(), Some(Duration::from_millis(4)));
        let Station::Tap(tap) = world.node(crate::NodeId(2)) else { panic!("no tap") };
        let back = tap.seen(Direction::Backward);
        let echoes = Tally { packets: 3, octets: 3 * (40 + 8 + 10) };
        assert_eq!((back.total, &back.by_protocol), (echoes, &BTreeMap::from([(protocol::ICMPV6, echoes)])));
        let forth = tap.seen(Direction::Forward);
        let datagrams = forth.by_protocol[&protocol::UDP];
        let pieces = datagrams.packets - 40;
        assert!(pieces > 0, "some are in fragments");
        assert_eq!(datagrams.octets, heard.octets() + 40 * 28 + pieces * 20);
        assert_eq!(
            forth.total,
            Tally { packets: datagrams.packets + 3, octets: datagrams.octets + echoes.octets }
        );
    }
}
