//! The security association database (RFC 4301 §4.4.2): inbound SAs by protocol and SPI, outbound ones by policy, the
//! newest first.

use std::net::IpAddr;

use ipsec_net::Instant;
use ipsec_wire::Spi;
use rustc_hash::FxHashMap;

use crate::inbound::InboundSa;
use crate::outbound::OutboundSa;
use crate::{Flow, Lifetime, Mode, SaPair, Selector};

/// All SAs.
#[derive(Default)]
pub(crate) struct Sad {
    /// Slots of pairs; `None` where one was removed.
    pairs: Vec<Option<Pair>>,
    free: Vec<usize>,
    by_spi: FxHashMap<Key, Place>,
    by_serial: FxHashMap<u64, usize>,
    /// For each policy, by its index, its pairs.
    by_policy: Vec<OfPolicy>,
    last_serial: u64,
}

/// The pairs of one policy.
#[derive(Default)]
struct OfPolicy {
    /// Their slots, the newest last.
    slots: Vec<usize>,
    /// How often they have changed.
    changes: u64,
}

/// Which pair a flow has used last: where it was, and how often the pairs of its policy had changed by then.
pub(crate) type Used = Option<(usize, u64)>;

/// The protocol, ESP or AH, and the SPI.
pub(crate) type Key = (u8, Spi);

/// Where an inbound SA is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    slot: usize,
    /// Whether it is the AH of a bundle.
    pub(crate) is_bundled: bool,
}

/// Two SAs and the policy that they belong to.
pub(crate) struct Pair {
    /// What no other pair has.
    pub(crate) serial: u64,
    /// The index of the policy, if it is known.
    pub(crate) policy_index: Option<usize>,
    pub(crate) policy: String,
    pub(crate) inbound: InboundSa,
    pub(crate) outbound: OutboundSa,
    pub(crate) bundled: Option<Box<BundledPair>>,
    /// The resource that it is for.
    resource: Option<u32>,
    /// Older pairs go on sending: the peer may not have this one yet.
    pub(crate) yields: bool,
    /// It sends nothing more: the peer does not receive under it.
    pub(crate) is_mute: bool,
    pub(crate) lifetime: Lifetime,
    /// When it was installed.
    pub(crate) since: Instant,
    /// Whether its soft limit was told.
    pub(crate) soft_told: bool,
    /// When its keepalive timer is due.
    pub(crate) keepalive_due: Option<Instant>,
    /// When NAT was last reminded of it.
    pub(crate) reminded: Option<Instant>,
}

/// The AH of a bundle.
pub(crate) struct BundledPair {
    pub(crate) inbound: InboundSa,
    pub(crate) outbound: OutboundSa,
}

impl Pair {
    /// The SPI under which we receive.
    pub(crate) fn spi(&self) -> Spi {
        self.inbound.sa.parameters.spi
    }

    /// Whether it sends packets with this SPI.
    pub(crate) fn sends_under(&self, spi: Spi) -> bool {
        let bundled = self.bundled.as_ref().map(|bundled| &bundled.outbound);
        std::iter::once(&self.outbound).chain(bundled).any(|sa| sa.sa.parameters.spi == spi)
    }

    /// Whether what it protects goes to this address.
    pub(crate) fn sends_to(&self, destination: IpAddr) -> bool {
        let parameters = &self.outbound.sa.parameters;
        match parameters.mode {
            Mode::Tunnel { remote, .. } => remote == destination,
            Mode::Transport => parameters.selectors.iter().any(|one| one.remote.contains(destination)),
        }
    }

    /// When a packet that NAT sees was last sent; when the pair was installed, if none was.
    pub(crate) fn last_sent(&self) -> Instant {
        let sent = [self.outbound.sa.last_used, self.reminded];
        sent.into_iter().flatten().fold(self.since, Instant::max)
    }

    /// When either SA has last carried a packet; when the pair was installed, if none has.
    pub(crate) fn last_used(&self) -> Instant {
        let used = [self.inbound.sa.last_used, self.outbound.sa.last_used];
        used.into_iter().flatten().fold(self.since, Instant::max)
    }

    /// The inbound SAs' places in the database, that of the pair itself first.
    fn keys(&self) -> impl Iterator<Item = (Key, bool)> {
        let key = |sa: &InboundSa| (sa.sa.parameters.protection.protocol(), sa.sa.parameters.spi);
        let bundled = self.bundled.as_ref().map(|bundled| (key(&bundled.inbound), true));
        std::iter::once((key(&self.inbound), false)).chain(bundled)
    }
}

