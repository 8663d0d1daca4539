//! Routes by longest prefix (RFC 1812 §5.2.4.3).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec_net::{IpVersion, Prefix};

use crate::Port;

/// Static routes of both versions.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteTable {
    /// By prefix length, then by the prefix's address.
    v4: BTreeMap<u8, BTreeMap<IpAddr, Port>>,
    v6: BTreeMap<u8, BTreeMap<IpAddr, Port>>,
}

impl RouteTable {
    pub(crate) fn insert(&mut self, prefix: Prefix, port: Port) -> Option<Port> {
        self.of_mut(prefix).entry(prefix.length()).or_default().insert(prefix.address(), port)
    }

    pub(crate) fn remove(&mut self, prefix: Prefix) -> Option<Port> {
        let lengths = self.of_mut(prefix);
        let routes = lengths.get_mut(&prefix.length())?;
        let port = routes.remove(&prefix.address());
        if routes.is_empty() {
            lengths.remove(&prefix.length());
        }
        port
    }

    /// Where the longest prefix leads that holds `address`.
    pub(crate) fn lookup(&self, address: IpAddr) -> Option<Port> {
        let lengths = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        let mut longest_first = lengths.iter().rev();
        longest_first.find_map(|(length, routes)| routes.get(&first_bits(address, *length))).copied()
    }

    fn of_mut(&mut self, prefix: Prefix) -> &mut BTreeMap<u8, BTreeMap<IpAddr, Port>> {
        match IpVersion::of(prefix.address()) {
            IpVersion::V4 => &mut self.v4,
            IpVersion::V6 => &mut self.v6,
        }
    }
}

/// The address with all but its first `length` bits zero.
fn first_bits(address: IpAddr, length: u8) -> IpAddr {
    let length = u32::from(length);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prefix(bits: u32, length: u8) -> Prefix {
        Prefix::new(first_bits(Ipv4Addr::from_bits(bits).into(), length), length).unwrap()
    }

    #[test]
    fn versions_do_not_mix() {
        let mut table = RouteTable::default();
        table.insert("0.0.0.0/0".parse().unwrap(), Port(4));
        table.insert("::/0".parse().unwrap(), Port(6));
        assert_eq!(table.lookup("192.0.2.1".parse().unwrap()), Some(Port(4)));
        assert_eq!(table.lookup("2001:db8::1".parse().unwrap()), Some(Port(6)));
        assert_eq!(table.remove("::/0".parse().unwrap()), Some(Port(6)));
        assert_eq!(table.lookup("2001:db8::1".parse().unwrap()), None);
    }

    proptest! {
        #[test]
        fn the_longest_prefix_wins(
            changes in prop::collection::vec((0u32..64, 26u8..=32, 0u16..4, any::<bool>()), 0..60),
            address in 0u32..64,
        ) {
            let mut table = RouteTable::default();
            let mut model: Vec<(Prefix, Port)> = Vec::new();
            for (bits, length, port, add) in changes {
                let prefix = prefix(bits, length);
                let before = model.iter().find(|row| row.0 == prefix).map(|row| row.1);
                model.retain(|row| row.0 != prefix);
                if add {
                    prop_assert_eq!(table.insert(prefix, Port(port)), before);
                    model.push((prefix, Port(port)));
                } else {
                    prop_assert_eq!(table.remove(prefix), before);
                }
            }
            let address = Ipv4Addr::from_bits(address).into();
            let holding = model.iter().filter(|row| row.0.contains(address));
            let expected = holding.max_by_key(|row| row.0.length()).map(|row| row.1);
            prop_assert_eq!(table.lookup(address), expected);
        }
    }
}
