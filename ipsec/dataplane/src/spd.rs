//! The security policy database (RFC 4301 §4.4.1): ordered policies, the first that matches decides. Decisions are
//! remembered for each flow.

use rustc_hash::FxHashMap;

use crate::{Flow, Selector};

/// What a policy does with its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// They go through an SA.
    Protect,
    /// They pass as they are.
    Bypass,
    /// They are dropped.
    Discard,
}

/// One entry of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name, which SA pairs name as theirs.
    pub name: String,
    /// The packets that it is for: those of any of these.
    pub selectors: Vec<Selector>,
    /// What it does with them.
    pub action: Action,
}

/// The policies in order. A packet that none matches is discarded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spd {
    policies: Vec<Policy>,
    decided: FxHashMap<Flow, Option<usize>>,
}

/// How many flows are remembered; then all are forgotten.
const REMEMBERED_FLOWS: usize = 65_536;

impl Spd {
    pub(crate) fn new(policies: Vec<Policy>) -> Self {
        Self { policies, decided: FxHashMap::default() }
    }

    /// The first policy that matches, with its index.
    pub(crate) fn lookup(&mut self, flow: &Flow) -> Option<(usize, &Policy)> {
        let index = self.decide(flow)?;
        Some((index, &self.policies[index]))
    }

    fn decide(&mut self, flow: &Flow) -> Option<usize> {
        if let Some(decided) = self.decided.get(flow) {
            return *decided;
        }
        let matches = |policy: &Policy| policy.selectors.iter().any(|selector| selector.matches(flow));
        let found = self.policies.iter().position(matches);
        if self.decided.len() >= REMEMBERED_FLOWS {
            self.decided.clear();
        }
        self.decided.insert(*flow, found);
        found
    }

    /// The index of the policy with this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.policies.iter().position(|policy| policy.name == name)
    }
}

#[cfg(test)]
mod tests {
    use ipsec_net::AddressRange;
    use proptest::prelude::*;

    use super::*;

    fn range(a: u8, b: u8) -> AddressRange {
        AddressRange::new([10, 0, 0, a.min(b)].into(), [10, 0, 0, a.max(b)].into()).unwrap()
    }

    fn flow(local: u8, remote: u8, port: u16) -> Flow {
        let (local, remote) = ([10, 0, 0, local].into(), [10, 0, 0, remote].into());
        Flow { local, remote, protocol: 17, ports: Some((port, 53)) }
    }

    fn policies(ranges: &[[u8; 4]]) -> Vec<Policy> {
        let policy = |(index, [a, b, c, d]): (usize, &[u8; 4])| Policy {
            name: index.to_string(),
            selectors: vec![Selector::between(range(*a, *b), range(*c, *d))],
            action: Action::Protect,
        };
        ranges.iter().enumerate().map(policy).collect()
    }

    proptest! {
        #[test]
        fn the_first_policy_that_matches_decides_the_first_time_and_every_other(
            ranges in prop::collection::vec(any::<[u8; 4]>(), 0..6),
            flows in prop::collection::vec((0u8..4, 0u8..4), 1..40),
        ) {
            let policies = policies(&ranges);
            let mut spd = Spd::new(policies.clone());
            for (local, remote) in flows {
                let flow = flow(local * 64, remote * 64, 1);
                let expected = policies.iter().find(|policy| policy.selectors[0].matches(&flow));
                prop_assert_eq!(spd.lookup(&flow).map(|(_, policy)| policy), expected);
            }
        }
    }

    #[test]
    fn no_more_flows_are_remembered_than_the_bound() {
        let mut spd = Spd::new(policies(&[[0, 255, 0, 255]]));
        for port in 0..=u16::MAX {
            assert!(spd.lookup(&flow(1, 2, port)).is_some());
        }
        assert_eq!(spd.decided.len(), REMEMBERED_FLOWS);
        assert!(spd.lookup(&flow(3, 4, 0)).is_some());
        assert_eq!(spd.decided.len(), 1);
    }
}
