//! What both gateways are told of IKE and of their child: mostly the same, sometimes not.

use std::fmt::Write as _;

use sim::RandomStream;

use super::luck::{between, once_in, pick, some};
use super::world::Kind;

/// One choice in so many is what takes long to reckon, such as Triple DES: worlds are after what protocols do.
const RARE: u64 = 20;

/// The nouns of IKE and of the child `net`.
pub(super) fn draw(kind: Kind, luck: &mut RandomStream) -> String {
    let mut ike = "\n[ike.site]\nends = [\"west\", \"east\"]\n".to_owned();
    let mut child = "[child.net]\nof = \"site\"\n".to_owned();
    let wrong_key = once_in(luck, 30);
    if !wrong_key {
        ike += "auth = { psk = \"correct horse\" }\n";
    }
    if kind.version == 1 {
        let _ = writeln!(ike, "version = 1\nmode = \"{}\"", pick(luck, &["main", "main", "aggressive"]));
        let _ = writeln!(ike, "liveness = \"{}s\"", between(luck, 5, 20));
    } else {
        ike += &version2(kind, luck);
    }
    ike += &lifetime(luck, 40, 300);
    child += &lifetime(luck, 20, 200);
    ike += &retransmit(luck);
    let _ = writeln!(child, "replay = {}", pick(luck, &[32, 64, 128, 1024]));
    let mut at = String::new();
    let group = pick(luck, &["", "", "-ecp256"]);
    let (mine, theirs) = (ike_offer(kind, luck), child_offer(kind, group, luck));
    let differ = once_in(luck, 5);
    for (peer, key) in [("west", "correct horse"), ("east", "battery staple")] {
        // Who moves may begin anew from where it is.
        let anywhere = kind.moves && peer == "east";
        if differ || wrong_key || anywhere {
            let _ = writeln!(at, "[ike.site.at.{peer}]");
        }
        if anywhere {
            at += "remote = \"any\"\n";
        }
        if wrong_key {
            let _ = writeln!(at, "auth = {{ psk = \"{key}\" }}");
        }
        if differ {
            let (own, others) = (ike_offer(kind, luck), child_offer(kind, group, luck));
            let _ = writeln!(at, "offer = {}", list(&mixed(luck, &mine, own)));
            let _ = writeln!(at, "[child.net.at.{peer}]\noffer = {}", list(&mixed(luck, &theirs, others)));
        }
    }
    if !differ {
        let _ = writeln!(ike, "offer = {}", list(&mine));
        let _ = writeln!(child, "offer = {}", list(&theirs));
    }
    format!("{ike}\n{child}\n{at}")
}

fn version2(kind: Kind, luck: &mut RandomStream) -> String {
    let mut keys = format!("liveness = \"{}s\"\n", between(luck, 3, 20));
    if kind.moves || once_in(luck, 3) {
        keys += "mobike = true\n";
    }
    if once_in(luck, 4) {
        let _ = writeln!(keys, "window = {}", between(luck, 2, 8));
    }
    if once_in(luck, 5) {
        let _ = writeln!(keys, "unique = \"{}\"", pick(luck, &["never", "replace"]));
    }
    if once_in(luck, 5) {
        keys += "reauthentication = \"break-before-make\"\n";
    }
    if once_in(luck, 5) {
        let _ = writeln!(keys, "fragments = [{}]", pick(luck, &[576, 800, 1280]));
    }
    if once_in(luck, 6) {
        keys += "childless = \"require\"\n";
    }
    if once_in(luck, 6) {
        keys += "ppk = { id = \"lab\", secret = \"shared long ago\" }\n";
    }
    if once_in(luck, 6) {
        keys += "downgrade-prevention = \"offer\"\n";
    }
    if once_in(luck, 8) {
        keys += "nat = { encapsulate = true }\n";
    }
    let _ = writeln!(keys, "attempts = {}", between(luck, 1, 3));
    keys
}

/// A short life, so that soft limits are reached, in every second world.
fn lifetime(luck: &mut RandomStream, low: u64, high: u64) -> String {
    if once_in(luck, 2) {
        return String::new();
    }
    let (time, margin) = (between(luck, low, high), pick(luck, &[20, 30, 50]));
    format!(
        "lifetime = {{ time = \"{time}s\", margin = \"{margin}%\", jitter = \"{}%\" }}\n",
        pick(luck, &[0, 20, 40])
    )
}

fn retransmit(luck: &mut RandomStream) -> String {
    if once_in(luck, 2) {
        return String::new();
    }
    let (first, tries) = (pick(luck, &[200, 500, 2000]), between(luck, 4, 9));
    format!("retransmit = {{ first = \"{first}ms\", longest = \"8s\", tries = {tries} }}\n")
}

fn cipher(luck: &mut RandomStream) -> &'static str {
    if once_in(luck, RARE) { "3des" } else { pick(luck, &["aes128", "aes256"]) }
}

fn ike_offer(kind: Kind, luck: &mut RandomStream) -> Vec<String> {
    let proposal = |luck: &mut RandomStream| match kind.version {
        1 => {
            let group = if once_in(luck, RARE) { "modp1024" } else { "ecp256" };
            format!("{}-{}-{group}", cipher(luck), pick(luck, &["sha1", "sha256"]))
        }
        _ => {
            let protection = if once_in(luck, RARE) {
                "3des-sha1"
            } else {
                pick(luck, &["aes128gcm16", "aes256gcm16", "chacha20poly1305", "aes128-sha256"])
            };
            let prf = pick(luck, &["prfsha256", "prfsha1", "prfsha384"]);
            let groups = some(luck, &["x25519", "ecp256"], 1, 2).join("-");
            let further = if once_in(luck, 6) { "-ke1_mlkem512" } else { "" };
            format!("{protection}-{prf}-{groups}{further}")
        }
    };
    (0..between(luck, 1, 3)).map(|_| proposal(luck)).collect()
}

/// In version 1 all proposals of a child have one group, or none has one.
fn child_offer(kind: Kind, group: &str, luck: &mut RandomStream) -> Vec<String> {
    let proposal = |luck: &mut RandomStream| {
        let protection = if kind.version == 1 || once_in(luck, 3) {
            format!("{}-{}", cipher(luck), pick(luck, &["sha1", "sha256"]))
        } else {
            pick(luck, &["aes128gcm16", "aes256gcm16", "chacha20poly1305", "aes128ccm16"]).to_owned()
        };
        let group = match kind.version {
            1 => group,
            _ if once_in(luck, 3) => pick(luck, &["-ecp256", "-x25519"]),
            _ => "",
        };
        let numbers = if kind.version == 2 && once_in(luck, 3) { "-esn" } else { "" };
        format!("{protection}{group}{numbers}")
    };
    (0..between(luck, 1, 2)).map(|_| proposal(luck)).collect()
}

/// One's own, often with what the other end has as well.
fn mixed(luck: &mut RandomStream, shared: &[String], mut own: Vec<String>) -> Vec<String> {
    if !once_in(luck, 3) {
        own.extend(shared.iter().cloned());
    }
    own
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}
