//! What passes beside UDP: ICMP, TCP, ESP and AH; two translators in series; and what is dropped.

use ipsec_net::icmp::{Echo, EchoKind, echo_reply, echo_request, read_echo};

use super::*;
use crate::middlebox::testing::{raw, segment, tcp_checksum};

fn ping(source: &str, destination: &str, identifier: u16) -> IpPacket {
    echo_request(address(source), address(destination), Echo { identifier, sequence: 1 }, b"data").unwrap()
}

#[test]
fn echo_is_mapped_by_its_identifier() {
    let mut nat = nat(Behaviour::port_restricted_cone());
    let mut replies = Vec::new();
    for host in ["10.0.0.1", "10.0.0.2"] {
        let done = hand(&mut nat, seconds(0), INSIDE, ping(host, "192.0.2.1", 7));
        let (port, packet) = done.only();
        assert_eq!((port, packet.source()), (Port(OUTSIDE), address("203.0.113.1")));
        replies.push(echo_reply(packet).unwrap());
    }
    for (host, reply) in ["10.0.0.1", "10.0.0.2"].into_iter().zip(replies) {
        let done = hand(&mut nat, seconds(59), OUTSIDE, reply);
        let (port, packet) = done.only();
        assert_eq!((port, packet.destination()), (Port(INSIDE), address(host)));
        let echo = Echo { identifier: 7, sequence: 1 };
        assert_eq!(read_echo(packet), Some((EchoKind::Reply, echo, &b"data"[..])));
    }
    nat.wake(seconds(60));
    assert_eq!(nat.mappings().count(), 0);
}

#[test]
fn echo_to_the_translator_is_answered_from_both_sides_or_not_at_all() {
    for answers_echo in [true, false] {
        let mut nat = nat(Behaviour { answers_echo, ..Behaviour::default() });
        for (port, source, target) in [
            (INSIDE, "10.0.0.1", "10.0.0.254"),
            (INSIDE, "10.0.0.1", "203.0.113.1"),
            (OUTSIDE, "192.0.2.1", "203.0.113.1"),
        ] {
            let done = hand(&mut nat, seconds(0), port, ping(source, target, 7));
            if answers_echo {
                let (out, reply) = done.only();
                assert_eq!(
                    (out, reply.source(), reply.destination()),
                    (Port(port), address(target), address(source))
                );
                assert!(matches!(done.notes[..], [NatNote::Answered { .. }]));
            } else {
                assert_eq!(drops(&done), [NatDrop::NoService]);
            }
        }
        assert_eq!(nat.mappings().count(), 0);
    }
}

#[test]
fn an_inside_hosts_error_leaves_as_if_the_outside_endpoint_sent_it() {
    let mut nat = nat(Behaviour::default());
    let outside = out(&mut nat, seconds(0), A, PEER);
    let sent = datagram(PEER, &outside, &[9; 33]);
    let received = hand(&mut nat, seconds(0), OUTSIDE, sent.clone()).only().1.clone();
    for from in ["10.0.0.1", "10.0.0.99"] {
        let error = build(IcmpError::PortUnreachable, &received, address(from)).unwrap();
        let done = hand(&mut nat, seconds(0), INSIDE, error);
        let (port, packet) = done.only();
        assert_eq!((port, packet.source()), (Port(OUTSIDE), address("203.0.113.1")));
        let read = icmp_error::read(packet).unwrap();
        assert_eq!(Flow::quoted(&read.quoted), Some(Flow::of(&sent)));
    }
    let stray = build(IcmpError::PortUnreachable, &datagram(PEER, B, b""), address("10.0.0.2")).unwrap();
    assert_eq!(drops(&hand(&mut nat, seconds(0), INSIDE, stray)), [NatDrop::NoMapping]);
}

#[test]
fn an_error_about_a_hairpinned_packet_finds_its_source() {
    let mut nat = nat(Behaviour::full_cone());
    out(&mut nat, seconds(0), A, PEER);
    let of_b = out(&mut nat, seconds(0), B, PEER);
    let sent = datagram(A, &of_b, &[9; 33]);
    let received = hand(&mut nat, seconds(0), INSIDE, sent.clone()).only().1.clone();
    let error = build(IcmpError::PortUnreachable, &received, address("10.0.0.2")).unwrap();
    let done = hand(&mut nat, seconds(0), INSIDE, error);
    let (port, packet) = done.only();
    assert_eq!((port, packet.destination()), (Port(INSIDE), address("10.0.0.1")));
    let read = icmp_error::read(packet).unwrap();
    assert_eq!(Flow::quoted(&read.quoted), Some(Flow::of(&sent)));
}

