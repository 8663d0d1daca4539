//! Two endpoints that set up an IKE SA with a child, and what both tell of it in the order in which it happens.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use ipsec_auth::eap::{EapMethod, EapServerConfig, EapUsers};
use ipsec_auth::x509::laboratory::{Authority, Wish};
use ipsec_auth::x509::{Certificate, TrustStore};
use ipsec_auth::{Authenticate, Credential, Identity, IdentityPattern, Prove, preferred_algorithms};
use ipsec_crypto::{
    AeadAlgorithm, Entropy, KeyExchangeAlgorithm, KeyType, PORTABLE, PrfAlgorithm, Secret,
    SignatureAlgorithm, Signer,
};
use ipsec_dataplane::Encryption;
use ipsec_ikev2::{
    ChildConfig, ChildProposal, Config, Connection, Endpoint, Event, IKE_PORT, IkeProposal, Output,
};
use ipsec_net::{Instant, Prefix};

const ENDS: [&str; 2] = ["192.0.2.1", "198.51.100.1"];
const NAMES: [&str; 2] = ["west", "east"];
/// 2026-01-01.
pub(crate) const EPOCH: u64 = 1_767_225_600;

/// Repeatable luck.
pub(crate) struct Luck(pub(crate) u64);

impl Entropy for Luck {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes {
            // Knuth's MMIX generator; only its upper bits are random enough.
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (self.0 >> 56) as u8;
        }
    }
}

/// How each end proves itself, and how the other one wants it.
#[derive(Clone)]
pub(crate) struct Ways {
    pub(crate) prove: [Prove; 2],
    pub(crate) authenticate: [Authenticate; 2],
    pub(crate) local: [Identity; 2],
    pub(crate) remote: [IdentityPattern; 2],
}

pub(crate) fn name(end: usize) -> Identity {
    format!("{}.example", NAMES[end]).parse().unwrap()
}

impl Ways {
    /// West proves itself as `west` says, east as `east` says; the others' demands are given behind.
    pub(crate) fn new(west: (Prove, Authenticate), east: (Prove, Authenticate)) -> Self {
        let is = |end| IdentityPattern::Exactly(name(end));
        Self {
            prove: [west.0, east.0],
            authenticate: [east.1, west.1],
            local: [name(0), name(1)],
            remote: [is(1), is(0)],
        }
    }
}

pub(crate) fn psk() -> (Prove, Authenticate) {
    let secret = Secret::from(b"correct horse battery staple".to_vec());
    (Prove::SharedKey(secret.clone()), Authenticate::SharedKey(secret))
}

pub(crate) fn algorithms() -> Vec<SignatureAlgorithm> {
    KeyType::ALL.iter().flat_map(|key_type| preferred_algorithms(*key_type)).copied().collect()
}

pub(crate) fn root() -> Authority {
    let validity = (EPOCH - 86_400, EPOCH + 86_400);
    let wish = Wish { subject: "CN=Root", names: &[], key_type: KeyType::P256, validity };
    Authority::root(&wish, &mut Luck(1)).unwrap()
}

pub(crate) fn issued(root: &Authority, end: usize, key_type: KeyType) -> Credential {
    let validity = (EPOCH - 3600, EPOCH + 3600);
    let wish = Wish { subject: &format!("CN={}", NAMES[end]), names: &[name(end)], key_type, validity };
    root.issue(&wish, &mut Luck(2 + end as u64)).unwrap()
}

pub(crate) fn below(anchor: &Certificate) -> Authenticate {
    let trust = Arc::new(TrustStore { anchors: vec![anchor.clone()], ..TrustStore::default() });
    Authenticate::Signature { trust, algorithms: algorithms(), binds_identity: true }
}

/// A certificate of the laboratory's root for an end.
pub(crate) fn certificate(end: usize, key_type: KeyType) -> (Prove, Authenticate) {
    let root = root();
    let credentials = vec![issued(&root, end, key_type)];
    (Prove::Signature { credentials, algorithms: algorithms() }, below(root.certificate()))
}

pub(crate) fn raw_key(end: usize) -> (Prove, Authenticate) {
    let signer = Signer::generate(KeyType::Ed25519, &mut Luck(end as u64));
    let keys = vec![signer.verifier()];
    let algorithms = algorithms();
    (Prove::RawKey { signer, algorithms: algorithms.clone() }, Authenticate::RawKey { keys, algorithms })
}

pub(crate) const NULL: (Prove, Authenticate) = (Prove::Null, Authenticate::Null);

/// The user alice with this password, where the peer wants `wanted` and the server offers `offered`.
pub(crate) fn eap(password: &str, wanted: &[EapMethod], offered: &[EapMethod]) -> (Prove, Authenticate) {
    let users = EapUsers::from([("west.example".to_owned(), "wonderland".into())]);
    let prove =
        Prove::Eap { user: "west.example".to_owned(), password: password.into(), methods: wanted.to_vec() };
    let authenticate = Authenticate::Eap(EapServerConfig {
        name: "east".to_owned(),
        methods: offered.to_vec(),
        users: Arc::new(users),
        asks_identity: false,
        notice: None,
    });
    (prove, authenticate)
}

