//! Misfortunes for chosen packets: "lose the third datagram", "lose the first `IKE_AUTH` response". What a packet is, a
//! function of the caller's decides; this crate knows no protocols.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use ipsec_net::IpPacket;

use crate::Fault;

/// What befalls chosen packets in one direction of a link.
#[derive(Clone)]
pub struct Rule {
    matches: Arc<dyn Fn(&IpPacket) -> bool + Send + Sync>,
    /// Which of the packets that match, counted from 1.
    which: RangeInclusive<u64>,
    faults: Vec<Fault>,
    seen: u64,
}

impl Rule {
    /// `faults` befall those packets for which `matches` is true and whose count among them, from 1, is in `which`.
    pub fn new(
        matches: impl Fn(&IpPacket) -> bool + Send + Sync + 'static,
        which: RangeInclusive<u64>,
        faults: Vec<Fault>,
    ) -> Self {
        Self { matches: Arc::new(matches), which, faults, seen: 0 }
    }

    /// `faults` befall the packets with these numbers, counted from 1 from now on.
    #[must_use]
    pub fn nth(which: RangeInclusive<u64>, faults: Vec<Fault>) -> Self {
        Self::new(|_| true, which, faults)
    }

    /// What befalls the next packet.
    pub(super) fn apply(&mut self, packet: &IpPacket) -> &[Fault] {
        if !(self.matches)(packet) {
            return &[];
        }
        self.seen += 1;
        if self.which.contains(&self.seen) { &self.faults } else { &[] }
    }

    /// Whether it has seen all packets that it was made for.
    pub(super) fn is_spent(&self) -> bool {
        self.seen >= *self.which.end()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { which, faults, seen, .. } = self;
        f.debug_struct("Rule")
            .field("which", which)
            .field("faults", faults)
            .field("seen", seen)
            .finish_non_exhaustive()
    }
}
