//! A conversation between two real endpoints that draw what the file says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, Entropy, IntegrityAlgorithm, KeyExchangeAlgorithm};
use ipsec_crypto::{PrfAlgorithm, Provider, Secret};
use ipsec_dataplane::Encryption;
use ipsec_ikev2::{
    ChildConfig, ChildProposal, ChildRecord, Config, Connection, Endpoint, Event, Fragmentation,
    FullTranscript, IKE_PORT, IkeKeyRecord, IkeProposal, Output, Ppk, PpkConfig, PpkMethod, TicketPolicy,
};
use ipsec_net::{Instant, Prefix};

use super::format::{Conversation, Deed, MixedIn, Sender, Suite};

/// What the ends said and came to.
#[derive(Default)]
pub(super) struct Seen {
    /// Each message with its pieces.
    pub(super) messages: Vec<(Sender, Vec<Vec<u8>>)>,
    /// The keys of IKE SAs as the initiator has them, in the order in which it came to have them.
    pub(super) keys: Vec<IkeKeyRecord>,
    /// The children of the initiator.
    pub(super) children: Vec<ChildRecord>,
    /// How many messages an end dropped.
    pub(super) dropped: usize,
    /// How many IKE SAs came up at the initiator.
    pub(super) established: usize,
}

/// Lets the ends talk. The last octet of the message with the number `changed` is another when it arrives.
pub(super) fn play(
    conversation: &Conversation,
    luck: [Box<dyn Entropy>; 2],
    provider: &'static Provider,
    changed: Option<usize>,
) -> Result<Seen, String> {
    let [of_initiator, of_responder] = luck;
    let mut scene = Scene {
        addresses: [conversation.initiator.address, conversation.responder.address]
            .map(|address| SocketAddr::new(address, IKE_PORT)),
        ends: [
            Endpoint::new(config(conversation, Sender::Initiator)?, provider, of_initiator),
            Endpoint::new(config(conversation, Sender::Responder)?, provider, of_responder),
        ],
        now: Instant::ZERO,
        flights: VecDeque::new(),
        changed,
        seen: Seen::default(),
    };
    let unknown = |error: ipsec_ikev2::UnknownName| error.to_string();
    scene.ends[0].initiate(scene.now, CHILD).map_err(unknown)?;
    scene.settle();
    for deed in &conversation.then {
        let (now, initiator) = (scene.now, &mut scene.ends[0]);
        match deed {
            Deed::RekeyChild => initiator.rekey(now, CHILD),
            Deed::RekeyIke => initiator.rekey_ike(now, CONNECTION),
            Deed::Resume => {
                initiator.forget_ike(now, CONNECTION).and_then(|()| initiator.initiate(now, CHILD))
            }
        }
        .map_err(unknown)?;
        scene.settle();
    }
    Ok(scene.seen)
}

const CONNECTION: &str = "site";
const CHILD: &str = "net";

struct Scene {
    addresses: [SocketAddr; 2],
    ends: [Endpoint; 2],
    now: Instant,
    flights: VecDeque<(Sender, Vec<Vec<u8>>)>,
    changed: Option<usize>,
    seen: Seen,
}

impl Scene {
    /// Carries messages to and fro until there are none.
    fn settle(&mut self) {
        self.collect(Sender::Initiator);
        while let Some((sender, mut pieces)) = self.flights.pop_front() {
            let number = self.seen.messages.len();
            self.seen.messages.push((sender, pieces.clone()));
            if self.changed == Some(number)
                && let Some(last) = pieces.last_mut().and_then(|piece| piece.last_mut())
            {
                *last ^= 1;
            }
            let (from, to) = (sender as usize, 1 - sender as usize);
            for octets in &pieces {
                self.ends[to].handle(self.now, self.addresses[from], self.addresses[to], octets);
            }
            self.collect(if to == 0 { Sender::Initiator } else { Sender::Responder });
        }
    }

    /// What an end sends at once is one message.
    fn collect(&mut self, end: Sender) {
        let mut pieces = Vec::new();
        while let Some(output) = self.ends[end as usize].poll() {
            match output {
                Output::Datagram { octets, .. } => pieces.push(octets),
                Output::Event(Event::Dropped { .. }) => self.seen.dropped += 1,
                Output::Event(event) if end == Sender::Initiator => match event {
                    Event::IkeKeyed(record) => self.seen.keys.push(record),
                    Event::IkeUp { .. } => self.seen.established += 1,
                    Event::ChildUp(record) => self.seen.children.push(*record),
                    _ => {}
                },
                _ => {}
            }
        }
        if !pieces.is_empty() {
            self.flights.push_back((end, pieces));
        }
    }
}

