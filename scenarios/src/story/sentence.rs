//! What a story says, once it is read: acts and facts at instants, with all names known to exist.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipsec::dataplane::{Limit, Measure};
use ipsec::wire::v2::TrafficSelector;
use ipsec_net::{Instant, format_duration};

use crate::file::IkeProposal;
use crate::quantity::Ratio;

/// What happens in a scenario, in the order of the file; times never go back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// The sentences. One with several subjects makes a step for each of them.
    pub steps: Vec<Step>,
}

impl Story {
    /// The last instant that any sentence speaks of.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.steps.iter().map(Step::end).max().unwrap_or(Instant::ZERO)
    }
}

/// One sentence and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it happens, or from when on it is looked for.
    pub at: Instant,
    /// Where it stands in the file.
    pub place: Place,
    /// What it says.
    pub sentence: Sentence,
}

impl Step {
    /// The last instant that the sentence speaks of.
    #[must_use]
    pub fn end(&self) -> Instant {
        match &self.sentence {
            Sentence::Act(_) | Sentence::Sometimes { .. } => self.at,
            Sentence::Expect(fact) => fact.end(self.at),
        }
    }
}

/// Where a sentence stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// The column of the sentence's first word, in characters from 1.
    pub column: usize,
    /// The sentence as written, without time and comment.
    pub text: String,
}

/// What a line of the story says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// Somebody does something.
    Act(Act),
    /// Something has to be so, in each seed.
    Expect(Fact),
    /// A situation that has to be met in at least one seed, so that the scenario shows what it claims to show.
    Sometimes {
        /// The probe's name, such as `ikev2.cookie.demanded`.
        probe: String,
        /// The peer that meets it.
        peer: String,
    },
}

/// Something that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The peer sets up the child, and its IKE SA first if there is none.
    Initiate {
        /// Who.
        peer: String,
        /// The child.
        child: String,
    },
    /// The peer sets up the IKE SA alone, if there is none (RFC 6023).
    InitiateIke {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer loses the IKE SA without a word to the other end, but for its ticket (RFC 5723).
    Forget {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer sends the other end to another gateway (RFC 5685 §5).
    Redirect {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
        /// The other gateway, a peer.
        to: String,
    },
    /// The peer deletes the IKE SA and all its children (RFC 7296 §1.4.1).
    Terminate {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer deletes the child's SA pair (RFC 7296 §1.4.1).
    Delete {
        /// Who.
        peer: String,
        /// The child.
        child: String,
    },
    /// The peer replaces the child's SA pair (RFC 7296 §2.8).
    Rekey {
        /// Who.
        peer: String,
        /// The child.
        child: String,
    },
    /// The peer replaces the IKE SA (RFC 7296 §1.3.2).
    RekeyIke {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer authenticates anew, in another IKE SA (RFC 7296 §2.8.3).
    Reauthenticate {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer asks at once whether the other end is alive (RFC 7296 §2.4).
    Check {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer has another outer address, and none of those that it had.
    Move {
        /// Who.
        peer: String,
        /// The address.
        to: IpAddr,
    },
    /// The peer has one outer address more.
    Gain {
        /// Who.
        peer: String,
        /// The address.
        address: IpAddr,
    },
    /// The peer has one outer address less.
    Lose {
        /// Who.
        peer: String,
        /// The address.
        address: IpAddr,
    },
    /// The translator loses its mappings.
    LoseMappings {
        /// Which.
        nat: String,
    },
    /// The peer asks once more what it was told with its address (RFC 7296 §2.19).
    AskConfiguration {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer loses all that is not configured, and does nothing until it is restarted.
    Crash {
        /// Who.
        peer: String,
    },
    /// The peer begins anew with what is configured.
    Restart {
        /// Who.
        peer: String,
    },
    /// The tester begins to say what is wrong.
    Attack {
        /// Who.
        tester: String,
    },
    /// The traffic begins to flow.
    Start {
        /// Which.
        traffic: String,
    },
    /// The traffic's senders fall silent.
    Stop {
        /// Which.
        traffic: String,
    },
    /// The link carries nothing any more.
    Cut {
        /// Which.
        link: String,
        /// Only what this peer sends; both directions when nothing.
        from: Option<String>,
    },
    /// The link carries packets again, in both directions, with the faults it has.
    Mend {
        /// Which.
        link: String,
    },
    /// The link is whole: not cut, and from now on without any fault but its delay.
    Heal {
        /// Which.
        link: String,
    },
}

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
            | Self::HasClass { within, .. }
            | Self::HalfOpen { within, .. }
            | Self::NothingLeft { within, .. } => at + *within,
            Self::LosesNothing { to, .. } | Self::ReachesNobody { to, .. } | Self::Delivers { to, .. } => {
                at.max(*to)
            }
        }
    }
}

/// Why a negotiation failed, as `expect failure` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureReason {
    /// An identity was not proven.
    AuthenticationFailed,
    /// No proposal fits both ends.
    NoProposalChosen,
    /// No traffic selector fits both ends.
    TsUnacceptable,
    /// A message broke the grammar or a rule of the protocol.
    InvalidSyntax,
    /// A key exchange could not be completed.
    KeyExchange,
    /// A limit does not let the other end have what it asks for.
    Limit,
    /// The other end refused with a notify that has no class of its own.
    Refused,
    /// The other end did not answer.
    Timeout,
    /// One end does not do what the other one wants.
    Unsupported,
    /// A redirect leads nowhere, or in circles.
    Redirect,
    /// The other end may come from anywhere, so that nobody can begin with it.
    NoAddress,
    /// It was given up on command.
    Abandoned,
}

impl FailureReason {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AuthenticationFailed,
        Self::NoProposalChosen,
        Self::TsUnacceptable,
        Self::InvalidSyntax,
        Self::KeyExchange,
        Self::Limit,
        Self::Refused,
        Self::Timeout,
        Self::Unsupported,
        Self::Redirect,
        Self::NoAddress,
        Self::Abandoned,
    ];

    /// Its word in a story.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "authentication-failed",
            Self::NoProposalChosen => "no-proposal-chosen",
            Self::TsUnacceptable => "ts-unacceptable",
            Self::InvalidSyntax => "invalid-syntax",
            Self::KeyExchange => "key-exchange",
            Self::Limit => "limit",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::Redirect => "redirect",
            Self::NoAddress => "no-address",
            Self::Abandoned => "abandoned",
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

/// As a story has it.
impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act(act) => act.fmt(f),
            Self::Expect(fact) => write!(f, "expect {fact}"),
            Self::Sometimes { probe, peer } => write!(f, "sometimes {probe} at {peer}"),
        }
    }
}

