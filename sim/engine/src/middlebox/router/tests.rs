use std::time::Duration;

use ipsec_net::icmp::{Echo, EchoKind, echo_request, read_echo};
use ipsec_net::icmp_error::{self, build};
use ipsec_net::{Limits, Reassembled, Reassembler, protocol, udp};
use proptest::prelude::*;

use super::*;
use crate::middlebox::testing::{address, any_packet, datagram, datagram_with, drain, hand, seconds};

/// Port 0 leads to 10.1/16 and 2001:db8:1::/48, port 1 to 10.2/16 and 2001:db8:2::/48; each has an address of
/// both versions.
fn router() -> Router {
    let mut router = Router::new();
    for (port, v4, v6, nets) in [
        (0, "10.1.0.254", "2001:db8:1::ff", ["10.1.0.0/16", "2001:db8:1::/48"]),
        (1, "10.2.0.254", "2001:db8:2::ff", ["10.2.0.0/16", "2001:db8:2::/48"]),
    ] {
        router.set_interface(Port(port), Interface { addresses: vec![address(v4), address(v6)], mtu: None });
        for net in nets {
            router.set_route(net.parse().unwrap(), Port(port));
        }
    }
    router
}

const PAIRS: [(&str, &str, &str); 2] = [
    ("10.1.0.1:500", "10.2.0.1:500", "10.1.0.254"),
    ("[2001:db8:1::1]:500", "[2001:db8:2::1]:500", "2001:db8:1::ff"),
];

fn drops(notes: &[RouterNote]) -> Vec<(RouterDrop, Report)> {
    let drop = |note: &RouterNote| match note {
        RouterNote::Dropped { reason, report, .. } => Some((*reason, *report)),
        _ => None,
    };
    notes.iter().filter_map(drop).collect()
}

#[test]
fn a_packet_is_forwarded_with_one_hop_less_and_nothing_else_changed() {
    for (source, destination, _) in PAIRS {
        let packet = datagram(source, destination, b"ike");
        let done = hand(&mut router(), seconds(0), 0, packet.clone());
        let (port, sent) = done.only();
        assert_eq!((port, sent.hop_limit()), (Port(1), 63));
        assert!(IpPacket::parse(sent.as_bytes().to_vec()).is_ok(), "the header checksum is right");
        let mut back = sent.clone();
        back.set_hop_limit(64);
        assert_eq!(back, packet);
        assert_eq!(done.notes, []);
    }
}

#[test]
fn a_router_that_marks_leaves_the_dscp_and_marks_what_cannot_be_marked_too() {
    for (source, destination, _) in PAIRS {
        for class in [0xb8, 0xb9, 0xba, 0xbb] {
            let mut packet = datagram(source, destination, b"ike");
            packet.set_traffic_class(class);
            let mut router = router();
            router.set_marking(true);
            let done = hand(&mut router, seconds(0), 0, packet);
            let (_, sent) = done.only();
            assert_eq!(sent.traffic_class(), 0xbb);
            assert!(IpPacket::parse(sent.as_bytes().to_vec()).is_ok(), "the header checksum is right");
        }
    }
}

#[test]
fn a_route_flap_sends_packets_elsewhere_and_back() {
    let mut router = router();
    let net: Prefix = "10.2.0.0/16".parse().unwrap();
    let detour: Prefix = "10.0.0.0/8".parse().unwrap();
    let send = |router: &mut Router| {
        let packet = datagram("10.1.0.1:1", "10.2.0.1:1", b"");
        hand(router, seconds(0), 0, packet).sent.first().map(|sent| sent.0)
    };
    assert_eq!(router.set_route(detour, Port(2)), None);
    assert_eq!(send(&mut router), Some(Port(1)));
    assert_eq!(router.remove_route(net), Some(Port(1)));
    assert_eq!(send(&mut router), Some(Port(2)));
    assert_eq!(router.set_route(net, Port(1)), None);
    assert_eq!(send(&mut router), Some(Port(1)));
    assert_eq!(router.route(address("10.9.0.1")), Some(Port(2)));
}

