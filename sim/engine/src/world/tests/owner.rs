//! What a world's owner does to nodes: crashes, restarts, clocks.

use super::*;
use crate::Clock;

#[test]
fn a_crashed_node_hears_nothing_and_comes_back_with_what_it_kept() {
    let mut world: World<Talker> = World::new(Setup::new(1), ());
    let a = world.add_node("a", Talker::new(1, 2, 100));
    let b = world.add_node("b", Talker::new(2, 1, 0));
    let settings = [LinkSettings::default(), LinkSettings::default()];
    let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), settings).unwrap();
    world.with(a, |_, _| ());
    world.run_until(Instant::ZERO + Duration::from_millis(30)).unwrap();
    world.crash(b);
    world.crash(a);
    assert!(world.is_down(a));
    world.run_until(Instant::ZERO + Duration::from_millis(60)).unwrap();
    assert_eq!(numbers(&world, 1).len(), 10);
    assert_eq!(world.link_counters(link, Direction::Forward).dropped, 1, "one was on its way");
    assert_eq!(world.link_counters(link, Direction::Forward).sent, 11);
    world.restart(b, |before, _| Talker { heard: before.heard.clone(), ..Talker::new(2, 1, 0) });
    world.restart(a, |_, _| Talker { next: Instant::ZERO, ..Talker::new(1, 2, 3) });
    while world.step().unwrap() {}
    assert_eq!(numbers(&world, 1)[10..], [0, 1, 2], "a begins anew, b remembers what it heard");
}

fn clock(at: u64, shown: u64, drift: i64) -> Option<Clock> {
    let second = |seconds| Instant::ZERO + Duration::from_secs(seconds);
    Some(Clock::new(second(at), second(shown), drift).unwrap())
}

#[test]
fn a_node_with_a_fast_clock_sends_sooner_and_one_whose_clock_jumps_at_once() {
    let times = |set: fn(&mut World<Talker>, NodeId)| -> Vec<u64> {
        let mut world: World<Talker> = World::new(Setup::new(1), ());
        let a = world.add_node("a", Talker { every: Duration::from_secs(10), ..Talker::new(1, 2, 3) });
        let b = world.add_node("b", Talker::new(2, 1, 0));
        let settings = [LinkSettings::default(), LinkSettings::default()];
        world.add_link("wan", (a, Port(0)), (b, Port(0)), settings).unwrap();
        set(&mut world, a);
        while world.step().unwrap() {}
        world.node(b).heard.iter().map(|(at, _)| at.as_nanos() / 1_000_000).collect()
    };
    assert_eq!(times(|world, a| world.with(a, |_, _| ())), [1, 10_001, 20_001]);
    assert_eq!(times(|world, a| world.set_clock(a, clock(0, 500, 1_000_000_000))), [1, 5_001, 10_001]);
    let jump = |world: &mut World<Talker>, a| {
        world.with(a, |_, _| ());
        world.run_until(Instant::ZERO + Duration::from_secs(4)).unwrap();
        world.set_clock(a, clock(4, 60, 0));
    };
    assert_eq!(times(jump), [1, 4_001, 14_001]);
}

#[test]
fn a_partition_cuts_the_links_between_its_parts_and_no_others() {
    let heard = |only_out| -> Vec<usize> {
        let mut world: World<Talker> = World::new(Setup::new(1), ());
        let nodes: Vec<NodeId> =
            (0..4).map(|n| world.add_node(&n.to_string(), Talker::new(n, n, 5))).collect();
        let settings = || [LinkSettings::default(), LinkSettings::default()];
        world.add_link("inside", (nodes[0], Port(0)), (nodes[1], Port(0)), settings()).unwrap();
        world.add_link("across", (nodes[2], Port(0)), (nodes[1], Port(1)), settings()).unwrap();
        world.add_link("beyond", (nodes[3], Port(0)), (nodes[0], Port(1)), settings()).unwrap();
        world.set_partition(&nodes[..2], only_out, true);
        nodes.iter().for_each(|node| world.with(*node, |_, _| ()));
        while world.step().unwrap() {}
        nodes.iter().map(|node| world.node(*node).heard.len()).collect()
    };
    // Each sends five packets out of its first port: 0 and 1 to each other, 2 to 1 and 3 to 0.
    assert_eq!(heard(false), [5, 5, 0, 0]);
    assert_eq!(heard(true), [10, 10, 0, 0], "what comes in still does");
}
