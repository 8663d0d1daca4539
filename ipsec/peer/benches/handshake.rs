//! What IKE costs both peers together. Version 2: a full handshake (`IKE_SA_INIT`, `IKE_AUTH` with a pre-shared key, and the Child SA in both
//! data planes), beside the key exchange alone; and the replacement of a Child SA and of the IKE SA. Version 1: phase 1 in either mode with a shared key, and
//! quick mode, without a key exchange of its own.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops at an error")]

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ipsec::{Command, Config, Input, Luck, Output, Peer};
use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, Entropy, FAST, HashAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm,
    PORTABLE, PrfAlgorithm, Provider, Secret,
};
use ipsec_dataplane::{Encryption, Settings, Suite};
use ipsec_ikev1::Mode;
use ipsec_ikev2::{AdditionalKeyExchanges, ChildConfig, ChildProposal, Connection, IkeProposal};
use ipsec_net::{Instant, Prefix};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

struct Seeded(ChaCha8Rng);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

const ENDS: [(&str, &str); 2] = [("192.0.2.1", "10.1.0.0/16"), ("198.51.100.1", "10.2.0.0/16")];

/// Key exchanges, of which the second takes place in `IKE_INTERMEDIATE`.
type Groups = (KeyExchangeAlgorithm, Option<KeyExchangeAlgorithm>);

fn config(side: usize, (key_exchange, additional): Groups) -> Config {
    let [local, remote] = [side, 1 - side].map(|end| ENDS[end].0);
    let [local_net, remote_net] =
        [side, 1 - side].map(|end| vec![ENDS[end].1.parse::<Prefix>().unwrap().range()]);
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let child_proposal = ChildProposal {
        encryption: encryption.clone(),
        integrity: Vec::new(),
        key_exchange: Vec::new(),
        additional: Default::default(),
        extended_sequence_numbers: vec![false],
    };
    let child = ChildConfig::new("net", vec![child_proposal], local_net, remote_net);
    let mut additional_key_exchanges = AdditionalKeyExchanges::default();
    additional_key_exchanges[0].extend(additional.map(Some));
    let psk = Secret::from(b"correct horse battery staple".to_vec());
    let connection = Connection {
        proposals: vec![IkeProposal {
            encryption,
            integrity: Vec::new(),
            prf: vec![PrfAlgorithm::HmacSha2_256],
            key_exchange: vec![key_exchange],
            additional: additional_key_exchanges,
        }],
        children: vec![child],
        ..Connection::new("site", address(local), address(remote), psk)
    };
    let ikev2 = ipsec_ikev2::Config::new(vec![connection]);
    Config {
        addresses: vec![address(local)],
        dataplane: Settings::default(),
        ikev2,
        ikev1: ipsec_ikev1::Config::new(Vec::new()),
        policies: Vec::new(),
        manual: Vec::new(),
    }
}

/// A connection of version 1.
fn older(side: usize, mode: Mode, group: KeyExchangeAlgorithm) -> Config {
    let [local, remote] = [side, 1 - side].map(|end| ENDS[end].0.parse::<IpAddr>().unwrap());
    let [here, there] = [side, 1 - side].map(|end| ENDS[end].1.parse::<Prefix>().unwrap().range());
    let esp = Suite {
        encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
        key_len: 16,
        integrity: Some(IntegrityAlgorithm::HmacSha1_96),
    };
    let suite = ipsec_ikev1::ChildSuite { ah: None, esp: Some(esp), extended_sequence_numbers: false };
    let ike = ipsec_ikev1::IkeSuite {
        cipher: CipherAlgorithm::AesCbc,
        key_len: 16,
        hash: HashAlgorithm::Sha1,
        group,
    };
    let psk = Secret::from(b"correct horse battery staple".to_vec());
    let connection = ipsec_ikev1::Connection {
        mode,
        proposals: vec![ike],
        children: vec![ipsec_ikev1::ChildConfig::new("net", vec![suite], here, there)],
        ..ipsec_ikev1::Connection::new("site", local, remote, psk)
    };
    Config {
        addresses: vec![local],
        dataplane: Settings::default(),
        ikev2: ipsec_ikev2::Config::new(Vec::new()),
        ikev1: ipsec_ikev1::Config::new(vec![connection]),
        policies: Vec::new(),
        manual: Vec::new(),
    }
}

fn pair(groups: Groups, provider: &'static Provider) -> [Peer; 2] {
    peers(|side| config(side, groups), provider)
}

fn peers(config: impl Fn(usize) -> Config, provider: &'static Provider) -> [Peer; 2] {
    [0, 1].map(|side| {
        let source = |stream| {
            let mut rng = ChaCha8Rng::seed_from_u64(side as u64);
            rng.set_stream(stream);
            Box::new(Seeded(rng)) as Box<dyn Entropy>
        };
        let luck = Luck { ike: source(1), ikev1: source(3), esp: source(2) };
        Peer::new(config(side), provider, luck).unwrap()
    })
}

