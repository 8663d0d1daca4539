//! TCP segments (RFC 9293 §3.1), built into and read out of IP packets, with their checksums. Of the options
//! only the maximum segment size is written; others are skipped when read.

use std::net::{IpAddr, SocketAddr};

use etherparse::{TcpHeader, TcpOptionElement, TcpSlice};

use crate::{Buffer, IpHeader, IpPacket, NotIp, protocol};

/// The length of a TCP header without options in octets.
pub const HEADER_LEN: usize = TcpHeader::MIN_LEN;

/// The control bits that a stream needs (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags {
    /// Synchronize sequence numbers.
    pub syn: bool,
    /// The acknowledgment field counts.
    pub ack: bool,
    /// No more data from the sender.
    pub fin: bool,
    /// Reset the connection.
    pub rst: bool,
    /// Push function.
    pub psh: bool,
}

/// The fields of a header that the sender of a segment chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Header {
    /// The number of the first octet; of the SYN where there is one.
    pub sequence: u32,
    /// The number that the sender of the segment expects next; without meaning unless ACK is set.
    pub acknowledgment: u32,
    /// The control bits.
    pub flags: Flags,
    /// How many octets from the acknowledgment on the sender of the segment is willing to accept.
    pub window: u16,
    /// The maximum segment size option, in octets (RFC 9293 §3.7.1).
    pub maximum_segment_size: Option<u16>,
}

/// A segment as it stands in a packet; its checksum has been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Where it came from.
    pub source: SocketAddr,
    /// Where it goes.
    pub destination: SocketAddr,
    /// Its header.
    pub header: Header,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Why a packet holds no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum NotTcp {
    /// The packet carries another protocol, or is a fragment.
    #[error("the packet is a fragment or carries no TCP")]
    Protocol,
    /// The data offset is less than a header or more than the packet has.
    #[error("the TCP data offset does not fit the packet")]
    Length,
    /// The checksum is wrong.
    #[error("the TCP checksum is wrong")]
    Checksum,
}

/// Reads the segment in a packet.
///
/// # Errors
/// When the packet is a fragment or carries no TCP, when the data offset does not fit, or the checksum is
/// wrong.
pub fn read(packet: &IpPacket) -> Result<Segment<'_>, NotTcp> {
    if packet.protocol() != protocol::TCP || packet.fragment().is_some_and(|f| f.more || f.offset > 0) {
        return Err(NotTcp::Protocol);
    }
    let slice = TcpSlice::from_slice(packet.payload()).map_err(|_| NotTcp::Length)?;
    let (source, destination) = (packet.source(), packet.destination());
    if checksum(&slice, source, destination) != Some(slice.checksum()) {
        return Err(NotTcp::Checksum);
    }
    let maximum_segment_size = slice.options_iterator().flatten().find_map(|option| match option {
        TcpOptionElement::MaximumSegmentSize(size) => Some(size),
        _ => None,
    });
    Ok(Segment {
        source: SocketAddr::new(source, slice.source_port()),
        destination: SocketAddr::new(destination, slice.destination_port()),
        header: Header {
            sequence: slice.sequence_number(),
            acknowledgment: slice.acknowledgment_number(),
            flags: Flags {
                syn: slice.syn(),
                ack: slice.ack(),
                fin: slice.fin(),
                rst: slice.rst(),
                psh: slice.psh(),
            },
            window: slice.window_size(),
            maximum_segment_size,
        },
        payload: slice.payload(),
    })
}

