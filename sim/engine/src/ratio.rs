//! Probabilities as ratios of whole numbers: no float decides anything.

use std::fmt;
use std::str::FromStr;

/// A probability between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// Never.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// Always.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// The probability `numerator / denominator`; nothing when it is above 1 or the denominator is 0.
    #[must_use]
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        (denominator > 0 && numerator <= denominator).then_some(Self { numerator, denominator })
    }

    /// The numerator.
    #[must_use]
    pub fn numerator(&self) -> u64 {
        self.numerator
    }

    /// The denominator.
    #[must_use]
    pub fn denominator(&self) -> u64 {
        self.denominator
    }

    /// Whether it is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.numerator == 0
    }
}

/// Why a text is not a probability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseRatioError {
    /// Not a number with a percent sign, nor a fraction.
    #[error("\"{0}\" is not a probability: write 5%, 0.1% or 1/200")]
    Text(String),
    /// More than 1.
    #[error("a probability of {0} is more than 100%")]
    AboveOne(String),
}

/// Reads `5%`, `0.1%`, `1/200`, `0` or `1`.
impl FromStr for Ratio {
    type Err = ParseRatioError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseRatioError::Text(text.to_owned());
        let (numerator, denominator) = if let Some(percent) = text.strip_suffix('%') {
            let (whole, decimals) = percent.trim_end().split_once('.').unwrap_or((percent.trim_end(), ""));
            let digits = format!("{whole}{decimals}");
            if whole.is_empty() || digits.len() > 15 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong());
            }
            let scale = 10u64.pow(u32::try_from(decimals.len()).map_err(|_| wrong())?);
            (digits.parse::<u64>().map_err(|_| wrong())?, 100 * scale)
        } else if let Some((numerator, denominator)) = text.split_once('/') {
            (numerator.trim().parse().map_err(|_| wrong())?, denominator.trim().parse().map_err(|_| wrong())?)
        } else {
            (text.parse().map_err(|_| wrong())?, 1)
        };
        if denominator == 0 {
            return Err(wrong());
        }
        Self::new(numerator, denominator).ok_or_else(|| ParseRatioError::AboveOne(text.to_owned()))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_read_as_people_write_them() {
        let ratio = |n, d| Ok(Ratio { numerator: n, denominator: d });
        assert_eq!("5%".parse(), ratio(5, 100));
        assert_eq!("0.1%".parse(), ratio(1, 1000));
        assert_eq!("1/200".parse(), ratio(1, 200));
        assert_eq!("0".parse(), ratio(0, 1));
        assert_eq!("100%".parse(), ratio(100, 100));
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for text in ["130%", "3/2", "2"] {
            assert!(matches!(text.parse::<Ratio>(), Err(ParseRatioError::AboveOne(_))), "{text}");
        }
        for text in ["", "%", "five", "-1%", "1/0", "5.%x", "0.0000000000000001%"] {
            assert!(matches!(text.parse::<Ratio>(), Err(ParseRatioError::Text(_))), "{text}");
        }
    }
}
