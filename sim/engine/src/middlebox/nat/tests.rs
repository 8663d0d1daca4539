//! RFC 4787's requirements one by one; the rest is in the files below.

mod model;
mod passage;
mod ports;

use std::time::Duration;

use ipsec_net::icmp_error::{self, build};
use ipsec_net::{Buffer, IpHeader, protocol, udp};

use super::*;
use crate::Streams;
use crate::middlebox::testing::{Done, address, datagram, datagram_with, drain, ends, hand, seconds};

const INSIDE: u16 = 0;
const OUTSIDE: u16 = 1;

fn nat(behaviour: Behaviour) -> Nat {
    nat_with(&["203.0.113.1"], behaviour)
}

fn nat_with(pool: &[&str], behaviour: Behaviour) -> Nat {
    let pool = pool.iter().map(|address| address.parse().unwrap()).collect();
    let random = Streams::new(1).stream(&["nat"]);
    Nat::new("10.0.0.254".parse().unwrap(), pool, behaviour, random).unwrap()
}

/// Sends from inside; the source as the outside sees it.
fn out(nat: &mut Nat, now: Instant, source: &str, destination: &str) -> String {
    let done = hand(nat, now, INSIDE, datagram(source, destination, b"x"));
    let (port, packet) = done.only();
    assert_eq!(port, Port(OUTSIDE));
    assert_eq!(udp::read(packet).unwrap().payload, b"x");
    assert_eq!(udp::read(packet).unwrap().destination.to_string(), destination);
    udp::read(packet).unwrap().source.to_string()
}

/// Sends from outside; where it comes to inside, or why it does not.
fn back(nat: &mut Nat, now: Instant, source: &str, destination: &str) -> Result<String, NatDrop> {
    let done = hand(nat, now, OUTSIDE, datagram(source, destination, b"y"));
    if let Some(reason) = drops(&done).first() {
        assert!(done.sent.is_empty());
        return Err(*reason);
    }
    let (port, packet) = done.only();
    assert_eq!(port, Port(INSIDE));
    assert_eq!(udp::read(packet).unwrap().source.to_string(), source);
    Ok(udp::read(packet).unwrap().destination.to_string())
}

fn drops(done: &Done<NatNote>) -> Vec<NatDrop> {
    let drop = |note: &NatNote| match note {
        NatNote::Dropped { reason, .. } => Some(*reason),
        _ => None,
    };
    done.notes.iter().filter_map(drop).collect()
}

const A: &str = "10.0.0.1:500";
const B: &str = "10.0.0.2:500";
const PEER: &str = "192.0.2.1:500";
const PEER_OTHER_PORT: &str = "192.0.2.1:4500";
const OTHER_PEER: &str = "192.0.2.2:500";

#[test]
fn req_1_one_mapping_serves_all_remote_endpoints_where_it_is_endpoint_independent() {
    for (mapping, other_port, other_address) in [
        (Dependence::EndpointIndependent, true, true),
        (Dependence::AddressDependent, true, false),
        (Dependence::AddressAndPortDependent, false, false),
    ] {
        let mut nat = nat(Behaviour { mapping, ..Behaviour::default() });
        let first = out(&mut nat, seconds(0), A, PEER);
        assert_eq!(out(&mut nat, seconds(1), A, PEER), first);
        assert_eq!(out(&mut nat, seconds(1), A, PEER_OTHER_PORT) == first, other_port, "{mapping:?}");
        assert_eq!(out(&mut nat, seconds(1), A, OTHER_PEER) == first, other_address, "{mapping:?}");
        assert_ne!(out(&mut nat, seconds(1), "10.0.0.1:501", PEER), first);
    }
}

