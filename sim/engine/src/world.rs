//! A world: nodes, links, and a clock that jumps from event to event.

mod choice;
mod owner;
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
    Clock, Counters, Direction, Fate, LinkError, LinkId, LinkProblem, LinkSettings, Node, NodeId, Port, Step,
    Streams,
};
use transit::Parcel;

pub use choice::InFlight;

/// How a world is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where components take their randomness from.
    pub streams: Streams,
    /// Where misfortunes come from.
    pub fate: Fate,
    /// Permutes simultaneous events of different nodes on purpose, unless it is 0.
    pub salt: u64,
    /// Whether packets arrive when the world's owner says so, one by one, instead of in their time
    /// ([`World::deliver`]).
    pub chosen_order: bool,
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
            chosen_order: false,
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
    links: Vec<Link<Parcel>>,
    link_names: BTreeSet<Arc<str>>,
    /// Who answers for an end of a link when a packet is too big for it.
    addresses: BTreeMap<(NodeId, Port, IpVersion), IpAddr>,
    queue: Queue<Happening>,
    /// Packets in flight, where the owner says when they arrive.
    pool: Option<Vec<Flight>>,
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
    /// Crashed, and not restarted yet.
    down: bool,
    /// Its own clock, where that is not the world's.
    clock: Option<Clock>,
}

/// What happens on a link.
#[derive(Debug)]
enum Happening {
    /// A packet arrives.
    Arrival(Flight),
    /// The link has room for the next packet that waits.
    Serve { link: LinkId, direction: Direction },
    /// A packet that was held back has waited long enough.
    Release { link: LinkId, direction: Direction, ordinal: u64 },
}

/// A packet on its way.
#[derive(Debug)]
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
            pool: setup.chosen_order.then(Vec::new),
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
        let (alarm, ports) = (Alarm::default(), Vec::new());
        let slot = Slot { name: name.into(), node, count: 0, alarm, ports, down: false, clock: None };
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
        let check = |settings: &LinkSettings| settings.check().map_err(|problem| problem.of(name));
        settings.iter().try_for_each(check)?;
        for (node, port) in [a, b] {
            let Some(slot) = self.nodes.get(node.index()) else {
                return Err(LinkProblem::Nowhere(node.index()).of(name));
            };
            if slot.link_at(port).is_some() || a == b {
                return Err(LinkProblem::Taken { node: node.index(), port: port.0 }.of(name));
            }
        }
        let id = LinkId(self.links.len() as u32);
        let link = Link::new(name, [a, b], settings, self.setup.streams, &self.setup.fate);
        if !self.link_names.insert(Arc::clone(&link.name)) {
            return Err(LinkProblem::Name.of(name));
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

    /// How many events were worked off so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
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

    /// Works off all events up to and including `until`, which is the present afterwards.
    ///
    /// # Errors
    /// When time stands still.
    pub fn run_until(&mut self, until: Instant) -> Result<(), Livelock> {
        self.still()?;
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
        self.still()?;
        let Some((at, event)) = self.queue.pop() else {
            return Ok(false);
        };
        debug_assert!(at >= self.now, "time never runs back");
        self.at_this_instant = if at == self.now { self.at_this_instant + 1 } else { 0 };
        self.now = at;
        self.events += 1;
        if self.at_this_instant > self.setup.events_per_instant {
            self.livelock = Some(Livelock { at, events: self.at_this_instant });
            self.still()?;
        }
        match event {
            Event::Parcel(Happening::Arrival(flight)) => self.hand_over(flight),
            Event::Parcel(Happening::Serve { link, direction }) => self.serve(link, direction),
            Event::Parcel(Happening::Release { link, direction, ordinal }) => {
                self.release(link, direction, ordinal);
            }
            Event::Wake(node) => match self.nodes[node.index()].alarm.ring(at) {
                Ring::Wake => {
                    let slot = &mut self.nodes[node.index()];
                    slot.node.wake(slot.local(at));
                    self.drain(node);
                }
                Ring::Early { queue } => self.queue_wake(node, queue),
            },
        }
        self.still()?;
        Ok(true)
    }

    /// Whether time still goes on.
    pub(crate) fn still(&self) -> Result<(), Livelock> {
        self.livelock.map_or(Ok(()), Err)
    }

    /// How many events wait, wake-ups among them that nobody wants any more.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Gives a packet that has arrived to its node.
    fn hand_over(&mut self, flight: Flight) {
        if let Some((node, port, packet)) = self.arrive(flight) {
            let slot = &mut self.nodes[node.index()];
            slot.node.handle(slot.local(self.now), port, packet);
            self.drain(node);
        }
    }

    fn drain(&mut self, id: NodeId) {
        for _ in 0..=self.setup.events_per_instant {
            let slot = &mut self.nodes[id.index()];
            if slot.down {
                return;
            }
            match slot.node.poll(slot.local(self.now)) {
                Step::Send { port, packet } => match slot.link_at(port) {
                    Some((link, direction)) => self.send(link, direction, packet),
                    None => {
                        let kind = Kind::Unplugged { node: id, port, packet: &packet };
                        self.trace.record(self.now, &kind);
                    }
                },
                Step::Note(note) => self.trace.record(self.now, &Kind::Note { node: id, note: &note }),
                Step::Idle { until } => {
                    let until = until.map(|until| slot.world_time(until).max(self.now));
                    let missing = slot.alarm.set(until);
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

    fn schedule(&mut self, from: NodeId, at: Instant, event: Event<Happening>) {
        let slot = &mut self.nodes[from.index()];
        slot.count += 1;
        self.queue.push(at, from, slot.count, event);
    }
}

impl<N> Slot<N> {
    /// What the node's clock shows.
    fn local(&self, now: Instant) -> Instant {
        self.clock.map_or(now, |clock| clock.read(now))
    }

    /// When the node's clock shows this.
    fn world_time(&self, shown: Instant) -> Instant {
        self.clock.map_or(shown, |clock| clock.when(shown))
    }

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
