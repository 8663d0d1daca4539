//! Misfortunes of packets. Each one that happens is a [`Decision`], which names its packet by link, direction and number;
//! a list of decisions replays a run without its seed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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
    /// It arrives once more, this much later.
    Duplicated(Duration),
    /// One bit behind the IP header is flipped, and a UDP checksum mended: damage that no checksum below notices.
    Corrupted {
        /// The number of the bit, counted from the first behind the IP header, most significant first.
        bit: u32,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("lost"),
            Self::Delayed(nanos) => {
                let amount = Duration::from_nanos(nanos.unsigned_abs());
                write!(f, "{} by {amount:?}", if *nanos < 0 { "early" } else { "late" })
            }
            Self::HeldBack(by) => write!(f, "held back {by:?}"),
            Self::Duplicated(after) => write!(f, "duplicated after {after:?}"),
            Self::Corrupted { bit } => write!(f, "corrupted: bit {bit} flipped"),
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
        ];
        told.into_iter().for_each(|(fault, text)| assert_eq!(fault.to_string(), text));
    }
}
