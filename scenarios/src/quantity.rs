//! Quantities as people write them in scenario files: `5%`, `40ms ± 10ms`, `50/s`, `64..1400`.
//!
//! Each reader returns a sentence that says what was wrong and what is expected; where it stood is the caller's to add.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use ipsec_net::{format_duration, parse_duration};

/// A share of a whole, exactly: `part` in `whole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// How many; at most `whole` where the ratio is a share or a chance.
    pub part: u32,
    /// Of how many; not zero.
    pub whole: u32,
}

impl Ratio {
    /// None of it.
    pub const NEVER: Self = Self { part: 0, whole: 1 };

    /// Whether `part` of `whole` is at least this share.
    #[must_use]
    pub fn is_reached_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(self.whole) >= u128::from(whole) * u128::from(self.part)
    }
}

/// As a percentage where that is exact, otherwise as `1/3`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millionths = u64::from(self.part) * 1_000_000;
        if !millionths.is_multiple_of(u64::from(self.whole)) {
            return write!(f, "{}/{}", self.part, self.whole);
        }
        let millionths = millionths / u64::from(self.whole);
        let decimals = format!("{:04}", millionths % 10_000);
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{}{point}{decimals}%", millionths / 10_000)
    }
}

/// How long something takes: always within `jitter` of `mean`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// The middle.
    pub mean: Duration,
    /// The most that a single delay differs from it; not more than `mean`.
    pub jitter: Duration,
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(self.mean))?;
        if self.jitter > Duration::ZERO {
            write!(f, " ± {}", format_duration(self.jitter))?;
        }
        Ok(())
    }
}

/// Reads a chance or share from none to all: `5%`, `0.1%`, `1/200`.
///
/// # Errors
/// When the text is neither, or means more than the whole.
pub fn share(text: &str) -> Result<Ratio, String> {
    let wrong = || {
        format!("\"{text}\" is not a share: write a percentage such as \"5%\" or a ratio such as \"1/200\"")
    };
    let ratio = match text.trim().strip_suffix('%') {
        Some(number) => {
            let (part, whole) = decimal(number.trim_end()).ok_or_else(wrong)?;
            reduced(part, whole * 100)
        }
        None => {
            let (part, whole) = text.split_once('/').ok_or_else(wrong)?;
            let number = |text: &str| text.trim().parse::<u64>().ok();
            reduced(number(part).ok_or_else(wrong)?, number(whole).ok_or_else(wrong)?)
        }
    };
    let ratio = ratio.ok_or_else(wrong)?;
    if ratio.part > ratio.whole {
        return Err(format!("{} is more than all: a share lies between 0% and 100%", text.trim()));
    }
    Ok(ratio)
}

/// Reads a factor of at least one: `2`, `1.8`, `9/5`.
///
/// # Errors
/// When the text is no number, or means less than one.
pub fn factor(text: &str) -> Result<Ratio, String> {
    let wrong =
        || format!("\"{text}\" is not a factor: write a number of at least 1, such as 2, 1.8 or \"9/5\"");
    let (part, whole) = match text.split_once('/') {
        Some((part, whole)) => {
            (part.trim().parse().map_err(|_| wrong())?, whole.trim().parse().map_err(|_| wrong())?)
        }
        None => decimal(text).ok_or_else(wrong)?,
    };
    let ratio = reduced(part, whole).ok_or_else(wrong)?;
    if ratio.part < ratio.whole { Err(wrong()) } else { Ok(ratio) }
}

/// Reads a duration: `40ms`, `1.5s`, `2min30s`.
///
/// # Errors
/// When the text is not a duration.
pub fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

/// Reads the duration of something that lasts.
///
/// # Errors
/// When the text is not a duration, or one of nothing.
pub fn lasting(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it has to last some time".to_owned()),
        lasting => Ok(lasting),
    }
}

/// Reads a delay: `40ms`, `40ms ± 10ms`, `40ms +- 10ms`.
///
/// # Errors
/// When a part is not a duration, or the jitter is more than the mean.
pub fn delay(text: &str) -> Result<Delay, String> {
    let (mean, jitter) = match text.split_once('±').or_else(|| text.split_once("+-")) {
        Some((mean, jitter)) => (duration(mean.trim())?, duration(jitter.trim())?),
        None => (duration(text)?, Duration::ZERO),
    };
    if jitter > mean {
        return Err(format!("\"{text}\" could be negative: the second part may not be more than the first"));
    }
    Ok(Delay { mean, jitter })
}

