//! What really happens in a world of two peers, in the model's words.

use esplanade::file::Mode;
use esplanade::model::ikev1::{ChildSuite, Phase2};
use ipsec::Event;
use ipsec::crypto::{HashAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm};
use ipsec::dataplane::{Encryption, Mode as SaMode};
use ipsec::ikev1::{Cause, ChildRecord, Event as Ikev1, Mode as Phase1Mode};
use ipsec::wire::registry::v1::{ExchangeType, NotifyType, PayloadType};
use ipsec::wire::v1::{Header, Message, Payload};
use ipsec_net::{AddressRange, IpPacket, Prefix, udp};

use crate::played::{Followed, Played};

/// The cipher with its key's length, the hash and the group of an ISAKMP SA.
pub(crate) type Suite = ((Encryption, usize), IntegrityAlgorithm, KeyExchangeAlgorithm);

/// What an order has led to; of each pair first the end that was given it.
pub(crate) struct Happened {
    notes: Vec<(usize, Ikev1)>,
    packets: Vec<IpPacket>,
    order: [usize; 2],
}

impl From<Followed> for Happened {
    fn from(Followed { notes, order }: Followed) -> Self {
        let of_ike = |(peer, event)| match event {
            Event::Ikev1(event) => Some((peer, event)),
            _ => None,
        };
        let events = notes.events.into_iter().filter_map(of_ike).collect();
        Self { notes: events, packets: notes.packets, order }
    }
}

/// How many pairs of IPsec SAs each peer has.
pub(crate) fn children(played: &Played) -> [usize; 2] {
    played.status().map(|status| status.ikev1.children.len())
}

impl Happened {
    fn at<T>(&self, pick: impl Fn(&Ikev1) -> Option<T>) -> [Vec<T>; 2] {
        self.order.map(|peer| {
            self.notes.iter().filter(|(at, _)| *at == peer).filter_map(|(_, event)| pick(event)).collect()
        })
    }

    /// The algorithms of ISAKMP SAs that came up.
    pub(crate) fn suites(&self) -> [Vec<Suite>; 2] {
        self.at(|event| match event {
            Ikev1::IkeUp { suite, .. } => {
                Some(((Encryption::Cipher(suite.cipher), suite.key_len), hmac(suite.hash), suite.group))
            }
            _ => None,
        })
    }

    /// What each end has proven itself by in phase 1: the first such payload of its.
    pub(crate) fn proofs(&self) -> [Option<PayloadType>; 2] {
        let kinds = [PayloadType::HASH, PayloadType::SIG];
        let proofs = self.at(|event| match event {
            Ikev1::Sent(message)
                if [ExchangeType::MAIN, ExchangeType::AGGRESSIVE].contains(&message.exchange) =>
            {
                message.payloads.iter().map(|(kind, _)| *kind).find(|kind| kinds.contains(kind))
            }
            _ => None,
        });
        proofs.map(|proofs| proofs.first().copied())
    }

    /// The modes of phase 1 that messages were sent in.
    pub(crate) fn modes(&self) -> [Vec<Phase1Mode>; 2] {
        let mut modes = self.at(|event| match event {
            Ikev1::Sent(message) if message.exchange == ExchangeType::MAIN => Some(Phase1Mode::Main),
            Ikev1::Sent(message) if message.exchange == ExchangeType::AGGRESSIVE => {
                Some(Phase1Mode::Aggressive)
            }
            _ => None,
        });
        modes.iter_mut().for_each(Vec::dedup);
        modes
    }

    /// The pairs that came up, as the initiator of the order sees them; of the group only whether there was one.
    pub(crate) fn children(&self) -> [Vec<Phase2>; 2] {
        let exchanged = self.at(|event| match event {
            Ikev1::Sent(message) if message.exchange == ExchangeType::QUICK => {
                message.payloads.iter().any(|(kind, _)| *kind == PayloadType::KE).then_some(())
            }
            _ => None,
        });
        let records = self.at(|event| match event {
            Ikev1::ChildUp(record) => Some((**record).clone()),
            _ => None,
        });
        let mut side = 0;
        records.map(|records| {
            let group = exchanged[side].first().map(|()| KeyExchangeAlgorithm::Ecp192);
            let own = records.iter().map(|record| child(record, group, side == 1)).collect();
            side += 1;
            own
        })
    }

