//! Pools of inside addresses that an end lends (RFC 7296 §2.19, §3.15.1, draft-dukes-ike-mode-cfg-02 §4): who has which, for how
//! long, and which one somebody gets.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec_net::AddressRange;

use crate::Identity;

/// Inside addresses to lend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// Its name, unique in the endpoint.
    pub name: String,
    /// The addresses, those of a range from the first on.
    pub ranges: Vec<AddressRange>,
}

/// How many returned addresses are remembered for those who had them, over all pools.
const MOST_REMEMBERED: usize = 4_096;

/// All pools of an endpoint.
#[derive(Debug, Default)]
pub struct Pools {
    pools: Vec<PoolConfig>,
    leases: BTreeMap<IpAddr, Lease>,
    /// How often an address was returned so far.
    returned: u64,
}

/// An address that is lent, or was.
#[derive(Clone, Debug)]
struct Lease {
    holder: Identity,
    /// How many IKE SAs of the holder use it: more than one while one replaces another.
    users: u32,
    /// When it was last returned, counted in returns.
    since: u64,
}

impl Pools {
    /// These pools, of which nothing is lent.
    #[must_use]
    pub fn new(pools: Vec<PoolConfig>) -> Self {
        Self { pools, ..Self::default() }
    }

    /// The address of this IP version that `identity` gets from one of the pools of these names. In this order: the one that it
    /// wishes for, if that is free or its own; one that it has had before; one that nobody has had; the one that was
    /// returned first. Nothing when all are lent.
    #[must_use]
    pub fn offer(
        &self,
        names: &[String],
        is_ipv4: bool,
        identity: &Identity,
        wish: Option<IpAddr>,
    ) -> Option<IpAddr> {
        let ranges = self.ranges(names, is_ipv4);
        let lent = |address: &IpAddr| self.leases.get(address).is_some_and(|lease| lease.users > 0);
        let within = |address: &IpAddr| ranges.iter().any(|range| range.contains(*address));
        let own = |address: &IpAddr| self.leases.get(address).is_some_and(|lease| lease.holder == *identity);
        if let Some(wish) = wish.filter(|wish| within(wish) && (!lent(wish) || own(wish))) {
            return Some(wish);
        }
        let free = || self.leases.iter().filter(|(address, lease)| lease.users == 0 && within(address));
        let before = free().find(|(_, lease)| lease.holder == *identity).map(|(address, _)| *address);
        let fresh = || ranges.iter().find_map(|range| self.fresh(range));
        let oldest = || free().min_by_key(|(_, lease)| lease.since).map(|(address, _)| *address);
        before.or_else(fresh).or_else(oldest)
    }

    /// The address of this IP version from one of the pools of these names that `identity` has, for another IKE SA. A peer that
    /// has lost that one gets it once more.
    #[must_use]
    pub fn held(&self, names: &[String], is_ipv4: bool, identity: &Identity) -> Option<IpAddr> {
        let ranges = self.ranges(names, is_ipv4);
        let mut own = self.leases.iter().filter(|(_, lease)| lease.users > 0 && lease.holder == *identity);
        own.find(|(address, _)| ranges.iter().any(|range| range.contains(**address)))
            .map(|(address, _)| *address)
    }

    fn ranges(&self, names: &[String], is_ipv4: bool) -> Vec<AddressRange> {
        let pools = names.iter().filter_map(|name| self.pools.iter().find(|pool| pool.name == *name));
        let ranges = pools.flat_map(|pool| pool.ranges.iter().copied());
        ranges.filter(|range| range.first().is_ipv4() == is_ipv4).collect()
    }

    /// The first address of a range that nobody has or remembers.
    fn fresh(&self, range: &AddressRange) -> Option<IpAddr> {
        let mut next = Some(range.first());
        // Those that are known stand in order.
        for known in self.leases.range(range.first()..=range.last()).map(|(address, _)| *address) {
            if next.is_some_and(|next| next < known) {
                break;
            }
            next = after(known);
        }
        next.filter(|next| range.contains(*next))
    }

    /// Lends an address to one more IKE SA of `identity`.
    pub fn lend(&mut self, address: IpAddr, identity: &Identity) {
        let lease = Lease { holder: identity.clone(), users: 0, since: 0 };
        let lease = self.leases.entry(address).or_insert(lease);
        lease.holder = identity.clone();
        lease.users += 1;
    }

    /// One IKE SA more uses addresses that are lent: it replaces the one that has them.
    pub fn share(&mut self, addresses: &[IpAddr]) {
        for address in addresses {
            if let Some(lease) = self.leases.get_mut(address) {
                lease.users += 1;
            }
        }
    }

