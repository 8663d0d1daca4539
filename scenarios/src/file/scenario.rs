//! A scenario whose references are checked and whose defaults are filled in. Lists keep the order of the file.

mod life;

use std::collections::BTreeSet;
mod credentials;
mod mobility;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use ipsec::auth::IdentityPattern;
use ipsec::crypto::IntegrityAlgorithm;
use ipsec::dataplane::{LifetimePolicy, Protection, SaOptions};
use ipsec::ikev2::{FullTranscript, PpkConfig, Service};
use ipsec::wire::Spi;
use ipsec::wire::v2::ConfigAttribute;
use ipsec_net::{AddressRange, Instant, Prefix};
use sim::middlebox::nat::Behaviour;
use sim::{Decision, Outage};

pub use credentials::{Authentication, Authority, Certificate, Demand, List, Proof, Validity};

use super::{ChildProposal, IkeProposal};
use crate::node::{Attack, Stage};
use crate::quantity::{Delay, Ratio};
use crate::story::Story;

pub use life::{ChildLife, IkeLife, TicketGrant};
pub use mobility::{Mobility, PeerAddress};

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it shows, in one sentence.
    pub title: String,
    /// The clauses that it puts to the test.
    pub covers: Vec<Clause>,
    /// The seeds it is run with unless told otherwise.
    pub seeds: Range<u64>,
    /// Words to select scenarios by.
    pub tags: Vec<String>,
    /// Names of drop reasons that are no failure here.
    pub allowed_drops: Vec<String>,
    /// What befalls packets, exactly; where it is nothing, the links' chances and the seed say that.
    pub faults: Option<Vec<Decision>>,
    /// When a run ends at the latest; not before the story does.
    pub limit: Instant,
    /// The gateways.
    pub peers: Vec<Peer>,
    /// The routers.
    pub routers: Vec<Router>,
    /// The translators.
    pub nats: Vec<Nat>,
    /// The testers.
    pub testers: Vec<Tester>,
    /// The links between them; where two peers share an IKE configuration and no way is written, a link was made.
    pub links: Vec<Link>,
    /// The laboratory's authorities, each behind its issuer.
    pub authorities: Vec<Authority>,
    /// The certificates that they have issued.
    pub certificates: Vec<Certificate>,
    /// The pools of inside addresses.
    pub pools: Vec<Pool>,
    /// The IKE configurations.
    pub ikes: Vec<Ike>,
    /// The child configurations.
    pub children: Vec<Child>,
    /// The manual SAs.
    pub manual: Vec<Manual>,
    /// The policies that come before those of children and manual SAs.
    pub policies: Vec<Policy>,
    /// The traffic between protected hosts.
    pub traffic: Vec<Traffic>,
    /// What happens.
    pub story: Story,
}

impl Scenario {
    /// The peer of this name.
    #[must_use]
    pub fn peer(&self, name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == name)
    }

    /// The link of this name.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The IKE configuration of this name.
    #[must_use]
    pub fn ike(&self, name: &str) -> Option<&Ike> {
        self.ikes.iter().find(|ike| ike.name == name)
    }

    /// The child configuration of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Child> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The peers that set up a child as soon as the world begins.
    pub(crate) fn starters(&self) -> BTreeSet<&str> {
        let ends = self.children.iter().flat_map(|child| &child.ends);
        ends.filter(|end| end.life.start).map(|end| end.peer.as_str()).collect()
    }

    /// The traffic of this name.
    #[must_use]
    pub fn traffic(&self, name: &str) -> Option<&Traffic> {
        self.traffic.iter().find(|traffic| traffic.name == name)
    }
}

/// A clause of a specification, such as `rfc7296#2.8.1` or `rfc7296#C.1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clause {
    /// The RFC's number.
    pub rfc: u16,
    /// The section.
    pub section: String,
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rfc{}#{}", self.rfc, self.section)
    }
}