    /// The short names of failures, each once where it follows itself.
    pub(crate) fn failures(&self) -> [Vec<&'static str>; 2] {
        let mut failures = self.at(|event| match event {
            Ikev1::IkeFailed { failure, .. } | Ikev1::ChildFailed { failure, .. } => Some(failure.name()),
            Ikev1::IkeDown { cause: Cause::Failed(failure), .. } => Some(failure.name()),
            _ => None,
        });
        failures.iter_mut().for_each(Vec::dedup);
        failures
    }

    /// The error notifies that each end sent, each once where it follows itself: those in the clear, which are seen on the
    /// link, and those under an ISAKMP SA.
    pub(crate) fn notifies(&self, addresses: [&str; 2]) -> [Vec<String>; 2] {
        let mut side = 0;
        let protected = self.at(|event| match event {
            Ikev1::Sent(message) => {
                message.payloads.iter().find_map(|(_, notify)| notify.filter(|kind| kind.is_error()))
            }
            _ => None,
        });
        protected.map(|protected| {
            let own = addresses[side];
            let clear = self.packets.iter().filter(|packet| packet.source().to_string() == own);
            let mut all: Vec<String> =
                clear.filter_map(clear_error).chain(protected).map(|notify| notify.to_string()).collect();
            all.dedup();
            side += 1;
            all
        })
    }
}

/// The error that an unprotected message tells.
fn clear_error(packet: &IpPacket) -> Option<NotifyType> {
    let datagram = udp::read(packet).ok()?;
    let header = Header::parse(datagram.payload).ok().filter(|header| !header.flags.encryption)?;
    let message =
        Message::parse(datagram.payload).ok().filter(|_| header.exchange == ExchangeType::INFORMATIONAL)?;
    message.payloads.iter().find_map(|payload| match payload {
        Payload::Notify(notify) if notify.kind.is_error() => Some(notify.kind),
        _ => None,
    })
}

fn hmac(hash: HashAlgorithm) -> IntegrityAlgorithm {
    match hash {
        HashAlgorithm::Md5 => IntegrityAlgorithm::HmacMd5_96,
        HashAlgorithm::Sha1 => IntegrityAlgorithm::HmacSha1_96,
        HashAlgorithm::Sha2_256 => IntegrityAlgorithm::HmacSha2_256_128,
        HashAlgorithm::Sha2_384 => IntegrityAlgorithm::HmacSha2_384_192,
        HashAlgorithm::Sha2_512 => IntegrityAlgorithm::HmacSha2_512_256,
    }
}

/// A record seen from the exchange's initiator; `mirrored` if it is the responder's.
fn child(record: &ChildRecord, group: Option<KeyExchangeAlgorithm>, mirrored: bool) -> Phase2 {
    let suite = record.suite;
    let (encryption, integrity, around) = match (suite.esp, suite.ah) {
        (Some(esp), ah) => (Some((esp.encryption, esp.key_len)), esp.integrity, ah),
        (None, ah) => (None, ah, None),
    };
    let selector = &record.pair.inbound.selectors[0];
    let [local, remote] = [&selector.local, &selector.remote].map(prefix);
    let hard = record.pair.lifetime.hard;
    Phase2 {
        names: [record.child.clone(), record.child.clone()],
        suite: ChildSuite {
            encryption,
            integrity,
            around,
            extended_sequence_numbers: suite.extended_sequence_numbers,
        },
        group,
        mode: match record.pair.inbound.mode {
            SaMode::Transport => Mode::Transport,
            SaMode::Tunnel { .. } => Mode::Tunnel,
        },
        networks: if mirrored { [remote, local] } else { [local, remote] },
        life: hard.time.unwrap(),
        octets: hard.octets,
    }
}

fn prefix(addresses: &AddressRange) -> Prefix {
    let lengths = (0..=128).filter_map(|length| Prefix::new(addresses.first(), length).ok());
    lengths.into_iter().find(|prefix| prefix.range() == *addresses).unwrap()
}
