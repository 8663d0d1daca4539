//! Many clients that set up an IKE SA with a child at one gateway in one world: how long it takes, and what stays in memory at both
//! ends. Every client has a link of its own and begins in the first second.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the time of the wall clock")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use allocation_counter::measure;
use esplanade::node::{Gateway, Node};
use ipsec::crypto::{AeadAlgorithm, Entropy, KeyExchangeAlgorithm, PrfAlgorithm, Provider, Secret};
use ipsec::dataplane::{Encryption, Settings};
use ipsec::ikev2::{self, ChildConfig, ChildProposal, Connection, IkeProposal};
use ipsec::{Command, Config, Luck, Peer};
use ipsec_net::{Instant, Prefix};
use sim::{LinkSettings, NodeId, Port, RandomStream, Setup, World};

struct Stream(RandomStream);

impl Entropy for Stream {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn address(client: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a40_0000 + client).into()
}

fn connection(number: u32, local: IpAddr, remote: IpAddr) -> Connection {
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let child = ChildProposal {
        encryption: encryption.clone(),
        extended_sequence_numbers: vec![false],
        ..ChildProposal::default()
    };
    let [here, there] = [local, remote].map(|end| vec![Prefix::host(end).range()]);
    let (prf, key_exchange) = (vec![PrfAlgorithm::HmacSha2_256], vec![KeyExchangeAlgorithm::X25519]);
    Connection {
        proposals: vec![IkeProposal { encryption, prf, key_exchange, ..IkeProposal::default() }],
        children: vec![ChildConfig::new(&format!("net{number}"), vec![child], here, there)],
        ..Connection::new(&format!("site{number}"), local, remote, Secret::from(b"correct horse".to_vec()))
    }
}

fn node(setup: &Setup, name: &str, address: IpAddr, connections: Vec<Connection>) -> Node {
    let luck = |part| Box::new(Stream(setup.streams.stream(&["peer", name, part])));
    let config = Config {
        addresses: vec![address],
        dataplane: Settings::default(),
        ikev2: ikev2::Config {
            cookies: ikev2::CookiePolicy::Never,
            half_open_limit: connections.len(),
            ..ikev2::Config::new(connections)
        },
        ikev1: ipsec::ikev1::Config::new(Vec::new()),
        policies: Vec::new(),
        manual: Vec::new(),
    };
    let peer = Peer::new(
        config,
        Provider::best(),
        Luck { ike: luck("ike"), ikev1: luck("ikev1"), esp: luck("esp") },
    )
    .unwrap();
    Node::Gateway(Box::new(Gateway::new(peer, Duration::ZERO)))
}

fn gateway(node: &mut Node) -> &mut Gateway {
    match node {
        Node::Gateway(gateway) => gateway,
        _ => panic!("all nodes are gateways"),
    }
}

/// A gateway, the first node, and its clients, with nothing set up.
fn world(clients: u32) -> (World<Node>, Vec<NodeId>) {
    let setup = Setup { digest: false, ..Setup::new(1) };
    let mut world = World::new(setup.clone(), ());
    let connections = (0..clients).map(|client| connection(client, GATEWAY, address(client))).collect();
    let center = world.add_node("gateway", node(&setup, "gateway", GATEWAY, connections));
    let mut ids = vec![center];
    for client in 0..clients {
        let (name, own) = (format!("client{client}"), address(client));
        let id = world.add_node(&name, node(&setup, &name, own, vec![connection(client, own, GATEWAY)]));
        let port = Port(u16::try_from(client).unwrap());
        let wire = [LinkSettings::default(), LinkSettings::default()];
        world.add_link(&name, (center, port), (id, Port(0)), wire).unwrap();
        world.with(center, |node, _| gateway(node).route_outside(own, port));
        world.with(id, |node, _| gateway(node).route_outside(GATEWAY, Port(0)));
        ids.push(id);
    }
    (world, ids)
}

fn main() {
    println!("{:>8} {:>10} {:>12} {:>22}", "clients", "seconds", "a second", "octets, both ends");
    for clients in [100u32, 1_000, 10_000] {
        let (mut world, ids) = world(clients);
        let mut took = Duration::ZERO;
        let memory = measure(|| {
            let begin = std::time::Instant::now();
            for (number, id) in ids[1..].iter().enumerate() {
                let until = Instant::ZERO + Duration::from_secs(1) * number as u32 / clients;
                world.run_until(until).unwrap();
                let child = format!("net{number}");
                world.with(*id, |node, now| gateway(node).command(now, Command::Initiate { child }));
            }
            world.run_until(Instant::ZERO + Duration::from_secs(10)).unwrap();
            took = begin.elapsed();
        });
        let status = world.node(ids[0]).gateway().unwrap().status();
        assert_eq!(status.sas.len(), 2 * clients as usize, "each client has its pair of SAs");
        let each = memory.bytes_current / i64::from(clients);
        println!(
            "{clients:>8} {:>10.2} {:>12.0} {each:>22}",
            took.as_secs_f64(),
            f64::from(clients) / took.as_secs_f64()
        );
    }
}
