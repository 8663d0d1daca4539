//! Headers in tunnel mode (RFC 4301 §5.1.2): the outer one, and what it does to the inner one.

use std::net::IpAddr;

use ipsec_net::{Buffer, IpHeader, IpPacket, IpVersion, protocol};

use crate::outbound::Sealing;
use crate::{DontFragment, DropReason, SaParameters, ecn};

/// The header round `inner`: hop limit 64, DSCP and the don't-fragment bit as the SA says, ECN that of the inner packet,
/// flow label 0. Its protocol is the caller's to set.
pub(crate) fn outer_header(
    ends: (IpAddr, IpAddr),
    inner: &IpPacket,
    parameters: &SaParameters,
    with: &Sealing<'_>,
) -> IpHeader {
    let class = ecn::encapsulated(inner.traffic_class());
    let mut header = IpHeader::new(ends.0, ends.1, parameters.protection.protocol());
    header.traffic_class = parameters.options.dscp.map_or(class, |dscp| (dscp << 2) | (class & 3));
    header.dont_fragment = sets_dont_fragment(parameters.options.dont_fragment, inner);
    header.identification = with.identification;
    header
}

/// The header round a packet that carries nothing.
pub(crate) fn dummy_header(
    ends: (IpAddr, IpAddr),
    parameters: &SaParameters,
    with: &Sealing<'_>,
) -> IpHeader {
    let mut header = IpHeader::new(ends.0, ends.1, parameters.protection.protocol());
    header.traffic_class = parameters.options.dscp.map_or(0, |dscp| dscp << 2);
    header.identification = with.identification;
    header
}

/// Whether the packet round `inner` may not be cut. An IPv6 packet of 1280 octets has to get through wherever it goes
/// (RFC 8200 §5), so that one in a narrower tunnel has to be cut.
pub(crate) fn sets_dont_fragment(setting: DontFragment, inner: &IpPacket) -> bool {
    let is_v4 = inner.version() == IpVersion::V4;
    match setting {
        DontFragment::Copy => is_v4 && inner.dont_fragment(),
        DontFragment::Set => is_v4 || inner.len() > IpVersion::V6.minimum_mtu(),
        DontFragment::Clear => false,
    }
}

/// Makes a tunnel packet the one inside it, with the congestion mark that it met on the way; `open` leaves of the payload what
/// is to be that packet, and returns the next header. What follows its total length is traffic flow confidentiality padding
/// and goes (RFC 4303 §2.7).
pub(crate) fn release(
    packet: &mut IpPacket,
    open: impl FnOnce(&mut Buffer) -> Result<u8, DropReason>,
) -> Result<(), DropReason> {
    let outer_class = packet.traffic_class();
    let mut version = IpVersion::V4;
    packet.release(|buffer| {
        version = match open(buffer)? {
            protocol::IPV4 => IpVersion::V4,
            protocol::IPV6 => IpVersion::V6,
            protocol::NONE => return Err(DropReason::Dummy),
            _ => return Err(DropReason::NextHeader),
        };
        Ok(())
    })?;
    if packet.version() != version {
        return Err(DropReason::NotIp);
    }
    let class = ecn::decapsulated(packet.traffic_class(), outer_class)?;
    if class != packet.traffic_class() {
        packet.set_traffic_class(class);
    }
    Ok(())
}
