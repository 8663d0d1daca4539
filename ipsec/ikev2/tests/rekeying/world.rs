//! Two endpoints and the messages between them: a world so small that all that can happen in it can be tried.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use ipsec_crypto::{AeadAlgorithm, Entropy, KeyExchangeAlgorithm, PrfAlgorithm, Provider, Secret};
use ipsec_dataplane::{Encryption, SaPair};
use ipsec_ikev2::{
    ChildConfig, ChildProposal, Config, Connection, Endpoint, Event, Gateway, IKE_PORT, IkeProposal, Output,
    TicketPolicy, keys::Keys,
};
use ipsec_net::{Instant, Prefix};
use ipsec_wire::{Header, IkeSpi, Spi};

const ENDS: [&str; 2] = ["192.0.2.1", "198.51.100.1"];
pub(crate) const NAMES: [&str; 2] = ["west", "east"];

/// Repeatable luck. A nonce begins with the octet that is set, so that it can be made the lowest.
struct Luck {
    state: u64,
    nonce: Arc<AtomicU8>,
}

impl Entropy for Luck {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes.iter_mut() {
            // Knuth's MMIX generator; only its upper bits are random enough.
            self.state =
                self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (self.state >> 56) as u8;
        }
        if bytes.len() == 32 {
            bytes[0] = self.nonce.load(Ordering::Relaxed);
        }
    }
}

/// A message on its way.
#[derive(Clone)]
pub(crate) struct Flight {
    pub(crate) to: usize,
    pub(crate) octets: Vec<u8>,
}

/// What an end is told to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    RekeyChild,
    RekeyIke,
    DeleteChild,
    CreateNet,
    CreateOther,
    Terminate,
    Reauthenticate,
    /// The IKE SA is lost without a word.
    Forget,
    /// The peer is sent to another gateway, which happens to be the same.
    Redirect,
}

/// Whose nonce of which role is the lowest of four.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lowest {
    pub(crate) end: usize,
    pub(crate) as_initiator: bool,
}

impl Lowest {
    pub(crate) const ALL: [Self; 4] = [
        Self { end: 0, as_initiator: true },
        Self { end: 0, as_initiator: false },
        Self { end: 1, as_initiator: true },
        Self { end: 1, as_initiator: false },
    ];
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) ends: [Endpoint; 2],
    pub(crate) flights: Vec<Flight>,
    /// What is installed in each data plane, by inbound SPI.
    pub(crate) installed: [BTreeMap<Spi, SaPair>; 2],
    /// The keys of IKE SAs, by their SPIs.
    pub(crate) keys: [BTreeMap<(IkeSpi, IkeSpi), Keys>; 2],
    pub(crate) events: [Vec<Event>; 2],
    nonces: [Arc<AtomicU8>; 2],
    lowest: Lowest,
}

pub(crate) fn connection(side: usize) -> Connection {
    let [local, remote] = [side, 1 - side].map(|end| ENDS[end]);
    let range = |net: &str| vec![net.parse::<Prefix>().unwrap().range()];
    let nets = |third: usize| [side, 1 - side].map(|end| range(&format!("10.{}.{third}.0/24", end + 1)));
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let child = |name: &str, third| {
        let [local, remote] = nets(third);
        let proposal = ChildProposal {
            encryption: encryption.clone(),
            integrity: Vec::new(),
            key_exchange: Vec::new(),
            additional: Default::default(),
            extended_sequence_numbers: vec![false],
        };
        ChildConfig::new(name, vec![proposal], local, remote)
    };
    let psk = Secret::from(b"correct horse battery staple".to_vec());
    Connection {
        // Pieces of messages come in many orders, which say nothing of collisions.
        fragmentation: None,
        proposals: vec![IkeProposal {
            encryption: encryption.clone(),
            integrity: Vec::new(),
            prf: vec![PrfAlgorithm::HmacSha2_256],
            key_exchange: vec![KeyExchangeAlgorithm::X25519],
            additional: Default::default(),
        }],
        children: vec![child("net", 0), child("other", 1)],
        ..Connection::new("site", local.parse().unwrap(), remote.parse().unwrap(), psk)
    }
}

impl World {
    /// Two ends with an IKE SA and the child `net`, which the first end has set up.
    pub(crate) fn new(lowest: Lowest) -> Self {
        Self::of([connection(0), connection(1)], lowest)
    }

    pub(crate) fn of(connections: [Connection; 2], lowest: Lowest) -> Self {
        let mut world = Self::unborn(connections, lowest);
        world.ends[0].initiate(world.now, "net").unwrap();
        world.drain(0);
        world.deliver_all();
        world
    }

