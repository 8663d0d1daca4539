//! What a middlebox has yet to tell the world, in order.

use std::collections::VecDeque;

use ipsec_net::{Instant, IpPacket};

use crate::{Port, Step};

/// Packets to send and notes to write, first in, first out.
#[derive(Debug)]
pub(crate) struct Outbox<N> {
    steps: VecDeque<Step<N>>,
}

impl<N> Default for Outbox<N> {
    fn default() -> Self {
        Self { steps: VecDeque::new() }
    }
}

impl<N> Outbox<N> {
    pub(crate) fn send(&mut self, port: Port, packet: IpPacket) {
        self.steps.push_back(Step::Send { port, packet });
    }

    pub(crate) fn note(&mut self, note: N) {
        self.steps.push_back(Step::Note(note));
    }

    /// The next step; when there is none, idleness until then.
    pub(crate) fn next(&mut self, until: Option<Instant>) -> Step<N> {
        self.steps.pop_front().unwrap_or(Step::Idle { until })
    }
}
