//! What the engine itself costs: events without packets, packets without protocols, misfortunes, digests, captures.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::hint::black_box;
use std::io::Sink;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, protocol, udp};
use sim::capture::{Capture, Captures};
use sim::{
    Bottleneck, CoDel, Jitter, Kind, LinkId, LinkSettings, Loss, Node, NodeId, Observer, Port, Ratio, Setup,
    Step, World,
};

/// How many packets or events one measured run has.
const COUNT: u64 = 10_000;
/// Octets of an IP packet with 1344 octets in UDP.
const SIZE: usize = 1372;

enum Bench {
    /// Wakes up at a steady pace and does nothing else.
    Ticker { every: Duration, next: Instant },
    /// Sends a copy of a packet out at port 0 at a steady pace.
    Source { packet: IpPacket, every: Duration, next: Instant, left: u64 },
    /// Hands packets from port 0 on to port 1.
    Forwarder { held: Option<IpPacket> },
    /// Counts what comes.
    Sink { count: u64 },
}

impl Node for Bench {
    type Note = ();

    fn handle(&mut self, _now: Instant, _port: Port, packet: IpPacket) {
        match self {
            Self::Forwarder { held } => *held = Some(packet),
            Self::Sink { count } => *count += 1,
            Self::Ticker { .. } | Self::Source { .. } => {}
        }
    }

    fn wake(&mut self, _now: Instant) {}

    fn poll(&mut self, now: Instant) -> Step<()> {
        match self {
            Self::Ticker { every, next } => {
                if *next <= now {
                    *next = now + *every;
                }
                Step::Idle { until: Some(*next) }
            }
            Self::Source { packet, every, next, left } => {
                if *left > 0 && *next <= now {
                    *next = now + *every;
                    *left -= 1;
                    return Step::Send { port: Port(0), packet: packet.clone() };
                }
                Step::Idle { until: (*left > 0).then_some(*next) }
            }
            Self::Forwarder { held } => match held.take() {
                Some(packet) => Step::Send { port: Port(1), packet },
                None => Step::Idle { until: None },
            },
            Self::Sink { .. } => Step::Idle { until: None },
        }
    }
}

fn packet() -> IpPacket {
    let [from, to] = [SocketAddr::from(([192, 0, 2, 1], 500)), SocketAddr::from(([198, 51, 100, 1], 500))];
    let payload = Buffer::copy_of(&[7; SIZE - 20 - udp::HEADER_LEN]);
    let unset = IpAddr::from([0, 0, 0, 0]);
    udp::build(from, to, payload, &IpHeader::new(unset, unset, protocol::UDP)).unwrap()
}

/// `count` tickers whose ticks are spread over time.
fn tickers(count: u64) -> World<Bench> {
    let mut world = World::new(Setup { digest: false, ..Setup::new(1) }, ());
    for number in 0..count {
        let first = Instant::from_nanos(number * 7_919 % 1_000_000);
        let every = Duration::from_nanos(1_000_000 + number * 31 % 5_000);
        let node = world.add_node("ticker", Bench::Ticker { every, next: first });
        world.with(node, |_, _| ());
    }
    world
}

/// Captures all links.
struct Captured(Captures<Sink>);

impl Observer<()> for Captured {
    fn record(&mut self, at: Instant, kind: &Kind<'_, ()>) {
        self.0.record(at, kind, Some("UDP 500 > 500")).unwrap();
    }
}

/// A source, a sink and `hops` links with forwarders between.
fn chain<O: Observer<()>>(
    hops: usize,
    digest: bool,
    settings: &LinkSettings,
    observer: O,
) -> (World<Bench, O>, NodeId) {
    let mut world = World::new(Setup { digest, ..Setup::new(1) }, observer);
    let every = Duration::from_micros(10);
    let source = Bench::Source { packet: packet(), every, next: Instant::ZERO, left: COUNT };
    let first = world.add_node("source", source);
    let mut last = (first, Port(0));
    for hop in 1..hops {
        let node = world.add_node("forwarder", Bench::Forwarder { held: None });
        world
            .add_link(&format!("hop{hop}"), last, (node, Port(0)), [settings.clone(), settings.clone()])
            .unwrap();
        last = (node, Port(1));
    }
    let sink = world.add_node("sink", Bench::Sink { count: 0 });
    world.add_link("last", last, (sink, Port(0)), [settings.clone(), settings.clone()]).unwrap();
    world.with(first, |_, _| ());
    (world, sink)
}

fn run<O: Observer<()>>(world: &mut World<Bench, O>, sink: NodeId) -> u64 {
    while world.step().unwrap() {}
    match world.node(sink) {
        Bench::Sink { count } => *count,
        _ => 0,
    }
}

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("events");
    group.throughput(Throughput::Elements(COUNT));
    for nodes in [1, 100, 10_000, 100_000] {
        let mut world = tickers(nodes);
        group.bench_function(format!("{nodes} timers"), |b| {
            b.iter(|| (0..COUNT).for_each(|_| assert!(world.step().unwrap())));
        });
    }
    group.finish();
}

