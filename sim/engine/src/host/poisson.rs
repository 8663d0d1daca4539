//! Datagrams as a Poisson process: the gaps between them are exponentially distributed (RFC 2330 §11.1.1).

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Pace;
use super::constant::drawn;
use crate::RandomStream;
use crate::exponential;

/// Datagrams at random instants, each independent of the others.
#[derive(Clone, Debug)]
pub struct Poisson {
    mean: Duration,
    sizes: RangeInclusive<usize>,
    gaps: RandomStream,
    luck: RandomStream,
}

impl Poisson {
    /// Datagrams that follow each other after `mean` (at least 1 ns) on average, with a payload of as many
    /// octets as `sizes` allows, each length as likely as any other. Gaps and lengths have a stream each.
    #[must_use]
    pub fn new(mean: Duration, sizes: RangeInclusive<usize>, gaps: RandomStream, luck: RandomStream) -> Self {
        Self { mean: mean.max(Duration::from_nanos(1)), sizes, gaps, luck }
    }
}

impl Pace for Poisson {
    fn first(&mut self) -> Duration {
        self.gap()
    }

    fn gap(&mut self) -> Duration {
        exponential(&mut self.gaps, self.mean)
    }

    fn length(&mut self, headers: usize) -> usize {
        headers.saturating_add(drawn(&self.sizes, &mut self.luck))
    }
}

#[cfg(test)]
mod tests {
    use super::super::laboratory::{at, pair, read, start};
    use super::super::{Flow, Receiver, Traffic};
    use super::*;
    use crate::{LinkSettings, Streams};

    #[test]
    fn as_many_come_as_the_mean_says_and_their_number_spreads_as_it_should() {
        let (mut world, west, east) = pair(1, LinkSettings::default());
        let stream = |kind| Streams::new(6).stream(&["poisson", kind]);
        let pace = Poisson::new(Duration::from_millis(5), 12..=100, stream("gaps"), stream("sizes"));
        let traffic = Traffic::new(Flow::new(4000, "10.0.2.1:5000".parse().unwrap()), pace);
        let receiver = start(&mut world, east, Receiver::new(5000));
        start(&mut world, west, traffic);
        // Of a Poisson process, the number in each second has as much variance as mean: 200.
        let mut counts = Vec::new();
        let mut before = 0;
        for second in 1..=400 {
            world.run_until(at(second * 1000)).unwrap();
            let received = read::<Receiver>(&world, east, receiver).received();
            counts.push(received - before);
            before = received;
        }
        // Five standard errors of 80,000, and of the variance of 400 counts.
        assert!(before.abs_diff(80_000) < 5 * 283, "{before}");
        let variance = counts.iter().map(|count| count.abs_diff(200).pow(2)).sum::<u64>() / 400;
        assert!(variance.abs_diff(200) < 5 * 14, "{variance}");
    }
}
