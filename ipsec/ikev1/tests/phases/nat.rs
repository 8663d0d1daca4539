//! Phase 1 and quick mode through NAT, before either end, before both, or before none.

#![expect(clippy::unwrap_used, reason = "what cannot be is a failed test")]

use std::net::IpAddr;

use ipsec_dataplane::UdpEncapsulation;
use ipsec_ikev1::{ChildConfig, Connection, Mode, NatTraversal, Side};
use ipsec_net::AddressRange;

use crate::world::{EAST, Fate, Translator, WEST, World};

const HOME: Translator = Translator { address: "203.0.113.9", shift: 20_000 };

/// One that forwards ports, so that who is behind it can be reached.
const OFFICE: Translator = Translator { address: "203.0.113.77", shift: 0 };

/// Two ends that know each other where translators show them.
fn behind(translators: [Option<Translator>; 2], change: impl Fn(usize, &mut Connection)) -> World {
    let mut world = World::new(|end, connection| {
        if let Some(other) = translators[1 - end] {
            connection.remote = other.address.parse().unwrap();
        }
        change(end, connection);
    });
    world.translators = translators;
    world
}

fn encapsulation(world: &World, end: usize) -> Option<UdpEncapsulation> {
    let pair = world.installed[end].values().next().expect("a pair is installed");
    pair.outbound.options.encapsulation
}

#[test]
fn each_end_may_be_behind_nat_in_each_mode_and_form() {
    for form in NatTraversal::ALL {
        for mode in [Mode::Main, Mode::Aggressive] {
            for translators in
                [[None, None], [Some(HOME), None], [None, Some(OFFICE)], [Some(HOME), Some(OFFICE)]]
            {
                let mut world = behind(translators, |_, connection| {
                    connection.mode = mode;
                    connection.nat_traversal = vec![form];
                });
                world.initiate(WEST);
                world.run(1);
                let what = format!("{form:?} {mode:?} {translators:?}: {}", world.log.join("\n"));
                assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{what}");
                let [west, east] = translators.map(|translator| translator.is_some());
                for (end, behind, shift) in [(WEST, west, 0), (EAST, east, if west { 20_000 } else { 0 })] {
                    let udp = encapsulation(&world, end);
                    assert_eq!(udp.is_some(), west || east, "{what}");
                    let Some(udp) = udp else { continue };
                    assert_eq!((udp.local_port, udp.remote_port), (4500, 4500 + shift), "{what}");
                    assert_eq!(udp.keepalive.is_some(), behind, "{what}");
                }
                world.order(EAST, |now, east| east.terminate(now, "site").unwrap());
                world.run(1);
                assert_eq!((world.pairs(), world.established()), ([0, 0], [0, 0]), "{what}");
            }
        }
    }
}

#[test]
fn ends_that_share_no_form_do_not_look_for_nat() {
    let mut world = behind([Some(HOME), None], |end, connection| {
        connection.nat_traversal = vec![[NatTraversal::Draft02, NatTraversal::Rfc3947][end]];
    });
    world.initiate(WEST);
    world.run(1);
    assert_eq!((world.pairs(), encapsulation(&world, WEST)), ([1, 1], None));
}

#[test]
fn esp_may_go_in_udp_without_nat() {
    for forced in [WEST, EAST] {
        let mut world = World::new(|end, connection| connection.encapsulate = end == forced);
        world.initiate(WEST);
        world.run(1);
        assert_eq!(world.pairs(), [1, 1], "{}", world.log.join("\n"));
        assert!([WEST, EAST].iter().all(|end| encapsulation(&world, *end).is_some()));
    }
}

#[test]
fn an_initiator_may_begin_on_the_port_of_nat() {
    let mut world = behind([Some(HOME), None], |_, connection| connection.starts_on_nat_port = true);
    world.initiate(WEST);
    world.run(1);
    assert_eq!(world.pairs(), [1, 1]);
    assert_eq!(encapsulation(&world, EAST).unwrap().remote_port, 24_500);
}

#[test]
fn losses_and_repeats_are_survived_while_ports_change() {
    for mode in [Mode::Main, Mode::Aggressive] {
        for fate in [Fate::Lost, Fate::Twice, Fate::Late] {
            for victim in 0..9 {
                let world = behind([Some(HOME), None], |_, connection| connection.mode = mode);
                let mut world =
                    world.unlucky(move |number| if number == victim { fate } else { Fate::Arrives });
                world.initiate(WEST);
                world.run(60);
                let what = format!("{mode:?} {fate:?} {victim}: {}", world.log.join("\n"));
                assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{what}");
            }
        }
    }
}

