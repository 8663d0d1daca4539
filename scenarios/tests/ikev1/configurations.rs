//! Pairs of configurations, as scenario files: close enough to agree often, and different enough to fail in every way.

use std::sync::Arc;

use esplanade::file::{self, Scenario};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// What one end is told.
#[derive(Clone, Debug)]
pub(crate) struct End {
    identity: &'static str,
    expects: Option<&'static str>,
    psk: &'static str,
    aggressive: bool,
    ike: Vec<String>,
    child: Vec<String>,
    group: Option<&'static str>,
    transport: bool,
    protects: &'static str,
    reaches: &'static str,
    life: Option<&'static str>,
}

/// At each side all and a part of it.
const NETWORKS: [[&str; 2]; 2] = [["10.1.0.0/16", "10.1.2.0/24"], ["10.2.0.0/16", "10.2.2.0/23"]];
const IDENTITIES: [&str; 2] = ["west.example", "east@example.org"];

fn words(list: &[&'static str], least: usize, most: usize) -> BoxedStrategy<Vec<&'static str>> {
    subsequence(list.to_vec(), least..=most).prop_shuffle().boxed()
}

fn ike_proposal() -> impl Strategy<Value = String> {
    let ciphers = words(&["aes128", "aes256", "3des", "camellia128"], 1, 2);
    // Cheap groups, so that many cases can be run.
    (ciphers, words(&["md5", "sha1", "sha256", "sha384"], 1, 2), words(&["ecp192", "ecp224", "ecp256"], 1, 2))
        .prop_map(|(ciphers, hashes, groups)| [ciphers, hashes, groups].concat().join("-"))
}

fn child_proposal() -> impl Strategy<Value = String> {
    let combined = words(&["aes128gcm16", "aes256gcm16", "aes128ccm8"], 1, 2);
    let separate = (words(&["aes128", "aes256", "3des"], 1, 2), words(&["md5", "sha1", "sha256"], 1, 2));
    let separate = separate.prop_map(|(ciphers, hashes)| [ciphers, hashes].concat());
    let ah = words(&["md5", "sha1"], 1, 2).prop_map(|hashes| [vec!["ah"], hashes].concat());
    let numbers = prop_oneof![4 => Just(vec!["noesn"]).boxed(), 1 => words(&["esn", "noesn"], 1, 2)];
    (prop_oneof![2 => combined, 4 => separate, 1 => ah], numbers)
        .prop_map(|(protection, numbers)| [protection, numbers].concat().join("-"))
}

fn end(side: usize) -> impl Strategy<Value = End> {
    let networks = |side: usize| {
        let [all, part] = NETWORKS[side];
        prop_oneof![9 => Just(all), 1 => Just(part)]
    };
    let other = IDENTITIES[1 - side];
    let expects = prop_oneof![24 => Just(None), 1 => Just(Some(other)), 1 => Just(Some("someone.example"))];
    let psk = prop_oneof![15 => Just("correct horse"), 1 => Just("battery staple")];
    let modes =
        (prop_oneof![9 => Just(false), 1 => Just(true)], prop_oneof![9 => Just(false), 1 => Just(true)]);
    let offers = (prop::collection::vec(ike_proposal(), 1..4), prop::collection::vec(child_proposal(), 1..4));
    let group = prop_oneof![9 => Just(None), 1 => Just(Some("ecp192"))];
    // Whole kilobytes, as they are offered.
    let life = select(vec![
        None,
        Some("{ seconds = 600 }"),
        Some("{ time = \"2h\", bytes = 5120000 }"),
        Some("{ seconds = 86400, bytes = 4096 }"),
    ]);
    let told = (expects, psk, modes, offers, group, networks(side), networks(1 - side), life);
    told.prop_map(
        move |(expects, psk, (aggressive, transport), (ike, child), group, protects, reaches, life)| {
            let identity = IDENTITIES[side];
            End { identity, expects, psk, aggressive, ike, child, group, transport, protects, reaches, life }
        },
    )
}

/// Two ends. Mostly the second has proposals of the first among its own, and does as the first in what both have to do alike:
/// by chance alone ends agree too seldom.
pub(crate) fn ends() -> impl Strategy<Value = [End; 2]> {
    let alike = (0usize..5, 0usize..5, 0usize..8, any::<bool>(), any::<bool>());
    (end(0), end(1), alike).prop_map(|(west, mut east, (ike, child, like, aggressive, group))| {
        let mix = |theirs: &[String], own: &mut Vec<String>, how: usize| match how {
            0 => {}
            1 | 2 => own.extend(theirs.first().cloned()),
            _ => {
                own.truncate(1);
                own.extend(theirs.iter().rev().cloned());
            }
        };
        let mut west = west;
        mix(&west.ike, &mut east.ike, ike);
        mix(&west.child, &mut east.child, child);
        west.aggressive ^= aggressive;
        if group {
            west.group = west.group.xor(Some("ecp192"));
        }
        if like > 0 {
            (east.aggressive, east.group, east.transport) = (west.aggressive, west.group, west.transport);
        }
        [west, east]
    })
}

/// The scenario in which these two ends meet.
pub(crate) fn scenario(ends: &[End; 2]) -> Arc<Scenario> {
    let text = text(ends);
    Arc::new(file::parse("generated", &text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}")))
}

fn text(ends: &[End; 2]) -> String {
    let list = |words: Vec<String>| {
        format!("[{}]", words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", "))
    };
    let mut text =
        "title = \"two ends\"\nstory = '''\n0s west: initiate net\nexpect site up at west within 1s\n'''\n"
            .to_owned();
    let mut told =
        "[ike.site]\nends = [\"west\", \"east\"]\nversion = 1\n[child.net]\nof = \"site\"\n".to_owned();
    for (name, address, end) in [("west", "192.0.2.1", &ends[0]), ("east", "198.51.100.1", &ends[1])] {
        text += &format!(
            "[peer.{name}]\naddress = \"{address}\"\nidentity = \"{}\"\nprotects = \"{}\"\n",
            end.identity, end.protects
        );
        told += &format!(
            "[ike.site.at.{name}]\nauth = {{ psk = \"{}\" }}\nmode = \"{}\"\noffer = {}\n",
            end.psk,
            if end.aggressive { "aggressive" } else { "main" },
            list(end.ike.clone())
        );
        told += &end.expects.map_or_else(String::new, |who| format!("expects = \"{who}\"\n"));
        let group = end.group.map_or_else(String::new, |group| format!("-{group}"));
        told += &format!(
            "[child.net.at.{name}]\nmode = \"{}\"\noffer = {}\nprotects = \"{}\"\nreaches = \"{}\"\n",
            if end.transport { "transport" } else { "tunnel" },
            list(end.child.iter().map(|one| format!("{one}{group}")).collect()),
            end.protects,
            end.reaches
        );
        told += &end.life.map_or_else(String::new, |life| format!("lifetime = {life}\n"));
    }
    text + &told
}
