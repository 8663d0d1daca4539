//! Pairs of configurations, as scenario files: close enough to agree often, and different enough to fail in every way.

mod careful;
mod clients;
mod proving;

use std::sync::Arc;

use esplanade::file::{self, Scenario};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub(crate) use careful::careful;
pub(crate) use clients::clients;
pub(crate) use proving::proving;

/// A configuration of two ends, and what else the scenario needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair {
    ends: [End; 2],
    /// Lines in the table of the IKE configuration, for both ends.
    both: Vec<String>,
    /// More tables.
    tables: String,
}

/// What one end is told.
#[derive(Clone, Debug, Default)]
struct End {
    identity: &'static str,
    expects: Option<&'static str>,
    /// How it proves who it is.
    auth: String,
    /// Lines of its own in the table of the IKE configuration.
    lines: Vec<String>,
    ike: Vec<String>,
    child: Vec<String>,
    transport: bool,
    /// What is behind it, if that is not what its child protects.
    behind: Vec<&'static str>,
    protects: Vec<&'static str>,
    reaches: Vec<&'static str>,
}

const NETWORKS: [[&str; 4]; 2] = [
    ["10.1.0.0/16", "10.1.2.0/24", "10.1.128.0/17", "2001:db8:1::/48"],
    ["10.2.0.0/16", "10.2.2.0/23", "10.2.3.0/24", "2001:db8:2::/48"],
];
const IDENTITIES: [&str; 2] = ["west.example", "east@example.org"];

fn words(list: &[&'static str], least: usize, most: usize) -> BoxedStrategy<Vec<&'static str>> {
    subsequence(list.to_vec(), least..=most).prop_shuffle().boxed()
}

/// Ciphers, with integrity algorithms where they are not combined-mode ones.
fn protection() -> impl Strategy<Value = Vec<&'static str>> {
    let combined = words(&["aes128gcm16", "aes256gcm16", "aes128gcm8", "chacha20poly1305"], 1, 3);
    let separate = (
        words(&["aes128", "aes256", "aes128ctr", "camellia128", "3des"], 1, 3),
        words(&["sha1", "sha256", "sha384", "aesxcbc"], 1, 2),
    );
    prop_oneof![3 => combined, 2 => separate.prop_map(|(ciphers, macs)| [ciphers, macs].concat())]
}

/// Cheap groups, so that many cases can be run.
fn groups(least: usize) -> BoxedStrategy<Vec<&'static str>> {
    words(&["x25519", "ecp256", "mlkem512"], least, 2)
}

fn ike_proposal() -> impl Strategy<Value = String> {
    (protection(), words(&["prfsha1", "prfsha256", "prfaescmac"], 1, 2), groups(1))
        .prop_map(|(protection, prf, groups)| [protection, prf, groups].concat().join("-"))
}

fn child_proposal() -> impl Strategy<Value = String> {
    let ah = words(&["sha1", "sha256", "sha384"], 1, 2).prop_map(|macs| [vec!["ah"], macs].concat());
    let numbers = words(&["esn", "noesn"], 1, 2);
    let protection = prop_oneof![6 => protection().boxed(), 1 => ah.boxed()];
    let groups = prop_oneof![2 => Just(Vec::new()).boxed(), 1 => groups(1)];
    (protection, groups, numbers)
        .prop_map(|(protection, groups, numbers)| [protection, groups, numbers].concat().join("-"))
}