#[test]
fn an_exceeded_hop_limit_and_a_missing_route_are_reported_from_the_ingress_address() {
    for (source, destination, own) in PAIRS {
        let mut lost = router();
        for net in ["10.2.0.0/16", "2001:db8:2::/48"] {
            lost.remove_route(net.parse().unwrap());
        }
        let packet = datagram(source, destination, b"x");
        let late = datagram_with(source, destination, b"x", |header| header.hop_limit = 1);
        for (mut router, packet, reason, error) in [
            (router(), late, RouterDrop::HopLimit, IcmpError::HopLimitExceeded),
            (lost, packet, RouterDrop::NoRoute, IcmpError::NoRoute),
        ] {
            let done = hand(&mut router, seconds(0), 0, packet.clone());
            assert_eq!(drops(&done.notes), [(reason, Report::Sent)]);
            let (port, message) = done.only();
            assert_eq!(
                (port, message.source(), message.destination()),
                (Port(0), address(own), packet.source())
            );
            assert_eq!(icmp_error::read(message).unwrap().error, Some(error));
        }
    }
}

#[test]
fn what_must_not_be_fragmented_is_answered_with_the_next_mtu() {
    for (source, destination, own) in PAIRS {
        let mut router = router();
        router.set_mtu(Port(1), Some(1300));
        let packet = |length| {
            datagram_with(source, destination, &vec![1; length], |header| header.dont_fragment = true)
        };
        let done = hand(&mut router, seconds(0), 0, packet(1400));
        assert_eq!(drops(&done.notes), [(RouterDrop::TooBig, Report::Sent)]);
        let (port, message) = done.only();
        assert_eq!((port, message.source()), (Port(0), address(own)));
        let error = icmp_error::read(message).unwrap().error;
        assert_eq!(error, Some(IcmpError::PacketTooBig { mtu: 1300 }));
        assert_eq!(hand(&mut router, seconds(0), 0, packet(1200)).only().0, Port(1));
        router.set_mtu(Port(1), None);
        assert_eq!(hand(&mut router, seconds(0), 0, packet(1400)).only().0, Port(1));
    }
}

#[test]
fn a_black_hole_says_nothing_of_packets_too_big_yet_reports_the_rest() {
    for (source, destination, _) in PAIRS {
        let mut router = router();
        router.set_mtu(Port(1), Some(1300));
        router.set_too_big_silent(true);
        let big = datagram_with(source, destination, &[1; 1400], |header| header.dont_fragment = true);
        let done = hand(&mut router, seconds(0), 0, big);
        assert_eq!(drops(&done.notes), [(RouterDrop::TooBig, Report::Silent)]);
        assert!(done.sent.is_empty());
        let late = datagram_with(source, destination, b"", |header| header.hop_limit = 1);
        assert_eq!(
            drops(&hand(&mut router, seconds(0), 0, late).notes),
            [(RouterDrop::HopLimit, Report::Sent)]
        );
    }
}

#[test]
fn what_may_be_fragmented_leaves_in_fragments_that_make_the_datagram_again() {
    let mut router = router();
    router.set_mtu(Port(1), Some(600));
    let done = hand(&mut router, seconds(0), 0, datagram("10.1.0.1:500", "10.2.0.1:500", &[9; 1400]));
    assert!(done.sent.iter().all(|(port, piece)| *port == Port(1) && piece.len() <= 600));
    let pieces = done.sent.len();
    assert!(matches!(done.notes[..], [RouterNote::Fragmented { pieces: noted, .. }] if noted == pieces));
    let mut reassembler = Reassembler::new(Limits::default());
    let mut whole = None;
    for (_, piece) in done.sent {
        if let Reassembled::Whole(packet) = reassembler.handle(seconds(0), piece) {
            whole = Some(packet);
        }
    }
    assert_eq!(udp::read(&whole.unwrap()).unwrap().payload, [9; 1400]);
}

#[test]
fn an_mtu_without_room_for_a_fragment_ends_the_packet() {
    let mut router = router();
    router.set_mtu(Port(1), Some(20));
    let done = hand(&mut router, seconds(0), 0, datagram("10.1.0.1:1", "10.2.0.1:1", &[9; 50]));
    assert_eq!(drops(&done.notes), [(RouterDrop::MtuTooSmall, Report::None)]);
}