/// As a story has it: `west: initiate net`.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initiate { peer, child } => write!(f, "{peer}: initiate {child}"),
            Self::InitiateIke { peer, ike } => write!(f, "{peer}: initiate-ike {ike}"),
            Self::Forget { peer, ike } => write!(f, "{peer}: forget {ike}"),
            Self::Redirect { peer, ike, to } => write!(f, "{peer}: redirect {ike} to {to}"),
            Self::Terminate { peer, ike } => write!(f, "{peer}: terminate {ike}"),
            Self::Delete { peer, child } => write!(f, "{peer}: delete {child}"),
            Self::Rekey { peer, child } => write!(f, "{peer}: rekey {child}"),
            Self::RekeyIke { peer, ike } => write!(f, "{peer}: rekey-ike {ike}"),
            Self::Reauthenticate { peer, ike } => write!(f, "{peer}: reauthenticate {ike}"),
            Self::Check { peer, ike } => write!(f, "{peer}: check {ike}"),
            Self::Move { peer, to } => write!(f, "{peer}: move to {to}"),
            Self::Gain { peer, address } => write!(f, "{peer}: gain {address}"),
            Self::Lose { peer, address } => write!(f, "{peer}: lose {address}"),
            Self::LoseMappings { nat } => write!(f, "{nat}: forget"),
            Self::AskConfiguration { peer, ike } => write!(f, "{peer}: ask-configuration {ike}"),
            Self::Crash { peer } => write!(f, "{peer}: crash"),
            Self::Restart { peer } => write!(f, "{peer}: restart"),
            Self::Attack { tester } => write!(f, "{tester}: attack"),
            Self::Start { traffic } => write!(f, "{traffic}: start"),
            Self::Stop { traffic } => write!(f, "{traffic}: stop"),
            Self::Cut { link, from: None } => write!(f, "{link}: cut"),
            Self::Cut { link, from: Some(peer) } => write!(f, "{link}: cut from {peer}"),
            Self::Mend { link } => write!(f, "{link}: mend"),
            Self::Heal { link } => write!(f, "{link}: heal"),
        }
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
