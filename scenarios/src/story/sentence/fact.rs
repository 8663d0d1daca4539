//! What has to be so in a story.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipsec::dataplane::{Limit, Measure};
use ipsec::wire::v2::TrafficSelector;
use ipsec_net::{Instant, format_duration};

use super::FailureReason;
use crate::file::IkeProposal;
use crate::quantity::Ratio;

/// Something that has to be so. With `within`, it has to become true at an instant not later than that after the
/// sentence's own; zero means at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// At each of the peers at least one SA pair of the child is installed.
    ChildUp {
        /// The child.
        child: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// At each of the peers no SA of the child is installed.
    NoChild {
        /// The child.
        child: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers has exactly so many SA pairs of the child.
    ChildCount {
        /// The child.
        child: String,
        /// How many.
        count: u32,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// At each of the peers exactly one SA pair of the child is installed.
    OneChild {
        /// The child.
        child: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// At each of the peers an IKE SA is established.
    IkeUp {
        /// The IKE configuration.
        ike: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// At each of the peers there is no IKE SA, half-open ones included.
    IkeDown {
        /// The IKE configuration.
        ike: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers reports a failure for this reason.
    Failure {
        /// Why.
        reason: FailureReason,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers has the inside address, or lends it.
    Address {
        /// The address.
        address: IpAddr,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// None of the peers has or lends an inside address.
    NoAddress {
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers tells or is told something with these words in it.
    Told {
        /// The words.
        words: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers reports a failure, for the reason if one is told, in a sentence that has these words.
    FailureSaying {
        /// Why, if that matters.
        reason: Option<FailureReason>,
        /// The words.
        words: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers drops a packet.
    Drop {
        /// The reason's name, such as `sa-replayed`.
        reason: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// At each of the peers an SA pair reaches a limit of its lifetime.
    Reaches {
        /// The child or the manual SA.
        sa: String,
        /// Which limit.
        limit: Limit,
        /// Of what.
        measure: Measure,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers meets a situation.
    Probe {
        /// The probe's name, such as `ikev2.invalid-ke.sent`.
        probe: String,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers sends at least so many IKE requests again.
    Retransmissions {
        /// How many.
        count: u32,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers has an established IKE SA with these algorithms.
    Suite {
        /// The IKE configuration.
        ike: String,
        /// The peers.
        at: Vec<String>,
        /// The algorithms.
        suite: Box<IkeProposal>,
        /// How soon.
        within: Duration,
    },
    /// The child's installed traffic selectors at the peer are exactly these (RFC 7296 §2.9).
    Selectors {
        /// The child.
        child: String,
        /// The peer.
        peer: String,
        /// Which.
        selectors: Selectors,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers sends the child's packets in UDP, or none of them does.
    Encapsulated {
        /// The child.
        child: String,
        /// Whether they are in UDP.
        in_udp: bool,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// At each of the peers the packets of the child run between these outer addresses.
    Between {
        /// The child.
        child: String,
        /// The addresses, in any order.
        ends: [IpAddr; 2],
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// The peer's established IKE SA runs to this address.
    RunsTo {
        /// The IKE configuration.
        ike: String,
        /// The peer.
        peer: String,
        /// The other end's address as the peer sees it.
        address: IpAddr,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers sends at most so many IKE messages in the time, repeats among them.
    Messages {
        /// How many.
        most: u32,
        /// The peers.
        at: Vec<String>,
        /// The first instant.
        from: Instant,
        /// The instant behind the last.
        to: Instant,
    },
    /// Each of the scenario's `faults` has befallen a packet.
    FaultsHappen {
        /// How soon.
        within: Duration,
    },
    /// Each packet of the traffic that is sent in the time arrives.
    LosesNothing {
        /// The traffic.
        traffic: String,
        /// The first instant.
        from: Instant,
        /// The instant behind the last.
        to: Instant,
    },
    /// No packet of the traffic that is sent in the time arrives.
    ReachesNobody {
        /// The traffic.
        traffic: String,
        /// The first instant.
        from: Instant,
        /// The instant behind the last.
        to: Instant,
    },
    /// At least this share of the packets that are sent in the time arrives.
    Delivers {
        /// The traffic.
        traffic: String,
        /// The share.
        share: Ratio,
        /// The first instant.
        from: Instant,
        /// The instant behind the last.
        to: Instant,
    },
    /// The tester has come to the end of its script.
    Done {
        /// Who.
        tester: String,
        /// How soon.
        within: Duration,
    },
    /// A packet arrives in each direction that the traffic has.
    Flows {
        /// The traffic.
        traffic: String,
        /// How soon.
        within: Duration,
    },
    /// A packet arrives with this traffic class.
    HasClass {
        /// The traffic.
        traffic: String,
        /// DSCP (upper six bits) and ECN (lower two).
        class: u8,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers has no more than so many IKE SAs that are half open.
    HalfOpen {
        /// How many.
        most: u32,
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
    /// Each of the peers holds no SA and no state of one, half-open and closing ones included.
    NothingLeft {
        /// The peers.
        at: Vec<String>,
        /// How soon.
        within: Duration,
    },
}

impl Fact {
    /// The last instant that the fact speaks of, when it stands at `at`.
    #[must_use]
    pub fn end(&self, at: Instant) -> Instant {
        match self {
            Self::ChildUp { within, .. }
            | Self::NoChild { within, .. }
            | Self::OneChild { within, .. }
            | Self::ChildCount { within, .. }
            | Self::IkeUp { within, .. }
            | Self::IkeDown { within, .. }
            | Self::Failure { within, .. }
            | Self::Address { within, .. }
            | Self::NoAddress { within, .. }
            | Self::Told { within, .. }
            | Self::FailureSaying { within, .. }
            | Self::Drop { within, .. }
            | Self::Reaches { within, .. }
            | Self::Probe { within, .. }
            | Self::Retransmissions { within, .. }
            | Self::Suite { within, .. }
            | Self::Selectors { within, .. }
            | Self::Encapsulated { within, .. }
            | Self::Between { within, .. }
            | Self::RunsTo { within, .. }
            | Self::Flows { within, .. }
            | Self::Done { within, .. }
            | Self::HasClass { within, .. }
            | Self::FaultsHappen { within }
            | Self::HalfOpen { within, .. }
            | Self::NothingLeft { within, .. } => at + *within,
            Self::LosesNothing { to, .. }
            | Self::ReachesNobody { to, .. }
            | Self::Delivers { to, .. }
            | Self::Messages { to, .. } => at.max(*to),
        }
    }
}

/// What a child protects, as one end sees it: `10.1.0.0/16 === 10.2.0.0/16`; several parts stand with spaces between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selectors {
    /// At this end.
    pub local: Vec<SelectorWord>,
    /// At the other end.
    pub remote: Vec<SelectorWord>,
}

/// One traffic selector, as it is written and as it is meant: `10.1.0.0/16`, `10.1.0.0/16[udp/53]` or `label:TEXT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorWord {
    /// The word.
    pub text: String,
    /// What it means.
    pub means: TrafficSelector,
}

impl fmt::Display for Selectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |words: &[SelectorWord]| words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        write!(f, "{} === {}", list(&self.local), list(&self.remote))
    }
}

/// As a story has it, behind `expect`: `net up at west, east within 20s`.
impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |at: &[String], within: &Duration| format!("at {}{}", at.join(", "), soon(*within));
        match self {
            Self::ChildUp { child, at, within } => write!(f, "{child} up {}", place(at, within)),
            Self::NoChild { child, at, within } => write!(f, "no {child} {}", place(at, within)),
            Self::OneChild { child, at, within } => write!(f, "one {child} {}", place(at, within)),
            Self::ChildCount { child, count, at, within } => {
                write!(f, "exactly {count} of {child} {}", place(at, within))
            }
            Self::IkeUp { ike, at, within } => write!(f, "{ike} up {}", place(at, within)),
            Self::IkeDown { ike, at, within } => write!(f, "{ike} down {}", place(at, within)),
            Self::Failure { reason, at, within } => {
                write!(f, "failure {} {}", reason.name(), place(at, within))
            }
            Self::FailureSaying { reason: None, words, at, within } => {
                write!(f, "failure saying \"{words}\" {}", place(at, within))
            }
            Self::FailureSaying { reason: Some(reason), words, at, within } => {
                let (reason, at) = (reason.name(), at.join(", "));
                write!(f, "failure {reason} at {at} saying \"{words}\"{}", soon(*within))
            }
            Self::Address { address, at, within } => write!(f, "address \"{address}\" {}", place(at, within)),
            Self::NoAddress { at, within } => write!(f, "no address {}", place(at, within)),
            Self::Told { words, at, within } => write!(f, "told \"{words}\" {}", place(at, within)),
            Self::Drop { reason, at, within } => write!(f, "drop {reason} {}", place(at, within)),
            Self::Reaches { sa, limit, measure, at, within } => {
                write!(f, "{sa} reaches {} limit of {} {}", limit.name(), measure.name(), place(at, within))
            }
            Self::Probe { probe, at, within } => write!(f, "probe {probe} {}", place(at, within)),
            Self::Retransmissions { count, at, within } => {
                write!(f, "at least {count} retransmissions {}", place(at, within))
            }
            Self::Suite { ike, at, suite, within } => {
                write!(f, "suite {ike} at {} is \"{suite}\"{}", at.join(", "), soon(*within))
            }
            Self::Selectors { child, peer, selectors, within } => {
                write!(f, "selectors {child} at {peer} are \"{selectors}\"{}", soon(*within))
            }
            Self::Encapsulated { child, in_udp, at, within } => {
                let how = if *in_udp { "encapsulated" } else { "bare" };
                write!(f, "{child} {how} {}", place(at, within))
            }
            Self::Between { child, ends: [one, other], at, within } => {
                write!(f, "{child} between {one} and {other} {}", place(at, within))
            }
            Self::RunsTo { ike, peer, address, within } => {
                write!(f, "{ike} at {peer} runs to {address}{}", soon(*within))
            }
            Self::LosesNothing { traffic, from, to } => {
                write!(f, "{traffic} loses nothing {}", span(*from, *to))
            }
            Self::ReachesNobody { traffic, from, to } => {
                write!(f, "{traffic} reaches nobody {}", span(*from, *to))
            }
            Self::Delivers { traffic, share, from, to } => {
                write!(f, "{traffic} delivers at least {share} {}", span(*from, *to))
            }
            Self::HasClass { traffic, class, within } => {
                write!(f, "{traffic} arrives with class {class}{}", soon(*within))
            }
            Self::Messages { most, at, from, to } => {
                write!(f, "at most {most} messages at {} {}", at.join(", "), span(*from, *to))
            }
            Self::FaultsHappen { within } => write!(f, "all faults happen{}", soon(*within)),
            Self::Done { tester, within } => write!(f, "{tester} done{}", soon(*within)),
            Self::Flows { traffic, within } => write!(f, "{traffic} flows{}", soon(*within)),
            Self::HalfOpen { most, at, within } => {
                write!(f, "at most {most} half-open {}", place(at, within))
            }
            Self::NothingLeft { at, within } => write!(f, "nothing left {}", place(at, within)),
        }
    }
}

fn soon(within: Duration) -> String {
    if within.is_zero() { String::new() } else { format!(" within {}", format_duration(within)) }
}

fn span(from: Instant, to: Instant) -> String {
    let written = |instant: Instant| format_duration(instant.since(Instant::ZERO));
    format!("from {} to {}", written(from), written(to))
}
