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
