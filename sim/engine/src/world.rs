//! A world: nodes, links, and a clock that jumps from event to event.

use std::sync::Arc;
use std::time::Duration;

use ipsec_net::{Instant, IpPacket, fragment};

use crate::link::{self, Link};
use crate::queue::Queue;
use crate::trace::{Kind, Observer, Trace};
use crate::{
    Decision, Direction, DropReason, Fate, Fault, LinkError, LinkId, LinkSettings, Node, NodeId, Port, Step,
    Streams,
};

/// How a world is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where components take their randomness from.
    pub streams: Streams,
    /// Where misfortunes come from.
    pub fate: Fate,
    /// Permutes simultaneous events on purpose, unless it is 0.
    pub salt: u64,
    /// Whether a digest is kept.
    pub digest: bool,
    /// How many events one instant may have before the run is given up as a livelock.
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

/// What became of packets. Every packet sent, and every copy made of one, is delivered, dropped, cut into fragments, or
/// still in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that nodes put on links, and fragments of these.
    pub sent: u64,
    /// Second copies.
    pub duplicated: u64,
    /// Packets and copies that came to the other end.
    pub delivered: u64,
    /// Packets that a link dropped.
    pub dropped: u64,
    /// Packets that were cut into fragments.
    pub fragmented: u64,
    /// Packets and copies on their way.
    pub in_flight: u64,
    /// Events worked off.
    pub events: u64,
}

/// Time stood still over too many events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("livelock: {events} events at {at} without an end")]
pub struct Livelock {
    /// The instant.
    pub at: Instant,
    /// How many events it had.
    pub events: u64,
}

/// Nodes, links and time. `O` watches.
pub struct World<N: Node, O: Observer<N::Note> = ()> {
    setup: Setup,
    now: Instant,
    nodes: Vec<Slot<N>>,
    links: Vec<Link>,
    queue: Queue<Event>,
    trace: Trace<O>,
    counters: Counters,
    at_this_instant: u64,
}

struct Slot<N> {
    name: Arc<str>,
    node: N,
    /// How many events the node has caused.
    count: u64,
    /// The wake-up that counts; earlier ones in the queue are void.
    generation: u64,
    wake_at: Option<Instant>,
    /// Link and direction by port.
    ports: Vec<Option<(LinkId, Direction)>>,
}

enum Event {
    Deliver { link: LinkId, direction: Direction, ordinal: u64, duplicate: bool, packet: IpPacket },
    Wake { node: NodeId, generation: u64 },
}

impl<N: Node, O: Observer<N::Note>> World<N, O> {
    /// An empty world.
    #[must_use]
    pub fn new(setup: Setup, observer: O) -> Self {
        let trace = Trace::new(observer, setup.digest);
        Self {
            queue: Queue::new(setup.salt),
            setup,
            now: Instant::ZERO,
            nodes: Vec::new(),
            links: Vec::new(),
            trace,
            counters: Counters::default(),
            at_this_instant: 0,
        }
    }

