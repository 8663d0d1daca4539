//! Packets that do not fit the path.

use ipsec_net::icmp_error::{self, IcmpError};
use ipsec_net::{Buffer, IpHeader, IpPacket, icmp, protocol};
use proptest::prelude::*;

use super::setup::*;
use crate::*;

fn set(pair: &mut SaPair) {
    pair.outbound.options.dont_fragment = DontFragment::Set;
}

/// The packet that fits a path is as long as it may be: one octet more is refused with an MTU that is this length.
fn longest(west: &mut Dataplane, packet: impl Fn(usize) -> IpPacket) -> (usize, IpPacket) {
    for length in (0..1500).rev() {
        match west.outbound(NOW, &mut Counting(1), packet(length)) {
            Outbound::Send(outer) => return (packet(length).len(), outer),
            Outbound::Drop { reason: DropReason::PathMtu, answer: Some(answer), .. } => {
                let mtu = icmp::read_packet_too_big(&answer).unwrap();
                assert!(mtu < packet(length).len());
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("nothing fits");
}

/// The longest packet that may not be cut comes out about as long as the path allows, and the sender of a longer one is told
/// how long it may be.
fn tells_what_fits(west: &mut Dataplane, setup: &Setup) {
    let (protection, packet) = (setup.protection, |length| unfragmentable(setup, length));
    let (fits, outer) = longest(west, packet);
    assert!(outer.len() <= 1500 && outer.len() > 1500 - 32, "{protection}: {}", outer.len());
    let too_long = west.outbound(NOW, &mut Counting(1), packet(1490));
    let Outbound::Drop { answer: Some(answer), .. } = too_long else { panic!("{too_long:?}") };
    assert_eq!(icmp::read_packet_too_big(&answer), Some(fits), "{protection}");
    assert_eq!(answer.destination(), packet(0).source());
}

#[test]
fn the_sender_of_a_packet_that_may_not_be_cut_is_told_what_fits() {
    for protection in PROTECTIONS {
        for (outer_v6, inner_v6) in [(false, false), (true, false), (true, true)] {
            let setup = Setup { protection, outer_v6, inner_v6, ..PLAIN };
            tells_what_fits(&mut setup.west_with(set), &setup);
        }
    }
}

#[test]
fn in_transport_mode_too_the_sender_is_told_what_fits() {
    for protection in PROTECTIONS {
        let setup = Setup { protection, ..PLAIN };
        tells_what_fits(&mut setup.west_with(|pair| pair.outbound.mode = Mode::Transport), &setup);
    }
}

fn unfragmentable(setup: &Setup, length: usize) -> IpPacket {
    let [west, east] = setup.networks();
    let mut header = IpHeader::new(west.first(), east.first(), protocol::UDP);
    header.dont_fragment = true;
    IpPacket::build(&header, Buffer::copy_of(&vec![7; length])).unwrap()
}

proptest! {
    #[test]
    fn a_packet_that_may_be_cut_is_cut_before_it_is_protected(
        protection in prop::sample::select(PROTECTIONS.to_vec()), length in 1400usize..6000,
    ) {
        let setup = Setup { protection, ..PLAIN };
        let (mut west, mut east) = (setup.west_with(set), setup.planes().1);
        let outers = match west.outbound(NOW, &mut Counting(1), setup.packet(length)) {
            Outbound::Send(outer) => vec![outer],
            Outbound::SendAll(outers) => outers,
            other => panic!("{other:?}"),
        };
        let mut whole = ipsec_net::Reassembler::new(ipsec_net::Limits::default());
        let mut arrived = None;
        for outer in outers {
            prop_assert!(outer.len() <= 1500 && outer.dont_fragment());
            let piece = delivered(&mut east, outer);
            if let ipsec_net::Reassembled::Whole(packet) = whole.handle(NOW, piece) {
                arrived = Some(packet);
            }
        }
        let (arrived, sent) = (arrived.unwrap(), setup.packet(length));
        prop_assert_eq!(arrived.payload(), sent.payload());
    }
}

#[test]
fn the_bit_is_copied_set_or_cleared() {
    use DontFragment::{Clear, Copy, Set};
    for (setting, inner, outer) in
        [(Copy, true, true), (Copy, false, false), (Set, false, true), (Clear, true, false)]
    {
        let mut west = PLAIN.west_with(|pair| pair.outbound.options.dont_fragment = setting);
        let packet = if inner { unfragmentable(&PLAIN, 100) } else { PLAIN.packet(100) };
        assert_eq!(sent(&mut west, packet).dont_fragment(), outer, "{setting:?}");
    }
}

#[test]
fn a_short_ipv6_packet_gets_through_a_narrow_ipv4_tunnel() {
    let setup = Setup { inner_v6: true, ..PLAIN };
    let settings = Settings { link_mtu: 1280, ..Settings::default() };
    let mut west = setup.west_set(settings);
    assert!(!sent(&mut west, setup.packet(1240)).dont_fragment());
}

/// A router's word that a packet was too big for a link of this MTU.
fn too_big(outer: &IpPacket, mtu: usize) -> IpPacket {
    icmp_error::build(IcmpError::PacketTooBig { mtu }, outer, address("203.0.113.1")).unwrap()
}

#[test]
fn what_a_router_says_of_our_packet_makes_later_ones_fit() {
    for protection in [GCM, AH] {
        let setup = Setup { protection, ..PLAIN };
        let mut west = setup.west_with(set);
        let packet = |length| unfragmentable(&setup, length);
        let outer = sent(&mut west, packet(1300));
        assert!(west.inbound_error(NOW, &too_big(&outer, 1000)));
        assert_eq!(west.path_mtu(NOW, outer.destination()), 1000);
        let (_, outer) = longest(&mut west, packet);
        assert!(outer.len() <= 1000 && outer.len() > 1000 - 32);
    }
}

#[test]
fn a_router_is_not_believed_about_packets_that_no_sa_has_sent_nor_where_policy_forbids_it() {
    let mut west = PLAIN.west_with(set);
    let stranger = PLAIN.outer(Buffer::copy_of(&[0, 0, 9, 9, 0, 0, 0, 1, 0, 0]));
    assert!(!west.inbound_error(NOW, &too_big(&stranger, 1000)));
    let outer = sent(&mut west, unfragmentable(&PLAIN, 1300));
    let elsewhere = IpHeader::new(outer.source(), address("198.51.100.99"), protocol::ESP);
    let elsewhere = IpPacket::build(&elsewhere, outer.clone().into_payload()).unwrap();
    assert!(!west.inbound_error(NOW, &too_big(&elsewhere, 1000)), "that SA sends nothing there");
    let settings = Settings { path_mtu_discovery: false, ..Settings::default() };
    assert!(!PLAIN.west_set(settings).inbound_error(NOW, &too_big(&outer, 1000)));
    let unreachable =
        icmp_error::build(IcmpError::AddressUnreachable, &outer, address("203.0.113.1")).unwrap();
    assert!(!west.inbound_error(NOW, &unreachable));
}
