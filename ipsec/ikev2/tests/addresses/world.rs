//! Two endpoints, the datagrams between them, and what may translate these on their way.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use ipsec_auth::{Identity, IdentityPattern};
use ipsec_crypto::{AeadAlgorithm, Entropy, KeyExchangeAlgorithm, PrfAlgorithm, Provider, Secret};
use ipsec_dataplane::{Encryption, Outer, SaPair};
use ipsec_ikev2::{
    ChildConfig, ChildProposal, Config, Connection, Endpoint, Event, IkeProposal, IkeSaStatus, Output, Stage,
};
use ipsec_net::{Instant, Prefix};
use ipsec_wire::Spi;

pub(crate) const NAMES: [&str; 2] = ["west", "east"];
pub(crate) const WEST: &str = "10.0.0.2";
pub(crate) const EAST: &str = "198.51.100.1";
/// The outside of the box before west.
pub(crate) const BOX: &str = "203.0.113.9";

/// Repeatable luck.
struct Luck(u64);

impl Entropy for Luck {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes.iter_mut() {
            // Knuth's MMIX generator; only its upper bits are random enough.
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (self.0 >> 56) as u8;
        }
    }
}

/// A datagram on its way, with the addresses that it has now.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) octets: Vec<u8>,
}

/// A translator with one outside address before one end.
pub(crate) struct Translator {
    pub(crate) outside: IpAddr,
    /// Outside endpoints by inside ones.
    pub(crate) mapped: BTreeMap<SocketAddr, SocketAddr>,
    /// The outside port of the next mapping.
    pub(crate) next_port: u16,
}

impl Translator {
    pub(crate) fn new(outside: &str) -> Self {
        Self { outside: outside.parse().unwrap(), mapped: BTreeMap::new(), next_port: 61_000 }
    }

    /// One that lets the ports of IKE in from everywhere.
    pub(crate) fn forwarding(outside: &str, inside: &str) -> Self {
        let mut translator = Self::new(outside);
        for port in [500, 4500] {
            let (inside, outside) = (inside.parse::<IpAddr>().unwrap(), translator.outside);
            translator.mapped.insert((inside, port).into(), (outside, port).into());
        }
        translator
    }

    fn out(&mut self, source: SocketAddr) -> SocketAddr {
        *self.mapped.entry(source).or_insert_with(|| {
            self.next_port += 1;
            (self.outside, self.next_port).into()
        })
    }

    fn into(&self, destination: SocketAddr) -> Option<SocketAddr> {
        self.mapped.iter().find(|(_, outside)| **outside == destination).map(|(inside, _)| *inside)
    }
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) ends: [Endpoint; 2],
    pub(crate) addresses: [Vec<IpAddr>; 2],
    pub(crate) boxes: [Option<Translator>; 2],
    pub(crate) flights: Vec<Flight>,
    /// What is installed in each data plane, by inbound SPI.
    pub(crate) installed: [BTreeMap<Spi, SaPair>; 2],
    /// Where it was moved to.
    pub(crate) moved: [BTreeMap<Spi, Outer>; 2],
    pub(crate) events: [Vec<Event>; 2],
    told: [usize; 2],
    pub(crate) text: String,
}

/// The configuration of an end at `local`, with the other one at `remote`.
pub(crate) fn connection(side: usize, local: &str, remote: &str) -> Connection {
    let nets =
        [side, 1 - side].map(|end| vec![format!("10.{}.0.0/16", end + 1).parse::<Prefix>().unwrap().range()]);
    let [ours, theirs] = nets;
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let proposal = ChildProposal {
        encryption: encryption.clone(),
        integrity: Vec::new(),
        key_exchange: Vec::new(),
        extended_sequence_numbers: vec![false],
        additional: Default::default(),
    };
    let psk = Secret::from(b"correct horse battery staple".to_vec());
    let identity = |end: usize| format!("{}.example", NAMES[end]).parse::<Identity>().unwrap();
    Connection {
        local_id: identity(side),
        remote_id: IdentityPattern::Exactly(identity(1 - side)),
        proposals: vec![IkeProposal {
            encryption,
            integrity: Vec::new(),
            prf: vec![PrfAlgorithm::HmacSha2_256],
            key_exchange: vec![KeyExchangeAlgorithm::X25519],
            additional: Default::default(),
        }],
        children: vec![ChildConfig::new("net", vec![proposal], ours, theirs)],
        ..Connection::new("site", local.parse().unwrap(), remote.parse().unwrap(), psk)
    }
}

impl World {
    pub(crate) fn new(connections: [Connection; 2], boxes: [Option<Translator>; 2]) -> Self {
        let addresses = connections.each_ref().map(|connection| vec![connection.local]);
        let mut luck = 0x5eed;
        let ends = connections.map(|connection| {
            luck += 1;
            Endpoint::new(Config::new(vec![connection]), Provider::best(), Box::new(Luck(luck)))
        });
        Self {
            now: Instant::ZERO,
            ends,
            addresses,
            boxes,
            flights: Vec::new(),
            installed: Default::default(),
            moved: Default::default(),
            events: Default::default(),
            told: [0; 2],
            text: String::new(),
        }
    }

    /// West behind a translator, east open to the world.
    pub(crate) fn behind_nat() -> Self {
        let ends = [connection(0, WEST, EAST), connection(1, EAST, "0.0.0.0")];
        Self::new(ends, [Some(Translator::new(BOX)), None])
    }

