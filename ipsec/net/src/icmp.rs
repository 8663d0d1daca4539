//! The ICMP messages that the network sends: Packet Too Big in its two forms (RFC 792 type 3 code 4 with RFC 1191's
//! MTU, RFC 4443 §3.2), and echo, with which people ask whether a path is there.

use std::net::IpAddr;

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{IcmpEchoHeader, Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type, IpNumber, Ipv6Header};

use crate::{Buffer, IpHeader, IpPacket, IpVersion, protocol};

/// Tells the sender of `packet` that it does not fit an MTU of `mtu` octets; `from` is who says so.
///
/// Nothing for a packet that must not be answered with an error: a later fragment, or an ICMP error itself
/// (RFC 1122 §3.2.2, RFC 4443 §2.4), or when `from` is of the other version.
#[must_use]
pub fn packet_too_big(packet: &IpPacket, from: IpAddr, mtu: usize) -> Option<IpPacket> {
    if !packet.has_upper_header() || is_error(packet) || IpVersion::of(from) != packet.version() {
        return None;
    }
    let to = packet.source();
    match (from, to) {
        (IpAddr::V4(_), IpAddr::V4(_)) => {
            let next_hop_mtu = u16::try_from(mtu).unwrap_or(u16::MAX);
            let kind = DestUnreachableHeader::FragmentationNeeded { next_hop_mtu };
            let quoted = quote(packet, 576 - 20 - 8);
            let header = Icmpv4Header::with_checksum(Icmpv4Type::DestinationUnreachable(kind), quoted);
            wrap(from, to, protocol::ICMP, &header.to_bytes(), quoted)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let kind = Icmpv6Type::PacketTooBig { mtu: u32::try_from(mtu).unwrap_or(u32::MAX) };
            let quoted = quote(packet, 1280 - Ipv6Header::LEN - 8);
            let header =
                Icmpv6Header::with_checksum(kind, source.octets(), destination.octets(), quoted).ok()?;
            wrap(from, to, protocol::ICMPV6, &header.to_bytes(), quoted)
        }
        _ => None,
    }
}

/// The MTU in octets that a Packet Too Big message names, if `packet` is one.
#[must_use]
pub fn read_packet_too_big(packet: &IpPacket) -> Option<usize> {
    if packet.fragment().is_some() {
        return None;
    }
    match packet.protocol() {
        protocol::ICMP => match Icmpv4Header::from_slice(packet.payload()).ok()?.0.icmp_type {
            Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::FragmentationNeeded {
                next_hop_mtu,
            }) => Some(usize::from(next_hop_mtu)),
            _ => None,
        },
        protocol::ICMPV6 => match Icmpv6Header::from_slice(packet.payload()).ok()?.0.icmp_type {
            Icmpv6Type::PacketTooBig { mtu } => usize::try_from(mtu).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// An echo request from `source` to `destination`; nothing when the versions differ or the payload is too long.
#[must_use]
pub fn echo_request(source: IpAddr, destination: IpAddr, echo: Echo, payload: &[u8]) -> Option<IpPacket> {
    let echo = IcmpEchoHeader { id: echo.identifier, seq: echo.sequence };
    echo_message(source, destination, Icmpv4Type::EchoRequest(echo), Icmpv6Type::EchoRequest(echo), payload)
}

/// The answer to an echo request; nothing for any other packet.
#[must_use]
pub fn echo_reply(request: &IpPacket) -> Option<IpPacket> {
    let (kind, echo, payload) = read_echo(request)?;
    if kind != EchoKind::Request {
        return None;
    }
    let echo = IcmpEchoHeader { id: echo.identifier, seq: echo.sequence };
    let (source, destination) = (request.destination(), request.source());
    echo_message(source, destination, Icmpv4Type::EchoReply(echo), Icmpv6Type::EchoReply(echo), payload)
}

/// What tells one echo from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Echo {
    /// Who asks.
    pub identifier: u16,
    /// The how-manieth.
    pub sequence: u16,
}

/// The two echo messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoKind {
    /// Are you there?
    Request,
    /// Yes.
    Reply,
}