/// Reads how often something happens, `50/s`, `10/min`, `1/250ms`, as the time from one to the next.
///
/// # Errors
/// When the text is no rate, the count is zero, or the time between two rounds to nothing.
pub fn interval(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("\"{text}\" is not a rate: write a number per time, such as \"50/s\" or \"10/min\"");
    let (count, per) = text.split_once('/').ok_or_else(wrong)?;
    let count: u32 = count.trim().parse().map_err(|_| wrong())?;
    let per = per.trim();
    let per = if per.starts_with(|c: char| c.is_ascii_digit()) {
        parse_duration(per)
    } else {
        parse_duration(&format!("1{per}"))
    };
    let interval = per.map_err(|_| wrong())?.checked_div(count).ok_or_else(wrong)?;
    if interval.is_zero() { Err(wrong()) } else { Ok(interval) }
}

/// Reads bits per second: `10Mbit/s`, `64kbit/s`, `1.5Gbit/s`.
///
/// # Errors
/// When the text is no rate, or means nothing at all.
pub fn bit_rate(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!("\"{text}\" is not a bit rate: write bits per second, such as \"10Mbit/s\" or \"64kbit/s\"")
    };
    let number = text.trim().strip_suffix("bit/s").ok_or_else(wrong)?;
    let (number, factor) = match number.trim_end().as_bytes().last() {
        Some(b'k') => (&number[..number.len() - 1], 1_000),
        Some(b'M') => (&number[..number.len() - 1], 1_000_000),
        Some(b'G') => (&number[..number.len() - 1], 1_000_000_000),
        _ => (number, 1),
    };
    let (part, whole) = decimal(number).ok_or_else(wrong)?;
    let rate = part.checked_mul(factor).ok_or_else(wrong)? / whole;
    if rate == 0 { Err(wrong()) } else { Ok(rate) }
}

/// Reads a number of packets of at least two: `8 packets`.
///
/// # Errors
/// When the text is no such number.
pub fn packets(text: &str) -> Result<u16, String> {
    let count = text.trim().strip_suffix("packets").and_then(|count| count.trim().parse().ok());
    count.filter(|count| *count >= 2).ok_or_else(|| {
        format!("\"{text}\" is not a number of packets: write two or more, such as \"8 packets\"")
    })
}

/// Reads a range of sizes, both ends included: `64..1400`, or one size: `512`.
///
/// # Errors
/// When the text is neither, or the first is the larger.
pub fn sizes(text: &str) -> Result<RangeInclusive<u16>, String> {
    let wrong = || format!("\"{text}\" is not a size: write octets, such as 512 or \"64..1400\"");
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let first: u16 = first.trim().parse().map_err(|_| wrong())?;
    let last: u16 = last.trim().parse().map_err(|_| wrong())?;
    if first > last {
        Err(format!("\"{text}\" is no range: {first} is more than {last}"))
    } else {
        Ok(first..=last)
    }
}

/// Reads how far a clock is off, in seconds: `5min` or `+5min` ahead, `-5min` behind.
///
/// # Errors
/// When the text is no duration of whole seconds, or one of more than ten years.
pub fn offset(text: &str) -> Result<i64, String> {
    let (is_behind, amount) = signed(text);
    let amount = duration(amount)?;
    if amount.subsec_nanos() != 0 || amount > MOST_OFF {
        return Err(format!("\"{text}\" is no offset: write whole seconds, at most ten years"));
    }
    let seconds = amount.as_secs().cast_signed();
    Ok(if is_behind { -seconds } else { seconds })
}

const MOST_OFF: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Reads how fast a clock goes, in nanoseconds that it gains a second: `200ppm`, `-3%`.
///
/// # Errors
/// When the text is no such share, or one of half or more.
pub fn drift(text: &str) -> Result<i64, String> {
    let wrong = || format!("\"{text}\" is no drift: write one such as \"200ppm\" or \"-3%\", less than half");
    let (is_slow, amount) = signed(text);
    let (digits, nanos) = match (amount.strip_suffix("ppm"), amount.strip_suffix('%')) {
        (Some(digits), _) => (digits, 1_000),
        (None, Some(digits)) => (digits, 10_000_000),
        (None, None) => return Err(wrong()),
    };
    let amount: u32 = digits.parse().map_err(|_| wrong())?;
    let drift = Some(i64::from(amount) * nanos).filter(|drift| *drift < 500_000_000).ok_or_else(wrong)?;
    Ok(if is_slow { -drift } else { drift })
}

/// Whether there is a minus in front, and what is behind the sign.
fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(amount) => (true, amount),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Reads a range of seeds, the last not included: `0..200` are two hundred of them.
///
/// # Errors
/// When the text is no range, or the range is empty.
pub fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || {
        format!(
            "\"{text}\" is no range of seeds: write the first and the one behind the last, such as \"0..200\""
        )
    };
    let (first, end) = text.split_once("..").ok_or_else(wrong)?;
    let first: u64 = first.trim().parse().map_err(|_| wrong())?;
    let end: u64 = end.trim().parse().map_err(|_| wrong())?;
    if first >= end {
        Err(format!("\"{text}\" holds no seed: the range ends before its second number"))
    } else {
        Ok(first..end)
    }
}

