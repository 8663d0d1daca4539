//! Queues before links, packets that others overtake, and each misfortune replayed from its text.

use super::*;
use crate::{Bottleneck, CoDel, Rule};

/// A world of a talker and a listener, run to its end.
fn one_way(settings: LinkSettings, count: u32, size: usize, every: Duration) -> World<Talker, Decisions> {
    let mut world = World::new(Setup::new(1), Decisions::default());
    let a = world.add_node("a", Talker { size, every, ..Talker::new(1, 2, count) });
    let b = world.add_node("b", Talker::new(2, 1, 0));
    world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings, LinkSettings::default()]).unwrap();
    world.with(a, |_, _| ());
    while world.step().unwrap() {}
    world
}

fn heard(world: &World<Talker, Decisions>) -> Vec<(u64, u32)> {
    let heard = &world.node(NodeId(1)).heard;
    heard.iter().map(|(at, number)| (at.as_nanos() / 1_000, *number)).collect()
}

/// 1 ms for each packet of 1000 octets, and room for three of them.
fn narrow() -> Bottleneck {
    Bottleneck::new(8_000_000, Duration::from_millis(3))
}

#[test]
fn packets_leave_a_bottleneck_one_by_one_and_what_finds_no_room_is_dropped() {
    let settings = LinkSettings { mtu: 1000, bottleneck: Some(narrow()), ..LinkSettings::default() };
    let world = one_way(settings, 8, 980, Duration::from_micros(100));
    // One on the link, three in the queue; the four that come within its first millisecond find no room.
    let expected = [(2_000, 0), (3_000, 1), (4_000, 2), (5_000, 3)];
    assert_eq!(heard(&world), expected);
    assert_eq!((world.counters().dropped, world.counters().in_flight), (4, 0));
}

#[test]
fn a_queue_that_codel_keeps_short_holds_packets_for_about_its_target() {
    let wide = Bottleneck::new(8_000_000, Duration::from_secs(1));
    let delays = |codel| {
        let bottleneck = Bottleneck { codel, ..wide.clone() };
        let settings = LinkSettings { mtu: 1000, bottleneck: Some(bottleneck), ..LinkSettings::default() };
        // A tenth more than the link takes, for ten seconds.
        let every = Duration::from_micros(909);
        let world = one_way(settings, 11_000, 980, every);
        let late = heard(&world).into_iter().map(|(at, number)| at - u64::from(number) * 909 - 2_000);
        let last: Vec<u64> = late.skip(8_000).collect();
        (last.iter().sum::<u64>() / last.len() as u64, world.counters().dropped)
    };
    let (full, _) = delays(None);
    let (short, dropped) = delays(Some(CoDel::default()));
    assert!(full > 700_000, "without CoDel packets wait {full} us");
    assert!(short < 60_000, "with CoDel packets wait {short} us");
    assert!((500..1500).contains(&dropped), "{dropped}");
}

#[test]
fn a_link_that_gets_faster_lets_its_queue_go() {
    let mut world: World<Talker> = World::new(Setup::new(1), ());
    let a = world.add_node("a", Talker { size: 980, every: Duration::ZERO, ..Talker::new(1, 2, 4) });
    let b = world.add_node("b", Talker::new(2, 1, 0));
    let slow = LinkSettings { mtu: 1000, bottleneck: Some(narrow()), ..LinkSettings::default() };
    let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), [slow.clone(), slow]).unwrap();
    world.with(a, |_, _| ());
    world.change_link(link, None, &LinkSettings::default()).unwrap();
    while world.step().unwrap() {}
    let times: Vec<u64> = world.node(b).heard.iter().map(|(at, _)| at.as_nanos() / 1_000_000).collect();
    assert_eq!(times, [2, 2, 2, 2], "the first was on its way, the others go when it has left");
    assert!(world.change_link(link, None, &LinkSettings { mtu: 5, ..LinkSettings::default() }).is_err());
}

#[test]
fn a_packet_is_overtaken_by_as_many_as_were_told_or_waits_in_vain() {
    let second = Duration::from_secs(1);
    let overtaken = |by, ordinal| {
        let rule = Rule::nth(ordinal..=ordinal, vec![Fault::Overtaken { by, within: second }]);
        let mut world = World::new(Setup::new(1), Decisions::default());
        let a = world.add_node("a", Talker::new(1, 2, 8));
        let b = world.add_node("b", Talker::new(2, 1, 0));
        let settings = [LinkSettings::default(), LinkSettings::default()];
        let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), settings).unwrap();
        world.add_rule(link, Some(Direction::Forward), &rule);
        world.with(a, |_, _| ());
        while world.step().unwrap() {}
        assert_eq!(world.counters().in_flight, 0);
        let order: Vec<u32> = heard(&world).into_iter().map(|(_, number)| number).collect();
        (order, world.now())
    };
    let last = Instant::ZERO + Duration::from_millis(22);
    assert_eq!(overtaken(3, 3), (vec![0, 1, 3, 4, 5, 2, 6, 7], Instant::ZERO + Duration::from_millis(1006)));
    assert_eq!(overtaken(3, 8).0, [0, 1, 2, 3, 4, 5, 6, 7], "nothing comes behind the last");
    assert!(overtaken(3, 8).1 > last + second - Duration::from_millis(2));
}

#[test]
fn in_order_delivery_lets_jitter_delay_but_not_reorder() {
    let jitter = Jitter::Uniform(Duration::from_millis(40));
    let delay = Duration::from_millis(40);
    let settings =
        |in_order| LinkSettings { delay, jitter: jitter.clone(), in_order, ..LinkSettings::default() };
    let order = |in_order| -> Vec<u32> {
        let world = one_way(settings(in_order), 200, 100, Duration::from_millis(3));
        heard(&world).into_iter().map(|(_, number)| number).collect()
    };
    assert!(!order(false).is_sorted());
    assert_eq!(order(true), (0..200).collect::<Vec<_>>());
}

#[test]
fn a_list_replays_every_kind_of_misfortune() {
    let settings = LinkSettings {
        corrupt_header: ratio(5),
        truncate: ratio(5),
        mark: ratio(5),
        hold: Hold::Places { places: 2, within: Duration::from_millis(50) },
        ..rough()
    };
    let world = one_way(settings.clone(), 300, 100, Duration::from_millis(3));
    let decisions = world.trace().observer.0.clone();
    let kinds: std::collections::HashSet<_> =
        decisions.iter().map(|decision| std::mem::discriminant(&decision.fault)).collect();
    assert_eq!(kinds.len(), 8, "{decisions:?}");
    let fate = Fate::List(decisions.iter().map(|decision| decision.to_string().parse().unwrap()).collect());
    let again = {
        let mut world = World::new(Setup { fate, ..Setup::new(99) }, Decisions::default());
        let a = world.add_node("a", Talker::new(1, 2, 300));
        let b = world.add_node("b", Talker::new(2, 1, 0));
        world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings, LinkSettings::default()]).unwrap();
        world.with(a, |_, _| ());
        while world.step().unwrap() {}
        world
    };
    assert_eq!(
        again.trace().digest(),
        world.trace().digest(),
        "saved as text, read, and replayed with another seed"
    );
}
