//! The security policy database (RFC 4301 §4.4.1): ordered policies, the first that matches decides. Decisions are
//! remembered for each flow.

use std::ops::RangeInclusive;

use ipsec_net::Prefix;
use rustc_hash::FxHashMap;

use crate::{Direction, Flow, Selector, sad};

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
    /// Packets of which direction it is for; both when nothing. What is protected is so both ways (SPD-S), what is bypassed
    /// or discarded need not be (SPD-O, SPD-I).
    pub direction: Option<Direction>,
    /// What of its selectors an SA takes from the packet that asks for it.
    pub from_packet: FromPacket,
    /// Whether its selectors are those of its SAs, whatever they are: it is for packets that nobody can name before
    /// addresses are assigned (RFC 4301 §4.4.1.2).
    pub follows_sas: bool,
}

/// Populate from packet (RFC 4301 §4.4.1.2): an SA is only for packets that have the same value as the one that asked for
/// it, where this is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FromPacket {
    /// The address on the protected side.
    pub local: bool,
    /// The address on the far side.
    pub remote: bool,
    /// The upper-layer protocol.
    pub protocol: bool,
    /// The port on the protected side.
    pub local_port: bool,
    /// The port on the far side.
    pub remote_port: bool,
}

impl Policy {
    /// A policy for both directions that takes nothing from packets.
    #[must_use]
    pub fn new(name: impl Into<String>, selectors: Vec<Selector>, action: Action) -> Self {
        let (direction, from_packet) = (None, FromPacket::default());
        Self { name: name.into(), selectors, action, direction, from_packet, follows_sas: false }
    }

    fn matches(&self, flow: &Flow, direction: Direction) -> bool {
        self.direction.is_none_or(|own| own == direction)
            && self.selectors.iter().any(|selector| selector.matches(flow))
    }

    /// The selectors of an SA that a packet of this flow asks for.
    pub(crate) fn populated(&self, flow: &Flow) -> Vec<Selector> {
        let from = self.from_packet;
        if from == FromPacket::default() {
            return self.selectors.clone();
        }
        let port = |taken: bool, range: &RangeInclusive<u16>, port: Option<u16>| match port {
            Some(port) if taken => port..=port,
            // The port of a packet that shows none is opaque (RFC 4301 §4.4.1.2).
            None if taken => Selector::OPAQUE,
            _ => range.clone(),
        };
        let host = |taken: bool, range, address| if taken { Prefix::host(address).range() } else { range };
        let narrowed = |selector: &Selector| Selector {
            local: host(from.local, selector.local, flow.local),
            remote: host(from.remote, selector.remote, flow.remote),
            protocol: if from.protocol { Some(flow.protocol) } else { selector.protocol },
            local_ports: port(from.local_port, &selector.local_ports, flow.ports.map(|(local, _)| local)),
            remote_ports: port(
                from.remote_port,
                &selector.remote_ports,
                flow.ports.map(|(_, remote)| remote),
            ),
        };
        self.selectors.iter().filter(|selector| selector.matches(flow)).map(narrowed).take(1).collect()
    }
}

/// The policies in order. A packet that none matches is discarded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spd {
    policies: Vec<Policy>,
    /// The first policy of each name.
    by_name: FxHashMap<String, usize>,
    /// What was decided for packets from outside and from inside.
    decided: [Decided; 2],
}

/// What was decided, by flow.
#[derive(Clone, Debug, Default)]
struct Decided {
    places: FxHashMap<Flow, usize>,
    decisions: Vec<Decision>,
}

/// What was found for a flow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Decision {
    /// The index of the policy.
    policy: Option<usize>,
    /// The SA pair that the flow used last, if the policy protects it.
    pub(crate) used: sad::Used,
}

/// How many flows are remembered in each direction; then all are forgotten.
const REMEMBERED_FLOWS: usize = 65_536;