/// Wraps `payload` in TCP and IP; `ip`'s addresses and protocol are replaced by the segment's.
///
/// # Errors
/// When the payload is longer than an IP packet can carry, or the addresses' versions differ.
pub fn build(
    source: SocketAddr,
    destination: SocketAddr,
    header: &Header,
    mut payload: Buffer,
    ip: &IpHeader,
) -> Result<IpPacket, NotIp> {
    let mut tcp = TcpHeader::new(source.port(), destination.port(), header.sequence, header.window);
    tcp.acknowledgment_number = header.acknowledgment;
    let Flags { syn, ack, fin, rst, psh } = header.flags;
    (tcp.syn, tcp.ack, tcp.fin, tcp.rst, tcp.psh) = (syn, ack, fin, rst, psh);
    if let Some(size) = header.maximum_segment_size {
        let option = [TcpOptionElement::MaximumSegmentSize(size)];
        tcp.set_options(&option).map_err(|_| NotIp::Unbuildable("the TCP options do not fit"))?;
    }
    if payload.len() + tcp.header_len() > usize::from(u16::MAX) {
        return Err(NotIp::Unbuildable("the payload does not fit in a TCP segment"));
    }
    payload.grow_front(tcp.header_len()).copy_from_slice(&tcp.to_bytes());
    let sum = TcpSlice::from_slice(&payload)
        .ok()
        .and_then(|slice| checksum(&slice, source.ip(), destination.ip()))
        .ok_or(NotIp::Unbuildable("source and destination are of different IP versions"))?;
    payload[CHECKSUM_AT..CHECKSUM_AT + 2].copy_from_slice(&sum.to_be_bytes());
    let ip = IpHeader { source: source.ip(), destination: destination.ip(), protocol: protocol::TCP, ..*ip };
    IpPacket::build(&ip, payload)
}

/// The checksum that belongs into a segment, whatever stands there now; reserved bits and options count.
fn checksum(segment: &TcpSlice<'_>, source: IpAddr, destination: IpAddr) -> Option<u16> {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            segment.calc_checksum_ipv4(source.octets(), destination.octets()).ok()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            segment.calc_checksum_ipv6(source.octets(), destination.octets()).ok()
        }
        _ => None,
    }
}

const CHECKSUM_AT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: [(&str, &str); 2] =
        [("192.0.2.1:49152", "198.51.100.1:80"), ("[2001:db8::1]:49152", "[2001:db8::2]:80")];

    fn packet(ends: (&str, &str), header: &Header, payload: &[u8]) -> IpPacket {
        let (source, destination): (SocketAddr, SocketAddr) =
            (ends.0.parse().unwrap(), ends.1.parse().unwrap());
        let ip = IpHeader::new(source.ip(), destination.ip(), 0);
        build(source, destination, header, Buffer::copy_of(payload), &ip).unwrap()
    }

    fn header() -> Header {
        Header {
            sequence: 0xfedc_ba98,
            acknowledgment: 7,
            flags: Flags { ack: true, psh: true, ..Flags::default() },
            window: 65_535,
            maximum_segment_size: None,
        }
    }

    #[test]
    fn a_built_segment_reads_back() {
        for ends in ENDS {
            for size in [None, Some(1460)] {
                let header = Header { maximum_segment_size: size, ..header() };
                let packet = packet(ends, &header, b"octets");
                let segment = read(&packet).unwrap();
                assert_eq!(segment.header, header);
                assert_eq!(segment.source.to_string(), ends.0);
                assert_eq!(segment.destination.to_string(), ends.1);
                assert_eq!(segment.payload, b"octets");
            }
        }
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        for ends in ENDS {
            let whole = packet(ends, &header(), b"octets");
            for bit in 0..whole.payload().len() * 8 {
                let mut damaged = whole.clone();
                damaged.payload_mut()[bit / 8] ^= 0x80 >> (bit % 8);
                assert!(matches!(read(&damaged), Err(NotTcp::Checksum | NotTcp::Length)), "bit {bit}");
            }
        }
    }

    #[test]
    fn what_is_no_whole_segment_is_refused() {
        let whole = packet(ENDS[0], &header(), b"octets");
        let ip = IpHeader::new(whole.source(), whole.destination(), protocol::TCP);
        let short = IpPacket::build(&ip, Buffer::copy_of(&whole.payload()[..19])).unwrap();
        assert_eq!(read(&short), Err(NotTcp::Length));
        let other = IpHeader { protocol: protocol::UDP, ..ip };
        let other = IpPacket::build(&other, Buffer::copy_of(whole.payload())).unwrap();
        assert_eq!(read(&other), Err(NotTcp::Protocol));
        let pieces = crate::fragment(whole, 28, 0).unwrap();
        assert_eq!(read(&pieces[0]), Err(NotTcp::Protocol));
        let (v4, v6) = (ENDS[0].0.parse().unwrap(), ENDS[1].1.parse().unwrap());
        assert!(build(v4, v6, &header(), Buffer::default(), &ip).is_err());
        assert!(build(v4, v4, &header(), Buffer::copy_of(&[0; 65_530]), &ip).is_err());
    }
}