fn packets(c: &mut Criterion) {
    let jitter = LinkSettings {
        delay: Duration::from_millis(40),
        jitter: Jitter::Uniform(Duration::from_millis(10)),
        ..LinkSettings::default()
    };
    let five = Ratio::new(5, 100).unwrap();
    let rough = LinkSettings {
        loss: Loss::Independent(five),
        reorder: five,
        duplicate: five,
        corrupt: five,
        ..jitter.clone()
    };
    let line = Bottleneck {
        codel: Some(CoDel::default()),
        ..Bottleneck::new(2_000_000_000, Duration::from_millis(50))
    };
    let queue = LinkSettings { bottleneck: Some(line), ..LinkSettings::default() };
    let clean = LinkSettings::default();
    let cases = [
        ("1 hop", 1, false, clean.clone()),
        ("8 hops", 8, false, clean.clone()),
        ("64 hops", 64, false, clean.clone()),
        ("1 hop, digest", 1, true, clean),
        ("1 hop, CoDel", 1, false, queue),
        ("1 hop, 40 ms", 1, false, LinkSettings { jitter: Jitter::None, ..jitter.clone() }),
        ("1 hop, 40 ms ± 10 ms", 1, false, jitter),
        ("1 hop, all misfortunes", 1, false, rough),
    ];
    let mut group = c.benchmark_group("packets");
    group.throughput(Throughput::Elements(COUNT));
    for (name, hops, digest, settings) in cases {
        group.bench_function(name, |b| {
            let make = || chain(hops, digest, &settings, ());
            b.iter_batched_ref(make, |(world, sink)| black_box(run(world, *sink)), BatchSize::LargeInput);
        });
    }
    group.bench_function("1 hop, captured with comments", |b| {
        let make = || {
            let mut captures = Captures::default();
            let file = Capture::new(std::io::sink(), "last", "bench", Duration::ZERO).unwrap();
            captures.add(LinkId::from_index(0), file);
            chain(1, false, &LinkSettings::default(), Captured(captures))
        };
        b.iter_batched_ref(make, |(world, sink)| black_box(run(world, *sink)), BatchSize::LargeInput);
    });
    group.finish();
}

/// A long line with `in_flight` packets on it at any time: each that arrives lets the next one go.
fn line(in_flight: u64) -> World<Bench> {
    let mut world = World::new(Setup { digest: false, ..Setup::new(1) }, ());
    let every = Duration::from_micros(1);
    let source = Bench::Source { packet: packet(), every, next: Instant::ZERO, left: u64::MAX };
    let source = world.add_node("source", source);
    let sink = world.add_node("sink", Bench::Sink { count: 0 });
    let settings = LinkSettings { delay: Duration::from_micros(in_flight), ..LinkSettings::default() };
    world.add_link("line", (source, Port(0)), (sink, Port(0)), [settings, LinkSettings::default()]).unwrap();
    world.with(source, |_, _| ());
    world.run_until(Instant::ZERO + Duration::from_micros(2 * in_flight)).unwrap();
    world
}

/// Two events for each packet: one is sent, one arrives.
fn pending(c: &mut Criterion) {
    let mut group = c.benchmark_group("packets in flight");
    group.throughput(Throughput::Elements(COUNT));
    for in_flight in [100, 10_000, 100_000] {
        let mut world = line(in_flight);
        group.bench_function(in_flight.to_string(), |b| {
            b.iter(|| (0..2 * COUNT).for_each(|_| assert!(world.step().unwrap())));
        });
    }
    group.finish();
}

/// Pairs of nodes that send each other packets.
fn crowd(c: &mut Criterion) {
    const NODES: u64 = 10_000;
    let make = || {
        let mut world = World::new(Setup { digest: false, ..Setup::new(1) }, ());
        for pair in 0..NODES / 2 {
            let next = Instant::from_nanos(pair * 7_919 % 1_000_000);
            let every = Duration::from_millis(1);
            let source = Bench::Source { packet: packet(), every, next, left: 4 };
            let ends = [source, Bench::Sink { count: 0 }].map(|node| (world.add_node("node", node), Port(0)));
            let settings = [LinkSettings::default(), LinkSettings::default()];
            world.add_link(&format!("l{pair}"), ends[0], ends[1], settings).unwrap();
            world.with(ends[0].0, |_, _| ());
        }
        world
    };
    let mut group = c.benchmark_group("crowd");
    group.sample_size(10).throughput(Throughput::Elements(NODES / 2 * 4));
    group.bench_function("packets between 10000 nodes", |b| {
        b.iter_batched_ref(make, |world| while world.step().unwrap() {}, BatchSize::PerIteration);
    });
    group.finish();
}

fn capture(c: &mut Criterion) {
    let packet = packet();
    let mut group = c.benchmark_group("capture");
    group.throughput(Throughput::Elements(COUNT));
    for (name, comment) in [("bare", None), ("comment", Some("IKE_AUTH request 1, retransmission 2"))] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut file = Capture::new(std::io::sink(), "wan", "bench", Duration::ZERO).unwrap();
                for number in 0..COUNT {
                    file.packet(Instant::from_nanos(number), packet.as_bytes(), comment).unwrap();
                }
                file.finish().unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, events, packets, pending, crowd, capture);
criterion_main!(benches);
