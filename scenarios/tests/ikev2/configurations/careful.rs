//! Ends that are on their guard: additional key exchanges, post-quantum preshared keys, proofs of the whole of `IKE_SA_INIT`.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Pair, ends};

/// Pairs of them.
pub(crate) fn careful() -> impl Strategy<Value = Pair> {
    (ends(), guard(), guard()).prop_map(|(mut pair, west, east)| {
        for (end, Guard { following, lines }) in pair.ends.iter_mut().zip([west, east]) {
            for (proposal, following) in end.ike.iter_mut().zip(following.iter().cycle()) {
                *proposal += following;
            }
            end.lines.extend(lines);
        }
        pair
    })
}

/// A post-quantum preshared key, which is mostly the one of both.
pub(super) fn preshared() -> impl Strategy<Value = String> {
    let secret = prop_oneof![7 => Just("of both"), 1 => Just("of one")];
    let mixed = select(vec!["", ", mixed = \"auth\"", ", mixed = \"intermediate\""]);
    let told = (select(vec!["a", "a", "b"]), secret, mixed, prop::bool::weighted(0.3));
    told.prop_map(|(id, secret, mixed, required)| {
        format!("ppk = {{ id = \"{id}\", secret = \"{secret}\", required = {required}{mixed} }}")
    })
}

/// What an end does beside the rest.
#[derive(Clone, Debug)]
struct Guard {
    /// The words of additional key exchanges behind each proposal of the IKE SA, in turns.
    following: Vec<&'static str>,
    lines: Vec<String>,
}

/// The words of additional key exchanges. Their method may be one of the groups, and is not to be exchanged twice.
const FOLLOWING: [&str; 5] =
    ["", "", "-ke1_mlkem768-ke1_none", "-ke1_mlkem768", "-ke1_mlkem768-ke2_mlkem512-ke2_mlkem768-ke2_none"];

fn guard() -> impl Strategy<Value = Guard> {
    let following = prop::collection::vec(select(FOLLOWING.to_vec()), 1..3);
    let prevention = prop_oneof![4 => Just("off"), 2 => Just("offer"), 1 => Just("require")];
    let told = (following, prop::bool::weighted(0.15), prop::option::of(preshared()), prevention);
    told.prop_map(|(following, silent, ppk, prevention)| {
        let mut lines: Vec<String> = ppk.into_iter().collect();
        lines.push(format!("downgrade-prevention = \"{prevention}\""));
        lines.extend(silent.then(|| "intermediate = false".to_owned()));
        Guard { following, lines }
    })
}
