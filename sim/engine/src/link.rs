//! Links: two ends, and for each direction a delay, its misfortunes, an MTU and perhaps a queue.

mod bottleneck;
mod codel;
pub(crate) mod damage;
mod luck;
mod rule;
mod settings;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ipsec_net::{Instant, IpPacket};

use crate::{Counters, Direction, Fate, Fault, NodeId, Port, Streams};
use luck::Luck;

pub(crate) use bottleneck::Backlog;
pub use bottleneck::Bottleneck;
pub use codel::CoDel;
pub use rule::Rule;
pub use settings::{Hold, Jitter, LinkError, LinkProblem, LinkSettings, Loss, Outage};

/// The number of a link in its world, by the order in which links were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(crate) u32);

impl LinkId {
    /// The link with this number.
    #[must_use]
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// The number.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a world's owner does to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It carries nothing any more.
    Cut,
    /// It carries packets again.
    Mended,
    /// Its misfortunes end for good.
    Healed,
    /// It behaves otherwise from now on.
    Settings,
    /// Chosen packets are to suffer.
    Rule,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "cut",
            Self::Mended => "mended",
            Self::Healed => "healed",
            Self::Settings => "given other settings",
            Self::Rule => "given a rule for chosen packets",
        })
    }
}

/// A link at work. `T` is what waits on it.
#[derive(Debug)]
pub(crate) struct Link<T> {
    pub(crate) name: Arc<str>,
    pub(crate) ends: [(NodeId, Port); 2],
    pub(crate) lanes: [Lane<T>; 2],
}

/// One direction of a link.
#[derive(Debug)]
pub(crate) struct Lane<T> {
    pub(crate) settings: LinkSettings,
    pub(crate) counters: Counters,
    pub(crate) cut: bool,
    pub(crate) healed: bool,
    /// Packets that wait for the bottleneck.
    pub(crate) backlog: Backlog<T>,
    /// Packets that wait until others have overtaken them: how many have to, still.
    pub(crate) held: Vec<(u32, T)>,
    /// When the last packet arrives, for links that keep the order.
    pub(crate) last_arrival: Instant,
    rules: Vec<Rule>,
    source: Source,
}

/// Where the misfortunes on a lane come from.
#[derive(Debug)]
enum Source {
    Seed(Box<Luck>),
    /// By the packet's number.
    List(BTreeMap<u64, Vec<Fault>>),
}

impl Source {
    fn new(name: &str, direction: Direction, settings: &LinkSettings, streams: Streams, fate: &Fate) -> Self {
        match fate {
            Fate::Seed => Self::Seed(Box::new(Luck::new(name, direction, settings, streams))),
            Fate::List(decisions) => {
                let mut by_packet: BTreeMap<u64, Vec<Fault>> = BTreeMap::new();
                for decision in decisions.iter() {
                    if *decision.link == *name && decision.direction == direction {
                        by_packet.entry(decision.ordinal).or_default().push(decision.fault);
                    }
                }
                Self::List(by_packet)
            }
        }
    }
}

impl<T> Link<T> {
    pub(crate) fn new(
        name: &str,
        ends: [(NodeId, Port); 2],
        settings: [LinkSettings; 2],
        streams: Streams,
        fate: &Fate,
    ) -> Self {
        let [forward, backward] = settings;
        let lane = |direction, settings| Lane::new(name, direction, settings, streams, fate);
        let lanes = [lane(Direction::Forward, forward), lane(Direction::Backward, backward)];
        Self { name: name.into(), ends, lanes }
    }

    /// The end that a packet in this direction comes from.
    pub(crate) fn near_end(&self, direction: Direction) -> (NodeId, Port) {
        self.ends[direction.index()]
    }

    /// The end that a packet in this direction comes to.
    pub(crate) fn far_end(&self, direction: Direction) -> (NodeId, Port) {
        self.ends[1 - direction.index()]
    }
}

impl<T> Lane<T> {
    fn new(name: &str, direction: Direction, settings: LinkSettings, streams: Streams, fate: &Fate) -> Self {
        let source = Source::new(name, direction, &settings, streams, fate);
        Self {
            settings,
            counters: Counters::default(),
            cut: false,
            healed: false,
            backlog: Backlog::default(),
            held: Vec::new(),
            last_arrival: Instant::ZERO,
            rules: Vec::new(),
            source,
        }
    }

    /// Behaves otherwise from now on. Kinds of misfortune that were not there before begin their streams; the others go
    /// on with theirs.
    pub(crate) fn change(
        &mut self,
        name: &str,
        direction: Direction,
        settings: LinkSettings,
        streams: Streams,
    ) {
        if let Source::Seed(luck) = &mut self.source {
            luck.begin(name, direction, &settings, streams);
        }
        self.settings = settings;
    }

    /// Adds a rule. Where decisions are replayed from a list, what rules did is in the list already.
    pub(crate) fn add_rule(&mut self, rule: Rule) {
        if let Source::Seed(_) = self.source {
            self.rules.push(rule);
        }
    }

    /// Ends all misfortunes.
    pub(crate) fn heal(&mut self) {
        (self.cut, self.healed) = (false, true);
        self.rules.clear();
    }

    /// Whether it carries nothing at this time.
    pub(crate) fn is_down(&self, now: Instant) -> bool {
        self.cut || !self.healed && self.settings.outage.is_some_and(|outage| outage.covers(now))
    }

    /// Whether a packet that nothing befalls arrives after the delay, whatever became of others.
    pub(crate) fn is_plain(&self) -> bool {
        self.settings.bottleneck.is_none() && !self.settings.in_order && self.held.is_empty()
    }

    /// What befalls the packet with this number, which is the next one.
    pub(crate) fn faults(&mut self, ordinal: u64, packet: &IpPacket) -> Vec<Fault> {
        if self.healed {
            return Vec::new();
        }
        let mut faults = match &mut self.source {
            Source::Seed(luck) => luck.draw(&self.settings, packet),
            Source::List(by_packet) => by_packet.remove(&ordinal).unwrap_or_default(),
        };
        for rule in &mut self.rules {
            faults.extend_from_slice(rule.apply(packet));
        }
        self.rules.retain(|rule| !rule.is_spent());
        faults
    }
}

#[cfg(test)]
mod tests;