    /// One IKE SA uses these addresses no longer. Those that none uses are free, and remembered for their holder.
    pub fn give_back(&mut self, addresses: &[IpAddr]) {
        for address in addresses {
            if let Some(lease) = self.leases.get_mut(address) {
                lease.users = lease.users.saturating_sub(1);
                self.returned += 1;
                lease.since = self.returned;
            }
        }
        let free = || self.leases.iter().filter(|(_, lease)| lease.users == 0);
        if free().count() > MOST_REMEMBERED
            && let Some(oldest) = free().min_by_key(|(_, lease)| lease.since).map(|(address, _)| *address)
        {
            self.leases.remove(&oldest);
        }
    }
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str) -> Identity {
        name.parse().unwrap_or_else(|never| match never {})
    }

    fn range(first: &str, last: &str) -> AddressRange {
        AddressRange::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    /// Three IPv4 addresses and two of IPv6.
    fn pools() -> Pools {
        let ranges = vec![range("10.3.0.1", "10.3.0.3"), range("fd03::1", "fd03::2")];
        Pools::new(vec![PoolConfig { name: "clients".to_owned(), ranges }])
    }

    fn take(pools: &mut Pools, name: &str, wish: Option<&str>) -> Option<String> {
        let identity = identity(name);
        let wish = wish.map(|wish| wish.parse().unwrap());
        let address = pools.offer(&["clients".to_owned()], true, &identity, wish)?;
        pools.lend(address, &identity);
        Some(address.to_string())
    }

    fn give(pools: &mut Pools, address: &str) {
        pools.give_back(&[address.parse().unwrap()]);
    }

    #[test]
    fn each_gets_an_address_until_there_is_none() {
        let mut pools = pools();
        let lent = ["a", "b", "c", "d"].map(|name| take(&mut pools, name, None));
        let expected = [Some("10.3.0.1"), Some("10.3.0.2"), Some("10.3.0.3"), None];
        assert_eq!(lent.each_ref().map(Option::as_deref), expected);
        give(&mut pools, "10.3.0.2");
        assert_eq!(take(&mut pools, "d", None).as_deref(), Some("10.3.0.2"));
    }

    #[test]
    fn who_comes_back_gets_the_same_address_as_long_as_others_can_have_another() {
        let mut pools = pools();
        take(&mut pools, "a", None);
        give(&mut pools, "10.3.0.1");
        assert_eq!(take(&mut pools, "b", None).as_deref(), Some("10.3.0.2"));
        assert_eq!(take(&mut pools, "a", None).as_deref(), Some("10.3.0.1"));
        give(&mut pools, "10.3.0.2");
        give(&mut pools, "10.3.0.1");
        assert_eq!(take(&mut pools, "c", None).as_deref(), Some("10.3.0.3"));
        assert_eq!(take(&mut pools, "d", None).as_deref(), Some("10.3.0.2"), "returned first");
    }

    #[test]
    fn a_wish_is_granted_where_the_address_is_free_or_ones_own() {
        let mut pools = pools();
        assert_eq!(take(&mut pools, "a", Some("10.3.0.3")).as_deref(), Some("10.3.0.3"));
        assert_eq!(take(&mut pools, "b", Some("10.3.0.3")).as_deref(), Some("10.3.0.1"), "it is lent");
        assert_eq!(take(&mut pools, "b", Some("192.0.2.1")).as_deref(), Some("10.3.0.2"), "no pool has it");
        // Authenticated anew: two IKE SAs use it, until the old one is gone.
        assert_eq!(take(&mut pools, "a", Some("10.3.0.3")).as_deref(), Some("10.3.0.3"));
        give(&mut pools, "10.3.0.3");
        assert_eq!(take(&mut pools, "c", None), None);
        give(&mut pools, "10.3.0.3");
        assert_eq!(take(&mut pools, "c", None).as_deref(), Some("10.3.0.3"));
    }

    #[test]
    fn who_has_an_address_and_comes_anew_has_it_for_both_ike_sas() {
        let mut pools = pools();
        let names = ["clients".to_owned()];
        take(&mut pools, "a", None);
        take(&mut pools, "b", None);
        let held = |pools: &Pools, name| pools.held(&names, true, &identity(name)).map(|a| a.to_string());
        assert_eq!(held(&pools, "b").as_deref(), Some("10.3.0.2"));
        assert_eq!(held(&pools, "c"), None);
        assert_eq!(pools.held(&names, false, &identity("b")), None, "of the other IP version");
        assert_eq!(take(&mut pools, "b", Some("10.3.0.2")).as_deref(), Some("10.3.0.2"));
        give(&mut pools, "10.3.0.2");
        assert_eq!(held(&pools, "b").as_deref(), Some("10.3.0.2"), "the newer IKE SA has it");
        give(&mut pools, "10.3.0.2");
        assert_eq!(held(&pools, "b"), None);
    }

    #[test]
    fn versions_and_pools_are_kept_apart() {
        let pools = pools();
        let six = pools.offer(&["clients".to_owned()], false, &identity("a"), None);
        assert_eq!(six.map(|address| address.to_string()).as_deref(), Some("fd03::1"));
        assert_eq!(pools.offer(&["others".to_owned()], true, &identity("a"), None), None);
    }

    #[test]
    fn returned_addresses_are_forgotten_beyond_a_bound() {
        let ranges = vec![range("fd03::", "fd03::ffff:ffff")];
        let mut pools = Pools::new(vec![PoolConfig { name: "clients".to_owned(), ranges }]);
        for number in 0..5_000 {
            let identity = identity(&format!("client{number}"));
            let address = pools.offer(&["clients".to_owned()], false, &identity, None).unwrap();
            pools.lend(address, &identity);
            pools.give_back(&[address]);
        }
        assert_eq!(pools.leases.len(), MOST_REMEMBERED);
    }
}