/// A security gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its outer address; the first of those that it has from the beginning.
    pub address: IpAddr,
    /// All outer addresses that it has or may have later, that one first.
    pub addresses: Vec<PeerAddress>,
    /// The networks behind it; empty, or disjoint from every other peer's.
    pub protects: Vec<Prefix>,
    /// Who it says it is: an address, a mail address or a domain name.
    pub identity: String,
    /// The largest packet it sends to the outer side, in octets; what its own links take when nothing.
    pub mtu: Option<u16>,
    /// When it demands cookies as responder.
    pub cookies: Cookies,
    /// How long it takes before it looks at an IKE message.
    pub think: Duration,
    /// How long an IKE SA may stay half open at it.
    pub half_open_timeout: Duration,
    /// How it grants tickets to resume IKE SAs with (RFC 5723), if it does.
    pub tickets: Option<TicketGrant>,
    /// How many may be half open at once; as the implementation has it when nothing is said.
    pub half_open_limit: Option<usize>,
    /// While as many are half open it demands puzzles of initiators (RFC 8019); never when nothing.
    pub puzzles: Option<usize>,
    /// The secret of the tokens by which it tells its peers that it has crashed (RFC 6290); it makes none without.
    pub token: Option<String>,
}

/// When a responder demands a cookie (RFC 7296 §2.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cookies {
    /// Never.
    Never,
    /// From each initiator.
    Always,
    /// While many IKE SAs are half open.
    #[default]
    WhenBusy,
}

/// A router between peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// Its addresses, from which it tells senders what became of their packets; none of a version means that it says
    /// nothing in that.
    pub addresses: Vec<IpAddr>,
    /// Whether it says nothing of packets that are too big for the next link.
    pub silent: bool,
    /// Whether it marks everything as having met congestion, even what is not ECN-capable (RFC 3168 §5 forbids that).
    pub marks: bool,
}

/// A translator between an inside and an outside network (NAT44).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nat {
    /// Its name.
    pub name: String,
    /// Its addresses outside; at least one.
    pub addresses: Vec<Ipv4Addr>,
    /// Its address inside.
    pub gateway: Ipv4Addr,
    /// The link at its inside; its other link is outside.
    pub inside: String,
    /// What RFC 4787 leaves to it.
    pub behaviour: Behaviour,
}

/// Somebody on the path between the two ends of an IKE configuration who says what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tester {
    /// Its name.
    pub name: String,
    /// The IKE configuration, whose secret it knows.
    pub ike: String,
    /// The end of it in whose name it speaks to the other one.
    pub poses: String,
    /// What it says.
    pub attack: Attack,
    /// How far it goes in good order before it says that.
    pub stage: Stage,
    /// The peer from whose address it repeats what passes, in the attack that does so.
    pub victim: Option<String>,
    /// How many times.
    pub count: u32,
    /// How long it waits between two times.
    pub every: Duration,
}

/// A link between two peers, routers, translators or testers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name; `west-east` for one that nobody wrote.
    pub name: String,
    /// Its two ends, in the order of the file.
    pub ends: [LinkEnd; 2],
}

/// One end of a link, and how the link treats what comes from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkEnd {
    /// The peer, the router or the translator.
    pub node: String,
    /// How its packets fare.
    pub quality: Quality,
}

/// What happens to packets in one direction of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality {
    /// How long they take.
    pub delay: Delay,
    /// Whether jitter leaves their order as it is.
    pub in_order: bool,
    /// The chance to be lost.
    pub loss: Ratio,
    /// The mean length of bursts of losses in packets; nothing when each packet is lost or not whatever befell others.
    pub burst: Option<u16>,
    /// The chance to be overtaken.
    pub reorder: Ratio,
    /// The chance to arrive twice.
    pub duplicate: Ratio,
    /// The chance to arrive with wrong bits.
    pub corrupt: Ratio,
    /// The chance to arrive without its end.
    pub truncate: Ratio,
    /// The largest packet that fits, in octets.
    pub mtu: u16,
    /// How many bits of packets fit through it a second, and how they wait; nothing when they need not.
    pub line: Option<Line>,
    /// When it carries nothing.
    pub outage: Option<Outage>,
}

