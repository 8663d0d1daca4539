//! Packets that arrive when the world's owner says so ([`crate::Setup::chosen_order`]): in any order, or never, or twice.

use ipsec_net::IpPacket;

use super::{Flight, World};
use crate::trace::{Kind, Observer};
use crate::{Direction, DropReason, LinkId, Node};

/// A packet in flight whose arrival the owner chooses.
#[derive(Clone, Copy, Debug)]
pub struct InFlight<'a> {
    /// The link that it is on.
    pub link: LinkId,
    /// Its direction.
    pub direction: Direction,
    /// Its number in this direction.
    pub ordinal: u64,
    /// Whether it is a second copy.
    pub duplicate: bool,
    /// The packet.
    pub packet: &'a IpPacket,
}

impl<N: Node, O: Observer<N::Note>> World<N, O> {
    /// The packets in flight, the oldest first; none in a world where packets arrive in their time.
    pub fn in_flight(&self) -> impl ExactSizeIterator<Item = InFlight<'_>> {
        self.pool.as_deref().unwrap_or_default().iter().map(|flight| {
            let Flight { link, direction, ordinal, duplicate, ref packet } = *flight;
            InFlight { link, direction, ordinal, duplicate, packet }
        })
    }

    /// Lets the packet with this place in [`World::in_flight`] arrive now. Nothing happens if there is none.
    pub fn deliver(&mut self, index: usize) {
        if let Some(flight) = self.take(index) {
            self.events += 1;
            self.hand_over(flight);
        }
    }

    /// Loses the packet with this place.
    pub fn lose(&mut self, index: usize) {
        if let Some(Flight { link, direction, ordinal, .. }) = self.take(index) {
            self.lane(link, direction).counters.in_flight -= 1;
            self.drop(link, direction, ordinal, DropReason::Lost);
        }
    }

    /// Lets the packet with this place arrive now, while a copy of it stays in flight.
    pub fn duplicate(&mut self, index: usize) {
        let Some(pool) = &mut self.pool else { return };
        let Some(flight) = pool.get(index) else { return };
        let Flight { link, direction, ordinal, ref packet, .. } = *flight;
        let copy = Flight { link, direction, ordinal, duplicate: true, packet: packet.clone() };
        pool.insert(index + 1, copy);
        let counters = &mut self.lane(link, direction).counters;
        counters.duplicated += 1;
        counters.in_flight += 1;
        self.trace.record(self.now, &Kind::Copied { link, direction, ordinal });
        self.deliver(index);
    }

    fn take(&mut self, index: usize) -> Option<Flight> {
        let pool = self.pool.as_mut()?;
        (index < pool.len()).then(|| pool.remove(index))
    }
}
