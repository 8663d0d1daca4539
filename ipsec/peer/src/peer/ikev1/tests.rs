//! Peers that speak version 1, beside version 2 or alone.

use ipsec_crypto::{CipherAlgorithm, HashAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, Secret};
use ipsec_dataplane::{Encryption, Suite};
use ipsec_ikev1::{ChildConfig, ChildSuite, Connection, IkeSuite};
use ipsec_net::Prefix;

use super::super::tests::{EAST, Pair, WEST, east_config, inner, west_config};
use super::*;
use crate::config::Config;
use crate::{ConfigError, Input};

const IKE: IkeSuite = IkeSuite {
    cipher: CipherAlgorithm::TripleDesCbc,
    key_len: 24,
    hash: HashAlgorithm::Sha1,
    group: KeyExchangeAlgorithm::Modp1024,
};

const ESP: ChildSuite = ChildSuite {
    ah: None,
    esp: Some(Suite {
        encryption: Encryption::Cipher(CipherAlgorithm::TripleDesCbc),
        key_len: 24,
        integrity: Some(IntegrityAlgorithm::HmacSha1_96),
    }),
    extended_sequence_numbers: false,
};

/// A configuration with a connection `old` of version 1 for its child `oldnet`, beside or instead of that of version 2.
fn with_old(mut config: Config, (local, remote): (&str, &str), nets: (&str, &str), alone: bool) -> Config {
    let range = |text: &str| text.parse::<Prefix>().unwrap().range();
    let mut child = ChildConfig::new("oldnet", vec![ESP], range(nets.0), range(nets.1));
    child.on_demand = true;
    let secret = Secret::from(b"an old secret".to_vec());
    let connection = Connection {
        proposals: vec![IKE],
        children: vec![child],
        ..Connection::new("old", local.parse().unwrap(), remote.parse().unwrap(), secret)
    };
    config.ikev1.connections = vec![connection];
    if alone {
        config.ikev2.connections.clear();
    }
    config
}

fn pair(alone: bool) -> Pair {
    let west = with_old(west_config(), (WEST, EAST), ("10.8.0.0/16", "10.9.0.0/16"), alone);
    let east = with_old(east_config(), (EAST, WEST), ("10.9.0.0/16", "10.8.0.0/16"), alone);
    Pair::new(west, east)
}

fn old_children(pair: &Pair) -> [usize; 2] {
    pair.peers.each_ref().map(|peer| peer.status().ikev1.children.len())
}

#[test]
fn a_tunnel_of_version_1_carries_packets_both_ways_and_goes_down() {
    let mut pair = pair(true);
    pair.command(0, Command::Initiate { child: "oldnet".into() });
    assert_eq!(old_children(&pair), [1, 1]);
    pair.give(0, Input::Inside(inner("10.8.0.1", "10.9.0.1", 100)));
    pair.give(1, Input::Inside(inner("10.9.0.1", "10.8.0.1", 2000)));
    assert_eq!((pair.inside[0].len(), pair.inside[1].len()), (1, 1));
    pair.command(1, Command::Terminate { connection: "old".into() });
    assert_eq!(old_children(&pair), [0, 0]);
    assert!(pair.peers.iter().all(|peer| peer.status().sas.is_empty()));
}

#[test]
fn a_packet_sets_up_a_tunnel_of_version_1_and_waits_for_it() {
    let mut pair = pair(true);
    pair.give(0, Input::Inside(inner("10.8.0.1", "10.9.0.1", 100)));
    assert_eq!((old_children(&pair), pair.inside[1].len()), ([1, 1], 1));
}

#[test]
fn both_versions_live_side_by_side_on_one_port() {
    let mut pair = pair(false);
    pair.initiate();
    pair.command(1, Command::Initiate { child: "oldnet".into() });
    assert_eq!((pair.children(0), pair.children(1), old_children(&pair)), (1, 1, [1, 1]));
    pair.command(0, Command::Terminate { connection: "site".into() });
    assert_eq!((pair.children(0), old_children(&pair)), (0, [1, 1]));
}

#[test]
fn version_1_is_refused_by_who_does_not_speak_it() {
    let west = with_old(west_config(), (WEST, EAST), ("10.8.0.0/16", "10.9.0.0/16"), true);
    let mut pair = Pair::new(west, east_config());
    pair.command(0, Command::Initiate { child: "oldnet".into() });
    let refused = |event: &Event| matches!(event, Event::Ikev2(ipsec_ikev2::Event::Dropped { reason, .. }) if reason.name() == "ike-version");
    assert!(pair.events[1].iter().any(refused), "{:?}", pair.events[1]);
}

#[test]
fn a_configuration_of_version_1_that_cannot_work_is_refused() {
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = with_old(west_config(), (WEST, EAST), ("10.8.0.0/16", "10.9.0.0/16"), false);
        change(&mut config);
        config.check().err()
    };
    assert_eq!(refused(&|_| {}), None);
    let name = |name: &str| Some(ConfigError::Name(name.to_owned()));
    assert_eq!(refused(&|config| config.ikev1.connections[0].name = "site".into()), name("site"));
    assert_eq!(refused(&|config| config.ikev1.connections[0].children[0].name = "net".into()), name("net"));
    let newer =
        |config: &mut Config| config.ikev1.connections[0].proposals[0].group = KeyExchangeAlgorithm::X25519;
    let what = "IKEv1 has no number for an algorithm";
    assert_eq!(refused(&newer), Some(ConfigError::Proposal { name: "old".into(), what }));
    let nothing = |config: &mut Config| config.ikev1.connections[0].children[0].proposals.clear();
    let what = "nothing is offered";
    assert_eq!(refused(&nothing), Some(ConfigError::Proposal { name: "oldnet".into(), what }));
    let elsewhere = |config: &mut Config| config.ikev1.connections[0].local = [203, 0, 113, 1].into();
    assert!(matches!(refused(&elsewhere), Some(ConfigError::Address { .. })));
    let itself = |config: &mut Config| config.ikev1.connections[0].remote = WEST.parse().unwrap();
    assert_eq!(refused(&itself), Some(ConfigError::Ends("old".into())));
}
