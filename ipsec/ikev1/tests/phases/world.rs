//! Two endpoints on a wire whose misfortunes a test decides, and what they installed.

#![expect(clippy::unwrap_used, reason = "what cannot be is a failed test")]

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipsec_crypto::{
    CipherAlgorithm, Entropy, HashAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PORTABLE, Secret,
};
use ipsec_dataplane::{Encryption, SaPair, SaParameters, Suite};
use ipsec_ikev1::{Cause, ChildConfig, ChildSuite, Config, Connection, Endpoint, Event, IkeSuite, Output};
use ipsec_net::{Instant, Prefix};
use ipsec_wire::Spi;

pub(crate) const WEST: usize = 0;
pub(crate) const EAST: usize = 1;

const ADDRESSES: [&str; 2] = ["192.0.2.1", "198.51.100.1"];
const NETWORKS: [&str; 2] = ["10.1.0.0/16", "10.2.0.0/16"];

/// How long a message is on its way.
const DELAY: Duration = Duration::from_millis(10);

/// Octets that look random and are the same in each run.
pub(crate) struct Counted {
    name: u8,
    count: u64,
}

impl Counted {
    pub(crate) fn new(name: u8) -> Self {
        Self { name, count: 0 }
    }
}

impl Entropy for Counted {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            self.count += 1;
            let block = HashAlgorithm::Sha2_256.digest(&[&[self.name], &self.count.to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    Lost,
    /// It arrives twice.
    Twice,
    /// It arrives after the next ones.
    Late,
}

#[derive(Clone, Debug)]
pub(crate) struct Flight {
    at: Instant,
    pub(crate) to: usize,
    /// Between which ports it arrives.
    ports: (u16, u16),
    pub(crate) octets: Vec<u8>,
}

/// A translator before an end: what the other end sees instead of its address, and what is added to its ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Translator {
    pub(crate) address: &'static str,
    pub(crate) shift: u16,
}

/// Decides on a message by its number.
pub(crate) type Decide = Box<dyn FnMut(usize) -> Fate>;

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) ends: [Endpoint; 2],
    pub(crate) flights: Vec<Flight>,
    decide: Decide,
    /// How many messages were sent.
    pub(crate) sent: usize,
    /// What happened, as people read it.
    pub(crate) log: Vec<String>,
    pub(crate) events: [Vec<Event>; 2],
    pub(crate) installed: [BTreeMap<Spi, SaPair>; 2],
    configs: [Config; 2],
    births: u8,
    /// What stands before each end.
    pub(crate) translators: [Option<Translator>; 2],
    /// How long each message was that was sent.
    pub(crate) lengths: Vec<usize>,
    /// How often each end has reminded NAT.
    pub(crate) keepalives: [usize; 2],
}

pub(crate) const IKE: IkeSuite = IkeSuite {
    cipher: CipherAlgorithm::AesCbc,
    key_len: 16,
    hash: HashAlgorithm::Sha1,
    group: KeyExchangeAlgorithm::Ecp256,
};

pub(crate) const ESP: ChildSuite = ChildSuite {
    ah: None,
    esp: Some(Suite {
        encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
        key_len: 16,
        integrity: Some(IntegrityAlgorithm::HmacSha1_96),
    }),
    extended_sequence_numbers: false,
};

/// The connection `site` with the child `net`, as one end sees it.
pub(crate) fn connection(end: usize) -> Connection {
    let address = |end: usize| ADDRESSES[end].parse::<IpAddr>().unwrap();
    let network = |end: usize| NETWORKS[end].parse::<Prefix>().unwrap().range();
    let child = ChildConfig::new("net", vec![ESP], network(end), network(1 - end));
    Connection {
        proposals: vec![IKE],
        children: vec![child],
        ..Connection::new("site", address(end), address(1 - end), Secret::from(b"secret".to_vec()))
    }
}

impl World {
    /// Two ends with this connection, changed as wanted, on a wire without misfortunes.
    pub(crate) fn new(change: impl Fn(usize, &mut Connection)) -> Self {
        let configs = [WEST, EAST].map(|end| {
            let mut connection = connection(end);
            change(end, &mut connection);
            Config::new(vec![connection])
        });
        let ends = [WEST, EAST].map(|end| endpoint(&configs[end], end as u8));
        Self {
            now: Instant::ZERO,
            ends,
            flights: Vec::new(),
            decide: Box::new(|_| Fate::Arrives),
            sent: 0,
            log: Vec::new(),
            events: Default::default(),
            installed: Default::default(),
            configs,
            births: 2,
            translators: [None; 2],
            lengths: Vec::new(),
            keepalives: [0; 2],
        }
    }