#[test]
fn req_2_a_host_keeps_its_outside_address_where_pooling_is_paired() {
    let pool = ["203.0.113.1", "203.0.113.2", "203.0.113.3"];
    for (pooling, paired) in [(Pooling::Paired, true), (Pooling::Arbitrary, false)] {
        let mut nat = nat_with(&pool, Behaviour { pooling, ..Behaviour::default() });
        let addresses: BTreeSet<String> = (0..30)
            .map(|port| out(&mut nat, seconds(0), &format!("10.0.0.1:{}", 2000 + port), PEER))
            .map(|outside| outside.split(':').next().unwrap().to_owned())
            .collect();
        assert_eq!(addresses.len() == 1, paired, "{pooling:?} uses {addresses:?}");
    }
}

#[test]
fn req_3_two_hosts_share_an_outside_port_only_where_ports_are_overloaded() {
    for (assignment, shared) in [
        (PortAssignment::Preserving, false),
        (PortAssignment::Sequential, false),
        (PortAssignment::Random, false),
        (PortAssignment::Overloading, true),
    ] {
        let mut nat = nat(Behaviour { assignment, ..Behaviour::default() });
        let first = out(&mut nat, seconds(0), A, PEER);
        let second = out(&mut nat, seconds(0), B, OTHER_PEER);
        assert_eq!(first == second, shared, "{assignment:?}");
        assert_eq!(back(&mut nat, seconds(0), PEER, &first).unwrap(), A);
        assert_eq!(back(&mut nat, seconds(0), OTHER_PEER, &second).unwrap(), B);
    }
}

#[test]
fn req_4_parity_is_preserved_as_long_as_there_are_such_ports() {
    let ports = 5000..=5007;
    let mut nat = nat(Behaviour { assignment: PortAssignment::Random, ports, ..Behaviour::default() });
    let mut parities = (0..5).map(|host| {
        let outside = out(&mut nat, seconds(0), &format!("10.0.0.{}:3000", host + 1), PEER);
        outside.rsplit(':').next().unwrap().parse::<u16>().unwrap() % 2
    });
    assert!(parities.by_ref().take(4).all(|parity| parity == 0));
    assert_eq!(parities.next(), Some(1), "an odd port is better than none");
}

#[test]
fn req_5_a_udp_mapping_outlives_two_minutes_and_ends_with_its_timer() {
    for behaviour in [
        Behaviour::full_cone(),
        Behaviour::restricted_cone(),
        Behaviour::port_restricted_cone(),
        Behaviour::symmetric(),
    ] {
        let mut nat = nat(behaviour);
        let outside = out(&mut nat, seconds(0), A, PEER);
        assert_eq!(back(&mut nat, seconds(299), PEER, &outside).unwrap(), A);
        assert_eq!(drain(&mut nat, seconds(299)).until, Some(seconds(300)));
        nat.wake(seconds(300));
        let done = drain(&mut nat, seconds(300));
        assert!(matches!(done.notes[..], [NatNote::Expired(binding)] if binding.inside.to_string() == A));
        assert_eq!(nat.mappings().count(), 0);
        assert_eq!(back(&mut nat, seconds(300), PEER, &outside), Err(NatDrop::NoMapping));
    }
}

#[test]
fn req_6_packets_from_each_side_refresh_a_mapping_where_they_are_said_to() {
    for outbound_refresh in [true, false] {
        for inbound_refresh in [true, false] {
            let mut nat = nat(Behaviour { outbound_refresh, inbound_refresh, ..Behaviour::default() });
            let outside = out(&mut nat, seconds(0), A, PEER);
            out(&mut nat, seconds(200), A, PEER);
            let outlived = back(&mut nat, seconds(400), PEER, &outside).is_ok();
            assert_eq!(outlived, outbound_refresh);
            if outbound_refresh {
                assert_eq!(back(&mut nat, seconds(600), PEER, &outside).is_ok(), inbound_refresh);
            }
        }
    }
}

#[test]
fn req_6_what_is_filtered_refreshes_nothing() {
    let mut nat = nat(Behaviour { inbound_refresh: true, ..Behaviour::default() });
    let outside = out(&mut nat, seconds(0), A, PEER);
    assert_eq!(back(&mut nat, seconds(200), OTHER_PEER, &outside), Err(NatDrop::Filtered));
    assert_eq!(back(&mut nat, seconds(300), PEER, &outside), Err(NatDrop::NoMapping));
}

