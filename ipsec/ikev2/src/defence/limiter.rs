//! A bound on messages that may be provoked by anybody (RFC 7296 §2.21.4: they have to be rate limited).

use std::time::Duration;

use ipsec_net::Instant;

/// How many may be said within [`SPAN`].
const MOST: u32 = 10;
const SPAN: Duration = Duration::from_secs(1);

/// Counts what was said of late.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    since: Instant,
    said: u32,
}

impl Limiter {
    /// Whether one more may be said now; if so, it is counted.
    pub(crate) fn allows(&mut self, now: Instant) -> bool {
        if now.since(self.since) >= SPAN {
            *self = Self { since: now, said: 0 };
        }
        self.said += 1;
        self.said <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_answered_a_few_times_a_second_and_silence_is_forgiven() {
        let mut limiter = Limiter::default();
        let at = |millis| Instant::ZERO + Duration::from_millis(millis);
        let answered =
            |limiter: &mut Limiter, from: u64| (0..100).filter(|n| limiter.allows(at(from + n))).count();
        assert_eq!(answered(&mut limiter, 0), 10);
        assert_eq!(answered(&mut limiter, 500), 0);
        assert_eq!(answered(&mut limiter, 1_000), 10);
    }
}
