use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec_net::{Buffer, IpHeader, protocol};
use proptest::prelude::*;

use super::*;
use crate::{Decisions, Ratio, Recorder, first_difference};

/// Sends numbered packets at a steady pace and notes what comes.
struct Talker {
    address: IpAddr,
    peer: IpAddr,
    every: Duration,
    left: u32,
    next: Instant,
    size: usize,
    sent: u32,
    heard: Vec<(Instant, u32)>,
    due: bool,
    notes: Vec<u32>,
}

impl crate::Note for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_be_bytes());
    }
}

impl Talker {
    fn new(from: u8, to: u8, count: u32) -> Self {
        Self {
            address: [10, 0, 0, from].into(),
            peer: [10, 0, 0, to].into(),
            every: Duration::from_millis(3),
            left: count,
            next: Instant::ZERO,
            size: 100,
            sent: 0,
            heard: Vec::new(),
            due: false,
            notes: Vec::new(),
        }
    }

    fn packet(&self) -> IpPacket {
        let mut header = IpHeader::new(self.address, self.peer, protocol::ESP);
        header.identification = self.sent as u16;
        let mut payload = vec![0; self.size];
        payload[..4].copy_from_slice(&self.sent.to_be_bytes());
        IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap()
    }
}

impl Node for Talker {
    type Note = u32;

    fn handle(&mut self, now: Instant, _port: Port, packet: IpPacket) {
        let number = packet.payload().get(..4).map_or(0, |p| u32::from_be_bytes(p.try_into().unwrap()));
        self.heard.push((now, number));
        self.notes.push(number);
    }

    fn wake(&mut self, _now: Instant) {
        self.due = true;
    }

    fn poll(&mut self, now: Instant) -> Step<u32> {
        if let Some(note) = self.notes.pop() {
            return Step::Note(note);
        }
        if self.left > 0 && (self.due || self.next <= now) {
            self.due = false;
            let packet = self.packet();
            self.left -= 1;
            self.sent += 1;
            self.next = now + self.every;
            return Step::Send { port: Port(0), packet };
        }
        Step::Idle { until: (self.left > 0).then_some(self.next) }
    }
}

fn ratio(percent: u64) -> Ratio {
    Ratio::new(percent, 100).unwrap()
}

fn rough() -> LinkSettings {
    LinkSettings {
        delay: Duration::from_millis(40),
        jitter: Duration::from_millis(10),
        loss: ratio(10),
        reorder: ratio(10),
        duplicate: ratio(10),
        corrupt: ratio(10),
        ..LinkSettings::default()
    }
}

fn talk<O: Observer<u32>>(setup: Setup, settings: LinkSettings, count: u32, observer: O) -> World<Talker, O> {
    let mut world = World::new(setup, observer);
    let a = world.add_node("a", Talker::new(1, 2, count));
    let b = world.add_node("b", Talker::new(2, 1, count));
    world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings, settings]).unwrap();
    world.with(a, |_, _| ());
    world.with(b, |_, _| ());
    while world.step().unwrap() {}
    world
}

fn numbers(world: &World<Talker>, node: u32) -> Vec<u32> {
    world.node(NodeId(node)).heard.iter().map(|(_, number)| *number).collect()
}

#[test]
fn a_clean_link_delivers_everything_in_order_and_on_time() {
    let world = talk(Setup::new(1), LinkSettings::default(), 50, ());
    let heard = &world.node(NodeId(1)).heard;
    assert_eq!(numbers(&world, 1), (0..50).collect::<Vec<_>>());
    assert_eq!(heard[0].0, Instant::ZERO + Duration::from_millis(1));
    assert_eq!(heard[49].0, Instant::ZERO + Duration::from_millis(1 + 49 * 3));
}

#[test]
fn each_misfortune_shows_and_is_the_only_one() {
    let run = |change: fn(&mut LinkSettings)| {
        let mut settings = LinkSettings { delay: Duration::from_millis(30), ..LinkSettings::default() };
        change(&mut settings);
        talk(Setup::new(3), settings, 400, ())
    };
    let lost = run(|s| s.loss = ratio(10));
    assert!((320..390).contains(&numbers(&lost, 1).len()));
    assert!(numbers(&lost, 1).is_sorted());
    let twice = run(|s| s.duplicate = ratio(10));
    assert!((410..480).contains(&numbers(&twice, 1).len()));
    let reordered = run(|s| s.reorder = ratio(10));
    assert_eq!(numbers(&reordered, 1).len(), 400);
    assert!(!numbers(&reordered, 1).is_sorted());
    let jittery = run(|s| s.jitter = Duration::from_millis(10));
    let (first, _) = jittery.node(NodeId(1)).heard[0];
    assert!(first >= Instant::ZERO + Duration::from_millis(20));
    assert!(!numbers(&jittery, 1).is_sorted());
    let corrupted = run(|s| s.corrupt = Ratio::ONE);
    assert_eq!(numbers(&corrupted, 1).len(), 400);
    assert_ne!(numbers(&corrupted, 1), (0..400).collect::<Vec<_>>());
}

