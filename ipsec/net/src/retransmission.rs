//! How often a message is repeated over a network that loses some.

use std::iter;
use std::time::Duration;

/// How a message is repeated that waits for an answer (RFC 2408 §5.1 and RFC 7296 §2.4 leave the numbers to the
/// implementation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission {
    /// The time from the first transmission to the second.
    pub first: Duration,
    /// Each wait is `factor.0 / factor.1` times the one before.
    pub factor: (u32, u32),
    /// The longest wait.
    pub longest: Duration,
    /// How many times it is sent, the first included, before it is given up.
    pub transmissions: u32,
}

impl Default for Retransmission {
    /// 1 s, doubled up to 16 s, 8 transmissions: given up after 63 s.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: (2, 1),
            longest: Duration::from_secs(16),
            transmissions: 8,
        }
    }
}

impl Retransmission {
    /// How long to wait after transmission number `count`, counted from 1.
    #[must_use]
    pub fn wait(&self, count: u32) -> Duration {
        let mut wait = self.first;
        for _ in 1..count {
            if wait >= self.longest {
                break;
            }
            wait = self.longer(wait);
        }
        wait.min(self.longest)
    }

    /// How long after its first transmission it is given up.
    #[must_use]
    pub fn total(&self) -> Duration {
        let waits = iter::successors(Some(self.first), |wait| Some(self.longer(*wait)));
        waits.map(|wait| wait.min(self.longest)).take(self.transmissions.max(1) as usize).sum()
    }

    /// The wait after this one, if none is too long.
    fn longer(&self, wait: Duration) -> Duration {
        wait.min(self.longest) * self.factor.0 / self.factor.1.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_by_the_factor_up_to_the_longest() {
        let how = Retransmission {
            first: Duration::from_secs(2),
            factor: (3, 2),
            longest: Duration::from_secs(4),
            transmissions: 4,
        };
        let waits: Vec<u128> = (1..=5).map(|count| how.wait(count).as_millis()).collect();
        assert_eq!(waits, [2000, 3000, 4000, 4000, 4000]);
        assert_eq!(how.wait(u32::MAX), how.longest);
        assert_eq!(how.total(), Duration::from_secs(13));
    }
}
