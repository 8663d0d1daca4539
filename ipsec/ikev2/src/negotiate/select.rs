//! The choice of one proposal (RFC 7296 §2.7, §3.3.6), and what to say when there is none: of all the things that users
//! of IPsec ask, "why did nothing match" comes first.

use std::collections::BTreeSet;

use ipsec_crypto::PrfAlgorithm;
use ipsec_wire::registry::TransformType;
use ipsec_wire::v2::{Proposal, Transform};

use super::disagreement::Disagreement;
use super::numbers;
use super::proposal::ADDITIONAL;

/// Chooses from `offered` the proposal that fits `configured`, by the order of `configured`, and within it each
/// transform by that order too. The result is an offered proposal, its number and SPI kept, with one transform of each
/// type.
///
/// # Errors
/// When none fits.
pub(crate) fn select(configured: &[Proposal], offered: &[Proposal]) -> Result<Proposal, Disagreement> {
    let mut closest: Option<(Apart, &Proposal, &Proposal)> = None;
    for ours in configured {
        for theirs in offered.iter().filter(|theirs| theirs.protocol == ours.protocol) {
            match combine(ours, theirs) {
                Ok(transforms) => {
                    return Ok(Proposal { transforms, ..theirs.clone() });
                }
                Err(apart) => {
                    if closest.as_ref().is_none_or(|(best, ..)| apart.matched > best.matched) {
                        closest = Some((apart, ours, theirs));
                    }
                }
            }
        }
    }
    Err(disagreement(closest.as_ref(), configured, offered))
}

/// The closest pair of proposals, and what kept it apart.
fn disagreement(
    closest: Option<&(Apart, &Proposal, &Proposal)>,
    configured: &[Proposal],
    offered: &[Proposal],
) -> Disagreement {
    let (why, kind) = match closest {
        Some((Apart { kind, repeats, .. }, ours, theirs)) => {
            let repeats = if *repeats { ", which would repeat a key exchange" } else { "" };
            let (theirs, ours) = (list(theirs, *kind), list(ours, *kind));
            (format!("{kind}: offered {theirs}, configured {ours}{repeats}"), Some(*kind))
        }
        None if offered.is_empty() => ("the offer is empty".to_owned(), None),
        None => ("no proposal is for the same protocol".to_owned(), None),
    };
    Disagreement { why, kind, offered: offered.to_vec(), configured: configured.to_vec() }
}

/// The transforms of a type that a proposal has.
fn list(proposal: &Proposal, kind: TransformType) -> String {
    let transforms: Vec<String> = of_kind(proposal, kind).map(ToString::to_string).collect();
    if transforms.is_empty() { "nothing".to_owned() } else { transforms.join(" or ") }
}

/// Checks a responder's choice: one of our proposals, with exactly one transform of each type that we offered
/// (RFC 7296 §2.7). A type for which we offered none, or `NONE`, may be left out.
pub(crate) fn check_choice(offered: &[Proposal], chosen: &[Proposal]) -> Result<Proposal, &'static str> {
    let [chosen] = chosen else {
        return Err("a response has to hold exactly one proposal");
    };
    let offer = offered
        .iter()
        .find(|offer| offer.number == chosen.number && offer.protocol == chosen.protocol)
        .ok_or("the chosen proposal was not offered")?;
    for kind in kinds(offer, chosen) {
        let mut picked = of_kind(chosen, kind);
        match (picked.next(), picked.next()) {
            (_, Some(_)) => return Err("two transforms of one type were chosen"),
            (Some(transform), None) => {
                let known = of_kind(offer, kind).any(|candidate| candidate == transform);
                if !known && !is_none(transform) {
                    return Err("a transform was chosen that was not offered");
                }
            }
            (None, None) => {
                let optional = of_kind(offer, kind).any(is_none) || of_kind(offer, kind).next().is_none();
                if !optional {
                    return Err("no transform was chosen of a type that was offered");
                }
            }
        }
    }
    let exchanges: Vec<u16> = key_exchanges(chosen).map(|transform| transform.id).collect();
    if exchanges.iter().enumerate().any(|(at, id)| exchanges[..at].contains(id)) {
        return Err("a key exchange method was chosen twice");
    }
    Ok(chosen.clone())
}