fn config(conversation: &Conversation, end: Sender) -> Result<Config, String> {
    let (local, remote) = match end {
        Sender::Initiator => (conversation.initiator.address, conversation.responder.address),
        Sender::Responder => (conversation.responder.address, conversation.initiator.address),
    };
    let range =
        |net: &str| net.parse::<Prefix>().map(|net| vec![net.range()]).map_err(|error| error.to_string());
    let [ours, theirs] = match end {
        Sender::Initiator => [range("10.1.0.0/16")?, range("10.2.0.0/16")?],
        Sender::Responder => [range("10.2.0.0/16")?, range("10.1.0.0/16")?],
    };
    let (ike, child) = (&conversation.ike, &conversation.child);
    let prf = ike.prf.and_then(prf).ok_or("no such PRF")?;
    let [key_exchange, additional] = key_exchanges(ike)?;
    let ike = IkeProposal {
        encryption: encryption(ike)?,
        integrity: integrity(ike)?,
        prf: vec![prf],
        key_exchange,
        additional: following(&additional),
    };
    let [key_exchange, additional] = key_exchanges(child)?;
    let child = ChildProposal {
        encryption: encryption(child)?,
        integrity: integrity(child)?,
        key_exchange,
        additional: following(&additional),
        extended_sequence_numbers: vec![false],
    };
    let psk = Secret::from(conversation.psk.0.clone());
    let fragmentation = conversation.longest_packet.map(|longest| {
        let sizes = vec![longest];
        Fragmentation { ipv4: sizes.clone(), ipv6: sizes, transmissions: 1 }
    });
    let resumes = conversation.then.contains(&Deed::Resume);
    let connection = Connection {
        proposals: vec![ike],
        children: vec![ChildConfig::new(CHILD, vec![child], ours, theirs)],
        fragmentation,
        ppk: conversation.ppk.as_ref().and_then(|ppk| ppk_of(ppk, end)),
        full_transcript: match conversation.full_transcript {
            true => FullTranscript::Require,
            false => FullTranscript::Off,
        },
        resumes,
        ..Connection::new(CONNECTION, local, remote, psk)
    };
    let tickets = (resumes && end == Sender::Responder).then(|| TicketPolicy {
        key: Secret::from(vec![0x71; 32]),
        lifetime: Duration::from_secs(3600),
        at_once: true,
    });
    Ok(Config { tickets, ..Config::new(vec![connection]) })
}

fn ppk_of(ppk: &super::format::Ppk, end: Sender) -> Option<PpkConfig> {
    let key = Ppk { id: ppk.id.0.clone(), secret: Secret::from(ppk.key.0.clone()) };
    let other = Ppk { id: b"another".to_vec(), secret: Secret::from(vec![0; 32]) };
    let has_it = end == Sender::Initiator || ppk.known_to_responder;
    Some(PpkConfig {
        keys: vec![if has_it { key } else { other }],
        required: end == Sender::Initiator && ppk.required,
        methods: vec![match ppk.mixed_in {
            MixedIn::Auth => PpkMethod::Auth,
            MixedIn::Intermediate => PpkMethod::Intermediate,
        }],
    })
}

fn encryption(suite: &Suite) -> Result<Vec<(Encryption, usize)>, String> {
    let algorithm = match suite.encr {
        12 => Encryption::Cipher(CipherAlgorithm::AesCbc),
        20 => Encryption::Aead(AeadAlgorithm::AesGcm16),
        28 => Encryption::Aead(AeadAlgorithm::ChaCha20Poly1305),
        other => return Err(format!("cipher {other} is not among those of the file")),
    };
    Ok(vec![(algorithm, suite.key_length / 8)])
}

fn integrity(suite: &Suite) -> Result<Vec<IntegrityAlgorithm>, String> {
    match suite.integ {
        None => Ok(Vec::new()),
        Some(12) => Ok(vec![IntegrityAlgorithm::HmacSha2_256_128]),
        Some(13) => Ok(vec![IntegrityAlgorithm::HmacSha2_384_192]),
        Some(14) => Ok(vec![IntegrityAlgorithm::HmacSha2_512_256]),
        Some(other) => Err(format!("integrity algorithm {other} is not among those of the file")),
    }
}

fn prf(id: u16) -> Option<PrfAlgorithm> {
    match id {
        5 => Some(PrfAlgorithm::HmacSha2_256),
        6 => Some(PrfAlgorithm::HmacSha2_384),
        7 => Some(PrfAlgorithm::HmacSha2_512),
        _ => None,
    }
}

/// The first key exchange, if there is one, and the additional ones.
fn key_exchanges(suite: &Suite) -> Result<[Vec<KeyExchangeAlgorithm>; 2], String> {
    let known = suite.key_exchanges.iter().map(|id| match id {
        19 => Ok(KeyExchangeAlgorithm::Ecp256),
        20 => Ok(KeyExchangeAlgorithm::Ecp384),
        31 => Ok(KeyExchangeAlgorithm::X25519),
        35 => Ok(KeyExchangeAlgorithm::MlKem512),
        36 => Ok(KeyExchangeAlgorithm::MlKem768),
        37 => Ok(KeyExchangeAlgorithm::MlKem1024),
        other => Err(format!("key exchange {other} is not among those of the file")),
    });
    let mut first = known.collect::<Result<Vec<_>, _>>()?;
    let additional = first.split_off(first.len().min(1));
    Ok([first, additional])
}

fn following(methods: &[KeyExchangeAlgorithm]) -> ipsec_ikev2::AdditionalKeyExchanges {
    let mut lists = ipsec_ikev2::AdditionalKeyExchanges::default();
    lists.iter_mut().zip(methods).for_each(|(list, method)| *list = vec![Some(*method)]);
    lists
}