#[test]
fn an_error_that_is_wrong_or_about_nothing_is_dropped() {
    let mut nat = nat(Behaviour::default());
    let sent = hand(&mut nat, seconds(0), INSIDE, datagram(A, PEER, b"")).only().1.clone();
    let error = build(IcmpError::NoRoute, &sent, address("192.0.2.1")).unwrap();
    let mut corrupt = error.clone();
    corrupt.payload_mut()[9] ^= 1;
    assert_eq!(drops(&hand(&mut nat, seconds(0), OUTSIDE, corrupt)), [NatDrop::Malformed]);
    let stranger = datagram("203.0.113.1:9", PEER, b"");
    let stray = build(IcmpError::NoRoute, &stranger, address("192.0.2.1")).unwrap();
    assert_eq!(drops(&hand(&mut nat, seconds(0), OUTSIDE, stray)), [NatDrop::NoMapping]);
    let short = raw("192.0.2.1", "203.0.113.1", protocol::ICMP, error.payload().get(..12).unwrap());
    assert_eq!(drops(&hand(&mut nat, seconds(0), OUTSIDE, short)), [NatDrop::Malformed]);
}

#[test]
fn tcp_is_mapped_like_udp_apart_from_it_and_for_longer() {
    let mut nat = nat(Behaviour::port_restricted_cone());
    let udp = out(&mut nat, seconds(0), "10.0.0.2:443", PEER);
    let done = hand(&mut nat, seconds(0), INSIDE, segment("10.0.0.1:443", "192.0.2.1:80"));
    let packet = done.only().1;
    assert_eq!(ends(packet), format!("{udp} > 192.0.2.1:80"), "the same port in another protocol");
    assert_eq!(tcp_checksum(packet), [0, 0]);
    let answer = segment("192.0.2.1:80", "203.0.113.1:443");
    let done = hand(&mut nat, seconds(7439), OUTSIDE, answer.clone());
    assert_eq!(ends(done.only().1), "192.0.2.1:80 > 10.0.0.1:443");
    assert_eq!(drops(&hand(&mut nat, seconds(7440), OUTSIDE, answer)), [NatDrop::NoMapping]);
}

#[test]
fn pass_through_serves_one_host_per_outside_address_and_protocol() {
    let pool = ["203.0.113.1", "203.0.113.2"];
    let mut nat = nat_with(&pool, Behaviour { pooling: Pooling::Arbitrary, ..Behaviour::symmetric() });
    let esp =
        |source: &str, destination: &str| raw(source, destination, protocol::ESP, b"\x00\x00\x10\x00esp");
    let mut outside = BTreeSet::new();
    for host in ["10.0.0.1", "10.0.0.2"] {
        let done = hand(&mut nat, seconds(0), INSIDE, esp(host, "192.0.2.1"));
        outside.insert(done.only().1.source());
        let again = hand(&mut nat, seconds(0), INSIDE, esp(host, "192.0.2.2"));
        assert!(outside.contains(&again.only().1.source()));
        let reply = esp("192.0.2.2", &done.only().1.source().to_string());
        let done = hand(&mut nat, seconds(0), OUTSIDE, reply);
        assert_eq!((done.only().0, done.only().1.destination()), (Port(INSIDE), address(host)));
        assert_eq!(done.only().1.payload(), b"\x00\x00\x10\x00esp");
    }
    assert_eq!(outside.len(), 2);
    let third = |nat: &mut Nat, now| hand(nat, now, INSIDE, esp("10.0.0.3", "192.0.2.1"));
    assert_eq!(drops(&third(&mut nat, seconds(1))), [NatDrop::PassThroughTaken]);
    let ah = hand(&mut nat, seconds(1), INSIDE, raw("10.0.0.3", "192.0.2.1", protocol::AH, &[0; 24]));
    assert_eq!(ah.sent.len(), 1, "another protocol is free");
    assert_eq!(third(&mut nat, seconds(300)).sent.len(), 1, "the first host's time is over");
}

#[test]
fn what_has_no_ports_is_dropped_where_it_must_not_pass() {
    let mut nat = nat(Behaviour { other_protocols: OtherProtocols::Drop, ..Behaviour::default() });
    for number in [protocol::ESP, protocol::AH, 132] {
        let done = hand(&mut nat, seconds(0), INSIDE, raw("10.0.0.1", "192.0.2.1", number, &[0; 24]));
        assert_eq!(drops(&done), [NatDrop::OtherProtocol]);
    }
}

