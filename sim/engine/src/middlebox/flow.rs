//! What tells one flow of packets from another: protocol, addresses and ports.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipsec_net::icmp_error::Quoted;
use ipsec_net::{IpPacket, protocol};

/// Protocol, source and destination. A protocol without ports has port 0. An echo request's source port is
/// its identifier, and so is an echo reply's destination port (RFC 5508 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// The upper-layer protocol.
    pub protocol: u8,
    /// Where its packets come from.
    pub source: SocketAddr,
    /// Where they go.
    pub destination: SocketAddr,
}

impl Flow {
    /// The flow of a packet; nothing when the upper-layer header is not all there.
    #[must_use]
    pub fn read(packet: &IpPacket) -> Option<Self> {
        let payload = packet.has_upper_header().then(|| packet.payload())?;
        let header_len = match packet.protocol() {
            protocol::TCP => 20,
            protocol::UDP | protocol::ICMP | protocol::ICMPV6 => 8,
            _ => 0,
        };
        let ports = ports(packet.protocol(), payload).filter(|_| payload.len() >= header_len)?;
        Some(Self::new(packet.protocol(), packet.source(), packet.destination(), ports))
    }

    /// The flow of a packet, with ports 0 where its upper-layer header is not all there.
    #[must_use]
    pub fn of(packet: &IpPacket) -> Self {
        let (source, destination) = (packet.source(), packet.destination());
        Self::read(packet).unwrap_or_else(|| Self::new(packet.protocol(), source, destination, (0, 0)))
    }

    /// The flow of a packet that an ICMP error quotes; nothing when too little of it is quoted.
    #[must_use]
    pub fn quoted(quoted: &Quoted<'_>) -> Option<Self> {
        let payload = quoted.has_upper_header.then_some(quoted.payload)?;
        Some(Self::new(quoted.protocol, quoted.source, quoted.destination, ports(quoted.protocol, payload)?))
    }

    /// The flow of the answers.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { source: self.destination, destination: self.source, ..self }
    }

    fn new(protocol: u8, source: IpAddr, destination: IpAddr, ports: (u16, u16)) -> Self {
        let source = SocketAddr::new(source, ports.0);
        Self { protocol, source, destination: SocketAddr::new(destination, ports.1) }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.protocol);
        write_endpoint(self.source, out);
        write_endpoint(self.destination, out);
    }
}

/// `UDP 10.0.0.1:500 > 192.0.2.1:500`; without ports where the protocol has none.
impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, destination) = (self.source, self.destination);
        let name = match self.protocol {
            protocol::ICMP | protocol::ICMPV6 => "ICMP",
            protocol::TCP => "TCP",
            protocol::UDP => "UDP",
            protocol::ESP => "ESP",
            protocol::AH => "AH",
            number => return write!(f, "protocol {number}, {} > {}", source.ip(), destination.ip()),
        };
        match self.protocol {
            protocol::TCP | protocol::UDP => write!(f, "{name} {source} > {destination}"),
            _ => write!(f, "{name} {} > {}", source.ip(), destination.ip()),
        }
    }
}

pub(crate) fn write_endpoint(endpoint: SocketAddr, out: &mut Vec<u8>) {
    match endpoint.ip() {
        IpAddr::V4(address) => {
            out.push(4);
            out.extend(address.octets());
        }
        IpAddr::V6(address) => {
            out.push(6);
            out.extend(address.octets());
        }
    }
    out.extend(endpoint.port().to_be_bytes());
}

/// Source and destination port out of the beginning of an upper-layer header; eight octets are sure to be
/// quoted.
fn ports(number: u8, payload: &[u8]) -> Option<(u16, u16)> {
    let field = |at: usize| Some(u16::from_be_bytes([*payload.get(at)?, *payload.get(at + 1)?]));
    match number {
        protocol::TCP | protocol::UDP => Some((field(0)?, field(2)?)),
        protocol::ICMP | protocol::ICMPV6 => match (number, payload.first()?) {
            (protocol::ICMP, 8) | (protocol::ICMPV6, 128) => Some((field(4)?, 0)),
            (protocol::ICMP, 0) | (protocol::ICMPV6, 129) => Some((0, field(4)?)),
            _ => Some((0, 0)),
        },
        _ => Some((0, 0)),
    }
}
