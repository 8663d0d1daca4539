//! Worlds of two talkers: what links do to their packets, and that runs repeat.

mod owner;
mod queues;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Buffer, IpHeader, icmp, protocol};
use proptest::prelude::*;

use super::*;
use crate::{Decision, Decisions, Fault, Hold, Jitter, Loss, Ratio, Recorder, first_difference};

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
    /// The MTU of the last Packet Too Big, and who told it.
    told_mtu: Option<(IpAddr, usize)>,
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
            told_mtu: None,
        }
    }

    fn packet(&self) -> IpPacket {
        let mut header = IpHeader::new(self.address, self.peer, protocol::ESP);
        header.identification = self.sent as u16;
        header.traffic_class = 0b10;
        let mut payload = vec![0; self.size];
        payload[..4].copy_from_slice(&self.sent.to_be_bytes());
        IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap()
    }
}

impl Node for Talker {
    type Note = u32;

    fn handle(&mut self, now: Instant, _port: Port, packet: IpPacket) {
        if let Some(mtu) = icmp::read_packet_too_big(&packet) {
            self.told_mtu = Some((packet.source(), mtu));
        }
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
        jitter: Jitter::Uniform(Duration::from_millis(10)),
        loss: Loss::Independent(ratio(10)),
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
    world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings.clone(), settings]).unwrap();
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
    let lost = run(|s| s.loss = Loss::Independent(ratio(10)));
    assert!((320..390).contains(&numbers(&lost, 1).len()));
    assert!(numbers(&lost, 1).is_sorted());
    let twice = run(|s| s.duplicate = ratio(10));
    assert!((410..480).contains(&numbers(&twice, 1).len()));
    let reordered = run(|s| s.reorder = ratio(10));
    assert_eq!(numbers(&reordered, 1).len(), 400);
    assert!(!numbers(&reordered, 1).is_sorted());
    let jittery = run(|s| s.jitter = Jitter::Uniform(Duration::from_millis(10)));
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
    world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings.clone(), settings]).unwrap();
    world.with(a, |_, _| ());
    while world.step().unwrap() {}
    assert_eq!(world.node(b).heard.len(), 3);
    assert_eq!(world.counters().fragmented, 1);
    assert_eq!(world.counters().sent, 1 + 3, "the packet and its fragments");
    let mut header = IpHeader::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol::ESP);
    header.dont_fragment = true;
    let stubborn = IpPacket::build(&header, Buffer::copy_of(&[0; 1400])).unwrap();
    let (link, direction) = world.nodes[0].ports[0].unwrap();
    world.send(link, direction, stubborn);
    assert_eq!(world.counters().dropped, 1);
}

/// A world in which `a` has sent one packet of 1400 octets and a header that nobody may cut.
fn stubborn(source: &str, destination: &str, answers: Option<&str>) -> World<Talker, Recorder> {
    let settings = LinkSettings { mtu: 1300, ..LinkSettings::default() };
    let mut world = World::new(Setup::new(1), Recorder::default());
    let a = world.add_node("a", Talker::new(1, 2, 0));
    let b = world.add_node("b", Talker::new(2, 1, 0));
    let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings.clone(), settings]).unwrap();
    if let Some(address) = answers {
        world.set_address(b, Port(0), address.parse().unwrap());
    }
    let mut header = IpHeader::new(source.parse().unwrap(), destination.parse().unwrap(), protocol::ESP);
    header.dont_fragment = true;
    let packet = IpPacket::build(&header, Buffer::copy_of(&[0; 1400])).unwrap();
    world.send(link, Direction::Forward, packet);
    while world.step().unwrap() {}
    world
}

#[test]
fn who_sends_too_big_a_packet_is_told_the_mtu_by_the_far_end() {
    for (source, destination) in [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")] {
        let world = stubborn(source, destination, Some(destination));
        let sender = world.node(NodeId(0));
        assert_eq!(sender.told_mtu, Some((destination.parse().unwrap(), 1300)));
        assert_eq!(sender.heard[0].0, Instant::ZERO + Duration::from_millis(1));
        let lane = |direction| world.link_counters(LinkId(0), direction);
        assert_eq!((lane(Direction::Forward).sent, lane(Direction::Forward).dropped), (1, 1));
        assert_eq!((lane(Direction::Backward).sent, lane(Direction::Backward).delivered), (1, 1));
    }
}

#[test]
fn without_an_address_of_its_version_the_far_end_is_silent() {
    for answers in [None, Some("2001:db8::2")] {
        let world = stubborn("10.0.0.1", "10.0.0.2", answers);
        assert!(world.node(NodeId(0)).heard.is_empty());
        assert_eq!(world.counters().dropped, 1);
    }
}