    /// Two ends that have not begun yet.
    pub(crate) fn unborn(connections: [Connection; 2], lowest: Lowest) -> Self {
        let nonces = [0, 1].map(|_| Arc::new(AtomicU8::new(0x80)));
        let mut end = 0;
        let ends = connections.map(|connection| {
            let luck = Luck { state: 0x5eed + end as u64, nonce: Arc::clone(&nonces[end]) };
            end += 1;
            let key = Secret::from(vec![0x71; 32]);
            let tickets = TicketPolicy { key, lifetime: Duration::from_secs(3600), at_once: true };
            let config = Config { tickets: Some(tickets), ..Config::new(vec![connection]) };
            Endpoint::new(config, Provider::best(), Box::new(luck))
        });
        Self {
            now: Instant::ZERO,
            ends,
            flights: Vec::new(),
            installed: Default::default(),
            keys: Default::default(),
            events: Default::default(),
            nonces,
            lowest,
        }
    }

    pub(crate) fn order(&mut self, end: usize, order: Order) {
        self.rank(end, true);
        let (now, end_point) = (self.now, &mut self.ends[end]);
        match order {
            Order::RekeyChild => end_point.rekey(now, "net"),
            Order::RekeyIke => end_point.rekey_ike(now, "site"),
            Order::DeleteChild => end_point.delete(now, "net"),
            Order::CreateNet => end_point.initiate(now, "net"),
            Order::CreateOther => end_point.initiate(now, "other"),
            Order::Reauthenticate => end_point.reauthenticate(now, "site"),
            Order::Forget => end_point.forget_ike(now, "site"),
            Order::Redirect => end_point.redirect(now, "site", &Gateway::Address(ENDS[end].parse().unwrap())),
            Order::Terminate => end_point.terminate(now, "site"),
        }
        .unwrap();
        self.drain(end);
    }

    /// Asks both peers whether they are alive, in turn.
    pub(crate) fn check(&mut self) {
        for end in 0..2 {
            self.ends[end].check(self.now, "site").unwrap();
            self.drain(end);
            self.deliver_all();
        }
    }

    pub(crate) fn deliver(&mut self, flight: &Flight) {
        self.rank(flight.to, false);
        let [here, there] =
            [flight.to, 1 - flight.to].map(|end| SocketAddr::new(ENDS[end].parse().unwrap(), IKE_PORT));
        self.ends[flight.to].handle(self.now, there, here, &flight.octets);
        self.drain(flight.to);
    }

    pub(crate) fn deliver_all(&mut self) {
        while !self.flights.is_empty() {
            let flight = self.flights.remove(0);
            self.deliver(&flight);
        }
    }

    /// Goes on to the next timer; false when there is none.
    pub(crate) fn wait(&mut self) -> bool {
        let next = self.ends.iter().filter_map(Endpoint::next_timeout).map(|(at, _)| at).min();
        let Some(next) = next else { return false };
        self.now = self.now.max(next);
        for end in 0..2 {
            self.rank(end, true);
            self.ends[end].timeout(self.now, &|_| None);
            self.drain(end);
        }
        true
    }

    fn rank(&self, end: usize, as_initiator: bool) {
        let lowest = self.lowest.end == end && self.lowest.as_initiator == as_initiator;
        self.nonces[end].store(if lowest { 0x10 } else { 0x80 }, Ordering::Relaxed);
    }

    fn drain(&mut self, end: usize) {
        let mut answered = false;
        while let Some(output) = self.ends[end].poll() {
            match output {
                Output::Datagram { octets, .. } => {
                    answered |= Header::parse(&octets).unwrap().flags.response;
                    self.flights.push(Flight { to: 1 - end, octets });
                }
                Output::Install(pair) => {
                    assert!(!answered, "{} answers before it can receive (RFC 7296 §2.8)", NAMES[end]);
                    let before = self.installed[end].insert(pair.inbound.spi, *pair);
                    assert!(before.is_none(), "{} installs a pair twice", NAMES[end]);
                }
                Output::Remove { inbound } => {
                    let before = self.installed[end].remove(&inbound);
                    assert!(before.is_some(), "{} removes what is not there", NAMES[end]);
                }
                Output::StopSending { inbound } => {
                    let pair = self.installed[end].get_mut(&inbound).expect("the pair is still there");
                    pair.outbound.selectors.clear();
                }
                Output::Readdress { .. } | Output::Skip { .. } | Output::Keepalive { .. } => {
                    panic!("nothing moves here")
                }
                Output::Event(event) => {
                    if let Event::IkeKeyed(record) = &event {
                        self.keys[end].insert((record.spi_i, record.spi_r), record.keys.clone());
                    }
                    self.events[end].push(event);
                }
            }
        }
    }
}