fn end(side: usize) -> impl Strategy<Value = End> {
    let networks = |side: usize| {
        let [all, parts @ ..] = NETWORKS[side];
        // An IPv4 network at each side, since a child with no version in common is refused in the file.
        let some = subsequence(parts.to_vec(), 0..=2);
        let mixed = (select(vec![all, parts[0], parts[1]]), some).prop_map(|(one, more)| {
            let mut list: Vec<&str> = more.into_iter().filter(|other| *other != one).collect();
            list.push(one);
            list
        });
        prop_oneof![2 => Just(vec![all]), 3 => mixed]
    };
    let other = IDENTITIES[1 - side];
    let expects = prop_oneof![24 => Just(None), 1 => Just(Some(other)), 1 => Just(Some("someone.example"))];
    let psk = prop_oneof![15 => Just("correct horse"), 1 => Just("battery staple")];
    let offers = (prop::collection::vec(ike_proposal(), 1..4), prop::collection::vec(child_proposal(), 1..4));
    let told = (expects, psk, offers, select(vec![false, true]), networks(side), networks(1 - side));
    told.prop_map(move |(expects, psk, (ike, child), transport, protects, reaches)| End {
        identity: IDENTITIES[side],
        expects,
        auth: format!("psk = \"{psk}\""),
        lines: Vec::new(),
        ike,
        child,
        transport,
        behind: Vec::new(),
        protects,
        reaches,
    })
}

/// Two ends. Often the second has proposals of the first among its own: by chance alone ends agree too seldom.
pub(crate) fn ends() -> impl Strategy<Value = Pair> {
    (end(0), end(1), 0usize..4, 0usize..4).prop_map(|(west, mut east, ike, child)| {
        let mix = |theirs: &[String], own: &mut Vec<String>, how: usize| match how {
            0 => {}
            1 => own.extend(theirs.first().cloned()),
            _ => {
                own.truncate(1);
                own.extend(theirs.iter().rev().cloned());
            }
        };
        mix(&west.ike, &mut east.ike, ike);
        mix(&west.child, &mut east.child, child);
        Pair { ends: [west, east], ..Pair::default() }
    })
}

/// Two ends that agree on all that they are told so far, which is as little as can be.
fn plain() -> Pair {
    let end = |side: usize| End {
        identity: IDENTITIES[side],
        auth: "psk = \"correct horse\"".to_owned(),
        ike: vec!["aes128gcm16-prfsha256-x25519".to_owned()],
        child: vec!["aes128gcm16".to_owned()],
        protects: vec![NETWORKS[side][0]],
        reaches: vec![NETWORKS[1 - side][0]],
        ..End::default()
    };
    Pair { ends: [end(0), end(1)], ..Pair::default() }
}

/// The scenario in which the ends of this pair meet.
pub(crate) fn scenario(pair: &Pair) -> Arc<Scenario> {
    let text = text(pair);
    Arc::new(file::parse("generated", &text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}")))
}

/// A list of words as TOML has it.
fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.as_ref())).collect();
    format!("[{}]", words.join(", "))
}

fn text(Pair { ends, both, tables }: &Pair) -> String {
    let mut text =
        "title = \"two ends\"\nstory = '''\n0s west: initiate net\nexpect site up at west within 1s\n'''\n"
            .to_owned();
    let both = both.join("\n");
    let mut told =
        format!("[ike.site]\nends = [\"west\", \"east\"]\n{both}\n[child.net]\nof = \"site\"\n{tables}\n");
    for (name, address, end) in [("west", "192.0.2.1", &ends[0]), ("east", "198.51.100.1", &ends[1])] {
        text += &format!(
            "[peer.{name}]\naddress = \"{address}\"\nidentity = \"{}\"\nprotects = {}\n",
            end.identity,
            list(if end.behind.is_empty() { &end.protects } else { &end.behind })
        );
        told += &format!(
            "[ike.site.at.{name}]\nauth = {{ {} }}\noffer = {}\n{}\n",
            end.auth,
            list(&end.ike),
            end.lines.join("\n")
        );
        told += &end.expects.map_or_else(String::new, |who| format!("expects = \"{who}\"\n"));
        let mode = if end.transport { "transport" } else { "tunnel" };
        told += &format!(
            "[child.net.at.{name}]\nmode = \"{mode}\"\noffer = {}\nprotects = {}\nreaches = {}\n",
            list(&end.child),
            list(&end.protects),
            list(&end.reaches)
        );
    }
    text + &told
}
