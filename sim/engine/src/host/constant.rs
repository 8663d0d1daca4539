//! Datagrams at a constant rate.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Pace;
use crate::RandomStream;

/// One datagram each interval, of a length within a range.
#[derive(Clone, Debug)]
pub struct Constant {
    interval: Duration,
    sizes: RangeInclusive<usize>,
    luck: RandomStream,
}

impl Constant {
    /// One datagram each `interval` (at least 1 ns) with a payload of as many octets as `sizes` allows, each
    /// length as likely as any other.
    #[must_use]
    pub fn new(interval: Duration, sizes: RangeInclusive<usize>, luck: RandomStream) -> Self {
        Self { interval: interval.max(Duration::from_nanos(1)), sizes, luck }
    }
}

impl Pace for Constant {
    fn gap(&mut self) -> Duration {
        self.interval
    }

    fn length(&mut self, headers: usize) -> usize {
        headers.saturating_add(drawn(&self.sizes, &mut self.luck))
    }
}

/// A length within a range; its first where it has no other.
pub(super) fn drawn(sizes: &RangeInclusive<usize>, luck: &mut RandomStream) -> usize {
    let span = sizes.end().saturating_sub(*sizes.start()) as u64;
    sizes.start().saturating_add(luck.below(span.saturating_add(1)) as usize)
}
