//! Two peers on a perfect wire.

mod damage;
mod stray;

use std::net::IpAddr;
use std::time::Duration;

use ipsec_auth::Authenticate;
use ipsec_crypto::{AeadAlgorithm, KeyExchangeAlgorithm, PORTABLE, PrfAlgorithm, Secret};
use ipsec_dataplane::{Encryption, Mode, Settings};
use ipsec_ikev2::{
    Cause, ChildConfig, ChildProposal, Connection, CookiePolicy, Event as Ikev2, IkeProposal, Stage,
};
use ipsec_net::{Prefix, protocol};
use ipsec_wire::Spi;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;

struct Seeded(ChaCha8Rng);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

fn luck(seed: u64) -> Luck {
    let source = |stream| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Box::new(Seeded(rng)) as Box<dyn Entropy>
    };
    Luck { ike: source(1), ikev1: source(3), esp: source(2) }
}

pub(super) const WEST: &str = "192.0.2.1";
pub(super) const EAST: &str = "198.51.100.1";

fn config(local: &str, remote: &str, local_net: &str, remote_net: &str) -> Config {
    let range = |text: &str| text.parse::<Prefix>().unwrap().range();
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let ciphers = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let proposal = IkeProposal {
        encryption: ciphers.clone(),
        integrity: Vec::new(),
        prf: vec![PrfAlgorithm::HmacSha2_256],
        key_exchange: vec![KeyExchangeAlgorithm::X25519],
        additional: Default::default(),
    };
    let child_proposal = ChildProposal {
        encryption: ciphers,
        integrity: Vec::new(),
        key_exchange: Vec::new(),
        additional: Default::default(),
        extended_sequence_numbers: vec![false],
    };
    let child =
        ChildConfig::new("net", vec![child_proposal], vec![range(local_net)], vec![range(remote_net)]);
    let psk = Secret::from(b"correct horse battery staple".to_vec());
    let connection = Connection {
        proposals: vec![proposal],
        children: vec![child],
        ..Connection::new("site", address(local), address(remote), psk)
    };
    Config {
        addresses: vec![address(local)],
        dataplane: Settings::default(),
        ikev2: ipsec_ikev2::Config::new(vec![connection]),
        ikev1: ipsec_ikev1::Config::new(Vec::new()),
        policies: Vec::new(),
        manual: Vec::new(),
    }
}

pub(super) fn west_config() -> Config {
    config(WEST, EAST, "10.1.0.0/16", "10.2.0.0/16")
}

pub(super) fn east_config() -> Config {
    config(EAST, WEST, "10.2.0.0/16", "10.1.0.0/16")
}

/// Two peers, and all that came out of them.
pub(super) struct Pair {
    now: Instant,
    pub(super) peers: [Peer; 2],
    pub(super) events: [Vec<Event>; 2],
    pub(super) inside: [Vec<IpPacket>; 2],
}

impl Pair {
    pub(super) fn new(west: Config, east: Config) -> Self {
        let peer = |config, seed| Peer::new(config, &PORTABLE, luck(seed)).unwrap();
        let peers = [peer(west, 1), peer(east, 2)];
        Self { now: Instant::ZERO, peers, events: Default::default(), inside: Default::default() }
    }

    /// Gives an input to one peer and lets both answer each other until they are idle.
    pub(super) fn give(&mut self, side: usize, input: Input) {
        let mut inputs = VecDeque::from([(side, input)]);
        while let Some((side, input)) = inputs.pop_front() {
            self.peers[side].handle(self.now, input);
            loop {
                match self.peers[side].poll(self.now) {
                    Output::Outside(packet) => inputs.push_back((1 - side, Input::Outside(packet))),
                    Output::Inside(packet) => self.inside[side].push(packet),
                    Output::Event(event) => self.events[side].push(event),
                    Output::Idle { .. } => break,
                }
            }
        }
    }

    pub(super) fn command(&mut self, side: usize, command: Command) {
        self.give(side, Input::Command(command));
    }

    pub(super) fn initiate(&mut self) {
        self.command(0, Command::Initiate { child: "net".into() });
    }

