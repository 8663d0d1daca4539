//! Headers of new packets.

use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::{IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header};

use super::layout::header_checksum;
use super::{IpHeader, NotIp};

pub(super) fn header_v4(
    header: &IpHeader,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    payload_len: usize,
) -> Result<[u8; Ipv4Header::MIN_LEN], NotIp> {
    let too_long = NotIp::Unbuildable("the payload does not fit in an IPv4 packet");
    let length = u16::try_from(payload_len).map_err(|_| too_long)?;
    let total = length.checked_add(Ipv4Header::MIN_LEN as u16).ok_or(too_long)?;
    // Written here rather than by `etherparse`, whose header has room for options: each packet of a tunnel gets one.
    let mut octets = [0; Ipv4Header::MIN_LEN];
    octets[0] = 0x45;
    octets[1] = header.traffic_class;
    octets[2..4].copy_from_slice(&total.to_be_bytes());
    octets[4..6].copy_from_slice(&header.identification.to_be_bytes());
    octets[6] = if header.dont_fragment { 0x40 } else { 0 };
    octets[8] = header.hop_limit;
    octets[9] = header.protocol;
    octets[12..16].copy_from_slice(&source.octets());
    octets[16..].copy_from_slice(&destination.octets());
    let sum = header_checksum(&octets);
    octets[10..12].copy_from_slice(&sum.to_be_bytes());
    Ok(octets)
}

pub(super) fn header_v6(
    header: &IpHeader,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    payload_len: usize,
) -> Result<[u8; Ipv6Header::LEN], NotIp> {
    let too_long = NotIp::Unbuildable("the payload does not fit in an IPv6 packet");
    let v6 = Ipv6Header {
        traffic_class: header.traffic_class,
        flow_label: Ipv6FlowLabel::ZERO,
        payload_length: u16::try_from(payload_len).map_err(|_| too_long)?,
        next_header: IpNumber(header.protocol),
        hop_limit: header.hop_limit,
        source: source.octets(),
        destination: destination.octets(),
    };
    Ok(v6.to_bytes())
}
