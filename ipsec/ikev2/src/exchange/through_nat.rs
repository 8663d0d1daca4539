//! Transport mode through NAT (RFC 7296 §2.23.1): what the peer calls the two hosts means nothing here, so that traffic
//! selectors get the addresses that packets have when they arrive.
//!
//! ```text
//! client IP1 ---- NAT ---- IPN1 … IPN2 ---- NAT ---- IP2 server
//! TSi = IP1, TSr = IPN2   ------->   taken for IPN1 and IP2
//! taken for IP1 and IPN2  <-------   TSi = IPN1, TSr = IP2
//! ```

use std::net::IpAddr;

use ipsec_wire::v2::TrafficSelector;

use crate::path::Path;

/// The selectors of a message as they are to be understood at this end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Understood {
    /// Of the peer's host.
    pub(super) remote: Vec<TrafficSelector>,
    /// Of ours.
    pub(super) local: Vec<TrafficSelector>,
    /// Source and destination of what the peer sends, as it sees them: its checksums are over these.
    pub(super) original: (IpAddr, IpAddr),
}

/// Understands what the peer calls `remote`, which is its own side, and `local`, which is ours; nothing where these are not
/// one host each, as they have to be.
pub(super) fn understand(
    path: &Path,
    remote: &[TrafficSelector],
    local: &[TrafficSelector],
) -> Option<Understood> {
    let original = (only(remote)?, only(local)?);
    let replaced = |selectors: &[TrafficSelector], behind, seen: IpAddr| -> Vec<TrafficSelector> {
        let replace = |selector: &TrafficSelector| match behind {
            true => selector.with_addresses(seen, seen),
            false => selector.clone(),
        };
        selectors.iter().map(replace).collect()
    };
    Some(Understood {
        remote: replaced(remote, path.nat.there, path.remote.ip()),
        local: replaced(local, path.nat.here, path.local.ip()),
        original,
    })
}

/// The one address that all of the selectors are for.
fn only(selectors: &[TrafficSelector]) -> Option<IpAddr> {
    let (first, _) = selectors.first()?.addresses()?;
    selectors.iter().all(|selector| selector.addresses() == Some((first, first))).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Nat;

    fn host(address: &str) -> Vec<TrafficSelector> {
        let address = address.parse().unwrap();
        vec![TrafficSelector::any(address, address)]
    }

    fn path(nat: Nat) -> Path {
        Path { nat, ..Path::new("172.16.0.1:4500".parse().unwrap(), "203.0.113.9:61000".parse().unwrap()) }
    }

    #[test]
    fn hosts_behind_nat_get_the_addresses_that_are_seen_here() {
        let understood = |here, there| {
            let nat = Nat { here, there };
            let found = understand(&path(nat), &host("10.0.0.2"), &host("198.51.100.1")).unwrap();
            assert_eq!(found.original, ("10.0.0.2".parse().unwrap(), "198.51.100.1".parse().unwrap()));
            (found.remote, found.local)
        };
        assert_eq!(understood(false, true), (host("203.0.113.9"), host("198.51.100.1")));
        assert_eq!(understood(true, false), (host("10.0.0.2"), host("172.16.0.1")));
        assert_eq!(understood(true, true), (host("203.0.113.9"), host("172.16.0.1")));
    }

    #[test]
    fn protocols_and_ports_stay() {
        let address = "10.0.0.2".parse().unwrap();
        let ports = |address| TrafficSelector::Addresses {
            protocol: 17,
            ports: (53, 53),
            first: address,
            last: address,
        };
        let nat = Nat { here: false, there: true };
        let found = understand(&path(nat), &[ports(address)], &host("198.51.100.1")).unwrap();
        assert_eq!(found.remote, [ports("203.0.113.9".parse().unwrap())]);
    }

    #[test]
    fn networks_and_different_hosts_cannot_be_understood() {
        let network = vec![TrafficSelector::any("10.0.0.0".parse().unwrap(), "10.0.0.255".parse().unwrap())];
        let two = [host("10.0.0.2"), host("10.0.0.3")].concat();
        for wrong in [network, two, Vec::new()] {
            assert_eq!(understand(&path(Nat::default()), &wrong, &host("198.51.100.1")), None);
            assert_eq!(understand(&path(Nat::default()), &host("198.51.100.1"), &wrong), None);
        }
    }
}