    fn ikev2(&self, side: usize) -> impl Iterator<Item = &Ikev2> {
        self.events[side].iter().filter_map(|event| match event {
            Event::Ikev2(event) => Some(event),
            Event::Ikev1(_) | Event::Manual(_) | Event::Expired(_) | Event::Dropped(_) => None,
        })
    }

    pub(super) fn children(&self, side: usize) -> usize {
        self.peers[side].status().ike.iter().map(|sa| sa.children.len()).sum()
    }
}

pub(super) fn inner(source: &str, destination: &str, length: usize) -> IpPacket {
    let header = IpHeader::new(source.parse().unwrap(), destination.parse().unwrap(), protocol::UDP);
    IpPacket::build(&header, Buffer::copy_of(&vec![7; length])).unwrap()
}

#[test]
fn a_tunnel_comes_up_carries_packets_both_ways_and_goes_down() {
    let mut pair = Pair::new(west_config(), east_config());
    pair.initiate();
    assert_eq!((pair.children(0), pair.children(1)), (1, 1));
    pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
    pair.give(1, Input::Inside(inner("10.2.0.1", "10.1.0.1", 2000)));
    assert_eq!(pair.inside[1].len(), 1);
    assert_eq!(pair.inside[0][0].payload(), [7; 2000], "in fragments outside, whole inside");
    pair.command(1, Command::Terminate { connection: "site".into() });
    assert_eq!((pair.children(0), pair.children(1)), (0, 0));
    assert!(pair.peers.iter().all(|peer| peer.status().sas.is_empty()));
}

#[test]
fn a_deleted_child_comes_again_with_create_child_sa() {
    let mut pair = Pair::new(west_config(), east_config());
    pair.initiate();
    pair.command(0, Command::Delete { child: "net".into() });
    assert_eq!((pair.children(0), pair.children(1)), (0, 0));
    pair.command(1, Command::Initiate { child: "net".into() });
    assert_eq!((pair.children(0), pair.children(1)), (1, 1));
    pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
    assert_eq!(pair.inside[1].len(), 1);
    assert_eq!(pair.peers[0].status().ike.len(), 1, "over the same IKE SA");
}

/// The pairs that came up at a side, each with what it replaces.
fn pairs(pair: &Pair, side: usize) -> Vec<(Spi, Option<Spi>)> {
    let up = |event: &Ikev2| match event {
        Ikev2::ChildUp(record) => Some((record.inbound, record.replaces)),
        _ => None,
    };
    pair.ikev2(side).filter_map(up).collect()
}

#[test]
fn a_rekeyed_child_replaces_the_old_one_at_both_ends_and_carries_packets() {
    for side in 0..2 {
        let mut pair = Pair::new(west_config(), east_config());
        pair.initiate();
        pair.command(side, Command::Rekey { child: "net".into() });
        for end in 0..2 {
            let [(first, None), (_, Some(replaced))] = pairs(&pair, end)[..] else { panic!("two pairs") };
            assert_eq!(replaced, first);
            assert_eq!((pair.children(end), pair.peers[end].status().sas.len()), (1, 2));
            let gone = |e: &Ikev2| matches!(e, Ikev2::ChildDown { inbound, cause: Cause::Rekeyed, .. } if *inbound == first);
            assert_eq!(pair.ikev2(end).filter(|event| gone(event)).count(), 1);
        }
        pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
        pair.give(1, Input::Inside(inner("10.2.0.1", "10.1.0.1", 100)));
        assert_eq!((pair.inside[0].len(), pair.inside[1].len()), (1, 1));
    }
}

#[test]
fn a_rekeyed_ike_sa_inherits_the_children_and_counts_its_messages_from_zero() {
    for side in 0..2 {
        let mut pair = Pair::new(west_config(), east_config());
        pair.initiate();
        pair.command(side, Command::RekeyIke { connection: "site".into() });
        for end in 0..2 {
            let status = pair.peers[end].status();
            let [old, new] =
                &status.ike.iter().map(|sa| (sa.stage, sa.children.len())).collect::<Vec<_>>()[..]
            else {
                panic!("two IKE SAs")
            };
            let mut both = [*old, *new];
            both.sort();
            assert_eq!(both, [(Stage::Established, 1), (Stage::Closed, 0)]);
            let new = status.ike.iter().find(|sa| sa.stage == Stage::Established).unwrap();
            assert_eq!((new.next_request, new.next_expected), (0, 0));
            assert!(pair.ikev2(end).any(|e| matches!(e, Ikev2::IkeDown { cause: Cause::Rekeyed, .. })));
        }
        pair.command(1 - side, Command::Rekey { child: "net".into() });
        pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
        assert_eq!((pair.children(0), pair.children(1), pair.inside[1].len()), (1, 1, 1));
        pair.command(side, Command::Terminate { connection: "site".into() });
        assert!(pair.peers.iter().all(|peer| peer.status().sas.is_empty()));
    }
}

