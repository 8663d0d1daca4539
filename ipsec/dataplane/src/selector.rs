//! Selectors (RFC 4301 §4.4.1.1): which packets a policy or an SA is for.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipsec_net::icmp_error::{self, Quoted};
use ipsec_net::{AddressRange, IpPacket, protocol};

/// A set of packets, seen from the host that protects its `local` side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    /// Addresses on the protected side.
    pub local: AddressRange,
    /// Addresses on the far side.
    pub remote: AddressRange,
    /// The upper-layer protocol; any when nothing.
    pub protocol: Option<u8>,
    /// Ports on the protected side. All of them, [`Selector::ANY`], are also those of a packet whose ports cannot be
    /// seen; [`Selector::OPAQUE`] is only for such packets.
    pub local_ports: RangeInclusive<u16>,
    /// Ports on the far side, likewise.
    pub remote_ports: RangeInclusive<u16>,
}

/// What selectors look at in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// The address on the protected side.
    pub local: IpAddr,
    /// The address on the far side.
    pub remote: IpAddr,
    /// The upper-layer protocol.
    pub protocol: u8,
    /// The ports on the protected and on the far side; nothing where they cannot be seen: in a later fragment, or of
    /// a protocol without ports. ICMP has type and code as one number, Mobile IPv6 the type of its message, both in the place of
    /// either port (RFC 4301 §4.4.1.1).
    pub ports: Option<(u16, u16)>,
}

/// In few words: each packet is looked up by its flow.
impl Hash for Flow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for address in [self.local, self.remote] {
            match address {
                IpAddr::V4(address) => state.write_u32(address.to_bits()),
                IpAddr::V6(address) => state.write_u128(address.to_bits()),
            }
        }
        let (local, remote) = self.ports.unwrap_or_default();
        let ports = u64::from(local) << 16 | u64::from(remote);
        state.write_u64(u64::from(self.ports.is_some()) << 40 | u64::from(self.protocol) << 32 | ports);
    }
}

impl Flow {
    /// The flow of a packet that leaves the protected side.
    #[must_use]
    pub fn outbound(packet: &IpPacket) -> Self {
        Self {
            local: packet.source(),
            remote: packet.destination(),
            protocol: packet.protocol(),
            ports: ports(packet),
        }
    }

    /// The flow of a packet that comes to the protected side.
    #[must_use]
    pub fn inbound(packet: &IpPacket) -> Self {
        Self {
            local: packet.destination(),
            remote: packet.source(),
            protocol: packet.protocol(),
            ports: ports(packet).map(swap),
        }
    }

    /// The flow of the packet that an ICMP error from inside is about, which came from outside (RFC 4301 §6.2).
    #[must_use]
    pub fn outbound_error(packet: &IpPacket) -> Option<Self> {
        let about = icmp_error::read(packet)?.quoted;
        Some(Self {
            local: about.destination,
            remote: about.source,
            ports: quoted_ports(&about).map(swap),
            ..Self::of(&about)
        })
    }

    /// The flow of the packet that an ICMP error from outside is about, which came from inside (RFC 4301 §6.2).
    #[must_use]
    pub fn inbound_error(packet: &IpPacket) -> Option<Self> {
        let about = icmp_error::read(packet)?.quoted;
        Some(Self::of(&about))
    }

    /// As if the packet had gone from inside to outside.
    fn of(about: &Quoted<'_>) -> Self {
        Self {
            local: about.source,
            remote: about.destination,
            protocol: about.protocol,
            ports: quoted_ports(about),
        }
    }
}

fn swap((a, b): (u16, u16)) -> (u16, u16) {
    (b, a)
}

impl Selector {
    /// All ports, and what has none.
    pub const ANY: RangeInclusive<u16> = 0..=u16::MAX;
    /// No port: only packets whose ports cannot be seen. Written as on the wire, from 65535 to 0 (RFC 7296 §3.13.1).
    pub const OPAQUE: RangeInclusive<u16> = RangeInclusive::new(u16::MAX, 0);