    /// Sets the child up, from west.
    pub(crate) fn up(mut self) -> Self {
        self.ends[0].initiate(self.now, "net").unwrap();
        self.drain(0);
        self.deliver_all();
        self
    }

    /// Does something at an end, and sends what comes of it.
    pub(crate) fn at(&mut self, end: usize, work: impl FnOnce(&mut Endpoint, Instant)) {
        work(&mut self.ends[end], self.now);
        self.drain(end);
    }

    /// The established IKE SA of an end.
    pub(crate) fn sa(&self, end: usize) -> IkeSaStatus {
        let mut sas = self.ends[end].status();
        sas.retain(|sa| sa.stage == Stage::Established);
        assert_eq!(sas.len(), 1, "{sas:?}");
        sas.remove(0)
    }

    /// Where the packets of the child go from an end.
    pub(crate) fn outer(&self, end: usize) -> Option<Outer> {
        self.moved[end].values().last().copied()
    }

    /// An end has these addresses from now on.
    pub(crate) fn set_addresses(&mut self, end: usize, addresses: &[&str]) {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.addresses[end].clone_from(&addresses);
        self.at(end, |endpoint, now| endpoint.readdress(now, addresses));
    }

    /// A datagram as it arrives, and at which end; nothing where nobody is.
    pub(crate) fn arrives(&self, flight: &Flight) -> Option<(usize, Flight)> {
        let mut flight = flight.clone();
        let to = flight.destination;
        if let Some(translator) = self.boxes.iter().flatten().find(|t| t.outside == to.ip()) {
            flight.destination = translator.into(to)?;
        }
        let end = self.addresses.iter().position(|own| own.contains(&flight.destination.ip()))?;
        Some((end, flight))
    }

    pub(crate) fn deliver(&mut self, flight: &Flight) {
        let Some((end, flight)) = self.arrives(flight) else {
            return writeln!(self.text, "      nobody is at {}", flight.destination).unwrap();
        };
        self.ends[end].handle(self.now, flight.source, flight.destination, &flight.octets);
        self.drain(end);
    }

    pub(crate) fn deliver_all(&mut self) {
        while !self.flights.is_empty() {
            let flight = self.flights.remove(0);
            self.deliver(&flight);
        }
    }

    /// Goes on to the next timer before `until`; false when there is none.
    pub(crate) fn wait(&mut self, until: Instant) -> bool {
        let next = self.ends.iter().filter_map(Endpoint::next_timeout).map(|(at, _)| at).min();
        let Some(next) = next.filter(|next| *next <= until) else { return false };
        self.now = self.now.max(next);
        for end in 0..2 {
            self.at(end, |endpoint, now| endpoint.timeout(now, &|_| None));
        }
        self.deliver_all();
        true
    }

    pub(crate) fn drain(&mut self, end: usize) {
        while let Some(output) = self.ends[end].poll() {
            match output {
                Output::Datagram { source, destination, octets } => {
                    let source = match &mut self.boxes[end] {
                        Some(translator) => translator.out(source),
                        None => source,
                    };
                    self.flights.push(Flight { source, destination, octets });
                }
                Output::Install(pair) => {
                    self.installed[end].insert(pair.inbound.spi, *pair);
                }
                Output::Remove { inbound } => {
                    self.installed[end].remove(&inbound);
                    self.moved[end].remove(&inbound);
                }
                Output::Readdress { inbound, outer } => {
                    assert!(self.installed[end].contains_key(&inbound), "what is moved is there");
                    self.moved[end].insert(inbound, outer);
                }
                Output::Keepalive { source, destination } => {
                    writeln!(self.text, "{}  reminds {destination} from {source}", NAMES[end]).unwrap();
                }
                Output::StopSending { .. } => {}
                Output::Skip { .. } => panic!("nothing is taken over here"),
                Output::Event(event) => self.events[end].push(event),
            }
        }
        self.tell(end);
    }

    fn tell(&mut self, end: usize) {
        for event in &self.events[end][self.told[end]..] {
            let line = match event {
                Event::Sent(message) => format!("-> {}: {message}", message.peer),
                Event::Received(message) => format!("<- {}: {message}", message.peer),
                Event::ChildUp(record) => format!("child {} up", record.child),
                Event::ChildDown { child, cause, .. } => format!("child {child} down: {cause}"),
                Event::ChildFailed { child, failure } => format!("child {child} failed: {failure}"),
                Event::IkeUp { .. } => "IKE SA up".to_owned(),
                Event::IkeDown { cause, .. } => format!("IKE SA down: {cause}"),
                Event::IkeFailed { failure, .. } => format!("IKE SA failed: {failure}"),
                Event::Dropped { from, reason } => format!("dropped from {from}: {reason}"),
                Event::Moved { local, remote, with_children: true, .. } => {
                    format!("runs from {local} to {remote}")
                }
                Event::Moved { local, remote, .. } => {
                    format!("runs from {local} to {remote}; its children stay")
                }
                Event::Probe(probe) => format!("({probe})"),
                Event::IkeKeyed(_) | Event::Configured { .. } | Event::Synchronised { .. } => continue,
            };
            writeln!(self.text, "{}  {line}", NAMES[end]).unwrap();
        }
        self.told[end] = self.events[end].len();
    }
}