    /// Adds a node. It is polled for the first time when the world first reaches into it or brings it a packet.
    pub fn add_node(&mut self, name: &str, node: N) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let slot =
            Slot { name: name.into(), node, count: 0, generation: 0, wake_at: None, ports: Vec::new() };
        self.nodes.push(slot);
        id
    }

    /// Joins two ports. `settings` are those from `a` to `b` and those back.
    ///
    /// # Errors
    /// When a setting is impossible, a node is not there, or a port is taken.
    pub fn add_link(
        &mut self,
        name: &str,
        a: (NodeId, Port),
        b: (NodeId, Port),
        settings: [LinkSettings; 2],
    ) -> Result<LinkId, LinkError> {
        settings.iter().try_for_each(|settings| settings.check(name))?;
        let id = LinkId(self.links.len() as u32);
        for (node, port) in [a, b] {
            let link = name.to_owned();
            let slot = self
                .nodes
                .get_mut(node.index())
                .ok_or(LinkError::Nowhere { link: link.clone(), node: node.index() })?;
            let index = usize::from(port.0);
            if slot.ports.len() <= index {
                slot.ports.resize(index + 1, None);
            }
            if slot.ports[index].is_some() || a == b {
                return Err(LinkError::Taken { link, node: node.index(), port: port.0 });
            }
        }
        self.nodes[a.0.index()].ports[usize::from(a.1.0)] = Some((id, Direction::Forward));
        self.nodes[b.0.index()].ports[usize::from(b.1.0)] = Some((id, Direction::Backward));
        self.links.push(Link::new(name, [a, b], settings, self.setup.streams));
        Ok(id)
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// When the next event is, if there is one.
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

    /// What became of packets so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
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
    }

    /// Cuts or mends a link, in one direction or in both.
    pub fn set_cut(&mut self, id: LinkId, direction: Option<Direction>, cut: bool) {
        for way in [Direction::Forward, Direction::Backward] {
            if direction.is_none_or(|direction| direction == way) {
                self.links[id.index()].lanes[way.index()].cut = cut;
            }
        }
    }

    /// Works off all events up to and including `until`, which is the present afterwards.
    ///
    /// # Errors
    /// When time stands still.
    pub fn run_until(&mut self, until: Instant) -> Result<(), Livelock> {
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
        let Some((at, event)) = self.queue.pop() else {
            return Ok(false);
        };
        debug_assert!(at >= self.now, "time never runs back");
        self.at_this_instant = if at == self.now { self.at_this_instant + 1 } else { 0 };
        if self.at_this_instant > self.setup.events_per_instant {
            return Err(Livelock { at, events: self.at_this_instant });
        }
        self.now = at;
        self.counters.events += 1;
        match event {
            Event::Deliver { link, direction, ordinal, duplicate, packet } => {
                let (node, port) = self.links[link.index()].far_end(direction);
                self.counters.in_flight -= 1;
                self.counters.delivered += 1;
                let kind = Kind::Delivered { link, direction, ordinal, duplicate, packet: &packet };
                self.trace.record(at, &kind);
                self.nodes[node.index()].node.handle(at, port, packet);
                self.drain(node);
            }
            Event::Wake { node, generation } => {
                let slot = &mut self.nodes[node.index()];
                if slot.generation == generation {
                    slot.wake_at = None;
                    slot.node.wake(at);
                    self.drain(node);
                }
            }
        }
        Ok(true)
    }

    /// How many events wait, void ones among them.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    fn drain(&mut self, id: NodeId) {
        loop {
            let slot = &mut self.nodes[id.index()];
            match slot.node.poll(self.now) {
                Step::Send { port, packet } => match slot.ports.get(usize::from(port.0)).copied().flatten() {
                    Some((link, direction)) => self.send(id, link, direction, packet),
                    None => self.trace.record(self.now, &Kind::Unplugged { node: id }),
                },
                Step::Note(note) => self.trace.record(self.now, &Kind::Note { node: id, note: &note }),
                Step::Idle { until } => {
                    let until = until.map(|until| until.max(self.now));
                    if slot.wake_at != until {
                        slot.wake_at = until;
                        slot.generation += 1;
                        slot.count += 1;
                        if let Some(until) = until {
                            let event = Event::Wake { node: id, generation: slot.generation };
                            self.queue.push(until, id, slot.count, event);
                        }
                    }
                    return;
                }
            }
        }
    }

    /// Puts a packet on a link, in fragments where it has to be.
    fn send(&mut self, from: NodeId, link: LinkId, direction: Direction, packet: IpPacket) {
        let mtu = self.links[link.index()].lanes[direction.index()].settings.mtu;
        if packet.len() <= mtu {
            return self.transmit(from, link, direction, packet);
        }
        let ordinal = self.announce(link, direction, &packet);
        // Only its source may fragment an IPv6 packet (RFC 8200 §4.5).
        let pieces = if packet.dont_fragment() { None } else { fragment(packet, mtu, 0).ok() };
        match pieces {
            Some(pieces) => {
                self.counters.fragmented += 1;
                let kind = Kind::Fragmented { link, direction, ordinal, pieces: pieces.len() };
                self.trace.record(self.now, &kind);
                for piece in pieces {
                    self.transmit(from, link, direction, piece);
                }
            }
            None => self.drop(link, direction, ordinal, DropReason::TooBig),
        }
    }

    fn transmit(&mut self, from: NodeId, link: LinkId, direction: Direction, mut packet: IpPacket) {
        let ordinal = self.announce(link, direction, &packet);
        let lane = &mut self.links[link.index()].lanes[direction.index()];
        if lane.cut {
            return self.drop(link, direction, ordinal, DropReason::Cut);
        }
        let delay = lane.settings.delay;
        let faults = match &self.setup.fate {
            Fate::Seed if lane.healed => Vec::new(),
            Fate::Seed => lane.draw(&packet),
            Fate::List(verdicts) => verdicts.of(&self.links[link.index()].name, direction, ordinal).to_vec(),
        };
        let mut arrival = self.now + delay;
        let mut copy_at = None;
        let mut pristine = None;
        for fault in faults {
            self.decide(link, direction, ordinal, fault);
            match fault {
                Fault::Lost => return self.drop(link, direction, ordinal, DropReason::Lost),
                Fault::Delayed(nanos) => {
                    let amount = Duration::from_nanos(nanos.unsigned_abs());
                    arrival = if nanos < 0 { (arrival - amount).max(self.now) } else { arrival + amount };
                }
                Fault::HeldBack(by) => arrival += by,
                Fault::Duplicated(after) => {
                    copy_at = Some(after);
                    pristine = Some(packet.clone());
                }
                Fault::Corrupted { bit } => link::corrupt(&mut packet, bit),
            }
        }
        self.schedule(from, arrival, Event::Deliver { link, direction, ordinal, duplicate: false, packet });
        if let (Some(after), Some(packet)) = (copy_at, pristine) {
            self.counters.duplicated += 1;
            let event = Event::Deliver { link, direction, ordinal, duplicate: true, packet };
            self.schedule(from, arrival + after, event);
        }
    }

    fn announce(&mut self, link: LinkId, direction: Direction, packet: &IpPacket) -> u64 {
        let lane = &mut self.links[link.index()].lanes[direction.index()];
        let ordinal = lane.sent;
        lane.sent += 1;
        self.counters.sent += 1;
        self.trace.record(self.now, &Kind::Sent { link, direction, ordinal, packet });
        ordinal
    }

    fn decide(&mut self, link: LinkId, direction: Direction, ordinal: u64, fault: Fault) {
        let name = Arc::clone(&self.links[link.index()].name);
        let decision = Decision { link: name, direction, ordinal, fault };
        self.trace.record(self.now, &Kind::Decided { link, decision: &decision });
    }

    fn drop(&mut self, link: LinkId, direction: Direction, ordinal: u64, reason: DropReason) {
        self.counters.dropped += 1;
        self.trace.record(self.now, &Kind::Dropped { link, direction, ordinal, reason });
    }

    fn schedule(&mut self, from: NodeId, at: Instant, event: Event) {
        let slot = &mut self.nodes[from.index()];
        slot.count += 1;
        self.counters.in_flight += 1;
        self.queue.push(at, from, slot.count, event);
    }
}

#[cfg(test)]
mod tests;