#[test]
fn above_the_mtu_ipv4_is_cut_and_df_is_dropped() {
    let settings = LinkSettings { mtu: 576, ..LinkSettings::default() };
    let mut world: World<Talker> = World::new(Setup::new(1), ());
    let a = world.add_node("a", Talker { size: 1400, ..Talker::new(1, 2, 1) });
    let b = world.add_node("b", Talker::new(2, 1, 0));
    world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings, settings]).unwrap();
    world.with(a, |_, _| ());
    while world.step().unwrap() {}
    assert_eq!(world.node(b).heard.len(), 3);
    assert_eq!(world.counters().fragmented, 1);
    let mut header = IpHeader::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol::ESP);
    header.dont_fragment = true;
    let stubborn = IpPacket::build(&header, Buffer::copy_of(&[0; 1400])).unwrap();
    let (link, direction) = world.nodes[0].ports[0].unwrap();
    world.send(a, link, direction, stubborn);
    assert_eq!(world.counters().dropped, 1);
}

#[test]
fn a_cut_link_carries_nothing_until_it_is_mended() {
    let mut world: World<Talker> = World::new(Setup::new(1), ());
    let a = world.add_node("a", Talker::new(1, 2, 100));
    let b = world.add_node("b", Talker::new(2, 1, 0));
    let settings = [LinkSettings::default(); 2];
    let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), settings).unwrap();
    world.set_cut(link, Some(Direction::Forward), true);
    world.with(a, |_, _| ());
    world.run_until(Instant::ZERO + Duration::from_millis(100)).unwrap();
    assert!(world.node(b).heard.is_empty());
    world.set_cut(link, None, false);
    while world.step().unwrap() {}
    assert_eq!(world.node(b).heard.len(), 100 - 34);
}

#[test]
fn impossible_links_are_refused_by_name() {
    let mut world: World<Talker> = World::new(Setup::new(1), ());
    let a = world.add_node("a", Talker::new(1, 2, 0));
    let b = world.add_node("b", Talker::new(2, 1, 0));
    let good = LinkSettings::default();
    let mut link = |from, to, settings| {
        world
            .add_link("wan", (from, Port(0)), (to, Port(0)), [settings; 2])
            .map_err(|error| error.to_string())
    };
    let error = link(a, b, LinkSettings { mtu: 60, ..good }).unwrap_err();
    assert_eq!(error, "link wan: an MTU of 60 is below 68, the least for IPv4");
    let error = link(a, b, LinkSettings { jitter: Duration::from_millis(2), ..good }).unwrap_err();
    assert_eq!(error, "link wan: a jitter of 2ms is more than the delay of 1ms");
    assert_eq!(link(a, NodeId(7), good).unwrap_err(), "link wan: node 7 is not in this world");
    assert!(link(a, b, good).is_ok());
    assert_eq!(link(b, a, good).unwrap_err(), "link wan: port 0 of node 1 is taken");
}

/// A node that never lets time go on.
struct Restless;

impl Node for Restless {
    type Note = ();

    fn handle(&mut self, _: Instant, _: Port, _: IpPacket) {}

    fn wake(&mut self, _: Instant) {}

    fn poll(&mut self, now: Instant) -> Step<()> {
        Step::Idle { until: Some(now) }
    }
}

#[test]
fn a_livelock_is_told_and_does_not_hang() {
    let mut world: World<Restless> = World::new(Setup { events_per_instant: 100, ..Setup::new(1) }, ());
    let node = world.add_node("restless", Restless);
    world.with(node, |_, _| ());
    let error = world.run_until(Instant::from_nanos(5)).unwrap_err();
    assert_eq!(error.to_string(), "livelock: 101 events at 0.000s without an end");
}

