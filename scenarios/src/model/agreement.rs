//! What two IKEv2 configurations come to: agreement on what, or which refusal, in which exchange and why.
//!
//! It is plain set algebra over the scenario's nouns. What two ends agree on is what both have (RFC 7296 §2.7, §2.9); where
//! they have several things in common, the responder's order decides. No IKE code is used here, so that it can be wrong in
//! other ways than this.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use ipsec::crypto::{IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec::dataplane::Encryption;
use ipsec_net::{AddressRange, Prefix};

use crate::file::{Child, ChildEnd, ChildProposal, Demand, Ike, IkeEnd, IkeProposal, Mode, Proof, Scenario};

/// What follows when one end sets up a child, and an IKE SA for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The responder asks for another group than the one whose public value came (INVALID_KE_PAYLOAD).
    pub regroups: bool,
    /// The IKE SA, or why there is none.
    pub ike: Result<IkeAgreement, Refusal>,
    /// The child, or why there is none. Nothing where there is no IKE SA for it.
    pub child: Option<Result<ChildAgreement, Refusal>>,
}

/// The algorithms of an IKE SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IkeAgreement {
    /// The cipher and the length of its key in octets.
    pub encryption: (Encryption, usize),
    /// The integrity algorithm, beside a cipher that needs one.
    pub integrity: Option<IntegrityAlgorithm>,
    /// The pseudo-random function.
    pub prf: PrfAlgorithm,
    /// The group.
    pub group: KeyExchangeAlgorithm,
}

/// What a Child SA pair is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildAgreement {
    /// The name of the initiator's configuration and that of the responder's.
    pub names: [String; 2],
    /// The algorithms.
    pub suite: ChildSuite,
    /// Tunnel mode, unless both want transport mode.
    pub mode: Mode,
    /// The addresses at the initiator's side and those at the responder's: ranges in order that do not overlap.
    pub networks: [Vec<AddressRange>; 2],
}

/// The algorithms of a Child SA pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildSuite {
    /// The cipher and the length of its key in octets; nothing for AH.
    pub encryption: Option<(Encryption, usize)>,
    /// The integrity algorithm of AH, or beside a cipher that needs one.
    pub integrity: Option<IntegrityAlgorithm>,
    /// The group of a key exchange of its own.
    pub group: Option<KeyExchangeAlgorithm>,
    /// Whether sequence numbers have 64 bits.
    pub extended_sequence_numbers: bool,
}

/// The exchanges in which something can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the exchange of this name")]
pub enum Exchange {
    IkeSaInit,
    IkeAuth,
    CreateChildSa,
}

/// What a responder refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where it does so.
    pub exchange: Exchange,
    /// The notify that says so, by its name in RFC 7296 §3.10.1.
    pub notify: &'static str,
    /// Why, for people.
    pub why: String,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IkeSaInit => "IKE_SA_INIT",
            Self::IkeAuth => "IKE_AUTH",
            Self::CreateChildSa => "CREATE_CHILD_SA",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {}", self.notify, self.exchange, self.why)
    }
}

/// What follows when `initiator` sets up `child` where nothing is there yet; nothing when the scenario has no such child with
/// this peer at an end. Of several IKE configurations between the same two peers only that of the child is looked at.
#[must_use]
pub fn initiate(scenario: &Scenario, child: &str, initiator: &str) -> Option<Course> {
    let ends = Ends::of(scenario, child, initiator)?;
    let (regroups, ike) = match ends.ike_suite(Exchange::IkeSaInit) {
        Err(refusal) => return Some(Course { regroups: false, ike: Err(refusal), child: None }),
        Ok(ike) => (ends.ike[0].offer.first()?.groups.first() != Some(&ike.group), ike),
    };
    if let Some(why) = ends.strangers() {
        let refusal = Refusal { exchange: Exchange::IkeAuth, notify: "AUTHENTICATION_FAILED", why };
        return Some(Course { regroups, ike: Err(refusal), child: None });
    }
    Some(Course { regroups, ike: Ok(ike), child: Some(ends.child(scenario, Exchange::IkeAuth)) })
}

