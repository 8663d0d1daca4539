//! What really happens in a world of two peers, in the model's words.

use std::sync::Arc;

use esplanade::build::{self, Built};
use esplanade::file::{Mode, Scenario};
use esplanade::model::agreement::{ChildAgreement, ChildSuite, IkeAgreement, union};
use esplanade::node::{Node, Note};
use ipsec::crypto::{KeyExchangeAlgorithm, PORTABLE};
use ipsec::dataplane::{Encryption, Protection, Suite};
use ipsec::ikev2::{ChildRecord, Event as Ikev2, IkeSuite};
use ipsec::wire::v2::TrafficSelector;
use ipsec::{Command, Event};
use ipsec_net::{AddressRange, Instant};
use sim::{Decision, Fate, Kind, Observer, Setup};

/// What is noted of a run: everything that IKE tells, by the peer's number.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Vec<(usize, Ikev2)>);

impl Observer<Note> for Notes {
    fn record(&mut self, _at: Instant, kind: &Kind<'_, Note>) {
        if let Kind::Note { node, note: Note::Peer(Event::Ikev2(event)) } = kind {
            self.0.push((node.index(), event.clone()));
        }
    }
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

    /// Gives an order, lets everything happen that follows from it, and tells what did.
    pub(crate) fn order(&mut self, peer: &str, command: Command) -> Happened {
        let id = self.built.places.peers[peer];
        let world = &mut self.built.world;
        world.observer_mut().0.clear();
        world.with(id, |node, now| {
            if let Node::Gateway(gateway) = node {
                gateway.command(now, command);
            }
        });
        world.run_until(world.now() + std::time::Duration::from_secs(120)).unwrap();
        let order = [id.index(), 1 - id.index()];
        Happened { notes: std::mem::take(&mut world.observer_mut().0), order }
    }

    /// How many Child SA pairs each peer has.
    pub(crate) fn children(&self) -> [usize; 2] {
        ["west", "east"].map(|peer| {
            let node = self.built.world.node(self.built.places.peers[peer]);
            let status = node.gateway().unwrap().status();
            status.ike.iter().map(|sa| sa.children.len()).sum()
        })
    }
}

/// What an order has led to; of each pair first the end that was given it.
pub(crate) struct Happened {
    notes: Vec<(usize, Ikev2)>,
    order: [usize; 2],
}

impl Happened {
    fn at<T>(&self, pick: impl Fn(&Ikev2) -> Option<T>) -> [Vec<T>; 2] {
        self.order.map(|peer| {
            self.notes.iter().filter(|(at, _)| *at == peer).filter_map(|(_, event)| pick(event)).collect()
        })
    }

    pub(crate) fn ike_suites(&self) -> [Vec<IkeAgreement>; 2] {
        self.at(|event| match event {
            Ikev2::IkeUp { suite, .. } => Some(ike(suite)),
            _ => None,
        })
    }

    /// The children, in the words of the model: names and networks in the order of the ends.
    pub(crate) fn children(&self) -> [Vec<ChildAgreement>; 2] {
        let mut side = 0;
        let [first, second] = self.at(|event| match event {
            Ikev2::ChildUp(record) => Some((**record).clone()),
            _ => None,
        });
        [first, second].map(|records| {
            let of_side = records.iter().map(|record| child(record, side == 1)).collect();
            side += 1;
            of_side
        })
    }

    /// The short names of failures.
    pub(crate) fn failures(&self) -> [Vec<&'static str>; 2] {
        self.at(|event| match event {
            Ikev2::IkeFailed { failure, .. } | Ikev2::ChildFailed { failure, .. } => Some(failure.name()),
            Ikev2::IkeDown { cause: ipsec::ikev2::Cause::Failed(failure), .. } => Some(failure.name()),
            _ => None,
        })
    }

    /// Each error notify that was sent in a response, with the exchange's name.
    pub(crate) fn notifies(&self) -> [Vec<(String, String)>; 2] {
        let [first, second] = self.at(|event| match event {
            Ikev2::Sent(message) if message.response && message.transmission == 1 => {
                let errors = message.payloads.iter().filter_map(|(_, notify)| *notify);
                let errors = errors.filter(|notify| notify.is_error());
                Some(errors.map(|n| (message.exchange.to_string(), n.to_string())).collect::<Vec<_>>())
            }
            _ => None,
        });
        [first.concat(), second.concat()]
    }
}

fn ike(suite: &IkeSuite) -> IkeAgreement {
    IkeAgreement {
        encryption: (suite.protection.encryption, suite.protection.key_len),
        integrity: suite.protection.integrity,
        prf: suite.prf,
        group: suite.key_exchange,
    }
}

/// A record seen from the exchange's initiator; `mirrored` if it is the responder's.
fn child(record: &ChildRecord, mirrored: bool) -> ChildAgreement {
    let (encryption, integrity): (Option<(Encryption, usize)>, _) = match record.protection {
        Protection::Esp(Suite { encryption, key_len, integrity }) => (Some((encryption, key_len)), integrity),
        Protection::Ah(integrity) => (None, Some(integrity)),
    };
    let group: Option<KeyExchangeAlgorithm> = None;
    let numbers = record.extended_sequence_numbers;
    let networks = [ranges(&record.local), ranges(&record.remote)];
    let [local, remote] = networks;
    ChildAgreement {
        names: [record.child.clone(), record.child.clone()],
        suite: ChildSuite { encryption, integrity, group, extended_sequence_numbers: numbers },
        mode: match record.mode {
            ipsec::dataplane::Mode::Transport => Mode::Transport,
            ipsec::dataplane::Mode::Tunnel { .. } => Mode::Tunnel,
        },
        networks: if mirrored { [remote, local] } else { [local, remote] },
    }
}

fn ranges(selectors: &[TrafficSelector]) -> Vec<AddressRange> {
    let range = |selector: &TrafficSelector| {
        let (first, last) = selector.addresses()?;
        AddressRange::new(first, last)
    };
    union(selectors.iter().filter_map(range))
}
