//! Whether and how fast a middlebox reports the end of packets to their sources (RFC 1812 §4.3.2.8, RFC 4443
//! §2.4 f).

use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::icmp_error::{self, IcmpError};
use ipsec_net::{Instant, IpPacket};

/// How many ICMP errors may be sent: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorRate {
    /// On average, in messages per second; 0 forbids them altogether.
    pub per_second: u32,
    /// At once, after a time of silence, in messages; 0 forbids them altogether.
    pub burst: u32,
}

impl Default for ErrorRate {
    /// 100 a second, 50 at once: well below what the simulated links carry, well above what one path needs.
    fn default() -> Self {
        Self { per_second: 100, burst: 50 }
    }
}

/// What the source of a dropped packet was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    /// Nothing: such an end is never reported.
    None,
    /// An ICMP error was sent.
    Sent,
    /// Nothing: the packet must not be answered with an error (RFC 4443 §2.4 e).
    Unanswerable,
    /// Nothing: the rate of errors is used up.
    RateLimited,
    /// Nothing: the middlebox has no address of this version to speak from.
    NoAddress,
    /// Nothing: the middlebox has been told to keep silent (RFC 2923 §2.1).
    Silent,
}

/// Builds reports as fast as the rate allows.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
    rate: ErrorRate,
    /// When the bucket will be full again.
    full_at: Instant,
}

impl Reporter {
    pub(crate) fn new(rate: ErrorRate) -> Self {
        Self { rate, full_at: Instant::ZERO }
    }

    pub(crate) fn set_rate(&mut self, rate: ErrorRate) {
        self.rate = rate;
    }

    /// The message about `packet` to send, and what to note of it.
    pub(crate) fn report(
        &mut self,
        now: Instant,
        error: IcmpError,
        packet: &IpPacket,
        from: Option<IpAddr>,
    ) -> (Report, Option<IpPacket>) {
        let Some(from) = from else {
            return (Report::NoAddress, None);
        };
        let Some(message) = icmp_error::build(error, packet, from) else {
            return (Report::Unanswerable, None);
        };
        if !self.take_token(now) {
            return (Report::RateLimited, None);
        }
        (Report::Sent, Some(message))
    }

    fn take_token(&mut self, now: Instant) -> bool {
        let Some(nanos) = 1_000_000_000_u64.checked_div(u64::from(self.rate.per_second)) else {
            return false;
        };
        let interval = Duration::from_nanos(nanos);
        let full_at = self.full_at.max(now) + interval;
        let allowed = full_at.since(now) <= interval.saturating_mul(self.rate.burst);
        if allowed {
            self.full_at = full_at;
        }
        allowed
    }
}
