//! What an IKE SA that takes the place of another takes over from it: its Child SAs and who its ends are (RFC 7296 §2.8).
//!
//! ```text
//! IKE SA 1, Child SAs        1 is replaced by 2                2 has them
//!                            1 is replaced by 2 and by 3       2 has them; where 2 is deleted, 3 (§2.8.2)
//! ```

use super::sa::{Sa, Stage};
use crate::told::ChildSummary;

/// What becomes of Child SAs when their IKE SA is deleted.
pub(super) const GONE: &str = "gone with its IKE SA";

/// Takes over from the IKE SA that this one replaces.
pub(super) fn takes_place(new: &mut Sa, old: &mut Sa) {
    new.summary.replaces = Some(old.summary.number);
    let is_turned = new.ends[0].ip() != old.ends[0].ip();
    let [i, r] = old.summary.identities.clone();
    new.summary.identities = if is_turned { [r, i] } else { [i, r] };
    new.summary.method.clone_from(&old.summary.method);
    new.summary.behind_nat = old.summary.behind_nat;
    if is_turned {
        new.summary.behind_nat.reverse();
    }
    children(new, old, |child| child.outcome == "set up");
}

/// Gives the Child SAs of an IKE SA that was deleted to the other one that replaces the same, if there is one: two were made at
/// once, and this was the one that had to go.
pub(super) fn goes(gone: &mut Sa, others: &mut [&mut Sa]) {
    let Some(replaced) = gone.summary.replaces else { return };
    let twin = others
        .iter_mut()
        .find(|other| other.summary.replaces == Some(replaced) && other.stage != Stage::Ended);
    if let Some(twin) = twin {
        children(twin, gone, |child| child.outcome == GONE);
    }
}

/// Moves Child SAs, as they look from the other IKE SA's initiator.
fn children(to: &mut Sa, from: &mut Sa, which: impl Fn(&ChildSummary) -> bool) {
    let is_turned = to.ends[0].ip() != from.ends[0].ip();
    let (moved, kept): (Vec<_>, Vec<_>) =
        std::mem::take(&mut from.summary.children).into_iter().partition(which);
    from.summary.children = kept;
    for mut child in moved {
        if is_turned {
            std::mem::swap(&mut child.spi_i, &mut child.spi_r);
            child.selectors.swap(0, 1);
            child.by_responder = !child.by_responder;
        }
        "set up".clone_into(&mut child.outcome);
        to.summary.children.push(child);
    }
}
