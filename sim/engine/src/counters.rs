//! What became of packets, counted.

use std::ops::AddAssign;

/// What became of packets on one direction of a link, or in a whole world. Every packet sent, and every copy made of one,
/// is delivered, dropped, cut into fragments, or still in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that were put on links, and fragments of these.
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
    /// Events worked off: packets that came, and in a whole world also wake-ups of nodes.
    pub events: u64,
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.duplicated += other.duplicated;
        self.delivered += other.delivered;
        self.dropped += other.dropped;
        self.fragmented += other.fragmented;
        self.in_flight += other.in_flight;
        self.events += other.events;
    }
}
