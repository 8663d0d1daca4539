//! Packets a second through a simulated tunnel, both gateways and the links between them included.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::net::IpAddr;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ipsec::crypto::{AeadAlgorithm, Entropy, FAST, PORTABLE, Provider, Secret};
use ipsec::dataplane::{
    Encryption, Mode, Protection, SaOptions, SaPair, SaParameters, Selector, Settings, Suite,
};
use ipsec::wire::Spi;
use ipsec::{Config, Input, Luck, ManualSa, Output, Peer};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, Prefix, protocol};
use sim::{LinkSettings, Node, NodeId, Port, Setup, Step, World};

/// How many packets one measured run has.
const COUNT: u64 = 20_000;
/// Octets of an inner packet.
const SIZE: usize = 1372;

enum Bench {
    /// Sends a copy of a packet at a steady pace.
    Source {
        packet: IpPacket,
        next: Instant,
        left: u64,
    },
    /// Port 0 is inside, port 1 outside.
    Gateway(Box<Peer>),
    Sink {
        count: u64,
    },
}

impl Node for Bench {
    type Note = ();

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        match self {
            Self::Gateway(peer) if port == Port(0) => peer.handle(now, Input::Inside(packet)),
            Self::Gateway(peer) => peer.handle(now, Input::Outside(packet)),
            Self::Sink { count } => *count += 1,
            Self::Source { .. } => {}
        }
    }

    fn wake(&mut self, now: Instant) {
        if let Self::Gateway(peer) = self {
            peer.handle(now, Input::Timeout);
        }
    }

    fn poll(&mut self, now: Instant) -> Step<()> {
        match self {
            Self::Source { packet, next, left } => {
                if *left > 0 && *next <= now {
                    *next = now + Duration::from_micros(1);
                    *left -= 1;
                    return Step::Send { port: Port(0), packet: packet.clone() };
                }
                Step::Idle { until: (*left > 0).then_some(*next) }
            }
            Self::Gateway(peer) => match peer.poll(now) {
                Output::Inside(packet) => Step::Send { port: Port(0), packet },
                Output::Outside(packet) => Step::Send { port: Port(1), packet },
                Output::Event(_) => Step::Note(()),
                Output::Idle { until, .. } => Step::Idle { until },
            },
            Self::Sink { .. } => Step::Idle { until: None },
        }
    }
}

struct Constant;

impl Entropy for Constant {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

const WEST: [u8; 4] = [192, 0, 2, 1];
const EAST: [u8; 4] = [198, 51, 100, 1];

fn gateway(provider: &'static Provider, [here, there]: [[u8; 4]; 2], nets: [&str; 2]) -> Bench {
    let [local, remote] = nets.map(|net| net.parse::<Prefix>().unwrap().range());
    let suite = Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None };
    let sa = SaParameters {
        spi: Spi(0x1000),
        protection: Protection::Esp(suite),
        key: Secret::from(vec![7; suite.key_material_len()]),
        mode: Mode::Tunnel { local: here.into(), remote: there.into() },
        selectors: vec![Selector::between(local, remote)],
        extended_sequence_numbers: true,
        replay_window: 64,
        options: SaOptions::default(),
    };
    let addresses: (IpAddr, IpAddr) = (here.into(), there.into());
    let config = Config {
        addresses: vec![addresses.0],
        dataplane: Settings::default(),
        ikev2: ipsec::ikev2::Config::new(Vec::new()),
        ikev1: ipsec::ikev1::Config::new(Vec::new()),
        policies: Vec::new(),
        manual: vec![ManualSa { addresses, pair: SaPair::new("net", sa.clone(), sa) }],
    };
    let luck = Luck { ike: Box::new(Constant), ikev1: Box::new(Constant), esp: Box::new(Constant) };
    Bench::Gateway(Box::new(Peer::new(config, provider, luck).unwrap()))
}

fn tunnel(provider: &'static Provider) -> World<Bench> {
    let mut world = World::new(Setup { digest: false, ..Setup::new(1) }, ());
    let header = IpHeader::new([10, 1, 0, 1].into(), [10, 2, 0, 1].into(), protocol::UDP);
    let packet = IpPacket::build(&header, Buffer::copy_of(&[7; SIZE - 20])).unwrap();
    let source = world.add_node("source", Bench::Source { packet, next: Instant::ZERO, left: COUNT });
    let west = world.add_node("west", gateway(provider, [WEST, EAST], ["10.1.0.0/16", "10.2.0.0/16"]));
    let east = world.add_node("east", gateway(provider, [EAST, WEST], ["10.2.0.0/16", "10.1.0.0/16"]));
    let sink = world.add_node("sink", Bench::Sink { count: 0 });
    let lan = LinkSettings { delay: Duration::ZERO, ..LinkSettings::default() };
    let wan = LinkSettings { delay: Duration::from_micros(100), ..LinkSettings::default() };
    let mut join = |name, a, b, settings: &LinkSettings| {
        world.add_link(name, a, b, [settings.clone(), settings.clone()]).unwrap();
    };
    join("near", (source, Port(0)), (west, Port(0)), &lan);
    join("wan", (west, Port(1)), (east, Port(1)), &wan);
    join("far", (east, Port(0)), (sink, Port(0)), &lan);
    world.with(source, |_, _| ());
    world
}

fn packets(c: &mut Criterion) {
    let mut group = c.benchmark_group("tunnel");
    group.throughput(Throughput::Elements(COUNT)).sample_size(20);
    for provider in [&FAST, &PORTABLE] {
        let id = BenchmarkId::new("aes128gcm16, 1372 octets", provider.name);
        group.bench_function(id, |b| {
            b.iter_batched(
                || tunnel(provider),
                |mut world| {
                    world.run_until(Instant::ZERO + Duration::from_secs(1)).unwrap();
                    let Bench::Sink { count } = world.node(NodeId::from_index(3)) else { panic!("no sink") };
                    assert_eq!(*count, COUNT);
                },
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(benches, packets);
criterion_main!(benches);