impl Sad {
    /// Where the SA is that receives under this SPI.
    pub(crate) fn find(&self, key: Key) -> Option<Place> {
        self.by_spi.get(&key).copied()
    }

    /// The pair at a place.
    pub(crate) fn at(&mut self, place: Place) -> Option<&mut Pair> {
        self.pairs[place.slot].as_mut()
    }

    /// The newest pair of the policy with this index that carries packets of this flow and is for its resource; where all of
    /// these yield to older ones, the oldest. The one that it `used` last, if the pairs of the policy are the same since.
    pub(crate) fn outbound(&mut self, policy: usize, flow: &Flow, used: &mut Used) -> Option<&mut Pair> {
        let OfPolicy { slots, changes } = self.by_policy.get(policy)?;
        let slot = match used {
            Some((slot, then)) if then == changes => *slot,
            _ => {
                let pairs = slots.iter().filter_map(|slot| Some((*slot, self.pairs[*slot].as_ref()?)));
                let carry = pairs.filter(|(_, pair)| pair.outbound.sa.carries(flow));
                let first = carry.clone().rev().filter(|(_, pair)| !pair.yields);
                let ordered = first.chain(carry.filter(|(_, pair)| pair.yields));
                spread(ordered.map(|(slot, pair)| (slot, pair.resource)), flow)?
            }
        };
        *used = Some((slot, *changes));
        self.pairs[slot].as_mut()
    }

    /// Puts a pair in for the policy with this index; pairs that receive under the same SPIs go. Without a policy the pair
    /// only receives.
    pub(crate) fn insert(&mut self, now: Instant, policy: Option<usize>, pair: SaPair) -> &mut Pair {
        self.last_serial += 1;
        let pair = Pair {
            serial: self.last_serial,
            policy_index: policy,
            policy: pair.policy,
            inbound: InboundSa::new(pair.inbound, pair.bundled.is_some()),
            outbound: OutboundSa::new(pair.outbound, pair.bundled.is_some()),
            bundled: pair.bundled.map(|bundled| {
                let (inbound, outbound) =
                    (InboundSa::new(bundled.inbound, false), OutboundSa::new(bundled.outbound, false));
                Box::new(BundledPair { inbound, outbound })
            }),
            resource: pair.resource,
            yields: pair.yields,
            is_mute: false,
            lifetime: pair.lifetime,
            since: now,
            soft_told: false,
            keepalive_due: None,
            reminded: None,
        };
        for (key, _) in pair.keys() {
            if let Some(place) = self.find(key) {
                self.take(place.slot);
            }
        }
        let slot = self.free.pop().unwrap_or(self.pairs.len());
        for (key, is_bundled) in pair.keys() {
            self.by_spi.insert(key, Place { slot, is_bundled });
        }
        self.by_serial.insert(pair.serial, slot);
        if let Some(policy) = policy {
            let policies = self.by_policy.len().max(policy + 1);
            self.by_policy.resize_with(policies, OfPolicy::default);
            self.by_policy[policy].slots.push(slot);
            self.by_policy[policy].changes += 1;
        }
        if slot == self.pairs.len() {
            self.pairs.push(None);
        }
        self.pairs[slot].insert(pair)
    }

    /// The pair at a place yields no longer.
    pub(crate) fn prefer(&mut self, place: Place) {
        if let Some(pair) = &mut self.pairs[place.slot] {
            pair.yields = false;
            if let Some(policy) = pair.policy_index {
                self.by_policy[policy].changes += 1;
            }
        }
    }

    /// Takes the pair out whose own SA, not that of a bundle, receives under this SPI.
    pub(crate) fn remove(&mut self, inbound: Spi) -> Option<Pair> {
        self.take(self.slot_of(inbound)?)
    }

    /// Takes the pair with this serial number out.
    pub(crate) fn remove_serial(&mut self, serial: u64) -> Option<Pair> {
        self.take(*self.by_serial.get(&serial)?)
    }

    /// Lets the pair whose own SA receives under this SPI send nothing more, and returns the index of its policy.
    pub(crate) fn stop_sending(&mut self, inbound: Spi) -> Option<usize> {
        let slot = self.slot_of(inbound)?;
        let pair = self.pairs[slot].as_mut()?;
        pair.is_mute = true;
        let policy = pair.policy_index.take()?;
        self.by_policy[policy].slots.retain(|other| *other != slot);
        self.by_policy[policy].changes += 1;
        Some(policy)
    }

