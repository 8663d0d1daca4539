//! What goes over the wire where there is NAT, and what each end tells of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec_crypto::KeyExchangeAlgorithm;
use ipsec_dataplane::Mode;
use ipsec_ikev2::{Connection, Nat};
use ipsec_net::{AddressRange, Instant, Prefix};

use crate::world::{BOX, EAST, Translator, WEST, World, connection};

#[test]
fn an_initiator_behind_nat_goes_on_at_port_4500() {
    let world = World::behind_nat().up();
    insta::assert_snapshot!(world.text);
    let nat = [0, 1].map(|end| world.sa(end).nat);
    assert_eq!(nat, [Nat { here: true, there: false }, Nat { here: false, there: true }]);
    for end in 0..2 {
        let udp = world.installed[end].values().next().unwrap().outbound.options.encapsulation.unwrap();
        assert_eq!((udp.local_port, udp.remote_port), if end == 0 { (4500, 4500) } else { (4500, 61_002) });
        assert_eq!(udp.keepalive.is_some(), end == 0, "who is behind NAT reminds it");
    }
}

/// RFC 9242 §3.2.
#[test]
fn behind_nat_ike_intermediate_goes_to_port_4500_and_so_does_all_behind_it() {
    let mut ends = [connection(0, WEST, EAST), connection(1, EAST, "0.0.0.0")];
    for end in &mut ends {
        end.proposals[0].additional[0] = vec![Some(KeyExchangeAlgorithm::MlKem768)];
    }
    let world = World::new(ends, [Some(Translator::new(BOX)), None]).up();
    assert!(world.text.contains("IKE_INTERMEDIATE request 1"), "{}", world.text);
    for line in world.text.lines().filter(|line| line.starts_with("west  -> ")) {
        let port = if line.contains("IKE_SA_INIT") { 500 } else { 4500 };
        assert!(line.starts_with(&format!("west  -> {EAST}:{port}: ")), "{line}");
    }
}

#[test]
fn without_nat_all_stays_at_port_500() {
    let ends = [connection(0, WEST, EAST), connection(1, EAST, WEST)];
    let world = World::new(ends, [None, None]).up();
    insta::assert_snapshot!(world.text);
    for pair in world.installed.iter().flat_map(|installed| installed.values()) {
        assert_eq!(pair.outbound.options.encapsulation, None);
    }
}

#[test]
fn a_responder_behind_nat_is_reached_at_its_outside() {
    let ends = [connection(0, WEST, BOX), connection(1, "172.16.0.1", WEST)];
    let world = World::new(ends, [None, Some(Translator::forwarding(BOX, "172.16.0.1"))]).up();
    insta::assert_snapshot!(world.text);
    assert_eq!(world.sa(0).nat, Nat { here: false, there: true });
    assert_eq!(world.sa(1).nat, Nat { here: true, there: false });
}

#[test]
fn both_ends_may_be_behind_nat() {
    let ends = [connection(0, WEST, "203.0.113.77"), connection(1, "172.16.0.1", "0.0.0.0")];
    let boxes = [Translator::new(BOX), Translator::forwarding("203.0.113.77", "172.16.0.1")];
    let world = World::new(ends, boxes.map(Some)).up();
    let both = Nat { here: true, there: true };
    assert_eq!([world.sa(0).nat, world.sa(1).nat], [both; 2]);
}

#[test]
fn an_initiator_may_begin_at_port_4500() {
    let ends = [connection(0, WEST, EAST), connection(1, EAST, "0.0.0.0")];
    let ends = ends.map(|end| Connection { starts_on_nat_port: true, ..end });
    let world = World::new(ends, [Some(Translator::new(BOX)), None]).up();
    let nat_port = |end: usize| (world.sa(end).local.port(), world.sa(end).remote.port());
    assert_eq!([nat_port(0), nat_port(1)], [(4500, 4500), (4500, 61_001)], "one mapping is enough");
}

#[test]
fn forced_encapsulation_is_taken_for_nat_by_the_other_end() {
    for forces in 0..2 {
        let mut ends = [connection(0, WEST, EAST), connection(1, EAST, WEST)];
        ends[forces].encapsulate = true;
        let world = World::new(ends, [None, None]).up();
        assert_eq!(world.sa(1 - forces).nat, Nat { here: false, there: true });
        assert_eq!(world.sa(forces).nat, Nat::default());
        for pair in world.installed.iter().flat_map(|installed| installed.values()) {
            let udp = pair.outbound.options.encapsulation.unwrap();
            assert_eq!((udp.local_port, udp.remote_port, udp.keepalive), (4500, 4500, None));
        }
    }
}

#[test]
fn who_does_not_look_for_nat_stays_at_port_500() {
    for quiet in 0..2 {
        let mut ends = [connection(0, WEST, EAST), connection(1, EAST, "0.0.0.0")];
        ends[quiet].nat_traversal = false;
        let world = World::new(ends, [Some(Translator::new(BOX)), None]).up();
        assert_eq!([world.sa(0).nat, world.sa(1).nat], [Nat::default(); 2]);
        assert_eq!(world.sa(1).remote.to_string(), format!("{BOX}:61001"));
        let outbound = &world.installed[0].values().next().unwrap().outbound;
        assert_eq!(outbound.options.encapsulation, None);
    }
}