/// Whether one of these proposals has this PRF.
pub(crate) fn offers_prf(proposals: &[Proposal], prf: PrfAlgorithm) -> bool {
    let transforms = proposals.iter().flat_map(|proposal| &proposal.transforms);
    let mut prfs = transforms.filter(|transform| transform.kind == TransformType::PRF);
    prfs.any(|transform| numbers::prf(transform.id) == Some(prf))
}

/// Whether a proposal holds the key exchange method with this number.
pub(crate) fn offers_group(proposal: &Proposal, group: u16) -> bool {
    of_kind(proposal, TransformType::KE).any(|transform| transform.id == group)
}

/// What kept two proposals apart.
struct Apart {
    /// How many types matched.
    matched: usize,
    /// The first one that did not.
    kind: TransformType,
    repeats: bool,
}

/// One transform of each type, or what keeps the proposals apart.
fn combine(ours: &Proposal, theirs: &Proposal) -> Result<Vec<Transform>, Apart> {
    let mut common: Vec<(TransformType, Vec<&Transform>)> = Vec::new();
    let mut failed = None;
    for kind in kinds(ours, theirs) {
        let here = || of_kind(ours, kind);
        let there = || of_kind(theirs, kind);
        let both: Vec<&Transform> =
            here().filter(|transform| there().any(|other| other == *transform)).collect();
        // Leaving a type out means NONE, where it may be left out (RFC 7296 §3.3.3).
        let left_out = |side: &mut dyn Iterator<Item = &Transform>| side.next().is_none();
        match both.is_empty() {
            false => common.push((kind, both)),
            true if left_out(&mut here()) && there().any(is_none) => {}
            true if left_out(&mut there()) && here().any(is_none) => {}
            true => failed = failed.or(Some(kind)),
        }
    }
    let matched = common.len();
    if let Some(kind) = failed {
        return Err(Apart { matched, kind, repeats: false });
    }
    distinct(&common, &mut Vec::new()).map_err(|kind| Apart { matched: matched - 1, kind, repeats: true })
}

/// The first choice from the lists, by their order, in which no key exchange method occurs twice (RFC 9370 §2.2.1); or the
/// type for which nothing was left. How much is tried is bounded by what is configured here.
fn distinct(
    lists: &[(TransformType, Vec<&Transform>)],
    chosen: &mut Vec<Transform>,
) -> Result<Vec<Transform>, TransformType> {
    let Some(((kind, list), rest)) = lists.split_first() else {
        return Ok(chosen.clone());
    };
    let repeats = |transform: &Transform, chosen: &[Transform]| {
        let exchange = is_key_exchange(*kind) && transform.id != 0;
        exchange && chosen.iter().any(|other| is_key_exchange(other.kind) && other.id == transform.id)
    };
    let mut stuck = *kind;
    for transform in list {
        if repeats(transform, chosen) {
            continue;
        }
        chosen.push((*transform).clone());
        match distinct(rest, chosen) {
            Ok(all) => return Ok(all),
            Err(kind) => stuck = kind,
        }
        chosen.pop();
    }
    Err(stuck)
}

fn is_key_exchange(kind: TransformType) -> bool {
    kind == TransformType::KE || ADDITIONAL.contains(&kind)
}

/// The key exchange methods of a choice but for NONE.
fn key_exchanges(proposal: &Proposal) -> impl Iterator<Item = &Transform> {
    proposal.transforms.iter().filter(|transform| is_key_exchange(transform.kind) && transform.id != 0)
}

fn kinds(a: &Proposal, b: &Proposal) -> BTreeSet<TransformType> {
    a.transforms.iter().chain(&b.transforms).map(|transform| transform.kind).collect()
}

fn of_kind(proposal: &Proposal, kind: TransformType) -> impl Iterator<Item = &Transform> {
    proposal.transforms.iter().filter(move |transform| transform.kind == kind)
}

/// `NONE` of integrity or a key exchange: what leaving the type out means.
fn is_none(transform: &Transform) -> bool {
    let optional = is_key_exchange(transform.kind) || transform.kind == TransformType::INTEG;
    optional && transform.id == 0 && transform.key_bits.is_none()
}
