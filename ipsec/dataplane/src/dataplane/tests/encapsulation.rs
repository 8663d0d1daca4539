//! ESP in UDP.

use ipsec_net::{Buffer, IpHeader, IpPacket, protocol, udp};
use proptest::prelude::*;

use super::setup::*;
use crate::*;

fn encapsulate(pair: &mut SaPair) {
    let udp = Some(UdpEncapsulation { local_port: 4500, remote_port: 4500, keepalive: None, original: None });
    (pair.inbound.options.encapsulation, pair.outbound.options.encapsulation) = (udp, udp);
}

fn opened(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    match plane.inbound_in_udp(NOW, packet) {
        Inbound::Deliver(inner) => inner,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn esp_goes_in_udp_in_either_mode_and_version(
        outer_v6: bool, transport: bool, length in 0usize..3000, extended: bool, with_checksum: bool,
    ) {
        let setup = Setup { outer_v6, inner_v6: outer_v6, extended, ..PLAIN };
        let spoil = |pair: &mut SaPair| {
            encapsulate(pair);
            if transport {
                (pair.inbound.mode, pair.outbound.mode) = (Mode::Transport, Mode::Transport);
            }
        };
        let (mut west, mut east) = (setup.west_with(spoil), setup.east_with(spoil));
        let outer = sent(&mut west, setup.packet(length));
        let datagram = udp::read(&outer).unwrap();
        prop_assert_eq!((datagram.source.port(), datagram.destination.port()), (4500, 4500));
        prop_assert_eq!(&datagram.payload[..4], &EAST.0.to_be_bytes());
        prop_assert_eq!(outer.payload()[6..8] == [0, 0], !outer_v6, "in IPv4 the checksum is left out");
        let mut outer = outer;
        if with_checksum {
            udp::mend_checksum(&mut outer);
            prop_assert!(outer.payload()[6..8] != [0, 0]);
        }
        let inner = opened(&mut east, outer);
        let packet = setup.packet(length);
        prop_assert_eq!(inner.payload(), packet.payload());
    }
}

#[test]
fn plain_esp_is_taken_too() {
    let (mut west, mut east) = (PLAIN.planes().0, PLAIN.east_with(encapsulate));
    delivered(&mut east, sent(&mut west, PLAIN.packet(10)));
}

#[test]
fn nat_may_change_the_outer_address_and_the_upper_checksum_is_mended() {
    let (west_host, east_host, nat) = (address("10.1.0.0"), address("10.2.0.0"), address("203.0.113.9"));
    let transport = |pair: &mut SaPair| {
        encapsulate(pair);
        (pair.inbound.mode, pair.outbound.mode) = (Mode::Transport, Mode::Transport);
    };
    let mut west = PLAIN.west_with(transport);
    let mut east = PLAIN.east_with(|pair| {
        transport(pair);
        pair.inbound.selectors = vec![Selector::between(range("10.2.0.0/16"), range("203.0.113.0/24"))];
        if let Some(udp) = &mut pair.inbound.options.encapsulation {
            udp.original = Some((west_host, east_host));
        }
    });
    let header = IpHeader::new(west_host, east_host, 0);
    let packet = udp::build((west_host, 7).into(), (east_host, 9).into(), Buffer::copy_of(b"hello"), &header);
    let outer = sent(&mut west, packet.unwrap());
    let translated = IpHeader::new(nat, east_host, protocol::UDP);
    let outer = IpPacket::build(&translated, outer.into_payload()).unwrap();
    let inner = opened(&mut east, outer);
    assert_eq!(inner.source(), nat);
    assert_eq!(udp::read(&inner).unwrap().payload, b"hello", "the checksum is right");
}

/// RFC 7296 §2.23: either form is taken at any time.
#[test]
fn esp_in_udp_is_taken_by_a_pair_that_sends_without() {
    let (mut west, mut east) = (PLAIN.west_with(encapsulate), PLAIN.planes().1);
    let outer = sent(&mut west, PLAIN.packet(10));
    assert_eq!(outer.protocol(), protocol::UDP);
    opened(&mut east, outer);
}
