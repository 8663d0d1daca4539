//! ICMP errors: what the network tells a packet's source of its end (RFC 792, RFC 1812 §4.3, RFC 4443 §3),
//! and the packet that such a message quotes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::checksum::Sum16BitWords;
use etherparse::{Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Slice, Icmpv6Type};

use crate::{Buffer, IpHeader, IpPacket, IpVersion, icmp, protocol};

/// The length in octets of what stands before the quoted packet.
pub const HEADER_LEN: usize = 8;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcmpError {
    /// Destination unreachable: no route leads there.
    NoRoute,
    /// Destination unreachable: nobody has the address.
    AddressUnreachable,
    /// Destination unreachable: nobody listens at the port.
    PortUnreachable,
    /// Destination unreachable: a filter forbids it.
    Prohibited,
    /// It is larger than the next link takes, and must not be fragmented.
    PacketTooBig {
        /// The link's MTU in octets.
        mtu: usize,
    },
    /// Time exceeded: its hop limit ran out on the way.
    HopLimitExceeded,
    /// Time exceeded: fragments of it were missing for too long.
    ReassemblyTimeExceeded,
}

/// Type and code in both versions. Packet Too Big, which carries an MTU, is not among them.
const NUMBERS: [(IcmpError, [u8; 2], [u8; 2]); 6] = [
    (IcmpError::NoRoute, [3, 0], [1, 0]),
    (IcmpError::AddressUnreachable, [3, 1], [1, 3]),
    (IcmpError::PortUnreachable, [3, 3], [1, 4]),
    (IcmpError::Prohibited, [3, 13], [1, 1]),
    (IcmpError::HopLimitExceeded, [11, 0], [3, 0]),
    (IcmpError::ReassemblyTimeExceeded, [11, 1], [3, 1]),
];

/// Tells the source of `about` what became of it; `from` is who says so.
///
/// Nothing when the packet [must not be answered](is_answerable) so, or `from` is of the other version. The
/// message is at most 576 octets long in IPv4 (RFC 1812 §4.3.2.3) and 1280 in IPv6 (RFC 4443 §2.4 c).
#[must_use]
pub fn build(error: IcmpError, about: &IpPacket, from: IpAddr) -> Option<IpPacket> {
    if !is_answerable(about, error) || IpVersion::of(from) != about.version() {
        return None;
    }
    if let IcmpError::PacketTooBig { mtu } = error {
        return icmp::packet_too_big(about, from, mtu);
    }
    let (_, v4, v6) = NUMBERS.iter().find(|(row, _, _)| *row == error)?;
    let to = about.source();
    let quote = |longest: usize| {
        let room = longest - about.version().header_len() - HEADER_LEN;
        &about.as_bytes()[..about.len().min(room)]
    };
    match (from, to) {
        (IpAddr::V4(_), IpAddr::V4(_)) => {
            let kind = Icmpv4Type::Unknown { type_u8: v4[0], code_u8: v4[1], bytes5to8: [0; 4] };
            let quoted = quote(576);
            let header = Icmpv4Header::with_checksum(kind, quoted);
            wrap(&IpHeader::new(from, to, protocol::ICMP), &header.to_bytes(), quoted)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let kind = Icmpv6Type::Unknown { type_u8: v6[0], code_u8: v6[1], bytes5to8: [0; 4] };
            let quoted = quote(1280);
            let header =
                Icmpv6Header::with_checksum(kind, source.octets(), destination.octets(), quoted).ok()?;
            wrap(&IpHeader::new(from, to, protocol::ICMPV6), &header.to_bytes(), quoted)
        }
        _ => None,
    }
}

/// Whether the packet is an ICMP error, or a redirect, which counts as one here.
#[must_use]
pub fn is_error(packet: &IpPacket) -> bool {
    packet.has_upper_header() && is_error_type(packet.protocol(), packet.payload())
}

/// Whether an error may be sent about a packet (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7, RFC 4443 §2.4 e): not
/// about an ICMP error, nor a later fragment; not to a source that is no single host; not about a packet to
/// many, unless it is an IPv6 packet that was too big.
#[must_use]
pub fn is_answerable(packet: &IpPacket, error: IcmpError) -> bool {
    let too_big_v6 = packet.version() == IpVersion::V6 && matches!(error, IcmpError::PacketTooBig { .. });
    packet.has_upper_header()
        && !is_error(packet)
        && is_single_host(packet.source())
        && (too_big_v6 || !is_many(packet.destination()))
}

/// An ICMP error as it stands in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What became of the quoted packet; nothing for the errors that have no name here.
    pub error: Option<IcmpError>,
    /// The quoted packet.
    pub quoted: Quoted<'a>,
}

/// The beginning of a packet as an ICMP error quotes it. It begins [`HEADER_LEN`] octets into the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted<'a> {
    /// Who had sent it.
    pub source: IpAddr,
    /// Where it should have gone.
    pub destination: IpAddr,
    /// Its total length in octets, by its header.
    pub length: usize,
    /// Its upper-layer protocol, behind IPv6 extension headers.
    pub protocol: u8,
    /// Whether `payload` begins with the upper-layer header.
    pub has_upper_header: bool,
    /// What is quoted of what follows its headers.
    pub payload: &'a [u8],
}

