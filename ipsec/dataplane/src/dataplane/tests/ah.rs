//! AH: what it covers, and what routers may do without breaking it.

use ipsec_crypto::IntegrityAlgorithm;
use ipsec_net::{Buffer, IpHeader, IpPacket, fragment, protocol};
use ipsec_wire::ah::Header;
use proptest::prelude::*;

use super::setup::*;
use crate::*;

fn ends(setup: &Setup) -> (Dataplane, Dataplane) {
    let transport = |pair: &mut SaPair| {
        (pair.inbound.mode, pair.outbound.mode) = (Mode::Transport, Mode::Transport);
    };
    (setup.west_with(transport), setup.east_with(transport))
}

#[test]
fn the_header_is_as_long_as_the_ip_version_aligns_it() {
    for (integrity, v4, v6) in [
        (IntegrityAlgorithm::HmacSha1_96, 24, 24),
        (IntegrityAlgorithm::HmacSha2_256_128, 28, 32),
        (IntegrityAlgorithm::HmacSha2_384_192, 36, 40),
        (IntegrityAlgorithm::HmacSha2_512_256, 44, 48),
    ] {
        for (inner_v6, length) in [(false, v4), (true, v6)] {
            let setup = Setup { protection: Protection::Ah(integrity), inner_v6, ..PLAIN };
            let (mut west, _) = ends(&setup);
            let outer = sent(&mut west, setup.packet(100));
            let header = Header::parse(outer.payload()).unwrap();
            assert_eq!((header.len(), header.next_header), (length, protocol::UDP));
            assert_eq!(outer.payload().len(), length + 100);
        }
    }
}

#[test]
fn what_routers_change_does_not_matter() {
    for (outer_v6, transport) in [(false, false), (false, true), (true, false), (true, true)] {
        let setup = Setup { protection: AH, outer_v6, inner_v6: outer_v6, ..PLAIN };
        let (mut west, mut east) = if transport { ends(&setup) } else { setup.planes() };
        let mut packet = setup.packet(50);
        packet.set_traffic_class(2);
        let mut outer = sent(&mut west, packet);
        outer.set_hop_limit(3);
        outer.set_traffic_class(0xb8 | 3);
        let inner = delivered(&mut east, outer);
        assert_eq!(inner.traffic_class() & 3, 3);
    }
}

#[test]
fn what_nobody_may_change_is_covered() {
    for (inner_v6, unchanged) in [(false, [4usize, 5, 12, 16]), (true, [8, 15, 24, 39])] {
        let setup = Setup { protection: AH, inner_v6, ..PLAIN };
        for at in unchanged {
            let (mut west, mut east) = ends(&setup);
            let outer = sent(&mut west, setup.packet(50));
            let mut octets = outer.as_bytes().to_vec();
            octets[at] ^= 1;
            mend(&mut octets);
            let changed = IpPacket::parse(Buffer::copy_of(&octets)).unwrap();
            assert_eq!(dropped(&mut east, changed), DropReason::Integrity, "octet {at}");
        }
    }
}

/// Makes an IPv4 header's checksum right.
fn mend(octets: &mut [u8]) {
    if octets[0] >> 4 == 4 {
        octets[10..12].fill(0);
        let len = usize::from(octets[0] & 15) * 4;
        let sum = octets[..len].chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum::<u32>();
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        octets[10..12].copy_from_slice(&sum.to_be_bytes());
    }
}

/// An IPv4 packet with these options, whose length is a multiple of four.
fn with_options(options: &[u8], payload: &[u8]) -> IpPacket {
    let total = 20 + options.len() + payload.len();
    let mut octets =
        vec![0x40 | (5 + options.len() as u8 / 4), 0, 0, total as u8, 0, 1, 0, 0, 64, protocol::UDP];
    octets.extend([0, 0, 10, 1, 0, 0, 10, 2, 0, 0]);
    octets.extend(options);
    octets.extend(payload);
    mend(&mut octets);
    IpPacket::parse(Buffer::copy_of(&octets)).unwrap()
}

#[test]
fn a_recorded_route_may_grow_and_a_security_label_may_not_change() {
    let setup = Setup { protection: AH, ..PLAIN };
    for (options, at, survives) in [
        ([7u8, 7, 4, 0, 0, 0, 0, 1], 24, true),
        ([130, 7, 4, 0, 0, 0, 0, 1], 24, false),
        ([99, 7, 4, 0, 0, 0, 0, 1], 24, true),
    ] {
        let (mut west, mut east) = ends(&setup);
        let outer = sent(&mut west, with_options(&options, b"payload"));
        let mut octets = outer.as_bytes().to_vec();
        octets[at] ^= 0x55;
        mend(&mut octets);
        let changed = IpPacket::parse(Buffer::copy_of(&octets)).unwrap();
        match survives {
            true => assert_eq!(delivered(&mut east, changed).payload(), b"payload"),
            false => assert_eq!(dropped(&mut east, changed), DropReason::Integrity),
        }
    }
}

#[test]
fn an_atomic_fragment_header_that_the_way_has_added_is_not_authenticated() {
    let setup = Setup { protection: AH, inner_v6: true, ..PLAIN };
    let (mut west, mut east) = ends(&setup);
    let outer = sent(&mut west, setup.packet(40));
    let header = IpHeader::new(outer.source(), outer.destination(), protocol::FRAGMENT);
    let mut content = outer.into_payload();
    content.grow_front(8).copy_from_slice(&[protocol::AH, 0, 0, 0, 0, 0, 0, 9]);
    let arrived = IpPacket::build(&header, content).unwrap();
    assert_eq!(delivered(&mut east, arrived), setup.packet(40));
}

proptest! {
    #[test]
    fn random_octets_behind_an_ah_header_are_dropped(
        octets in prop::collection::vec(any::<u8>(), 0..100), next_header: u8, words in 0u8..20,
    ) {
        let setup = Setup { protection: AH, ..PLAIN };
        let (_, mut east) = setup.planes();
        let mut content = vec![next_header, words, 0, 0];
        content.extend(EAST.0.to_be_bytes());
        content.extend([0, 0, 0, 1]);
        content.extend(octets);
        dropped(&mut east, setup.outer(Buffer::copy_of(&content)));
    }
}

#[test]
fn fragments_are_neither_protected_nor_opened() {
    let setup = Setup { protection: AH, ..PLAIN };
    let mut west = ends(&setup).0;
    for piece in fragment(setup.packet(3000), 1500, 1).unwrap() {
        assert_eq!(refused(&mut west, piece), DropReason::TransportFragment);
    }
    let (mut west, mut east) = setup.planes();
    let outer = sent(&mut west, setup.packet(1000));
    for piece in fragment(outer, 576, 7).unwrap() {
        assert_eq!(dropped(&mut east, piece), DropReason::Fragment);
    }
}
