//! What a packet filter sees in a packet.

use ipsec_net::{IpPacket, icmp_error, protocol, udp};

use super::super::Flow;
use super::note::FirewallDrop;

/// The port of IKE and ESP in UDP (RFC 3948 §2.1, RFC 7296 §2.23).
const NAT_TRAVERSAL_PORT: u16 = 4500;
/// What distinguishes an IKE message on that port from ESP, whose SPI is never zero (RFC 3948 §2.2).
const NON_ESP_MARKER: [u8; 4] = [0; 4];

/// A packet as a filter sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inspected {
    /// A packet of a flow.
    Flow {
        /// The flow.
        flow: Flow,
        /// Whether it carries ESP in UDP; a keepalive, which is too short for an SPI, is none.
        is_udp_encapsulated_esp: bool,
    },
    /// An ICMP error about a packet of a flow.
    Error {
        /// The flow of the packet that it quotes.
        about: Flow,
    },
}

/// Looks at a whole packet or a first fragment.
pub(super) fn inspect(packet: &IpPacket) -> Result<Inspected, FirewallDrop> {
    if icmp_error::is_error(packet) {
        let message = icmp_error::read(packet).ok_or(FirewallDrop::Malformed)?;
        let about = Flow::quoted(&message.quoted).ok_or(FirewallDrop::Malformed)?;
        // An error goes to the source of what it quotes, or it is none.
        let is_answer = about.source.ip() == packet.destination();
        return if is_answer { Ok(Inspected::Error { about }) } else { Err(FirewallDrop::Malformed) };
    }
    let flow = Flow::read(packet).ok_or(FirewallDrop::Malformed)?;
    let on_port = [flow.source.port(), flow.destination.port()].contains(&NAT_TRAVERSAL_PORT);
    let spi = packet.payload().get(udp::HEADER_LEN..udp::HEADER_LEN + NON_ESP_MARKER.len());
    let is_udp_encapsulated_esp =
        flow.protocol == protocol::UDP && on_port && spi.is_some_and(|spi| spi != NON_ESP_MARKER);
    Ok(Inspected::Flow { flow, is_udp_encapsulated_esp })
}