/// Reads an unfragmented ICMP error; nothing for any other packet, or when the ICMP checksum or the
/// quotation's headers are wrong.
#[must_use]
pub fn read(packet: &IpPacket) -> Option<Message<'_>> {
    let octets = packet.payload();
    if packet.fragment().is_some() || !is_error(packet) || !is_whole(packet) {
        return None;
    }
    let (header, quotation) = octets.split_at_checked(HEADER_LEN)?;
    let v4 = packet.version() == IpVersion::V4;
    let quoted = if v4 { quoted_v4(quotation) } else { quoted_v6(quotation) }?;
    let named = NUMBERS.iter().find(|(_, four, six)| header[..2] == if v4 { *four } else { *six });
    let too_big = || icmp::read_packet_too_big(packet).map(|mtu| IcmpError::PacketTooBig { mtu });
    Some(Message { error: named.map(|(error, _, _)| *error).or_else(too_big), quoted })
}

fn quoted_v4(octets: &[u8]) -> Option<Quoted<'_>> {
    let length = usize::from(octets.first()? & 0x0f) * 4;
    if octets[0] >> 4 != 4 || length < IpVersion::V4.header_len() {
        return None;
    }
    let (header, payload) = octets.split_at_checked(length)?;
    Some(Quoted {
        source: Ipv4Addr::new(header[12], header[13], header[14], header[15]).into(),
        destination: Ipv4Addr::new(header[16], header[17], header[18], header[19]).into(),
        length: usize::from(u16::from_be_bytes([header[2], header[3]])),
        protocol: header[9],
        has_upper_header: u16::from_be_bytes([header[6], header[7]]) & 0x1fff == 0,
        payload,
    })
}

fn quoted_v6(octets: &[u8]) -> Option<Quoted<'_>> {
    let (header, mut payload) = octets.split_at_checked(IpVersion::V6.header_len())?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let address = |at: usize| <[u8; 16]>::try_from(&header[at..at + 16]).ok().map(Ipv6Addr::from);
    let length = header.len() + usize::from(u16::from_be_bytes([header[4], header[5]]));
    let mut next = header[6];
    let mut has_upper_header = true;
    while has_upper_header {
        let extension_len = match next {
            protocol::FRAGMENT => 8,
            protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION_OPTIONS => {
                usize::from(*payload.get(1)?) * 8 + 8
            }
            _ => break,
        };
        let (extension, rest) = payload.split_at_checked(extension_len)?;
        if next == protocol::FRAGMENT {
            has_upper_header = u16::from_be_bytes([extension[2], extension[3]]) & 0xfff8 == 0;
        }
        (next, payload) = (extension[0], rest);
    }
    let (source, destination) = (address(8)?.into(), address(24)?.into());
    Some(Quoted { source, destination, length, protocol: next, has_upper_header, payload })
}

/// Whether a packet is an ICMP message of its IP version with a right checksum.
#[must_use]
pub fn is_whole(packet: &IpPacket) -> bool {
    match (packet.source(), packet.destination()) {
        (IpAddr::V4(_), _) if packet.protocol() == protocol::ICMP => {
            Sum16BitWords::new().add_slice(packet.payload()).ones_complement() == 0
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) if packet.protocol() == protocol::ICMPV6 => {
            Icmpv6Slice::from_slice(packet.payload())
                .is_ok_and(|slice| slice.is_checksum_valid(source.octets(), destination.octets()))
        }
        _ => false,
    }
}

fn is_error_type(number: u8, payload: &[u8]) -> bool {
    match (number, payload.first()) {
        (protocol::ICMP, Some(kind)) => matches!(kind, 3 | 4 | 5 | 11 | 12),
        (protocol::ICMPV6, Some(kind)) => *kind < 128 || *kind == REDIRECT_V6,
        _ => false,
    }
}

/// ICMPv6 redirect (RFC 4861 §4.5): informational by number, yet never answered with an error.
const REDIRECT_V6: u8 = 137;

fn is_single_host(address: IpAddr) -> bool {
    // The class-E addresses, limited broadcast among them, are nobody's (RFC 1112 §4).
    let reserved = matches!(address, IpAddr::V4(address) if address.octets()[0] >= 240);
    !address.is_unspecified() && !address.is_loopback() && !is_many(address) && !reserved
}

fn is_many(address: IpAddr) -> bool {
    address.is_multicast() || matches!(address, IpAddr::V4(Ipv4Addr::BROADCAST))
}

fn wrap(fields: &IpHeader, header: &[u8], payload: &[u8]) -> Option<IpPacket> {
    let mut buffer = Buffer::copy_of(payload);
    buffer.grow_front(header.len()).copy_from_slice(header);
    IpPacket::build(fields, buffer).ok()
}

#[cfg(test)]
mod tests;
