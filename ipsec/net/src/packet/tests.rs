use proptest::prelude::*;

use super::*;

fn header(source: &str, destination: &str) -> IpHeader {
    IpHeader::new(source.parse().unwrap(), destination.parse().unwrap(), protocol::UDP)
}

#[test]
fn a_built_packet_reads_back() {
    for (source, destination) in [("192.0.2.1", "198.51.100.1"), ("2001:db8::1", "2001:db8::2")] {
        let mut fields = header(source, destination);
        fields.traffic_class = 0xb9;
        fields.hop_limit = 3;
        let built = IpPacket::build(&fields, Buffer::copy_of(b"payload")).unwrap();
        let read = IpPacket::parse(built.as_bytes().to_vec()).unwrap();
        assert_eq!(read.source(), fields.source);
        assert_eq!(read.destination(), fields.destination);
        assert_eq!((read.protocol(), read.hop_limit(), read.traffic_class()), (protocol::UDP, 3, 0xb9));
        assert_eq!(read.payload(), b"payload");
        assert_eq!(read.fragment(), None);
        assert_eq!(read.as_bytes(), built.as_bytes());
    }
}

#[test]
fn changed_fields_leave_a_valid_packet() {
    for (source, destination) in [("192.0.2.1", "198.51.100.1"), ("2001:db8::1", "2001:db8::2")] {
        let mut packet = IpPacket::build(&header(source, destination), Buffer::copy_of(b"x")).unwrap();
        packet.set_hop_limit(9);
        packet.set_traffic_class(0x2e);
        let read = IpPacket::parse(packet.as_bytes().to_vec()).unwrap();
        assert_eq!((read.hop_limit(), read.traffic_class()), (9, 0x2e));
        assert_eq!(read.source(), packet.source());
    }
}

#[test]
fn an_ipv6_packet_has_a_flow_label_of_twenty_bits() {
    let mut octets = IpPacket::build(&header("2001:db8::1", "2001:db8::2"), Buffer::copy_of(b"x"))
        .unwrap()
        .as_bytes()
        .to_vec();
    octets[1..4].copy_from_slice(&[0xab, 0xcd, 0xef]);
    assert_eq!(IpPacket::parse(octets).unwrap().flow_label(), Some(0xb_cdef));
    let v4 = IpPacket::build(&header("192.0.2.1", "192.0.2.2"), Buffer::copy_of(b"x")).unwrap();
    assert_eq!(v4.flow_label(), None);
}

#[test]
fn octets_behind_the_total_length_are_cut_off() {
    let packet = IpPacket::build(&header("192.0.2.1", "192.0.2.2"), Buffer::copy_of(b"abc")).unwrap();
    let mut padded = packet.as_bytes().to_vec();
    padded.extend_from_slice(&[0; 20]);
    assert_eq!(IpPacket::parse(padded).unwrap().payload(), b"abc");
}

#[test]
fn a_wrong_header_checksum_is_refused() {
    let packet = IpPacket::build(&header("192.0.2.1", "192.0.2.2"), Buffer::copy_of(b"abc")).unwrap();
    let mut octets = packet.as_bytes().to_vec();
    octets[8] ^= 1;
    assert_eq!(IpPacket::parse(octets), Err(NotIp::HeaderChecksum));
}

#[test]
fn ipv6_extension_headers_are_walked_up_to_esp() {
    let mut fields = header("2001:db8::1", "2001:db8::2");
    fields.protocol = protocol::HOP_BY_HOP;
    let mut payload = vec![protocol::DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0];
    payload.extend_from_slice(&[protocol::ESP, 0, 1, 4, 0, 0, 0, 0]);
    payload.extend_from_slice(b"esp");
    let packet = IpPacket::build(&fields, Buffer::copy_of(&payload)).unwrap();
    assert_eq!(packet.protocol(), protocol::ESP);
    assert_eq!(packet.payload(), b"esp");
    assert_eq!(packet.header_len(), 56);
}

#[test]
fn an_extension_header_that_runs_out_of_the_packet_is_refused() {
    let mut fields = header("2001:db8::1", "2001:db8::2");
    fields.protocol = protocol::HOP_BY_HOP;
    let refused = IpPacket::build(&fields, Buffer::copy_of(&[protocol::UDP, 9, 0, 0, 0, 0, 0, 0]));
    assert_eq!(refused, Err(NotIp::Length { offset: 40 }));
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..200), version in 4u8..7) {
        let mut octets = octets;
        if let Some(first) = octets.first_mut() {
            *first = (*first & 0x0f) | (version << 4);
        }
        if let Ok(packet) = IpPacket::parse(octets) {
            prop_assert!(packet.header_len() + packet.payload().len() == packet.len());
            let _ = (packet.source(), packet.destination(), packet.traffic_class(), packet.has_upper_header());
        }
    }
}

proptest! {
    #[test]
    fn the_sum_follows_the_hop_limit(before: u8, after: u8, identification: u16, protocol: u8) {
        let mut header = IpHeader::new([192, 0, 2, 1].into(), [198, 51, 100, 2].into(), protocol);
        (header.hop_limit, header.identification) = (before, identification);
        let mut packet = IpPacket::build(&header, Buffer::copy_of(b"payload")).unwrap();
        packet.set_hop_limit(after);
        let read = IpPacket::parse(Buffer::copy_of(packet.as_bytes()));
        prop_assert_eq!(read.map(|read| read.hop_limit()), Ok(after));
    }
}