/// Reads an unfragmented echo message: its kind, its numbers and its payload.
#[must_use]
pub fn read_echo(packet: &IpPacket) -> Option<(EchoKind, Echo, &[u8])> {
    if packet.fragment().is_some() {
        return None;
    }
    let numbers = |echo: IcmpEchoHeader| Echo { identifier: echo.id, sequence: echo.seq };
    match packet.protocol() {
        protocol::ICMP => {
            let (header, payload) = Icmpv4Header::from_slice(packet.payload()).ok()?;
            match header.icmp_type {
                Icmpv4Type::EchoRequest(echo) => Some((EchoKind::Request, numbers(echo), payload)),
                Icmpv4Type::EchoReply(echo) => Some((EchoKind::Reply, numbers(echo), payload)),
                _ => None,
            }
        }
        protocol::ICMPV6 => {
            let (header, payload) = Icmpv6Header::from_slice(packet.payload()).ok()?;
            match header.icmp_type {
                Icmpv6Type::EchoRequest(echo) => Some((EchoKind::Request, numbers(echo), payload)),
                Icmpv6Type::EchoReply(echo) => Some((EchoKind::Reply, numbers(echo), payload)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn echo_message(
    source: IpAddr,
    destination: IpAddr,
    v4: Icmpv4Type,
    v6: Icmpv6Type,
    payload: &[u8],
) -> Option<IpPacket> {
    match (source, destination) {
        (IpAddr::V4(_), IpAddr::V4(_)) => {
            let header = Icmpv4Header::with_checksum(v4, payload);
            wrap(source, destination, protocol::ICMP, &header.to_bytes(), payload)
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let header = Icmpv6Header::with_checksum(v6, from.octets(), to.octets(), payload).ok()?;
            wrap(source, destination, protocol::ICMPV6, &header.to_bytes(), payload)
        }
        _ => None,
    }
}

/// ICMPv4 messages that are no errors; RFC 792 and RFC 1812 name the rest.
fn is_error(packet: &IpPacket) -> bool {
    match (packet.protocol(), packet.payload().first()) {
        (protocol::ICMP, Some(kind)) => matches!(kind, 3 | 4 | 5 | 11 | 12),
        (protocol::ICMPV6, Some(kind)) => *kind < 128,
        _ => false,
    }
}

fn quote(packet: &IpPacket, room: usize) -> &[u8] {
    &packet.as_bytes()[..packet.len().min(room)]
}

fn wrap(source: IpAddr, destination: IpAddr, number: u8, header: &[u8], payload: &[u8]) -> Option<IpPacket> {
    let mut buffer = Buffer::copy_of(payload);
    buffer.grow_front(header.len()).copy_from_slice(header);
    let fields = IpHeader { protocol: IpNumber(number).0, ..IpHeader::new(source, destination, number) };
    IpPacket::build(&fields, buffer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn packet_too_big_names_the_mtu_in_both_versions() {
        for (source, destination, router) in
            [("10.1.0.1", "10.2.0.1", "10.1.0.254"), ("2001:db8::1", "2001:db8::2", "2001:db8::ff")]
        {
            let header = IpHeader::new(address(source), address(destination), protocol::UDP);
            let packet = IpPacket::build(&header, Buffer::copy_of(&[7; 1400])).unwrap();
            let answer = packet_too_big(&packet, address(router), 1300).unwrap();
            assert_eq!(answer.destination(), address(source));
            assert_eq!(read_packet_too_big(&answer), Some(1300));
            assert!(answer.len() <= 1280);
            assert_eq!(packet_too_big(&answer, address(router), 1300), None, "no error about an error");
        }
    }

    #[test]
    fn an_echo_request_gets_its_reply() {
        for (source, destination) in [("10.1.0.1", "10.2.0.1"), ("2001:db8::1", "2001:db8::2")] {
            let echo = Echo { identifier: 7, sequence: 3 };
            let request = echo_request(address(source), address(destination), echo, b"data").unwrap();
            let reply = echo_reply(&request).unwrap();
            assert_eq!(read_echo(&reply), Some((EchoKind::Reply, echo, &b"data"[..])));
            assert_eq!(reply.destination(), address(source));
            assert_eq!(echo_reply(&reply), None);
        }
    }
}
