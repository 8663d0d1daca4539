//! How long packets to a gateway may be (RFC 4301 §8.2, RFC 1191, RFC 8201).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Instant, IpVersion};

/// The MTU of the outer link, and those of paths that routers have told of.
pub(crate) struct PathMtus {
    link: usize,
    learned: BTreeMap<IpAddr, (usize, Instant)>,
}

/// After so long it is tried whether the path has become wider (RFC 1191 §6.3).
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);
/// A router that tells of less is not believed: its message is not authenticated, and less would do harm (RFC 4301
/// §8.2.1; RFC 791 §3.1 has every host take so much).
const LEAST_V4: usize = 576;
/// So many destinations are remembered; what is told of more is not.
const MOST: usize = 1024;

impl PathMtus {
    pub(crate) fn new(link: usize) -> Self {
        Self { link, learned: BTreeMap::new() }
    }

    /// In octets.
    pub(crate) fn to(&self, now: Instant, destination: IpAddr) -> usize {
        match self.learned.get(&destination) {
            Some((mtu, until)) if now < *until => self.link.min(*mtu),
            _ => self.link,
        }
    }

    /// Takes what a router says and returns whether it is believed.
    pub(crate) fn learn(&mut self, now: Instant, destination: IpAddr, mtu: usize) -> bool {
        let least = match IpVersion::of(destination) {
            IpVersion::V4 => LEAST_V4,
            IpVersion::V6 => IpVersion::V6.minimum_mtu(),
        };
        let mtu = mtu.max(least);
        if mtu >= self.to(now, destination) {
            return false;
        }
        self.learned.retain(|_, (_, until)| now < *until);
        if self.learned.len() >= MOST && !self.learned.contains_key(&destination) {
            return false;
        }
        self.learned.insert(destination, (mtu, now + FORGOTTEN_AFTER));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_narrows_the_path_for_ten_minutes() {
        let mut mtus = PathMtus::new(1500);
        let (there, elsewhere) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert!(mtus.learn(Instant::ZERO, there, 1400));
        let late = Instant::ZERO + FORGOTTEN_AFTER;
        assert_eq!((mtus.to(Instant::ZERO, there), mtus.to(Instant::ZERO, elsewhere)), (1400, 1500));
        assert_eq!(mtus.to(late, there), 1500);
    }

    #[test]
    fn a_router_cannot_widen_a_path_nor_close_it() {
        let mut mtus = PathMtus::new(1500);
        let [v4, v6]: [IpAddr; 2] = [[192, 0, 2, 1].into(), [1u16; 8].into()];
        assert!(!mtus.learn(Instant::ZERO, v4, 9000));
        assert!(mtus.learn(Instant::ZERO, v4, 68) && mtus.learn(Instant::ZERO, v6, 68));
        assert_eq!((mtus.to(Instant::ZERO, v4), mtus.to(Instant::ZERO, v6)), (576, 1280));
        assert!(!mtus.learn(Instant::ZERO, v4, 800));
    }

    #[test]
    fn no_more_destinations_are_remembered_than_the_bound() {
        let mut mtus = PathMtus::new(1500);
        let address = |number: u32| IpAddr::from(std::net::Ipv4Addr::from_bits(number));
        assert!((0..MOST as u32).all(|number| mtus.learn(Instant::ZERO, address(number), 1400)));
        assert!(!mtus.learn(Instant::ZERO, address(MOST as u32), 1400));
        assert!(mtus.learn(Instant::ZERO, address(0), 1300));
    }
}