impl Spd {
    pub(crate) fn new(policies: Vec<Policy>) -> Self {
        let mut by_name = FxHashMap::default();
        for (index, policy) in policies.iter().enumerate() {
            by_name.entry(policy.name.clone()).or_insert(index);
        }
        Self { policies, by_name, decided: Default::default() }
    }

    /// The first policy that matches, with its index, and where its pair is to be noted.
    pub(crate) fn lookup(
        &mut self,
        flow: &Flow,
        direction: Direction,
    ) -> Option<(usize, &Policy, &mut sad::Used)> {
        let Decided { places, decisions } = &mut self.decided[direction as usize];
        let place = match places.get(flow) {
            Some(place) => *place,
            None => {
                if decisions.len() >= REMEMBERED_FLOWS {
                    places.clear();
                    decisions.clear();
                }
                let policy = self.policies.iter().position(|policy| policy.matches(flow, direction));
                decisions.push(Decision { policy, used: None });
                places.insert(*flow, decisions.len() - 1);
                decisions.len() - 1
            }
        };
        let decision = &mut decisions[place];
        let index = decision.policy?;
        Some((index, &self.policies[index], &mut decision.used))
    }

    /// Gives a policy that follows its SAs the selectors of those.
    pub(crate) fn follow(&mut self, index: usize, selectors: impl FnOnce() -> Vec<Selector>) {
        let policy = &mut self.policies[index];
        if policy.follows_sas {
            policy.selectors = selectors();
            self.decided = Default::default();
        }
    }

    /// The index of the policy with this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
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
        let policy = |(index, [a, b, c, d]): (usize, &[u8; 4])| {
            let selectors = vec![Selector::between(range(*a, *b), range(*c, *d))];
            Policy::new(index.to_string(), selectors, Action::Protect)
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
                prop_assert_eq!(spd.lookup(&flow, Direction::Outbound).map(|(_, policy, _)| policy), expected);
            }
        }
    }

    #[test]
    fn no_more_flows_are_remembered_than_the_bound() {
        let mut spd = Spd::new(policies(&[[0, 255, 0, 255]]));
        for port in 0..=u16::MAX {
            assert!(spd.lookup(&flow(1, 2, port), Direction::Outbound).is_some());
        }
        assert_eq!(spd.decided[Direction::Outbound as usize].places.len(), REMEMBERED_FLOWS);
        assert!(spd.lookup(&flow(3, 4, 0), Direction::Outbound).is_some());
        assert_eq!(spd.decided[Direction::Outbound as usize].places.len(), 1);
    }

    #[test]
    fn a_policy_for_one_direction_leaves_the_other_to_those_behind_it() {
        let mut all = policies(&[[0, 255, 0, 255], [0, 255, 0, 255]]);
        (all[0].action, all[0].direction) = (Action::Bypass, Some(Direction::Inbound));
        let mut spd = Spd::new(all);
        let mut action =
            |direction| spd.lookup(&flow(1, 2, 3), direction).map(|(_, policy, _)| policy.action);
        assert_eq!(action(Direction::Inbound), Some(Action::Bypass));
        assert_eq!(action(Direction::Outbound), Some(Action::Protect));
    }

    #[test]
    fn an_sa_is_populated_with_what_the_policy_takes_from_the_packet() {
        let mut policy = policies(&[[0, 1, 0, 1], [0, 255, 0, 255]]).remove(1);
        assert_eq!(policy.populated(&flow(7, 9, 5)), policy.selectors);
        policy.from_packet = FromPacket { local: true, remote_port: true, ..FromPacket::default() };
        let selector = Selector { remote_ports: 53..=53, ..Selector::between(range(7, 7), range(0, 255)) };
        assert_eq!(policy.populated(&flow(7, 9, 5)), std::slice::from_ref(&selector));
        let later_fragment = Flow { ports: None, ..flow(7, 9, 5) };
        let opaque = Selector { remote_ports: Selector::OPAQUE, ..selector };
        assert_eq!(policy.populated(&later_fragment), [opaque]);
    }
}
