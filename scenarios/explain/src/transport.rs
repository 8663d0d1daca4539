//! What IP packets carry: UDP, TCP, ESP and AH, behind extension headers and in fragments.
//!
//! A machine that captures what it sends itself sees checksums which the network card has yet to compute, so a wrong one
//! is told and no more.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use etherparse::{TcpSlice, UdpSlice};
use ipsec_net::{Buffer, Instant, IpPacket, Limits, NotIp, Reassembled, Reassembler, protocol};

/// What a packet carries that is of interest here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport<'a> {
    Udp { ports: (u16, u16), payload: &'a [u8], is_sound: bool },
    Tcp { ports: (u16, u16), sequence: u32, begins: bool, payload: &'a [u8] },
    Esp(&'a [u8]),
    Ah(&'a [u8]),
    Other,
}

/// Where a packet comes from and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Course {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
}

/// Puts fragments together.
pub(crate) struct Packets {
    reassembler: Reassembler,
}

/// What became of octets.
pub(crate) enum Packet {
    /// A whole packet.
    Whole(IpPacket),
    /// A fragment that waits for others.
    Waiting,
    /// No packet, for this reason.
    Refused(String),
}

impl Packets {
    pub(crate) fn new() -> Self {
        let limits = Limits { timeout: Duration::from_secs(60), ..Limits::default() };
        Self { reassembler: Reassembler::new(limits) }
    }

    /// Takes an IP packet that came at this time.
    pub(crate) fn take(&mut self, at: u64, octets: &[u8]) -> Packet {
        let packet = match IpPacket::parse(Buffer::copy_of(octets)) {
            Err(NotIp::HeaderChecksum) => IpPacket::parse(with_checksum(octets)),
            read => read,
        };
        match packet {
            Ok(packet) if packet.fragment().is_none() => Packet::Whole(packet),
            Ok(packet) => {
                let now = Instant::from_nanos(at);
                self.reassembler.expire(now);
                match self.reassembler.handle(now, packet) {
                    Reassembled::Whole(packet) => Packet::Whole(packet),
                    Reassembled::Waiting => Packet::Waiting,
                    Reassembled::Refused(why) => Packet::Refused(format!("a fragment: {why}")),
                }
            }
            Err(why) => Packet::Refused(format!("no IP packet: {why}")),
        }
    }
}

/// The IPv4 header with the checksum that the network card would have put there.
fn with_checksum(octets: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    if let Ok((mut header, rest)) = etherparse::Ipv4Header::from_slice(&octets) {
        header.header_checksum = header.calc_header_checksum();
        let length = octets.len() - rest.len();
        let written = header.to_bytes();
        octets[..length].copy_from_slice(&written[..length]);
    }
    octets
}

/// What a whole packet carries.
pub(crate) fn transport(packet: &IpPacket) -> Transport<'_> {
    let payload = packet.payload();
    match packet.protocol() {
        protocol::ESP => Transport::Esp(payload),
        protocol::AH => Transport::Ah(payload),
        protocol::UDP => UdpSlice::from_slice(payload).map_or(Transport::Other, |datagram| Transport::Udp {
            ports: (datagram.source_port(), datagram.destination_port()),
            payload: datagram.payload(),
            is_sound: ipsec_net::udp::read(packet).is_ok(),
        }),
        protocol::TCP => TcpSlice::from_slice(payload).map_or(Transport::Other, |segment| Transport::Tcp {
            ports: (segment.source_port(), segment.destination_port()),
            sequence: segment.sequence_number(),
            begins: segment.syn(),
            payload: segment.payload(),
        }),
        _ => Transport::Other,
    }
}

/// The course of a packet between these ports, 0 where there are none.
pub(crate) fn course(packet: &IpPacket, ports: (u16, u16)) -> Course {
    let end = |address: IpAddr, port| SocketAddr::new(address, port);
    Course { from: end(packet.source(), ports.0), to: end(packet.destination(), ports.1) }
}
