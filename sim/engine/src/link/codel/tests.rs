use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn millis(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

/// RFC 8289 §5, written down once more as the RFC has it: `dodequeue` and `dequeue` over a queue of (number, time of
/// arrival, octets).
#[derive(Default)]
struct Reference {
    queue: VecDeque<(usize, Instant, usize)>,
    first_above_time: Option<Instant>,
    drop_next: Instant,
    count: u64,
    lastcount: u64,
    dropping: bool,
}

impl Reference {
    fn control_law(codel: &CoDel, t: Instant, count: u64) -> Instant {
        let interval = codel.interval.as_nanos() as u64;
        t + Duration::from_nanos(
            (u128::from(interval) * u128::from(interval) / u128::from(count)).isqrt() as u64
        )
    }

    fn dodequeue(&mut self, codel: &CoDel, now: Instant, max_packet: usize) -> (Option<usize>, bool) {
        let Some((number, since, _)) = self.queue.pop_front() else {
            self.first_above_time = None;
            return (None, false);
        };
        let bytes: usize = self.queue.iter().map(|(_, _, octets)| octets).sum();
        let mut ok_to_drop = false;
        if now.since(since) < codel.target || bytes <= max_packet {
            self.first_above_time = None;
        } else if self.first_above_time.is_none() {
            self.first_above_time = Some(now + codel.interval);
        } else if self.first_above_time.is_some_and(|first| now >= first) {
            ok_to_drop = true;
        }
        (Some(number), ok_to_drop)
    }

    fn dequeue(&mut self, codel: &CoDel, now: Instant, max_packet: usize) -> (Option<usize>, Vec<usize>) {
        let mut dropped = Vec::new();
        let (mut packet, mut ok_to_drop) = self.dodequeue(codel, now, max_packet);
        if self.dropping {
            if !ok_to_drop {
                self.dropping = false;
            }
            while now >= self.drop_next && self.dropping {
                dropped.extend(packet);
                self.count += 1;
                (packet, ok_to_drop) = self.dodequeue(codel, now, max_packet);
                if ok_to_drop {
                    self.drop_next = Self::control_law(codel, self.drop_next, self.count);
                } else {
                    self.dropping = false;
                }
            }
        } else if ok_to_drop {
            dropped.extend(packet);
            (packet, _) = self.dodequeue(codel, now, max_packet);
            self.dropping = true;
            let delta = self.count - self.lastcount;
            self.count = 1;
            if delta > 1 && now.since(self.drop_next) < 16 * codel.interval {
                self.count = delta;
            }
            self.drop_next = Self::control_law(codel, now, self.count);
            self.lastcount = self.count;
        }
        (packet, dropped)
    }
}

/// Takes the next packet off a queue of (number, time of arrival, octets) as a bottleneck does.
fn dequeue(
    controller: &mut Controller,
    codel: &CoDel,
    queue: &mut VecDeque<(usize, Instant, usize)>,
    now: Instant,
) -> (Option<(usize, bool)>, Vec<usize>) {
    let mut dropped = Vec::new();
    let take = || {
        let (item, since, _) = queue.pop_front()?;
        let octets: usize = queue.iter().map(|(_, _, octets)| octets).sum();
        Some(Candidate { item, sojourn: now.since(since), last: octets <= 1500 })
    };
    (controller.dequeue(codel, now, take, |_| true, &mut dropped), dropped)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Arrivals in bursts and pauses, departures at a steady pace: the same packets are dropped at the same times.
    #[test]
    fn packets_are_dropped_as_the_rfc_describes(
        bursts in prop::collection::vec((1usize..60, 0u64..400), 1..20), pace in 1u64..12,
    ) {
        let codel = CoDel::default();
        let (mut controller, mut reference) = (Controller::default(), Reference::default());
        let mut queue = VecDeque::new();
        let (mut now, mut number, mut drops) = (0, 0, 0);
        for (burst, pause) in bursts {
            for _ in 0..burst {
                let packet = (number, millis(now), 64 + number * 37 % 1436);
                queue.push_back(packet);
                reference.queue.push_back(packet);
                number += 1;
            }
            let until = now + pause;
            while now < until {
                now += pace;
                let (next, dropped) = dequeue(&mut controller, &codel, &mut queue, millis(now));
                let expected = reference.dequeue(&codel, millis(now), 1500);
                drops += dropped.len();
                prop_assert_eq!((next.map(|(item, _)| item), dropped), expected);
            }
        }
        prop_assume!(drops > 0);
    }
}

/// When packets are dropped or marked from a queue that is never short of packets that have waited for 20 ms.
fn under_pressure(codel: &CoDel, until: u64) -> Vec<u64> {
    let mut controller = Controller::default();
    let mut hits = Vec::new();
    for now in 0..until {
        let mut queue: VecDeque<_> = (0..9).map(|n| (n, millis(now.saturating_sub(20)), 1500)).collect();
        if now < 20 {
            continue;
        }
        let (next, dropped) = dequeue(&mut controller, codel, &mut queue, millis(now));
        let marked = next.is_some_and(|(_, marked)| marked);
        hits.extend((0..dropped.len() + usize::from(marked)).map(|_| now));
    }
    hits
}

#[test]
fn the_first_drop_comes_after_an_interval_and_the_next_ones_ever_sooner() {
    let hits = under_pressure(&CoDel::default(), 1000);
    assert_eq!(hits[0], 20 + 100);
    // The n-th drop in a row comes 100 ms / sqrt(n) after the one before: 100, 71, 58, 50, 45 … milliseconds.
    let expected = [120.0, 220.0, 290.7, 348.4, 398.4, 443.1];
    for (hit, expected) in hits.iter().zip(expected) {
        assert!((*hit as f64 - expected).abs() <= 1.0, "{hits:?}");
    }
}

#[test]
fn with_ecn_the_same_packets_are_marked_instead() {
    let codel = CoDel { ecn: true, ..CoDel::default() };
    assert_eq!(under_pressure(&codel, 1000), under_pressure(&CoDel::default(), 1000));
    let mut queue =
        VecDeque::from([(0, Instant::ZERO, 1500), (1, Instant::ZERO, 1500), (2, Instant::ZERO, 1500)]);
    let mut controller = Controller::default();
    dequeue(&mut controller, &codel, &mut queue.clone(), millis(20));
    assert_eq!(dequeue(&mut controller, &codel, &mut queue, millis(200)), (Some((0, true)), Vec::new()));
}

#[test]
fn packets_that_wait_less_than_the_target_are_never_dropped() {
    let (codel, mut controller) = (CoDel::default(), Controller::default());
    for now in 5..2000 {
        let mut queue: VecDeque<_> = (0..9).map(|n| (n, millis(now - 4), 1500)).collect();
        assert_eq!(dequeue(&mut controller, &codel, &mut queue, millis(now)).1, []);
    }
}

#[test]
fn a_target_that_is_not_below_its_interval_is_refused() {
    let interval = Duration::from_millis(5);
    assert!(CoDel { interval, ..CoDel::default() }.check().is_err());
    assert!(CoDel { target: Duration::ZERO, ..CoDel::default() }.check().is_err());
    assert!(CoDel::default().check().is_ok());
}
