//! Misfortunes of packets. Each one that happens is a [`Decision`], which names its packet by link, direction and number;
//! a list of decisions replays a run without its seed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ipsec_net::{format_duration, parse_duration};

/// One of the two directions of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the first end to the second.
    Forward,
    /// From the second end to the first.
    Backward,
}

impl Direction {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Forward, Self::Backward];

    /// The other one.
    #[must_use]
    pub fn reverse(self) -> Self {
        match self {
            Self::Forward => Self::Backward,
            Self::Backward => Self::Forward,
        }
    }

    /// `forward` or `backward`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Forward => 0,
            Self::Backward => 1,
        }
    }
}

/// What befalls a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It never arrives.
    Lost,
    /// It takes this many nanoseconds more, or less where negative, than the link's delay.
    Delayed(i64),
    /// It is held back this long, so that later ones overtake it.
    HeldBack(Duration),
    /// It is held back until so many later ones have overtaken it.
    Overtaken {
        /// How many.
        by: u32,
        /// How long it waits for them.
        within: Duration,
    },
    /// It arrives once more, this much later.
    Duplicated(Duration),
    /// One bit behind the IP header is flipped, and a UDP checksum mended: damage that no checksum below notices.
    Corrupted {
        /// The number of the bit, counted from the first behind the IP header, most significant first.
        bit: u32,
    },
    /// One bit of the IP header is flipped, and an IPv4 checksum mended.
    HeaderCorrupted {
        /// The number of the bit, counted from the first of the packet, most significant first.
        bit: u32,
    },
    /// Its end is missing, and the lengths and checksums of IP and UDP are mended.
    Truncated {
        /// How many octets behind the IP header are left.
        kept: u32,
    },
    /// It is marked as having met congestion, if its sender understands ECN (RFC 3168).
    Marked,
}

/// As people read it.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("lost"),
            Self::Delayed(nanos) => {
                let amount = Duration::from_nanos(nanos.unsigned_abs());
                write!(f, "{} by {amount:?}", if *nanos < 0 { "early" } else { "late" })
            }
            Self::HeldBack(by) => write!(f, "held back {by:?}"),
            Self::Overtaken { by, .. } => write!(f, "held back until {by} others have overtaken it"),
            Self::Duplicated(after) => write!(f, "duplicated after {after:?}"),
            Self::Corrupted { bit } => write!(f, "corrupted: bit {bit} flipped"),
            Self::HeaderCorrupted { bit } => write!(f, "corrupted: bit {bit} of the IP header flipped"),
            Self::Truncated { kept } => write!(f, "truncated: {kept} octets behind the IP header left"),
            Self::Marked => f.write_str("marked: congestion met"),
        }
    }
}

/// A misfortune and the packet that it befalls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decision {
    /// The link's name.
    pub link: Arc<str>,
    /// The direction on the link.
    pub direction: Direction,
    /// The number of the packet in that direction, counted from 0.
    pub ordinal: u64,
    /// What befalls it.
    pub fault: Fault,
}

/// `wan forward 12 held-back 3ms`, as files hold it; reads back to the same decision.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.link, self.direction.name(), self.ordinal)?;
        match self.fault {
            Fault::Lost => f.write_str("lost"),
            Fault::Delayed(nanos) => {
                let sign = if nanos < 0 { "-" } else { "" };
                write!(f, "delayed {sign}{}", format_duration(Duration::from_nanos(nanos.unsigned_abs())))
            }
            Fault::HeldBack(by) => write!(f, "held-back {}", format_duration(by)),
            Fault::Overtaken { by, within } => write!(f, "overtaken {by} {}", format_duration(within)),
            Fault::Duplicated(after) => write!(f, "duplicated {}", format_duration(after)),
            Fault::Corrupted { bit } => write!(f, "corrupted {bit}"),
            Fault::HeaderCorrupted { bit } => write!(f, "header-corrupted {bit}"),
            Fault::Truncated { kept } => write!(f, "truncated {kept}"),
            Fault::Marked => f.write_str("marked"),
        }
    }
}

/// Why a text is not a decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is no decision: expected a link, forward or backward, a number and {expected}, such as `wan forward 12 lost`"
)]
pub struct ParseDecisionError {
    text: String,
    expected: &'static str,
}

