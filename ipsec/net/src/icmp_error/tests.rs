use proptest::prelude::*;

use super::*;
use crate::fragment;

const ENDS: [(&str, &str, &str); 2] =
    [("10.1.0.1", "10.2.0.1", "10.1.0.254"), ("2001:db8::1", "2001:db8::2", "2001:db8::ff")];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn packet(source: &str, destination: &str, octets: usize) -> IpPacket {
    let header = IpHeader::new(address(source), address(destination), protocol::UDP);
    IpPacket::build(&header, Buffer::copy_of(&vec![7; octets])).unwrap()
}

fn errors() -> impl Iterator<Item = IcmpError> {
    NUMBERS.iter().map(|row| row.0).chain([IcmpError::PacketTooBig { mtu: 1300 }])
}

#[test]
fn each_error_reads_back_with_the_packet_that_it_quotes() {
    for (source, destination, router) in ENDS {
        for error in errors() {
            let about = packet(source, destination, 1400);
            let answer = build(error, &about, address(router)).unwrap();
            assert_eq!((answer.source(), answer.destination()), (address(router), address(source)));
            assert!(answer.len() <= if source.contains(':') { 1280 } else { 576 });
            let message = read(&answer).unwrap();
            assert_eq!(message.error, Some(error));
            assert_eq!(message.quoted.source, address(source));
            assert_eq!(message.quoted.destination, address(destination));
            assert_eq!(message.quoted.protocol, protocol::UDP);
            assert!(message.quoted.has_upper_header);
            assert!(about.payload().starts_with(message.quoted.payload));
        }
    }
}

#[test]
fn no_error_about_an_error() {
    for (source, destination, router) in ENDS {
        let first = build(IcmpError::NoRoute, &packet(source, destination, 8), address(router)).unwrap();
        assert!(is_error(&first));
        for error in errors() {
            assert_eq!(build(error, &first, address(router)), None);
        }
    }
}

#[test]
fn no_error_about_a_later_fragment() {
    let pieces = fragment(packet("10.1.0.1", "10.2.0.1", 1400), 600, 0).unwrap();
    let answers: Vec<bool> = pieces
        .iter()
        .map(|piece| build(IcmpError::NoRoute, piece, address("10.1.0.254")).is_some())
        .collect();
    assert_eq!(answers, [true, false, false]);
}

#[test]
fn no_error_to_or_about_many() {
    for (source, destination, router) in [
        ("0.0.0.0", "10.2.0.1", "10.1.0.254"),
        ("127.0.0.1", "10.2.0.1", "10.1.0.254"),
        ("224.0.0.5", "10.2.0.1", "10.1.0.254"),
        ("255.255.255.255", "10.2.0.1", "10.1.0.254"),
        ("10.1.0.1", "224.0.0.5", "10.1.0.254"),
        ("10.1.0.1", "255.255.255.255", "10.1.0.254"),
        ("::", "2001:db8::2", "2001:db8::ff"),
        ("ff02::1", "2001:db8::2", "2001:db8::ff"),
        ("2001:db8::1", "ff0e::1", "2001:db8::ff"),
    ] {
        let about = packet(source, destination, 8);
        assert_eq!(build(IcmpError::HopLimitExceeded, &about, address(router)), None, "{about:?}");
    }
    let about = packet("2001:db8::1", "ff0e::1", 1400);
    let too_big = IcmpError::PacketTooBig { mtu: 1300 };
    assert!(build(too_big, &about, address("2001:db8::ff")).is_some(), "RFC 4443 §2.4 e.3");
}

#[test]
fn an_error_of_the_other_version_is_none() {
    let about = packet("10.1.0.1", "10.2.0.1", 8);
    assert_eq!(build(IcmpError::NoRoute, &about, address("2001:db8::ff")), None);
}

#[test]
fn a_wrong_checksum_makes_a_message_unreadable() {
    for (source, destination, router) in ENDS {
        let mut answer = build(IcmpError::NoRoute, &packet(source, destination, 8), address(router)).unwrap();
        answer.payload_mut()[4] ^= 1;
        assert_eq!(read(&answer), None);
    }
}

#[test]
fn a_quoted_fragment_header_is_walked() {
    let pieces = fragment(packet("2001:db8::1", "2001:db8::2", 1400), 1280, 9).unwrap();
    let answer = build(IcmpError::NoRoute, &pieces[0], address("2001:db8::ff")).unwrap();
    let quoted = read(&answer).unwrap().quoted;
    assert_eq!((quoted.protocol, quoted.has_upper_header), (protocol::UDP, true));
    assert_eq!(quoted.payload[..8], [7; 8]);
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..120), v6: bool, mend: bool) {
        let (source, destination, _) = ENDS[usize::from(v6)];
        let number = if v6 { protocol::ICMPV6 } else { protocol::ICMP };
        let mut octets = octets;
        if mend && !v6 && octets.len() >= HEADER_LEN {
            octets[0] = 3;
            octets[2..4].fill(0);
            let sum = Sum16BitWords::new().add_slice(&octets).ones_complement();
            octets[2..4].copy_from_slice(&sum.to_ne_bytes());
        }
        let header = IpHeader::new(address(source), address(destination), number);
        let packet = IpPacket::build(&header, Buffer::copy_of(&octets)).unwrap();
        let _ = (read(&packet), is_error(&packet), build(IcmpError::NoRoute, &packet, address("10.1.0.254")));
    }
}

#[test]
fn whole_messages_are_told_from_damaged_ones() {
    for (source, destination) in [("10.1.0.1", "10.2.0.1"), ("2001:db8::1", "2001:db8::2")] {
        let echo = icmp::Echo { identifier: 7, sequence: 9 };
        let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
        let request = icmp::echo_request(source, destination, echo, b"odd").unwrap();
        assert!(is_whole(&request));
        for bit in 0..request.payload().len() * 8 {
            let mut damaged = request.clone();
            damaged.payload_mut()[bit / 8] ^= 0x80 >> (bit % 8);
            assert!(!is_whole(&damaged), "bit {bit}");
        }
    }
}

#[test]
fn a_quotation_tells_how_long_the_packet_was() {
    for (source, destination) in [("10.1.0.1", "10.2.0.1"), ("2001:db8::1", "2001:db8::2")] {
        let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
        let packet =
            IpPacket::build(&IpHeader::new(source, destination, 17), Buffer::copy_of(&[7; 3000])).unwrap();
        let error = build(IcmpError::PacketTooBig { mtu: 1400 }, &packet, destination).unwrap();
        assert_eq!(read(&error).unwrap().quoted.length, packet.len());
    }
}
