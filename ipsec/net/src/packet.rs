//! An owned IP packet (RFC 791, RFC 8200) whose lengths have been proven once, so that reading it cannot fail.

mod headers;
mod in_place;
mod layout;
mod written;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{Ipv4Header, Ipv6Header};

use self::layout::{header_checksum, is_extension, layout_v4, layout_v6};
use self::written::{header_v4, header_v6};
use crate::Buffer;

pub use headers::Headers;

/// Protocol numbers that this project speaks of (IANA "Assigned Internet Protocol Numbers").
pub mod protocol {
    /// IPv6 hop-by-hop options.
    pub const HOP_BY_HOP: u8 = 0;
    /// ICMP for IPv4.
    pub const ICMP: u8 = 1;
    /// IPv4 in IP, the next header of an IPv4 packet in tunnel mode.
    pub const IPV4: u8 = 4;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// IPv6 in IP, the next header of an IPv6 packet in tunnel mode.
    pub const IPV6: u8 = 41;
    /// IPv6 routing header.
    pub const ROUTING: u8 = 43;
    /// IPv6 fragment header.
    pub const FRAGMENT: u8 = 44;
    /// Encapsulating Security Payload.
    pub const ESP: u8 = 50;
    /// Authentication Header.
    pub const AH: u8 = 51;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
    /// No next header: a dummy packet in ESP (RFC 4303 §2.6).
    pub const NONE: u8 = 59;
    /// IPv6 destination options.
    pub const DESTINATION_OPTIONS: u8 = 60;
}

/// The two IP versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpVersion {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

impl IpVersion {
    /// The version of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// The protocol number of such a packet inside another one: 4 or 41.
    #[must_use]
    pub fn protocol(self) -> u8 {
        match self {
            Self::V4 => protocol::IPV4,
            Self::V6 => protocol::IPV6,
        }
    }

    /// The length in octets of a header without options or extensions: 20 or 40.
    #[must_use]
    pub fn header_len(self) -> usize {
        match self {
            Self::V4 => Ipv4Header::MIN_LEN,
            Self::V6 => Ipv6Header::LEN,
        }
    }

    /// The least MTU in octets that a link must have: 68 or 1280.
    #[must_use]
    pub fn minimum_mtu(self) -> usize {
        match self {
            Self::V4 => 68,
            Self::V6 => 1280,
        }
    }
}

/// Where a fragment belongs in its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FragmentInfo {
    /// The datagram's identification: 16 bits in IPv4, 32 in IPv6.
    pub identification: u32,
    /// Offset of the fragment's payload in octets, a multiple of 8.
    pub offset: usize,
    /// Whether more fragments follow.
    pub more: bool,
}

/// The fields of a header that the builder of a packet chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpHeader {
    /// Source address.
    pub source: IpAddr,
    /// Destination address, of the same version.
    pub destination: IpAddr,
    /// The upper-layer protocol number.
    pub protocol: u8,
    /// IPv4 time to live or IPv6 hop limit.
    pub hop_limit: u8,
    /// DSCP (upper six bits) and ECN (lower two).
    pub traffic_class: u8,
    /// IPv4 don't-fragment bit; without meaning in IPv6, where routers never fragment.
    pub dont_fragment: bool,
    /// IPv4 identification; without meaning in IPv6.
    pub identification: u16,
}

impl IpHeader {
    /// A header with hop limit 64, traffic class 0, DF clear and identification 0.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr, protocol: u8) -> Self {
        Self {
            source,
            destination,
            protocol,
            hop_limit: 64,
            traffic_class: 0,
            dont_fragment: false,
            identification: 0,
        }
    }
}

/// Why octets are not an IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotIp {
    /// The first four bits are neither 4 nor 6, or there is no first octet.
    #[error("the version field is neither 4 nor 6")]
    Version,
    /// A header or the payload is longer than the octets there are, or a length field is impossible.
    #[error("offset {offset}: a length does not fit the octets there are")]
    Length {
        /// Offset in octets of the header whose length is wrong.
        offset: usize,
    },
    /// The IPv4 header checksum is wrong.
    #[error("the IPv4 header checksum is wrong")]
    HeaderChecksum,
    /// More octets than an IP packet can have, or source and destination of different versions.
    #[error("no IP packet can be built from this: {0}")]
    Unbuildable(&'static str),
}

/// An IP packet with room round it.
///
/// Its lengths are consistent, an IPv4 header checksum is right, and octets behind the total length have been cut off.
#[derive(Clone, PartialEq, Eq)]
pub struct IpPacket {
    buffer: Buffer,
    identification: u32,
    header_len: u16,
    /// In units of eight octets, as on the wire.
    fragment_offset: u16,
    version: IpVersion,
    protocol: u8,
    /// Whether the packet is a fragment or has a fragment header, and whether more fragments follow. Kept flat, as is the
    /// whole struct: packets are moved often.
    is_fragment: bool,
    more_fragments: bool,
}

