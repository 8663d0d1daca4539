use proptest::prelude::*;

use super::*;

const RATE: u64 = 8_000_000;

fn settings() -> Bottleneck {
    Bottleneck::new(RATE, Duration::from_millis(10))
}

fn numbers(backlog: &mut Backlog<u32>, settings: &Bottleneck) -> Vec<u32> {
    let pop = || backlog.pop(settings, 1500, Instant::ZERO, |_| false).next.map(|(number, _)| number);
    std::iter::from_fn(pop).collect()
}

#[test]
fn a_rate_tells_how_long_a_packet_takes_and_how_much_may_wait() {
    assert_eq!(settings().time(1000), Duration::from_millis(1));
    assert_eq!(settings().limit, 10_000);
    assert_eq!(Bottleneck::new(3, Duration::ZERO).time(1), Duration::from_nanos(2_666_666_667), "rounded up");
}

#[test]
fn what_has_no_room_is_given_back_and_what_fits_still_gets_in() {
    let (settings, mut backlog) = (settings(), Backlog::default());
    assert_eq!(backlog.push(&settings, Instant::ZERO, 0, 9_000, 1), Ok(()));
    assert_eq!(backlog.push(&settings, Instant::ZERO, 0, 1_001, 2), Err(2));
    assert_eq!(backlog.push(&settings, Instant::ZERO, 0, 1_000, 3), Ok(()));
    assert_eq!(numbers(&mut backlog, &settings), [1, 3]);
    assert_eq!(backlog.push(&settings, Instant::ZERO, 0, 10_000, 4), Ok(()), "all room is free again");
}

#[test]
fn express_packets_go_first_and_each_band_keeps_its_order() {
    let settings = Bottleneck { express: vec![46], ..settings() };
    let mut backlog = Backlog::default();
    for (number, dscp) in [(1, 0), (2, 46), (3, 10), (4, 46)] {
        assert_eq!(backlog.push(&settings, Instant::ZERO, dscp, 100, number), Ok(()));
    }
    assert_eq!(numbers(&mut backlog, &settings), [2, 4, 1, 3]);
}

#[test]
fn impossible_bottlenecks_are_named() {
    assert_eq!(settings().check(10_001), Err(LinkProblem::Queue { limit: 10_000, mtu: 10_001 }));
    assert_eq!(Bottleneck { rate: 0, ..settings() }.check(1500), Err(LinkProblem::Rate));
}

proptest! {
    /// Nothing is lost, made or counted twice in a queue, whatever its discipline.
    #[test]
    fn what_goes_in_comes_out_or_is_dropped(
        steps in prop::collection::vec((any::<bool>(), 1usize..1500, 0u8..3, 0u64..30), 1..200), with_codel: bool,
    ) {
        let codel = with_codel.then(CoDel::default);
        let settings = Bottleneck { codel, express: vec![1], ..settings() };
        let mut backlog = Backlog::default();
        let (mut inside, mut now) = (std::collections::BTreeSet::new(), Instant::ZERO);
        for (number, (push, octets, dscp, pause)) in (0u32..).zip(steps) {
            now += Duration::from_millis(pause);
            if push {
                if backlog.push(&settings, now, dscp, octets, number).is_ok() {
                    inside.insert(number);
                }
            } else {
                let served = backlog.pop(&settings, 1500, now, |_| false);
                for number in served.dropped.into_iter().chain(served.next.map(|(number, _)| number)) {
                    prop_assert!(inside.remove(&number), "{} came out twice", number);
                }
            }
            prop_assert_eq!(backlog.is_empty(), inside.is_empty());
        }
        let rest: std::collections::BTreeSet<u32> = numbers(&mut backlog, &Bottleneck { codel: None, ..settings }).into_iter().collect();
        prop_assert_eq!(rest, inside);
        prop_assert_eq!(backlog.octets, 0);
    }
}
