//! A host's addresses on its ports, its routes, and what it knows of the paths' MTUs.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec_net::{Instant, IpVersion, ParsePrefixError, Prefix};

use super::path_mtu::PathMtus;
use crate::Port;

/// The MTU of a port that nothing else was said of, in octets.
const MTU: usize = 1500;

/// An address, the port that it is on, and the network that is reached there without a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: Port,
    /// The network behind the port.
    pub network: Prefix,
}

impl Attachment {
    /// An address with the prefix length of its network.
    ///
    /// # Errors
    /// When `length` is more than the address has bits.
    pub fn new(port: Port, address: IpAddr, length: u8) -> Result<Self, ParsePrefixError> {
        let network = match Prefix::new(address, length) {
            Err(ParsePrefixError::HostBits { first, .. }) => Prefix::new(first, length)?,
            other => other?,
        };
        Ok(Self { address, port, network })
    }
}

/// Where packets may come from and go to.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub(super) attachments: Vec<Attachment>,
    pub(super) routes: BTreeMap<Prefix, Port>,
    pub(super) mtus: BTreeMap<Port, usize>,
    pub(super) paths: PathMtus,
}

impl Network {
    /// The addresses, in the order in which they were added.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// Whether `address` is one of the host's.
    #[must_use]
    pub fn is_ours(&self, address: IpAddr) -> bool {
        self.attachments.iter().any(|attachment| attachment.address == address)
    }

    /// The port towards `destination`: that of the longest prefix among the networks on the ports and the
    /// routes. Of equally long ones, a network comes before a route, and one that `source` is in before
    /// others.
    #[must_use]
    pub fn port_to(&self, destination: IpAddr, source: Option<IpAddr>) -> Option<Port> {
        let networks =
            self.attachments.iter().map(|a| (a.network, a.port, 1 + u8::from(Some(a.address) == source)));
        let routes = self.routes.iter().map(|(prefix, port)| (*prefix, *port, 0));
        let candidates = networks.chain(routes).filter(|(prefix, ..)| prefix.contains(destination));
        let best = candidates.reduce(|best, other| {
            let rank = |(prefix, _, rank): &(Prefix, Port, u8)| (prefix.length(), *rank);
            if rank(&other) > rank(&best) { other } else { best }
        });
        best.map(|(_, port, _)| port)
    }

    /// The address that packets to `destination` come from: on the port towards it, the one with the longest
    /// prefix in common with the destination (RFC 6724 §5, rules 5 and 8); if the port has none, any of the
    /// same version.
    #[must_use]
    pub fn source_for(&self, destination: IpAddr) -> Option<IpAddr> {
        let port = self.port_to(destination, None)?;
        let rank =
            |attachment: &Attachment| (attachment.port == port, common(attachment.address, destination));
        let same_version = self.attachments.iter().filter(|a| a.address.is_ipv4() == destination.is_ipv4());
        // The first of equals.
        let best = same_version.reduce(|best, other| if rank(other) > rank(best) { other } else { best });
        best.map(|attachment| attachment.address)
    }

    /// The largest packet to `destination` in octets, as far as is known: the port's MTU, or less where a
    /// router said so.
    #[must_use]
    pub fn mtu_to(&self, now: Instant, destination: IpAddr) -> usize {
        let port = self.port_to(destination, None);
        let mtu = port.and_then(|port| self.mtus.get(&port)).copied().unwrap_or(MTU);
        let least = IpVersion::of(destination).minimum_mtu();
        self.paths.get(now, destination).map_or(mtu, |path| path.min(mtu)).max(least)
    }
}

/// How many leading bits two addresses share.
fn common(a: IpAddr, b: IpAddr) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn network() -> Network {
        let attach = |port, text, length| Attachment::new(Port(port), address(text), length).unwrap();
        Network {
            attachments: vec![
                attach(0, "10.1.0.5", 16),
                attach(1, "10.1.2.5", 24),
                attach(2, "192.0.2.5", 24),
                attach(2, "192.0.2.200", 24),
                attach(3, "2001:db8::5", 64),
            ],
            routes: [("0.0.0.0/0", 2), ("10.1.2.128/25", 0)]
                .map(|(prefix, port)| (prefix.parse().unwrap(), Port(port)))
                .into(),
            mtus: [(Port(1), 576), (Port(3), 900)].into(),
            ..Network::default()
        }
    }

    #[test]
    fn the_longest_prefix_decides_and_the_default_route_takes_the_rest() {
        let network = network();
        for (destination, port) in [
            ("10.1.9.9", Some(0)),
            ("10.1.2.9", Some(1)),
            ("10.1.2.129", Some(0)),
            ("203.0.113.1", Some(2)),
            ("2001:db8::9", Some(3)),
            ("2001:db9::9", None),
        ] {
            assert_eq!(network.port_to(address(destination), None), port.map(Port), "{destination}");
        }
    }

    #[test]
    fn of_equal_prefixes_the_sources_own_decides() {
        let mut network = network();
        network.attachments.push(Attachment::new(Port(7), address("192.0.2.77"), 24).unwrap());
        let to = address("192.0.2.9");
        assert_eq!(network.port_to(to, None), Some(Port(2)));
        assert_eq!(network.port_to(to, Some(address("192.0.2.77"))), Some(Port(7)));
        assert_eq!(network.port_to(to, Some(address("10.1.0.5"))), Some(Port(2)));
    }

    #[test]
    fn the_source_is_on_the_port_and_nearest_to_the_destination() {
        let network = network();
        for (destination, source) in [
            ("192.0.2.9", Some("192.0.2.5")),
            ("192.0.2.201", Some("192.0.2.200")),
            ("203.0.113.1", Some("192.0.2.5")),
            ("10.1.2.9", Some("10.1.2.5")),
            ("2001:db8::9", Some("2001:db8::5")),
            ("2001:db9::9", None),
        ] {
            assert_eq!(network.source_for(address(destination)), source.map(address), "{destination}");
        }
    }

    #[test]
    fn the_mtu_is_the_ports_and_never_below_the_versions_least() {
        let network = network();
        let mtu = |text| network.mtu_to(Instant::ZERO, address(text));
        assert_eq!((mtu("10.1.2.9"), mtu("10.1.9.9"), mtu("2001:db8::9")), (576, 1500, 1280));
    }

    #[test]
    fn an_impossible_prefix_length_is_refused() {
        assert!(Attachment::new(Port(0), address("10.1.0.5"), 33).is_err());
    }
}