#[test]
fn req_7_inside_and_outside_hosts_may_have_the_same_address() {
    let mut nat = nat(Behaviour::default());
    let twin = "10.0.0.2:500";
    let outside = out(&mut nat, seconds(0), A, twin);
    let of_b = out(&mut nat, seconds(0), B, twin);
    assert_eq!(back(&mut nat, seconds(0), twin, &outside).unwrap(), A);
    assert_eq!(back(&mut nat, seconds(0), twin, &of_b).unwrap(), B);
}

#[test]
fn req_8_filtering_depends_on_what_it_is_said_to_depend_on() {
    for (filtering, other_port, other_address) in [
        (Dependence::EndpointIndependent, true, true),
        (Dependence::AddressDependent, true, false),
        (Dependence::AddressAndPortDependent, false, false),
    ] {
        let mut nat = nat(Behaviour { filtering, ..Behaviour::default() });
        let outside = out(&mut nat, seconds(0), A, PEER);
        let verdict = |open: bool| if open { Ok(A.to_owned()) } else { Err(NatDrop::Filtered) };
        assert_eq!(back(&mut nat, seconds(0), PEER, &outside), verdict(true));
        assert_eq!(back(&mut nat, seconds(0), PEER_OTHER_PORT, &outside), verdict(other_port));
        assert_eq!(back(&mut nat, seconds(0), OTHER_PEER, &outside), verdict(other_address));
        out(&mut nat, seconds(1), A, OTHER_PEER);
        assert_eq!(back(&mut nat, seconds(1), OTHER_PEER, &outside), verdict(true));
        assert_eq!(back(&mut nat, seconds(1), OTHER_PEER, "203.0.113.1:77"), Err(NatDrop::NoMapping));
        assert_eq!(back(&mut nat, seconds(1), OTHER_PEER, "203.0.113.9:500"), Err(NatDrop::NotOurs));
    }
}

#[test]
fn req_9_inside_hosts_reach_each_other_by_outside_endpoints_as_hairpinning_says() {
    for (hairpinning, seen) in [
        (Hairpinning::Off, None),
        (Hairpinning::InternalSource, Some(A.to_owned())),
        (Hairpinning::ExternalSource, Some("203.0.113.1:500".to_owned())),
    ] {
        let mut nat = nat(Behaviour { hairpinning, ..Behaviour::full_cone() });
        assert_eq!(out(&mut nat, seconds(0), A, PEER), "203.0.113.1:500");
        let of_b = out(&mut nat, seconds(0), B, PEER);
        let done = hand(&mut nat, seconds(0), INSIDE, datagram(A, &of_b, b"hello"));
        match seen {
            None => assert_eq!(drops(&done), [NatDrop::NoHairpinning]),
            Some(source) => {
                let (port, packet) = done.only();
                assert_eq!((port, ends(packet)), (Port(INSIDE), format!("{source} > {B}")));
                assert_eq!(udp::read(packet).unwrap().payload, b"hello");
            }
        }
    }
}

#[test]
fn req_9_hairpinned_packets_are_filtered_like_others() {
    let mut nat = nat(Behaviour::port_restricted_cone());
    let of_a = out(&mut nat, seconds(0), A, PEER);
    let of_b = out(&mut nat, seconds(0), B, PEER);
    let done = hand(&mut nat, seconds(0), INSIDE, datagram(A, &of_b, b""));
    assert_eq!(drops(&done), [NatDrop::Filtered]);
    let done = hand(&mut nat, seconds(0), INSIDE, datagram(B, &of_a, b""));
    assert_eq!(ends(done.only().1), format!("{of_b} > {A}"), "A has spoken to B");
}

#[test]
fn req_10_payloads_are_left_alone() {
    let mut nat = nat(Behaviour::default());
    let payload = b"10.0.0.1:500 is 0a000001 or \x0a\x00\x00\x01\x01\xf4";
    let done = hand(&mut nat, seconds(0), INSIDE, datagram(A, PEER, payload));
    assert_eq!(udp::read(done.only().1).unwrap().payload, payload);
}

