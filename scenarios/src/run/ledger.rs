//! The book of the hosts' packets: when each was sent, and when it came.

use std::collections::BTreeMap;

use ipsec_net::Instant;

use crate::node::Probe;

/// What was sent, and what of it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    sent: BTreeMap<Probe, Entry>,
    /// When a packet of a traffic has last come with a traffic class.
    classes: BTreeMap<(u8, u8), Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    sent: Instant,
    came: Option<Instant>,
}

impl Ledger {
    pub(super) fn sent(&mut self, at: Instant, probe: Probe) {
        self.sent.insert(probe, Entry { sent: at, came: None });
    }

    pub(super) fn came(&mut self, at: Instant, probe: &Probe, class: u8) {
        self.classes.insert((probe.traffic, class), at);
        if let Some(entry) = self.sent.get_mut(probe) {
            entry.came.get_or_insert(at);
        }
    }

    /// Of the packets of a traffic that were sent from `from` on and before `to`: how many, and how many of them came.
    #[must_use]
    pub(super) fn between(&self, traffic: u8, from: Instant, to: Instant) -> (u64, u64) {
        let mut counts = (0, 0);
        for entry in self.of(traffic, 0).chain(self.of(traffic, 1)) {
            if from <= entry.sent && entry.sent < to {
                counts.0 += 1;
                counts.1 += u64::from(entry.came.is_some());
            }
        }
        counts
    }

    /// The first packet sent in that time that has not come, by side and number.
    #[must_use]
    pub(super) fn first_missing(&self, traffic: u8, from: Instant, to: Instant) -> Option<Probe> {
        let in_time = |entry: &Entry| from <= entry.sent && entry.sent < to && entry.came.is_none();
        let of_traffic = |probe: &Probe| probe.traffic == traffic;
        self.sent.iter().find(|(probe, entry)| of_traffic(probe) && in_time(entry)).map(|(probe, _)| *probe)
    }

    /// Whether a packet that this end sent from `since` on has come.
    #[must_use]
    pub(super) fn flows(&self, traffic: u8, side: u8, since: Instant) -> bool {
        self.of(traffic, side).any(|entry| entry.sent >= since && entry.came.is_some())
    }

    /// Whether a packet has come with this traffic class from `since` on.
    #[must_use]
    pub(super) fn has_class(&self, traffic: u8, class: u8, since: Instant) -> bool {
        self.classes.get(&(traffic, class)).is_some_and(|at| *at >= since)
    }

    /// How many were sent and how many came, of all traffic.
    #[must_use]
    pub(super) fn totals(&self) -> (u64, u64) {
        let came = self.sent.values().filter(|entry| entry.came.is_some()).count();
        (self.sent.len() as u64, came as u64)
    }

    fn of(&self, traffic: u8, side: u8) -> impl DoubleEndedIterator<Item = &Entry> {
        let probe = |number| Probe { traffic, side, number };
        self.sent.range(probe(0)..=probe(u32::MAX)).map(|(_, entry)| entry)
    }
}