/// A decimal number as part and whole, at most nine decimals.
fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let scale = 10u64.pow(u32::try_from(decimals.len()).ok()?);
    let part = whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(decimals.parse().ok()?)?;
    Some((part, scale))
}

fn reduced(part: u64, whole: u64) -> Option<Ratio> {
    let divisor = greatest_common_divisor(part, whole);
    if whole == 0 {
        return None;
    }
    Some(Ratio { part: u32::try_from(part / divisor).ok()?, whole: u32::try_from(whole / divisor).ok()? })
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_rates_read_as_people_write_them() {
        let cases = [
            ("10Mbit/s", 10_000_000),
            ("64kbit/s", 64_000),
            ("1.5Gbit/s", 1_500_000_000),
            ("9600 bit/s", 9_600),
        ];
        for (text, rate) in cases {
            assert_eq!(bit_rate(text), Ok(rate), "{text}");
        }
        for text in ["10", "10M", "0bit/s", "-1bit/s", "xMbit/s", "bit/s", "99999999999Gbit/s"] {
            assert!(bit_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn clocks_are_ahead_or_behind_and_gain_or_lose() {
        let offsets = [("5min", 300), ("+1h", 3_600), ("-2s", -2), ("0s", 0)];
        assert!(offsets.iter().all(|(text, seconds)| offset(text) == Ok(*seconds)));
        for text in ["1.5s", "--5s", "5", "", "100000h"] {
            assert!(offset(text).is_err(), "{text}");
        }
        let drifts = [("200ppm", 200_000), ("-3%", -30_000_000), ("+1ppm", 1_000), ("0%", 0)];
        assert!(drifts.iter().all(|(text, nanos)| drift(text) == Ok(*nanos)));
        for text in ["50%", "-50%", "1.5%", "3", "ppm", "- 3%", "--3%", "9999999999%"] {
            assert!(drift(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_burst_has_two_packets_or_more() {
        assert_eq!(packets("8 packets"), Ok(8));
        for text in ["8", "1 packets", "packets", "70000 packets"] {
            assert!(packets(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_exact_and_show_as_they_were_written() {
        for (text, part, whole) in
            [("5%", 1, 20), ("0.1%", 1, 1000), ("1/200", 1, 200), ("0%", 0, 1), ("100%", 1, 1)]
        {
            assert_eq!(share(text), Ok(Ratio { part, whole }), "{text}");
        }
        for (text, shown) in
            [("5%", "5%"), ("0.1%", "0.1%"), ("1/3", "1/3"), ("1/200", "0.5%"), ("100%", "100%")]
        {
            assert_eq!(share(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", "%", "5", "-1%", "130%", "3/2", "1/0", "0/0", "1e3%", "0.0000000001%", "NaN%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_reached_at_exactly_its_number() {
        let ninety = share("90%").unwrap();
        assert!(ninety.is_reached_by(9, 10));
        assert!(!ninety.is_reached_by(899, 1000));
        assert!(ninety.is_reached_by(u64::MAX, u64::MAX));
    }

    #[test]
    fn factors_are_at_least_one() {
        assert_eq!(factor("1.8"), Ok(Ratio { part: 9, whole: 5 }));
        assert_eq!(factor("2"), Ok(Ratio { part: 2, whole: 1 }));
        assert!(factor("0.5").is_err());
        assert!(factor("9/0").is_err());
    }

    #[test]
    fn delays_have_an_optional_jitter_not_above_the_mean() {
        let ms = Duration::from_millis;
        assert_eq!(delay("40ms"), Ok(Delay { mean: ms(40), jitter: ms(0) }));
        for text in ["40ms ± 10ms", "40ms±10ms", "40ms +- 10ms"] {
            assert_eq!(delay(text), Ok(Delay { mean: ms(40), jitter: ms(10) }), "{text}");
        }
        assert!(delay("10ms ± 40ms").is_err());
        assert!(delay("± 40ms").is_err());
    }

    #[test]
    fn rates_become_the_time_between_two() {
        assert_eq!(interval("50/s"), Ok(Duration::from_millis(20)));
        assert_eq!(interval("10/min"), Ok(Duration::from_secs(6)));
        assert_eq!(interval("1/250ms"), Ok(Duration::from_millis(250)));
        for text in ["50", "0/s", "x/s", "5/parsec", "9/ns"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_include_both_ends_and_seeds_do_not() {
        assert_eq!(sizes("64..1400"), Ok(64..=1400));
        assert_eq!(sizes("512"), Ok(512..=512));
        assert!(sizes("1400..64").is_err());
        assert_eq!(seeds("0..200"), Ok(0..200));
        assert!(seeds("5..5").is_err());
        assert!(seeds("200").is_err());
    }
}