    fn take(&mut self, slot: usize) -> Option<Pair> {
        let pair = self.pairs[slot].take()?;
        for (key, _) in pair.keys() {
            self.by_spi.remove(&key);
        }
        self.by_serial.remove(&pair.serial);
        self.free.push(slot);
        if let Some(policy) = pair.policy_index {
            self.by_policy[policy].slots.retain(|other| *other != slot);
            self.by_policy[policy].changes += 1;
        }
        Some(pair)
    }

    /// The pair whose own SA receives under this SPI.
    pub(crate) fn pair(&self, inbound: Spi) -> Option<&Pair> {
        self.pairs[self.slot_of(inbound)?].as_ref()
    }

    /// The pair whose own SA receives under this SPI, for changing.
    pub(crate) fn pair_mut(&mut self, inbound: Spi) -> Option<&mut Pair> {
        let slot = self.slot_of(inbound)?;
        self.pairs[slot].as_mut()
    }

    /// What the pairs of the policy with this index carry.
    pub(crate) fn selectors_of(&self, policy: usize) -> Vec<Selector> {
        let slots = self.by_policy.get(policy).map(|of| of.slots.as_slice()).unwrap_or_default();
        let pairs = slots.iter().filter_map(|slot| self.pairs[*slot].as_ref());
        let mut selectors: Vec<Selector> = Vec::new();
        for selector in pairs.flat_map(|pair| &pair.outbound.sa.parameters.selectors) {
            if !selectors.contains(selector) {
                selectors.push(selector.clone());
            }
        }
        selectors
    }

    /// The pair with this serial number.
    pub(crate) fn by_serial(&mut self, serial: u64) -> Option<&mut Pair> {
        self.pairs[*self.by_serial.get(&serial)?].as_mut()
    }

    fn slot_of(&self, inbound: Spi) -> Option<usize> {
        let own = |protocol| self.find((protocol, inbound)).filter(|place| !place.is_bundled);
        own(ipsec_net::protocol::ESP).or_else(|| own(ipsec_net::protocol::AH)).map(|place| place.slot)
    }

    /// The pairs, by slot.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().flatten()
    }
}

/// The first of these slots, of which each is for a resource or for none, that is for the resource of this flow.
fn spread(slots: impl Iterator<Item = (usize, Option<u32>)>, flow: &Flow) -> Option<usize> {
    let slots: Vec<(usize, Option<u32>)> = slots.collect();
    let mut resources: Vec<u32> = slots.iter().filter_map(|(_, resource)| *resource).collect();
    resources.sort_unstable();
    resources.dedup();
    let wanted = match resources.len() {
        0 => None,
        count => resources.get((number(flow) % count as u64) as usize).copied(),
    };
    slots.into_iter().find(|(_, resource)| *resource == wanted).map(|(slot, _)| slot)
}

/// A number that is the same for all packets of a flow and differs between flows: FNV-1a over what defines the flow.
fn number(flow: &Flow) -> u64 {
    let mut number = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |octets: &[u8]| {
        for octet in octets {
            number = (number ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for address in [flow.local, flow.remote] {
        match address {
            IpAddr::V4(address) => mix(&address.octets()),
            IpAddr::V6(address) => mix(&address.octets()),
        }
    }
    mix(&[flow.protocol]);
    let (local, remote) = flow.ports.unwrap_or_default();
    mix(&local.to_be_bytes());
    mix(&remote.to_be_bytes());
    // The lowest bit hears only of the lowest bits.
    number ^ number >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(port: u16) -> Flow {
        Flow {
            local: [10, 1, 0, 1].into(),
            remote: [10, 2, 0, 1].into(),
            protocol: 17,
            ports: Some((port, 9)),
        }
    }

    #[test]
    fn flows_are_spread_over_the_resources_and_each_stays_where_it_is() {
        let slots = [(7, Some(2)), (6, Some(1)), (5, Some(0)), (4, None)];
        let of = |port| spread(slots.into_iter(), &flow(port)).unwrap();
        let counts = [4, 5, 6, 7].map(|slot| (0..300).filter(|port| of(*port) == slot).count());
        assert_eq!(counts[0], 0, "the pair for no resource has nothing to do");
        assert!(counts[1..].iter().all(|count| *count > 60), "{counts:?}");
        assert_eq!(of(1), of(1));
    }

    #[test]
    fn a_pair_for_no_resource_serves_where_there_is_no_other_and_newer_ones_come_first() {
        assert_eq!(spread([(4, None), (3, None)].into_iter(), &flow(1)), Some(4));
        assert_eq!(spread([(9, Some(0)), (8, Some(0)), (4, None)].into_iter(), &flow(1)), Some(9));
        assert_eq!(spread([].into_iter(), &flow(1)), None);
    }
}
