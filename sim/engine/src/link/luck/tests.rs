use std::collections::BTreeSet;

use ipsec_net::{Buffer, IpHeader, protocol};
use proptest::prelude::*;

use super::*;

fn packet() -> IpPacket {
    let mut header = IpHeader::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), protocol::ESP);
    header.traffic_class = 0b10;
    IpPacket::build(&header, Buffer::copy_of(&[7; 60])).unwrap()
}

fn luck(settings: &LinkSettings) -> Luck {
    Luck::new("wan", Direction::Forward, settings, Streams::new(1))
}

fn draws(settings: &LinkSettings, count: usize) -> Vec<Vec<Fault>> {
    let (mut luck, packet) = (luck(settings), packet());
    (0..count).map(|_| luck.draw(settings, &packet)).collect()
}

fn half() -> Ratio {
    Ratio::new(1, 2).unwrap()
}

#[test]
fn a_kind_of_misfortune_leaves_the_draws_of_the_others_alone() {
    let all = LinkSettings {
        delay: Duration::from_millis(40),
        jitter: Jitter::Uniform(Duration::from_millis(10)),
        reorder: half(),
        duplicate: half(),
        corrupt: half(),
        corrupt_header: half(),
        truncate: half(),
        mark: half(),
        ..LinkSettings::default()
    };
    let expected = draws(&all, 200);
    let lossy = LinkSettings { loss: Loss::Independent(half()), ..all.clone() };
    for (lossy, whole) in draws(&lossy, 200).iter().zip(&expected) {
        assert!(lossy == &[Fault::Lost] || lossy == whole);
    }
    for (steady, jittery) in
        draws(&LinkSettings { jitter: Jitter::None, ..all.clone() }, 200).iter().zip(&expected)
    {
        assert_eq!(steady, &jittery[1..]);
    }
    let whole = draws(&LinkSettings { truncate: Ratio::ZERO, ..all }, 200);
    for (whole, cut) in whole.iter().zip(&expected) {
        let others: Vec<Fault> =
            cut.iter().copied().filter(|f| !matches!(f, Fault::Truncated { .. })).collect();
        assert_eq!(whole, &others);
    }
}

#[test]
fn uniform_jitter_stays_within_its_bounds_and_reaches_both_sides() {
    let jitter = Duration::from_nanos(2);
    let settings = LinkSettings { delay: jitter, jitter: Jitter::Uniform(jitter), ..LinkSettings::default() };
    let drawn: BTreeSet<Vec<Fault>> = draws(&settings, 200).into_iter().collect();
    let expected: BTreeSet<Vec<Fault>> = (-2..=2).map(|nanos| vec![Fault::Delayed(nanos)]).collect();
    assert_eq!(drawn, expected);
}

#[test]
fn a_table_of_delays_gives_each_of_its_entries_and_nothing_else() {
    let table: Vec<Duration> = [1, 5, 9].map(Duration::from_millis).into();
    let settings = LinkSettings { jitter: Jitter::Table(table.into()), ..LinkSettings::default() };
    let drawn: BTreeSet<Vec<Fault>> = draws(&settings, 200).into_iter().collect();
    let expected = [1_000_000, 5_000_000, 9_000_000].map(|nanos| vec![Fault::Delayed(nanos)]);
    assert_eq!(drawn, BTreeSet::from(expected));
}

#[test]
fn a_normal_delay_is_never_negative_and_an_exponential_one_never_below_its_floor() {
    let delay = Duration::from_millis(2);
    let late = |jitter| -> Vec<i64> {
        let settings = LinkSettings { delay, jitter, ..LinkSettings::default() };
        let nanos = |faults: Vec<Fault>| match faults[..] {
            [Fault::Delayed(nanos)] => nanos,
            _ => panic!("{faults:?}"),
        };
        draws(&settings, 2000).into_iter().map(nanos).collect()
    };
    let normal = late(Jitter::Normal(delay));
    assert_eq!(
        normal.iter().min(),
        Some(&-2_000_000),
        "cut off where the packet would arrive before it was sent"
    );
    assert!(normal.iter().any(|nanos| *nanos > 2_000_000));
    let exponential = late(Jitter::Exponential(delay));
    assert!(exponential.iter().all(|nanos| *nanos >= 0));
    assert!(exponential.iter().any(|nanos| *nanos > 6_000_000));
}

#[test]
fn only_packets_that_understand_ecn_are_marked() {
    let settings = LinkSettings { mark: Ratio::ONE, ..LinkSettings::default() };
    let mut deaf = packet();
    deaf.set_traffic_class(0);
    assert_eq!(luck(&settings).draw(&settings, &packet()), [Fault::Marked]);
    assert_eq!(luck(&settings).draw(&settings, &deaf), []);
}

/// How many of `count` packets are lost, and in how many bursts.
fn losses(loss: Loss, count: usize) -> (usize, usize) {
    let settings = LinkSettings { loss, ..LinkSettings::default() };
    let lost: Vec<bool> = draws(&settings, count).iter().map(|faults| faults == &[Fault::Lost]).collect();
    let bursts = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count() + usize::from(lost[0]);
    (lost.iter().filter(|lost| **lost).count(), bursts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The chain's stationary share of bad packets is begin / (begin + end), a burst is 1 / end packets long.
    #[test]
    fn bursts_have_the_share_and_the_length_of_gilbert_and_elliotts_model(begin in 2u64..40, end in 5u64..60) {
        const COUNT: usize = 60_000;
        let percent = |percent| Ratio::new(percent, 100).unwrap();
        let loss = |good, bad| Loss::Bursts { begin: percent(begin), end: percent(end), good, bad };
        let share = begin as f64 / (begin + end) as f64;

        let (lost, bursts) = losses(loss(Ratio::ZERO, Ratio::ONE), COUNT);
        let measured = lost as f64 / COUNT as f64;
        prop_assert!((measured / share - 1.0).abs() < 0.15, "{measured} of packets lost, expected {share}");
        let length = lost as f64 / bursts as f64;
        prop_assert!((length * end as f64 / 100.0 - 1.0).abs() < 0.15, "bursts are {length} long, expected 100/{end}");

        let (lost, _) = losses(loss(percent(1), percent(50)), COUNT);
        let expected = 0.01 * (1.0 - share) + 0.5 * share;
        let measured = lost as f64 / COUNT as f64;
        prop_assert!((measured / expected - 1.0).abs() < 0.15, "{measured} of packets lost, expected {expected}");
    }
}

#[test]
fn independent_losses_come_as_often_as_they_should_and_are_not_burstier() {
    let (lost, bursts) = losses(Loss::Independent(Ratio::new(1, 10).unwrap()), 100_000);
    assert!((9_500..10_500).contains(&lost), "{lost}");
    let length = lost as f64 / bursts as f64;
    assert!((length - 1.0 / 0.9).abs() < 0.03, "{length}");
}
