//! What an IKE SA with one child costs in memory at each end, data plane and all, in either version.

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use allocation_counter::measure;
use ipsec::{Command, Config, Input, Luck, Output, Peer};
use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, Entropy, FAST, HashAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm, Secret,
};
use ipsec_dataplane::{Encryption, Settings, Suite};
use ipsec_ikev2::{ChildConfig, ChildProposal, Connection, IkeProposal, Uniqueness};
use ipsec_net::{Instant, Prefix};

struct Counted(u64);

impl Entropy for Counted {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chunk.copy_from_slice(&self.0.to_be_bytes()[..chunk.len()]);
        }
    }
}

const CONNECTIONS: u32 = 500;
const FIRST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The addresses of the second peer, one for each connection.
fn second(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a40_0000 + number).into()
}

/// The addresses of the two ends of a connection, those of this peer first.
fn ends(side: u64, number: u32) -> [IpAddr; 2] {
    if side == 0 { [FIRST, second(number)] } else { [second(number), FIRST] }
}

/// The first peer, or the second one, with these connections.
fn peer(side: u64, ikev2: ipsec_ikev2::Config, ikev1: ipsec_ikev1::Config) -> Peer {
    let mut addresses: Vec<IpAddr> = (0..CONNECTIONS).map(|number| ends(side, number)[0]).collect();
    addresses.dedup();
    let config = Config {
        addresses,
        dataplane: Settings::default(),
        ikev2: ipsec_ikev2::Config { half_open_limit: CONNECTIONS as usize, ..ikev2 },
        ikev1: ipsec_ikev1::Config { half_open_limit: CONNECTIONS as usize, ..ikev1 },
        policies: Vec::new(),
        manual: Vec::new(),
    };
    let luck = Luck {
        ike: Box::new(Counted(side)),
        ikev1: Box::new(Counted(side + 4)),
        esp: Box::new(Counted(side + 2)),
    };
    Peer::new(config, &FAST, luck).unwrap()
}

/// A peer with connections of version 2.
fn newer(side: u64) -> Peer {
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let connection = |number| {
        let proposal = ChildProposal {
            encryption: encryption.clone(),
            extended_sequence_numbers: vec![false],
            ..ChildProposal::default()
        };
        let [local, remote] = ends(side, number);
        let [here, there] = [local, remote].map(|end| vec![Prefix::host(end).range()]);
        Connection {
            proposals: vec![IkeProposal {
                encryption: encryption.clone(),
                prf: vec![PrfAlgorithm::HmacSha2_256],
                key_exchange: vec![KeyExchangeAlgorithm::X25519],
                ..IkeProposal::default()
            }],
            children: vec![ChildConfig::new(&format!("net{number}"), vec![proposal], here, there)],
            // The second peer knows the first one by the same name in each of them.
            unique: Uniqueness::Never,
            ..Connection::new(&format!("site{number}"), local, remote, Secret::from(b"psk".to_vec()))
        }
    };
    let connections = (0..CONNECTIONS).map(connection).collect();
    peer(side, ipsec_ikev2::Config::new(connections), ipsec_ikev1::Config::new(Vec::new()))
}

/// A peer with connections of version 1.
fn older(side: u64) -> Peer {
    let proposals = vec![ipsec_ikev1::IkeSuite {
        cipher: CipherAlgorithm::AesCbc,
        key_len: 16,
        hash: HashAlgorithm::Sha2_256,
        group: KeyExchangeAlgorithm::Ecp256,
    }];
    let gcm = Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None };
    let offered =
        vec![ipsec_ikev1::ChildSuite { ah: None, esp: Some(gcm), extended_sequence_numbers: false }];
    let connection = |number| {
        let [local, remote] = ends(side, number);
        let [here, there] = [local, remote].map(|end| Prefix::host(end).range());
        let child = ipsec_ikev1::ChildConfig::new(&format!("net{number}"), offered.clone(), here, there);
        let psk = Secret::from(b"psk".to_vec());
        ipsec_ikev1::Connection {
            proposals: proposals.clone(),
            children: vec![child],
            ..ipsec_ikev1::Connection::new(&format!("site{number}"), local, remote, psk)
        }
    };
    let connections = (0..CONNECTIONS).map(connection).collect();
    peer(side, ipsec_ikev2::Config::new(Vec::new()), ipsec_ikev1::Config::new(connections))
}

/// Hands what a peer sends to `other`; what happens does not count as memory of the peers.
fn drain(peer: &mut Peer, other: usize, wire: &mut VecDeque<(usize, Input)>) {
    loop {
        match peer.poll(Instant::ZERO) {
            Output::Outside(packet) => wire.push_back((other, Input::Outside(packet))),
            Output::Inside(_) | Output::Event(_) => {}
            Output::Idle { .. } => break,
        }
    }
}

/// What dropping something gives back, in octets.
fn freed<T>(thing: T) -> i64 {
    -measure(|| drop(thing)).bytes_current
}

/// How many octets each connection takes at the initiator and at the responder once it has an IKE SA with one child, beyond what
/// its configuration takes.
fn octets_each(make: fn(u64) -> Peer) -> [i64; 2] {
    let mut peers = [0, 1].map(make);
    for number in 0..CONNECTIONS {
        let mut wire = VecDeque::new();
        peers[0].handle(Instant::ZERO, Input::Command(Command::Initiate { child: format!("net{number}") }));
        drain(&mut peers[0], 1, &mut wire);
        while let Some((to, input)) = wire.pop_front() {
            peers[to].handle(Instant::ZERO, input);
            drain(&mut peers[to], 1 - to, &mut wire);
        }
    }
    let pairs = peers.each_ref().map(|peer| peer.status().sas.len());
    assert_eq!(pairs, [2 * CONNECTIONS as usize; 2]);
    [0, 1].map(|side| {
        let empty = make(side as u64);
        let full = std::mem::replace(&mut peers[side], make(side as u64));
        (freed(full) - freed(empty)) / i64::from(CONNECTIONS)
    })
}

#[test]
fn an_ike_sa_with_one_child_takes_less_than_four_kibibytes_at_each_end() {
    let [at_initiator, at_responder] = octets_each(newer);
    println!("{at_initiator} octets at the initiator, {at_responder} at the responder");
    assert!(at_initiator < 4096 && at_responder < 4096, "{at_initiator} and {at_responder} octets");
}

#[test]
fn an_isakmp_sa_with_one_pair_of_sas_takes_less_than_six_kibibytes_at_each_end() {
    let [at_initiator, at_responder] = octets_each(older);
    println!("{at_initiator} octets at the initiator, {at_responder} at the responder");
    assert!(at_initiator < 6144 && at_responder < 6144, "{at_initiator} and {at_responder} octets");
}