#[test]
fn a_new_mapping_is_followed_with_the_first_new_message() {
    let mut world = World::behind_nat().up();
    world.boxes[0].as_mut().unwrap().mapped.clear();
    world.text.clear();
    world.at(0, |west, now| west.check(now, "site").unwrap());
    world.deliver_all();
    insta::assert_snapshot!(world.text);
    assert_eq!(world.sa(1).remote.to_string(), format!("{BOX}:61003"));
    let outer = world.outer(1).unwrap();
    assert_eq!(outer.encapsulation.unwrap().remote_port, 61_003, "children follow");
}

#[test]
fn a_new_mapping_is_followed_with_esp_too() {
    let mut world = World::behind_nat().up();
    let inbound = *world.installed[1].keys().next().unwrap();
    let [local, remote] = [format!("{EAST}:4500"), format!("{BOX}:7")].map(|end| end.parse().unwrap());
    world.at(1, |east, now| east.moved(now, inbound, local, remote));
    assert_eq!(world.sa(1).remote, remote);
    assert_eq!(world.outer(1).unwrap().encapsulation.unwrap().remote_port, 7);
}

#[test]
fn an_ike_sa_without_children_reminds_nat_by_itself() {
    let mut world = World::behind_nat().up();
    world.at(0, |west, now| west.delete(now, "net").unwrap());
    world.deliver_all();
    world.text.clear();
    let minute = Instant::ZERO + std::time::Duration::from_secs(60);
    while world.wait(minute) {}
    insta::assert_snapshot!(world.text);
}

#[test]
fn an_heir_runs_where_the_old_ike_sa_ran() {
    let mut world = World::behind_nat().up();
    let before = world.sa(1);
    for end in 0..2 {
        world.at(end, |endpoint, now| endpoint.rekey_ike(now, "site").unwrap());
        world.deliver_all();
        let after = world.sa(1);
        assert_ne!((after.spi_i, after.spi_r), (before.spi_i, before.spi_r));
        assert_eq!((after.local, after.remote, after.nat), (before.local, before.remote, before.nat));
    }
    world.at(1, |east, now| east.reauthenticate(now, "site").unwrap());
    world.deliver_all();
    assert_eq!(world.sa(1).remote, before.remote, "the responder renews it where the peer is");
}

#[test]
fn nobody_knows_where_a_peer_is_that_may_come_from_anywhere() {
    let mut world = World::behind_nat();
    world.at(1, |east, now| east.initiate(now, "net").unwrap());
    insta::assert_snapshot!(world.text, @"east  IKE SA failed: the peer's address is not known");
}

/// Two hosts in transport mode, the initiator behind NAT, the responder's policy for any peer.
fn transport() -> World {
    let mut ends = [connection(0, WEST, EAST), connection(1, EAST, "0.0.0.0")];
    let host = |address: &str| Prefix::host(address.parse::<IpAddr>().unwrap()).range();
    let anybody = AddressRange::new("0.0.0.0".parse().unwrap(), "255.255.255.255".parse().unwrap()).unwrap();
    for (end, local, remote) in [(0, host(WEST), host(EAST)), (1, host(EAST), anybody)] {
        let child = &mut ends[end].children[0];
        (child.transport, child.local, child.remote) = (true, vec![local], vec![remote]);
    }
    World::new(ends, [Some(Translator::new(BOX)), None])
}

#[test]
fn transport_mode_through_nat_is_between_the_addresses_that_each_end_sees() {
    let mut world = transport().up();
    for _ in 0..2 {
        let pair = [0, 1].map(|end| world.installed[end].values().next().unwrap().clone());
        let ends = pair.each_ref().map(|pair| {
            assert_eq!(pair.inbound.mode, Mode::Transport);
            let selector = &pair.inbound.selectors[0];
            (selector.local.to_string(), selector.remote.to_string())
        });
        let expected = [(WEST, EAST), (EAST, BOX)].map(|(a, b)| (format!("{a}/32"), format!("{b}/32")));
        assert_eq!(ends, expected);
        let original = pair.map(|pair| pair.inbound.options.encapsulation.unwrap().original.unwrap());
        let seen = |a: &str, b: &str| (a.parse::<IpAddr>().unwrap(), b.parse::<IpAddr>().unwrap());
        assert_eq!(original, [seen(EAST, BOX), seen(WEST, EAST)]);
        // The responder asks for the same two hosts when it replaces the child.
        world.at(1, |east, now| east.rekey(now, "net").unwrap());
        world.deliver_all();
        assert_eq!(world.installed.each_ref().map(BTreeMap::len), [1, 1]);
    }
}

#[test]
fn where_transport_mode_is_not_allowed_the_tunnel_is_for_what_the_peer_says() {
    let mut ends = [connection(0, WEST, EAST), connection(1, EAST, "0.0.0.0")];
    let host = |address: &str| vec![Prefix::host(address.parse::<IpAddr>().unwrap()).range()];
    let child = &mut ends[0].children[0];
    (child.transport, child.local, child.remote) = (true, host(WEST), host(EAST));
    let child = &mut ends[1].children[0];
    (child.local, child.remote) = (host(EAST), host(WEST));
    let world = World::new(ends, [Some(Translator::new(BOX)), None]).up();
    let pair = world.installed[1].values().next().unwrap();
    assert!(matches!(pair.inbound.mode, Mode::Tunnel { .. }));
    assert_eq!(pair.inbound.selectors[0].remote.to_string(), format!("{WEST}/32"));
    assert!(pair.inbound.options.encapsulation.unwrap().original.is_none());
}
