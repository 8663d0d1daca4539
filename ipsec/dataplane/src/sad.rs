//! The security association database (RFC 4301 §4.4.2): inbound SAs by SPI, outbound ones by policy, the newest first.

use ipsec_wire::Spi;
use rustc_hash::FxHashMap;

use crate::inbound::InboundSa;
use crate::outbound::OutboundSa;
use crate::{Flow, SaPair};

/// All SAs.
#[derive(Default)]
pub(crate) struct Sad {
    /// Slots of pairs; `None` where one was removed.
    pairs: Vec<Option<Pair>>,
    free: Vec<usize>,
    by_spi: FxHashMap<Spi, usize>,
    /// For each policy, by its index, the slots of its pairs, the newest last.
    by_policy: Vec<Vec<usize>>,
}

/// Two SAs and the policy that they belong to.
pub(crate) struct Pair {
    pub(crate) policy: String,
    pub(crate) inbound: InboundSa,
    pub(crate) outbound: OutboundSa,
}

impl Sad {
    /// The SA that receives under this SPI.
    pub(crate) fn inbound(&mut self, spi: Spi) -> Option<&mut InboundSa> {
        let slot = *self.by_spi.get(&spi)?;
        self.pairs[slot].as_mut().map(|pair| &mut pair.inbound)
    }

    /// The newest SA of the policy with this index that carries packets of this flow.
    pub(crate) fn outbound(&mut self, policy: usize, flow: &Flow) -> Option<&mut OutboundSa> {
        let carries =
            |slot: &&usize| self.pairs[**slot].as_ref().is_some_and(|pair| pair.outbound.sa.carries(flow));
        let slot = *self.by_policy.get(policy)?.iter().rev().find(carries)?;
        self.pairs[slot].as_mut().map(|pair| &mut pair.outbound)
    }

    /// Puts a pair in for the policy with this index; a pair that receives under the same SPI goes. Without a policy
    /// the pair only receives.
    pub(crate) fn insert(&mut self, policy: Option<usize>, pair: SaPair) {
        self.remove(pair.inbound.spi);
        let spi = pair.inbound.spi;
        let pair = Pair {
            policy: pair.policy,
            inbound: InboundSa::new(pair.inbound),
            outbound: OutboundSa::new(pair.outbound),
        };
        let slot = self.free.pop().unwrap_or(self.pairs.len());
        match self.pairs.get_mut(slot) {
            Some(free) => *free = Some(pair),
            None => self.pairs.push(Some(pair)),
        }
        self.by_spi.insert(spi, slot);
        if let Some(policy) = policy {
            let policies = self.by_policy.len().max(policy + 1);
            self.by_policy.resize_with(policies, Vec::new);
            self.by_policy[policy].push(slot);
        }
    }

    /// Takes the pair out that receives under this SPI.
    pub(crate) fn remove(&mut self, inbound: Spi) -> Option<Pair> {
        let slot = self.by_spi.remove(&inbound)?;
        let pair = self.pairs[slot].take()?;
        self.free.push(slot);
        for slots in &mut self.by_policy {
            slots.retain(|other| *other != slot);
        }
        Some(pair)
    }

    /// The pair that receives under this SPI.
    pub(crate) fn pair(&self, inbound: Spi) -> Option<&Pair> {
        self.pairs[*self.by_spi.get(&inbound)?].as_ref()
    }

    /// The pairs, by slot.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().flatten()
    }
}
