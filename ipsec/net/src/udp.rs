//! UDP datagrams (RFC 768), built into and read out of IP packets, with their checksums.

use std::net::{IpAddr, SocketAddr};

use etherparse::{UdpHeader, UdpSlice};

use crate::{Buffer, IpHeader, IpPacket, NotIp, protocol};

/// The length of a UDP header in octets.
pub const HEADER_LEN: usize = UdpHeader::LEN;

/// A datagram as it stands in a packet; its checksum has been verified unless the sender left it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Where it came from.
    pub source: SocketAddr,
    /// Where it goes.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Why a packet holds no datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum NotUdp {
    /// The packet carries another protocol, or is a fragment.
    #[error("the packet is a fragment or carries no UDP")]
    Protocol,
    /// The UDP length is less than a header or more than the packet has.
    #[error("the UDP length does not fit the packet")]
    Length,
    /// The checksum is wrong, or absent in IPv6.
    #[error("the UDP checksum is wrong")]
    Checksum,
}

/// Reads the datagram in a packet.
///
/// A checksum of zero means in IPv4 that the sender left it out; in IPv6 it is an error (RFC 8200 §8.1).
///
/// # Errors
/// When the packet is a fragment or carries no UDP, when the length does not fit, or the checksum is wrong.
pub fn read(packet: &IpPacket) -> Result<Datagram<'_>, NotUdp> {
    if packet.protocol() != protocol::UDP || packet.fragment().is_some_and(|f| f.more || f.offset > 0) {
        return Err(NotUdp::Protocol);
    }
    let slice = UdpSlice::from_slice(packet.payload()).map_err(|_| NotUdp::Length)?;
    let (source, destination) = (packet.source(), packet.destination());
    let header = slice.to_header();
    let unchecked = header.checksum == 0 && source.is_ipv4();
    if !unchecked && checksum(&header, source, destination, slice.payload()) != Some(header.checksum) {
        return Err(NotUdp::Checksum);
    }
    Ok(Datagram {
        source: SocketAddr::new(source, header.source_port),
        destination: SocketAddr::new(destination, header.destination_port),
        payload: slice.payload(),
    })
}

/// Wraps `payload` in UDP and IP; `header`'s addresses and protocol are replaced by the datagram's.
///
/// # Errors
/// When the payload is longer than a datagram can carry, or the addresses' versions differ.
pub fn build(
    source: SocketAddr,
    destination: SocketAddr,
    mut payload: Buffer,
    header: &IpHeader,
) -> Result<IpPacket, NotIp> {
    let too_long = NotIp::Unbuildable("the payload does not fit in a UDP datagram");
    let length = u16::try_from(payload.len() + HEADER_LEN).map_err(|_| too_long)?;
    let mut udp =
        UdpHeader { source_port: source.port(), destination_port: destination.port(), length, checksum: 0 };
    udp.checksum = checksum(&udp, source.ip(), destination.ip(), &payload)
        .ok_or(NotIp::Unbuildable("source and destination are of different IP versions"))?;
    payload.grow_front(HEADER_LEN).copy_from_slice(&udp.to_bytes());
    let header =
        IpHeader { source: source.ip(), destination: destination.ip(), protocol: protocol::UDP, ..*header };
    IpPacket::build(&header, payload)
}

/// Recomputes the checksum of an unfragmented UDP packet whose payload was changed; others are left alone.
pub fn mend_checksum(packet: &mut IpPacket) {
    if packet.protocol() != protocol::UDP || packet.fragment().is_some() {
        return;
    }
    let (source, destination) = (packet.source(), packet.destination());
    let Ok(slice) = UdpSlice::from_slice(packet.payload()) else {
        return;
    };
    if let Some(sum) = checksum(&slice.to_header(), source, destination, slice.payload()) {
        packet.payload_mut()[6..8].copy_from_slice(&sum.to_be_bytes());
    }
}

fn checksum(header: &UdpHeader, source: IpAddr, destination: IpAddr, payload: &[u8]) -> Option<u16> {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            header.calc_checksum_ipv4_raw(source.octets(), destination.octets(), payload).ok()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            header.calc_checksum_ipv6_raw(source.octets(), destination.octets(), payload).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(source: &str, destination: &str, payload: &[u8]) -> IpPacket {
        let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
        let header = IpHeader::new(IpAddr::from([0, 0, 0, 0]), IpAddr::from([0, 0, 0, 0]), 0);
        build(source, destination, Buffer::copy_of(payload), &header).unwrap()
    }

    #[test]
    fn a_built_datagram_reads_back() {
        for (source, destination) in
            [("192.0.2.1:500", "198.51.100.1:4500"), ("[2001:db8::1]:500", "[2001:db8::2]:500")]
        {
            let packet = packet(source, destination, b"ike");
            let datagram = read(&packet).unwrap();
            assert_eq!(datagram.source.to_string(), source);
            assert_eq!(datagram.destination.to_string(), destination);
            assert_eq!(datagram.payload, b"ike");
        }
    }

    #[test]
    fn a_changed_payload_is_noticed_until_the_checksum_is_mended() {
        let mut packet = packet("192.0.2.1:500", "198.51.100.1:500", b"ike");
        packet.payload_mut()[9] ^= 0x40;
        assert_eq!(read(&packet), Err(NotUdp::Checksum));
        mend_checksum(&mut packet);
        assert_eq!(read(&packet).unwrap().payload, &[b'i', b'k' ^ 0x40, b'e']);
    }

    #[test]
    fn a_missing_checksum_is_legal_in_ipv4_only() {
        let mut v4 = packet("192.0.2.1:500", "198.51.100.1:500", b"ike");
        v4.payload_mut()[6..8].fill(0);
        assert!(read(&v4).is_ok());
        let mut v6 = packet("[2001:db8::1]:500", "[2001:db8::2]:500", b"ike");
        v6.payload_mut()[6..8].fill(0);
        assert_eq!(read(&v6), Err(NotUdp::Checksum));
    }

    #[test]
    fn an_impossible_length_is_refused() {
        let mut packet = packet("192.0.2.1:500", "198.51.100.1:500", b"ike");
        packet.payload_mut()[4..6].copy_from_slice(&[0, 200]);
        assert_eq!(read(&packet), Err(NotUdp::Length));
    }
}
