//! Random worlds, many at once: runs repeat whoever runs them, and a failure of one shrinks to the decisions that matter.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, protocol};
use sim::{
    Bottleneck, CoDel, Decision, Decisions, Digest, Fate, Fault, Hold, Jitter, LinkSettings, Loss, Node,
    NodeId, Observer, Outage, Port, RandomStream, Ratio, Setup, Step, Streams, Swarm, World, shrink,
};

/// Sends numbered packets out at all its ports in turn and hands some of what comes on.
struct Chatter {
    ports: u16,
    left: u32,
    next: Instant,
    every: Duration,
    luck: RandomStream,
    passing: Vec<(Port, IpPacket)>,
    heard: Vec<u8>,
}

impl Node for Chatter {
    type Note = ();

    fn handle(&mut self, _now: Instant, port: Port, packet: IpPacket) {
        self.heard.push(packet.payload().first().copied().unwrap_or_default());
        if self.ports > 1 && self.luck.below(3) == 0 {
            self.passing.push((Port((port.0 + 1) % self.ports), packet));
        }
    }

    fn wake(&mut self, _now: Instant) {}

    fn poll(&mut self, now: Instant) -> Step<()> {
        if let Some((port, packet)) = self.passing.pop() {
            return Step::Send { port, packet };
        }
        if self.left > 0 && self.next <= now {
            self.left -= 1;
            self.next = now + self.every;
            let size = 1 + self.luck.below(1600) as usize;
            let mut header = IpHeader::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol::ESP);
            header.traffic_class = self.luck.below(256) as u8;
            let packet = IpPacket::build(&header, Buffer::copy_of(&vec![self.left as u8; size])).unwrap();
            return Step::Send { port: Port((self.left % u32::from(self.ports)) as u16), packet };
        }
        Step::Idle { until: (self.left > 0).then_some(self.next) }
    }
}

fn ratio(luck: &mut RandomStream) -> Ratio {
    Ratio::new(luck.below(20), 100).unwrap()
}

fn weather(luck: &mut RandomStream) -> LinkSettings {
    let millis = |luck: &mut RandomStream, most| Duration::from_millis(1 + luck.below(most));
    let delay = millis(luck, 50);
    let spread = delay / 2;
    let bottleneck = Bottleneck {
        codel: (luck.below(2) == 0).then(CoDel::default),
        express: vec![46],
        ..Bottleneck::new(100_000 + luck.below(10_000_000), Duration::from_secs(1))
    };
    let (begin, end) = (ratio(luck), Ratio::new(1 + luck.below(99), 100).unwrap());
    LinkSettings {
        delay,
        jitter: match luck.below(5) {
            0 => Jitter::None,
            1 => Jitter::Uniform(spread),
            2 => Jitter::Normal(spread),
            3 => Jitter::Exponential(spread),
            _ => Jitter::Table(Arc::new([Duration::ZERO, spread, delay])),
        },
        in_order: luck.below(4) == 0,
        loss: match luck.below(3) {
            0 => Loss::Never,
            1 => Loss::Independent(ratio(luck)),
            _ => Loss::Bursts { begin, end, good: Ratio::ZERO, bad: Ratio::ONE },
        },
        reorder: ratio(luck),
        hold: match luck.below(2) {
            0 => Hold::For(millis(luck, 50)),
            _ => Hold::Places { places: 1 + luck.below(4) as u32, within: millis(luck, 100) },
        },
        duplicate: ratio(luck),
        duplicate_within: millis(luck, 50),
        corrupt: ratio(luck),
        corrupt_header: ratio(luck),
        truncate: ratio(luck),
        mark: ratio(luck),
        mtu: 576 + luck.below(1000) as usize,
        bottleneck: (bottleneck.limit >= 1576 && luck.below(3) == 0).then_some(bottleneck),
        outage: (luck.below(4) == 0).then(|| Outage {
            first: Instant::ZERO + millis(luck, 100),
            lasts: millis(luck, 20),
            every: Some(Duration::from_millis(100)),
        }),
    }
}

/// A ring or a chain of nodes, links of any kind between them, and what a swarm makes of it. `extra` adds a node and a
/// link that have nothing to do with the others.
fn world<O: Observer<()>>(seed: u64, extra: bool, setup: Setup, observer: O) -> World<Chatter, O> {
    let streams = Streams::new(seed);
    let mut luck = streams.stream(&["plan"]);
    let swarm = Swarm::draw(&mut luck);
    let mut world = World::new(setup, observer);
    let add = |world: &mut World<Chatter, O>, name: &str, luck: &mut RandomStream| {
        let chatter = Chatter {
            ports: 2,
            left: 4 + luck.below(8) as u32,
            next: Instant::ZERO + Duration::from_millis(luck.below(40)),
            every: Duration::from_millis(1 + luck.below(20)),
            luck: streams.stream(&["chatter", name]),
            passing: Vec::new(),
            heard: Vec::new(),
        };
        world.add_node(name, chatter)
    };
    if extra {
        let mut own = streams.stream(&["extra"]);
        let ends = ["x", "y"].map(|name| (add(&mut world, name, &mut own), Port(0)));
        let settings = [weather(&mut own), weather(&mut own)];
        world.add_link("extra", ends[0], ends[1], settings).unwrap();
        ends.into_iter().for_each(|(node, _)| world.with(node, |_, _| ()));
    }
    let count = 2 + luck.below(4);
    let nodes: Vec<NodeId> = (0..count).map(|n| add(&mut world, &format!("n{n}"), &mut luck)).collect();
    for (index, pair) in nodes.windows(2).enumerate() {
        let settings = [swarm.apply(&weather(&mut luck)), swarm.apply(&weather(&mut luck))];
        world.add_link(&format!("l{index}"), (pair[0], Port(1)), (pair[1], Port(0)), settings).unwrap();
    }
    nodes.into_iter().for_each(|node| world.with(node, |_, _| ()));
    world
}

