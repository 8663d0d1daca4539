//! Ends of which one asks the other for inside addresses, and that may take IKE SAs without children or no others.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Pair, plain};

/// Addresses of a pool: some, one, some of both IP versions, and some of the later one only.
const POOLS: [&[&str]; 4] =
    [&["10.3.0.1-10.3.0.9"], &["10.3.0.1"], &["10.3.0.1-10.3.0.2", "fd03::1-fd03::9"], &["fd03::1-fd03::9"]];

/// Pairs in which `east` lends to `west`, and perhaps has lent to `north` before, by its child `far`.
pub(crate) fn clients() -> impl Strategy<Value = (Pair, bool)> {
    let asks = prop_oneof![
        3 => Just(None),
        5 => select(vec![&["ipv4"][..], &["ipv6"], &["ipv4", "ipv6"], &["dns"], &["10.3.0.2"], &["10.9.9.9"], &[]])
            .prop_map(Some)
    ];
    let side = select(vec![
        &["0.0.0.0/0", "::/0"][..],
        &["0.0.0.0/0", "::/0"],
        &["10.3.0.0/16"],
        &["10.3.0.2/31"],
        &["fd03::/64"],
    ]);
    // Who lends nothing has clients all the same that take IKE SAs without children, or none.
    let lends = (select(POOLS.to_vec()), prop::bool::weighted(0.85), asks, side, prop::bool::weighted(0.4));
    let childless =
        || prop_oneof![6 => Just(None), 2 => select(vec!["refuse", "allow", "require"]).prop_map(Some)];
    let shared = prop::bool::weighted(0.05);
    (lends, childless(), childless(), shared).prop_map(|(lends, west_alone, east_alone, strange)| {
        let (addresses, lends, asks, side, beside) = lends;
        let mut pair = plain();
        let [west, east] = &mut pair.ends;
        for (end, childless) in [(&mut *west, west_alone), (&mut *east, east_alone)] {
            end.lines.extend(childless.map(|word| format!("childless = \"{word}\"")));
        }
        east.lines.extend(strange.then(|| "accept = { psk = \"battery staple\" }".to_owned()));
        if lends {
            pair.both.push("pool = \"clients\"".to_owned());
            west.lines.extend(asks.map(|words| format!("asks = {}", super::list(words))));
            west.behind = vec!["10.3.0.0/24", "fd03::/64"];
            west.protects = side.to_vec();
            east.reaches = vec!["10.0.0.0/8", "::/0"];
            east.protects = vec!["10.2.0.0/16", "fd02::/64"];
            west.reaches = vec!["10.2.0.0/16", "fd02::/64"];
            pair.tables +=
                &format!("[pool.clients]\nat = \"east\"\naddresses = {}\n", super::list(addresses));
            pair.tables += OTHER;
        }
        (pair, lends && beside)
    })
}

/// Another client of the same pool.
const OTHER: &str = "[peer.north]\naddress = \"203.0.113.1\"\nprotects = [\"10.9.0.0/16\"]\n\
    [ike.other]\nends = [\"north\", \"east\"]\nauth = { psk = \"four score\" }\npool = \"clients\"\n\
    [child.far]\nof = \"other\"\n";
