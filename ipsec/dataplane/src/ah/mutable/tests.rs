use ipsec_net::{Buffer, IpHeader};

use super::*;

fn v6_with(first: u8, extensions: &[u8]) -> IpPacket {
    let [a, b] = ["2001:db8::1", "2001:db8::2"].map(|text| text.parse().unwrap());
    let mut header = IpHeader::new(a, b, first);
    header.traffic_class = 0xff;
    IpPacket::build(&header, Buffer::copy_of(&[extensions, &[0xaa; 24]].concat())).unwrap()
}

fn headers(packet: &IpPacket) -> Vec<u8> {
    Immutable::headers_of(packet).unwrap().as_bytes().to_vec()
}

#[test]
fn of_an_ipv6_header_class_flow_label_and_hop_limit_are_zero() {
    let seen = headers(&v6_with(protocol::AH, &[]));
    assert_eq!(seen[..8], [0x60, 0, 0, 0, 0, 24, protocol::AH, 0]);
    assert_eq!(seen.len(), 40);
}

#[test]
fn of_an_ipv4_header_service_flags_lifetime_and_checksum_are_zero() {
    let mut header = IpHeader::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), protocol::AH);
    (header.traffic_class, header.dont_fragment, header.identification) = (0xff, true, 0x1234);
    let packet = IpPacket::build(&header, Buffer::copy_of(&[0; 24])).unwrap();
    let expected = [0x45, 0, 0, 44, 0x12, 0x34, 0, 0, 0, protocol::AH, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    assert_eq!(headers(&packet), expected);
}

#[test]
fn options_that_may_change_have_data_of_zero_and_others_stay() {
    // Hop by hop: an option that may change (0x3e), one that may not (0x1e), padding.
    let extension = [protocol::AH, 1, 0x3e, 2, 7, 7, 0x1e, 2, 8, 8, 0, 0x3f, 3, 1, 2, 3];
    let seen = headers(&v6_with(protocol::HOP_BY_HOP, &extension));
    assert_eq!(seen[40..], [protocol::AH, 1, 0x3e, 2, 0, 0, 0x1e, 2, 8, 8, 0, 0x3f, 3, 0, 0, 0]);
}

#[test]
fn a_routing_header_is_as_at_the_end_of_the_route_wherever_it_is_seen() {
    let hops: Vec<[u8; 16]> =
        (1..4).map(|last| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, last]).collect();
    let extension =
        |left: u8, list: &[[u8; 16]]| [&[protocol::AH, 6, 0, left, 0, 0, 0, 0][..], &list.concat()].concat();
    let mut packet = v6_with(protocol::ROUTING, &extension(3, &hops));
    let at_the_source = headers(&packet);
    assert_eq!(at_the_source[24..40], hops[2], "the last address of the route");
    for hop in 0..3 {
        // What the router at the present destination does (RFC 2460 §4.4).
        let mut octets = packet.as_bytes().to_vec();
        let (next, destination) = (48 + 16 * hop, 24);
        for octet in 0..16 {
            octets.swap(next + octet, destination + octet);
        }
        octets[43] -= 1;
        packet = IpPacket::parse(Buffer::copy_of(&octets)).unwrap();
        assert_eq!(headers(&packet), at_the_source, "after hop {hop}");
    }
    let unknown_type = [&[protocol::AH, 2, 9, 1, 0, 0, 0, 0][..], &hops[0]].concat();
    assert_eq!(headers(&v6_with(protocol::ROUTING, &unknown_type))[40..], unknown_type);
}

/// An IPv4 header with options, as the integrity check sees it.
fn v4_options(options: &[u8], destination: [u8; 4]) -> (Vec<u8>, Vec<u8>) {
    let mut header =
        vec![0x45 + options.len() as u8 / 4, 0, 0, 60, 0, 0, 0, 0, 1, protocol::AH, 0, 0, 10, 0, 0, 1];
    header.extend(destination);
    header.extend(options);
    v4(&mut header);
    (header[16..20].to_vec(), header[20..].to_vec())
}

#[test]
fn of_ipv4_options_those_of_the_list_stay_and_others_are_zero_as_a_whole() {
    let there = [10, 0, 0, 2];
    assert_eq!(v4_options(&[148, 4, 0, 0, 1, 68, 3, 9], there).1, [148, 4, 0, 0, 1, 0, 0, 0]);
    assert_eq!(v4_options(&[7, 3, 4, 0, 9, 9, 9, 9], there).1, [0, 0, 0, 0, 9, 9, 9, 9], "behind the end");
    assert_eq!(v4_options(&[130, 0, 4, 5], there).1, [0; 4], "no length");
    assert_eq!(v4_options(&[130, 9, 4, 5], there).1, [0; 4], "longer than the header");
}

#[test]
fn a_source_route_ends_at_its_last_address() {
    let route = |pointer| [131, 11, pointer, 10, 9, 9, 1, 10, 9, 9, 2, 0];
    assert_eq!(v4_options(&route(4), [10, 0, 0, 2]), (vec![10, 9, 9, 2], vec![0; 12]));
    assert_eq!(v4_options(&route(12), [10, 9, 9, 2]).0, [10, 9, 9, 2], "it has arrived");
    assert_eq!(v4_options(&[137, 3, 4, 0], [10, 0, 0, 2]).0, [10, 0, 0, 2], "a route of no address");
}
