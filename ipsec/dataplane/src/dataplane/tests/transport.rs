//! Transport mode: the packet's own header stays.

use ipsec_net::fragment;
use proptest::prelude::*;

use super::setup::*;
use crate::*;

/// West and east in transport mode, and a packet from one to the other of `length` octets behind its header.
fn ends(setup: &Setup, length: usize) -> (Dataplane, Dataplane, ipsec_net::IpPacket) {
    let transport = |pair: &mut SaPair| {
        (pair.inbound.mode, pair.outbound.mode) = (Mode::Transport, Mode::Transport);
    };
    (setup.west_with(transport), setup.east_with(transport), setup.packet(length))
}

proptest! {
    #[test]
    fn a_packet_comes_out_as_it_went_in_and_only_its_payload_was_hidden(
        protection in prop::sample::select(PROTECTIONS.to_vec()), inner_v6: bool, extended: bool, length in 0usize..9000,
    ) {
        let setup = Setup { protection, inner_v6, extended, ..PLAIN };
        let (mut west, mut east, packet) = ends(&setup, length);
        let outer = sent(&mut west, packet.clone());
        prop_assert_eq!((outer.source(), outer.destination()), (packet.source(), packet.destination()));
        prop_assert_eq!((outer.protocol(), outer.hop_limit()), (protection.protocol(), packet.hop_limit()));
        prop_assert_eq!(delivered(&mut east, outer), packet);
    }

    #[test]
    fn any_flipped_bit_behind_the_header_is_refused(
        protection in prop::sample::select(PROTECTIONS.to_vec()), place: prop::sample::Index, bit in 0u8..8,
    ) {
        let (mut west, mut east, packet) = ends(&Setup { protection, ..PLAIN }, 100);
        let mut outer = sent(&mut west, packet);
        let at = place.index(outer.payload().len());
        outer.payload_mut()[at] ^= 1 << bit;
        let inbound = east.inbound(ipsec_net::Instant::ZERO, outer);
        prop_assert!(matches!(inbound, Inbound::Drop { .. }), "octet {}", at);
    }
}

#[test]
fn a_fragment_is_not_protected() {
    let (mut west, _, packet) = ends(&PLAIN, 3000);
    for piece in fragment(packet, 1500, 1).unwrap() {
        assert_eq!(refused(&mut west, piece), DropReason::TransportFragment);
    }
}