#[test]
fn its_own_addresses_answer_echo_and_nothing_else() {
    let echo = Echo { identifier: 7, sequence: 1 };
    for (source, own, far) in
        [("10.1.0.1", "10.1.0.254", "10.2.0.254"), ("2001:db8:1::1", "2001:db8:1::ff", "2001:db8:2::ff")]
    {
        for target in [own, far] {
            let mut request = echo_request(address(source), address(target), echo, &[5; 2000]).unwrap();
            request.set_hop_limit(1);
            let done = hand(&mut router(), seconds(0), 0, request);
            let (port, reply) = done.only();
            assert_eq!(port, Port(0));
            assert_eq!(read_echo(reply), Some((EchoKind::Reply, echo, &[5; 2000][..])));
            assert!(matches!(done.notes[..], [RouterNote::Answered { .. }]));
        }
    }
    let done = hand(&mut router(), seconds(0), 0, datagram("10.1.0.1:500", "10.1.0.254:500", b""));
    assert_eq!(drops(&done.notes), [(RouterDrop::NoService, Report::None)]);
    assert!(done.sent.is_empty());
}

#[test]
fn a_long_echo_reply_leaves_in_fragments() {
    let echo = Echo { identifier: 7, sequence: 1 };
    for (source, own) in [("10.1.0.1", "10.1.0.254"), ("2001:db8:1::1", "2001:db8:1::ff")] {
        let mut router = router();
        router.set_mtu(Port(0), Some(1280));
        let request = echo_request(address(source), address(own), echo, &[5; 2000]).unwrap();
        let done = hand(&mut router, seconds(0), 0, request);
        assert!(done.sent.len() == 2 && done.sent.iter().all(|(_, piece)| piece.len() <= 1280));
    }
}

#[test]
fn no_error_about_an_icmp_error_nor_to_what_is_no_host() {
    let mut router = router();
    let lost = datagram("10.1.0.1:1", "10.2.0.1:1", b"");
    let error = build(IcmpError::NoRoute, &lost, address("10.9.9.9")).unwrap();
    let mut late = error.clone();
    late.set_hop_limit(1);
    let done = hand(&mut router, seconds(0), 1, late);
    assert_eq!(drops(&done.notes), [(RouterDrop::HopLimit, Report::Unanswerable)]);
    for (source, destination, reason) in [
        ("0.0.0.0:1", "10.2.0.1:1", RouterDrop::Martian),
        ("224.0.0.1:1", "10.2.0.1:1", RouterDrop::Martian),
        ("10.1.0.1:1", "127.0.0.1:1", RouterDrop::Martian),
        ("10.1.0.1:1", "255.255.255.255:1", RouterDrop::Martian),
        ("169.254.0.1:1", "10.2.0.1:1", RouterDrop::Martian),
        ("10.1.0.1:1", "224.0.0.9:1", RouterDrop::Multicast),
        ("[::]:1", "[2001:db8:2::1]:1", RouterDrop::Martian),
        ("[fe80::1]:1", "[2001:db8:2::1]:1", RouterDrop::Martian),
        ("[2001:db8:1::1]:1", "[ff0e::1]:1", RouterDrop::Multicast),
    ] {
        let done = hand(&mut router, seconds(0), 0, datagram(source, destination, b""));
        assert_eq!(drops(&done.notes), [(reason, Report::None)], "{source} > {destination}");
        assert!(done.sent.is_empty());
    }
}

#[test]
fn a_router_without_an_address_of_the_version_keeps_silent() {
    let mut router = Router::new();
    router.set_interface(Port(0), Interface { addresses: vec![address("10.1.0.254")], mtu: None });
    let done = hand(&mut router, seconds(0), 0, datagram("[2001:db8::1]:1", "[2001:db8::2]:1", b""));
    assert_eq!(drops(&done.notes), [(RouterDrop::NoRoute, Report::NoAddress)]);
}

