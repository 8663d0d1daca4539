use ipsec_net::icmp::{Echo, EchoKind, echo_request, read_echo};
use ipsec_net::icmp_error::{IcmpError, build, read};
use ipsec_net::udp;
use proptest::prelude::*;

use super::*;
use crate::middlebox::testing::{address, datagram, ends, segment, tcp_checksum};

fn endpoint(text: &str) -> Option<SocketAddrV4> {
    Some(text.parse().unwrap())
}

fn outward(source: &str) -> Route {
    Route { source: endpoint(source), destination: None, out: Side::Outside }
}

fn inward(destination: &str) -> Route {
    Route { source: None, destination: endpoint(destination), out: Side::Inside }
}

#[test]
fn a_checksum_that_was_left_out_stays_left_out() {
    let mut packet = datagram("10.0.0.1:500", "192.0.2.1:500", b"ike");
    packet.payload_mut()[6..8].fill(0);
    let translated = translate(packet, &outward("203.0.113.1:1024")).unwrap();
    assert_eq!(translated.payload()[6..8], [0, 0]);
    assert_eq!(ends(&translated), "203.0.113.1:1024 > 192.0.2.1:500");
}

#[test]
fn a_wrong_checksum_stays_wrong() {
    let mut packet = datagram("10.0.0.1:500", "192.0.2.1:500", b"ike");
    packet.payload_mut()[9] ^= 4;
    let translated = translate(packet, &outward("203.0.113.1:1024")).unwrap();
    assert_eq!(udp::read(&translated), Err(udp::NotUdp::Checksum));
}

#[test]
fn a_tcp_segment_keeps_a_right_checksum() {
    let translated = translate(segment("10.0.0.1:80", "192.0.2.1:443"), &outward("203.0.113.1:9")).unwrap();
    assert_eq!(tcp_checksum(&translated), [0, 0]);
    assert_eq!(ends(&translated), "203.0.113.1:9 > 192.0.2.1:443");
}

#[test]
fn an_echo_changes_its_identifier_and_keeps_the_rest() {
    let request =
        echo_request(address("10.0.0.1"), address("192.0.2.1"), Echo { identifier: 7, sequence: 3 }, b"data");
    let translated = translate(request.unwrap(), &outward("203.0.113.1:99")).unwrap();
    let echo = Echo { identifier: 99, sequence: 3 };
    assert_eq!(read_echo(&translated), Some((EchoKind::Request, echo, &b"data"[..])));
    let reply = ipsec_net::icmp::echo_reply(&translated).unwrap();
    let back = translate(reply, &inward("10.0.0.1:7")).unwrap();
    let echo = Echo { identifier: 7, sequence: 3 };
    assert_eq!(read_echo(&back), Some((EchoKind::Reply, echo, &b"data"[..])));
    assert_eq!(back.destination(), address("10.0.0.1"));
}

#[test]
fn an_error_is_translated_with_the_packet_that_it_quotes() {
    let inside = datagram("10.0.0.1:500", "192.0.2.1:4500", &[3; 777]);
    let outside = translate(inside.clone(), &outward("203.0.113.1:1024")).unwrap();
    let error = build(IcmpError::PortUnreachable, &outside, address("192.0.2.1")).unwrap();
    let back = translate(error, &inward("10.0.0.1:500")).unwrap();
    assert_eq!(back.destination(), address("10.0.0.1"));
    let message = read(&back).expect("the ICMP checksum is right");
    assert_eq!(message.error, Some(IcmpError::PortUnreachable));
    assert_eq!(
        back.payload()[8..],
        inside.as_bytes()[..back.payload().len() - 8],
        "as if it were never translated"
    );
}

#[test]
fn an_error_that_quotes_too_little_is_not_translated() {
    let outside = datagram("203.0.113.1:1024", "192.0.2.1:4500", b"");
    let error = build(IcmpError::PortUnreachable, &outside, address("192.0.2.1")).unwrap();
    for length in [28, 29, 47, 49] {
        let mut octets = error.as_bytes()[..length].to_vec();
        octets[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        octets[10..12].fill(0);
        let sum = etherparse_header_sum(&octets[..20]);
        octets[10..12].copy_from_slice(&sum);
        let cut = IpPacket::parse(octets).unwrap();
        assert_eq!(translate(cut, &inward("10.0.0.1:500")), None, "{length}");
    }
}

fn etherparse_header_sum(header: &[u8]) -> [u8; 2] {
    let mut sum = vec![0xff, 0xff];
    adjust(&mut sum, &vec![0; header.len()], header);
    [sum[0], sum[1]]
}

proptest! {
    #[test]
    fn what_is_translated_there_and_back_is_as_before(
        payload in prop::collection::vec(any::<u8>(), 0..40),
        port: u16,
        other: u16,
    ) {
        let packet = datagram(&format!("10.0.0.1:{port}"), "192.0.2.1:4500", &payload);
        let there = translate(packet.clone(), &outward(&format!("203.0.113.1:{other}"))).unwrap();
        prop_assert_eq!(udp::read(&there).unwrap().payload, &payload[..]);
        let back = translate(there, &outward(&format!("10.0.0.1:{port}"))).unwrap();
        prop_assert_eq!(back, packet);
    }
}
