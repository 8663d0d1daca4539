//! What ESP costs a packet: from the inner packet to the outer one and back, beside the bare algorithm on the same text.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops at an error")]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, Entropy, FAST, IntegrityAlgorithm, PORTABLE, Provider, Secret,
};
use ipsec_dataplane::{
    Action, Dataplane, Encryption, Inbound, Mode, Outbound, Policy, Protection, SaOptions, SaPair,
    SaParameters, Selector, Settings, Suite,
};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, Prefix, protocol};
use ipsec_wire::Spi;

const fn gcm(key_len: usize) -> Suite {
    Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len, integrity: None }
}

const CBC: Suite = Suite {
    encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
    key_len: 16,
    integrity: Some(IntegrityAlgorithm::HmacSha2_256_128),
};

const CASES: [(Suite, &Provider); 5] =
    [(gcm(16), &PORTABLE), (gcm(16), &FAST), (gcm(32), &PORTABLE), (gcm(32), &FAST), (CBC, &PORTABLE)];

/// Lengths of the inner packet in octets.
const LENGTHS: [usize; 2] = [64, 1400];

/// So few packets at a time that they stay in the processor's cache, as one does on its way through a gateway.
const FEW: BatchSize = BatchSize::NumIterations(32);

/// Costs next to nothing, so that it does not hide what is measured.
struct Constant;

impl Entropy for Constant {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

/// A gateway whose one SA pair sends to itself, without a replay window, so that a packet can be opened again and again.
fn looped(provider: &'static Provider, suite: Suite) -> Dataplane {
    let all = "0.0.0.0/0".parse::<Prefix>().unwrap().range();
    let selectors = vec![Selector::between(all, all)];
    let policy = Policy::new("net", selectors.clone(), Action::Protect);
    let sa = SaParameters {
        spi: Spi(0x1001),
        protection: Protection::Esp(suite),
        key: Secret::from(vec![7; suite.key_material_len()]),
        mode: Mode::Tunnel { local: [192, 0, 2, 1].into(), remote: [198, 51, 100, 1].into() },
        selectors,
        extended_sequence_numbers: false,
        replay_window: 0,
        options: SaOptions::default(),
    };
    let mut plane = Dataplane::new(provider, vec![policy], Settings::default());
    plane.install(Instant::ZERO, SaPair::new("net", sa.clone(), sa));
    plane
}

/// With the usual room round it, which a clone would not have.
fn inner(length: usize) -> IpPacket {
    let header = IpHeader::new([10, 1, 0, 1].into(), [10, 2, 0, 1].into(), protocol::UDP);
    IpPacket::build(&header, Buffer::copy_of(&vec![0x42; length - 20])).unwrap()
}

fn sealed(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    match plane.outbound(Instant::ZERO, &mut Constant, packet) {
        Outbound::Send(outer) => outer,
        other => panic!("{other:?}"),
    }
}

fn opened(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    match plane.inbound(Instant::ZERO, packet) {
        Inbound::Deliver(inner) => inner,
        other => panic!("{other:?}"),
    }
}

fn packets(c: &mut Criterion) {
    let mut group = c.benchmark_group("esp");
    for (suite, provider) in CASES {
        let name = format!("{suite} {}", provider.name);
        for length in LENGTHS {
            group.throughput(Throughput::Bytes(length as u64));
            let mut plane = looped(provider, suite);
            let outer = sealed(&mut plane, inner(length));
            group.bench_function(BenchmarkId::new(format!("seal {name}"), length), |b| {
                b.iter_batched(|| inner(length), |packet| sealed(&mut plane, packet), FEW);
            });
            group.bench_function(BenchmarkId::new(format!("open {name}"), length), |b| {
                b.iter_batched(|| outer.clone(), |outer| opened(&mut plane, outer), FEW);
            });
            match suite.encryption {
                Encryption::Aead(_) | Encryption::AeadImplicitIv(_) => {
                    bare_aead(&mut group, suite, provider, length);
                }
                Encryption::Cipher(_) => bare_cipher_and_integrity(&mut group, suite, provider, length),
            }
        }
    }
}

/// The length of what is encrypted: the packet with its trailer.
fn text_len(length: usize, align: usize) -> usize {
    (length + 2).next_multiple_of(align)
}

fn bare_aead(group: &mut BenchmarkGroup<'_, WallTime>, suite: Suite, provider: &Provider, length: usize) {
    let Encryption::Aead(algorithm) = suite.encryption else { return };
    let aead = (provider.aead)(algorithm, &vec![7; suite.key_len]).unwrap();
    let (nonce, aad, mut icv) = ([3; 12], [1; 8], [0; 16]);
    let mut text = vec![0x42; text_len(length, 4)];
    let name = format!("{suite} {}", provider.name);
    group.bench_function(BenchmarkId::new(format!("bare seal {name}"), length), |b| {
        b.iter(|| aead.seal(&nonce, &aad, black_box(&mut text), &mut icv).unwrap());
    });
    aead.seal(&nonce, &aad, &mut text, &mut icv).unwrap();
    group.bench_function(BenchmarkId::new(format!("bare open {name}"), length), |b| {
        b.iter_batched_ref(
            || text.clone(),
            |text| aead.open(&nonce, &aad, black_box(text), &icv).unwrap(),
            FEW,
        );
    });
}

fn bare_cipher_and_integrity(
    group: &mut BenchmarkGroup<'_, WallTime>,
    suite: Suite,
    provider: &Provider,
    length: usize,
) {
    let (Encryption::Cipher(algorithm), Some(integrity)) = (suite.encryption, suite.integrity) else {
        return;
    };
    let cipher = (provider.cipher)(algorithm, &vec![7; suite.key_len]).unwrap();
    let mac = (provider.integrity)(integrity, &vec![7; integrity.key_len()]).unwrap();
    let (head, mut icv) = ([1; 24], vec![0; integrity.icv_len()]);
    let mut text = vec![0x42; text_len(length, 16)];
    let name = format!("{suite} {}", provider.name);
    group.bench_function(BenchmarkId::new(format!("bare seal {name}"), length), |b| {
        b.iter(|| {
            cipher.encrypt(&[3; 16], black_box(&mut text)).unwrap();
            mac.sign(&[&head, &text], &mut icv).unwrap();
        });
    });
    mac.sign(&[&head, &text], &mut icv).unwrap();
    group.bench_function(BenchmarkId::new(format!("bare open {name}"), length), |b| {
        b.iter_batched_ref(
            || text.clone(),
            |text| {
                mac.verify(&[&head, text], &icv).unwrap();
                cipher.decrypt(&[3; 16], black_box(text)).unwrap();
            },
            FEW,
        );
    });
}

criterion_group!(benches, packets);
criterion_main!(benches);