#[test]
fn a_cut_link_carries_nothing_until_it_is_mended() {
    let mut world: World<Talker> = World::new(Setup::new(1), ());
    let a = world.add_node("a", Talker::new(1, 2, 100));
    let b = world.add_node("b", Talker::new(2, 1, 0));
    let settings = [LinkSettings::default(), LinkSettings::default()];
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
    let mut link = |from, to, settings: LinkSettings| {
        world
            .add_link("wan", (from, Port(0)), (to, Port(0)), [settings.clone(), settings])
            .map_err(|error| error.to_string())
    };
    let error = link(a, b, LinkSettings { mtu: 60, ..good.clone() }).unwrap_err();
    assert_eq!(error, "link wan: an MTU of 60 is below 68, the least for IPv4");
    let error =
        link(a, b, LinkSettings { jitter: Jitter::Uniform(Duration::from_millis(2)), ..good.clone() })
            .unwrap_err();
    assert_eq!(error, "link wan: a jitter of 2ms is more than the delay of 1ms");
    let error =
        link(a, b, LinkSettings { reorder: ratio(2), hold: Hold::For(Duration::ZERO), ..good.clone() })
            .unwrap_err();
    assert_eq!(error, "link wan: packets are reordered, but held back by nothing");
    assert_eq!(link(a, NodeId(7), good.clone()).unwrap_err(), "link wan: node 7 is not in this world");
    assert_eq!(link(a, a, good.clone()).unwrap_err(), "link wan: port 0 of node 0 is taken");
    assert!(link(a, b, good.clone()).is_ok());
    assert_eq!(link(b, a, good.clone()).unwrap_err(), "link wan: port 0 of node 1 is taken");
    let again = world.add_link("wan", (a, Port(1)), (b, Port(1)), [good.clone(), good.clone()]).unwrap_err();
    assert_eq!(again.to_string(), "link wan: another link has this name");
    assert!(world.add_link("lan", (a, Port(1)), (b, Port(1)), [good.clone(), good.clone()]).is_ok());
}

/// A node that is never content.
enum Restless {
    /// Wants to be woken at once, always.
    Waking,
    /// Has always one more thing to say.
    Talking,
}

impl Node for Restless {
    type Note = ();

    fn handle(&mut self, _: Instant, _: Port, _: IpPacket) {}

    fn wake(&mut self, _: Instant) {}

    fn poll(&mut self, now: Instant) -> Step<()> {
        match self {
            Self::Waking => Step::Idle { until: Some(now) },
            Self::Talking => Step::Note(()),
        }
    }
}

#[test]
fn a_livelock_is_told_and_does_not_hang() {
    for (restless, events) in [(Restless::Waking, 101), (Restless::Talking, 100)] {
        let mut world: World<Restless> = World::new(Setup { events_per_instant: 100, ..Setup::new(1) }, ());
        let node = world.add_node("restless", restless);
        world.with(node, |_, _| ());
        let error = world.run_until(Instant::from_nanos(5)).unwrap_err();
        assert_eq!(error.to_string(), format!("livelock: {events} events at 0.000s without an end"));
        assert_eq!(world.step().unwrap_err(), error, "a world that stood still does not go on");
    }
}

/// Wants to be woken at the next of these instants after each wake-up or packet.
struct Sleeper {
    until: Vec<Option<u64>>,
    woken: Vec<u64>,
}

impl Node for Sleeper {
    type Note = ();

    fn handle(&mut self, _: Instant, _: Port, _: IpPacket) {}

    fn wake(&mut self, now: Instant) {
        self.woken.push(now.as_nanos());
        self.until.pop();
    }

    fn poll(&mut self, _: Instant) -> Step<()> {
        Step::Idle { until: self.until.last().copied().flatten().map(Instant::from_nanos) }
    }
}

#[test]
fn a_node_is_woken_when_its_latest_pause_says_and_not_before() {
    let mut world: World<Sleeper> = World::new(Setup::new(1), ());
    let sleeper = world.add_node("sleeper", Sleeper { until: Vec::new(), woken: Vec::new() });
    for until in [50, 20, 30, 40] {
        world.with(sleeper, |sleeper, _| sleeper.until = vec![None, Some(60), Some(until)]);
    }
    world.run_until(Instant::from_nanos(39)).unwrap();
    assert!(world.node(sleeper).woken.is_empty());
    world.run_until(Instant::from_nanos(100)).unwrap();
    assert_eq!(world.node(sleeper).woken, [40, 60]);
    assert_eq!(world.pending(), 0);
    world.with(sleeper, |sleeper, _| sleeper.until = vec![None, Some(5)]);
    assert_eq!(world.next(), Some(Instant::from_nanos(100)), "the past is now");
    world.with(sleeper, |sleeper, _| sleeper.until.clear());
    world.run_until(Instant::from_nanos(200)).unwrap();
    assert_eq!(world.node(sleeper).woken, [40, 60]);
}

