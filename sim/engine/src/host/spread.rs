//! Least, mean and greatest of many durations, in whole nanoseconds.

use std::time::Duration;

/// What is left of many durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    count: u64,
    sum: u128,
    least: Duration,
    greatest: Duration,
}

impl Spread {
    /// Takes one in.
    pub fn add(&mut self, duration: Duration) {
        self.least = if self.count == 0 { duration } else { self.least.min(duration) };
        self.greatest = self.greatest.max(duration);
        self.count += 1;
        self.sum += duration.as_nanos();
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The least, if there was any.
    #[must_use]
    pub fn least(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.least)
    }

    /// The mean, rounded down to nanoseconds, if there was any.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let mean = self.sum.checked_div(u128::from(self.count))?;
        Some(Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX)))
    }

    /// The greatest, if there was any.
    #[must_use]
    pub fn greatest(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.greatest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_mean_and_greatest_are_exact() {
        let mut spread = Spread::default();
        assert_eq!((spread.least(), spread.mean(), spread.greatest()), (None, None, None));
        for nanos in [7, 3, 11] {
            spread.add(Duration::from_nanos(nanos));
        }
        let of = |nanos| Some(Duration::from_nanos(nanos));
        assert_eq!((spread.least(), spread.mean(), spread.greatest()), (of(3), of(7), of(11)));
        assert_eq!(spread.count(), 3);
    }
}
