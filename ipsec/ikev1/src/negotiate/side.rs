//! Which packets IPsec SAs carry: one side of them is one identity of quick mode (RFC 2409 §5.5, RFC 2407 §4.6.2), with one
//! network, one protocol and one port. Nothing is narrowed: both ends have to say the same.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec_dataplane::Selector;
use ipsec_net::AddressRange;
use ipsec_wire::v1::{Identification, Subject};

/// The packets of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The addresses.
    pub addresses: AddressRange,
    /// The upper-layer protocol; any when 0.
    pub protocol: u8,
    /// The port; any when 0.
    pub port: u16,
}

/// `10.1.0.0-10.1.255.255`, with `[17/53]` where it is only for some of the packets.
impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.addresses.first(), self.addresses.last());
        if first == last {
            write!(f, "{first}")?;
        } else {
            write!(f, "{first}-{last}")?;
        }
        if (self.protocol, self.port) == (0, 0) {
            Ok(())
        } else {
            write!(f, "[{}/{}]", self.protocol, self.port)
        }
    }
}

impl Side {
    /// All packets of these addresses.
    #[must_use]
    pub fn of(addresses: AddressRange) -> Self {
        Self { addresses, protocol: 0, port: 0 }
    }

    /// Whether all packets of the other side are of this one.
    pub(crate) fn has_room_for(&self, other: &Self) -> bool {
        let (own, its) = (&self.addresses, &other.addresses);
        let same_version = own.first().is_ipv4() == its.first().is_ipv4();
        (self.protocol, self.port) == (other.protocol, other.port)
            && same_version
            && own.first() <= its.first()
            && its.last() <= own.last()
    }

    /// The packets between this side, ours, and the peer's.
    #[must_use]
    pub fn selector(&self, remote: &Self) -> Selector {
        let ports = |port: u16| if port == 0 { Selector::ANY } else { port..=port };
        let protocol = if self.protocol == 0 { remote.protocol } else { self.protocol };
        Selector {
            protocol: (protocol != 0).then_some(protocol),
            local_ports: ports(self.port),
            remote_ports: ports(remote.port),
            ..Selector::between(self.addresses, remote.addresses)
        }
    }

    /// The identity that says so: one address, a subnet where it is one, else a range.
    pub(crate) fn identification(&self) -> Identification {
        let (first, last) = (self.addresses.first(), self.addresses.last());
        let subject = match mask(first, last) {
            _ if first == last => Subject::Address(first),
            Some(mask) => Subject::Subnet { address: first, mask },
            None => Subject::Range { first, last },
        };
        Identification { protocol: self.protocol, port: self.port, ..Identification::of(subject) }
    }

    /// The packets that an identity stands for; nothing where it stands for no range of addresses.
    pub(crate) fn read(id: &Identification) -> Option<Self> {
        let (first, last) = match id.subject()? {
            Subject::Address(address) => (address, address),
            Subject::Range { first, last } => (first, last),
            Subject::Subnet { address, mask } => {
                let (first, last) = subnet(address, mask)?;
                (first, last)
            }
        };
        Some(Self { addresses: AddressRange::new(first, last)?, protocol: id.protocol, port: id.port })
    }
}

/// The mask of the range, if it is a subnet.
fn mask(first: IpAddr, last: IpAddr) -> Option<IpAddr> {
    let (low, high) = (bits(first), bits(last));
    let host = low ^ high;
    let is_subnet = host & host.wrapping_add(1) == 0 && low & host == 0;
    is_subnet.then(|| address(first, !host))
}

/// The first and the last address of a subnet; nothing where the mask is no prefix, for then they are no range.
fn subnet(base: IpAddr, mask: IpAddr) -> Option<(IpAddr, IpAddr)> {
    let width = if base.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
    let host = !bits(mask) & width;
    let low = bits(base) & !host;
    (host & host.wrapping_add(1) == 0).then(|| (address(base, low), address(base, low | host)))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address with these bits, of the IP version that `like` has.
fn address(like: IpAddr, bits: u128) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::from_bits(bits as u32).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(bits).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(first: [u8; 4], last: [u8; 4]) -> Side {
        Side::of(AddressRange::new(first.into(), last.into()).unwrap())
    }

    #[test]
    fn only_what_lies_within_has_room() {
        let own = side([10, 2, 0, 0], [10, 2, 255, 255]);
        for (first, last, has_room) in [
            ([10, 2, 0, 0], [10, 2, 255, 255], true),
            ([10, 2, 7, 0], [10, 2, 7, 255], true),
            ([10, 1, 255, 255], [10, 2, 255, 255], false),
            ([10, 2, 0, 0], [10, 3, 0, 0], false),
            ([10, 3, 0, 0], [10, 3, 0, 0], false),
        ] {
            assert_eq!(own.has_room_for(&side(first, last)), has_room, "{first:?}-{last:?}");
        }
        assert!(!own.has_room_for(&Side { port: 53, protocol: 17, ..own }), "other packets");
        let sixth = AddressRange::new(Ipv6Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()).unwrap();
        assert!(!own.has_room_for(&Side::of(sixth)), "another version");
    }
}
