//! The facts of the language, each a row.

use super::names::Names;
use super::pattern::{Miss, Slots, fit};
use super::sentence::Fact;
use super::words::Token;

/// A fact that a story can expect.
#[derive(Clone, Copy, Debug)]
pub struct FactRow {
    /// How it is written, behind `expect`; words in capitals are to be filled in, what stands in brackets may be left out.
    pub shape: &'static str,
    /// What it means.
    pub meaning: &'static str,
    make: fn(Slots) -> Fact,
}

/// All facts.
pub const FACTS: [FactRow; 32] = [
    FactRow {
        shape: "CHILD up at PEERS [within TIME]",
        meaning: "Each of the peers has at least one SA pair of the child.",
        make: |s| Fact::ChildUp { child: s.name, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "no CHILD at PEERS [within TIME]",
        meaning: "None of the peers has an SA of the child.",
        make: |s| Fact::NoChild { child: s.name, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "one CHILD at PEERS [within TIME]",
        meaning: "Each of the peers has exactly one SA pair of the child.",
        make: |s| Fact::OneChild { child: s.name, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "exactly COUNT of CHILD at PEERS [within TIME]",
        meaning: "Each of the peers has exactly so many SA pairs of the child.",
        make: |s| Fact::ChildCount { child: s.name, count: s.count, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "selectors CHILD at PEER are \"SELECTORS\" [within TIME]",
        meaning: "The peer's SA pair of the child has exactly these traffic selectors, its own side at the left: \
                  networks, with `[PROTOCOL/PORTS]` behind them where they are not for all packets, and `label:TEXT`.",
        make: |s| Fact::Selectors { peer: s.peer(), child: s.name, selectors: s.selectors, within: s.within },
    },
    FactRow {
        shape: "IKE up at PEERS [within TIME]",
        meaning: "Each of the peers has an established IKE SA of the configuration.",
        make: |s| Fact::IkeUp { ike: s.name, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "IKE down at PEERS [within TIME]",
        meaning: "None of the peers has an IKE SA of the configuration, not even a half-open one.",
        make: |s| Fact::IkeDown { ike: s.name, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "suite IKE at PEERS is \"PROPOSAL\" [within TIME]",
        meaning: "Each of the peers has an established IKE SA of the configuration with exactly these algorithms.",
        make: |s| Fact::Suite { ike: s.name, at: s.peers, suite: Box::new(s.proposal), within: s.within },
    },
    FactRow {
        shape: "CHILD encapsulated at PEERS [within TIME]",
        meaning: "Each of the peers has an SA pair of the child, and the packets of all its pairs go in UDP (RFC 3948).",
        make: |s| Fact::Encapsulated { child: s.name, in_udp: true, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "CHILD bare at PEERS [within TIME]",
        meaning: "Each of the peers has an SA pair of the child, and no packet of its pairs goes in UDP.",
        make: |s| Fact::Encapsulated { child: s.name, in_udp: false, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "IKE at PEER runs to ADDRESS [within TIME]",
        meaning: "The peer sees the other end of an established IKE SA of the configuration at this address.",
        make: |s| Fact::RunsTo { peer: s.peer(), ike: s.name, address: s.address, within: s.within },
    },
    FactRow {
        shape: "CHILD between ADDRESS and OTHER at PEERS [within TIME]",
        meaning: "Each of the peers has an SA pair of the child, and the packets of all its pairs run between these two \
                  addresses.",
        make: |s| Fact::Between { child: s.name, ends: [s.address, s.other], at: s.peers, within: s.within },
    },
    FactRow {
        shape: "address \"ADDRESS\" at PEERS [within TIME]",
        meaning: "Each of the peers was assigned the inside address, or has assigned it.",
        make: |s| Fact::Address { address: s.address, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "no address at PEERS [within TIME]",
        meaning: "None of the peers was assigned an inside address, or has assigned one that is still in use.",
        make: |s| Fact::NoAddress { at: s.peers, within: s.within },
    },
    FactRow {
        shape: "told \"WORDS\" at PEERS [within TIME]",
        meaning: "Each of the peers is told something about the network inside, or tells it, with these words in it.",
        make: |s| Fact::Told { words: s.words, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "failure REASON at PEERS [within TIME]",
        meaning: "Each of the peers reports that a negotiation failed for the reason.",
        make: |s| Fact::Failure { reason: s.reason, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "failure saying \"WORDS\" at PEERS [within TIME]",
        meaning: "Each of the peers reports that a negotiation failed, in a sentence that has these words.",
        make: |s| Fact::FailureSaying { reason: None, words: s.words, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "failure REASON at PEERS saying \"WORDS\" [within TIME]",
        meaning: "Each of the peers reports that a negotiation failed for the reason, in a sentence that has these words.",
        make: |s| Fact::FailureSaying {
            reason: Some(s.reason),
            words: s.words,
            at: s.peers,
            within: s.within,
        },
    },
    FactRow {
        shape: "drop DROP at PEERS [within TIME]",
        meaning: "Each of the peers drops a packet for the reason, which `allow.drops` has to name.",
        make: |s| Fact::Drop { reason: s.drop, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "SA reaches LIMIT limit of MEASURE at PEERS [within TIME]",
        meaning: "At each of the peers an SA pair of the child, or the manual one, reaches its soft or its hard limit of \
                  time, octets, packets, sequence numbers (`sequence`) or silence (`idle`).",
        make: |s| Fact::Reaches {
            sa: s.name,
            limit: s.limit,
            measure: s.measure,
            at: s.peers,
            within: s.within,
        },
    },
    FactRow {
        shape: "probe PROBE at PEERS [within TIME]",
        meaning: "Each of the peers meets the situation.",
        make: |s| Fact::Probe { probe: s.probe, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "at least COUNT retransmissions at PEERS [within TIME]",
        meaning: "Each of the peers sends at least so many IKE requests again, counted from the sentence's time on.",
        make: |s| Fact::Retransmissions { count: s.count, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "at most COUNT messages at PEERS from START to END",
        meaning: "Each of the peers sends at most so many IKE messages between the two times of the story, repeats among \
                  them.",
        make: |s| Fact::Messages { most: s.count, at: s.peers, from: s.from, to: s.to },
    },
    FactRow {
        shape: "TESTER done [within TIME]",
        meaning: "The tester has said and heard all that its script has. What it does not hear fails the case at once.",
        make: |s| Fact::Done { tester: s.name, within: s.within },
    },
    FactRow {
        shape: "all faults happen [within TIME]",
        meaning: "Each of the scenario's `faults` has befallen a packet: there was one of its number.",
        make: |s| Fact::FaultsHappen { within: s.within },
    },
    FactRow {
        shape: "TRAFFIC flows [within TIME]",
        meaning: "A packet that is sent from now on arrives, in each direction that the traffic has.",
        make: |s| Fact::Flows { traffic: s.name, within: s.within },
    },
    FactRow {
        shape: "TRAFFIC arrives with class CLASS [within TIME]",
        meaning: "A packet comes with this traffic class, which is DSCP × 4 + ECN: 3 is congestion experienced.",
        make: |s| Fact::HasClass { traffic: s.name, class: s.class, within: s.within },
    },
    FactRow {
        shape: "TRAFFIC loses nothing from START to END",
        meaning: "Each packet that is sent between the two times of the story arrives, and there is at least one.",
        make: |s| Fact::LosesNothing { traffic: s.name, from: s.from, to: s.to },
    },
    FactRow {
        shape: "TRAFFIC delivers at least SHARE from START to END",
        meaning: "Of the packets that are sent between the two times of the story at least this share arrives.",
        make: |s| Fact::Delivers { traffic: s.name, share: s.share, from: s.from, to: s.to },
    },
    FactRow {
        shape: "TRAFFIC reaches nobody from START to END",
        meaning: "Of the packets that are sent between the two times of the story none arrives, and there is at least one.",
        make: |s| Fact::ReachesNobody { traffic: s.name, from: s.from, to: s.to },
    },
    FactRow {
        shape: "at most COUNT half-open at PEERS [within TIME]",
        meaning: "Each of the peers has no more than so many IKE SAs that are half open.",
        make: |s| Fact::HalfOpen { most: s.count, at: s.peers, within: s.within },
    },
    FactRow {
        shape: "nothing left at PEERS [within TIME]",
        meaning: "None of the peers has an IKE SA or a Child SA, nor state of one.",
        make: |s| Fact::NothingLeft { at: s.peers, within: s.within },
    },
];

/// Reads what stands behind `expect`: the first row that fits, or how far the rows went that went furthest.
pub(super) fn read(tokens: &[Token<'_>], names: &Names) -> Result<(Fact, Slots), Miss> {
    let mut furthest: Option<Miss> = None;
    for row in &FACTS {
        match fit(row.shape, tokens, names) {
            Ok(slots) => return Ok(((row.make)(slots.clone()), slots)),
            Err(miss) => furthest = Some(further(furthest, miss)),
        }
    }
    Err(furthest.unwrap_or(Miss { at: 0, expected: Vec::new(), known: Vec::new(), problem: None }))
}

fn further(old: Option<Miss>, new: Miss) -> Miss {
    let Some(mut old) = old else { return new };
    if old.at != new.at {
        return if old.at > new.at { old } else { new };
    }
    old.problem = old.problem.or(new.problem);
    for expected in new.expected {
        if !old.expected.contains(&expected) {
            old.expected.push(expected);
        }
    }
    for known in new.known {
        if !old.known.contains(&known) {
            old.known.push(known);
        }
    }
    old
}
