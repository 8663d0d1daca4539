//! Headers in tunnel mode (RFC 4301 §5.1.2): the outer one, and what it does to the inner one.

use std::net::IpAddr;

use ipsec_net::{Buffer, IpHeader, IpPacket, IpVersion, protocol};

use crate::{DropReason, ecn};

/// The header round `inner`: hop limit 64, DF clear so that the network may fragment, DSCP and ECN those of the inner
/// packet, flow label 0.
pub(crate) fn outer_header(ends: (IpAddr, IpAddr), inner: &IpPacket, identification: u16) -> IpHeader {
    let (local, remote) = ends;
    let mut header = IpHeader::new(local, remote, protocol::ESP);
    header.traffic_class = ecn::encapsulated(inner.traffic_class());
    header.identification = identification;
    header
}

/// The packet inside a tunnel packet, with the congestion mark that it met on the way. What follows its total length is
/// traffic flow confidentiality padding and goes (RFC 4303 §2.7).
pub(crate) fn inner_packet(next_header: u8, buffer: Buffer, outer_class: u8) -> Result<IpPacket, DropReason> {
    let version = match next_header {
        protocol::IPV4 => IpVersion::V4,
        protocol::IPV6 => IpVersion::V6,
        protocol::NONE => return Err(DropReason::Dummy),
        _ => return Err(DropReason::NextHeader),
    };
    let mut inner = IpPacket::parse(buffer).map_err(|_| DropReason::NotIp)?;
    if inner.version() != version {
        return Err(DropReason::NotIp);
    }
    let class = ecn::decapsulated(inner.traffic_class(), outer_class)?;
    if class != inner.traffic_class() {
        inner.set_traffic_class(class);
    }
    Ok(inner)
}
