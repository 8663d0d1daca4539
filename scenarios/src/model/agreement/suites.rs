//! The algorithms that two ends have in common (RFC 7296 §2.7, §3.3; RFC 9370 §2.2.1 for additional key exchanges).

use std::fmt;

use ipsec::crypto::KeyExchangeAlgorithm;
use ipsec::ikev2::AdditionalKeyExchanges;

use super::{ChildSuite, Ends, Exchange, IkeAgreement, Matter, Refusal};
use crate::file::{ChildEnd, ChildProposal, IkeProposal};

impl Ends<'_> {
    pub(super) fn ike_suite(&self, exchange: Exchange) -> Result<IkeAgreement, Refusal> {
        let [initiator, responder] = &self.offers(exchange);
        let agreed = pairs(responder, initiator).find_map(|(ours, theirs)| {
            let (group, additional) = key_exchanges(ours, theirs)?;
            Some(IkeAgreement {
                encryption: common(&ours.encryption, &theirs.encryption)?,
                integrity: common_or_none(&ours.integrity, &theirs.integrity)?,
                prf: common(&ours.prf, &theirs.prf)?,
                group,
                additional,
            })
        });
        agreed.ok_or_else(|| {
            let missing = |(ours, theirs): (&IkeProposal, &IkeProposal)| {
                let group = common(&ours.groups, &theirs.groups).is_some();
                lacking([
                    ("encryption", common(&ours.encryption, &theirs.encryption).is_some()),
                    ("integrity", common_or_none(&ours.integrity, &theirs.integrity).is_some()),
                    ("PRF", common(&ours.prf, &theirs.prf).is_some()),
                    ("group", group),
                    ("additional key exchanges", !group || key_exchanges(ours, theirs).is_some()),
                ])
            };
            let least = pairs(responder, initiator).map(missing).min_by_key(Vec::len);
            self.nothing_chosen(exchange, least, initiator, responder)
        })
    }

    /// Whether the initiator has anything to offer.
    pub(super) fn has_offer(&self) -> bool {
        let [offered, _] = self.offers(Exchange::IkeSaInit);
        !offered.is_empty()
    }

    /// The group whose public value the initiator of an IKE SA sends at first.
    pub(super) fn first_group(&self) -> Option<KeyExchangeAlgorithm> {
        let [offered, _] = self.offers(Exchange::IkeSaInit);
        offered.first()?.groups.first().copied()
    }

    /// What each end offers or accepts in this exchange: who does not speak `IKE_INTERMEDIATE` has no additional key exchanges, and
    /// a responder has none for an initiator that does not (RFC 9370 §2.2.1). When an IKE SA is replaced, each end goes by itself.
    fn offers(&self, exchange: Exchange) -> [Vec<IkeProposal>; 2] {
        let [initiator, responder] = self.ike.map(|end| end.quantum.intermediate);
        let first = exchange == Exchange::IkeSaInit;
        let speaks = [initiator, responder && (initiator || !first)];
        [0, 1].map(|side| {
            let mut offer = self.ike[side].offer.clone();
            if !speaks[side] {
                let optional = |list: &Vec<_>| list.is_empty() || list.contains(&None);
                offer.retain(|proposal| proposal.additional.iter().all(optional));
                offer.iter_mut().for_each(|proposal| proposal.additional = AdditionalKeyExchanges::default());
            }
            offer
        })
    }

    pub(super) fn child_suite(&self, answers: &ChildEnd, exchange: Exchange) -> Result<ChildSuite, Refusal> {
        let (fresh, asks) = (exchange == Exchange::CreateChildSa, self.child[0]);
        child_suite(&answers.offer, &asks.offer, fresh).ok_or_else(|| {
            let missing =
                |(ours, theirs): (&ChildProposal, &ChildProposal)| child_lacking(ours, theirs, fresh);
            let least = pairs(&answers.offer, &asks.offer).map(missing).min_by_key(Vec::len);
            self.nothing_chosen(exchange, least, &asks.offer, &answers.offer)
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
        Refusal::answered(exchange, Matter::Proposals, "NO_PROPOSAL_CHOSEN", why)
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

fn lacking<const N: usize>(classes: [(&'static str, bool); N]) -> Vec<&'static str> {
    classes.into_iter().filter(|(_, agreed)| !agreed).map(|(class, _)| class).collect()
}

/// The group and the additional key exchanges of both, the first combination in which no method occurs twice. Each number is
/// for itself, and one that an end does not name is left out there.
fn key_exchanges(
    ours: &IkeProposal,
    theirs: &IkeProposal,
) -> Option<(KeyExchangeAlgorithm, [Option<KeyExchangeAlgorithm>; 7])> {
    let or_none = |list: &[_]| if list.is_empty() { vec![None] } else { list.to_vec() };
    let groups: Vec<_> = all_common(&ours.groups, &theirs.groups).into_iter().map(Some).collect();
    let further = ours.additional.iter().zip(&theirs.additional);
    let further = further.map(|(ours, theirs)| all_common(&or_none(ours), &or_none(theirs)));
    let steps: Vec<Vec<Option<KeyExchangeAlgorithm>>> = std::iter::once(groups).chain(further).collect();
    let combined = steps.iter().fold(vec![Vec::new()], |before: Vec<Vec<_>>, step| {
        let with = |chosen: &Vec<Option<KeyExchangeAlgorithm>>| {
            let fits = |one: &&Option<KeyExchangeAlgorithm>| one.is_none() || !chosen.contains(*one);
            step.iter().filter(fits).map(|one| [chosen.as_slice(), &[*one]].concat()).collect::<Vec<_>>()
        };
        before.iter().flat_map(with).collect()
    });
    let (group, additional) = combined.first()?.split_first()?;
    Some(((*group)?, additional.try_into().ok()?))
}

/// Each of the first with each of the second, the first ones' order before the second ones'.
fn pairs<'a, T>(first: &'a [T], second: &'a [T]) -> impl Iterator<Item = (&'a T, &'a T)> {
    first.iter().flat_map(move |a| second.iter().map(move |b| (a, b)))
}

/// Those of the first set that are in the second, in the order of the first.
fn all_common<T: Copy + PartialEq>(first: &[T], second: &[T]) -> Vec<T> {
    first.iter().filter(|one| second.contains(one)).copied().collect()
}

/// The first of them.
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
