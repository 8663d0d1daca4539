//! Named streams of randomness: each component draws from its own, so that adding one changes nobody else's luck.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest as _, Sha256};

use crate::Ratio;

/// All streams of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of the run with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of the component with this name, such as `["link.wan", "loss"]`. Equal names, equal stream.
    #[must_use]
    pub fn stream(&self, name: &[&str]) -> RandomStream {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        for part in name {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        RandomStream { rng: ChaCha8Rng::from_seed(hash.finalize().into()) }
    }
}

/// One stream.
#[derive(Clone, Debug)]
pub struct RandomStream {
    rng: ChaCha8Rng,
}

impl RandomStream {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Fills `bytes` with the next octets.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
    }

    /// A number below `bound`, each as likely as any other; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // The numbers beyond the last whole multiple of the bound are drawn again.
        let limit = u64::MAX - (u64::MAX % bound + 1) % bound;
        loop {
            let drawn = self.next_u64();
            if drawn <= limit {
                return drawn % bound;
            }
        }
    }

    /// True with this probability. How much it draws depends on the denominator alone.
    pub fn chance(&mut self, probability: Ratio) -> bool {
        self.below(probability.denominator()) < probability.numerator()
    }

    /// A duration from `low` to `high`, both included.
    pub fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let span = nanos(high).saturating_sub(nanos(low));
        low + Duration::from_nanos(self.below(span.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_name_alone() {
        let draw = |seed, name: &[&str]| Streams::new(seed).stream(name).next_u64();
        assert_eq!(draw(1, &["a", "b"]), draw(1, &["a", "b"]));
        assert_ne!(draw(1, &["a", "b"]), draw(2, &["a", "b"]));
        assert_ne!(draw(1, &["a", "b"]), draw(1, &["ab"]));
        assert_ne!(draw(1, &["a", "b"]), draw(1, &["b", "a"]));
    }

    #[test]
    fn a_stream_keeps_its_values_for_ever() {
        let mut stream = Streams::new(7).stream(&["link.wan", "loss"]);
        let first: Vec<u64> = (0..3).map(|_| stream.below(1000)).collect();
        assert_eq!(first, PINNED);
    }

    const PINNED: [u64; 3] = [504, 970, 416];

    #[test]
    fn chances_come_about_as_often_as_they_should() {
        let mut stream = Streams::new(1).stream(&["test"]);
        let hits = (0..100_000).filter(|_| stream.chance(Ratio::new(5, 100).unwrap())).count();
        assert!((4_700..5_300).contains(&hits), "{hits}");
        assert!((0..100).all(|_| !stream.chance(Ratio::ZERO) && stream.chance(Ratio::ONE)));
    }

    #[test]
    fn a_duration_between_two_reaches_both_ends() {
        let mut stream = Streams::new(1).stream(&["test"]);
        let (low, high) = (Duration::from_nanos(3), Duration::from_nanos(5));
        let drawn: std::collections::BTreeSet<Duration> =
            (0..100).map(|_| stream.between(low, high)).collect();
        assert_eq!(drawn.len(), 3);
        assert!(drawn.contains(&low) && drawn.contains(&high));
    }
}