/// The capacity of a link and the queue before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Bits per second.
    pub rate: u64,
    /// How long a packet waits at most: a full queue takes so long to drain.
    pub queue: Duration,
    /// Whether packets that wait for long are dropped before the queue is full (RFC 8289).
    pub codel: bool,
    /// Whether it marks packets that understand ECN where it would drop others (RFC 3168).
    pub ecn: bool,
}

impl Default for Quality {
    /// 1 ms, no faults, 1500 octets, no queue.
    fn default() -> Self {
        Self {
            delay: Delay { mean: Duration::from_millis(1), jitter: Duration::ZERO },
            loss: Ratio::NEVER,
            reorder: Ratio::NEVER,
            duplicate: Ratio::NEVER,
            in_order: false,
            burst: None,
            corrupt: Ratio::NEVER,
            truncate: Ratio::NEVER,
            mtu: 1500,
            line: None,
            outage: None,
        }
    }
}

/// Inside addresses that a peer lends, and what it tells those who get one (RFC 7296 §2.19).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// The peer that has it.
    pub at: String,
    /// The addresses, in the order in which they are lent.
    pub addresses: Vec<AddressRange>,
    /// What is told with them.
    pub tells: Vec<ConfigAttribute>,
}

/// An IKE configuration that two peers share, or believe they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ike {
    /// Its name.
    pub name: String,
    /// What each end is told, in the order of the file.
    pub ends: [IkeEnd; 2],
    /// How long an end waits at least before it tells the other one again of a packet that its SA is not for; it never tells
    /// when nothing.
    pub selector_notices: Option<Duration>,
    /// How requests are repeated.
    pub retransmission: Retransmission,
    /// How long its IKE SAs last: in time only.
    pub lifetime: LifetimePolicy,
    /// How often an initiator begins anew when an attempt fails; 1 means a single attempt.
    pub attempts: u32,
    /// How many children each end lets one IKE SA have.
    pub most_children: Option<u32>,
}

/// An IKE configuration as one end has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeEnd {
    /// The peer.
    pub peer: String,
    /// The mode of phase 1, if it speaks version 1; version 2 when nothing.
    pub older: Option<ipsec::ikev1::Mode>,
    /// Who it says it is, how it proves that, and how the other end has to.
    pub authentication: Authentication,
    /// Who the other end has to prove to be.
    pub expects: IdentityPattern,
    /// What it offers and accepts, best first. The first group of the first proposal is the one whose public value is
    /// sent.
    pub offer: Vec<IkeProposal>,
    /// Ask whether the other end is alive after this much silence; never when nothing.
    pub liveness: Option<Duration>,
    /// What it does against quantum computers.
    pub quantum: Quantum,
    /// Where the other end is, as this one sees it; anywhere when nothing.
    pub remote: Option<IpAddr>,
    /// How it gets through NAT.
    pub nat: NatTraversal,
    /// How its IKE SAs begin, and what follows when one ends.
    pub life: IkeLife,
    /// What it asks the other end for, as initiator.
    pub asks: Vec<ConfigAttribute>,
    /// The pools that it assigns from.
    pub assigns: Vec<String>,
    /// How long packets with IKE messages are before these are cut in pieces, in octets, the size to begin with first; never
    /// cut when none is there; as the implementation has it when nothing is said (RFC 7383).
    pub fragments: Option<Vec<usize>>,
    /// How many requests it takes at once (RFC 7296 §2.3).
    pub window: u32,
    /// Whether and how its IKE SAs move.
    pub mobility: Mobility,
}

/// What one end does against quantum computers, besides what it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantum {
    /// Whether it speaks `IKE_INTERMEDIATE` (RFC 9242).
    pub intermediate: bool,
    /// Its post-quantum preshared key (RFC 8784, RFC 9867).
    pub ppk: Option<PpkConfig>,
    /// Whether both `IKE_SA_INIT` messages are part of what each end proves.
    pub full_transcript: FullTranscript,
}

