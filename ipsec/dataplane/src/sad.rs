//! The security association database (RFC 4301 §4.4.2): inbound SAs by SPI, outbound ones by policy, newest last.

use std::collections::BTreeMap;

use ipsec_crypto::{KeyLength, Provider};
use ipsec_net::Instant;
use ipsec_wire::Spi;
use rustc_hash::FxHashMap;

use crate::esp::Transform;
use crate::{Flow, ReplayWindow, SaPair, SaParameters};

/// An SA at work.
pub(crate) struct Sa {
    pub(crate) parameters: SaParameters,
    transform: Option<Transform>,
    /// Outbound: the last number sent. Inbound: see `replay`.
    pub(crate) sequence: u64,
    pub(crate) replay: ReplayWindow,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    pub(crate) last_used: Option<Instant>,
}

impl Sa {
    fn new(parameters: SaParameters, inbound: bool) -> Self {
        let replay = ReplayWindow::new(if inbound { parameters.replay_window } else { 0 });
        Self { parameters, transform: None, sequence: 0, replay, packets: 0, octets: 0, last_used: None }
    }

    /// The keyed algorithms, made when the first packet needs them.
    pub(crate) fn transform(&mut self, provider: &Provider) -> Result<&Transform, KeyLength> {
        if self.transform.is_none() {
            let SaParameters { suite, key, extended_sequence_numbers, .. } = &self.parameters;
            self.transform = Some(Transform::new(provider, suite, key, *extended_sequence_numbers)?);
        }
        self.transform.as_ref().ok_or(KeyLength { algorithm: "", expected: &[], found: 0 })
    }

    /// Whether the SA carries packets of this flow.
    pub(crate) fn carries(&self, flow: &Flow) -> bool {
        self.parameters.selectors.iter().any(|selector| selector.matches(flow))
    }

    /// Accounts for one packet of `octets`.
    pub(crate) fn count(&mut self, now: Instant, octets: usize) {
        self.packets += 1;
        self.octets += octets as u64;
        self.last_used = Some(now);
    }
}

/// All SAs.
#[derive(Default)]
pub(crate) struct Sad {
    /// Slots of pairs; `None` where one was removed.
    pairs: Vec<Option<Pair>>,
    free: Vec<usize>,
    by_spi: FxHashMap<Spi, usize>,
    /// For each policy the slots of its pairs, the newest last.
    by_policy: BTreeMap<usize, Vec<usize>>,
}

/// Two SAs and the policy that they belong to.
pub(crate) struct Pair {
    pub(crate) policy: usize,
    pub(crate) inbound: Sa,
    pub(crate) outbound: Sa,
}

impl Sad {
    /// Puts a pair in; one that receives under the same SPI goes.
    pub(crate) fn insert(&mut self, policy: usize, pair: SaPair) {
        self.remove(pair.inbound.spi);
        let spi = pair.inbound.spi;
        let pair =
            Pair { policy, inbound: Sa::new(pair.inbound, true), outbound: Sa::new(pair.outbound, false) };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.pairs[slot] = Some(pair);
                slot
            }
            None => {
                self.pairs.push(Some(pair));
                self.pairs.len() - 1
            }
        };
        self.by_spi.insert(spi, slot);
        self.by_policy.entry(policy).or_default().push(slot);
    }

    /// Takes the pair out that receives under this SPI.
    pub(crate) fn remove(&mut self, inbound: Spi) -> Option<Pair> {
        let slot = self.by_spi.remove(&inbound)?;
        let pair = self.pairs[slot].take()?;
        self.free.push(slot);
        if let Some(slots) = self.by_policy.get_mut(&pair.policy) {
            slots.retain(|other| *other != slot);
        }
        Some(pair)
    }

    /// The SA that receives under this SPI.
    pub(crate) fn inbound(&mut self, spi: Spi) -> Option<&mut Sa> {
        let slot = *self.by_spi.get(&spi)?;
        self.pairs[slot].as_mut().map(|pair| &mut pair.inbound)
    }

    /// The pair that receives under this SPI.
    pub(crate) fn pair(&self, inbound: Spi) -> Option<&Pair> {
        self.pairs[*self.by_spi.get(&inbound)?].as_ref()
    }

    /// The newest SA of the policy that carries packets of this flow.
    pub(crate) fn outbound(&mut self, policy: usize, flow: &Flow) -> Option<&mut Sa> {
        let carries =
            |slot: &&usize| self.pairs[**slot].as_ref().is_some_and(|pair| pair.outbound.carries(flow));
        let slot = *self.by_policy.get(&policy)?.iter().rev().find(carries)?;
        self.pairs[slot].as_mut().map(|pair| &mut pair.outbound)
    }

    /// The pairs, by slot.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().flatten()
    }
}
