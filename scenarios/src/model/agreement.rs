//! What two IKEv2 configurations come to: agreement on what, or which refusal, by which end, in which exchange and why.
//!
//! It is plain set algebra over the scenario's nouns. What two ends agree on is what both have (RFC 7296 §2.7, §2.9); where
//! they have several things in common, the responder's order decides. No IKE code is used here, so that it can be wrong in
//! other ways than this.
//!
//! ```text
//! suites ──▶ quantum ──▶ authentication ──▶ addresses ──▶ networks, suites of the child
//!                            └─ identities, proofs, certificates, eap
//! ```

mod addresses;
mod authentication;
mod certificates;
mod eap;
mod identities;
mod networks;
mod proofs;
mod quantum;
mod suites;

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use ipsec::crypto::{IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec::dataplane::Encryption;
use ipsec::ikev2::Childless;
use ipsec_net::AddressRange;

pub use networks::union;

use crate::file::{Child, ChildEnd, Ike, IkeEnd, Mode, Scenario};
pub(super) use identities::is_same;

/// What follows when one end sets up a child, and an IKE SA for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The exchanges in which the responder asks for another group than the one whose public value came
    /// (INVALID_KE_PAYLOAD).
    pub regroups: Vec<Exchange>,
    /// The IKE SA, or why there is none.
    pub ike: Result<IkeAgreement, Refusal>,
    /// What the responder alone believes the IKE SA to be, until it is told ([`OtherEnd::Undone`]).
    pub undone: Option<IkeAgreement>,
    /// The inside addresses that the responder lends to the initiator, at most one of each IP version; or why it lends none,
    /// where it has to. Then there is no child in `IKE_AUTH` for the same reason.
    pub addresses: Result<Vec<IpAddr>, Refusal>,
    /// The child, or why there is none. Nothing where none is asked for or no IKE SA comes to be for it. A
    /// responder that alone believes in an IKE SA believes the same of the child.
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
    /// The additional key exchanges (RFC 9370), those that are left out as nothing.
    pub additional: [Option<KeyExchangeAlgorithm>; 7],
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the exchange of this name")]
pub enum Exchange {
    IkeSaInit,
    IkeIntermediate,
    IkeAuth,
    CreateChildSa,
}

/// The ends of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Who began it.
    Initiator,
    /// Who answers.
    Responder,
}

/// What an end refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where it does so.
    pub exchange: Exchange,
    /// Which end that is.
    pub by: Role,
    /// What is at stake.
    pub matter: Matter,
    /// What becomes of the other end.
    pub other: OtherEnd,
    /// Why, for people.
    pub why: String,
}

/// What the other end learns of a refusal. Notifies have their names in RFC 7296 §3.10.1, or where they are defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherEnd {
    /// Nothing has been sent to it.
    Untouched,
    /// It waits in vain: an initiator ends without a word what is not authenticated.
    Waits,
    /// This notify comes.
    Told(&'static str),
    /// EAP fails, which stands alone (RFC 7296 §2.21).
    EapFailure,
    /// This notify comes after the responder has believed that all is well, and undoes the IKE SA (RFC 7296 §2.21.2).
    Undone(&'static str),
}

/// What a refusal is about, as the one who refuses sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// Algorithms.
    Proposals,
    /// Traffic selectors.
    Networks,
    /// Who somebody is, and what proves it.
    Proof,
    /// Something that the other end does not do at all.
    Ability,
    /// What the other end may have at most, or has to ask for.
    Limit,
}

impl Refusal {
    /// A responder's, that it says in its response.
    fn answered(exchange: Exchange, matter: Matter, notify: &'static str, why: String) -> Self {
        Self { exchange, by: Role::Responder, matter, other: OtherEnd::Told(notify), why }
    }

    /// An initiator's that nobody hears of.
    fn unheard(exchange: Exchange, matter: Matter, why: String) -> Self {
        Self { exchange, by: Role::Initiator, matter, other: OtherEnd::Waits, why }
    }

    /// Whether the responder has believed that all is well.
    fn is_late(&self) -> bool {
        matches!(self.other, OtherEnd::Undone(_))
    }
}

