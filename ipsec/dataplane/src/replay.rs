//! The anti-replay window (RFC 4303 §3.4.3): which sequence numbers have been seen, as a ring of bits in the manner of
//! RFC 6479, so that moving the window never shifts it.

use crate::DropReason;

/// The window of one inbound SA. Checking and updating are apart: a number counts as seen only once its packet is
/// authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayWindow {
    size: u32,
    highest: u64,
    ring: Vec<u64>,
}

impl ReplayWindow {
    /// The largest window, in packets.
    pub const MAX: u32 = 4096;

    /// A window of `size` packets, rounded up to a multiple of 32 and down to [`ReplayWindow::MAX`]; 0 turns the check
    /// off.
    #[must_use]
    pub fn new(size: u32) -> Self {
        let size = size.min(Self::MAX).next_multiple_of(32);
        // One word more than the window has, so that the word being filled never holds old bits that still count.
        let words = if size == 0 { 0 } else { size.div_ceil(64) as usize + 1 };
        Self { size, highest: 0, ring: vec![0; words] }
    }

    /// The size in packets.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The highest number that was authenticated; 0 before the first.
    #[must_use]
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// Whether a packet with this number may be authenticated at all.
    ///
    /// # Errors
    /// When the number is 0, was seen before, or lies left of the window.
    pub fn check(&self, number: u64) -> Result<(), DropReason> {
        if self.size == 0 {
            return Ok(());
        }
        if number == 0 || self.highest.saturating_sub(number) >= u64::from(self.size) {
            return Err(DropReason::TooOld);
        }
        let (word, bit) = self.place(number);
        if number <= self.highest && self.ring[word] & bit != 0 {
            return Err(DropReason::Replayed);
        }
        Ok(())
    }

    /// Marks the number of an authenticated packet as seen, one that [`ReplayWindow::check`] has let pass.
    pub fn update(&mut self, number: u64) {
        let before = self.highest;
        self.highest = before.max(number);
        if self.size == 0 {
            return;
        }
        // The words that the window has moved into still hold numbers of a whole ring ago.
        let words = self.ring.len() as u64;
        let (from, to) = (before / 64, self.highest / 64);
        for word in from + 1..=to.min(from + words) {
            self.ring[(word % words) as usize] = 0;
        }
        let (word, bit) = self.place(number);
        self.ring[word] |= bit;
    }

    /// The word of the ring that holds the number's bit, and the bit.
    fn place(&self, number: u64) -> (usize, u64) {
        (((number / 64) % self.ring.len() as u64) as usize, 1 << (number % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_left_edge_is_the_size_behind_the_highest() {
        let mut window = ReplayWindow::new(64);
        window.update(100);
        assert_eq!(window.check(100), Err(DropReason::Replayed));
        assert_eq!(window.check(37), Ok(()));
        assert_eq!(window.check(36), Err(DropReason::TooOld));
        assert_eq!(window.check(0), Err(DropReason::TooOld));
        assert_eq!(window.check(101), Ok(()));
    }

    #[test]
    fn sizes_are_multiples_of_32_up_to_4096() {
        let sizes = [0, 1, 32, 33, 64, 4096, 4097, u32::MAX];
        assert_eq!(sizes.map(|size| ReplayWindow::new(size).size()), [0, 32, 32, 64, 64, 4096, 4096, 4096]);
    }

    #[test]
    fn a_leap_over_the_whole_ring_forgets_all_that_was_seen() {
        let mut window = ReplayWindow::new(64);
        window.update(70);
        window.update(u64::MAX);
        assert_eq!(window.check(u64::MAX), Err(DropReason::Replayed));
        for number in u64::MAX - 63..u64::MAX {
            assert_eq!(window.check(number), Ok(()));
        }
        assert_eq!(window.check(u64::MAX - 64), Err(DropReason::TooOld));
    }

    #[test]
    fn without_a_window_everything_passes() {
        let mut window = ReplayWindow::new(0);
        window.update(7);
        assert_eq!(window.check(7), Ok(()));
        assert_eq!(window.highest(), 7);
    }

    proptest! {
        #[test]
        fn the_ring_agrees_with_a_set_of_numbers(
            size in prop::sample::select(vec![32u32, 64, 96, 128, 1024, 4096]),
            steps in prop::collection::vec((-5000i64..5000, any::<bool>()), 1..400),
        ) {
            let mut window = ReplayWindow::new(size);
            let mut seen = BTreeSet::new();
            let mut highest = 0u64;
            for (step, near) in steps {
                let step = if near { step % 70 } else { step };
                let number = highest.saturating_add_signed(step);
                let expected = if number == 0 || highest >= number + u64::from(size) {
                    Err(DropReason::TooOld)
                } else if seen.contains(&number) {
                    Err(DropReason::Replayed)
                } else {
                    Ok(())
                };
                prop_assert_eq!(window.check(number), expected);
                if expected.is_ok() {
                    window.update(number);
                    seen.insert(number);
                    highest = highest.max(number);
                }
            }
        }
    }
}
