//! What is counted over time. How long a run takes shows only at its end: the intervals begin short, and grow by joining two and
//! two whenever there are too many.

use std::collections::BTreeMap;

use ipsec_net::Instant;
use reports::account::{Series, Unit};

/// So many intervals there are at most.
const MOST_INTERVALS: u64 = 240;
/// The length of an interval at the beginning, in nanoseconds.
const SHORTEST: u64 = 1_000_000;
/// So many series are told; of more, those that come first by name.
const MOST_SERIES: usize = 30;

/// The counts of a run.
pub(super) struct Counts {
    interval: u64,
    packets: BTreeMap<String, Vec<u64>>,
    octets: BTreeMap<String, Vec<u64>>,
    /// The length of the packet that was delivered last, in octets.
    delivered: usize,
}

impl Default for Counts {
    fn default() -> Self {
        Self { interval: SHORTEST, packets: BTreeMap::new(), octets: BTreeMap::new(), delivered: 0 }
    }
}

impl Counts {
    /// A packet of this length came to the end of a link.
    pub(super) fn delivered(&mut self, length: usize) {
        self.delivered = length;
    }

    /// The packet that was delivered last is one of this traffic, and came to its host.
    pub(super) fn came(&mut self, at: Instant, traffic: &str) {
        let place = self.place(at);
        let octets = u64::try_from(self.delivered).unwrap_or(u64::MAX);
        add(&mut self.octets, &format!("{traffic}, arrived"), place, octets);
    }

    /// Something of this name happened.
    pub(super) fn count(&mut self, at: Instant, name: &str) {
        let place = self.place(at);
        add(&mut self.packets, name, place, 1);
    }

    /// The place of an instant among the intervals.
    fn place(&mut self, at: Instant) -> usize {
        while at.as_nanos() / self.interval >= MOST_INTERVALS {
            self.interval *= 2;
            for values in self.packets.values_mut().chain(self.octets.values_mut()) {
                *values = values.chunks(2).map(|two| two.iter().sum()).collect();
            }
        }
        usize::try_from(at.as_nanos() / self.interval).unwrap_or(0)
    }

    /// All series of a run that ended then: what arrived first, then what was counted.
    pub(super) fn series(mut self, end: Instant) -> Vec<Series> {
        self.place(end);
        let interval_nanos = self.interval;
        let series =
            |unit| move |(name, values): (String, Vec<u64>)| Series { name, unit, interval_nanos, values };
        let octets = self.octets.into_iter().map(series(Unit::Octets));
        octets.chain(self.packets.into_iter().map(series(Unit::Packets))).take(MOST_SERIES).collect()
    }
}

fn add(all: &mut BTreeMap<String, Vec<u64>>, name: &str, place: usize, amount: u64) {
    if !all.contains_key(name) {
        all.insert(name.to_owned(), Vec::new());
    }
    let Some(values) = all.get_mut(name) else { return };
    if values.len() <= place {
        values.resize(place + 1, 0);
    }
    values[place] += amount;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_with_the_run_and_lose_nothing() {
        let mut counts = Counts::default();
        for second in 0..600 {
            counts.count(Instant::from_nanos(second * 1_000_000_000), "lost");
        }
        let series = counts.series(Instant::from_nanos(600_000_000_000)).remove(0);
        assert_eq!(series.values.iter().sum::<u64>(), 600);
        assert!(series.values.len() <= 240 && series.interval_nanos == 4_096_000_000, "{series:?}");
        // Of something that happens each second, four or five fall into each but the last.
        let whole = &series.values[..series.values.len() - 1];
        assert!(whole.iter().all(|value| (4..=5).contains(value)), "{series:?}");
    }

    #[test]
    fn octets_come_before_packets() {
        let mut counts = Counts::default();
        counts.count(Instant::ZERO, "IKE messages");
        counts.delivered(1400);
        counts.came(Instant::ZERO, "talk");
        let all = counts.series(Instant::ZERO);
        assert_eq!(all[0].values, [1400]);
        assert_eq!((all[0].unit, all[1].unit), (Unit::Octets, Unit::Packets));
    }
}
