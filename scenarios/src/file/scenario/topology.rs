//! Peers, what stands between them, and the links.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipsec_net::Prefix;
use sim::Outage;
use sim::middlebox::firewall::Policy;
use sim::middlebox::nat::Behaviour;

use super::life::TicketGrant;
use super::mobility::PeerAddress;
use crate::node::{Attack, Phase1, Script, Stage};
use crate::quantity::{Delay, Ratio};

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
    /// How its clock goes.
    pub clock: Clock,
}

/// A clock that may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// How far it is ahead at the beginning, in seconds; behind where it is negative.
    pub off: i64,
    /// How many nanoseconds it gains a second; it loses some where it is negative.
    pub drift: i64,
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

/// A packet filter between an inside and an outside network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firewall {
    /// Its name.
    pub name: String,
    /// The link at its inside; its other link is outside.
    pub inside: String,
    /// What it lets through.
    pub policy: Policy,
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
    /// What it does.
    pub part: Part,
}

/// What a tester does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It says what is wrong, again and again.
    Attack(Assault),
    /// It says and hears what its script has.
    Script(Script),
}

/// Something wrong that is said again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assault {
    /// What.
    pub attack: Attack,
    /// How far it goes in good order before it says that.
    pub stage: Stage,
    /// How it begins phase 1 of version 1, as the offer of the end in whose name it speaks has it; it speaks version 2 when nothing.
    pub older: Option<Phase1>,
    /// The peer from whose address it repeats what passes, in the attack that does so.
    pub victim: Option<String>,
    /// How many times.
    pub count: u32,
    /// How long it waits between two times.
    pub every: Duration,
}

/// A link between two peers, routers, translators, firewalls or testers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name; `west-east` for one that nobody wrote.
    pub name: String,
    /// Its two ends, in the order of the file.
    pub ends: [LinkEnd; 2],
}

impl Link {
    /// Whether this node is at one of its ends.
    #[must_use]
    pub fn joins(&self, node: &str) -> bool {
        self.ends.iter().any(|end| end.node == node)
    }
}

/// One end of a link, and how the link treats what comes from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkEnd {
    /// The peer, the router, the translator, the firewall or the tester.
    pub node: String,
    /// How its packets fare.
    pub quality: Quality,
}

/// What happens to packets in one direction of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality {
    /// How long they take.
    pub delay: Delay,
    /// How that is spread.
    pub spread: Spread,
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

/// How delays differ from their mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// By up to the jitter, each amount as likely as any other.
    #[default]
    Even,
    /// As the normal distribution, the jitter its standard deviation.
    Normal,
    /// As an exponential distribution on top of the least delay, the jitter its standard deviation: most are little more than the
    /// least, and few are far more.
    Exponential,
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
            spread: Spread::Even,
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
