use ipsec_crypto::{FAST, Secret};
use ipsec_net::{Buffer, IpHeader, IpVersion};
use proptest::prelude::*;

use super::*;
use ipsec_wire::esp::Header;

use crate::{Direction, Protection, SaOptions};

mod addresses;
mod ah;
mod bundle;
mod drops;
mod encapsulation;
mod failover;
mod fragments;
mod icmp;
mod lifetimes;
mod path_mtu;
mod resynchronisation;
mod setup;
mod transport;

use setup::*;

fn setups() -> impl Strategy<Value = Setup> {
    setups_of(PROTECTIONS.to_vec())
}

fn setups_of(protections: Vec<Protection>) -> impl Strategy<Value = Setup> {
    let parts = (prop::sample::select(protections), any::<[bool; 4]>());
    parts.prop_map(|(protection, [outer_v6, inner_v6, extended, fast])| {
        let provider = if fast { &FAST } else { PLAIN.provider };
        Setup { protection, outer_v6, inner_v6, extended, provider, ..PLAIN }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_one_end_seals_the_other_opens(
        setup in setups_of(every_protection()), length in 0usize..=9000, class: u8,
    ) {
        let (mut west, mut east) = setup.planes();
        let mut packet = setup.packet(length);
        packet.set_traffic_class(class);
        let outer = sent(&mut west, packet.clone());
        prop_assert_eq!(outer.protocol(), setup.protection.protocol());
        prop_assert_eq!(outer.version() == IpVersion::V6, setup.outer_v6);
        prop_assert_eq!((outer.source(), outer.destination()), setup.gateways().into());
        let inner = delivered(&mut east, outer);
        packet.set_hop_limit(packet.hop_limit() - 1);
        prop_assert_eq!(inner.as_bytes(), packet.as_bytes());
    }

    #[test]
    fn any_flipped_bit_is_refused(
        setup in setups_of(every_protection()), length in 0usize..300, bit: prop::sample::Index,
    ) {
        let (mut west, mut east) = setup.planes();
        let mut outer = sent(&mut west, setup.packet(length));
        let bit = bit.index(outer.payload().len() * 8);
        outer.payload_mut()[bit / 8] ^= 1 << (bit % 8);
        let spi = if setup.protection.protocol() == protocol::AH { 4 } else { 0 };
        let expected = match (bit / 8).checked_sub(spi) {
            Some(0..4) => DropReason::UnknownSpi,
            // Number 1 has become 0 where its last bit was.
            Some(7) if bit % 8 == 0 => DropReason::TooOld,
            // The length of AH.
            None if bit / 8 == 1 => DropReason::Malformed,
            _ => DropReason::Integrity,
        };
        prop_assert_eq!(dropped(&mut east, outer), expected);
    }

    #[test]
    fn random_octets_are_dropped(setup in setups(), mut octets in prop::collection::vec(any::<u8>(), 0..200), spi: bool) {
        let (_, mut east) = setup.planes();
        if spi && octets.len() >= 4 {
            octets[..4].copy_from_slice(&EAST.0.to_be_bytes());
        }
        dropped(&mut east, setup.outer(Buffer::copy_of(&octets)));
    }

    #[test]
    fn each_number_is_delivered_at_most_once_in_any_order(order in prop::collection::vec(0usize..100, 1..300)) {
        let (mut west, mut east) = PLAIN.planes();
        let outers: Vec<_> = (0..100).map(|_| sent(&mut west, PLAIN.packet(1))).collect();
        let mut seen = [false; 100];
        for index in order {
            let delivered = matches!(east.inbound(NOW, outers[index].clone()), Inbound::Deliver(_));
            prop_assert!(!(delivered && seen[index]));
            seen[index] |= delivered;
        }
    }
}

/// With each suite in turn, so that none is left to chance.
#[test]
fn every_suite_carries_the_shortest_and_the_longest_packet_in_both_ip_versions() {
    for protection in every_protection() {
        for (outer_v6, extended) in [(false, true), (true, false)] {
            let setup = Setup { protection, outer_v6, extended, ..PLAIN };
            let (mut west, mut east) = setup.planes();
            for length in [0, 1, 1400, 9000] {
                let inner = delivered(&mut east, sent(&mut west, setup.packet(length)));
                assert_eq!(inner.payload(), setup.packet(length).payload(), "{protection} {length}");
            }
        }
    }
}

#[test]
fn the_outer_header_is_built_anew_and_takes_only_the_traffic_class_from_the_inner_one() {
    for (outer_v6, inner_v6) in [(false, false), (false, true), (true, false), (true, true)] {
        let setup = Setup { outer_v6, inner_v6, ..PLAIN };
        let (mut west, _) = setup.planes();
        let mut packet = setup.packet(30);
        packet.set_traffic_class(0xba);
        packet.set_hop_limit(9);
        let outer = sent(&mut west, packet);
        assert_eq!((outer.hop_limit(), outer.traffic_class()), (64, 0xba));
        assert_eq!(outer.dont_fragment(), outer_v6, "the network may fragment IPv4");
        assert_eq!(outer.header_len(), outer.version().header_len());
    }
}

#[test]
fn a_packet_is_sealed_and_opened_where_it_lies() {
    for protection in [GCM, CBC] {
        let setup = Setup { protection, ..PLAIN };
        let (mut west, mut east) = setup.planes();
        let packet = setup.packet(1400);
        let place = packet.as_bytes().as_ptr();
        let inner = delivered(&mut east, sent(&mut west, packet));
        assert_eq!(inner.as_bytes().as_ptr(), place);
    }
}

#[test]
fn packets_after_the_first_have_the_next_numbers_and_other_identifications() {
    let (mut west, _) = PLAIN.planes();
    for number in 1..4 {
        let outer = sent(&mut west, PLAIN.packet(1));
        assert_eq!(Header::parse(outer.payload()).unwrap(), Header { spi: EAST, sequence: number });
        assert_eq!(outer.as_bytes()[4..6], (number as u16).to_be_bytes());
    }
}

#[test]
fn a_counter_mode_takes_its_iv_from_the_number_and_cbc_from_the_entropy_source() {
    let iv = |protection, seed| {
        let (mut west, _) = Setup { protection, ..PLAIN }.planes();
        match west.outbound(NOW, &mut Counting(seed), PLAIN.packet(1)) {
            Outbound::Send(outer) => outer.payload()[8..16].to_vec(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(iv(GCM, 1), 1u64.to_be_bytes());
    assert_eq!(iv(GCM, 1), iv(GCM, 2));
    assert_ne!(iv(CBC, 1), iv(CBC, 2));
}

#[test]
fn extended_numbers_go_on_across_2_to_the_32_and_late_packets_still_fit() {
    for protection in [GCM, CBC] {
        for window in [0, 64] {
            let setup = Setup { protection, extended: true, window, ..PLAIN };
            let edge = (1 << 32) - 3;
            let at_the_edge = |pair: &mut SaPair| {
                let options = SaOptions { sequence: edge, ..SaOptions::default() };
                (pair.inbound.options, pair.outbound.options) = (options, options);
            };
            let (mut west, mut east) = (setup.west_with(at_the_edge), setup.east_with(at_the_edge));
            let mut outers: Vec<_> = (0..6).map(|_| sent(&mut west, setup.packet(1))).collect();
            outers.reverse();
            for outer in outers {
                delivered(&mut east, outer);
            }
            assert_eq!(east.status()[0].sequence, (1 << 32) + 3);
        }
    }
}

#[test]
fn padding_hides_how_long_a_packet_is_and_goes_on_arrival() {
    let pad = |pair: &mut SaPair| pair.outbound.options.pad_to = Some(1000);
    let (mut west, mut east) = (PLAIN.west_with(pad), PLAIN.planes().1);
    let lengths = [0, 10, 500, 980].map(|length| {
        let outer = sent(&mut west, PLAIN.packet(length));
        let length_outside = outer.len();
        assert_eq!(delivered(&mut east, outer).len(), 20 + length);
        length_outside
    });
    assert!(lengths.iter().all(|length| *length == lengths[0]));
    assert!(sent(&mut west, PLAIN.packet(1200)).len() > lengths[0]);
}

#[test]
fn congestion_on_the_way_reaches_a_packet_that_can_carry_it() {
    let (mut west, mut east) = PLAIN.planes();
    let mut marked = PLAIN.packet(10);
    marked.set_traffic_class(0xb8 | 2);
    let mut outer = sent(&mut west, marked);
    outer.set_traffic_class(3);
    assert_eq!(delivered(&mut east, outer).traffic_class(), 0xb8 | 3);
}

#[test]
fn policy_decides_in_order_and_remembers_its_decision() {
    let [west_net, east_net] = PLAIN.networks();
    let policy =
        |name: &str, remote, action| Policy::new(name, vec![Selector::between(west_net, remote)], action);
    let policies = vec![
        policy("no", range("10.2.9.0/24"), Action::Discard),
        policy("clear", range("10.2.8.0/24"), Action::Bypass),
        policy("net", east_net, Action::Protect),
    ];
    let mut plane = Dataplane::new(PLAIN.provider, policies, Settings::default());
    let packet = |destination| {
        let header = IpHeader::new(address("10.1.0.1"), address(destination), protocol::UDP);
        IpPacket::build(&header, Buffer::copy_of(b"x")).unwrap()
    };
    for _ in 0..2 {
        let mut to = |destination| plane.outbound(NOW, &mut Counting(1), packet(destination));
        assert_eq!(to("10.2.9.1"), Outbound::Drop { reason: DropReason::Discarded, sa: None, answer: None });
        assert_eq!(to("10.2.8.1"), Outbound::Bypass(packet("10.2.8.1")));
        let selectors = vec![Selector::between(west_net, east_net)];
        let acquire = Outbound::Acquire { policy: "net".into(), selectors, packet: packet("10.2.0.1") };
        assert_eq!(to("10.2.0.1"), acquire);
        assert_eq!(
            to("203.0.113.1"),
            Outbound::Drop { reason: DropReason::Discarded, sa: None, answer: None }
        );
    }
}

#[test]
fn what_policy_bypasses_comes_in_in_the_clear_whichever_verb_takes_it() {
    let [west_net, east_net] = PLAIN.networks();
    let selectors = vec![Selector::between(east_net, west_net)];
    let policy = Policy::new("clear", selectors, Action::Bypass);
    let mut east = Dataplane::new(PLAIN.provider, vec![policy], Settings::default());
    assert_eq!(east.inbound_clear(NOW, PLAIN.packet(5)), Inbound::Deliver(PLAIN.packet(5)));
    assert_eq!(east.inbound(NOW, PLAIN.packet(5)), Inbound::Deliver(PLAIN.packet(5)));
}

/// West's pair after a rekeying.
fn newer() -> SaPair {
    let mut pair = PLAIN.west_pair();
    (pair.inbound.spi, pair.outbound.spi) = (Spi(0x3003), Spi(0x4004));
    pair
}

fn spi_of(outer: &IpPacket) -> Spi {
    Header::parse(outer.payload()).unwrap().spi
}

#[test]
fn the_newest_pair_sends_the_older_one_still_receives_and_a_removed_one_does_neither() {
    let (mut west, mut east) = PLAIN.planes();
    west.install(NOW, newer());
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), Spi(0x4004));
    let header = IpHeader::new(address("10.2.0.1"), address("10.1.0.1"), protocol::UDP);
    let answer = IpPacket::build(&header, Buffer::copy_of(b"answer")).unwrap();
    delivered(&mut west, sent(&mut east, answer.clone()));
    assert!(west.remove(Spi(0x3003)).is_some() && west.remove(Spi(0x3003)).is_none());
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), EAST);
    assert!(west.remove(WEST).is_some());
    assert_eq!(dropped(&mut west, sent(&mut east, answer)), DropReason::UnknownSpi);
}

#[test]
fn a_pair_that_yields_sends_when_the_peer_has_used_it_or_no_other_is_left() {
    let yielding = || SaPair { yields: true, ..newer() };
    let mut third = yielding();
    (third.inbound.spi, third.outbound.spi) = (Spi(0x5005), Spi(0x6006));
    let (mut west, _) = PLAIN.planes();
    west.install(NOW, yielding());
    west.install(NOW, third);
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), EAST, "the one that does not yield");
    assert!(west.remove(WEST).is_some());
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), Spi(0x4004), "the older of two that yield");

    let (mut west, mut east) = PLAIN.planes();
    west.install(NOW, yielding());
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), EAST);
    let mut theirs = PLAIN.east_pair();
    (theirs.inbound.spi, theirs.outbound.spi) = (Spi(0x4004), Spi(0x3003));
    east.install(NOW, theirs);
    let header = IpHeader::new(address("10.2.0.1"), address("10.1.0.1"), protocol::UDP);
    delivered(&mut west, sent(&mut east, IpPacket::build(&header, Buffer::copy_of(b"there")).unwrap()));
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), Spi(0x4004));
}