impl IpPacket {
    /// Takes octets as an IP packet, cutting off what lies behind its total length.
    ///
    /// # Errors
    /// When the version is unknown, a length does not fit, or the IPv4 header checksum is wrong.
    #[inline]
    pub fn parse(buffer: impl Into<Buffer>) -> Result<Self, NotIp> {
        let mut packet = Self::not_read(buffer.into());
        packet.read_headers()?;
        Ok(packet)
    }

    /// Octets whose headers are still to be read.
    #[inline]
    fn not_read(buffer: Buffer) -> Self {
        Self {
            buffer,
            identification: 0,
            header_len: 0,
            fragment_offset: 0,
            version: IpVersion::V4,
            protocol: 0,
            is_fragment: false,
            more_fragments: false,
        }
    }

    /// Finds out what the octets say, and cuts off what lies behind their total length.
    #[inline]
    fn read_headers(&mut self) -> Result<(), NotIp> {
        let layout = match self.buffer.first().map(|octet| octet >> 4) {
            Some(4) => layout_v4(&self.buffer)?,
            Some(6) => layout_v6(&self.buffer)?,
            _ => return Err(NotIp::Version),
        };
        self.buffer.truncate(layout.total_len);
        self.version = layout.version;
        self.protocol = layout.protocol;
        self.header_len = u16::try_from(layout.header_len).map_err(|_| NotIp::Length { offset: 0 })?;
        self.set_fragment(layout.fragment);
        Ok(())
    }

    #[inline]
    fn set_fragment(&mut self, fragment: Option<FragmentInfo>) {
        self.identification = fragment.map_or(0, |fragment| fragment.identification);
        self.fragment_offset = fragment.map_or(0, |fragment| (fragment.offset / 8) as u16);
        self.is_fragment = fragment.is_some();
        self.more_fragments = fragment.is_some_and(|fragment| fragment.more);
    }

    /// Puts a header before `payload`.
    ///
    /// # Errors
    /// When the payload is longer than an IP packet can carry, or the addresses' versions differ.
    #[inline]
    pub fn build(header: &IpHeader, payload: Buffer) -> Result<Self, NotIp> {
        let mut packet = Self::not_read(payload);
        packet.put_header(header)?;
        Ok(packet)
    }