#[test]
fn a_peer_is_authenticated_anew_and_packets_flow_all_the_while() {
    let mut pair = Pair::new(west_config(), east_config());
    pair.initiate();
    pair.command(1, Command::Reauthenticate { connection: "site".into() });
    for end in 0..2 {
        let ike = pair.peers[end].status().ike;
        assert_eq!(ike.iter().filter(|sa| sa.stage == Stage::Established).count(), 1);
        assert_eq!((pair.children(end), pair.peers[end].status().sas.len()), (1, 2));
    }
    assert!(pair.ikev2(1).any(|e| matches!(e, Ikev2::IkeDown { cause: Cause::Reauthenticated, .. })));
    pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
    assert_eq!(pair.inside[1].len(), 1);
}

#[test]
fn a_soft_limit_leads_to_a_new_pair() {
    let mut west = west_config();
    let lifetime = &mut west.ikev2.connections[0].children[0].lifetime;
    lifetime.hard.packets = Some(10);
    lifetime.margin = 50;
    let mut pair = Pair::new(west, east_config());
    pair.initiate();
    for _ in 0..5 {
        pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
    }
    assert_eq!((pairs(&pair, 0).len(), pairs(&pair, 1).len()), (2, 2));
    assert_eq!((pair.children(0), pair.children(1)), (1, 1));
    for _ in 0..20 {
        pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
    }
    assert_eq!(pair.inside[1].len(), 25, "none was lost");
    assert_eq!(pairs(&pair, 0).len(), 6, "after each five packets");
}

#[test]
fn what_is_dropped_is_told_with_all_that_an_audit_log_asks_for() {
    let (west, east) = ("2001:db8::1", "2001:db8::2");
    let mut peer = Peer::new(config(east, west, "10.2.0.0/16", "10.1.0.0/16"), &PORTABLE, luck(2)).unwrap();
    let header = IpHeader::new(west.parse().unwrap(), east.parse().unwrap(), protocol::ESP);
    let stranger = Buffer::copy_of(&[0, 0, 0x99, 0x99, 0, 0, 0, 7, 0, 0, 0, 0]);
    let mut octets = IpPacket::build(&header, stranger).unwrap().as_bytes().to_vec();
    octets[3] = 0x2a;
    peer.handle(Instant::ZERO, Input::Outside(IpPacket::parse(octets).unwrap()));
    let Output::Event(Event::Dropped(dropped)) = peer.poll(Instant::ZERO) else { panic!("nothing told") };
    let expected = Dropped {
        flow_label: Some(0x2a),
        carried: Some((Spi(0x9999), 7)),
        ..Dropped::new(Unfit::UnknownSpi.into(), header.source, header.destination)
    };
    assert_eq!(dropped, expected);
}

#[test]
fn a_child_with_a_key_exchange_of_its_own_finds_the_responders_group() {
    let (mut west, mut east) = (west_config(), east_config());
    let groups = vec![KeyExchangeAlgorithm::X25519, KeyExchangeAlgorithm::Ecp256];
    west.ikev2.connections[0].children[0].proposals[0].key_exchange = groups;
    east.ikev2.connections[0].children[0].proposals[0].key_exchange = vec![KeyExchangeAlgorithm::Ecp256];
    let mut pair = Pair::new(west, east);
    pair.initiate();
    pair.command(0, Command::Delete { child: "net".into() });
    pair.initiate();
    assert_eq!((pair.children(0), pair.children(1)), (1, 1));
    pair.give(0, Input::Inside(inner("10.1.0.1", "10.2.0.1", 100)));
    assert_eq!(pair.inside[1].len(), 1);
    assert!(pair.ikev2(0).any(|event| matches!(event, Ikev2::Probe("ikev2.invalid-ke.child"))));
}

