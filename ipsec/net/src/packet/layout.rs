//! Where the parts of a packet stand, proven against its octets.

use etherparse::{
    Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6Header, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice,
};

use super::{FragmentInfo, IpVersion, NotIp, protocol};

pub(super) struct Layout {
    pub(super) version: IpVersion,
    pub(super) protocol: u8,
    pub(super) header_len: usize,
    pub(super) total_len: usize,
    pub(super) fragment: Option<FragmentInfo>,
}

pub(super) fn layout_v4(octets: &[u8]) -> Result<Layout, NotIp> {
    let wrong = NotIp::Length { offset: 0 };
    let header = Ipv4HeaderSlice::from_slice(octets).map_err(|_| wrong)?;
    let header_len = header.slice().len();
    let total_len = usize::from(header.total_len());
    if total_len < header_len || total_len > octets.len() {
        return Err(wrong);
    }
    if header_checksum(header.slice()) != header.header_checksum() {
        return Err(NotIp::HeaderChecksum);
    }
    let offset = usize::from(header.fragments_offset().value()) * 8;
    let more = header.more_fragments();
    let identification = u32::from(header.identification());
    let fragment = (more || offset > 0).then_some(FragmentInfo { identification, offset, more });
    let protocol = header.protocol().0;
    Ok(Layout { version: IpVersion::V4, protocol, header_len, total_len, fragment })
}

pub(super) fn layout_v6(octets: &[u8]) -> Result<Layout, NotIp> {
    let wrong = |offset| NotIp::Length { offset };
    let header = Ipv6HeaderSlice::from_slice(octets).map_err(|_| wrong(0))?;
    let total_len = Ipv6Header::LEN + usize::from(header.payload_length());
    let octets = octets.get(..total_len).ok_or(wrong(0))?;
    let mut protocol = header.next_header().0;
    let mut header_len = Ipv6Header::LEN;
    let mut fragment = None;
    while is_extension(protocol) {
        let rest = &octets[header_len..];
        if protocol == protocol::FRAGMENT {
            let slice = Ipv6FragmentHeaderSlice::from_slice(rest).map_err(|_| wrong(header_len))?;
            let offset = usize::from(slice.fragment_offset().value()) * 8;
            let more = slice.more_fragments();
            fragment = Some(FragmentInfo { identification: slice.identification(), offset, more });
            protocol = slice.next_header().0;
            header_len += slice.slice().len();
            if offset > 0 {
                break;
            }
        } else {
            let slice = Ipv6RawExtHeaderSlice::from_slice(rest).map_err(|_| wrong(header_len))?;
            protocol = slice.next_header().0;
            header_len += slice.slice().len();
        }
    }
    Ok(Layout { version: IpVersion::V6, protocol, header_len, total_len, fragment })
}

pub(super) fn is_extension(protocol: u8) -> bool {
    use protocol::{DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, ROUTING};
    matches!(protocol, HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS)
}

/// The checksum that belongs into `header`, whatever stands there now.
pub(super) fn header_checksum(header: &[u8]) -> u16 {
    // Four octets at a time: the halves add up the same once they are folded (RFC 1071 §2).
    let words = header.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    let there = u32::from(u16::from_be_bytes([header[10], header[11]]));
    let mut sum = words.map(u64::from).sum::<u64>() - u64::from(there);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
