//! Misfortunes of packets. Each one that happens is a [`Decision`], which names its packet by link, direction and number;
//! a list of decisions replays a run without its seed.

use std::collections::BTreeMap;
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
            Self::Delayed(nanos) => write!(f, "delayed by {nanos} ns"),
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
    /// Exactly these, and no others.
    List(Arc<Verdicts>),
}

/// A list of decisions, sorted for look-up.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    by_packet: BTreeMap<(Arc<str>, Direction, u64), Vec<Fault>>,
}

impl Fate {
    /// The fate that consists of these decisions.
    #[must_use]
    pub fn list(decisions: &[Decision]) -> Self {
        let mut verdicts = Verdicts::default();
        for decision in decisions {
            let key = (Arc::clone(&decision.link), decision.direction, decision.ordinal);
            verdicts.by_packet.entry(key).or_default().push(decision.fault);
        }
        Self::List(Arc::new(verdicts))
    }
}

impl Verdicts {
    /// What befalls one packet, in the order of the list.
    pub(crate) fn of(&self, link: &Arc<str>, direction: Direction, ordinal: u64) -> &[Fault] {
        self.by_packet.get(&(Arc::clone(link), direction, ordinal)).map_or(&[], Vec::as_slice)
    }
}