impl Course {
    /// Nothing comes of it at all.
    fn unbegun(why: Refusal) -> Self {
        Self { regroups: Vec::new(), ike: Err(why), undone: None, addresses: Ok(Vec::new()), child: None }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IkeSaInit => "IKE_SA_INIT",
            Self::IkeIntermediate => "IKE_INTERMEDIATE",
            Self::IkeAuth => "IKE_AUTH",
            Self::CreateChildSa => "CREATE_CHILD_SA",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match self.other {
            OtherEnd::Untouched | OtherEnd::Waits => "silence",
            OtherEnd::EapFailure => "EAP Failure",
            OtherEnd::Told(notify) | OtherEnd::Undone(notify) => notify,
        };
        write!(f, "{said} in {}: {}", self.exchange, self.why)
    }
}

/// What follows when `initiator` sets up `child` where nothing is there yet; nothing when the scenario has no such child with
/// this peer at an end. Of several IKE configurations between the same two peers only that of the child is looked at.
#[must_use]
pub fn initiate(scenario: &Scenario, child: &str, initiator: &str) -> Option<Course> {
    initiate_beside(scenario, child, initiator, &BTreeSet::new())
}

/// The same where the responder has lent these addresses to others.
#[must_use]
pub fn initiate_beside(
    scenario: &Scenario,
    child: &str,
    initiator: &str,
    lent: &BTreeSet<IpAddr>,
) -> Option<Course> {
    let ends = Ends::of(scenario, child, initiator)?;
    let alone = ends.ike[0].life.childless == Childless::Require;
    if !alone && let Err(refusal) = ends.check_asked_for(Exchange::IkeAuth, &[]) {
        return Some(Course::unbegun(Refusal { exchange: Exchange::IkeSaInit, ..refusal }));
    }
    let mut course = ends.ike_sa(lent, alone);
    if !alone && (course.ike.is_ok() || course.undone.is_some()) {
        course.child = Some(ends.child_in_auth(course.addresses.clone()));
    }
    if alone && course.ike.is_ok() {
        let lent = course.addresses.as_ref().map_or(&[][..], Vec::as_slice);
        let (regroups, child) = ends.child_anew(lent);
        course.regroups.extend(regroups.then_some(Exchange::CreateChildSa));
        course.child = Some(child);
    }
    Some(course)
}

/// What follows when `initiator` sets up the IKE SA of `child` alone (RFC 6023), where nothing is there yet but what the
/// responder has lent to others.
#[must_use]
pub fn initiate_ike(
    scenario: &Scenario,
    child: &str,
    initiator: &str,
    lent: &BTreeSet<IpAddr>,
) -> Option<Course> {
    let ends = Ends::of(scenario, child, initiator)?;
    if ends.ike[0].life.childless == Childless::Refuse {
        let why = format!("{} has no IKE SA without a child", ends.ike[0].peer);
        let unheard = Refusal::unheard(Exchange::IkeSaInit, Matter::Ability, why);
        return Some(Course::unbegun(Refusal { other: OtherEnd::Untouched, ..unheard }));
    }
    Some(ends.ike_sa(lent, true))
}

/// What replaces the Child SA pair of a child when `initiator` asks for that (RFC 7296 §2.8), and whether the responder asks for
/// another group before. The exchange is the first one in which a group of the child's own counts. No addresses are lent.
#[must_use]
pub fn rekey_child(
    scenario: &Scenario,
    child: &str,
    initiator: &str,
) -> Option<(bool, Result<ChildAgreement, Refusal>)> {
    Some(Ends::of(scenario, child, initiator)?.child_anew(&[]))
}

/// What replaces the IKE SA of a child when `initiator` asks for that.
#[must_use]
pub fn rekey_ike(scenario: &Scenario, child: &str, initiator: &str) -> Option<Result<IkeAgreement, Refusal>> {
    Some(Ends::of(scenario, child, initiator)?.ike_suite(Exchange::CreateChildSa))
}