#[test]
fn the_end_that_is_not_behind_nat_follows_the_other_and_finds_it_when_it_begins_anew() {
    let mut world = behind([Some(HOME), None], |end, connection| {
        if end == EAST {
            connection.remote = [0, 0, 0, 0].into();
        }
    });
    world.initiate(WEST);
    world.run(1);
    world.translators[WEST] = Some(Translator { shift: 30_000, ..HOME });
    world.order(WEST, |now, west| west.check(now, "site").unwrap());
    world.run(1);
    assert!(
        world.log.contains(&"east the peer is at 203.0.113.9:34500".to_owned()),
        "{}",
        world.log.join("\n")
    );
    assert_eq!(encapsulation(&world, EAST).unwrap().remote_port, 34_500);
    for end in [EAST, WEST] {
        world.order(end, |now, endpoint| endpoint.rekey_ike(now, "site").unwrap());
        world.run(5);
        world.order(end, |now, endpoint| endpoint.rekey(now, "net").unwrap());
        world.run(10);
        assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{}", world.log.join("\n"));
        assert_eq!(encapsulation(&world, EAST).unwrap().remote_port, 34_500);
    }
}

#[test]
fn packets_move_the_children_of_an_isakmp_sa_that_is_gone() {
    let mut world = behind([Some(HOME), None], |_, connection| {
        connection.lifetime.hard.time = Some(std::time::Duration::from_secs(50));
    });
    world.initiate(WEST);
    world.run(60);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [0, 0]));
    let inbound = *world.installed[EAST].keys().next().unwrap();
    let [local, remote] = ["198.51.100.1:4500", "203.0.113.9:34500"].map(|end| end.parse().unwrap());
    world.order(EAST, |now, east| east.moved(now, inbound, local, remote));
    assert_eq!(encapsulation(&world, EAST).unwrap().remote_port, 34_500);
    let inbound = *world.installed[WEST].keys().next().unwrap();
    let [local, remote] = ["192.0.2.1:4500", "198.51.100.1:1"].map(|end| end.parse().unwrap());
    world.order(WEST, |now, west| west.moved(now, inbound, local, remote));
    assert_eq!(encapsulation(&world, WEST).unwrap().remote_port, 4500, "who is behind NAT follows nobody");
}

#[test]
fn an_isakmp_sa_without_children_reminds_nat() {
    let mut world = behind([Some(HOME), None], |_, _| {});
    world.order(WEST, |now, west| west.initiate_ike(now, "site").unwrap());
    world.run(101);
    assert_eq!(world.keepalives, [5, 0]);
    world.initiate(WEST);
    world.run(60);
    assert_eq!(world.keepalives, [5, 0], "the data plane does it for children");
}

#[test]
fn a_peer_of_which_nobody_knows_where_it_is_cannot_be_gone_to() {
    let mut world = World::new(|end, connection| {
        if end == EAST {
            connection.remote = [0, 0, 0, 0].into();
        }
    });
    world.initiate(EAST);
    world.run(1);
    assert_eq!(world.failures(EAST), ["the peer's address is not known"]);
}

#[test]
fn ah_does_not_get_through_nat() {
    let mut world = behind([Some(HOME), None], |_, connection| {
        let suite = &mut connection.children[0].proposals[0];
        (suite.ah, suite.esp) = (Some(ipsec_crypto::IntegrityAlgorithm::HmacSha1_96), None);
    });
    world.initiate(WEST);
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([0, 0], [1, 1]));
    assert_eq!(world.failures(WEST), ["no proposal was chosen: AH does not get through NAT"]);
}

fn host(address: IpAddr) -> AddressRange {
    AddressRange::new(address, address).unwrap()
}

#[test]
fn in_transport_mode_hosts_are_where_they_are_seen_and_checksums_over_what_the_peer_saw() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let [west, east, home, office] = ["192.0.2.1", "198.51.100.1", HOME.address, OFFICE.address].map(address);
    let all = AddressRange::new(address("0.0.0.0"), address("255.255.255.255")).unwrap();
    for form in [NatTraversal::Rfc3947, NatTraversal::Draft03] {
        let mut world = behind([Some(HOME), Some(OFFICE)], |end, connection| {
            connection.nat_traversal = vec![form];
            let (local, remote) = if end == WEST { (west, host(office)) } else { (east, all) };
            let child = ChildConfig { transport: true, ..connection.children[0].clone() };
            let (local, remote) = (Side::of(host(local)), Side::of(remote));
            connection.children[0] = ChildConfig { local, remote, ..child };
        });
        world.initiate(WEST);
        world.run(1);
        assert_eq!(world.pairs(), [1, 1], "{}", world.log.join("\n"));
        for (end, own, other, original) in
            [(WEST, west, office, (east, home)), (EAST, east, home, (west, office))]
        {
            let pair = world.installed[end].values().next().unwrap();
            let selector = &pair.inbound.selectors[0];
            assert_eq!((selector.local, selector.remote), (host(own), host(other)));
            assert_eq!(encapsulation(&world, end).unwrap().original, Some(original), "{form:?}");
        }
    }
}

#[test]
fn main_mode_through_nat() {
    let mut world =
        behind([Some(HOME), None], |_, connection| connection.nat_traversal = vec![NatTraversal::Rfc3947]);
    world.initiate(WEST);
    world.run(1);
    insta::assert_snapshot!(world.log.join("\n"));
}
