//! The flows that a packet filter has let through.

use std::collections::{BTreeMap, BTreeSet};

use ipsec_net::Instant;

use super::super::{Flow, Side};

/// A flow that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// The flow, from the one who began it to the other.
    pub flow: Flow,
    /// The side where it was begun.
    pub begun: Side,
    /// When it ends unless another packet comes.
    pub expires: Instant,
}

/// All flows that go on.
#[derive(Clone, Debug, Default)]
pub(super) struct States {
    /// By the flow as the inside sends it.
    flows: BTreeMap<Flow, (Side, Instant)>,
    /// One entry for each flow, no later than it ends.
    timers: BTreeSet<(Instant, Flow)>,
}

impl States {
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = State> {
        self.flows.iter().map(|(flow, (begun, expires))| state(*flow, *begun, *expires))
    }

    /// Whether a packet of this flow from `side` belongs to one that goes on.
    pub(super) fn contains(&self, side: Side, flow: Flow) -> bool {
        self.flows.contains_key(&outward(side, flow))
    }

    /// Lets the flow of a packet from `side` go on until then; tells whether it was there.
    pub(super) fn refresh(&mut self, side: Side, flow: Flow, until: Instant) -> bool {
        let known = self.flows.get_mut(&outward(side, flow));
        known.map(|(_, expires)| *expires = until.max(*expires)).is_some()
    }

    pub(super) fn open(&mut self, begun: Side, flow: Flow, until: Instant) {
        let flow = outward(begun, flow);
        self.flows.insert(flow, (begun, until));
        self.timers.insert((until, flow));
    }

    /// When [`States::expire`] has something to do next.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Removes the flows that have ended and returns them, soonest first.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<State> {
        let mut ended = Vec::new();
        while let Some((at, flow)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, flow));
            match self.flows.get(&flow).copied() {
                // Refreshed since the timer was set.
                Some((_, expires)) if expires > now => {
                    self.timers.insert((expires, flow));
                }
                Some((begun, expires)) => {
                    self.flows.remove(&flow);
                    ended.push(state(flow, begun, expires));
                }
                None => {}
            }
        }
        ended
    }
}

fn outward(side: Side, flow: Flow) -> Flow {
    if side == Side::Inside { flow } else { flow.reversed() }
}

fn state(outward_flow: Flow, begun: Side, expires: Instant) -> State {
    State { flow: outward(begun, outward_flow), begun, expires }
}