    /// All packets between two address ranges.
    #[must_use]
    pub fn between(local: AddressRange, remote: AddressRange) -> Self {
        Self { local, remote, protocol: None, local_ports: Self::ANY, remote_ports: Self::ANY }
    }

    /// Whether a packet belongs to the set.
    #[must_use]
    pub fn matches(&self, flow: &Flow) -> bool {
        self.local.contains(flow.local)
            && self.remote.contains(flow.remote)
            && self.protocol.is_none_or(|protocol| protocol == flow.protocol)
            && has_port(&self.local_ports, flow.ports.map(|(local, _)| local))
            && has_port(&self.remote_ports, flow.ports.map(|(_, remote)| remote))
    }

    /// The packets that belong to both sets, if there can be any.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let protocol = match (self.protocol, other.protocol) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.or(b),
        };
        Some(Self {
            local: self.local.intersection(&other.local)?,
            remote: self.remote.intersection(&other.remote)?,
            protocol,
            local_ports: common(&self.local_ports, &other.local_ports)?,
            remote_ports: common(&self.remote_ports, &other.remote_ports)?,
        })
    }

    /// Whether every packet of `other` belongs to this set.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.intersection(other).as_ref() == Some(other)
    }
}

fn has_port(ports: &RangeInclusive<u16>, port: Option<u16>) -> bool {
    match port {
        Some(port) => ports.contains(&port),
        None => *ports == Selector::ANY || *ports == Selector::OPAQUE,
    }
}

fn common(a: &RangeInclusive<u16>, b: &RangeInclusive<u16>) -> Option<RangeInclusive<u16>> {
    let opaque = |ports: &RangeInclusive<u16>| has_port(ports, None);
    if *a == Selector::OPAQUE || *b == Selector::OPAQUE {
        return (opaque(a) && opaque(b)).then_some(Selector::OPAQUE);
    }
    let both = *a.start().max(b.start())..=*a.end().min(b.end());
    (!both.is_empty()).then_some(both)
}

/// Source and destination port, or what stands for them, where the packet has them.
fn ports(packet: &IpPacket) -> Option<(u16, u16)> {
    packet.has_upper_header().then(|| ports_in(packet.protocol(), packet.payload())).flatten()
}

fn quoted_ports(about: &Quoted<'_>) -> Option<(u16, u16)> {
    about.has_upper_header.then(|| ports_in(about.protocol, about.payload)).flatten()
}

fn ports_in(protocol: u8, payload: &[u8]) -> Option<(u16, u16)> {
    let [a, b, c, d, ..] = payload else { return None };
    match protocol {
        protocol::TCP | protocol::UDP | SCTP => {
            Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
        }
        protocol::ICMP | protocol::ICMPV6 => {
            let type_and_code = u16::from_be_bytes([*a, *b]);
            Some((type_and_code, type_and_code))
        }
        MOBILITY => {
            let kind = u16::from_be_bytes([*c, 0]);
            Some((kind, kind))
        }
        _ => None,
    }
}

/// The Mobility Header (RFC 6275 §6.1), whose third octet is the type of the message.
const MOBILITY: u8 = 135;
/// Stream Control Transmission Protocol (RFC 9260), whose ports stand where those of UDP do.
const SCTP: u8 = 132;

#[cfg(test)]
mod tests {
    use ipsec_net::{Buffer, IpHeader, fragment};
    use proptest::prelude::*;

    use super::*;

    fn range(bits: (u8, u8)) -> AddressRange {
        let address = |last: u8| IpAddr::from([10, 0, 0, last]);
        AddressRange::new(address(bits.0.min(bits.1)), address(bits.0.max(bits.1))).unwrap()
    }

    fn ports() -> impl Strategy<Value = RangeInclusive<u16>> {
        prop_oneof![
            Just(Selector::ANY),
            Just(Selector::OPAQUE),
            (0u16..50, 0u16..50).prop_map(|(a, b)| a.min(b)..=a.max(b)),
        ]
    }

