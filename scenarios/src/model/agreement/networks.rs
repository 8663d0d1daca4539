//! The packets that two ends protect in common (RFC 7296 §2.9).

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipsec_net::{AddressRange, Prefix};

use super::{Ends, Exchange};
use crate::file::ChildEnd;

impl<'a> Ends<'a> {
    /// The responder's child that is meant, and what both protect: the first of the IKE configuration that has something in
    /// common with the offer at both sides; the same one, where it has an exchange of its own. Who lends addresses protects
    /// of the other side what it has lent, these `addresses` if it is the responder and nothing else.
    pub(super) fn meant(
        &self,
        exchange: Exchange,
        addresses: &[IpAddr],
    ) -> Option<(String, &'a ChildEnd, [Vec<AddressRange>; 2])> {
        let replaced = exchange == Exchange::CreateChildSa;
        let [near, reached] = self.asked_for(exchange, addresses);
        let hosts: Vec<Prefix> = addresses.iter().copied().map(Prefix::host).collect();
        let of_ike = self.scenario.children.iter().filter(|child| child.ike == self.ike_noun.name);
        let mut candidates = of_ike.filter(|child| !replaced || child.name == self.child_noun.name);
        candidates.find_map(|child| {
            let answers = child.ends.iter().find(|end| end.peer == self.ike[1].peer)?;
            let lends = !self.ike[1].assigns.is_empty();
            let far = if lends { within(&hosts, &answers.remote) } else { answers.remote.clone() };
            let networks = [intersection(&near, &far), intersection(&reached, &answers.local)];
            // Packets run between addresses of one IP version.
            let [first, second]: &[Vec<AddressRange>; 2] = &networks;
            let version = |range: &AddressRange| range.first().is_ipv4();
            let joined = first.iter().any(|one| second.iter().any(|other| version(one) == version(other)));
            joined.then(|| (child.name.clone(), answers, networks))
        })
    }
}

impl Ends<'_> {
    /// The networks that the initiator asks for, at its own side and the other. One that has addresses by now asks for these;
    /// one that lends some has lent none to this responder.
    pub(super) fn asked_for(&self, exchange: Exchange, addresses: &[IpAddr]) -> [Vec<Prefix>; 2] {
        let (end, asks) = (self.ike[0], self.child[0]);
        let hosts: Vec<Prefix> = addresses.iter().copied().map(Prefix::host).collect();
        let has_some = exchange == Exchange::CreateChildSa && !end.asks.is_empty() && !hosts.is_empty();
        let near = if has_some { within(&hosts, &asks.local) } else { asks.local.clone() };
        [near, if end.assigns.is_empty() { asks.remote.clone() } else { Vec::new() }]
    }
}

/// Those of the hosts that are in one of the networks.
fn within(hosts: &[Prefix], networks: &[Prefix]) -> Vec<Prefix> {
    hosts.iter().filter(|host| networks.iter().any(|net| net.contains(host.address()))).copied().collect()
}

/// The addresses that are in both, as ranges in order that neither overlap nor touch.
pub(super) fn intersection(first: &[Prefix], second: &[Prefix]) -> Vec<AddressRange> {
    let both = |a: &Prefix, b: &Prefix| match (a.length() >= b.length(), a.range(), b.range()) {
        // Of two prefixes with something in common one contains the other.
        (true, inner, _) if b.contains(a.address()) => Some(inner),
        (false, _, inner) if a.contains(b.address()) => Some(inner),
        _ => None,
    };
    let all: BTreeSet<(IpAddr, IpAddr)> = first
        .iter()
        .flat_map(|a| second.iter().filter_map(move |b| both(a, b)))
        .map(|range| (range.first(), range.last()))
        .collect();
    union(all.into_iter().filter_map(|(first, last)| AddressRange::new(first, last)))
}

/// The same addresses as ranges in order that neither overlap nor touch.
#[must_use]
pub fn union(ranges: impl IntoIterator<Item = AddressRange>) -> Vec<AddressRange> {
    let mut sorted: Vec<AddressRange> = ranges.into_iter().collect();
    sorted.sort_unstable_by_key(|range| (range.first(), range.last()));
    let mut all: Vec<AddressRange> = Vec::new();
    for range in sorted {
        let joined = all
            .last()
            .filter(|last| touches(last.last(), range.first()))
            .and_then(|last| AddressRange::new(last.first(), last.last().max(range.last())));
        match joined {
            Some(joined) => {
                all.pop();
                all.push(joined);
            }
            None => all.push(range),
        }
    }
    all
}

/// Whether no address lies between the end of one range and the beginning of a later one.
fn touches(end: IpAddr, begin: IpAddr) -> bool {
    match (end, begin) {
        (IpAddr::V4(end), IpAddr::V4(begin)) => begin.to_bits() <= end.to_bits().saturating_add(1),
        (IpAddr::V6(end), IpAddr::V6(begin)) => begin.to_bits() <= end.to_bits().saturating_add(1),
        _ => false,
    }
}