#[test]
fn two_in_series_translate_twice_there_and_back() {
    let mut home = nat(Behaviour::port_restricted_cone());
    let pool = vec!["198.51.100.1".parse().unwrap()];
    let random = Streams::new(1).stream(&["carrier"]);
    let behaviour = Behaviour { ports: 1024..=2047, ..Behaviour::port_restricted_cone() };
    let mut carrier = Nat::new("203.0.113.254".parse().unwrap(), pool, behaviour, random).unwrap();

    let first = hand(&mut home, seconds(0), INSIDE, datagram(A, PEER, b"ike")).only().1.clone();
    let second = hand(&mut carrier, seconds(0), INSIDE, first).only().1.clone();
    let seen = udp::read(&second).unwrap().source;
    assert!(seen.ip() == address("198.51.100.1") && (1024..=2047).contains(&seen.port()));
    assert_eq!(second.hop_limit(), 62);

    let answer = datagram(PEER, &seen.to_string(), b"answer");
    let first = hand(&mut carrier, seconds(0), OUTSIDE, answer).only().1.clone();
    let done = hand(&mut home, seconds(0), OUTSIDE, first);
    assert_eq!(udp::read(done.only().1).unwrap().payload, b"answer");
    assert_eq!(ends(done.only().1), format!("{PEER} > {A}"));

    let error = build(IcmpError::PacketTooBig { mtu: 1300 }, &second, address("192.0.2.9")).unwrap();
    let first = hand(&mut carrier, seconds(0), OUTSIDE, error).only().1.clone();
    let done = hand(&mut home, seconds(0), OUTSIDE, first);
    let read = icmp_error::read(done.only().1).unwrap();
    assert_eq!(read.error, Some(IcmpError::PacketTooBig { mtu: 1300 }));
    assert_eq!(Flow::quoted(&read.quoted), Some(Flow::of(&datagram(A, PEER, b""))));
}

#[test]
fn hops_are_counted_and_their_end_is_reported() {
    let mut nat = nat(Behaviour::full_cone());
    let outside = out(&mut nat, seconds(0), A, PEER);
    for (port, source, destination, own) in
        [(INSIDE, A, PEER, "10.0.0.254"), (OUTSIDE, PEER, &*outside, "203.0.113.1")]
    {
        let late = datagram_with(source, destination, b"", |header| header.hop_limit = 1);
        let done = hand(&mut nat, seconds(0), port, late.clone());
        assert_eq!(drops(&done), [NatDrop::HopLimit]);
        let (out, message) = done.only();
        assert_eq!((out, message.source(), message.destination()), (Port(port), address(own), late.source()));
    }
}

#[test]
fn what_is_not_translated_is_dropped_with_its_reason() {
    let mut nat = nat(Behaviour::default());
    for (port, packet, reason) in [
        (INSIDE, datagram("[2001:db8::1]:1", "[2001:db8::2]:1", b""), NatDrop::NotIpv4),
        (INSIDE, datagram(A, "224.0.0.1:1", b""), NatDrop::NotUnicast),
        (INSIDE, datagram("0.0.0.0:68", "255.255.255.255:67", b""), NatDrop::NotUnicast),
        (INSIDE, datagram(A, "10.0.0.254:53", b""), NatDrop::NoService),
        (INSIDE, raw("10.0.0.1", "192.0.2.1", protocol::UDP, b"short"), NatDrop::Malformed),
        (INSIDE, raw("10.0.0.1", "192.0.2.1", protocol::TCP, &[0; 19]), NatDrop::Malformed),
        (
            INSIDE,
            raw("10.0.0.1", "192.0.2.1", protocol::ICMP, &[13, 0, 0, 0, 0, 0, 0, 0]),
            NatDrop::OtherIcmp,
        ),
        (INSIDE, echo_reply(&ping("192.0.2.1", "10.0.0.1", 7)).unwrap(), NatDrop::NoMapping),
        (OUTSIDE, datagram(PEER, "203.0.113.1:500", b""), NatDrop::NoMapping),
        (OUTSIDE, datagram(PEER, A, b""), NatDrop::NotOurs),
        (2, datagram(A, PEER, b""), NatDrop::NoSuchPort),
    ] {
        let done = hand(&mut nat, seconds(0), port, packet);
        assert_eq!(drops(&done), [reason]);
        assert!(done.sent.is_empty());
    }
    assert_eq!(nat.mappings().count(), 0);
}

#[test]
fn mappings_can_be_read_as_plain_data() {
    let mut nat = nat(Behaviour::symmetric());
    let outside = out(&mut nat, seconds(1), A, PEER);
    let mapping = nat.mappings().next().unwrap();
    assert_eq!((mapping.inside.to_string(), mapping.outside.to_string()), (A.to_owned(), outside));
    assert_eq!(mapping.scope, Scope::Endpoint(PEER.parse().unwrap()));
    assert_eq!(mapping.expires, Some(seconds(1) + Duration::from_secs(300)));
    assert_eq!(nat.behaviour(), &Behaviour::symmetric());
}

#[test]
fn a_tiny_first_fragment_without_ports_is_dropped_with_its_datagram() {
    let mut nat = nat(Behaviour::default());
    let header = IpHeader::new(address("10.0.0.1"), address("192.0.2.1"), protocol::TCP);
    let packet = ipsec_net::IpPacket::build(&header, Buffer::copy_of(&[0; 40])).unwrap();
    let reasons: Vec<_> = fragment(packet, 28, 0)
        .unwrap()
        .into_iter()
        .flat_map(|piece| drops(&hand(&mut nat, seconds(0), INSIDE, piece)))
        .collect();
    assert_eq!(reasons, [NatDrop::Malformed; 5]);
}
