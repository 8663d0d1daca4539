//! Endpoints by name, and the messages between them: each arrives when it is told to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;

use ipsec_crypto::{AeadAlgorithm, Entropy, KeyExchangeAlgorithm, PrfAlgorithm, Provider, Secret};
use ipsec_dataplane::{Encryption, SaPair};
use ipsec_ikev2::{
    Cause, ChildConfig, ChildProposal, Config, Connection, Endpoint, Event, Failure, IkeProposal,
    IkeSaStatus, Output, Stage,
};
use ipsec_net::{Instant, Prefix};
use ipsec_wire::Spi;

/// The addresses that there may be an endpoint at.
pub(crate) const WEST: &str = "192.0.2.1";
pub(crate) const EAST: &str = "198.51.100.1";
pub(crate) const NORTH: &str = "203.0.113.1";

/// Repeatable luck.
struct Luck(u64);

impl Entropy for Luck {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes {
            // Knuth's MMIX generator; only its upper bits are random enough.
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (self.0 >> 56) as u8;
        }
    }
}

/// A message on its way.
#[derive(Clone)]
pub(crate) struct Flight {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) octets: Vec<u8>,
}

pub(crate) struct Lab {
    pub(crate) now: Instant,
    pub(crate) ends: Vec<Endpoint>,
    addresses: Vec<&'static str>,
    pub(crate) flights: Vec<Flight>,
    pub(crate) installed: Vec<BTreeMap<Spi, SaPair>>,
    pub(crate) events: Vec<Vec<Event>>,
}

