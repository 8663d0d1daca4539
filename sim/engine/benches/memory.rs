//! How much memory a world takes, and how that grows: octets for each node, each link and each packet in flight.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use allocation_counter::measure;
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, protocol};
use sim::{LinkSettings, Node, Port, Setup, Step, World};

/// Sends what it is told to.
struct Sender {
    left: u64,
}

impl Node for Sender {
    type Note = ();

    fn handle(&mut self, _now: Instant, _port: Port, _packet: IpPacket) {}

    fn wake(&mut self, _now: Instant) {}

    fn poll(&mut self, _now: Instant) -> Step<()> {
        if self.left == 0 {
            return Step::Idle { until: None };
        }
        self.left -= 1;
        let header = IpHeader::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol::ESP);
        let packet = IpPacket::build(&header, Buffer::copy_of(&[0; 1352])).unwrap();
        Step::Send { port: Port(0), packet }
    }
}

/// A world of `pairs` linked pairs of nodes in which the first node has sent `packets` packets that are all in flight.
fn world(pairs: u64, packets: u64) -> World<Sender> {
    let mut world = World::new(Setup { digest: false, ..Setup::new(1) }, ());
    let mut first = None;
    for pair in 0..pairs {
        let ends = [0, 1].map(|_| (world.add_node("node", Sender { left: 0 }), Port(0)));
        let settings = [LinkSettings::default(), LinkSettings::default()];
        world.add_link(&format!("l{pair}"), ends[0], ends[1], settings).unwrap();
        first.get_or_insert(ends[0].0);
    }
    if let Some(first) = first {
        world.with(first, |node, _| node.left = packets);
    }
    world
}

fn octets(pairs: u64, packets: u64) -> i64 {
    let mut kept = None;
    let info = measure(|| kept = Some(world(pairs, packets)));
    drop(kept);
    info.bytes_current
}

fn main() {
    println!("{:>12} {:>12} {:>14} {:>14}", "node pairs", "in flight", "octets", "octets for each");
    for pairs in [1_000u64, 10_000, 100_000] {
        let all = octets(pairs, 0);
        println!("{pairs:>12} {:>12} {all:>14} {:>14}", 0, all / pairs as i64);
    }
    let empty = octets(1, 0);
    for packets in [1_000u64, 10_000, 100_000] {
        let all = octets(1, packets) - empty;
        println!("{:>12} {packets:>12} {all:>14} {:>14}", 1, all / packets as i64);
    }
}
