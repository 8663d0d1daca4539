//! Selectors (RFC 4301 §4.4.1.1): which packets a policy or an SA is for.

use std::net::IpAddr;
use std::ops::RangeInclusive;

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
    /// Ports on the protected side; all of them also match a packet without ports.
    pub local_ports: RangeInclusive<u16>,
    /// Ports on the far side.
    pub remote_ports: RangeInclusive<u16>,
}

/// What selectors look at in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// The address on the protected side.
    pub local: IpAddr,
    /// The address on the far side.
    pub remote: IpAddr,
    /// The upper-layer protocol.
    pub protocol: u8,
    /// The ports on the protected and on the far side, where the packet has them.
    pub ports: Option<(u16, u16)>,
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
            ports: ports(packet).map(|(source, destination)| (destination, source)),
        }
    }
}

impl Selector {
    /// All packets between two address ranges.
    #[must_use]
    pub fn between(local: AddressRange, remote: AddressRange) -> Self {
        Self { local, remote, protocol: None, local_ports: ALL_PORTS, remote_ports: ALL_PORTS }
    }

    /// Whether a packet belongs to the set.
    #[must_use]
    pub fn matches(&self, flow: &Flow) -> bool {
        let ports = match flow.ports {
            Some((local, remote)) => self.local_ports.contains(&local) && self.remote_ports.contains(&remote),
            None => self.local_ports == ALL_PORTS && self.remote_ports == ALL_PORTS,
        };
        ports
            && self.protocol.is_none_or(|protocol| protocol == flow.protocol)
            && self.local.contains(flow.local)
            && self.remote.contains(flow.remote)
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

const ALL_PORTS: RangeInclusive<u16> = 0..=u16::MAX;

fn common(a: &RangeInclusive<u16>, b: &RangeInclusive<u16>) -> Option<RangeInclusive<u16>> {
    let both = *a.start().max(b.start())..=*a.end().min(b.end());
    (!both.is_empty()).then_some(both)
}

/// Source and destination port, where the packet has them.
fn ports(packet: &IpPacket) -> Option<(u16, u16)> {
    let has_ports = matches!(packet.protocol(), protocol::TCP | protocol::UDP);
    match packet.payload() {
        [a, b, c, d, ..] if has_ports && packet.has_upper_header() => {
            Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(bits: (u8, u8)) -> AddressRange {
        let address = |last: u8| IpAddr::from([10, 0, 0, last]);
        AddressRange::new(address(bits.0.min(bits.1)), address(bits.0.max(bits.1))).unwrap()
    }

    prop_compose! {
        fn selector()(
            local: (u8, u8), remote: (u8, u8), protocol in prop::option::of(prop::sample::select(vec![6u8, 17])),
            ports in (0u16..50, 0u16..50), any_ports: bool,
        ) -> Selector {
            let mut selector = Selector::between(range(local), range(remote));
            selector.protocol = protocol;
            if !any_ports {
                selector.local_ports = ports.0.min(ports.1)..=ports.0.max(ports.1);
            }
            selector
        }
    }

    prop_compose! {
        fn flow()(
            local: u8, remote: u8, protocol in prop::sample::select(vec![6u8, 17, 1]),
            ports in prop::option::of((0u16..50, 0u16..50)),
        ) -> Flow {
            Flow { local: [10, 0, 0, local].into(), remote: [10, 0, 0, remote].into(), protocol, ports }
        }
    }

    proptest! {
        #[test]
        fn an_intersection_holds_the_packets_of_both(a in selector(), b in selector(), flow in flow()) {
            let both = a.intersection(&b).is_some_and(|both| both.matches(&flow));
            // A packet without ports matches only where all ports are meant.
            if flow.ports.is_some() {
                prop_assert_eq!(both, a.matches(&flow) && b.matches(&flow));
            } else {
                prop_assert!(!both || (a.matches(&flow) && b.matches(&flow)));
            }
        }

        #[test]
        fn intersection_is_symmetric_and_contained_in_both(a in selector(), b in selector()) {
            prop_assert_eq!(a.intersection(&b), b.intersection(&a));
            if let Some(both) = a.intersection(&b) {
                prop_assert!(a.contains(&both) && b.contains(&both));
            }
            prop_assert!(a.contains(&a));
        }
    }
}
