//! Fragmentation of IP packets (RFC 791 §3.2, RFC 8200 §4.5).

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, Ipv6FragmentHeader, Ipv6Header};

use crate::{Buffer, IpPacket, IpVersion, protocol};

/// Why a packet was not fragmented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FragmentError {
    /// The packet's don't-fragment bit is set.
    #[error("the packet is larger than the MTU and must not be fragmented")]
    DontFragment,
    /// Not even eight octets of payload fit beside the headers.
    #[error("the MTU leaves no room for a fragment")]
    MtuTooSmall,
}

/// Cuts `packet` into fragments of at most `mtu` octets, in order. A packet that fits comes back alone, unchanged.
///
/// An IPv4 packet keeps its own identification; an IPv6 one gets `identification`, which only its source may choose.
/// A fragment is cut again into smaller ones of the same datagram.
///
/// # Errors
/// When an IPv4 packet must not be fragmented, or the MTU leaves no room for eight octets of payload.
pub fn fragment(packet: IpPacket, mtu: usize, identification: u32) -> Result<Vec<IpPacket>, FragmentError> {
    if packet.len() <= mtu {
        return Ok(vec![packet]);
    }
    match packet.version() {
        IpVersion::V4 if packet.dont_fragment() => Err(FragmentError::DontFragment),
        IpVersion::V4 => fragment_v4(&packet, mtu),
        IpVersion::V6 => fragment_v6(&packet, mtu, identification),
    }
}

fn fragment_v4(packet: &IpPacket, mtu: usize) -> Result<Vec<IpPacket>, FragmentError> {
    let (header, payload) =
        Ipv4Header::from_slice(packet.as_bytes()).map_err(|_| FragmentError::MtuTooSmall)?;
    let first = usize::from(header.fragment_offset.value());
    let size = room(mtu, header.header_len())?;
    let count = payload.len().div_ceil(size);
    let pieces = payload.chunks(size).enumerate().map(|(index, piece)| {
        let mut header = header.clone();
        header.more_fragments |= index + 1 < count;
        header.fragment_offset = offset(first * 8 + index * size)?;
        header.set_payload_len(piece.len()).map_err(|_| FragmentError::MtuTooSmall)?;
        header.header_checksum = header.calc_header_checksum();
        assemble(&[&header.to_bytes()], piece)
    });
    pieces.collect()
}

fn fragment_v6(packet: &IpPacket, mtu: usize, identification: u32) -> Result<Vec<IpPacket>, FragmentError> {
    let octets = packet.as_bytes();
    let (unfragmentable_len, next_header_at, next_header) = unfragmentable(octets);
    let already = packet.fragment().filter(|_| next_header == protocol::FRAGMENT);
    let (payload_at, next_header) = match already {
        Some(_) => (unfragmentable_len + Ipv6FragmentHeader::LEN, octets[unfragmentable_len]),
        None => (unfragmentable_len, next_header),
    };
    let payload = &octets[payload_at..];
    let size = room(mtu, unfragmentable_len + Ipv6FragmentHeader::LEN)?;
    let count = payload.len().div_ceil(size);
    let pieces = payload.chunks(size).enumerate().map(|(index, piece)| {
        let more = index + 1 < count || already.is_some_and(|fragment| fragment.more);
        let first = already.map_or(0, |fragment| fragment.offset);
        let identification = already.map_or(identification, |fragment| fragment.identification);
        let at = offset(first + index * size)?;
        let header = Ipv6FragmentHeader::new(IpNumber(next_header), at, more, identification);
        let mut prefix = octets[..unfragmentable_len].to_vec();
        prefix[next_header_at] = protocol::FRAGMENT;
        let length = unfragmentable_len - Ipv6Header::LEN + Ipv6FragmentHeader::LEN + piece.len();
        let length = u16::try_from(length).map_err(|_| FragmentError::MtuTooSmall)?;
        prefix[4..6].copy_from_slice(&length.to_be_bytes());
        assemble(&[&prefix, &header.to_bytes()], piece)
    });
    pieces.collect()
}

/// The length of the headers that every fragment repeats (RFC 8200 §4.5: up to the routing header, else up to the
/// hop-by-hop options), the offset of the next-header octet that names what follows them, and that octet.
fn unfragmentable(octets: &[u8]) -> (usize, usize, u8) {
    let (mut end, mut named_at) = (Ipv6Header::LEN, 6);
    let (mut at, mut name_at) = (end, named_at);
    loop {
        match octets[name_at] {
            protocol::HOP_BY_HOP | protocol::ROUTING => {
                name_at = at;
                at += usize::from(octets[at + 1]) * 8 + 8;
                (end, named_at) = (at, name_at);
            }
            // Destination options are repeated only when a routing header follows them.
            protocol::DESTINATION_OPTIONS => {
                name_at = at;
                at += usize::from(octets[at + 1]) * 8 + 8;
            }
            _ => return (end, named_at, octets[named_at]),
        }
    }
}

/// Octets of payload that fit beside `headers`, rounded down to a multiple of eight.
fn room(mtu: usize, headers: usize) -> Result<usize, FragmentError> {
    match mtu.saturating_sub(headers) & !7 {
        0 => Err(FragmentError::MtuTooSmall),
        size => Ok(size),
    }
}

fn offset(octets: usize) -> Result<IpFragOffset, FragmentError> {
    let units = u16::try_from(octets / 8).map_err(|_| FragmentError::MtuTooSmall)?;
    IpFragOffset::try_new(units).map_err(|_| FragmentError::MtuTooSmall)
}

fn assemble(headers: &[&[u8]], payload: &[u8]) -> Result<IpPacket, FragmentError> {
    let mut buffer = Buffer::copy_of(payload);
    for header in headers.iter().rev() {
        buffer.grow_front(header.len()).copy_from_slice(header);
    }
    IpPacket::parse(buffer).map_err(|_| FragmentError::MtuTooSmall)
}
