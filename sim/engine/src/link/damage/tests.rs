use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipsec_net::{IpHeader, fragment};
use proptest::prelude::*;

use super::*;
use crate::Streams;

fn datagram(v6: bool, payload: &[u8]) -> IpPacket {
    let ends: [SocketAddr; 2] = match v6 {
        false => ["192.0.2.1:500".parse().unwrap(), "198.51.100.1:500".parse().unwrap()],
        true => ["[2001:db8::1]:500".parse().unwrap(), "[2001:db8::2]:500".parse().unwrap()],
    };
    let header = IpHeader::new(ends[0].ip(), ends[1].ip(), protocol::UDP);
    udp::build(ends[0], ends[1], Buffer::copy_of(payload), &header).unwrap()
}

#[test]
fn corruption_of_a_datagram_always_reaches_whoever_reads_it() {
    let mut luck = Streams::new(1).stream(&["damage"]);
    let sent = datagram(false, b"ike");
    let mut bits = BTreeSet::new();
    for _ in 0..2000 {
        let bit = payload_bit(&mut luck, &sent).unwrap();
        let mut arrived = sent.clone();
        flip(&mut arrived, bit);
        assert_eq!(arrived.header_len(), sent.header_len());
        assert_ne!(arrived.payload(), sent.payload(), "bit {bit}");
        // Ports and data: damage that no checksum tells. The length: damage that tells itself.
        if !(32..48).contains(&bit) {
            assert_ne!(udp::read(&arrived).unwrap(), udp::read(&sent).unwrap(), "bit {bit}");
        }
        bits.insert(bit);
    }
    let all: BTreeSet<u32> = (0..88).filter(|bit| !UDP_CHECKSUM.contains(bit)).collect();
    assert_eq!(bits, all, "each bit but the checksum's is hit");
}

#[test]
fn a_packet_without_a_payload_is_not_corrupted() {
    let header = IpHeader::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), protocol::NONE);
    let empty = IpPacket::build(&header, Buffer::copy_of(&[])).unwrap();
    assert_eq!(payload_bit(&mut Streams::new(1).stream(&["damage"]), &empty), None);
}

#[test]
fn a_flipped_address_bit_leaves_a_packet_with_another_address() {
    for (v6, bit, source) in [(false, 12 * 8 + 31, "192.0.2.0"), (true, 8 * 8 + 127, "2001:db8::")] {
        let arrived = flip_header(&datagram(v6, b"ike"), bit).unwrap();
        assert_eq!(arrived.source().to_string(), source);
    }
}

#[test]
fn a_flipped_version_leaves_no_packet() {
    assert!(flip_header(&datagram(false, b"ike"), 1).is_none());
    assert!(flip_header(&datagram(true, b"ike"), 2).is_none());
}

#[test]
fn marking_sets_both_bits_of_the_ecn_field_and_leaves_the_rest() {
    for (before, after) in
        [(0b1010_1000, 0b1010_1000), (0b1010_1001, 0b1010_1011), (0b1010_1010, 0b1010_1011)]
    {
        for v6 in [false, true] {
            let mut packet = datagram(v6, b"ike");
            packet.set_traffic_class(before);
            mark(&mut packet);
            assert_eq!(packet.traffic_class(), after);
        }
    }
}

#[test]
fn a_truncated_fragment_stays_a_fragment() {
    let pieces = fragment(datagram(false, &[7; 2000]), 576, 1).unwrap();
    let cut = truncate(&pieces[1], 64).unwrap();
    assert_eq!((cut.payload().len(), cut.fragment()), (64, pieces[1].fragment()));
}

proptest! {
    #[test]
    fn what_is_left_of_a_truncated_datagram_is_one_with_fewer_octets(v6: bool, length in 0usize..200, kept in 0usize..300) {
        let sent = datagram(v6, &vec![7; length]);
        let cut = truncate(&sent, kept).unwrap();
        prop_assert_eq!(cut.payload().len(), kept.min(8 + length));
        prop_assert_eq!((cut.source(), cut.protocol()), (sent.source(), sent.protocol()));
        match udp::read(&cut) {
            Ok(read) => prop_assert_eq!(read.payload.len(), kept.min(8 + length) - 8),
            Err(_) => prop_assert!(kept < 8),
        }
    }

    /// What comes out of any flip is what a router would accept, or nothing at all.
    #[test]
    fn flips_of_the_header_are_mended_or_fatal(v6: bool, seed: u64) {
        let sent = datagram(v6, b"some octets");
        let bit = header_bit(&mut Streams::new(seed).stream(&["damage"]), &sent).unwrap();
        if let Some(arrived) = flip_header(&sent, bit) {
            prop_assert_ne!(arrived.as_bytes(), sent.as_bytes());
            prop_assert!(IpPacket::parse(Buffer::copy_of(arrived.as_bytes())).is_ok());
        }
    }
}