/// The connection `site` with the children `net` and `other`, as the end at `local` has it.
pub(crate) fn connection(local: &str, remote: &str) -> Connection {
    let range = |net: &str| vec![net.parse::<Prefix>().unwrap().range()];
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let (here, there) = if local == WEST { (1, 2) } else { (2, 1) };
    let child = |name: &str, third: u8| {
        let proposal = ChildProposal {
            encryption: encryption.clone(),
            integrity: Vec::new(),
            key_exchange: Vec::new(),
            additional: Default::default(),
            extended_sequence_numbers: vec![false],
        };
        let net = |second: u8| range(&format!("10.{second}.{third}.0/24"));
        ChildConfig::new(name, vec![proposal], net(here), net(there))
    };
    let psk = Secret::from(b"correct horse battery staple".to_vec());
    Connection {
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

/// West and east, each with its side of the connection.
pub(crate) fn pair() -> [Connection; 2] {
    [connection(WEST, EAST), connection(EAST, WEST)]
}

impl Lab {
    /// West and east with these connections.
    pub(crate) fn of(connections: [Connection; 2]) -> Self {
        let [west, east] = connections.map(|connection| Config::new(vec![connection]));
        Self::with(vec![(WEST, west), (EAST, east)])
    }

    /// Endpoints at these addresses.
    pub(crate) fn with(configs: Vec<(&'static str, Config)>) -> Self {
        let addresses = configs.iter().map(|(address, _)| *address).collect();
        let count = configs.len();
        let mut seeds = 0x11fe..;
        let mut end = |config| {
            Endpoint::new(config, Provider::best(), Box::new(Luck(seeds.next().unwrap_or_default())))
        };
        Self {
            now: Instant::ZERO,
            ends: configs.into_iter().map(|(_, config)| end(config)).collect(),
            addresses,
            flights: Vec::new(),
            installed: vec![BTreeMap::new(); count],
            events: vec![Vec::new(); count],
        }
    }

    /// Two ends with an IKE SA and the child `net`, which west has set up.
    pub(crate) fn established(connections: [Connection; 2]) -> Self {
        let mut lab = Self::of(connections);
        lab.tell(0, |end, now| end.initiate(now, "net").unwrap());
        lab.deliver_all();
        lab
    }

    /// An end loses all that it knows, but for its configuration.
    pub(crate) fn restart(&mut self, end: usize, config: Config) {
        let luck = Box::new(Luck(0xb007 + end as u64));
        self.ends[end] = Endpoint::new(config, Provider::best(), luck);
        self.installed[end].clear();
    }

    /// Gives an end an order.
    pub(crate) fn tell(&mut self, end: usize, order: impl FnOnce(&mut Endpoint, Instant)) {
        order(&mut self.ends[end], self.now);
        self.drain(end);
    }

    pub(crate) fn deliver(&mut self, flight: &Flight) {
        let at = self
            .addresses
            .iter()
            .position(|address| flight.to.ip() == address.parse::<std::net::IpAddr>().unwrap());
        let Some(end) = at else { return };
        self.ends[end].handle(self.now, flight.from, flight.to, &flight.octets);
        self.drain(end);
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
        for end in 0..self.ends.len() {
            self.ends[end].timeout(self.now, &|_| None);
            self.drain(end);
        }
        true
    }

    /// Lets time pass until `seconds` after the beginning, or until nothing waits for it any more.
    pub(crate) fn live_until(&mut self, seconds: u64) {
        let end = Instant::ZERO + std::time::Duration::from_secs(seconds);
        self.deliver_all();
        while self.next().is_some_and(|next| next <= end) && self.wait() {
            self.deliver_all();
        }
        self.now = self.now.max(end);
    }

    fn next(&self) -> Option<Instant> {
        self.ends.iter().filter_map(Endpoint::next_timeout).map(|(at, _)| at).min()
    }

    /// The IKE SAs of an end that are established.
    pub(crate) fn up(&self, end: usize) -> Vec<IkeSaStatus> {
        let mut status = self.ends[end].status();
        status.retain(|sa| sa.stage == Stage::Established);
        status
    }

    /// The names of the children in place at an end.
    pub(crate) fn children(&self, end: usize) -> Vec<String> {
        let status = self.up(end);
        let mut names: Vec<String> =
            status.iter().flat_map(|sa| &sa.children).map(|child| child.name.clone()).collect();
        names.sort();
        assert_eq!(names.len(), self.installed[end].len(), "the data plane holds the same");
        names
    }

    /// Why IKE SAs of an end have ended.
    pub(crate) fn causes(&self, end: usize) -> Vec<&Cause> {
        let cause: fn(&Event) -> Option<&Cause> =
            |event| if let Event::IkeDown { cause, .. } = event { Some(cause) } else { None };
        self.events[end].iter().filter_map(cause).collect()
    }

    /// Why attempts of an end to set up an IKE SA have failed.
    pub(crate) fn failures(&self, end: usize) -> Vec<&Failure> {
        let failure: fn(&Event) -> Option<&Failure> =
            |event| if let Event::IkeFailed { failure, .. } = event { Some(failure) } else { None };
        self.events[end].iter().filter_map(failure).collect()
    }

    /// How often an end met a situation.
    pub(crate) fn met(&self, end: usize, probe: &str) -> usize {
        self.events[end].iter().filter(|event| matches!(event, Event::Probe(name) if *name == probe)).count()
    }

    /// What all ends tell from now on until nothing is on its way, in the order in which it happens.
    pub(crate) fn ladder(&mut self) -> String {
        let names: Vec<&str> = ["west", "east", "north"].into_iter().take(self.ends.len()).collect();
        let mut told = vec![0; self.ends.len()];
        let mut text = String::new();
        loop {
            for end in 0..self.ends.len() {
                for event in &self.events[end][told[end]..] {
                    if let Some(line) = told_of(event) {
                        writeln!(text, "{:5} {line}", names[end]).unwrap();
                    }
                }
                told[end] = self.events[end].len();
            }
            if self.flights.is_empty() {
                return text;
            }
            let flight = self.flights.remove(0);
            self.deliver(&flight);
        }
    }

    fn drain(&mut self, end: usize) {
        while let Some(output) = self.ends[end].poll() {
            match output {
                Output::Datagram { source, destination, octets } => {
                    self.flights.push(Flight { from: source, to: destination, octets });
                }
                Output::Install(pair) => {
                    assert!(self.installed[end].insert(pair.inbound.spi, *pair).is_none());
                }
                Output::Remove { inbound } => {
                    assert!(self.installed[end].remove(&inbound).is_some());
                }
                Output::StopSending { .. } => {}
                Output::Readdress { .. } | Output::Skip { .. } | Output::Keepalive { .. } => {
                    panic!("nothing moves here")
                }
                Output::Event(event) => self.events[end].push(event),
            }
        }
    }
}

/// The line of a ladder for an event.
pub(crate) fn told_of(event: &Event) -> Option<String> {
    Some(match event {
        Event::Sent(message) => format!("-> {message}"),
        Event::Received(message) => format!("<- {message}"),
        Event::ChildUp(record) => format!("child {} up", record.child),
        Event::ChildDown { child, cause, .. } => format!("child {child} down: {cause}"),
        Event::ChildFailed { child, failure } => format!("child {child} failed: {failure}"),
        Event::IkeUp { suite, .. } => format!("IKE SA up: {suite}"),
        Event::IkeDown { cause, .. } => format!("IKE SA down: {cause}"),
        Event::IkeFailed { failure, retries, .. } => {
            format!("IKE SA failed: {failure}{}", if *retries { ", another attempt follows" } else { "" })
        }
        Event::Dropped { reason, .. } => format!("dropped: {reason}"),
        Event::Probe(probe) => format!("({probe})"),
        Event::Moved { local, remote, .. } => format!("runs from {local} to {remote}"),
        Event::Synchronised { next_request, next_expected, .. } => {
            format!("goes on with message IDs {next_request} and {next_expected}")
        }
        Event::IkeKeyed(_) | Event::Configured { .. } => return None,
    })
}