#[test]
fn healing_ends_all_misfortunes() {
    let mut world: World<Talker> = World::new(Setup::new(5), ());
    let a = world.add_node("a", Talker::new(1, 2, 300));
    let b = world.add_node("b", Talker::new(2, 1, 0));
    let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), [rough(); 2]).unwrap();
    world.heal(link);
    world.with(a, |_, _| ());
    while world.step().unwrap() {}
    assert_eq!(numbers(&world, 1), (0..300).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_same_seed_gives_the_same_digest_and_another_one_does_not(seed: u64) {
        let digest = |seed| talk(Setup::new(seed), rough(), 60, ()).trace().digest();
        prop_assert_eq!(digest(seed), digest(seed));
        prop_assert_ne!(digest(seed), digest(seed.wrapping_add(1)));
    }

    #[test]
    fn the_decisions_of_a_run_replay_it_without_its_seed(seed: u64, other: u64) {
        let first = talk(Setup::new(seed), rough(), 60, Decisions::default());
        let fate = Fate::list(&first.trace().observer.0);
        let replayed = talk(Setup { fate, ..Setup::new(other) }, rough(), 60, ());
        prop_assert_eq!(first.trace().digest(), replayed.trace().digest());
    }

    #[test]
    fn an_unrelated_node_and_link_change_nobody_elses_draws(seed: u64) {
        let alone = talk(Setup::new(seed), rough(), 40, Decisions::default());
        let mut world = World::new(Setup::new(seed), Decisions::default());
        let x = world.add_node("x", Talker::new(8, 9, 30));
        let y = world.add_node("y", Talker::new(9, 8, 30));
        let a = world.add_node("a", Talker::new(1, 2, 40));
        let b = world.add_node("b", Talker::new(2, 1, 40));
        world.add_link("lan", (x, Port(0)), (y, Port(0)), [rough(); 2]).unwrap();
        world.add_link("wan", (a, Port(0)), (b, Port(0)), [rough(); 2]).unwrap();
        [x, y, a, b].into_iter().for_each(|node| world.with(node, |_, _| ()));
        while world.step().unwrap() {}
        let key = |d: &Decision| (d.direction, d.ordinal, d.fault);
        let mut with: Vec<_> = world.trace().observer.0.iter().filter(|d| &*d.link == "wan").map(key).collect();
        let mut without: Vec<_> = alone.trace().observer.0.iter().map(key).collect();
        with.sort_unstable();
        without.sort_unstable();
        prop_assert_eq!(with, without);
    }

    #[test]
    fn every_packet_is_accounted_for_at_every_instant(seed: u64, until in 0u64..300) {
        let mut world: World<Talker> = World::new(Setup::new(seed), ());
        let a = world.add_node("a", Talker { size: 900, ..Talker::new(1, 2, 60) });
        let b = world.add_node("b", Talker::new(2, 1, 60));
        let narrow = LinkSettings { mtu: 576, ..rough() };
        world.add_link("wan", (a, Port(0)), (b, Port(0)), [narrow, rough()]).unwrap();
        world.with(a, |_, _| ());
        world.with(b, |_, _| ());
        world.run_until(Instant::ZERO + Duration::from_millis(until)).unwrap();
        let c = world.counters();
        prop_assert_eq!(c.sent + c.duplicated, c.delivered + c.dropped + c.fragmented + c.in_flight);
    }
}

#[test]
fn the_first_difference_between_two_runs_is_shown() {
    let first = talk(Setup::new(1), rough(), 20, Recorder::default());
    let same = talk(Setup::new(1), rough(), 20, Recorder::default());
    let other = talk(Setup::new(2), rough(), 20, Recorder::default());
    assert_eq!(first_difference(&first.trace().observer, &same.trace().observer, 2), None);
    let text = first_difference(&first.trace().observer, &other.trace().observer, 2).unwrap();
    assert!(text.contains("first run: ") && text.contains("second run: "), "{text}");
}

#[test]
fn a_salt_permutes_simultaneous_events_and_nothing_else() {
    let count = |world: &World<Talker>| {
        let mut by_number = BTreeMap::new();
        for number in numbers(world, 1) {
            *by_number.entry(number).or_insert(0) += 1;
        }
        by_number
    };
    let plain = talk(Setup::new(1), rough(), 100, ());
    let salted = talk(Setup { salt: 42, ..Setup::new(1) }, rough(), 100, ());
    assert_ne!(plain.trace().digest(), salted.trace().digest());
    assert_eq!(count(&plain), count(&salted));
}