/// Both ends have deleted it at once (RFC 7296 §1.4.1).
#[test]
fn a_pair_that_has_stopped_sending_still_receives() {
    let (mut west, mut east) = PLAIN.planes();
    assert!(west.stop_sending(WEST) && !west.stop_sending(WEST));
    assert!(matches!(west.outbound(NOW, &mut Counting(1), PLAIN.packet(1)), Outbound::Acquire { .. }));
    let header = IpHeader::new(address("10.2.0.1"), address("10.1.0.1"), protocol::UDP);
    delivered(&mut west, sent(&mut east, IpPacket::build(&header, Buffer::copy_of(b"back")).unwrap()));
    west.install(NOW, newer());
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), Spi(0x4004));
    assert!(west.remove(WEST).is_some());
}

#[test]
fn a_narrower_newest_pair_leaves_the_rest_to_the_older_one() {
    let (mut west, _) = PLAIN.planes();
    let mut narrow = newer();
    narrow.outbound.selectors = vec![Selector::between(range("10.1.7.0/24"), range("10.2.0.0/16"))];
    west.install(NOW, narrow);
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), EAST);
}

#[test]
fn a_pair_of_an_unknown_policy_only_receives() {
    let (_, mut east) = PLAIN.planes();
    let mut west = Dataplane::new(PLAIN.provider, Vec::new(), Settings::default());
    west.install(NOW, PLAIN.west_pair());
    assert_eq!(refused(&mut west, PLAIN.packet(1)), DropReason::Discarded);
    let header = IpHeader::new(address("10.2.0.1"), address("10.1.0.1"), protocol::UDP);
    delivered(&mut west, sent(&mut east, IpPacket::build(&header, Buffer::copy_of(b"x")).unwrap()));
}