/// What the initiator is told, and what the responder.
#[derive(Clone, Copy)]
struct Ends<'a> {
    scenario: &'a Scenario,
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
            scenario,
            ike: sides.map(|side| &ike_noun.ends[side]),
            child: sides.map(|side| &child_noun.ends[side]),
            child_noun,
            ike_noun,
        })
    }

    /// The IKE SA, and what the initiator gets with it; `alone` where no child is asked for in `IKE_AUTH`.
    fn ike_sa(&self, lent: &BTreeSet<IpAddr>, alone: bool) -> Course {
        if !self.has_offer() {
            let why = format!("all that {} offers needs IKE_INTERMEDIATE", self.ike[0].peer);
            let unheard = Refusal::unheard(Exchange::IkeSaInit, Matter::Ability, why);
            return Course::unbegun(Refusal { other: OtherEnd::Untouched, ..unheard });
        }
        let agreed = self.ike_suite(Exchange::IkeSaInit);
        let another = agreed.as_ref().is_ok_and(|ike| self.first_group() != Some(ike.group));
        let proven = agreed.as_ref().map_or(Ok(()), |_| self.proven(alone));
        let is_late = proven.as_ref().is_err_and(Refusal::is_late);
        let undone = agreed.as_ref().ok().filter(|_| is_late).copied();
        let ike = agreed.and_then(|ike| proven.map(|()| ike));
        let has_responder = ike.is_ok() || undone.is_some();
        Course {
            regroups: another.then_some(Exchange::IkeSaInit).into_iter().collect(),
            ike,
            undone,
            addresses: if has_responder { addresses::lent(self, lent) } else { Ok(Vec::new()) },
            child: None,
        }
    }

    /// Whether each end comes to believe the other one.
    fn proven(&self, alone: bool) -> Result<(), Refusal> {
        let [initiator, responder] = self.ike;
        if alone && responder.life.childless == Childless::Refuse {
            let why = format!("{} takes no IKE SA without a child", responder.peer);
            return Err(Refusal::unheard(Exchange::IkeSaInit, Matter::Ability, why));
        }
        if authentication::is_repeated(initiator) && !authentication::is_repeated(responder) {
            let why = format!("{} takes one authentication exchange only", responder.peer);
            return Err(Refusal::unheard(Exchange::IkeSaInit, Matter::Ability, why));
        }
        quantum::hello(self.ike)?;
        quantum::in_intermediate(self.ike)?;
        authentication::course(self)
    }

    /// The child that is asked for in `IKE_AUTH`, where no group of its own counts.
    fn child_in_auth(&self, addresses: Result<Vec<IpAddr>, Refusal>) -> Result<ChildAgreement, Refusal> {
        let addresses = addresses?;
        let [_, responder] = self.ike;
        if responder.life.childless == Childless::Require {
            let why = format!("{} takes children in exchanges of their own", responder.peer);
            let (exchange, notify) = (Exchange::IkeAuth, "NO_ADDITIONAL_SAS");
            return Err(Refusal::answered(exchange, Matter::Limit, notify, why));
        }
        self.child(Exchange::IkeAuth, &addresses)
    }

    /// The child that is asked for in `CREATE_CHILD_SA`, and whether the responder asks for another group before.
    fn child_anew(&self, addresses: &[IpAddr]) -> (bool, Result<ChildAgreement, Refusal>) {
        let new = self.child(Exchange::CreateChildSa, addresses);
        let sent = self.child[0].offer.iter().find_map(|proposal| proposal.groups.first());
        let chosen = new.as_ref().ok().and_then(|new| new.suite.group.as_ref());
        (chosen.is_some() && chosen != sent, new)
    }

    /// An initiator asks for no child that would carry nothing.
    fn check_asked_for(&self, exchange: Exchange, addresses: &[IpAddr]) -> Result<(), Refusal> {
        if self.asked_for(exchange, addresses).iter().all(|side| !side.is_empty()) {
            return Ok(());
        }
        let why = format!("nobody has an address that {} is for", self.child_noun.name);
        Err(Refusal { other: OtherEnd::Untouched, ..Refusal::unheard(exchange, Matter::Networks, why) })
    }

    fn child(&self, exchange: Exchange, addresses: &[IpAddr]) -> Result<ChildAgreement, Refusal> {
        self.check_asked_for(exchange, addresses)?;
        let asks = self.child[0];
        let (name, answers, networks) = self.meant(exchange, addresses).ok_or_else(|| {
            let why = format!("{} and {} protect nothing in common", self.ike[0].peer, self.ike[1].peer);
            Refusal::answered(exchange, Matter::Networks, "TS_UNACCEPTABLE", why)
        })?;
        let suite = self.child_suite(answers, exchange)?;
        let transport = [asks.mode, answers.mode] == [Mode::Transport; 2];
        Ok(ChildAgreement {
            names: [self.child_noun.name.clone(), name],
            suite,
            mode: if transport { Mode::Transport } else { Mode::Tunnel },
            networks,
        })
    }
}

#[cfg(test)]
mod tests;
