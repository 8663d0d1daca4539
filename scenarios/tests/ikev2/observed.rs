//! What really happens in a world of two peers, in the model's words.

use std::net::IpAddr;

use esplanade::file::Mode;
use esplanade::model::agreement::{ChildAgreement, ChildSuite, IkeAgreement, union};
use ipsec::Event;
use ipsec::crypto::KeyExchangeAlgorithm;
use ipsec::dataplane::{Encryption, Protection, Suite};
use ipsec::ikev2::{ChildRecord, Event as Ikev2, IkeSuite};
use ipsec::wire::v2::TrafficSelector;
use ipsec_net::AddressRange;

use crate::foretold::Outcome;
use crate::played::{Followed, Played};

/// What an order has led to; of each pair first the end that was given it.
pub(crate) struct Happened {
    notes: Vec<(usize, Ikev2)>,
    order: [usize; 2],
}

impl From<Followed> for Happened {
    fn from(Followed { notes, order }: Followed) -> Self {
        let of_ike = |(peer, event)| match event {
            Event::Ikev2(event) => Some((peer, event)),
            _ => None,
        };
        Self { notes: notes.events.into_iter().filter_map(of_ike).collect(), order }
    }
}

/// How many Child SA pairs each peer has.
pub(crate) fn children(played: &Played) -> [usize; 2] {
    played.status().map(|status| status.ike.iter().map(|sa| sa.children.len()).sum())
}

impl Happened {
    /// All that the model speaks of.
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome {
            ikes: self.ike_suites(),
            addresses: self.addresses(),
            children: self.children(),
            failures: self.failures(),
            notifies: self.notifies(),
        }
    }

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

    /// The inside addresses that are lent, as each end has them.
    fn addresses(&self) -> [Vec<IpAddr>; 2] {
        let [first, second] = self.at(|event| match event {
            Ikev2::Configured { inside, .. } => Some(inside.addresses.clone()),
            _ => None,
        });
        [first.concat(), second.concat()]
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
        additional: suite.additional,
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
