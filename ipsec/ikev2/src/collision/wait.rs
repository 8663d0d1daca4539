//! How long to wait after TEMPORARY_FAILURE (RFC 7296 §2.25): not at all is forbidden, and after several minutes the state
//! of both ends is out of step.

use std::time::Duration;

/// The first wait; each is twice the one before, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(32);

/// After so many refusals, three minutes or more after the first, the IKE SA is to be closed.
const MOST_REFUSALS: u32 = 10;

/// The wait after the refusal with this number, counted from 1; nothing when there were too many. `luck` makes it up to half
/// as long again, so that two ends that refused each other do not meet again.
pub(crate) fn wait(refusals: u32, luck: u8) -> Option<Duration> {
    if refusals >= MOST_REFUSALS {
        return None;
    }
    let doublings = refusals.saturating_sub(1).min(8);
    let wait = (FIRST * (1 << doublings)).min(LONGEST);
    Some(wait + wait * u32::from(luck) / 512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end_after_minutes() {
        let waits: Vec<u64> = (1..MOST_REFUSALS).filter_map(|n| wait(n, 0)).map(|w| w.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32, 32, 32]);
        assert_eq!(wait(MOST_REFUSALS, 0), None);
        assert!((120..600).contains(&waits.iter().sum::<u64>()), "several minutes");
    }

    #[test]
    fn luck_adds_less_than_half() {
        assert_eq!(wait(1, 128), Some(Duration::from_millis(1250)));
        assert!(wait(1, 255) < Some(Duration::from_millis(1500)));
    }
}