#[test]
fn req_11_a_collision_of_ports_changes_no_behaviour() {
    let mut nat = nat(Behaviour::default());
    let of_a = out(&mut nat, seconds(0), A, PEER);
    let of_b = out(&mut nat, seconds(0), B, PEER);
    assert_ne!(of_a, of_b);
    assert_eq!(out(&mut nat, seconds(1), B, OTHER_PEER), of_b, "still endpoint-independent");
    assert_eq!(back(&mut nat, seconds(1), "192.0.2.3:500", &of_b), Err(NatDrop::Filtered));
}

#[test]
fn req_12_icmp_errors_pass_from_any_router_and_end_no_mapping() {
    let mut nat = nat(Behaviour::port_restricted_cone());
    let inside = datagram(A, PEER, &[7; 64]);
    let sent = hand(&mut nat, seconds(0), INSIDE, inside.clone()).only().1.clone();
    for error in [IcmpError::PortUnreachable, IcmpError::NoRoute, IcmpError::PacketTooBig { mtu: 1300 }] {
        let message = build(error, &sent, address("198.51.100.77")).unwrap();
        let done = hand(&mut nat, seconds(1), OUTSIDE, message);
        let (port, packet) = done.only();
        assert_eq!((port, packet.destination()), (Port(INSIDE), address("10.0.0.1")));
        assert_eq!(packet.source(), address("198.51.100.77"));
        let read = icmp_error::read(packet).unwrap();
        assert_eq!(read.error, Some(error));
        assert_eq!(Flow::quoted(&read.quoted), Some(Flow::of(&inside)));
    }
    let expires: Vec<_> = nat.mappings().map(|mapping| mapping.expires).collect();
    assert_eq!(expires, [Some(seconds(300))], "neither ended nor refreshed");
}

#[test]
fn req_13_what_must_not_be_fragmented_is_answered_and_the_rest_is_fragmented_in_order() {
    let mut nat = nat(Behaviour::default());
    nat.set_mtu(Side::Outside, Some(600));
    let whole = datagram_with(A, PEER, &[1; 1000], |header| header.dont_fragment = true);
    let done = hand(&mut nat, seconds(0), INSIDE, whole);
    assert_eq!(drops(&done), [NatDrop::TooBig]);
    let (port, message) = done.only();
    assert_eq!((port, message.source()), (Port(INSIDE), address("10.0.0.254")));
    let read = icmp_error::read(message).unwrap();
    assert_eq!(read.error, Some(IcmpError::PacketTooBig { mtu: 600 }));
    assert_eq!(read.quoted.source, address("10.0.0.1"), "the packet as its source sent it");

    let done = hand(&mut nat, seconds(0), INSIDE, datagram(A, PEER, &[1; 1000]));
    let offsets: Vec<usize> = done.sent.iter().map(|(_, piece)| piece.fragment().unwrap().offset).collect();
    assert_eq!(offsets, [0, 576]);
    assert!(done.sent.iter().all(|(_, piece)| piece.source() == address("203.0.113.1")));
}

fn fragments(source: &str, destination: &str, identification: u16) -> Vec<IpPacket> {
    let packet = datagram_with(source, destination, &[4; 100], |h| h.identification = identification);
    fragment(packet, 60, 0).unwrap()
}

#[test]
fn req_14_fragments_pass_in_order_and_out_of_order() {
    for reverse in [false, true] {
        let mut nat = nat(Behaviour::default());
        let outside = out(&mut nat, seconds(0), A, PEER);
        for (port, source, destination, expected) in [
            (INSIDE, A, PEER, format!("{outside} > {PEER}")),
            (OUTSIDE, PEER, &*outside, format!("{PEER} > {A}")),
        ] {
            let mut pieces = fragments(source, destination, 9);
            let count = pieces.len();
            if reverse {
                pieces.reverse();
            }
            let mut reassembler = ipsec_net::Reassembler::default();
            let mut sent = Vec::new();
            for piece in pieces {
                sent.extend(hand(&mut nat, seconds(0), port, piece).sent);
            }
            assert_eq!(sent.len(), count);
            let whole = sent.into_iter().find_map(|(_, piece)| match reassembler.handle(seconds(0), piece) {
                ipsec_net::Reassembled::Whole(packet) => Some(packet),
                _ => None,
            });
            let whole = whole.unwrap();
            assert_eq!(udp::read(&whole).unwrap().payload, [4; 100], "the checksum over all of it is right");
            assert_eq!(ends(&whole), expected);
        }
    }
}

