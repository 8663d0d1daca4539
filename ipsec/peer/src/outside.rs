//! The demultiplexer: what a packet from outside is for (RFC 4301 §5.2 step 3).

use std::net::{IpAddr, SocketAddr};

use ipsec_ikev2::IKE_PORT;
use ipsec_net::{IpPacket, protocol, udp};

use crate::event::DropReason;

/// What a whole packet from outside is for.
pub(crate) enum Outside {
    /// An IKE message.
    Ike { from: SocketAddr, to: SocketAddr, octets: Vec<u8> },
    /// An ESP packet.
    Esp(IpPacket),
    /// None of ours to open: policy decides.
    Clear(IpPacket),
}

/// Sorts a packet.
///
/// # Errors
/// When it is for nobody here.
pub(crate) fn sort(addresses: &[IpAddr], packet: IpPacket) -> Result<Outside, DropReason> {
    if !addresses.contains(&packet.destination()) {
        return Ok(Outside::Clear(packet));
    }
    match packet.protocol() {
        protocol::ESP => Ok(Outside::Esp(packet)),
        protocol::UDP => {
            let datagram = udp::read(&packet)?;
            if datagram.destination.port() != IKE_PORT {
                return Err(DropReason::Port(datagram.destination.port()));
            }
            let (from, to) = (datagram.source, datagram.destination);
            Ok(Outside::Ike { from, to, octets: datagram.payload.to_vec() })
        }
        protocol::ICMP | protocol::ICMPV6 => Err(DropReason::Icmp),
        _ => Err(DropReason::NotForUs),
    }
}