#[test]
fn errors_are_limited_to_the_burst_and_then_to_the_rate() {
    let mut router = router();
    router.set_error_rate(ErrorRate { per_second: 10, burst: 3 });
    let mut sent_at = |millis: u64, count: usize| {
        let now = Instant::ZERO + Duration::from_millis(millis);
        let lost = || datagram("10.1.0.1:1", "10.3.0.1:1", b"");
        (0..count).filter(|_| !hand(&mut router, now, 0, lost()).sent.is_empty()).count()
    };
    assert_eq!(sent_at(0, 10), 3);
    assert_eq!(sent_at(99, 10), 0);
    assert_eq!(sent_at(100, 10), 1);
    assert_eq!(sent_at(250, 10), 1);
    assert_eq!(sent_at(10_000, 10), 3);
    router.set_error_rate(ErrorRate { per_second: 0, burst: 3 });
    let done = hand(&mut router, seconds(60), 0, datagram("10.1.0.1:1", "10.3.0.1:1", b""));
    assert_eq!(drops(&done.notes), [(RouterDrop::NoRoute, Report::RateLimited)]);
}

#[test]
fn an_error_finds_its_way_back_without_a_route() {
    let mut router = router();
    let done = hand(&mut router, seconds(0), 1, datagram("10.7.0.1:1", "10.3.0.1:1", b""));
    assert_eq!(done.only().0, Port(1));
}

#[test]
fn notes_differ_in_the_digest_where_they_differ() {
    let flow = Flow::of(&datagram("10.1.0.1:1", "10.3.0.1:1", b""));
    let other = Flow::of(&datagram("10.1.0.1:2", "10.3.0.1:1", b""));
    let notes = [
        RouterNote::Answered { flow },
        RouterNote::Answered { flow: other },
        RouterNote::Fragmented { flow, pieces: 2 },
        RouterNote::Fragmented { flow, pieces: 3 },
        RouterNote::Dropped { reason: RouterDrop::NoRoute, flow, report: Report::Sent },
        RouterNote::Dropped { reason: RouterDrop::HopLimit, flow, report: Report::Sent },
        RouterNote::Dropped { reason: RouterDrop::NoRoute, flow, report: Report::RateLimited },
    ];
    let written = notes.iter().map(|note| {
        let mut octets = Vec::new();
        crate::Note::write(note, &mut octets);
        octets
    });
    assert_eq!(written.collect::<std::collections::BTreeSet<_>>().len(), notes.len());
}

const ADDRESSES: &[&str] = &[
    "10.1.0.1",
    "10.2.0.1",
    "10.3.0.1",
    "10.1.0.254",
    "0.0.0.0",
    "224.0.0.1",
    "2001:db8:1::1",
    "2001:db8:2::1",
    "2001:db8:2::ff",
    "ff02::1",
];

proptest! {
    /// A packet handled goes on whole or in pieces, is answered, or is noted as dropped; each error sent is
    /// noted too.
    #[test]
    fn no_packet_is_lost_without_a_note(
        packets in prop::collection::vec((any_packet(ADDRESSES), 0u16..3), 1..40),
        mtu in prop::option::of(10usize..90),
    ) {
        let mut router = router();
        router.set_error_rate(ErrorRate { per_second: 1, burst: 5 });
        router.set_mtu(Port(1), mtu);
        let handled = packets.len();
        for (packet, port) in packets {
            router.handle(seconds(0), Port(port), packet);
        }
        let done = drain(&mut router, seconds(0));
        let mut sources = handled;
        let mut ends = done.sent.len();
        for note in &done.notes {
            match note {
                RouterNote::Dropped { report, .. } => {
                    ends += 1;
                    sources += usize::from(*report == Report::Sent);
                }
                RouterNote::Fragmented { pieces, .. } => ends -= pieces - 1,
                RouterNote::Answered { .. } => {}
            }
        }
        prop_assert_eq!(sources, ends);
        for (_, packet) in &done.sent {
            prop_assert!(IpPacket::parse(packet.as_bytes().to_vec()).is_ok());
            prop_assert!(packet.protocol() != protocol::ICMP || packet.hop_limit() <= 64);
        }
    }
}
