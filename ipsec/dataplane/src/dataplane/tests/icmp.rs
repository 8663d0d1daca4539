//! ICMP in tunnels: by type and code, and errors with the packets that they are about.

use ipsec_net::icmp_error::{self, IcmpError};
use ipsec_net::{Buffer, IpHeader, IpPacket, icmp, protocol};

use super::setup::*;
use crate::*;

const TIME_EXCEEDED: IcmpError = IcmpError::HopLimitExceeded;

#[test]
fn a_policy_can_be_for_echo_requests_alone() {
    let echo = u16::from_be_bytes([8, 0]);
    let ping = |plane_pair: &mut SaPair| {
        for selector in plane_pair.inbound.selectors.iter_mut().chain(&mut plane_pair.outbound.selectors) {
            selector.protocol = Some(protocol::ICMP);
            (selector.local_ports, selector.remote_ports) = (echo..=echo, echo..=echo);
        }
    };
    let mut west = PLAIN.west_with(ping);
    let numbers = icmp::Echo { identifier: 1, sequence: 1 };
    let request = icmp::echo_request(address("10.1.0.1"), address("10.2.0.1"), numbers, b"ping").unwrap();
    let back = icmp::echo_request(address("10.2.0.1"), address("10.1.0.1"), numbers, b"ping").unwrap();
    let reply = icmp::echo_reply(&back).unwrap();
    sent(&mut west, request);
    assert_eq!(refused(&mut west, reply), DropReason::Discarded);
}

/// What a router behind west, at an address that no policy knows, says of a packet from east.
fn error_from_a_router() -> IpPacket {
    let header = IpHeader::new(address("10.2.0.1"), address("10.1.0.1"), protocol::UDP);
    let about = IpPacket::build(&header, Buffer::copy_of(&[0, 7, 0, 9, 0, 12, 0, 0, 1, 2, 3, 4])).unwrap();
    icmp_error::build(TIME_EXCEEDED, &about, address("172.16.0.1")).unwrap()
}

#[test]
fn an_error_goes_through_the_sa_of_the_packet_that_it_is_about() {
    let (mut west, mut east) = PLAIN.planes();
    let error = error_from_a_router();
    let inner = delivered(&mut east, sent(&mut west, error.clone()));
    assert_eq!(inner.payload(), error.payload());
}

#[test]
fn where_policy_does_not_want_that_an_error_needs_a_policy_of_its_own() {
    let settings = Settings { icmp_errors: false, ..Settings::default() };
    let (mut west, mut east) = (PLAIN.west_set(settings), PLAIN.east_set(settings));
    assert_eq!(refused(&mut west, error_from_a_router()), DropReason::Discarded);
    let (mut west, _) = PLAIN.planes();
    let outer = sent(&mut west, error_from_a_router());
    assert_eq!(dropped(&mut east, outer), DropReason::Selectors);
}

/// What a host behind west says of a packet that came, as it pretends, from a host that is not behind east.
#[test]
fn an_error_about_a_packet_that_its_sa_does_not_carry_is_refused() {
    let header = IpHeader::new(address("10.9.0.1"), address("10.1.0.1"), protocol::UDP);
    let about = IpPacket::build(&header, Buffer::copy_of(&[0, 7, 0, 9, 0, 12, 0, 0, 1, 2, 3, 4])).unwrap();
    let header = IpHeader::new(address("10.1.0.1"), address("10.2.0.1"), protocol::ICMP);
    let said = icmp_error::build(IcmpError::PortUnreachable, &about, address("10.1.0.1")).unwrap();
    let error = IpPacket::build(&header, Buffer::copy_of(said.payload())).unwrap();
    for check_quoted_packets in [true, false] {
        let settings = Settings { check_quoted_packets, ..Settings::default() };
        let (mut west, mut east) = (PLAIN.planes().0, PLAIN.east_set(settings));
        let outer = sent(&mut west, error.clone());
        match check_quoted_packets {
            true => assert_eq!(dropped(&mut east, outer), DropReason::Selectors),
            false => assert_eq!(delivered(&mut east, outer).payload(), error.payload()),
        }
    }
}
