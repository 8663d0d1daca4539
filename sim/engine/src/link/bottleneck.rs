//! The capacity of a link and the queue before it: packets wait in two bands, express ones first, and are dropped when the
//! queue is full (tail drop) or when they have waited too long (CoDel).

use std::collections::VecDeque;
use std::time::Duration;

use ipsec_net::Instant;

use super::codel::{Candidate, CoDel, Controller};
use super::settings::LinkProblem;

/// The capacity of one direction of a link and the queue before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bottleneck {
    /// Bits of IP packets per second.
    pub rate: u64,
    /// How many octets of packets may wait; a packet beyond them is dropped.
    pub limit: usize,
    /// Drops packets before the queue is full, by how long they have waited.
    pub codel: Option<CoDel>,
    /// Packets with one of these DSCPs (RFC 2474) wait in a queue of their own, which is served first.
    pub express: Vec<u8>,
}

impl Bottleneck {
    /// This rate, a queue that takes `wait` to drain when it is full, and tail drop.
    #[must_use]
    pub fn new(rate: u64, wait: Duration) -> Self {
        let octets = u128::from(rate) * wait.as_nanos() / 8 / NANOS;
        let limit = usize::try_from(octets).unwrap_or(usize::MAX);
        Self { rate, limit, codel: None, express: Vec::new() }
    }

    /// How long a packet of this length takes onto the link.
    #[must_use]
    pub fn time(&self, octets: usize) -> Duration {
        let nanos = (octets as u128 * 8 * NANOS).div_ceil(u128::from(self.rate.max(1)));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    pub(super) fn check(&self, mtu: usize) -> Result<(), LinkProblem> {
        if self.rate == 0 {
            return Err(LinkProblem::Rate);
        }
        if self.limit < mtu {
            return Err(LinkProblem::Queue { limit: self.limit, mtu });
        }
        self.codel.map_or(Ok(()), CoDel::check)
    }
}

const NANOS: u128 = 1_000_000_000;

/// Packets that wait for a link. `T` is what waits; each has a length in octets.
#[derive(Debug)]
pub(crate) struct Backlog<T> {
    /// Express packets, then all others.
    bands: [Band<T>; 2],
    octets: usize,
    /// When the link has taken the last packet that was given to it.
    pub(crate) free_at: Instant,
}

#[derive(Debug)]
struct Band<T> {
    waiting: VecDeque<Waiting<T>>,
    octets: usize,
    controller: Controller,
}

#[derive(Debug)]
struct Waiting<T> {
    since: Instant,
    octets: usize,
    item: T,
}

/// What comes out of a backlog.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Served<T> {
    /// The packet to send now, and whether CoDel wants it to be marked instead of dropped.
    pub(crate) next: Option<(T, bool)>,
    /// Packets that CoDel has dropped.
    pub(crate) dropped: Vec<T>,
}

impl<T> Default for Band<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), octets: 0, controller: Controller::default() }
    }
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self { bands: [Band::default(), Band::default()], octets: 0, free_at: Instant::ZERO }
    }
}

impl<T> Backlog<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.bands.iter().all(|band| band.waiting.is_empty())
    }

    /// Lets a packet wait; gives it back when there is no room.
    pub(crate) fn push(
        &mut self,
        settings: &Bottleneck,
        now: Instant,
        dscp: u8,
        octets: usize,
        item: T,
    ) -> Result<(), T> {
        if self.octets + octets > settings.limit {
            return Err(item);
        }
        let band = &mut self.bands[usize::from(!settings.express.contains(&dscp))];
        band.waiting.push_back(Waiting { since: now, octets, item });
        band.octets += octets;
        self.octets += octets;
        Ok(())
    }

    /// Takes the next packet out. `capable` tells whether a packet understands ECN.
    pub(crate) fn pop(
        &mut self,
        settings: &Bottleneck,
        mtu: usize,
        now: Instant,
        capable: impl Fn(&T) -> bool,
    ) -> Served<T> {
        let mut dropped = Vec::new();
        for band in &mut self.bands {
            let before = band.octets;
            let next = match &settings.codel {
                None => band.take().map(|waiting| (waiting.item, false)),
                Some(codel) => band.controlled(codel, mtu, now, &capable, &mut dropped),
            };
            self.octets -= before - band.octets;
            if next.is_some() {
                return Served { next, dropped };
            }
        }
        Served { next: None, dropped }
    }
}

impl<T> Band<T> {
    fn take(&mut self) -> Option<Waiting<T>> {
        let waiting = self.waiting.pop_front()?;
        self.octets -= waiting.octets;
        Some(waiting)
    }

    fn controlled(
        &mut self,
        codel: &CoDel,
        mtu: usize,
        now: Instant,
        capable: &impl Fn(&T) -> bool,
        dropped: &mut Vec<T>,
    ) -> Option<(T, bool)> {
        let Self { waiting, octets, controller } = self;
        let take = || {
            let Waiting { since, octets: own, item } = waiting.pop_front()?;
            *octets -= own;
            Some(Candidate { item, sojourn: now.since(since), last: *octets <= mtu })
        };
        controller.dequeue(codel, now, take, capable, dropped)
    }
}

#[cfg(test)]
mod tests;
