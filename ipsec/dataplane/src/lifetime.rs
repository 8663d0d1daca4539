//! How long an SA pair may be used (RFC 4301 §4.4.2.1): soft limits, at which it is to be replaced, and hard ones, at which
//! it ends.

use std::time::Duration;

use ipsec_crypto::Entropy;
use ipsec_net::Instant;
use ipsec_wire::Spi;

/// Bounds of use; none where there is nothing. Each SA of a pair is held against the octets and packets by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    /// From its installation on.
    pub time: Option<Duration>,
    /// Octets carried, counted inside the tunnel.
    pub octets: Option<u64>,
    /// Packets carried.
    pub packets: Option<u64>,
}

/// When an SA pair is to be replaced, and when it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lifetime {
    /// Reaching one of these is told once.
    pub soft: Limits,
    /// Reaching one of these ends the pair. The packet that reaches it is still carried.
    pub hard: Limits,
    /// The pair ends when neither of its SAs has carried a packet for so long.
    pub idle: Option<Duration>,
}

/// How the lifetimes of the pairs of one policy are made: the hard limits are configured, the soft ones lie before them by
/// a margin and by luck, so that two ends, and many pairs, do not rekey at the same time (RFC 7296 §2.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LifetimePolicy {
    /// The hard limits.
    pub hard: Limits,
    /// How far the soft limits lie before the hard ones, in percent of these; up to 100.
    pub margin: u8,
    /// How much more before them they may lie by luck, in percent of the hard ones.
    pub jitter: u8,
    /// As [`Lifetime::idle`].
    pub idle: Option<Duration>,
}

impl LifetimePolicy {
    /// The lifetime of the next pair. Draws eight octets where there is jitter, else none.
    pub fn draw(&self, entropy: &mut dyn Entropy) -> Lifetime {
        let mut octets = [0; 8];
        if self.jitter > 0 {
            entropy.fill(&mut octets);
        }
        // Of 2⁶⁴, so that the product below does not lose the small steps.
        let luck = u128::from(u64::from_be_bytes(octets));
        let soft = |hard: u128| {
            let jitter = ((hard * u128::from(self.jitter) / 100) * luck) >> 64;
            hard.saturating_sub(hard * u128::from(self.margin) / 100 + jitter)
        };
        let count = |hard: u64| soft(u128::from(hard)) as u64;
        let time = |hard: Duration| Duration::from_nanos(soft(hard.as_nanos()) as u64);
        let Limits { time: hard_time, octets, packets } = self.hard;
        Lifetime {
            soft: Limits {
                time: hard_time.map(time),
                octets: octets.map(count),
                packets: packets.map(count),
            },
            hard: self.hard,
            idle: self.idle,
        }
    }
}

/// What has come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// The time to replace the pair.
    Soft,
    /// The time that the pair may be used.
    Hard,
}

/// By what measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Time since the installation.
    Time,
    /// Octets carried.
    Octets,
    /// Packets carried.
    Packets,
    /// Sequence numbers sent.
    Sequence,
    /// Time since the last packet.
    Idle,
}

impl Limit {
    /// A short stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Time, Self::Octets, Self::Packets, Self::Sequence, Self::Idle];

    /// A short stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Octets => "octets",
            Self::Packets => "packets",
            Self::Sequence => "sequence",
            Self::Idle => "idle",
        }
    }
}

/// An SA pair has reached a limit. At a hard one it is gone already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The name of its policy.
    pub policy: String,
    /// The SPI under which we receive.
    pub inbound: Spi,
    /// The SPI under which we send.
    pub outbound: Spi,
    /// Which limit.
    pub limit: Limit,
    /// Of what.
    pub measure: Measure,
}

/// What is held against the limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) octets: u64,
    pub(crate) packets: u64,
}

impl Limits {
    /// The first of octets and packets that is used up.
    pub(crate) fn reached(&self, used: Used) -> Option<Measure> {
        let reached = |limit: Option<u64>, used| limit.is_some_and(|limit| used >= limit);
        if reached(self.octets, used.octets) {
            Some(Measure::Octets)
        } else if reached(self.packets, used.packets) {
            Some(Measure::Packets)
        } else {
            None
        }
    }

    /// When the time is over for what was installed at `since`.
    pub(crate) fn over(&self, since: Instant) -> Option<Instant> {
        self.time.map(|time| since + time)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Octets(u64);

    impl Entropy for Octets {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0.to_be_bytes());
        }
    }

    proptest! {
        #[test]
        fn soft_limits_lie_before_the_hard_ones_by_margin_and_at_most_jitter(
            hard in 1u64..u64::MAX, margin in 0u8..=100, jitter in 0u8..=100, luck: u64,
        ) {
            let limits = Limits { octets: Some(hard), ..Limits::default() };
            let policy = LifetimePolicy { hard: limits, margin, jitter, idle: None };
            let soft = policy.draw(&mut Octets(luck)).soft.octets.unwrap();
            let before = |percent: u8| u128::from(hard) * u128::from(percent) / 100;
            let latest = u128::from(hard) - before(margin);
            prop_assert!(u128::from(soft) <= latest);
            prop_assert!(u128::from(soft) + 1 >= latest.saturating_sub(before(jitter)));
        }
    }

    #[test]
    fn luck_spreads_the_soft_limit_over_the_jitter() {
        let limits = Limits { time: Some(Duration::from_secs(1000)), ..Limits::default() };
        let policy = LifetimePolicy { hard: limits, margin: 10, jitter: 20, idle: None };
        let soft = |luck| policy.draw(&mut Octets(luck)).soft.time.unwrap().as_secs();
        assert_eq!([soft(0), soft(u64::MAX / 2), soft(u64::MAX)], [900, 800, 700]);
    }
}