#[test]
fn a_cookie_and_then_another_group_are_both_obeyed() {
    let (mut west, mut east) = (west_config(), east_config());
    west.ikev2.connections[0].proposals[0].key_exchange =
        vec![KeyExchangeAlgorithm::X25519, KeyExchangeAlgorithm::Ecp384];
    east.ikev2.connections[0].proposals[0].key_exchange = vec![KeyExchangeAlgorithm::Ecp384];
    east.ikev2.cookies = CookiePolicy::Always;
    let mut pair = Pair::new(west, east);
    pair.initiate();
    assert_eq!((pair.children(0), pair.children(1)), (1, 1));
    let requests =
        pair.ikev2(0).filter(|event| matches!(event, Ikev2::Sent(m) if m.exchange.0 == 34)).count();
    assert_eq!(requests, 3);
}

/// The modes of the children that came up at each side, when `wanted` says who wants transport mode.
fn modes(wanted: [bool; 2]) -> [Vec<Mode>; 2] {
    let [mut west, mut east] = [
        config(WEST, EAST, "192.0.2.1/32", "198.51.100.1/32"),
        config(EAST, WEST, "198.51.100.1/32", "192.0.2.1/32"),
    ];
    for (config, transport) in [(&mut west, wanted[0]), (&mut east, wanted[1])] {
        config.ikev2.connections[0].children[0].transport = transport;
    }
    let mut pair = Pair::new(west, east);
    pair.initiate();
    pair.command(0, Command::Delete { child: "net".into() });
    pair.command(1, Command::Initiate { child: "net".into() });
    pair.give(0, Input::Inside(inner(WEST, EAST, 100)));
    assert_eq!(pair.inside[1].len(), 1);
    [0, 1].map(|side| {
        let mode = |event: &Ikev2| if let Ikev2::ChildUp(record) = event { Some(record.mode) } else { None };
        pair.ikev2(side).filter_map(mode).collect()
    })
}

#[test]
fn transport_mode_comes_only_where_both_want_it() {
    let transport = vec![Mode::Transport; 2];
    assert_eq!(modes([true, true]), [transport.clone(), transport]);
    for wanted in [[true, false], [false, true], [false, false]] {
        for mode in modes(wanted).concat() {
            assert!(matches!(mode, Mode::Tunnel { .. }), "{wanted:?}");
        }
    }
}

#[test]
fn a_peer_that_begins_anew_takes_its_old_ike_sa_with_it_and_nobody_elses() {
    let mut pair = Pair::new(west_config(), east_config());
    pair.initiate();
    // West has lost its memory.
    pair.peers[0] = Peer::new(west_config(), &PORTABLE, luck(7)).unwrap();
    pair.initiate();
    let established = |pair: &Pair, side: usize| {
        let ike = pair.peers[side].status().ike;
        ike.iter().filter(|sa| sa.stage == Stage::Established).count()
    };
    assert_eq!((established(&pair, 1), pair.children(1)), (1, 1), "the old one is gone");
    assert!(pair.ikev2(1).any(|e| matches!(e, Ikev2::IkeDown { cause: Cause::Superseded, .. })));
    pair.give(1, Input::Inside(inner("10.2.0.1", "10.1.0.1", 10)));
    assert_eq!(pair.inside[0].len(), 1, "and the new one carries packets");

    // What east itself set up is not west's to end.
    let mut pair = Pair::new(west_config(), east_config());
    pair.command(1, Command::Initiate { child: "net".into() });
    pair.peers[0] = Peer::new(west_config(), &PORTABLE, luck(7)).unwrap();
    pair.initiate();
    assert_eq!(established(&pair, 1), 2);
}

#[test]
fn a_wrong_secret_fails_on_both_sides() {
    let mut east = east_config();
    east.ikev2.connections[0].authenticate = Authenticate::SharedKey(Secret::from(b"wrong".to_vec()));
    let mut pair = Pair::new(west_config(), east);
    pair.initiate();
    for side in 0..2 {
        let failed = pair.ikev2(side).find_map(|event| match event {
            Ikev2::IkeFailed { failure, .. } => Some(failure.name()),
            _ => None,
        });
        assert_eq!(failed, Some("authentication-failed"), "side {side}");
        assert!(pair.peers[side].status().ike.iter().all(|sa| sa.stage == Stage::Closed));
    }
}

