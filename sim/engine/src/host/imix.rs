//! Internet mix: packets of a few lengths in fixed shares, of which RFC 6985 §1 speaks.

use std::time::Duration;

use super::Pace;

/// How many packets out of each cycle have a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The length of the IP packet in octets.
    pub length: usize,
    /// How many in each cycle.
    pub weight: u32,
}

/// Packets at a constant rate, their lengths in turn according to a table of shares.
#[derive(Clone, Debug)]
pub struct Imix {
    interval: Duration,
    /// Shares, and how far each is behind what it should have had, in packets times the sum of weights.
    shares: Vec<(Share, i64)>,
}

impl Imix {
    /// The simple mix: 7 packets of 40 octets to 4 of 576 and 1 of 1500.
    pub const SIMPLE: [Share; 3] = [
        Share { length: 40, weight: 7 },
        Share { length: 576, weight: 4 },
        Share { length: 1500, weight: 1 },
    ];

    /// One packet each `interval` (at least 1 ns); over as many packets as the weights add up to, each length
    /// has exactly its weight, and it is spread as evenly as can be. A length too short for a stamp is made
    /// as long as that needs: 40 octets in IPv4, 60 in IPv6.
    #[must_use]
    pub fn new(interval: Duration, shares: &[Share]) -> Self {
        let shares = shares.iter().map(|share| (*share, 0)).collect();
        Self { interval: interval.max(Duration::from_nanos(1)), shares }
    }

    /// How many packets make a cycle.
    #[must_use]
    pub fn cycle(&self) -> u64 {
        self.shares.iter().map(|(share, _)| u64::from(share.weight)).sum()
    }
}

impl Pace for Imix {
    fn gap(&mut self) -> Duration {
        self.interval
    }

    fn length(&mut self, headers: usize) -> usize {
        let cycle = self.cycle() as i64;
        for (share, credit) in &mut self.shares {
            *credit += i64::from(share.weight);
        }
        // The first of those that are furthest behind.
        let next = self
            .shares
            .iter_mut()
            .rev()
            .filter(|(share, _)| share.weight > 0)
            .max_by_key(|(_, credit)| *credit);
        let Some((share, credit)) = next else {
            return headers;
        };
        *credit -= cycle;
        share.length
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::laboratory::{finish, pair, read, start};
    use super::super::{Flow, Receiver, Traffic};
    use super::*;
    use crate::LinkSettings;

    proptest! {
        #[test]
        fn each_cycle_has_the_exact_shares(
            weights in prop::collection::vec(0u32..9, 1..6),
            cycles in 1usize..4,
        ) {
            let shares: Vec<Share> =
                (100..).zip(weights).map(|(length, weight)| Share { length, weight }).collect();
            let mut imix = Imix::new(Duration::ZERO, &shares);
            for _ in 0..cycles {
                let lengths: Vec<usize> = (0..imix.cycle()).map(|_| imix.length(28)).collect();
                for share in &shares {
                    let count = lengths.iter().filter(|length| **length == share.length).count();
                    prop_assert_eq!(count, share.weight as usize);
                }
            }
        }
    }

    #[test]
    fn an_empty_table_gives_the_shortest_packets() {
        assert_eq!(Imix::new(Duration::ZERO, &[]).length(28), 28);
        assert_eq!(Imix::new(Duration::ZERO, &[Share { length: 9, weight: 0 }]).length(28), 28);
    }

    #[test]
    fn the_simple_mix_arrives_as_packets_of_its_three_lengths() {
        for (to, octets) in
            [("10.0.2.1:5000", 7 * 40 + 4 * 576 + 1500), ("[2001:db8:2::1]:5000", 7 * 60 + 4 * 576 + 1500)]
        {
            let (mut world, west, east) = pair(1, LinkSettings::default());
            let flow = Flow { limit: Some(120), ..Flow::new(4000, to.parse().unwrap()) };
            let receiver = start(&mut world, east, Receiver::new(5000));
            let imix = start(
                &mut world,
                west,
                Traffic::new(flow, Imix::new(Duration::from_millis(1), &Imix::SIMPLE)),
            );
            finish(&mut world);
            let heard: Receiver = read(&world, east, receiver);
            assert_eq!((heard.received(), heard.damaged()), (120, 0));
            assert_eq!(read::<Traffic<Imix>>(&world, west, imix).octets(), 10 * octets);
        }
    }
}