/// How an end gets through NAT (RFC 7296 §2.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatTraversal {
    /// Whether it looks for NAT.
    pub enabled: bool,
    /// Whether ESP goes in UDP even without NAT.
    pub encapsulate: bool,
    /// How often it reminds NAT of itself; never when nothing.
    pub keepalive: Option<Duration>,
    /// Whether it begins at port 4500.
    pub starts_on_nat_port: bool,
}

/// How requests are repeated (RFC 7296 §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission {
    /// The time from the first transmission to the second.
    pub first: Duration,
    /// Each wait is so much longer than the one before.
    pub factor: Ratio,
    /// The longest wait.
    pub longest: Duration,
    /// How many times a request is sent, the first included, before it is given up.
    pub tries: u32,
}

impl Default for Retransmission {
    /// 1 s, doubled up to 16 s, 8 times: given up after 63 s.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: Ratio { part: 2, whole: 1 },
            longest: Duration::from_secs(16),
            tries: 8,
        }
    }
}

/// A Child SA configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: String,
    /// The IKE configuration that it belongs to.
    pub ike: String,
    /// What each end is told, in the order of the IKE configuration's ends.
    pub ends: [ChildEnd; 2],
}

/// A Child SA configuration as one end has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildEnd {
    /// The peer.
    pub peer: String,
    /// The networks at its own side; not empty.
    pub local: Vec<Prefix>,
    /// The networks at the other side; not empty.
    pub remote: Vec<Prefix>,
    /// What it offers and accepts, best first.
    pub offer: Vec<ChildProposal>,
    /// The anti-replay window in packets: 0 (no check) or 32 to 4096.
    pub replay_window: u32,
    /// The mode that it asks for and agrees to.
    pub mode: Mode,
    /// How long its SAs may be used.
    pub lifetime: LifetimePolicy,
    /// Whether a soft limit replaces them.
    pub rekey: bool,
    /// What else they do.
    pub options: SaOptions,
    /// How it begins, and what follows when it ends.
    pub life: ChildLife,
    /// What it agrees to, and what sets it up.
    pub terms: ChildTerms,
}

/// What one end of a child agrees to beside networks and algorithms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildTerms {
    /// Which packets between the networks it carries, its own ports first; all when there are none.
    pub services: Vec<Service>,
    /// The security labels that its SAs may have, best first.
    pub labels: Vec<String>,
    /// Whether a packet without an SA sets one up.
    pub on_demand: bool,
    /// Whether each SA is for one address at either end.
    pub single_pair: bool,
    /// How many SAs there are beside the first, for one resource each.
    pub resources: u32,
    /// Whether it takes padding against traffic analysis.
    pub takes_padding: bool,
    /// Whether later fragments go with the first ones.
    pub later_fragments: bool,
}

impl Default for ChildTerms {
    /// All packets, no label, by command, with padding and later fragments.
    fn default() -> Self {
        Self {
            services: Vec::new(),
            labels: Vec::new(),
            on_demand: false,
            single_pair: false,
            resources: 0,
            takes_padding: true,
            later_fragments: true,
        }
    }
}

/// Packets between two protected hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Its name.
    pub name: String,
    /// The hosts, in the order of the file.
    pub ends: [Host; 2],
    /// What kind of packets.
    pub kind: TrafficKind,
    /// The time from one packet to the next, in each direction.
    pub interval: Duration,
    /// Octets of UDP payload or of ICMP echo data, both ends of the range included; at least [`Traffic::SMALLEST`].
    pub sizes: RangeInclusive<u16>,
    /// Whether the second host sends too.
    pub both: bool,
    /// Whether routers may not cut its packets. The hosts then cut them to what the path takes once they know that.
    pub dont_fragment: bool,
    /// How far its packets go.
    pub hop_limit: u8,
    /// Their DSCP (upper six bits) and ECN (lower two).
    pub traffic_class: u8,
    /// The UDP port at both ends.
    pub port: u16,
    /// The hosts cut packets longer than this, in octets, before they send them.
    pub fragments: Option<u16>,
}