fn connection(ways: &Ways, end: usize) -> Connection {
    let [local, remote] = [end, 1 - end].map(|end| ENDS[end]);
    let range = |end: usize| vec![format!("10.{}.0.0/16", end + 1).parse::<Prefix>().unwrap().range()];
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let proposal = ChildProposal {
        encryption: encryption.clone(),
        integrity: Vec::new(),
        key_exchange: Vec::new(),
        additional: Default::default(),
        extended_sequence_numbers: vec![false],
    };
    Connection {
        local_id: ways.local[end].clone(),
        remote_id: ways.remote[end].clone(),
        prove: ways.prove[end].clone(),
        authenticate: ways.authenticate[end].clone(),
        proposals: vec![IkeProposal {
            encryption,
            integrity: Vec::new(),
            prf: vec![PrfAlgorithm::HmacSha2_256],
            key_exchange: vec![KeyExchangeAlgorithm::X25519],
            additional: Default::default(),
        }],
        children: vec![ChildConfig::new("net", vec![proposal], range(end), range(1 - end))],
        ..Connection::new("site", local.parse().unwrap(), remote.parse().unwrap(), Secret::from(vec![0]))
    }
}

pub(crate) struct World {
    pub(crate) now: Instant,
    ends: [Endpoint; 2],
    flights: Vec<(usize, Vec<u8>)>,
    /// What was told, a line each.
    pub(crate) told: String,
    /// How many messages were sent.
    pub(crate) sent: usize,
    /// The number of the message that is lost.
    pub(crate) lost: Option<usize>,
}

impl World {
    pub(crate) fn new(ways: &Ways) -> Self {
        Self::of([connection(ways, 0), connection(ways, 1)])
    }

    /// The same with connections that are changed before.
    pub(crate) fn with(ways: &Ways, change: impl Fn(&mut Connection)) -> Self {
        let mut connections = [connection(ways, 0), connection(ways, 1)];
        connections.iter_mut().for_each(change);
        Self::of(connections)
    }

    fn of(connections: [Connection; 2]) -> Self {
        let mut luck = 0x5eed;
        let ends = connections.map(|connection| {
            luck += 1;
            Endpoint::new(Config::new(vec![connection]), &PORTABLE, Box::new(Luck(luck)))
        });
        Self { now: Instant::ZERO, ends, flights: Vec::new(), told: String::new(), sent: 0, lost: None }
    }

    /// West begins, and all that follows follows.
    pub(crate) fn run(&mut self) -> &str {
        self.ends[0].initiate(self.now, "net").unwrap();
        self.drain(0);
        loop {
            while !self.flights.is_empty() {
                let (to, octets) = self.flights.remove(0);
                let [here, there] =
                    [to, 1 - to].map(|end| SocketAddr::new(ENDS[end].parse().unwrap(), IKE_PORT));
                self.ends[to].handle(self.now, there, here, &octets);
                self.drain(to);
            }
            let Some((at, _)) = self.ends.iter().filter_map(Endpoint::next_timeout).min() else {
                return &self.told;
            };
            self.now = self.now.max(at);
            for end in 0..2 {
                self.ends[end].timeout(self.now, &|_| None);
                self.drain(end);
            }
        }
    }

    /// How many ends have an established IKE SA with a child.
    pub(crate) fn established(&self) -> usize {
        let is_up = |end: &&Endpoint| end.status().iter().any(|sa| !sa.children.is_empty());
        self.ends.iter().filter(is_up).count()
    }

    fn drain(&mut self, end: usize) {
        while let Some(output) = self.ends[end].poll() {
            match output {
                Output::Datagram { octets, .. } => {
                    if self.lost != Some(self.sent) {
                        self.flights.push((1 - end, octets));
                    }
                    self.sent += 1;
                }
                Output::Event(event) => {
                    let line = match event {
                        Event::Sent(message) => format!("-> {message}"),
                        Event::IkeUp { peer, .. } => format!("IKE SA up with {peer}"),
                        Event::IkeFailed { failure, .. } => format!("failed: {failure}"),
                        Event::ChildUp(record) => format!("child {} up", record.child),
                        Event::Dropped { reason, .. } => format!("dropped: {reason}"),
                        Event::Probe(probe) => format!("({probe})"),
                        _ => continue,
                    };
                    writeln!(self.told, "{}  {line}", NAMES[end]).unwrap();
                }
                Output::Install(_)
                | Output::Remove { .. }
                | Output::Readdress { .. }
                | Output::StopSending { .. }
                | Output::Skip { .. }
                | Output::Keepalive { .. } => {}
            }
        }
    }
}