/// Gives an order to the first peer, and lets both do what follows.
fn order(peers: &mut [Peer; 2], now: Instant, order: Command) {
    let mut inputs = VecDeque::from([(0, Input::Command(order))]);
    while let Some((side, input)) = inputs.pop_front() {
        peers[side].handle(now, input);
        loop {
            match peers[side].poll(now) {
                Output::Outside(packet) => inputs.push_back((1 - side, Input::Outside(packet))),
                Output::Inside(_) | Output::Event(_) => {}
                Output::Idle { .. } => break,
            }
        }
    }
    assert_eq!(peers.each_ref().map(|peer| peer.status().sas.len()), [2, 2], "a pair of SAs at each end");
}

fn handshake(peers: &mut [Peer; 2]) {
    order(peers, Instant::ZERO, Command::Initiate { child: "net".into() });
}

const GROUPS: [(&str, Groups); 5] = [
    ("x25519", (KeyExchangeAlgorithm::X25519, None)),
    ("ecp256", (KeyExchangeAlgorithm::Ecp256, None)),
    ("ecp384", (KeyExchangeAlgorithm::Ecp384, None)),
    ("modp2048", (KeyExchangeAlgorithm::Modp2048, None)),
    ("x25519 and ML-KEM-768", (KeyExchangeAlgorithm::X25519, Some(KeyExchangeAlgorithm::MlKem768))),
];
const ARMS: [(&str, &Provider); 2] = [("portable", &PORTABLE), ("fast", &FAST)];

fn handshakes(c: &mut Criterion) {
    let mut group = c.benchmark_group("handshake, both peers");
    group.throughput(Throughput::Elements(1));
    group.sample_size(20);
    for (name, groups) in GROUPS {
        for (arm, provider) in ARMS {
            group.bench_function(format!("{name}, {arm}"), |b| {
                b.iter_batched_ref(|| pair(groups, provider), handshake, BatchSize::SmallInput);
            });
        }
    }
    group.finish();
}

fn handshakes_of_version_1(c: &mut Criterion) {
    let mut group = c.benchmark_group("phase 1 and quick mode, both peers");
    group.throughput(Throughput::Elements(1));
    group.sample_size(20);
    let groups =
        [KeyExchangeAlgorithm::Modp1024, KeyExchangeAlgorithm::Modp2048, KeyExchangeAlgorithm::Ecp256];
    for (name, mode) in [("main mode", Mode::Main), ("aggressive mode", Mode::Aggressive)] {
        for kx in groups {
            for (arm, provider) in ARMS {
                group.bench_function(format!("{name}, {}, {arm}", kx.keyword()), |b| {
                    let both = || peers(|side| older(side, mode, kx), provider);
                    b.iter_batched_ref(both, handshake, BatchSize::SmallInput);
                });
            }
        }
    }
    group.finish();
}

/// Both private values, both public ones, and the secret at both ends.
fn key_exchanges(c: &mut Criterion) {
    let mut group = c.benchmark_group("key exchange alone, both peers");
    group.throughput(Throughput::Elements(1));
    group.sample_size(20);
    for (name, (first, additional)) in GROUPS {
        for (arm, provider) in ARMS {
            let mut luck = Seeded(ChaCha8Rng::seed_from_u64(1));
            group.bench_function(format!("{name}, {arm}"), |b| {
                b.iter(|| {
                    [Some(first), additional].map(|algorithm| {
                        let initiator = (provider.initiate)(algorithm?, &mut luck);
                        let (public, secret) =
                            (provider.respond)(algorithm?, initiator.public(), &mut luck).unwrap();
                        Some((initiator.finish(&public).unwrap(), secret))
                    })
                });
            });
        }
    }
    group.finish();
}

fn rekeyings(c: &mut Criterion) {
    let mut group = c.benchmark_group("rekeying with x25519, both peers");
    group.throughput(Throughput::Elements(1));
    group.sample_size(20);
    let orders = [
        ("Child SA", Command::Rekey { child: "net".into() }),
        ("IKE SA", Command::RekeyIke { connection: "site".into() }),
    ];
    for (name, command) in orders {
        let mut peers = pair((KeyExchangeAlgorithm::X25519, None), Provider::best());
        let mut now = Instant::ZERO;
        handshake(&mut peers);
        group.bench_function(name, |b| {
            b.iter(|| {
                // So much later that the ends have forgotten the old IKE SA.
                now += Duration::from_secs(600);
                peers.iter_mut().for_each(|peer| peer.handle(now, Input::Timeout));
                order(&mut peers, now, command.clone());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, handshakes, handshakes_of_version_1, key_exchanges, rekeyings);
criterion_main!(benches);