impl Traffic {
    /// The least octets of payload, so that each packet can carry its name and number.
    pub const SMALLEST: u16 = 16;
    /// The most octets of payload that fit an IPv4 packet with its header and a UDP header.
    pub const LARGEST: u16 = 65_507;
}

/// A host behind a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its address.
    pub address: IpAddr,
    /// The peer that protects it.
    pub peer: String,
}

/// Kinds of traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrafficKind {
    /// UDP datagrams.
    #[default]
    Udp,
    /// ICMP echo requests, which the other host answers.
    Ping,
    /// UDP datagrams to the echo port, which the other host sends back (RFC 862).
    Echo,
}

impl TrafficKind {
    /// Whether the second host answers what the first one sends, and sends nothing else.
    #[must_use]
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Ping | Self::Echo)
    }
}

/// An SA pair whose keys stand in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manual {
    /// Its name.
    pub name: String,
    /// What each end is told, in the order of the file.
    pub ends: [ManualEnd; 2],
}

/// A manual SA pair as one end has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualEnd {
    /// The peer.
    pub peer: String,
    /// Whether it protects what is between two networks, or what the peers themselves send each other.
    pub mode: Mode,
    /// The size of the replay window in packets.
    pub replay_window: u32,
    /// Whether sequence numbers have 64 bits.
    pub extended_sequence_numbers: bool,
    /// Of the packets that it receives.
    pub inbound: ManualKeying,
    /// Of the packets that it sends.
    pub outbound: ManualKeying,
    /// The networks at its own side; its address in transport mode.
    pub local: Vec<Prefix>,
    /// The networks at the other side.
    pub remote: Vec<Prefix>,
    /// What else its SAs do.
    pub options: SaOptions,
}

/// How packets are encapsulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Packets between the networks that the two peers protect, in packets between the peers.
    Tunnel,
    /// Packets between the peers' own addresses.
    Transport,
}

/// SPI, algorithms and key of one direction.
#[derive(Clone, PartialEq, Eq)]
pub struct ManualKeying {
    /// The SPI; of ESP in a bundle.
    pub spi: Spi,
    /// ESP or AH, and the algorithms. ESP in a bundle has none for integrity.
    pub protection: Protection,
    /// Encryption key, salt and integrity key, one after the other.
    pub key: Vec<u8>,
    /// AH round ESP, in a bundle.
    pub bundled: Option<ManualAh>,
}

/// The AH of a bundle.
#[derive(Clone, PartialEq, Eq)]
pub struct ManualAh {
    /// Its SPI.
    pub spi: Spi,
    /// Its algorithm.
    pub integrity: IntegrityAlgorithm,
    /// Its key.
    pub key: Vec<u8>,
}

/// Without the key.
impl fmt::Debug for ManualAh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} SPI {}", self.integrity.name(), self.spi)
    }
}

/// Without the key.
impl fmt::Debug for ManualKeying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} SPI {}", self.protection, self.spi)?;
        self.bundled.as_ref().map_or(Ok(()), |ah| write!(f, " in {ah:?}"))
    }
}

/// A policy for packets that need no protection, or get nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The peers that have it.
    pub at: Vec<String>,
    /// What it does.
    pub action: PolicyAction,
    /// The networks between which the packets go, from either to the other.
    pub between: [Vec<Prefix>; 2],
    /// The upper-layer protocol; any when nothing.
    pub protocol: Option<u8>,
    /// The destination port of packets to the second networks; any when nothing.
    pub port: Option<u16>,
    /// Which way its packets go, seen from its peers; both when nothing.
    pub direction: Option<ipsec::dataplane::Direction>,
}

/// What a policy does with its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAction {
    /// They pass as they are.
    Bypass,
    /// They are dropped.
    Discard,
}
