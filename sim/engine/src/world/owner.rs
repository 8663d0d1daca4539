//! What a world's owner does to it while it runs: reaches into nodes, cuts and changes links, sets clocks, lets nodes crash.

use std::sync::Arc;

use ipsec_net::Instant;

use super::World;
use crate::trace::{Kind, NodeChange, Observer};
use crate::{Change, Clock, Direction, LinkError, LinkId, LinkSettings, Node, NodeId, Rule};

impl<N: Node, O: Observer<N::Note>> World<N, O> {
    /// Writes a remark of the owner's into the trace.
    pub fn mark(&mut self, text: &str) {
        self.trace.record(self.now, &Kind::Mark(text));
    }

    /// Reaches into a node, which is polled afterwards unless it is down. `work` gets the time that the node's clock shows.
    pub fn with<R>(&mut self, id: NodeId, work: impl FnOnce(&mut N, Instant) -> R) -> R {
        let slot = &mut self.nodes[id.index()];
        let now = slot.local(self.now);
        let result = work(&mut slot.node, now);
        self.drain(id);
        result
    }

    /// Ends a link's misfortunes for good: delay, MTU and queue stay; jitter, rules and outages go, and a cut is mended.
    pub fn heal(&mut self, id: LinkId) {
        self.links[id.index()].lanes.iter_mut().for_each(crate::link::Lane::heal);
        self.changed(id, None, Change::Healed);
    }

    /// Cuts or mends a link, in one direction or in both. What is on its way still arrives.
    pub fn set_cut(&mut self, id: LinkId, direction: Option<Direction>, cut: bool) {
        for way in both_or(direction) {
            self.lane(id, way).cut = cut;
        }
        self.changed(id, direction, if cut { Change::Cut } else { Change::Mended });
    }

    /// Cuts or mends all links between these nodes and the rest of the world, in both directions or only on the way out
    /// of the part that these nodes are.
    pub fn set_partition(&mut self, part: &[NodeId], only_out: bool, cut: bool) {
        for id in (0..self.links.len() as u32).map(LinkId) {
            let inside = self.links[id.index()].ends.map(|(node, _)| part.contains(&node));
            let out = match inside {
                [true, false] => Direction::Forward,
                [false, true] => Direction::Backward,
                _ => continue,
            };
            self.set_cut(id, only_out.then_some(out), cut);
        }
    }

    /// Lets a link behave otherwise from now on, in one direction or in both: a path that changes, a line that clogs.
    ///
    /// # Errors
    /// When a setting is impossible; then nothing has changed.
    pub fn change_link(
        &mut self,
        id: LinkId,
        direction: Option<Direction>,
        settings: &LinkSettings,
    ) -> Result<(), LinkError> {
        let name = Arc::clone(&self.links[id.index()].name);
        settings.check().map_err(|problem| problem.of(&name))?;
        let streams = self.setup.streams;
        for way in both_or(direction) {
            self.lane(id, way).change(&name, way, settings.clone(), streams);
        }
        self.changed(id, direction, Change::Settings);
        Ok(())
    }

    /// Lets misfortunes befall chosen packets, in one direction or in both (each counts for itself). Where a list of
    /// decisions is replayed, what rules did is in that list, and the rule does nothing.
    pub fn add_rule(&mut self, id: LinkId, direction: Option<Direction>, rule: &Rule) {
        for way in both_or(direction) {
            self.lane(id, way).add_rule(rule.clone());
        }
        self.changed(id, direction, Change::Rule);
    }

    /// Sets a node's clock: it may be wrong, jump, run fast or slow. Waits that the node has begun end by the new clock.
    pub fn set_clock(&mut self, id: NodeId, clock: Option<Clock>) {
        self.nodes[id.index()].clock = clock;
        self.trace.record(self.now, &Kind::NodeChanged { node: id, change: NodeChange::Clock });
        self.drain(id);
    }

    /// Lets a node crash: it does nothing more, and packets that come to it are dropped, until it is restarted.
    pub fn crash(&mut self, id: NodeId) {
        let slot = &mut self.nodes[id.index()];
        slot.down = true;
        slot.alarm.set(None);
        self.trace.record(self.now, &Kind::NodeChanged { node: id, change: NodeChange::Crashed });
    }

    /// Starts a node again as `revive` makes it of what it was, with what it had written down or with nothing, and of the time
    /// that its clock shows.
    pub fn restart(&mut self, id: NodeId, revive: impl FnOnce(&N, Instant) -> N) {
        let slot = &mut self.nodes[id.index()];
        slot.node = revive(&slot.node, slot.local(self.now));
        slot.down = false;
        self.trace.record(self.now, &Kind::NodeChanged { node: id, change: NodeChange::Restarted });
        self.drain(id);
    }

    /// Whether a node has crashed and was not restarted yet.
    #[must_use]
    pub fn is_down(&self, id: NodeId) -> bool {
        self.nodes[id.index()].down
    }

    fn changed(&mut self, link: LinkId, direction: Option<Direction>, change: Change) {
        self.trace.record(self.now, &Kind::Changed { link, direction, change });
    }
}

fn both_or(direction: Option<Direction>) -> impl Iterator<Item = Direction> {
    Direction::BOTH.into_iter().filter(move |way| direction.is_none_or(|direction| direction == *way))
}
