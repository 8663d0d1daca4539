//! The demultiplexer: what a packet from outside is for (RFC 4301 §5.2 step 3).

use std::net::{IpAddr, SocketAddr};

use ipsec_dataplane::KEEPALIVE;
use ipsec_ikev2::{IKE_PORT, NAT_PORT};
use ipsec_net::{IpPacket, icmp_error, protocol, udp};

use crate::event::DropReason;

/// What a whole packet from outside is for.
pub(crate) enum Outside {
    /// An IKE message.
    Ike { from: SocketAddr, to: SocketAddr, octets: Vec<u8> },
    /// An ESP or AH packet.
    Protected(IpPacket),
    /// A UDP packet with ESP in it.
    EspInUdp(IpPacket),
    /// A reminder for NAT, which says nothing (RFC 3948 §2.3).
    Keepalive,
    /// An ICMP error about a packet of ours.
    Error(IpPacket),
    /// None of ours to open: policy decides.
    Clear(IpPacket),
}

/// What stands before an IKE message where ESP has its SPI (RFC 3948 §2.2).
pub(crate) const MARKER: [u8; 4] = [0; 4];

/// Sorts a packet.
///
/// # Errors
/// When it is for nobody here.
pub(crate) fn sort(addresses: &[IpAddr], packet: IpPacket) -> Result<Outside, DropReason> {
    if !addresses.contains(&packet.destination()) {
        return Ok(Outside::Clear(packet));
    }
    match packet.protocol() {
        protocol::ESP | protocol::AH => Ok(Outside::Protected(packet)),
        protocol::UDP => {
            let datagram = udp::read(&packet)?;
            let (from, to) = (datagram.source, datagram.destination);
            match (to.port(), datagram.payload) {
                (IKE_PORT, octets) => Ok(Outside::Ike { from, to, octets: octets.to_vec() }),
                (NAT_PORT, octets) if *octets == KEEPALIVE => Ok(Outside::Keepalive),
                (NAT_PORT, octets) => match octets.strip_prefix(&MARKER) {
                    Some(octets) => Ok(Outside::Ike { from, to, octets: octets.to_vec() }),
                    None => Ok(Outside::EspInUdp(packet)),
                },
                (port, _) => Err(DropReason::Port(port)),
            }
        }
        protocol::ICMP | protocol::ICMPV6 if icmp_error::is_error(&packet) => Ok(Outside::Error(packet)),
        protocol::ICMP | protocol::ICMPV6 => Err(DropReason::Icmp),
        _ => Err(DropReason::NotForUs),
    }
}