    /// Puts a header before the octets.
    #[inline]
    fn put_header(&mut self, header: &IpHeader) -> Result<(), NotIp> {
        let version = IpVersion::of(header.source);
        let length = self.buffer.len();
        match (header.source, header.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let octets = header_v4(header, source, destination, length)?;
                self.buffer.grow_front(octets.len()).copy_from_slice(&octets);
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let octets = header_v6(header, source, destination, length)?;
                self.buffer.grow_front(octets.len()).copy_from_slice(&octets);
            }
            _ => {
                return Err(NotIp::Unbuildable("source and destination are of different IP versions"));
            }
        }
        // An IPv6 extension header may open the payload, and its length has to be proven too.
        if version == IpVersion::V6 && is_extension(header.protocol) {
            return self.read_headers();
        }
        self.version = version;
        self.protocol = header.protocol;
        // 20 or 40.
        self.header_len = version.header_len() as u16;
        self.set_fragment(None);
        Ok(())
    }

    /// The whole packet.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Gives the octets back, with the room round them.
    #[must_use]
    #[inline]
    pub fn into_buffer(self) -> Buffer {
        self.buffer
    }

    /// Gives back what follows the headers; these become headroom.
    #[must_use]
    #[inline]
    pub fn into_payload(self) -> Buffer {
        let mut buffer = self.buffer;
        buffer.shrink_front(usize::from(self.header_len));
        buffer
    }

    /// The length of the whole packet in octets.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a packet has at least a header")]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// The IP version.
    #[must_use]
    pub fn version(&self) -> IpVersion {
        self.version
    }

    /// The source address.
    #[must_use]
    #[inline]
    pub fn source(&self) -> IpAddr {
        match self.version {
            IpVersion::V4 => Ipv4Addr::from(self.octets::<4>(12)).into(),
            IpVersion::V6 => Ipv6Addr::from(self.octets::<16>(8)).into(),
        }
    }

    /// The destination address.
    #[must_use]
    #[inline]
    pub fn destination(&self) -> IpAddr {
        match self.version {
            IpVersion::V4 => Ipv4Addr::from(self.octets::<4>(16)).into(),
            IpVersion::V6 => Ipv6Addr::from(self.octets::<16>(24)).into(),
        }
    }

    /// The protocol of the payload, behind IPv6 extension headers. AH and ESP count as payload.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    /// The length in octets of the IP header with its options or extension headers.
    #[must_use]
    pub fn header_len(&self) -> usize {
        usize::from(self.header_len)
    }

    /// What follows the headers.
    #[must_use]
    #[inline]
    pub fn payload(&self) -> &[u8] {
        &self.buffer[self.header_len()..]
    }

    /// What follows the headers, for writing; an upper-layer checksum is the writer's business.
    #[must_use]
    pub fn payload_mut(&mut self) -> &mut [u8] {
        let header_len = self.header_len();
        &mut self.buffer[header_len..]
    }

    /// Where the packet belongs in its datagram, if it is a fragment.
    #[must_use]
    #[inline]
    pub fn fragment(&self) -> Option<FragmentInfo> {
        self.is_fragment.then(|| FragmentInfo {
            identification: self.identification,
            offset: usize::from(self.fragment_offset) * 8,
            more: self.more_fragments,
        })
    }

    /// Whether the payload begins with the upper-layer header: true unless this is a later fragment.
    #[must_use]
    pub fn has_upper_header(&self) -> bool {
        self.fragment_offset == 0
    }

    /// The don't-fragment bit; always set in IPv6, where routers never fragment.
    #[must_use]
    pub fn dont_fragment(&self) -> bool {
        self.version == IpVersion::V6 || self.buffer[6] & 0x40 != 0
    }

    /// IPv4 time to live or IPv6 hop limit.
    #[must_use]
    pub fn hop_limit(&self) -> u8 {
        match self.version {
            IpVersion::V4 => self.buffer[8],
            IpVersion::V6 => self.buffer[7],
        }
    }

    /// DSCP (upper six bits) and ECN (lower two).
    #[must_use]
    pub fn traffic_class(&self) -> u8 {
        match self.version {
            IpVersion::V4 => self.buffer[1],
            IpVersion::V6 => (self.buffer[0] << 4) | (self.buffer[1] >> 4),
        }
    }

    /// The flow label of an IPv6 packet (RFC 6437).
    #[must_use]
    pub fn flow_label(&self) -> Option<u32> {
        (self.version == IpVersion::V6).then(|| u32::from_be_bytes(self.octets::<4>(0)) & 0x000f_ffff)
    }

    /// Sets hop limit, mending the IPv4 header checksum.
    #[inline]
    pub fn set_hop_limit(&mut self, hop_limit: u8) {
        match self.version {
            IpVersion::V4 => {
                // A word of the header changes, and the sum with it (RFC 1624 §3).
                let (before, protocol) = (self.buffer[8], self.buffer[9]);
                let there = u16::from_be_bytes([self.buffer[10], self.buffer[11]]);
                let word = |hops| u32::from(u16::from_be_bytes([hops, protocol]));
                let sum = u32::from(!there) + (0xffff - word(before)) + word(hop_limit);
                let sum = (sum & 0xffff) + (sum >> 16);
                let sum = !(((sum & 0xffff) + (sum >> 16)) as u16);
                self.buffer[8] = hop_limit;
                self.buffer[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            IpVersion::V6 => self.buffer[7] = hop_limit,
        }
    }

    /// Sets DSCP and ECN, mending the IPv4 header checksum.
    pub fn set_traffic_class(&mut self, class: u8) {
        match self.version {
            IpVersion::V4 => {
                self.buffer[1] = class;
                self.mend_header_checksum();
            }
            IpVersion::V6 => {
                self.buffer[0] = 0x60 | (class >> 4);
                self.buffer[1] = (class << 4) | (self.buffer[1] & 0x0f);
            }
        }
    }

    /// The packet with its IPv4 don't-fragment bit clear, for its sender to cut it; an IPv6 packet stays as it is.
    #[must_use]
    pub fn without_dont_fragment(mut self) -> Self {
        if self.version == IpVersion::V4 {
            self.buffer[6] &= !0x40;
            self.mend_header_checksum();
        }
        self
    }

    fn mend_header_checksum(&mut self) {
        let header_len = usize::from(self.buffer[0] & 0x0f) * 4;
        let sum = header_checksum(&self.buffer[..header_len]);
        self.buffer[10..12].copy_from_slice(&sum.to_be_bytes());
    }

    #[inline]
    fn octets<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut octets = [0; N];
        octets.copy_from_slice(&self.buffer[offset..offset + N]);
        octets
    }
}

/// `192.0.2.1 > 198.51.100.1 protocol 50, 120 octets`.
impl fmt::Debug for IpPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, destination) = (self.source(), self.destination());
        write!(f, "{source} > {destination} protocol {}, {} octets", self.protocol, self.len())
    }
}

#[cfg(test)]
mod tests;
