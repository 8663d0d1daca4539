//! A world: nodes, links, and a clock that jumps from event to event.

mod transit;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipsec_net::{Instant, IpPacket, IpVersion};

use crate::alarm::{Alarm, Ring};
use crate::link::Link;
use crate::queue::{Event, Queue};
use crate::trace::{Kind, Observer, Trace};
use crate::{
    Change, Counters, Direction, Fate, LinkError, LinkId, LinkSettings, Node, NodeId, Port, Step, Streams,
};

/// How a world is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where components take their randomness from.
    pub streams: Streams,
    /// Where misfortunes come from.
    pub fate: Fate,
    /// Permutes simultaneous events of different nodes on purpose, unless it is 0.
    pub salt: u64,
    /// Whether a digest is kept.
    pub digest: bool,
    /// How many events one instant may have, and how many steps a node may take without a pause, before the run is
    /// given up as a livelock.
    pub events_per_instant: u64,
}

impl Setup {
    /// The usual world of this seed: misfortunes drawn from it, no salt, a digest.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            streams: Streams::new(seed),
            fate: Fate::Seed,
            salt: 0,
            digest: true,
            events_per_instant: 1_000_000,
        }
    }
}

/// Time stood still over too many events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("livelock: {events} events at {at} without an end")]
pub struct Livelock {
    /// The instant.
    pub at: Instant,
    /// How many events it had, or how many steps a node took.
    pub events: u64,
}

/// Nodes, links and time. `O` watches.
pub struct World<N: Node, O: Observer<N::Note> = ()> {
    setup: Setup,
    now: Instant,
    nodes: Vec<Slot<N>>,
    links: Vec<Link>,
    link_names: BTreeSet<Arc<str>>,
    /// Who answers for an end of a link when a packet is too big for it.
    addresses: BTreeMap<(NodeId, Port, IpVersion), IpAddr>,
    queue: Queue<Flight>,
    trace: Trace<O>,
    events: u64,
    at_this_instant: u64,
    /// A node that would not pause.
    livelock: Option<Livelock>,
}

struct Slot<N> {
    name: Arc<str>,
    node: N,
    /// How many events the node has caused.
    count: u64,
    alarm: Alarm,
    /// Link and direction by port.
    ports: Vec<Option<(LinkId, Direction)>>,
}

/// A packet on its way.
struct Flight {
    link: LinkId,
    direction: Direction,
    ordinal: u64,
    duplicate: bool,
    packet: IpPacket,
}

impl<N: Node, O: Observer<N::Note>> World<N, O> {
    /// An empty world.
    #[must_use]
    pub fn new(setup: Setup, observer: O) -> Self {
        Self {
            now: Instant::ZERO,
            nodes: Vec::new(),
            links: Vec::new(),
            link_names: BTreeSet::new(),
            addresses: BTreeMap::new(),
            queue: Queue::new(setup.salt),
            trace: Trace::new(observer, setup.digest),
            events: 0,
            at_this_instant: 0,
            livelock: None,
            setup,
        }
    }

