//! What SA pairs wait for.

use std::collections::BTreeSet;

use ipsec_net::Instant;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The time to replace the pair.
    Soft,
    /// The end of the pair.
    Hard,
    /// A look whether the pair is still in use.
    Idle,
    /// A packet that carries nothing.
    Dummy,
    /// A look whether NAT has to be reminded.
    Keepalive,
}

/// Timers of pairs by their serial numbers, in the order in which they are due. One of a pair that is gone is
/// forgotten when its time comes, if nobody has cleared it.
#[derive(Default)]
pub(crate) struct Timers(BTreeSet<(Instant, u64, Timer)>);

impl Timers {
    pub(crate) fn set(&mut self, at: Instant, serial: u64, timer: Timer) {
        self.0.insert((at, serial, timer));
    }

    pub(crate) fn clear(&mut self, at: Instant, serial: u64, timer: Timer) {
        self.0.remove(&(at, serial, timer));
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _, _)| *at)
    }

    /// Takes the next one that is due.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(Instant, u64, Timer)> {
        let next = self.0.first().filter(|(at, _, _)| *at <= now).copied()?;
        self.0.remove(&next);
        Some(next)
    }
}