    /// The same with misfortunes.
    pub(crate) fn unlucky(self, decide: impl FnMut(usize) -> Fate + 'static) -> Self {
        Self { decide: Box::new(decide), ..self }
    }

    /// Gives an end something to do.
    pub(crate) fn order(&mut self, end: usize, order: impl FnOnce(Instant, &mut Endpoint)) {
        order(self.now, &mut self.ends[end]);
        self.drain(end);
    }

    pub(crate) fn initiate(&mut self, end: usize) {
        self.order(end, |now, endpoint| endpoint.initiate(now, "net").unwrap());
    }

    /// Tells an end something else, before it has done anything.
    pub(crate) fn reconfigure(&mut self, end: usize, change: impl FnOnce(&mut Config)) {
        change(&mut self.configs[end]);
        self.ends[end] = endpoint(&self.configs[end], end as u8);
    }

    /// An end loses all that it had.
    pub(crate) fn crash(&mut self, end: usize) {
        self.ends[end] = endpoint(&self.configs[end], self.births);
        self.births += 1;
        self.installed[end].clear();
    }

    /// Lets so much time pass.
    pub(crate) fn run(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while let Some((at, next)) = self.next().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            match next {
                Next::Arrival(index) => {
                    let flight = self.flights.remove(index);
                    self.arrive(flight.to, flight.ports, &flight.octets);
                }
                Next::Timeout(end) => {
                    self.ends[end].timeout(self.now, &|_| None);
                    self.drain(end);
                }
            }
        }
        self.now = until;
    }

    /// A message arrives at an end, from the other one.
    pub(crate) fn deliver(&mut self, to: usize, octets: &[u8]) {
        self.arrive(to, (500, 500), octets);
    }

    fn arrive(&mut self, to: usize, (from_port, to_port): (u16, u16), octets: &[u8]) {
        let from = SocketAddr::new(self.seen(1 - to), from_port);
        let to_address = SocketAddr::new(ADDRESSES[to].parse().unwrap(), to_port);
        self.ends[to].handle(self.now, from, to_address, octets);
        self.drain(to);
    }

    /// The address of an end as the other one sees it.
    pub(crate) fn seen(&self, end: usize) -> IpAddr {
        self.translators[end].map_or(ADDRESSES[end], |translator| translator.address).parse().unwrap()
    }

    fn next(&self) -> Option<(Instant, Next)> {
        let arrivals =
            self.flights.iter().enumerate().map(|(index, flight)| (flight.at, Next::Arrival(index)));
        let timeouts = [WEST, EAST].into_iter().filter_map(|end| {
            let (at, _) = self.ends[end].next_timeout()?;
            Some((at, Next::Timeout(end)))
        });
        arrivals.chain(timeouts).min()
    }

    fn drain(&mut self, end: usize) {
        let name = ["west", "east"][end];
        while let Some(output) = self.ends[end].poll() {
            match output {
                Output::Datagram { source, destination, octets } => {
                    self.send(end, (source, destination), &octets);
                }
                Output::Keepalive { .. } => self.keepalives[end] += 1,
                Output::Readdress { inbound, outer } => {
                    let pair = self.installed[end].get_mut(&inbound).expect("only what is installed moves");
                    for sa in [&mut pair.inbound, &mut pair.outbound] {
                        sa.options.encapsulation = outer.encapsulation;
                    }
                }
                Output::Install(pair) => {
                    self.installed[end].insert(pair.inbound.spi, *pair);
                }
                Output::Remove { inbound } => {
                    self.installed[end].remove(&inbound).expect("only what was installed is removed");
                }
                Output::Event(event) => {
                    self.log.extend(shown(&event).map(|text| format!("{name} {text}")));
                    self.events[end].push(event);
                }
            }
        }
    }

    fn send(&mut self, from: usize, (source, destination): (SocketAddr, SocketAddr), octets: &[u8]) {
        let number = self.sent;
        self.sent += 1;
        self.lengths.push(octets.len());
        let to = 1 - from;
        assert_eq!((source.ip().to_string().as_str(), destination.ip()), (ADDRESSES[from], self.seen(to)));
        let shift = |end: usize| self.translators[end].map_or(0, |translator| translator.shift);
        let ports = (source.port() + shift(from), destination.port().wrapping_sub(shift(to)));
        // A translator lets nothing in for which it has no mapping.
        if self.translators[to].is_some() && ![500, 4500].contains(&ports.1) {
            return self.log.push("  stopped by NAT".to_owned());
        }
        let flight = |delay| Flight { at: self.now + delay, to, ports, octets: octets.to_vec() };
        match (self.decide)(number) {
            Fate::Arrives => self.flights.push(flight(DELAY)),
            Fate::Lost => self.log.push("  lost".to_owned()),
            Fate::Twice => self.flights.extend([flight(DELAY), flight(DELAY * 3)]),
            Fate::Late => self.flights.push(flight(DELAY * 10)),
        }
    }

    /// How many pairs each end has, when each SA of one end is there at the other with the same key.
    pub(crate) fn pairs(&self) -> [usize; 2] {
        let sas = |end: usize, inbound: bool| {
            let of = move |pair: &SaPair| {
                let bundled = pair.bundled.as_ref().map(|bundled| (&bundled.inbound, &bundled.outbound));
                let both = std::iter::once((&pair.inbound, &pair.outbound)).chain(bundled);
                both.map(|(own, other)| if inbound { own } else { other }.clone()).collect::<Vec<_>>()
            };
            let mut all: Vec<SaParameters> = self.installed[end].values().flat_map(of).collect();
            all.sort_by_key(|sa| (sa.protection.protocol(), sa.spi));
            all
        };
        for end in [WEST, EAST] {
            let (out, into) = (sas(end, false), sas(1 - end, true));
            let key = |sa: &SaParameters| (sa.spi, sa.protection, sa.key.clone());
            assert!(out.iter().map(key).eq(into.iter().map(key)), "{}", self.log.join("\n"));
        }
        [WEST, EAST].map(|end| self.installed[end].len())
    }

    /// How many pairs both ends have, whatever else one of them may have.
    pub(crate) fn common_pairs(&self) -> usize {
        let known = |pair: &&SaPair| {
            let other = self.installed[EAST].get(&pair.outbound.spi);
            other.is_some_and(|other| {
                other.outbound.spi == pair.inbound.spi && other.inbound.key == pair.outbound.key
            })
        };
        self.installed[WEST].values().filter(known).count()
    }

    /// How many pairs one end has.
    pub(crate) fn pairs_of(&self, end: usize) -> usize {
        self.installed[end].len()
    }

    /// How many established ISAKMP SAs each end has.
    pub(crate) fn established(&self) -> [usize; 2] {
        [WEST, EAST].map(|end| self.ends[end].status().ike.iter().filter(|sa| sa.established).count())
    }

    /// The texts of what failed at an end.
    pub(crate) fn failures(&self, end: usize) -> Vec<String> {
        let text = |event: &Event| match event {
            Event::IkeFailed { failure, .. }
            | Event::ChildFailed { failure, .. }
            | Event::IkeDown { cause: Cause::Failed(failure), .. } => Some(failure.to_string()),
            _ => None,
        };
        self.events[end].iter().filter_map(text).collect()
    }

    /// The reasons for which an end dropped messages.
    pub(crate) fn drops(&self, end: usize) -> Vec<&'static str> {
        let name = |event: &Event| match event {
            Event::Dropped { reason, .. } => Some(reason.name()),
            _ => None,
        };
        self.events[end].iter().filter_map(name).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Arrival(usize),
    Timeout(usize),
}

