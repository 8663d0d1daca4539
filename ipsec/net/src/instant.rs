//! Simulated time: a number of nanoseconds since the world began. Durations are `std`'s.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point in simulated time, in nanoseconds since the beginning of the run. 584 years fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The beginning of the run.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the beginning.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this instant; zero if `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Saturates at [`Instant::MAX`].
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

/// Saturates at [`Instant::ZERO`].
impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Seconds with as many decimals as the instant has, at least three: `61.300s`, `0.000000001s`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let text = if nanos % 1_000_000 == 0 {
            format!("{seconds}.{:03}s", nanos / 1_000_000)
        } else if nanos % 1_000 == 0 {
            format!("{seconds}.{:06}s", nanos / 1_000)
        } else {
            format!("{seconds}.{nanos:09}s")
        };
        f.pad(&text)
    }
}

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a duration: write numbers with units, such as 40ms, 1.5s or 2min30s")]
pub struct ParseDurationError {
    text: String,
}

/// Reads durations as people write them: `40ms`, `1.5s`, `2min30s`, `8h`; units `ns`, `us`, `ms`, `s`, `min`, `h`, `d`.
///
/// # Errors
/// When the text is empty, has an unknown unit, more decimals than nanoseconds, or does not fit in 584 years.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let wrong = || ParseDurationError { text: text.to_owned() };
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, after) = rest.split_at(digits);
        let unit_len = after.find(|c: char| !c.is_ascii_alphabetic() && c != 'µ').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        let part = decimal(number, nanos_of(unit).ok_or_else(wrong)?).ok_or_else(wrong)?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    Ok(Duration::from_nanos(total))
}

/// Writes a duration as [`parse_duration`] reads it, in the largest unit that leaves a whole number.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    let (unit, size) =
        UNITS.iter().rev().find(|(_, size)| nanos.is_multiple_of(u128::from(*size))).unwrap_or(&UNITS[0]);
    format!("{}{unit}", nanos / u128::from(*size))
}

const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

fn nanos_of(unit: &str) -> Option<u64> {
    let unit = if unit == "µs" { "us" } else { unit };
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, nanos)| *nanos)
}

/// `number` times `unit`, exactly; nothing when decimals are lost or it overflows.
fn decimal(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut value = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let mut scale = unit;
    for digit in fraction.chars() {
        let digit = u64::from(digit.to_digit(10)?);
        if !scale.is_multiple_of(10) && digit != 0 {
            return None;
        }
        scale /= 10;
        value = value.checked_add(digit * scale)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let cases = [
            ("0s", Duration::ZERO),
            ("40ms", Duration::from_millis(40)),
            ("1.5s", Duration::from_millis(1500)),
            ("2min30s", Duration::from_secs(150)),
            ("1min 5ms", Duration::from_millis(60_005)),
            ("8h", Duration::from_secs(28_800)),
            ("3µs", Duration::from_micros(3)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5", "s", "5 parsecs", "-3s", "1..5s", "1.5ns", "999999999999d", "é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn written_durations_read_back() {
        for nanos in [1, 1_500, 40_000_000, 90_000_000_000, 3_600_000_000_000] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }

    #[test]
    fn instants_show_milliseconds_or_what_they_need() {
        assert_eq!(Instant::from_nanos(61_300_000_000).to_string(), "61.300s");
        assert_eq!(Instant::from_nanos(1_000_001).to_string(), "0.001000001s");
        assert_eq!(Instant::from_nanos(1_500).to_string(), "0.000001500s");
    }
}