/// What replaces the Child SA pair of a child when `initiator` asks for that (RFC 7296 §2.8), and whether the responder asks for
/// another group before. The exchange is the first one in which a group of the child's own counts.
#[must_use]
pub fn rekey_child(
    scenario: &Scenario,
    child: &str,
    initiator: &str,
) -> Option<(bool, Result<ChildAgreement, Refusal>)> {
    let ends = Ends::of(scenario, child, initiator)?;
    let new = ends.child(scenario, Exchange::CreateChildSa);
    let sent = ends.child[0].offer.iter().find_map(|proposal| proposal.groups.first());
    let regroups =
        new.as_ref().is_ok_and(|new| new.suite.group.is_some() && new.suite.group.as_ref() != sent);
    Some((regroups, new))
}

/// What replaces the IKE SA of a child when `initiator` asks for that.
#[must_use]
pub fn rekey_ike(scenario: &Scenario, child: &str, initiator: &str) -> Option<Result<IkeAgreement, Refusal>> {
    Some(Ends::of(scenario, child, initiator)?.ike_suite(Exchange::CreateChildSa))
}

/// What the initiator is told, and what the responder.
struct Ends<'a> {
    ike: [&'a IkeEnd; 2],
    child: [&'a ChildEnd; 2],
    child_noun: &'a Child,
    ike_noun: &'a Ike,
}

impl<'a> Ends<'a> {
    fn of(scenario: &'a Scenario, child: &str, initiator: &str) -> Option<Self> {
        let child_noun = scenario.child(child)?;
        let ike_noun = scenario.ike(&child_noun.ike)?;
        let side = ike_noun.ends.iter().position(|end| end.peer == initiator)?;
        let sides = [side, 1 - side];
        Some(Self {
            ike: sides.map(|side| &ike_noun.ends[side]),
            child: sides.map(|side| &child_noun.ends[side]),
            child_noun,
            ike_noun,
        })
    }

    fn ike_suite(&self, exchange: Exchange) -> Result<IkeAgreement, Refusal> {
        let [initiator, responder] = self.ike.map(|end| &end.offer);
        let agreed = pairs(responder, initiator).find_map(|(ours, theirs)| {
            Some(IkeAgreement {
                encryption: common(&ours.encryption, &theirs.encryption)?,
                integrity: common_or_none(&ours.integrity, &theirs.integrity)?,
                prf: common(&ours.prf, &theirs.prf)?,
                group: common(&ours.groups, &theirs.groups)?,
            })
        });
        agreed.ok_or_else(|| {
            let missing = |(ours, theirs): (&IkeProposal, &IkeProposal)| {
                lacking([
                    ("encryption", common(&ours.encryption, &theirs.encryption).is_some()),
                    ("integrity", common_or_none(&ours.integrity, &theirs.integrity).is_some()),
                    ("PRF", common(&ours.prf, &theirs.prf).is_some()),
                    ("group", common(&ours.groups, &theirs.groups).is_some()),
                ])
            };
            self.nothing_chosen(
                exchange,
                pairs(responder, initiator).map(missing).min_by_key(Vec::len),
                initiator,
                responder,
            )
        })
    }

    /// Why they do not believe each other, if they do not.
    fn strangers(&self) -> Option<String> {
        let [initiator, responder] = self.ike;
        for (expecting, other) in [(initiator, responder), (responder, initiator)] {
            let asserted = other.authentication.identity.to_string();
            if !is_same(&expecting.expects.to_string(), &asserted) {
                return Some(format!(
                    "{} expects {}, {} is {asserted}",
                    expecting.peer, expecting.expects, other.peer
                ));
            }
        }
        // Other proofs than pre-shared keys are taken for good.
        let differ = |prover: &IkeEnd, other: &IkeEnd| match (
            &prover.authentication.proof,
            &other.authentication.demand,
        ) {
            (Proof::Psk(own), Demand::Psk(expected)) => own != expected,
            _ => false,
        };
        let differ = differ(initiator, responder) || differ(responder, initiator);
        differ.then(|| "their pre-shared keys differ".to_owned())
    }

    fn child(&self, scenario: &Scenario, exchange: Exchange) -> Result<ChildAgreement, Refusal> {
        let fresh = exchange == Exchange::CreateChildSa;
        let asks = self.child[0];
        let (name, answers, networks) = self.meant(scenario, fresh).ok_or_else(|| Refusal {
            exchange,
            notify: "TS_UNACCEPTABLE",
            why: format!("{} and {} protect nothing in common", self.ike[0].peer, self.ike[1].peer),
        })?;
        let suite = child_suite(&answers.offer, &asks.offer, fresh).ok_or_else(|| {
            let missing =
                |(ours, theirs): (&ChildProposal, &ChildProposal)| child_lacking(ours, theirs, fresh);
            let least = pairs(&answers.offer, &asks.offer).map(missing).min_by_key(Vec::len);
            self.nothing_chosen(exchange, least, &asks.offer, &answers.offer)
        })?;
        let transport = [asks.mode, answers.mode] == [Mode::Transport; 2];
        Ok(ChildAgreement {
            names: [self.child_noun.name.clone(), name],
            suite,
            mode: if transport { Mode::Transport } else { Mode::Tunnel },
            networks,
        })
    }

    /// The responder's child that is meant: the first of the IKE configuration that has something in common with the offer at
    /// both sides; the same one, where it is to be replaced.
    fn meant(
        &self,
        scenario: &'a Scenario,
        replaced: bool,
    ) -> Option<(String, &'a ChildEnd, [Vec<AddressRange>; 2])> {
        let asks = self.child[0];
        let of_ike = scenario.children.iter().filter(|child| child.ike == self.ike_noun.name);
        let mut candidates = of_ike.filter(|child| !replaced || child.name == self.child_noun.name);
        candidates.find_map(|child| {
            let answers = child.ends.iter().find(|end| end.peer == self.ike[1].peer)?;
            let networks =
                [intersection(&asks.local, &answers.remote), intersection(&asks.remote, &answers.local)];
            // Packets run between addresses of one IP version.
            let [first, second]: &[Vec<AddressRange>; 2] = &networks;
            let version = |range: &AddressRange| range.first().is_ipv4();
            let joined = first.iter().any(|one| second.iter().any(|other| version(one) == version(other)));
            joined.then(|| (child.name.clone(), answers, networks))
        })
    }

    fn nothing_chosen<P: fmt::Display>(
        &self,
        exchange: Exchange,
        missing: Option<Vec<&'static str>>,
        offered: &[P],
        accepted: &[P],
    ) -> Refusal {
        let list = |proposals: &[P]| proposals.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let missing = missing.unwrap_or_default().join(" and ");
        let [initiator, responder] = self.ike.map(|end| &end.peer);
        let why = format!(
            "no {missing} in common: {initiator} offers {}; {responder} accepts {}",
            list(offered),
            list(accepted)
        );
        Refusal { exchange, notify: "NO_PROPOSAL_CHOSEN", why }
    }
}

/// The algorithms of a child; without a fresh key exchange groups do not count (RFC 7296 §1.2).
fn child_suite(ours: &[ChildProposal], theirs: &[ChildProposal], fresh: bool) -> Option<ChildSuite> {
    pairs(ours, theirs).find_map(|(ours, theirs)| {
        Some(ChildSuite {
            encryption: common_or_none(&ours.encryption, &theirs.encryption)?,
            integrity: common_or_none(&ours.integrity, &theirs.integrity)?,
            group: if fresh { common_or_none(&ours.groups, &theirs.groups)? } else { None },
            extended_sequence_numbers: common(
                &ours.extended_sequence_numbers,
                &theirs.extended_sequence_numbers,
            )?,
        })
    })
}

fn child_lacking(ours: &ChildProposal, theirs: &ChildProposal, fresh: bool) -> Vec<&'static str> {
    let numbers = common(&ours.extended_sequence_numbers, &theirs.extended_sequence_numbers);
    lacking([
        ("encryption", common_or_none(&ours.encryption, &theirs.encryption).is_some()),
        ("integrity", common_or_none(&ours.integrity, &theirs.integrity).is_some()),
        ("group", !fresh || common_or_none(&ours.groups, &theirs.groups).is_some()),
        ("length of sequence numbers", numbers.is_some()),
    ])
}