#[test]
fn what_is_sent_from_a_port_without_a_link_is_written_down() {
    #[derive(Default)]
    struct Unplugged(u64);
    impl<T> Observer<T> for Unplugged {
        fn record(&mut self, _: Instant, kind: &Kind<'_, T>) {
            self.0 += u64::from(matches!(kind, Kind::Unplugged { port: Port(0), .. }));
        }
    }
    let mut world = World::new(Setup::new(1), Unplugged::default());
    let a = world.add_node("a", Talker::new(1, 2, 7));
    world.with(a, |_, _| ());
    while world.step().unwrap() {}
    assert_eq!(world.trace().observer.0, 7);
}

#[test]
fn healing_ends_all_misfortunes_drawn_or_listed() {
    let lost =
        |ordinal| Decision { link: "wan".into(), direction: Direction::Forward, ordinal, fault: Fault::Lost };
    for fate in [Fate::Seed, Fate::List((0..300).map(lost).collect())] {
        let mut world: World<Talker> = World::new(Setup { fate, ..Setup::new(5) }, ());
        let a = world.add_node("a", Talker::new(1, 2, 300));
        let b = world.add_node("b", Talker::new(2, 1, 0));
        let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), [rough(), rough()]).unwrap();
        world.set_cut(link, None, true);
        world.heal(link);
        world.with(a, |_, _| ());
        while world.step().unwrap() {}
        assert_eq!(numbers(&world, 1), (0..300).collect::<Vec<_>>());
    }
}

#[test]
fn what_the_owner_does_to_a_link_is_part_of_the_digest() {
    let digest = |work: fn(&mut World<Talker>, LinkId)| {
        let mut world: World<Talker> = World::new(Setup::new(1), ());
        let a = world.add_node("a", Talker::new(1, 2, 0));
        let b = world.add_node("b", Talker::new(2, 1, 0));
        let link = world
            .add_link("wan", (a, Port(0)), (b, Port(0)), [LinkSettings::default(), LinkSettings::default()])
            .unwrap();
        work(&mut world, link);
        world.trace().digest().unwrap().to_string()
    };
    let digests = std::collections::BTreeSet::from([
        digest(|_, _| ()),
        digest(World::heal),
        digest(|world, link| world.set_cut(link, None, true)),
        digest(|world, link| world.set_cut(link, None, false)),
        digest(|world, link| world.set_cut(link, Some(Direction::Forward), true)),
        digest(|world, link| world.set_cut(link, Some(Direction::Backward), true)),
        digest(|world, _| world.mark("cut")),
    ]);
    assert_eq!(digests.len(), 7);
}

#[test]
fn a_seed_means_the_same_run_on_every_machine_for_ever() {
    let digest = talk(Setup::new(7), rough(), 200, ()).trace().digest().unwrap();
    assert_eq!(digest.to_string(), "7dc9bc33856254af8d580fda44a639fff057bc228c5198a7d4e3f818506c1f0b");
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
        let fate = Fate::List(first.trace().observer.0.clone().into());
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
        world.add_link("lan", (x, Port(0)), (y, Port(0)), [rough(), rough()]).unwrap();
        world.add_link("wan", (a, Port(0)), (b, Port(0)), [rough(), rough()]).unwrap();
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
        let link = world.add_link("wan", (a, Port(0)), (b, Port(0)), [narrow, rough()]).unwrap();
        world.with(a, |_, _| ());
        world.with(b, |_, _| ());
        world.run_until(Instant::ZERO + Duration::from_millis(until)).unwrap();
        let [forward, backward] = Direction::BOTH.map(|direction| world.link_counters(link, direction));
        let all = world.counters();
        for c in [forward, backward, all] {
            prop_assert_eq!(c.sent + c.duplicated, c.delivered + c.dropped + c.fragmented + c.in_flight);
        }
        let waiting = world.queue.drain().filter(|event| matches!(event, Event::Parcel(_))).count();
        prop_assert_eq!(waiting as u64, all.in_flight);
    }
}

#[test]
fn the_first_difference_between_two_runs_is_shown() {
    let first = talk(Setup::new(1), rough(), 20, Recorder::default());
    let same = talk(Setup::new(1), rough(), 20, Recorder::default());
    let other = talk(Setup::new(2), rough(), 20, Recorder::default());
    assert_eq!(first_difference(&first.trace().observer, &same.trace().observer, 2), None);
    let text = first_difference(&first.trace().observer, &other.trace().observer, 2).unwrap();
    for part in ["  both runs, record ", "> first run, record ", "> second run, record "] {
        assert!(text.contains(part), "{text}");
    }
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
