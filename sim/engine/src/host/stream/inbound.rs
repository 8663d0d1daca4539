//! The receiving half of a stream: puts segments in order in a bounded buffer, and checks what they carry.

use std::collections::BTreeMap;

use ipsec_net::Instant;

use super::{pattern, sequence};

/// The window to offer: as much as can be without window scaling. What is in order is taken at once, so that
/// the whole buffer always lies ahead of the octet that is expected next.
pub(super) const WINDOW: u16 = u16::MAX;
/// How many octets may wait for those before them.
const CAPACITY: u64 = WINDOW as u64;

#[derive(Clone, Debug)]
pub(super) struct Inbound {
    /// The peer's initial sequence number.
    initial: u32,
    /// The place that is expected next.
    next: u64,
    /// The FIN's place, once known.
    fin: Option<u64>,
    /// What waits for the octets before it, by place; no two overlap.
    held: BTreeMap<u64, Vec<u8>>,
    delivered: u64,
    wrong: u64,
    last: Option<Instant>,
}

impl Inbound {
    /// After the peer's SYN.
    pub(super) fn new(initial: u32) -> Self {
        Self { initial, next: 1, fin: None, held: BTreeMap::new(), delivered: 0, wrong: 0, last: None }
    }

    /// The acknowledgment number to send.
    pub(super) fn acknowledgment(&self) -> u32 {
        sequence::number(self.initial, self.next)
    }

    /// The place that a sequence number means.
    pub(super) fn place(&self, number: u32) -> Option<u64> {
        sequence::place(self.initial, number, self.next)
    }

    /// The place that is expected next.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Whether something of a segment lies in the window (RFC 9293 §3.10.7.4); `length` counts the FIN.
    pub(super) fn is_acceptable(&self, place: u64, length: u64) -> bool {
        let end = self.next + CAPACITY;
        let last = place + length.saturating_sub(1);
        place < end && last >= self.next
    }

    /// Whether the peer's FIN came and all before it.
    pub(super) fn is_finished(&self) -> bool {
        self.fin.is_some_and(|fin| fin < self.next)
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    pub(super) fn wrong(&self) -> u64 {
        self.wrong
    }

    /// When the last octet was delivered in order.
    pub(super) fn last(&self) -> Option<Instant> {
        self.last
    }

    /// Takes what a segment at `place` carries.
    pub(super) fn take(&mut self, now: Instant, place: u64, payload: &[u8], fin: bool) {
        let end = place + payload.len() as u64;
        let window_end = self.next + CAPACITY;
        if fin && self.fin.is_none() && (self.next..window_end).contains(&end) && self.held_end() <= end {
            self.fin = Some(end);
        }
        self.hold(place, payload, end.min(self.fin.unwrap_or(u64::MAX)).min(window_end));
        while let Some(octets) = self.held.remove(&self.next) {
            self.wrong += pattern::wrong(self.next - 1, &octets);
            self.next += octets.len() as u64;
            self.delivered += octets.len() as u64;
            self.last = Some(now);
        }
        if self.fin == Some(self.next) {
            self.next += 1;
        }
    }

    /// The end of what waits; a FIN before it is not believed.
    fn held_end(&self) -> u64 {
        self.held.last_key_value().map_or(0, |(place, octets)| place + octets.len() as u64)
    }

    /// Keeps of the octets at `start` those up to `end` that are neither delivered nor held.
    fn hold(&mut self, start: u64, payload: &[u8], end: u64) {
        let mut at = start.max(self.next);
        while at < end {
            let before =
                self.held.range(..=at).next_back().map(|(place, octets)| place + octets.len() as u64);
            if let Some(covered) = before.filter(|covered| *covered > at) {
                at = covered;
                continue;
            }
            let until = self.held.range(at..).next().map_or(end, |(place, _)| end.min(*place));
            if let Some(octets) = payload.get((at - start) as usize..(until - start) as usize) {
                self.held.insert(at, octets.to_vec());
            }
            at = until;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(place: u64, length: usize) -> Vec<u8> {
        pattern::octets(place - 1).take(length).collect()
    }

    proptest! {
        #[test]
        fn segments_in_any_order_and_however_cut_make_the_stream(
            cuts in prop::collection::vec((1u64..3000, 1usize..400), 0..60),
            order: u64,
        ) {
            let mut segments = cuts;
            segments.extend((0..10).map(|index| (1 + index * 300, 300)));
            for index in 0..segments.len() {
                let other = order.rotate_left(index as u32) as usize % segments.len();
                segments.swap(index, other);
            }
            let mut inbound = Inbound::new(u32::MAX);
            inbound.take(Instant::ZERO, 3001, &[], true);
            for (place, length) in segments {
                inbound.take(Instant::ZERO, place, &segment(place, length), false);
                let held: usize = inbound.held.values().map(Vec::len).sum();
                prop_assert!(held as u64 <= CAPACITY);
            }
            prop_assert_eq!((inbound.delivered(), inbound.wrong()), (3000, 0));
            prop_assert!(inbound.is_finished() && inbound.held.is_empty());
            prop_assert_eq!((inbound.next(), inbound.acknowledgment()), (3002, 3001));
        }
    }

    #[test]
    fn nothing_is_kept_beyond_the_window() {
        let mut inbound = Inbound::new(0);
        inbound.take(Instant::ZERO, CAPACITY - 99, &segment(CAPACITY - 99, 200), true);
        assert_eq!(inbound.held.values().map(Vec::len).sum::<usize>(), 100);
        assert_eq!(inbound.fin, None);
        assert!(inbound.is_acceptable(CAPACITY, 1) && !inbound.is_acceptable(CAPACITY + 1, 1));
        assert!(inbound.is_acceptable(1, 0) && !inbound.is_acceptable(0, 1) && inbound.is_acceptable(0, 2));
    }

    #[test]
    fn data_behind_the_fin_is_never_delivered() {
        let mut inbound = Inbound::new(0);
        inbound.take(Instant::ZERO, 6, &[], true);
        inbound.take(Instant::ZERO, 1, &segment(1, 10), false);
        assert_eq!((inbound.delivered(), inbound.is_finished(), inbound.next()), (5, true, 7));
        inbound.take(Instant::ZERO, 7, &segment(7, 3), false);
        assert_eq!((inbound.delivered(), inbound.held.len()), (5, 0));
    }

    #[test]
    fn a_fin_before_what_came_already_is_not_believed() {
        let mut inbound = Inbound::new(0);
        inbound.take(Instant::ZERO, 11, &segment(11, 10), false);
        inbound.take(Instant::ZERO, 6, &[], true);
        inbound.take(Instant::ZERO, 1, &segment(1, 10), false);
        assert_eq!((inbound.delivered(), inbound.is_finished()), (20, false));
    }

    #[test]
    fn wrong_octets_are_counted() {
        let mut inbound = Inbound::new(0);
        let mut octets = segment(1, 10);
        octets[3] ^= 1;
        inbound.take(Instant::ZERO, 1, &octets, false);
        assert_eq!((inbound.delivered(), inbound.wrong()), (10, 1));
    }
}