fn endpoint(config: &Config, name: u8) -> Endpoint {
    Endpoint::new(config.clone(), &PORTABLE, Box::new(Counted::new(name)))
}

fn shown(event: &Event) -> Option<String> {
    Some(match event {
        Event::Sent(message) => {
            let guise = if message.encrypted { " encrypted" } else { "" };
            // Message IDs are luck.
            let text = message.to_string().replace(&format!(" {:08x}", message.message_id), "");
            format!("-> {text}{guise}")
        }
        Event::Dropped { reason, .. } => format!("dropped: {reason}"),
        Event::IkeUp { peer, suite, .. } => format!("ISAKMP SA up with {peer}, {suite}"),
        Event::IkeDown { cause, .. } => format!("ISAKMP SA down: {cause}"),
        Event::IkeFailed { failure, retries, .. } => format!("phase 1 failed: {failure} ({retries})"),
        Event::ChildUp(record) => format!("{} up, {}", record.child, record.suite),
        Event::ChildDown { child, cause, .. } => format!("{child} down: {cause}"),
        Event::ChildFailed { child, failure } => format!("{child} failed: {failure}"),
        Event::Assigned { addresses, .. } => format!("inside address: {addresses:?}"),
        Event::Moved { remote, .. } => format!("the peer is at {remote}"),
        Event::Received(_) | Event::IkeKeyed(_) | Event::Probe(_) => return None,
    })
}