    prop_compose! {
        fn selector()(
            local: (u8, u8), remote: (u8, u8), protocol in prop::option::of(prop::sample::select(vec![6u8, 17])),
            local_ports in ports(), remote_ports in ports(),
        ) -> Selector {
            Selector { local: range(local), remote: range(remote), protocol, local_ports, remote_ports }
        }
    }

    prop_compose! {
        /// Small numbers, so that sets and packets meet often.
        fn flow()(
            local: u8, remote: u8, protocol in prop::sample::select(vec![6u8, 17, 1]),
            ports in prop::option::of((0u16..50, 0u16..50)),
        ) -> Flow {
            Flow { local: [10, 0, 0, local].into(), remote: [10, 0, 0, remote].into(), protocol, ports }
        }
    }

    proptest! {
        #[test]
        fn an_intersection_holds_exactly_the_packets_of_both(a in selector(), b in selector(), flow in flow()) {
            let both = a.intersection(&b).is_some_and(|both| both.matches(&flow));
            prop_assert_eq!(both, a.matches(&flow) && b.matches(&flow));
        }

        #[test]
        fn intersection_is_symmetric_and_contained_in_both(a in selector(), b in selector()) {
            prop_assert_eq!(a.intersection(&b), b.intersection(&a));
            if let Some(both) = a.intersection(&b) {
                prop_assert!(a.contains(&both) && b.contains(&both));
            }
        }

        #[test]
        fn intersection_is_associative(a in selector(), b in selector(), c in selector()) {
            let left = a.intersection(&b).and_then(|both| both.intersection(&c));
            let right = b.intersection(&c).and_then(|both| a.intersection(&both));
            prop_assert_eq!(left, right);
        }

        #[test]
        fn what_contains_another_set_matches_its_packets(a in selector(), b in selector(), flow in flow()) {
            prop_assert!(a.contains(&a));
            prop_assert!(!a.contains(&b) || !b.matches(&flow) || a.matches(&flow));
            prop_assert!(!(a.contains(&b) && b.contains(&a)) || a == b);
        }
    }

    fn packet(protocol: u8, payload: &[u8]) -> IpPacket {
        let header = IpHeader::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol);
        IpPacket::build(&header, Buffer::copy_of(payload)).unwrap()
    }

    #[test]
    fn a_flow_has_the_ports_of_its_direction() {
        let udp = packet(protocol::UDP, &[0, 53, 1, 0, 0, 8, 0, 0]);
        assert_eq!(Flow::outbound(&udp).ports, Some((53, 256)));
        assert_eq!(Flow::inbound(&udp).ports, Some((256, 53)));
        assert_eq!(Flow::inbound(&udp).local, IpAddr::from([10, 0, 0, 2]));
        assert_eq!(Flow::outbound(&packet(SCTP, &[0, 1, 0, 2])).ports, Some((1, 2)));
    }

    #[test]
    fn ports_that_cannot_be_seen_are_none() {
        assert_eq!(Flow::outbound(&packet(47, &[8, 0, 0, 0])).ports, None);
        assert_eq!(Flow::outbound(&packet(protocol::TCP, &[0, 1, 0])).ports, None);
        let pieces = fragment(packet(protocol::UDP, &[0; 64]), 52, 0).unwrap();
        let ports: Vec<_> = pieces.iter().map(|piece| Flow::outbound(piece).ports).collect();
        assert_eq!(ports, [Some((0, 0)), None]);
    }

    #[test]
    fn packets_without_ports_match_any_and_opaque_ports_only() {
        let icmp = Flow::outbound(&packet(47, &[8, 0, 0, 0]));
        let mut selector = Selector::between(range((0, 9)), range((0, 9)));
        assert!(selector.matches(&icmp));
        selector.remote_ports = Selector::OPAQUE;
        assert!(selector.matches(&icmp));
        assert!(!selector.matches(&Flow { ports: Some((1, 2)), ..icmp }));
        selector.remote_ports = 0..=65534;
        assert!(!selector.matches(&icmp));
    }
}
