//! What really happens in a world of the two peers `west` and `east`.

pub(crate) mod pair;

use std::sync::Arc;
use std::time::Duration;

use esplanade::build::{self, Built};
use esplanade::file::Scenario;
use esplanade::node::{Node, Note};
use ipsec::crypto::PORTABLE;
use ipsec::{Command, Event, Status};
use ipsec_net::{Instant, IpPacket};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim::{Decision, Direction, Fate, Fault, Kind, Observer, Setup};

/// The same cases on every machine.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// The first packets that are lost: of each direction at most two among the first eight.
pub(crate) fn losses() -> impl proptest::strategy::Strategy<Value = Vec<Decision>> {
    use proptest::prelude::*;
    let lost = |direction: Direction| {
        prop::collection::btree_set(0u64..8, 0..=2).prop_map(move |ordinals| {
            let lose =
                |ordinal| Decision { link: "west-east".into(), direction, ordinal, fault: Fault::Lost };
            ordinals.into_iter().map(lose).collect::<Vec<_>>()
        })
    };
    (lost(Direction::Forward), lost(Direction::Backward)).prop_map(|(a, b)| [a, b].concat())
}

/// What is noted of a run, by the peer's number.
#[derive(Default)]
pub(crate) struct Notes {
    /// What the peers told.
    pub(crate) events: Vec<(usize, Event)>,
    /// What they sent each other.
    pub(crate) packets: Vec<IpPacket>,
}

impl Observer<Note> for Notes {
    fn record(&mut self, _at: Instant, kind: &Kind<'_, Note>) {
        match kind {
            Kind::Note { node, note: Note::Peer(event) } => self.events.push((node.index(), event.clone())),
            Kind::Sent { packet, .. } => self.packets.push((*packet).clone()),
            _ => {}
        }
    }
}

/// What an order has led to, and the numbers of the peers, that which was given it first.
pub(crate) struct Followed {
    pub(crate) notes: Notes,
    pub(crate) order: [usize; 2],
}

/// A world in which something has been done.
pub(crate) struct Played {
    built: Built<Notes>,
}

impl Played {
    /// Nothing has happened yet; what is in `faults` will befall packets, and nothing else.
    pub(crate) fn new(scenario: &Arc<Scenario>, seed: u64, faults: Vec<Decision>) -> Self {
        let setup = Setup { fate: Fate::List(faults.into()), digest: false, ..Setup::new(seed) };
        Self { built: build::world(scenario, &setup, &PORTABLE, Notes::default()).unwrap() }
    }

    /// Gives an order to one of the two, lets everything happen that follows from it, and tells what did.
    pub(crate) fn order(&mut self, peer: &str, command: Command) -> Followed {
        self.give(peer, command);
        let id = self.built.places.peers[peer].index();
        Followed { notes: std::mem::take(self.built.world.observer_mut()), order: [id, 1 - id] }
    }

    /// Gives an order to whomever, and lets everything happen that follows from it.
    pub(crate) fn give(&mut self, peer: &str, command: Command) {
        let id = self.built.places.peers[peer];
        let world = &mut self.built.world;
        *world.observer_mut() = Notes::default();
        world.with(id, |node, now| {
            if let Node::Gateway(gateway) = node {
                gateway.command(now, command);
            }
        });
        world.run_until(world.now() + Duration::from_secs(120)).unwrap();
    }

    /// The states of both peers.
    pub(crate) fn status(&self) -> [Status; 2] {
        ["west", "east"].map(|peer| {
            let node = self.built.world.node(self.built.places.peers[peer]);
            node.gateway().unwrap().status()
        })
    }
}
