//! Packets and harnesses for the tests of middleboxes.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, protocol, udp};
use proptest::prelude::*;

use crate::{Node, Port, Step};

pub(crate) fn seconds(count: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(count)
}

pub(crate) fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A UDP datagram between two endpoints written as text.
pub(crate) fn datagram(source: &str, destination: &str, payload: &[u8]) -> IpPacket {
    datagram_with(source, destination, payload, |_| ())
}

pub(crate) fn datagram_with(
    source: &str,
    destination: &str,
    payload: &[u8],
    change: impl FnOnce(&mut IpHeader),
) -> IpPacket {
    let (source, destination): (SocketAddr, SocketAddr) =
        (source.parse().unwrap(), destination.parse().unwrap());
    let mut header = IpHeader::new(source.ip(), destination.ip(), protocol::UDP);
    change(&mut header);
    udp::build(source, destination, Buffer::copy_of(payload), &header).unwrap()
}

pub(crate) fn raw(source: &str, destination: &str, number: u8, payload: &[u8]) -> IpPacket {
    let header = IpHeader::new(address(source), address(destination), number);
    IpPacket::build(&header, Buffer::copy_of(payload)).unwrap()
}

/// A TCP segment without options, with a right checksum.
pub(crate) fn segment(source: &str, destination: &str) -> IpPacket {
    let (source, destination): (SocketAddr, SocketAddr) =
        (source.parse().unwrap(), destination.parse().unwrap());
    let mut octets = [0; 20];
    octets[..2].copy_from_slice(&source.port().to_be_bytes());
    octets[2..4].copy_from_slice(&destination.port().to_be_bytes());
    octets[12] = 5 << 4;
    let mut packet = raw(&source.ip().to_string(), &destination.ip().to_string(), protocol::TCP, &octets);
    let sum = tcp_checksum(&packet);
    packet.payload_mut()[16..18].copy_from_slice(&sum);
    packet
}

/// What a TCP segment's checksum over IPv4 has to be raised by to be right: zero once it is.
pub(crate) fn tcp_checksum(packet: &IpPacket) -> [u8; 2] {
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (packet.source(), packet.destination()) else {
        panic!("IPv4 only");
    };
    let length = packet.payload().len() as u16;
    etherparse_sum(&[
        &source.octets(),
        &destination.octets(),
        &[0, protocol::TCP],
        &length.to_be_bytes(),
        packet.payload(),
    ])
}

fn etherparse_sum(parts: &[&[u8]]) -> [u8; 2] {
    let mut sum = 0_u32;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        }
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    (!(sum as u16)).to_be_bytes()
}

/// What a node did since it was last asked.
#[derive(Debug)]
pub(crate) struct Done<N> {
    pub(crate) sent: Vec<(Port, IpPacket)>,
    pub(crate) notes: Vec<N>,
    pub(crate) until: Option<Instant>,
}

impl<N> Done<N> {
    /// The only packet, and where it left.
    #[track_caller]
    pub(crate) fn only(&self) -> (Port, &IpPacket) {
        assert_eq!(self.sent.len(), 1, "one packet is sent");
        (self.sent[0].0, &self.sent[0].1)
    }
}

pub(crate) fn drain<T: Node>(node: &mut T, now: Instant) -> Done<T::Note> {
    let (mut sent, mut notes) = (Vec::new(), Vec::new());
    loop {
        match node.poll(now) {
            Step::Send { port, packet } => sent.push((port, packet)),
            Step::Note(note) => notes.push(note),
            Step::Idle { until } => return Done { sent, notes, until },
        }
    }
}

pub(crate) fn hand<T: Node>(node: &mut T, now: Instant, port: u16, packet: IpPacket) -> Done<T::Note> {
    node.handle(now, Port(port), packet);
    drain(node, now)
}

/// `[ip]:port` or `ip:port` of a packet's source and destination as text.
pub(crate) fn ends(packet: &IpPacket) -> String {
    let flow = super::Flow::of(packet);
    format!("{} > {}", flow.source, flow.destination)
}

/// Packets of every kind between few addresses, right and wrong ones, fragments among them.
pub(crate) fn any_packet(addresses: &'static [&'static str]) -> impl Strategy<Value = IpPacket> {
    let one = prop::sample::select(addresses);
    let number = prop_oneof![
        3 => Just(protocol::UDP),
        2 => Just(protocol::ICMP),
        1 => Just(protocol::TCP),
        1 => Just(protocol::ESP),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        prop::collection::vec(0u8..4, 0..80),
        (0u16..4, 0u16..4).prop_map(|(a, b)| {
            [&(1000 + a).to_be_bytes()[..], &(1000 + b).to_be_bytes(), &[0, 40], &[0; 34]].concat()
        }),
    ];
    let fragment = prop_oneof![3 => Just(0u16), 1 => 0u16..4, 1 => (0u16..4).prop_map(|o| o | 0x2000)];
    let fields = (one.clone(), one, number, payload, fragment, any::<bool>(), 0u8..5, 0u16..3);
    fields.prop_map(|(source, destination, number, mut payload, fragment, df, hop_limit, identification)| {
        let (source, destination) = (address(source), address(destination));
        let v4 = source.is_ipv4();
        if v4 && number == protocol::ICMP && payload.len() >= 8 {
            payload[2..4].fill(0);
            let sum = etherparse_sum(&[&payload]);
            payload[2..4].copy_from_slice(&sum);
        }
        let destination = if v4 == destination.is_ipv4() { destination } else { source };
        // An extension header that does not parse is no packet; destination options stand for them.
        let number = if v4 || ![0, 43, 44, 60].contains(&number) { number } else { protocol::UDP };
        let hop_limit = if hop_limit == 0 { 1 } else { 64 };
        let header = IpHeader {
            hop_limit,
            dont_fragment: df,
            identification,
            ..IpHeader::new(source, destination, number)
        };
        let packet = IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap();
        if v4 && fragment != 0 { as_fragment(packet, fragment) } else { packet }
    })
}

fn as_fragment(packet: IpPacket, field: u16) -> IpPacket {
    let mut octets = packet.into_buffer().to_vec();
    octets[6..8].copy_from_slice(&field.to_be_bytes());
    octets[10..12].fill(0);
    let sum = etherparse_sum(&[&octets[..20]]);
    octets[10..12].copy_from_slice(&sum);
    IpPacket::parse(octets).unwrap()
}