#[test]
fn a_mismatch_says_which_transform_it_was() {
    let mut east = east_config();
    east.ikev2.connections[0].proposals[0].key_exchange = vec![KeyExchangeAlgorithm::Ecp256];
    let mut pair = Pair::new(west_config(), east);
    pair.initiate();
    let text = pair.ikev2(1).find_map(|event| match event {
        Ikev2::IkeFailed { failure, .. } => Some(failure.to_string()),
        _ => None,
    });
    let text = text.unwrap();
    assert!(
        text.starts_with("NO_PROPOSAL_CHOSEN: key exchange: offered CURVE25519, configured ECP_256"),
        "{text}"
    );
}

#[test]
fn a_refused_child_leaves_the_ike_sa_up() {
    let mut east = east_config();
    east.ikev2.connections[0].children[0].proposals[0].encryption[0].1 = 32;
    let mut pair = Pair::new(west_config(), east);
    pair.initiate();
    assert_eq!((pair.children(0), pair.children(1)), (0, 0));
    for side in 0..2 {
        assert!(pair.ikev2(side).any(
            |e| matches!(e, Ikev2::ChildFailed { failure, .. } if failure.name() == "no-proposal-chosen")
        ));
        assert_eq!(pair.peers[side].status().ike[0].stage, Stage::Established);
    }
}

#[test]
fn the_narrower_side_decides_what_is_protected() {
    let range = |text: &str| text.parse::<Prefix>().unwrap().range();
    let mut east = east_config();
    east.ikev2.connections[0].children[0].remote = vec![range("10.1.7.0/24")];
    let mut pair = Pair::new(west_config(), east);
    pair.initiate();
    pair.give(0, Input::Inside(inner("10.1.7.1", "10.2.0.1", 10)));
    pair.give(0, Input::Inside(inner("10.1.8.1", "10.2.0.1", 10)));
    assert_eq!(pair.inside[1].len(), 1);
    assert!(pair.events[0].iter().any(|e| matches!(e, Event::Dropped(d) if d.reason.name() == "no-sa")));
}

#[test]
fn silence_is_asked_about_and_given_up() {
    let mut west = west_config();
    west.ikev2.connections[0].liveness = Some(Duration::from_secs(30));
    let mut pair = Pair::new(west, east_config());
    pair.initiate();
    let peer = &mut pair.peers[0];
    let mut down = None;
    while down.is_none() {
        match peer.poll(pair.now) {
            Output::Idle { until: Some(until), .. } => {
                pair.now = until;
                peer.handle(until, Input::Timeout);
            }
            Output::Event(Event::Ikev2(Ikev2::IkeDown { cause, .. })) => down = Some(cause.to_string()),
            Output::Idle { until: None, .. } => panic!("nothing to wait for"),
            _ => {}
        }
    }
    assert_eq!(down.as_deref(), Some("no answer to liveness check"));
    assert_eq!(pair.now, Instant::ZERO + Duration::from_secs(30 + 63 + 16));
}

#[test]
fn configurations_that_cannot_work_are_refused_by_name() {
    let refused = |change: fn(&mut Config)| {
        let mut config = west_config();
        change(&mut config);
        Peer::new(config, &PORTABLE, luck(1)).err().map(|error| error.to_string())
    };
    assert_eq!(refused(|_| {}), None);
    let text = refused(|c| c.dataplane.link_mtu = 60).unwrap();
    assert_eq!(text, "an MTU of 60 is below 68, the least for its IP version");
    let text = refused(|c| c.ikev2.connections[0].local = [10, 0, 0, 1].into()).unwrap();
    assert_eq!(text, "connection \"site\" runs from 10.0.0.1, which is not an address of this peer");
    let text = refused(|c| c.ikev2.connections[0].proposals.clear()).unwrap();
    assert_eq!(text, "\"site\": nothing is offered");
    let text = refused(|c| c.ikev2.connections[0].children[0].remote.clear()).unwrap();
    assert_eq!(text, "child \"net\" is for no packets");
}