fn run<O: Observer<()>>(mut world: World<Chatter, O>) -> World<Chatter, O> {
    world.run_until(Instant::ZERO + Duration::from_secs(10)).unwrap();
    let c = world.counters();
    assert_eq!(c.sent + c.duplicated, c.delivered + c.dropped + c.fragmented + c.in_flight);
    world
}

/// The digests of `count` worlds, run by so many workers, each of which takes the next one that nobody has.
fn digests(count: u64, workers: usize) -> Vec<Digest> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return done;
            }
            done.push((seed, run(world(seed, false, Setup::new(seed), ())).trace().digest().unwrap()));
        }
    };
    let mut all: Vec<(u64, Digest)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    all.sort_unstable_by_key(|(seed, _)| *seed);
    all.into_iter().map(|(_, digest)| digest).collect()
}

#[test]
fn ten_thousand_random_worlds_run_twice_and_with_other_workers_have_equal_digests() {
    let first = digests(10_000, 1);
    assert_eq!(first, digests(10_000, 1));
    assert_eq!(first, digests(10_000, 3));
    let distinct: std::collections::HashSet<&Digest> = first.iter().collect();
    assert_eq!(distinct.len(), first.len(), "and no two worlds are the same");
}

#[test]
fn an_unrelated_node_and_link_change_nobody_elses_decisions() {
    for seed in 0..500 {
        let decisions = |extra| {
            let world = run(world(seed, extra, Setup::new(seed), Decisions::default()));
            let mut own: Vec<Decision> = world.trace().observer.0.clone();
            own.retain(|decision| &*decision.link != "extra");
            own
        };
        let (mut alone, mut beside) = (decisions(false), decisions(true));
        alone.sort();
        beside.sort();
        assert_eq!(alone, beside, "seed {seed}");
    }
}

#[test]
fn the_decisions_of_any_world_replay_it_without_its_seed() {
    for seed in 0..500 {
        let first = run(world(seed, false, Setup::new(seed), Decisions::default()));
        let fate = Fate::List(first.trace().observer.0.clone().into());
        let again = run(world(seed, false, Setup { fate, ..Setup::new(seed + 1) }, ()));
        assert_eq!(again.trace().digest(), first.trace().digest(), "seed {seed}");
    }
}

/// One node sends thirty packets to another through a storm.
fn storm<O: Observer<()>>(setup: Setup, observer: O) -> World<Chatter, O> {
    let streams = setup.streams;
    let chatter = |name, left| Chatter {
        ports: 1,
        left,
        next: Instant::ZERO,
        every: Duration::from_millis(10),
        luck: streams.stream(&["chatter", name]),
        passing: Vec::new(),
        heard: Vec::new(),
    };
    let mut world = World::new(setup, observer);
    let [a, b] = [("a", 30), ("b", 0)].map(|(name, left)| world.add_node(name, chatter(name, left)));
    let half = Ratio::new(1, 2).unwrap();
    let settings = LinkSettings {
        mtu: 9000,
        duplicate: half,
        reorder: half,
        loss: Loss::Independent(Ratio::new(1, 4).unwrap()),
        ..LinkSettings::default()
    };
    world.add_link("wan", (a, Port(0)), (b, Port(0)), [settings, LinkSettings::default()]).unwrap();
    world.with(a, |_, _| ());
    run(world)
}

/// The failure: packet 25 is missing and packet 12 comes twice.
fn fails<O: Observer<()>>(world: &World<Chatter, O>) -> bool {
    let heard = &world.node(NodeId::from_index(1)).heard;
    let count = |number| heard.iter().filter(|heard| **heard == number).count();
    count(25) == 0 && count(12) == 2
}

#[test]
fn a_failure_of_forty_decisions_shrinks_to_the_two_that_matter() {
    let failing = (0..).map(|seed| storm(Setup::new(seed), Decisions::default())).filter(fails);
    let mut decisions = failing.map(|world| world.into_trace().observer.0);
    let decisions = decisions.find(|decisions| decisions.len() >= 40).unwrap();
    let replay = |decisions: &[Decision]| {
        fails(&storm(Setup { fate: Fate::List(decisions.into()), digest: false, ..Setup::new(0) }, ()))
    };
    assert!(replay(&decisions));
    let small = shrink(&decisions, replay);
    let faults: Vec<Fault> = small.iter().map(|decision| decision.fault).collect();
    assert!(matches!(faults[..], [Fault::Lost, Fault::Duplicated(_)]), "{small:?}");
}
