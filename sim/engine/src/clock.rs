//! A node's own clock, which may be wrong, run fast or slow, and jump.

use ipsec_net::Instant;

/// How a node's clock stands to the world's: it showed `shown` when the world's time was `at`, and has gained
/// `drift` nanoseconds a second since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    at: Instant,
    shown: Instant,
    drift: i64,
}

/// Why a clock cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clock that gains {0} ns a second does not go forward: more than -1000000000 is needed")]
pub struct ClockError(
    /// The drift given.
    pub i64,
);

impl Clock {
    /// A clock that shows `shown` at the world's time `at` and gains `drift` nanoseconds a second from then on, or loses
    /// some where it is negative (1000 is one part in a million).
    ///
    /// # Errors
    /// When it would stand still or run back.
    pub fn new(at: Instant, shown: Instant, drift: i64) -> Result<Self, ClockError> {
        if drift <= -(SECOND as i64) {
            return Err(ClockError(drift));
        }
        Ok(Self { at, shown, drift })
    }

    /// What it shows at the world's time `now`.
    #[must_use]
    pub fn read(&self, now: Instant) -> Instant {
        let since = u128::from(now.as_nanos().saturating_sub(self.at.as_nanos()));
        let passed = since * self.rate() / SECOND;
        instant(u128::from(self.shown.as_nanos()) + passed)
    }

    /// The first of the world's instants at which it shows `shown` or later.
    #[must_use]
    pub fn when(&self, shown: Instant) -> Instant {
        let ahead = u128::from(shown.as_nanos().saturating_sub(self.shown.as_nanos()));
        instant(u128::from(self.at.as_nanos()) + (ahead * SECOND).div_ceil(self.rate()))
    }

    /// Nanoseconds that it goes forward in a second.
    fn rate(&self) -> u128 {
        SECOND.saturating_add_signed(i128::from(self.drift)).max(1)
    }
}

const SECOND: u128 = 1_000_000_000;

fn instant(nanos: u128) -> Instant {
    Instant::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_clock_that_gains_a_tenth_shows_eleven_seconds_after_ten() {
        let clock = Clock::new(seconds(5), seconds(100), 100_000_000).unwrap();
        assert_eq!(clock.read(seconds(5)), seconds(100));
        assert_eq!(clock.read(seconds(15)), seconds(111));
        assert_eq!(clock.when(seconds(111)), seconds(15));
        assert_eq!(clock.when(seconds(3)), seconds(5), "the past is now");
    }

    #[test]
    fn a_clock_that_stands_still_is_refused() {
        let error = Clock::new(Instant::ZERO, Instant::ZERO, -1_000_000_000).unwrap_err();
        assert!(error.to_string().starts_with("a clock that gains -1000000000 ns a second"), "{error}");
    }

    proptest! {
        /// A node that asks to be woken at an instant of its own clock is woken when the clock shows it, not before.
        #[test]
        fn when_is_the_first_instant_that_reads_it(
            at in 0u64..1 << 50, shown in 0u64..1 << 50, drift in -999_999_999i64..2_000_000_000, ahead in 0u64..1 << 50,
        ) {
            let clock = Clock::new(Instant::from_nanos(at), Instant::from_nanos(shown), drift).unwrap();
            let wanted = Instant::from_nanos(shown + ahead);
            let when = clock.when(wanted);
            prop_assert!(clock.read(when) >= wanted);
            if when.as_nanos() > at {
                prop_assert!(clock.read(Instant::from_nanos(when.as_nanos() - 1)) < wanted);
            }
        }
    }
}