#[test]
fn req_14_fragments_that_wait_are_bounded_in_number_and_time() {
    let fragment_limits = crate::middlebox::FragmentLimits { held: 2, ..Default::default() };
    let mut nat = nat(Behaviour { fragments: fragment_limits, ..Behaviour::default() });
    let late = |identification| fragments(A, PEER, identification)[1].clone();
    for identification in 0..2 {
        let done = hand(&mut nat, seconds(0), INSIDE, late(identification));
        assert!(matches!(done.notes[..], [NatNote::Held { .. }]));
        assert_eq!(done.until, Some(seconds(15)));
    }
    assert_eq!(drops(&hand(&mut nat, seconds(0), INSIDE, late(2))), [NatDrop::FragmentOutOfOrder]);
    nat.wake(seconds(15));
    assert_eq!(drops(&drain(&mut nat, seconds(15))), [NatDrop::FragmentTimeout; 2]);
}

#[test]
fn req_14_fragments_out_of_order_are_dropped_where_none_may_wait() {
    let fragment_limits = crate::middlebox::FragmentLimits { held: 0, ..Default::default() };
    let mut nat = nat(Behaviour { fragments: fragment_limits, ..Behaviour::default() });
    let pieces = fragments(A, PEER, 1);
    assert_eq!(drops(&hand(&mut nat, seconds(0), INSIDE, pieces[1].clone())), [NatDrop::FragmentOutOfOrder]);
    assert_eq!(hand(&mut nat, seconds(0), INSIDE, pieces[0].clone()).sent.len(), 1);
    assert_eq!(hand(&mut nat, seconds(0), INSIDE, pieces[1].clone()).sent.len(), 1);
}

#[test]
fn req_14_later_fragments_share_the_end_of_the_first() {
    let mut nat = nat(Behaviour::default());
    let pieces = fragments(PEER, "203.0.113.1:500", 1);
    assert!(hand(&mut nat, seconds(0), OUTSIDE, pieces[1].clone()).sent.is_empty());
    let done = hand(&mut nat, seconds(0), OUTSIDE, pieces[0].clone());
    assert_eq!(drops(&done), [NatDrop::NoMapping; 2]);
    assert_eq!(drops(&hand(&mut nat, seconds(0), OUTSIDE, pieces[2].clone())), [NatDrop::NoMapping]);
}

#[test]
fn the_world_wakes_a_translator_when_a_mapping_ends() {
    struct Ends(Vec<(Instant, NatNote)>);
    impl crate::Observer<NatNote> for Ends {
        fn record(&mut self, at: Instant, kind: &crate::Kind<'_, NatNote>) {
            if let crate::Kind::Note { note, .. } = kind {
                self.0.push((at, **note));
            }
        }
    }
    let mut world = crate::World::new(crate::Setup::new(1), Ends(Vec::new()));
    let id = world.add_node("nat", nat(Behaviour::default()));
    world.with(id, |nat, now| nat.handle(now, Port(INSIDE), datagram(A, PEER, b"")));
    world.run_until(seconds(100)).unwrap();
    world.with(id, |nat, now| nat.handle(now, Port(INSIDE), datagram(A, PEER, b"")));
    world.run_until(seconds(1000)).unwrap();
    let notes = &world.observer_mut().0;
    assert!(matches!(notes[..], [(_, NatNote::Mapped(_)), (at, NatNote::Expired(_))] if at == seconds(400)));
    assert_eq!(world.counters().events, 2, "one wake-up at the first deadline, one at the last");
}
