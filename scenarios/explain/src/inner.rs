//! What a packet carries, in a few words: `IPv4 10.1.0.10 > 10.2.0.10, UDP to port 9, 120 octets`.

use etherparse::{TcpSlice, UdpSlice};
use ipsec_net::{Buffer, IpPacket, protocol};

/// What the payload of a packet is, by the protocol that it is said to be.
pub(crate) fn describe(next_header: u8, payload: &[u8]) -> String {
    match next_header {
        protocol::IPV4 | protocol::IPV6 => match IpPacket::parse(Buffer::copy_of(payload)) {
            Ok(packet) => {
                let upper = upper(packet.protocol(), packet.payload());
                format!("{} > {}, {upper}", packet.source(), packet.destination())
            }
            Err(why) => format!("no IP packet: {why}"),
        },
        protocol::NONE => format!("a dummy of {} octets", payload.len()),
        other => upper(other, payload),
    }
}

fn upper(protocol: u8, payload: &[u8]) -> String {
    let octets = payload.len();
    match protocol {
        protocol::UDP => match UdpSlice::from_slice(payload) {
            Ok(datagram) => format!("UDP to port {}, {octets} octets", datagram.destination_port()),
            Err(_) => format!("UDP, {octets} octets"),
        },
        protocol::TCP => match TcpSlice::from_slice(payload) {
            Ok(segment) => format!("TCP to port {}, {octets} octets", segment.destination_port()),
            Err(_) => format!("TCP, {octets} octets"),
        },
        protocol::ICMP => format!("ICMP, {octets} octets"),
        protocol::ICMPV6 => format!("ICMPv6, {octets} octets"),
        protocol::ESP => format!("ESP, {octets} octets"),
        protocol::AH => format!("AH, {octets} octets"),
        other => format!("protocol {other}, {octets} octets"),
    }
}