    /// Adds a node. It is polled for the first time when the world first reaches into it or brings it a packet.
    pub fn add_node(&mut self, name: &str, node: N) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let slot = Slot { name: name.into(), node, count: 0, alarm: Alarm::default(), ports: Vec::new() };
        self.nodes.push(slot);
        id
    }

    /// Joins two ports. `settings` are those from `a` to `b` and those back.
    ///
    /// # Errors
    /// When a setting is impossible, a node is not there, or the name or a port is taken.
    pub fn add_link(
        &mut self,
        name: &str,
        a: (NodeId, Port),
        b: (NodeId, Port),
        settings: [LinkSettings; 2],
    ) -> Result<LinkId, LinkError> {
        settings.iter().try_for_each(|settings| settings.check(name))?;
        for (node, port) in [a, b] {
            let link = name.to_owned();
            let slot = self
                .nodes
                .get(node.index())
                .ok_or(LinkError::Nowhere { link: link.clone(), node: node.index() })?;
            if slot.link_at(port).is_some() || a == b {
                return Err(LinkError::Taken { link, node: node.index(), port: port.0 });
            }
        }
        let id = LinkId(self.links.len() as u32);
        let link = Link::new(name, [a, b], settings, self.setup.streams, &self.setup.fate);
        if !self.link_names.insert(Arc::clone(&link.name)) {
            return Err(LinkError::Name { link: name.to_owned() });
        }
        self.links.push(link);
        for ((node, port), direction) in [a, b].into_iter().zip(Direction::BOTH) {
            self.nodes[node.index()].plug_in(port, (id, direction));
        }
        Ok(id)
    }

    /// Tells an address of the node at `port`, one for each IP version. Where a link refuses a packet as too big, its
    /// sender gets a Packet Too Big from the far end's address (RFC 1191, RFC 8201); without an address, silence.
    pub fn set_address(&mut self, node: NodeId, port: Port, address: IpAddr) {
        self.addresses.insert((node, port, IpVersion::of(address)), address);
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// When the next event is, if there is one. That a node is woken then is not certain: it may have changed its mind.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.queue.next()
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &N {
        &self.nodes[id.index()].node
    }

    /// A node's name.
    #[must_use]
    pub fn node_name(&self, id: NodeId) -> &str {
        &self.nodes[id.index()].name
    }

    /// A link's name.
    #[must_use]
    pub fn link_name(&self, id: LinkId) -> &str {
        &self.links[id.index()].name
    }

    /// The nodes at a link's two ends.
    #[must_use]
    pub fn link_ends(&self, id: LinkId) -> [NodeId; 2] {
        self.links[id.index()].ends.map(|(node, _)| node)
    }

    /// What became of packets so far, on all links.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        self.links.iter().flat_map(|link| &link.lanes).for_each(|lane| sum += lane.counters);
        Counters { events: self.events, ..sum }
    }

    /// What became of packets so far in one direction of a link.
    #[must_use]
    pub fn link_counters(&self, id: LinkId, direction: Direction) -> Counters {
        let counters = self.links[id.index()].lanes[direction.index()].counters;
        Counters { events: counters.delivered, ..counters }
    }

    /// The trace, and who watches it.
    #[must_use]
    pub fn trace(&self) -> &Trace<O> {
        &self.trace
    }

    /// Who watches.
    pub fn observer_mut(&mut self) -> &mut O {
        &mut self.trace.observer
    }

    /// Ends the world and gives back the trace.
    #[must_use]
    pub fn into_trace(self) -> Trace<O> {
        self.trace
    }

    /// Writes a remark of the owner's into the trace.
    pub fn mark(&mut self, text: &str) {
        self.trace.record(self.now, &Kind::Mark(text));
    }

    /// Reaches into a node, which is polled afterwards.
    pub fn with<R>(&mut self, id: NodeId, work: impl FnOnce(&mut N, Instant) -> R) -> R {
        let result = work(&mut self.nodes[id.index()].node, self.now);
        self.drain(id);
        result
    }

    /// Ends a link's misfortunes for good: the delay stays, jitter goes, and a cut is mended.
    pub fn heal(&mut self, id: LinkId) {
        for lane in &mut self.links[id.index()].lanes {
            (lane.cut, lane.healed) = (false, true);
        }
        let kind = Kind::Changed { link: id, direction: None, change: Change::Healed };
        self.trace.record(self.now, &kind);
    }

    /// Cuts or mends a link, in one direction or in both. What is on its way still arrives.
    pub fn set_cut(&mut self, id: LinkId, direction: Option<Direction>, cut: bool) {
        for way in Direction::BOTH {
            if direction.is_none_or(|direction| direction == way) {
                self.links[id.index()].lanes[way.index()].cut = cut;
            }
        }
        let change = if cut { Change::Cut } else { Change::Mended };
        self.trace.record(self.now, &Kind::Changed { link: id, direction, change });
    }

    /// Works off all events up to and including `until`, which is the present afterwards.
    ///
    /// # Errors
    /// When time stands still.
    pub fn run_until(&mut self, until: Instant) -> Result<(), Livelock> {
        self.livelock.map_or(Ok(()), Err)?;
        while self.next().is_some_and(|at| at <= until) {
            self.step()?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// Works off the next event; tells whether there was one.
    ///
    /// # Errors
    /// When time stands still.
    pub fn step(&mut self) -> Result<bool, Livelock> {
        self.livelock.map_or(Ok(()), Err)?;
        let Some((at, event)) = self.queue.pop() else {
            return Ok(false);
        };
        debug_assert!(at >= self.now, "time never runs back");
        self.at_this_instant = if at == self.now { self.at_this_instant + 1 } else { 0 };
        self.now = at;
        self.events += 1;
        if self.at_this_instant > self.setup.events_per_instant {
            self.livelock = Some(Livelock { at, events: self.at_this_instant });
            return self.livelock.map_or(Ok(true), Err);
        }
        match event {
            Event::Parcel(flight) => {
                let (node, port) = self.arrive(&flight);
                self.nodes[node.index()].node.handle(at, port, flight.packet);
                self.drain(node);
            }
            Event::Wake(node) => match self.nodes[node.index()].alarm.ring(at) {
                Ring::Wake => {
                    self.nodes[node.index()].node.wake(at);
                    self.drain(node);
                }
                Ring::Early { queue } => self.queue_wake(node, queue),
            },
        }
        self.livelock.map_or(Ok(true), Err)
    }

    /// How many events wait, wake-ups among them that nobody wants any more.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    fn drain(&mut self, id: NodeId) {
        for _ in 0..=self.setup.events_per_instant {
            let slot = &mut self.nodes[id.index()];
            match slot.node.poll(self.now) {
                Step::Send { port, packet } => match slot.link_at(port) {
                    Some((link, direction)) => self.send(id, link, direction, packet),
                    None => {
                        let kind = Kind::Unplugged { node: id, port, packet: &packet };
                        self.trace.record(self.now, &kind);
                    }
                },
                Step::Note(note) => self.trace.record(self.now, &Kind::Note { node: id, note: &note }),
                Step::Idle { until } => {
                    let missing = slot.alarm.set(until.map(|until| until.max(self.now)));
                    return self.queue_wake(id, missing);
                }
            }
        }
        self.livelock = Some(Livelock { at: self.now, events: self.setup.events_per_instant });
    }

    fn queue_wake(&mut self, id: NodeId, at: Option<Instant>) {
        if let Some(at) = at {
            self.schedule(id, at, Event::Wake(id));
        }
    }

    fn schedule(&mut self, from: NodeId, at: Instant, event: Event<Flight>) {
        let slot = &mut self.nodes[from.index()];
        slot.count += 1;
        self.queue.push(at, from, slot.count, event);
    }
}

impl<N> Slot<N> {
    fn link_at(&self, port: Port) -> Option<(LinkId, Direction)> {
        self.ports.get(usize::from(port.0)).copied().flatten()
    }

    fn plug_in(&mut self, port: Port, lane: (LinkId, Direction)) {
        let index = usize::from(port.0);
        if self.ports.len() <= index {
            self.ports.resize(index + 1, None);
        }
        self.ports[index] = Some(lane);
    }
}

#[cfg(test)]
mod tests;