impl FromStr for Decision {
    type Err = ParseDecisionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |expected| ParseDecisionError { text: text.to_owned(), expected };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [link, direction, ordinal, fault @ ..] = words.as_slice() else {
            return Err(wrong(KINDS));
        };
        let direction = Direction::BOTH.into_iter().find(|way| way.name() == *direction);
        let place = direction.zip(ordinal.parse().ok());
        let (direction, ordinal) = place.ok_or_else(|| wrong(KINDS))?;
        let fault = read(fault).ok_or_else(|| wrong(KINDS))?;
        Ok(Self { link: (*link).into(), direction, ordinal, fault })
    }
}

const KINDS: &str =
    "lost, delayed, held-back, overtaken, duplicated, corrupted, header-corrupted, truncated or marked";

fn read(words: &[&str]) -> Option<Fault> {
    let duration = |text: &str| parse_duration(text).ok();
    Some(match words {
        ["lost"] => Fault::Lost,
        ["marked"] => Fault::Marked,
        ["delayed", by] => {
            let (negative, amount) = by.strip_prefix('-').map_or((false, *by), |amount| (true, amount));
            let nanos = i64::try_from(duration(amount)?.as_nanos()).ok()?;
            Fault::Delayed(if negative { -nanos } else { nanos })
        }
        ["held-back", by] => Fault::HeldBack(duration(by)?),
        ["overtaken", by, within] => {
            Fault::Overtaken { by: by.parse().ok().filter(|by| *by > 0)?, within: duration(within)? }
        }
        ["duplicated", after] => Fault::Duplicated(duration(after)?),
        ["corrupted", bit] => Fault::Corrupted { bit: bit.parse().ok()? },
        ["header-corrupted", bit] => Fault::HeaderCorrupted { bit: bit.parse().ok()? },
        ["truncated", kept] => Fault::Truncated { kept: kept.parse().ok()? },
        _ => return None,
    })
}

/// Where decisions come from.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Drawn from the streams of the run's seed.
    Seed,
    /// Exactly these, and no others. What befalls one packet befalls it in the order of the list.
    List(Arc<[Decision]>),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn misfortunes_are_told_in_words() {
        let told = [
            (Fault::Lost, "lost"),
            (Fault::Delayed(-2_500_000), "early by 2.5ms"),
            (Fault::Delayed(7), "late by 7ns"),
            (Fault::HeldBack(Duration::from_millis(12)), "held back 12ms"),
            (Fault::Duplicated(Duration::ZERO), "duplicated after 0ns"),
            (Fault::Corrupted { bit: 133 }, "corrupted: bit 133 flipped"),
            (Fault::Truncated { kept: 7 }, "truncated: 7 octets behind the IP header left"),
        ];
        told.into_iter().for_each(|(fault, text)| assert_eq!(fault.to_string(), text));
    }

    fn fault() -> impl Strategy<Value = Fault> {
        let time = || (0..i64::MAX).prop_map(|nanos| Duration::from_nanos(nanos as u64));
        prop_oneof![
            Just(Fault::Lost),
            Just(Fault::Marked),
            (-i64::MAX..i64::MAX).prop_map(Fault::Delayed),
            time().prop_map(Fault::HeldBack),
            (1u32.., time()).prop_map(|(by, within)| Fault::Overtaken { by, within }),
            time().prop_map(Fault::Duplicated),
            any::<u32>().prop_map(|bit| Fault::Corrupted { bit }),
            any::<u32>().prop_map(|bit| Fault::HeaderCorrupted { bit }),
            any::<u32>().prop_map(|kept| Fault::Truncated { kept }),
        ]
    }

    proptest! {
        #[test]
        fn a_decision_reads_back_from_its_text(ordinal: u64, forward: bool, fault in fault()) {
            let direction = if forward { Direction::Forward } else { Direction::Backward };
            let decision = Decision { link: "wan".into(), direction, ordinal, fault };
            prop_assert_eq!(decision.to_string().parse(), Ok(decision));
        }

        #[test]
        fn no_text_is_a_trouble(text in "\\PC{0,40}") {
            let _ = text.parse::<Decision>();
        }
    }

    #[test]
    fn what_is_no_decision_says_what_is_expected() {
        for text in [
            "wan forward 1",
            "wan sideways 1 lost",
            "wan forward -1 lost",
            "wan forward 1 eaten",
            "",
            "wan forward 1 overtaken 0 1s",
        ] {
            let error = text.parse::<Decision>().unwrap_err().to_string();
            assert!(error.contains("such as `wan forward 12 lost`"), "{error}");
        }
    }
}