fn lacking(classes: [(&'static str, bool); 4]) -> Vec<&'static str> {
    classes.into_iter().filter(|(_, agreed)| !agreed).map(|(class, _)| class).collect()
}

/// Each of the first with each of the second, the first ones' order before the second ones'.
fn pairs<'a, T>(first: &'a [T], second: &'a [T]) -> impl Iterator<Item = (&'a T, &'a T)> {
    first.iter().flat_map(move |a| second.iter().map(move |b| (a, b)))
}

/// The first of the first set that is in the second.
fn common<T: Copy + PartialEq>(first: &[T], second: &[T]) -> Option<T> {
    first.iter().find(|one| second.contains(one)).copied()
}

/// The same for what may be left out, if both leave it out.
fn common_or_none<T: Copy + PartialEq>(first: &[T], second: &[T]) -> Option<Option<T>> {
    match (first, second) {
        ([], []) => Some(None),
        _ => common(first, second).map(Some),
    }
}

/// Identities are texts, but for addresses, which can be written in several ways.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The addresses that are in both, as ranges in order that neither overlap nor touch.
fn intersection(first: &[Prefix], second: &[Prefix]) -> Vec<AddressRange> {
    let both = |a: &Prefix, b: &Prefix| match (a.length() >= b.length(), a.range(), b.range()) {
        // Of two prefixes with something in common one contains the other.
        (true, inner, _) if b.contains(a.address()) => Some(inner),
        (false, _, inner) if a.contains(b.address()) => Some(inner),
        _ => None,
    };
    let all: BTreeSet<(IpAddr, IpAddr)> = first
        .iter()
        .flat_map(|a| second.iter().filter_map(move |b| both(a, b)))
        .map(|range| (range.first(), range.last()))
        .collect();
    union(all.into_iter().filter_map(|(first, last)| AddressRange::new(first, last)))
}

/// The same addresses as ranges in order that neither overlap nor touch.
#[must_use]
pub fn union(ranges: impl IntoIterator<Item = AddressRange>) -> Vec<AddressRange> {
    let mut sorted: Vec<AddressRange> = ranges.into_iter().collect();
    sorted.sort_unstable_by_key(|range| (range.first(), range.last()));
    let mut all: Vec<AddressRange> = Vec::new();
    for range in sorted {
        let joined = all
            .last()
            .filter(|last| touches(last.last(), range.first()))
            .and_then(|last| AddressRange::new(last.first(), last.last().max(range.last())));
        match joined {
            Some(joined) => {
                all.pop();
                all.push(joined);
            }
            None => all.push(range),
        }
    }
    all
}

/// Whether no address lies between the end of one range and the beginning of a later one.
fn touches(end: IpAddr, begin: IpAddr) -> bool {
    match (end, begin) {
        (IpAddr::V4(end), IpAddr::V4(begin)) => begin.to_bits() <= end.to_bits().saturating_add(1),
        (IpAddr::V6(end), IpAddr::V6(begin)) => begin.to_bits() <= end.to_bits().saturating_add(1),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
