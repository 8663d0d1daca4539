//! A hierarchical timing wheel (Varghese and Lauck, 1987) for the farther future: it sorts roughly, in constant time, and
//! gives up the soonest events in small portions, which the event queue then sorts exactly.
//!
//! Time is cut into ticks. A tick's number is written in digits of 6 bits; an event stands on the level of the highest
//! digit in which its tick differs from the last tick given up, in the slot of that digit. So all events of a lower level
//! come before those of a higher one, and those of a lower slot before those of a higher one.

use ipsec_net::Instant;

/// A timing wheel of events of type `T`.
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    /// Made when the first event comes: most worlds need no wheel.
    levels: Vec<Level<T>>,
    /// The last tick given up; only later ones are on the wheel.
    last: u64,
    /// How far back `last` can be taken without an event's place changing.
    floor: u64,
    len: usize,
}

#[derive(Debug)]
struct Level<T> {
    /// A bit for each slot that is not empty.
    occupied: u64,
    slots: Vec<Vec<(Instant, T)>>,
}

/// 2^10 nanoseconds are a tick.
const TICK_BITS: u32 = 10;
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Nine digits of 6 bits hold the 54 bits of a tick.
const LEVELS: usize = 9;
/// A slot with no more events than this is given up whole, however long it is.
const PORTION: usize = 64;

fn tick(at: Instant) -> u64 {
    at.as_nanos() >> TICK_BITS
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self { levels: Vec::new(), last: 0, floor: 0, len: 0 }
    }
}

impl<T> Wheel<T> {
    /// How many events are on the wheel.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether an event at this instant belongs on the wheel: every one on it is later than every one that does not.
    pub(crate) fn takes(&self, at: Instant) -> bool {
        tick(at) > self.last
    }

    /// Lets the wheel take events again that come after `at`, as far as those on it allow that.
    pub(crate) fn reach_back(&mut self, at: Instant) {
        (self.last, self.floor) = match self.len {
            0 => (tick(at), 0),
            _ => (self.last.min(tick(at).max(self.floor)), self.floor),
        };
    }

    /// Puts an event on the wheel, which must take it.
    pub(crate) fn push(&mut self, at: Instant, event: T) {
        debug_assert!(self.takes(at), "the wheel has gone on");
        if self.levels.is_empty() {
            let level = || Level { occupied: 0, slots: (0..SLOTS).map(|_| Vec::new()).collect() };
            self.levels = (0..LEVELS).map(|_| level()).collect();
        }
        let level = (tick(at) ^ self.last).ilog2() / DIGIT_BITS;
        let slot = digit(tick(at), level);
        // The event keeps its place as long as the digits above its own stay what they are.
        let above = (level + 1) * DIGIT_BITS;
        self.floor = self.floor.max(self.last >> above << above);
        let level = &mut self.levels[level as usize];
        level.occupied |= 1 << slot;
        level.slots[slot].push((at, event));
        self.len += 1;
    }

    /// Gives up the soonest events, in no order; none only if the wheel is empty.
    pub(crate) fn pour(&mut self, mut take: impl FnMut(Instant, T)) {
        let before = self.len;
        while self.len > 0 && self.len == before {
            let Some(level) = self.levels.iter().position(|level| level.occupied != 0) else { return };
            let shift = level as u32 * DIGIT_BITS;
            let slot = self.levels[level].occupied.trailing_zeros();
            self.levels[level].occupied &= !(1 << slot);
            let mut events = std::mem::take(&mut self.levels[level].slots[slot as usize]);
            let above = shift + DIGIT_BITS;
            let first = (self.last >> above << above) | (u64::from(slot) << shift);
            self.len -= events.len();
            if level == 0 || events.len() <= PORTION {
                (self.last, self.floor) = (first | ((1 << shift) - 1), first);
                events.drain(..).for_each(|(at, event)| take(at, event));
            } else {
                (self.last, self.floor) = (first, first);
                for (at, event) in events.drain(..) {
                    if self.takes(at) { self.push(at, event) } else { take(at, event) }
                }
            }
            // The slot keeps its room.
            self.levels[level].slots[slot as usize] = events;
        }
    }
}

fn digit(tick: u64, level: u32) -> usize {
    (tick >> (level * DIGIT_BITS)) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    /// The model of a wheel is a plain list.
    #[derive(Default)]
    struct Model {
        wheel: Wheel<u64>,
        waiting: Vec<u64>,
    }

    impl Model {
        fn push(&mut self, nanos: u64) {
            if self.wheel.takes(at(nanos)) {
                self.wheel.push(at(nanos), nanos);
                self.waiting.push(nanos);
            }
        }

        fn pour(&mut self) {
            let mut portion = Vec::new();
            self.wheel.pour(|when, nanos| {
                assert_eq!(when, at(nanos));
                portion.push(nanos);
            });
            assert!(self.waiting.is_empty() || !portion.is_empty());
            portion.sort_unstable();
            self.waiting.sort_unstable();
            let rest = self.waiting.split_off(portion.len());
            assert_eq!(portion, self.waiting, "the soonest come first");
            assert!(!portion.iter().any(|nanos| self.wheel.takes(at(*nanos))));
            self.waiting = rest;
        }

        fn check(&self) {
            assert_eq!(self.wheel.len(), self.waiting.len());
            assert!(self.waiting.iter().all(|nanos| self.wheel.takes(at(*nanos))));
        }
    }

    proptest! {
        /// Instants of all magnitudes, so that events stand on all levels, or of three digits, so that they are close to
        /// each other; and crowds, which are divided.
        #[test]
        fn portions_come_in_order_and_nothing_is_forgotten(
            steps in prop::collection::vec((0u8..8, 0u32..64, any::<u64>()), 1..400),
            magnitude in prop::sample::select(vec![u64::MAX, (1 << 28) - 1]),
        ) {
            let mut model = Model::default();
            for (step, bits, noise) in steps {
                let nanos = if magnitude == u64::MAX { noise >> bits } else { noise & magnitude };
                match step {
                    0..=3 => model.push(nanos),
                    4 => (0..100).for_each(|number| model.push(nanos.saturating_add(number * 7919))),
                    5 | 6 => model.wheel.reach_back(at(nanos)),
                    _ => model.pour(),
                }
                model.check();
            }
            while !model.waiting.is_empty() {
                model.pour();
                model.check();
            }
        }
    }
}
