//! How looking up grows with the databases: from 1 to 100,000 SA pairs, and to 10,000 policies, for packets of known flows and
//! of new ones.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops at an error")]

use std::net::Ipv4Addr;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ipsec_crypto::{AeadAlgorithm, Entropy, PORTABLE, Secret};
use ipsec_dataplane::{
    Action, Dataplane, Encryption, Inbound, Mode, Outbound, Policy, Protection, SaOptions, SaPair,
    SaParameters, Selector, Settings, Suite,
};
use ipsec_net::{AddressRange, Buffer, Instant, IpHeader, IpPacket, protocol};
use ipsec_wire::Spi;

struct Constant;

impl Entropy for Constant {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

/// The host behind the peer with this number.
fn host(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a80_0000 + number)
}

/// One policy for each peer, which is one host.
fn policies(count: u32) -> Vec<Policy> {
    let all = AddressRange::new(Ipv4Addr::new(10, 0, 0, 0).into(), Ipv4Addr::new(10, 255, 255, 255).into());
    let all = all.unwrap();
    let policy = |number: u32| {
        let far = AddressRange::new(host(number).into(), host(number).into()).unwrap();
        Policy::new(number.to_string(), vec![Selector::between(all, far)], Action::Protect)
    };
    (0..count).map(policy).collect()
}

/// A gateway with as many pairs, spread over the policies, each sending to itself.
fn gateway(policies: Vec<Policy>, pairs: u32) -> Dataplane {
    let selectors: Vec<Vec<Selector>> = policies.iter().map(|policy| policy.selectors.clone()).collect();
    let names: Vec<String> = policies.iter().map(|policy| policy.name.clone()).collect();
    let suite = Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None };
    let mut plane = Dataplane::new(&PORTABLE, policies, Settings::default());
    for number in 0..pairs {
        let policy = number as usize % names.len();
        let sa = SaParameters {
            spi: Spi(256 + number),
            protection: Protection::Esp(suite),
            key: Secret::from(vec![7; suite.key_material_len()]),
            mode: Mode::Tunnel { local: [192, 0, 2, 1].into(), remote: [198, 51, 100, 1].into() },
            selectors: selectors[policy].clone(),
            extended_sequence_numbers: true,
            replay_window: 64,
            options: SaOptions::default(),
        };
        plane.install(Instant::ZERO, SaPair::new(&names[policy], sa.clone(), sa));
    }
    plane
}

fn packet(to: Ipv4Addr, port: u16) -> IpPacket {
    let header = IpHeader::new([10, 1, 0, 1].into(), to.into(), protocol::UDP);
    let ports = [&port.to_be_bytes()[..], &[0, 9, 0, 48, 0, 0], &[0; 40]].concat();
    IpPacket::build(&header, Buffer::copy_of(&ports)).unwrap()
}

fn round(plane: &mut Dataplane, packet: IpPacket) {
    let Outbound::Send(outer) = plane.outbound(Instant::ZERO, &mut Constant, packet) else {
        panic!("not sent");
    };
    assert!(matches!(plane.inbound(Instant::ZERO, outer), Inbound::Deliver(_) | Inbound::Drop { .. }));
}

fn databases(c: &mut Criterion) {
    let mut group = c.benchmark_group("databases");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    for pairs in [1u32, 100, 10_000, 100_000] {
        let mut plane = gateway(policies(pairs.min(10_000)), pairs);
        let mut next = 0u32;
        group.bench_function(BenchmarkId::new("a packet of a known flow, by SA pairs", pairs), |b| {
            b.iter(|| {
                // A hundred flows in turn, spread over all of the policies.
                next = (next + 1) % 100;
                let number = u64::from(next) * u64::from(pairs.min(10_000)) / 100;
                round(&mut plane, packet(host(number as u32), 5000));
            });
        });
    }
    for count in [1u32, 100, 10_000] {
        let mut plane = gateway(policies(count), count);
        let mut port = 0u32;
        group.bench_function(BenchmarkId::new("a packet of a new flow, by policies", count), |b| {
            b.iter(|| {
                port = port.wrapping_add(1);
                let number = port.wrapping_mul(0x9e37_79b9) % count;
                round(&mut plane, packet(host(number), port as u16));
            });
        });
    }
}

criterion_group!(benches, databases);
criterion_main!(benches);
