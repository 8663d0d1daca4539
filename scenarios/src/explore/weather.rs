//! The network's weather. Half of its kinds are switched off in each world: a world with a little of everything finds less
//! (swarm testing; Groce and others, 2012).

use std::fmt::Write as _;

use sim::RandomStream;

use super::luck::{between, once_in, pick};
use super::world::Kind;

/// Keys of a link. What carries nothing for a while is the acts' business. Version 1 believes what it reads of NAT before anything
/// is proven (RFC 3947 §3.2), and what was made of changed messages stays as it is: links change none there.
pub(super) fn link(kind: Kind, luck: &mut RandomStream) -> String {
    let delay = pick(luck, &[1, 5, 20, 80, 200]);
    let mut keys = match pick(luck, &[0, 0, 4, 2, 1]) {
        0 => format!("delay = \"{delay}ms\"\n"),
        part => format!("delay = \"{delay}ms ± {}ms\"\n", delay / part),
    };
    if once_in(luck, 3) {
        let _ = writeln!(keys, "spread = \"{}\"", pick(luck, &["normal", "exponential"]));
    }
    let shares: [(&str, &[u64]); 5] = [
        ("loss", &[1, 5, 10, 25]),
        ("reorder", &[1, 5, 20]),
        ("duplicate", &[1, 5, 20]),
        ("corrupt", &[1, 5]),
        ("truncate", &[1, 5]),
    ];
    for (key, percents) in shares {
        if once_in(luck, 2) && !(kind.version == 1 && key == "corrupt") {
            let _ = writeln!(keys, "{key} = \"{}%\"", pick(luck, percents));
            if key == "loss" && once_in(luck, 3) {
                keys += "bursts = \"4 packets\"\n";
            }
        }
    }
    if once_in(luck, 5) {
        let _ = writeln!(keys, "mtu = {}", pick(luck, &[1280, 1400]));
    }
    if once_in(luck, 6) {
        let _ = writeln!(keys, "rate = \"{}kbit/s\"", pick(luck, &[256, 1000]));
    }
    keys
}

/// A translator.
pub(super) fn translator(luck: &mut RandomStream) -> String {
    let dependence = ["endpoint-independent", "address-dependent", "address-and-port-dependent"];
    format!(
        "[nat.home]\naddress = \"203.0.113.9\"\ninside = \"lan\"\nmapping = \"{}\"\nfiltering = \"{}\"\nports = \"{}\"\n\
         timeout = \"{}s\"\nesp = \"{}\"\n\n",
        pick(luck, &dependence),
        pick(luck, &dependence),
        pick(luck, &["preserving", "sequential", "random"]),
        between(luck, 30, 120),
        pick(luck, &["pass", "drop"]),
    )
}

/// Keys of a peer.
pub(super) fn peer(luck: &mut RandomStream) -> String {
    let mut keys = String::new();
    if once_in(luck, 4) {
        keys += "cookies = \"always\"\n";
    }
    if once_in(luck, 4) {
        let _ = writeln!(keys, "think = \"{}ms\"", pick(luck, &[1, 50, 400]));
    }
    if once_in(luck, 4) {
        keys += "token = \"what outlives a crash\"\n";
    }
    if once_in(luck, 4) {
        let _ = writeln!(keys, "clock = {{ drift = \"{}%\" }}", pick(luck, &["-3", "1", "2"]));
    }
    keys
}
