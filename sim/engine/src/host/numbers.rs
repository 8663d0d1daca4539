//! A set of numbers, kept as ranges: small while there are few gaps.

use std::collections::BTreeMap;

/// Numbers that have been seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSet {
    /// First and last of each range, both included.
    ranges: BTreeMap<u64, u64>,
    limit: usize,
}

impl Default for NumberSet {
    /// Up to 65,536 ranges.
    fn default() -> Self {
        Self::with_limit(1 << 16)
    }
}

impl NumberSet {
    /// An empty set that keeps up to `limit` ranges (at least one); beyond that the lowest gaps are
    /// forgotten, as if the numbers in them had been seen.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { ranges: BTreeMap::new(), limit: limit.max(1) }
    }

    /// Puts a number in; tells whether it is new.
    pub fn insert(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        let mut last = number;
        if let Some(next) = number.checked_add(1).and_then(|next| self.ranges.remove(&next)) {
            last = next;
        }
        let before = self.ranges.range_mut(..number).next_back();
        match before.filter(|(_, end)| **end + 1 == number) {
            Some((_, end)) => *end = last,
            None => {
                self.ranges.insert(number, last);
            }
        }
        if self.ranges.len() > self.limit {
            self.close_the_lowest_gap();
        }
        true
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        self.ranges.range(..=number).next_back().is_some_and(|(_, last)| number <= *last)
    }

    /// The greatest number in the set.
    #[must_use]
    pub fn greatest(&self) -> Option<u64> {
        self.ranges.last_key_value().map(|(_, last)| *last)
    }

    /// The ranges, lowest first; both ends included.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> {
        self.ranges.iter().map(|(first, last)| (*first, *last))
    }

    fn close_the_lowest_gap(&mut self) {
        let lowest = self.ranges.pop_first();
        if let (Some((first, _)), Some((_, last))) = (lowest, self.ranges.pop_first()) {
            self.ranges.insert(first, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_set_holds_in_as_few_ranges_as_can_be(
            numbers in prop::collection::vec(0u64..60, 0..80),
        ) {
            let (mut set, mut model) = (NumberSet::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(set.insert(number), model.insert(number));
            }
            prop_assert!((0..61).all(|number| set.contains(number) == model.contains(&number)));
            prop_assert_eq!(set.greatest(), model.last().copied());
            let ends: Vec<(u64, u64)> = set.ranges().collect();
            prop_assert!(ends.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }

    #[test]
    fn the_greatest_number_of_all_fits() {
        let mut set = NumberSet::default();
        assert!(set.insert(u64::MAX) && set.insert(0) && set.insert(u64::MAX - 1) && !set.insert(u64::MAX));
        assert_eq!(set.ranges().collect::<Vec<_>>(), [(0, 0), (u64::MAX - 1, u64::MAX)]);
    }

    #[test]
    fn beyond_the_limit_the_lowest_gap_is_forgotten() {
        let mut set = NumberSet::with_limit(2);
        assert!([0, 10, 20].into_iter().all(|number| set.insert(number)));
        assert_eq!(set.ranges().collect::<Vec<_>>(), [(0, 10), (20, 20)]);
        assert!(!set.insert(5) && set.insert(15));
    }
}
