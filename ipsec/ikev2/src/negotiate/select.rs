//! The choice of one proposal (RFC 7296 §2.7, §3.3.6), and what to say when there is none: of all the things that users
//! of IPsec ask, "why did nothing match" comes first.

use std::collections::BTreeSet;
use std::fmt;

use ipsec_wire::registry::TransformType;
use ipsec_wire::v2::{Proposal, Transform};

/// Why no proposal fits: the closest pair of offers, and the transform type that kept them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    kind: TransformType,
    offered: Vec<Transform>,
    configured: Vec<Transform>,
    all_offered: Vec<Proposal>,
    all_configured: Vec<Proposal>,
}

/// `key exchange: offered ECP_256, configured CURVE25519 (offer: …; configuration: …)`.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |transforms: &[Transform]| match transforms {
            [] => "nothing".to_owned(),
            some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
        };
        let all =
            |proposals: &[Proposal]| proposals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        if self.all_offered.is_empty() {
            return f.write_str("the offer is empty");
        }
        write!(
            f,
            "{}: offered {}, configured {} (offer: {}; configuration: {})",
            self.kind,
            list(&self.offered),
            list(&self.configured),
            all(&self.all_offered),
            all(&self.all_configured)
        )
    }
}

/// Chooses from `offered` the proposal that fits `configured`, by the order of `configured`, and within it each
/// transform by that order too. The result is an offered proposal, its number and SPI kept, with one transform of each
/// type.
///
/// # Errors
/// When none fits.
pub(crate) fn select(configured: &[Proposal], offered: &[Proposal]) -> Result<Proposal, Mismatch> {
    let mut closest: Option<(usize, Mismatch)> = None;
    for ours in configured {
        for theirs in offered.iter().filter(|theirs| theirs.protocol == ours.protocol) {
            match combine(ours, theirs) {
                Ok(transforms) => {
                    return Ok(Proposal { transforms, ..theirs.clone() });
                }
                Err((matched, kind)) => {
                    if closest.as_ref().is_none_or(|(best, _)| matched > *best) {
                        let mismatch = Mismatch {
                            kind,
                            offered: of_kind(theirs, kind).cloned().collect(),
                            configured: of_kind(ours, kind).cloned().collect(),
                            all_offered: offered.to_vec(),
                            all_configured: configured.to_vec(),
                        };
                        closest = Some((matched, mismatch));
                    }
                }
            }
        }
    }
    Err(closest.map_or_else(|| nothing_comparable(configured, offered), |(_, mismatch)| mismatch))
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
    Ok(chosen.clone())
}

/// Whether a proposal holds the key exchange method with this number.
pub(crate) fn offers_group(proposal: &Proposal, group: u16) -> bool {
    of_kind(proposal, TransformType::KE).any(|transform| transform.id == group)
}

/// One transform of each type, or how many types matched and the first one that did not.
fn combine(ours: &Proposal, theirs: &Proposal) -> Result<Vec<Transform>, (usize, TransformType)> {
    let kinds = kinds(ours, theirs);
    let mut transforms = Vec::new();
    let mut failed = None;
    for kind in &kinds {
        let here = || of_kind(ours, *kind);
        let there = || of_kind(theirs, *kind);
        let common = here().find(|transform| there().any(|other| other == *transform));
        // Leaving a type out means NONE, and 32-bit sequence numbers.
        let left_out = |side: &mut dyn Iterator<Item = &Transform>| side.next().is_none();
        match common {
            Some(transform) => transforms.push(transform.clone()),
            None if left_out(&mut here()) && there().any(is_none) => {}
            None if left_out(&mut there()) && here().any(is_none) => {}
            None => failed = failed.or(Some(*kind)),
        }
    }
    match failed {
        None => Ok(transforms),
        Some(kind) => Err((transforms.len(), kind)),
    }
}

fn nothing_comparable(configured: &[Proposal], offered: &[Proposal]) -> Mismatch {
    Mismatch {
        kind: TransformType::ENCR,
        offered: Vec::new(),
        configured: Vec::new(),
        all_offered: offered.to_vec(),
        all_configured: configured.to_vec(),
    }
}

fn kinds(a: &Proposal, b: &Proposal) -> BTreeSet<TransformType> {
    a.transforms.iter().chain(&b.transforms).map(|transform| transform.kind).collect()
}

fn of_kind(proposal: &Proposal, kind: TransformType) -> impl Iterator<Item = &Transform> {
    proposal.transforms.iter().filter(move |transform| transform.kind == kind)
}

/// `NONE` of integrity or key exchange, or 32-bit sequence numbers: what leaving the type out means.
fn is_none(transform: &Transform) -> bool {
    let optional = [TransformType::INTEG, TransformType::KE, TransformType::SN].contains(&transform.kind);
    optional && transform.id == 0 && transform.key_bits.is_none()
}