#[test]
fn freed_slots_are_used_again_and_policies_keep_their_pairs_apart() {
    let (mut west, _) = PLAIN.planes();
    for spi in 0x5000..0x5100 {
        let mut pair = newer();
        pair.inbound.spi = Spi(spi);
        west.install(NOW, pair);
        west.remove(Spi(spi));
    }
    assert_eq!(west.status().len(), 2);
    assert_eq!(spi_of(&sent(&mut west, PLAIN.packet(1))), EAST);
}

#[test]
fn both_ends_show_the_same_fingerprints_and_another_key_shows_another() {
    let (west, east) = PLAIN.planes();
    let of = |plane: &Dataplane| {
        let mut all: Vec<_> = plane.status().iter().map(|sa| (sa.spi, sa.fingerprint)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(of(&west), of(&east));
    let other = PLAIN.west_with(|pair| pair.inbound.key = Secret::from(vec![0x77; 20]));
    assert_ne!(of(&west)[0], of(&other)[0]);
    assert_eq!(of(&west)[1], of(&other)[1]);
}

#[test]
fn status_counts_what_was_carried_and_dropped() {
    let (mut west, mut east) = PLAIN.planes();
    let outer = sent(&mut west, PLAIN.packet(100));
    delivered(&mut east, outer.clone());
    dropped(&mut east, outer);
    let [_, out] = <[_; 2]>::try_from(west.status()).unwrap();
    let [back, _] = <[_; 2]>::try_from(east.status()).unwrap();
    assert_eq!((out.direction, out.packets, out.octets, out.dropped), (Direction::Outbound, 1, 120, 0));
    assert_eq!((back.direction, back.packets, back.octets, back.dropped), (Direction::Inbound, 1, 120, 1));
    assert_eq!((out.sequence, back.sequence, back.last_used), (1, 1, Some(NOW)));
    assert_eq!((east.last_received(EAST), west.last_received(WEST)), (Some(NOW), None));
    assert_eq!(east.remove(EAST).unwrap()[0], back);
}
