//! What damage does to a packet: flipped bits, a missing end, a mark of congestion.
//!
//! Damage behind the IP header has the UDP checksum mended, and damage to the IPv4 header its checksum, so that it reaches
//! whoever reads the packet instead of being thrown away below.

use std::ops::Range;

use ipsec_net::{Buffer, IpPacket, IpVersion, protocol, udp};

use crate::RandomStream;

/// Draws a bit behind the IP header, but none of a UDP checksum, which [`flip`] would mend again.
pub(super) fn payload_bit(luck: &mut RandomStream, packet: &IpPacket) -> Option<u32> {
    let bits = u32::try_from(packet.payload().len()).ok()?.checked_mul(8)?;
    let is_udp = packet.protocol() == protocol::UDP && packet.fragment().is_none();
    let checksum = if is_udp && bits >= UDP_CHECKSUM.end { UDP_CHECKSUM } else { bits..bits };
    draw(luck, bits, &checksum)
}

/// Draws a bit of the IP header, but none of the IPv4 checksum, which [`flip_header`] would mend again.
pub(super) fn header_bit(luck: &mut RandomStream, packet: &IpPacket) -> Option<u32> {
    match packet.version() {
        IpVersion::V4 => draw(luck, 8 * 20, &IPV4_CHECKSUM),
        IpVersion::V6 => draw(luck, 8 * 40, &(0..0)),
    }
}

/// A number below `bits` that is not in `spared`.
fn draw(luck: &mut RandomStream, bits: u32, spared: &Range<u32>) -> Option<u32> {
    let choice = bits - spared.len() as u32;
    if choice == 0 {
        return None;
    }
    let drawn = u32::try_from(luck.below(u64::from(choice))).ok()?;
    Some(if drawn < spared.start { drawn } else { drawn + spared.len() as u32 })
}

/// The bits of a UDP header that hold the checksum (RFC 768).
pub(super) const UDP_CHECKSUM: Range<u32> = 48..64;
/// The bits of an IPv4 header that hold the checksum (RFC 791 §3.1).
const IPV4_CHECKSUM: Range<u32> = 80..96;

/// Flips a bit behind the IP header, if there is such a one, and mends a UDP checksum.
pub(crate) fn flip(packet: &mut IpPacket, bit: u32) {
    if let Some(octet) = packet.payload_mut().get_mut(bit as usize / 8) {
        *octet ^= 0x80 >> (bit % 8);
        udp::mend_checksum(packet);
    }
}

/// Flips a bit of the IP header and mends an IPv4 checksum. Nothing when what comes out is no IP packet any more.
pub(crate) fn flip_header(packet: &IpPacket, bit: u32) -> Option<IpPacket> {
    let mut octets = packet.as_bytes().to_vec();
    *octets.get_mut(bit as usize / 8)? ^= 0x80 >> (bit % 8);
    if octets[0] >> 4 == 4 && octets.len() >= 20 {
        mend_ipv4_checksum(&mut octets);
    }
    IpPacket::parse(Buffer::copy_of(&octets)).ok()
}

/// Cuts what lies behind the IP header to `kept` octets and mends the lengths. Nothing when no IP packet is left.
pub(crate) fn truncate(packet: &IpPacket, kept: usize) -> Option<IpPacket> {
    let end = packet.header_len() + kept.min(packet.payload().len());
    let mut octets = packet.as_bytes()[..end].to_vec();
    match packet.version() {
        IpVersion::V4 => {
            octets[2..4].copy_from_slice(&u16::try_from(end).ok()?.to_be_bytes());
            mend_ipv4_checksum(&mut octets);
        }
        IpVersion::V6 => octets[4..6].copy_from_slice(&u16::try_from(end - 40).ok()?.to_be_bytes()),
    }
    let mut cut = IpPacket::parse(Buffer::copy_of(&octets)).ok()?;
    if cut.protocol() == protocol::UDP && cut.has_upper_header() && kept >= udp::HEADER_LEN {
        let length = u16::try_from(cut.payload().len()).ok()?;
        cut.payload_mut()[4..6].copy_from_slice(&length.to_be_bytes());
        udp::mend_checksum(&mut cut);
    }
    Some(cut)
}

/// Whether the packet's sender understands ECN (RFC 3168 §5).
pub(crate) fn is_ecn_capable(packet: &IpPacket) -> bool {
    packet.traffic_class() & ECN != 0
}

/// Marks an ECN-capable packet as having met congestion.
pub(crate) fn mark(packet: &mut IpPacket) {
    if is_ecn_capable(packet) {
        packet.set_traffic_class(packet.traffic_class() | ECN);
    }
}

/// The ECN field of the traffic class; both bits set say that congestion was met.
const ECN: u8 = 0b11;

/// Sets the checksum of an IPv4 header (RFC 1071).
fn mend_ipv4_checksum(octets: &mut [u8]) {
    let length = (usize::from(octets[0] & 0x0f) * 4).clamp(20, octets.len());
    octets[10..12].fill(0);
    let words =
        octets[..length].chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let mut sum: u32 = words.sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    octets[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

#[cfg(test)]
mod tests;
