//! Path MTUs learned from Packet Too Big messages (RFC 1191 §3, RFC 8201 §4), with bounded memory.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Instant, IpVersion};

/// How long a learned MTU holds before larger packets are tried again (RFC 1191 §6.3, RFC 8201 §4).
const LIFETIME: Duration = Duration::from_secs(600);
/// How many destinations are remembered at most.
const LIMIT: usize = 1024;
/// The MTUs that routers without RFC 1191 are likely to have (RFC 1191 §7.1).
const PLATEAUS: [usize; 11] = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68, 0];

/// Path MTUs by destination.
#[derive(Clone, Debug, Default)]
pub(super) struct PathMtus {
    by_destination: BTreeMap<IpAddr, Path>,
}

#[derive(Clone, Copy, Debug)]
struct Path {
    mtu: usize,
    until: Instant,
}

impl PathMtus {
    /// The MTU learned for `destination`, in octets, while it holds.
    pub(super) fn get(&self, now: Instant, destination: IpAddr) -> Option<usize> {
        self.by_destination.get(&destination).filter(|path| now < path.until).map(|path| path.mtu)
    }

    /// Learns that a packet of `length` octets did not fit and that `mtu` would. Gives the path's new MTU,
    /// unless that is no less than what is known, or less than IP allows.
    pub(super) fn learn(
        &mut self,
        now: Instant,
        destination: IpAddr,
        mtu: usize,
        length: usize,
    ) -> Option<usize> {
        let version = IpVersion::of(destination);
        let mtu = match (version, mtu) {
            (IpVersion::V4, 0) => PLATEAUS.into_iter().find(|plateau| *plateau < length)?,
            _ => mtu,
        };
        let known = self.get(now, destination).unwrap_or(usize::MAX);
        if mtu >= known || mtu < version.minimum_mtu() {
            return None;
        }
        self.make_room(now);
        self.by_destination.insert(destination, Path { mtu, until: now + LIFETIME });
        Some(mtu)
    }

    fn make_room(&mut self, now: Instant) {
        if self.by_destination.len() < LIMIT {
            return;
        }
        self.by_destination.retain(|_, path| now < path.until);
        let first =
            self.by_destination.iter().min_by_key(|(_, path)| path.until).map(|(address, _)| *address);
        if let Some(first) = first.filter(|_| self.by_destination.len() >= LIMIT) {
            self.by_destination.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn an_mtu_only_shrinks_and_holds_ten_minutes() {
        let mut paths = PathMtus::default();
        let now = Instant::ZERO;
        assert_eq!(paths.learn(now, V4, 1400, 1500), Some(1400));
        assert_eq!(paths.learn(now, V4, 1450, 1500), None);
        assert_eq!(paths.learn(now, V4, 1400, 1500), None);
        assert_eq!(paths.learn(now, V4, 1300, 1400), Some(1300));
        assert_eq!(paths.get(now + LIFETIME - Duration::from_nanos(1), V4), Some(1300));
        assert_eq!(paths.get(now + LIFETIME, V4), None);
        assert_eq!(paths.learn(now + LIFETIME, V4, 1450, 1500), Some(1450));
    }

    #[test]
    fn an_mtu_below_the_versions_least_is_not_believed() {
        let mut paths = PathMtus::default();
        assert_eq!(paths.learn(Instant::ZERO, V6, 1279, 1500), None);
        assert_eq!(paths.learn(Instant::ZERO, V6, 1280, 1500), Some(1280));
        assert_eq!(paths.learn(Instant::ZERO, V4, 67, 1500), None);
        assert_eq!(paths.learn(Instant::ZERO, V4, 68, 1500), Some(68));
    }

    #[test]
    fn a_router_that_names_no_mtu_gets_the_next_plateau() {
        let mut paths = PathMtus::default();
        assert_eq!(paths.learn(Instant::ZERO, V4, 0, 1500), Some(1492));
        assert_eq!(paths.learn(Instant::ZERO, V4, 0, 1492), Some(1006));
        assert_eq!(paths.learn(Instant::ZERO, V4, 0, 68), None);
        assert_eq!(paths.learn(Instant::ZERO, V6, 0, 1500), None);
    }

    #[test]
    fn the_oldest_path_makes_room() {
        let mut paths = PathMtus::default();
        let address = |n: u32| IpAddr::from(n.to_be_bytes());
        for n in 0..=LIMIT as u32 {
            let now = Instant::from_nanos(u64::from(n));
            assert_eq!(paths.learn(now, address(n), 1400, 1500), Some(1400));
        }
        assert_eq!(paths.by_destination.len(), LIMIT);
        assert_eq!(paths.get(Instant::ZERO, address(0)), None);
        assert_eq!(paths.get(Instant::ZERO, address(LIMIT as u32)), Some(1400));
    }
}
