//! A run as a collector might tell it: two gateways behind a router, a message lost, one twice, a rekeying.

use std::collections::BTreeMap;

use super::*;
use crate::outcome::sample;

const MS: u64 = 1_000_000;

/// The run that failed in [`sample::results`].
pub(crate) fn account() -> Account {
    let suite = sample::results().suites.remove(1);
    Account {
        suite: suite.name,
        title: suite.title,
        covers: suite.covers,
        case: suite.cases[1].clone(),
        replay: "cargo esplanade replay ikev2/lossy.toml --seed 1".to_owned(),
        topology: topology(),
        story: story(),
        sequence: sequence(),
        sas: sas(),
        series: series(),
        misfortunes: misfortunes(),
        keys: None,
    }
}

fn topology() -> Topology {
    let site = |name: &str, kind, lines: &[&str]| Site {
        name: name.to_owned(),
        kind,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    let wire = |name: &str, ends, lines: &[&str]| Wire {
        name: name.to_owned(),
        ends,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    Topology {
        sites: vec![
            site("west", SiteKind::Peer, &["192.0.2.1"]),
            site("east", SiteKind::Peer, &["198.51.100.1"]),
            site("box", SiteKind::Nat, &["203.0.113.7"]),
            site("10.1.0.0/16", SiteKind::Network, &["10.1.0.10"]),
            site("10.2.0.0/16", SiteKind::Network, &[]),
        ],
        wires: vec![
            wire("lan", [0, 2], &["1ms"]),
            wire("wan", [2, 1], &["40ms ± 10ms", "loss 5%"]),
            wire("", [0, 3], &[]),
            wire("", [1, 4], &[]),
        ],
    }
}

fn story() -> Vec<Told> {
    let told = |at_ms: u64, number, text: &str, fate| Told {
        at_nanos: at_ms * MS,
        line: StoryLine { number, text: text.to_owned() },
        fate,
    };
    vec![
        told(0, 5, "west: initiate net", LineFate::Done),
        told(0, 6, "expect IKE SA site at west within 5s", LineFate::Held { at_nanos: 3_080 * MS }),
        told(0, 7, "expect net up at west, east within 20s", LineFate::Broken),
        told(0, 9, "sometimes ikev2.request.repeated at west", LineFate::Met),
        told(0, 10, "sometimes ikev2.cookie.demanded at east", LineFate::Unmet),
        told(60_000, 11, "talk: start", LineFate::Unreached),
    ]
}

fn message(at_ms: u64, way: (usize, usize), label: &str, arrivals: &[u64]) -> Message {
    let (exchange, tone) = match label.split(' ').next() {
        Some("IKE_SA_INIT") => ("IKE_SA_INIT", 0),
        Some("IKE_AUTH") => ("IKE_AUTH", 1),
        Some("ESP") => ("ESP", 5),
        _ => ("CREATE_CHILD_SA", 2),
    };
    Message {
        at_nanos: at_ms * MS,
        from: way.0,
        to: way.1,
        label: label.to_owned(),
        exchange: exchange.to_owned(),
        tone,
        packets: 1,
        arrivals: arrivals.iter().map(|at| at * MS).collect(),
        ..Message::default()
    }
}

fn sequence() -> Sequence {
    let tree = "IKE_SA_INIT request 0 [SA KE Nonce]\n  SPIs 1122334455667788 0000000000000000\n  SA\n    \
                proposal 1: aes128gcm16-prfsha256-x25519\n  KE\n    CURVE25519, 32 octets\n  Nonce\n    32 octets\n";
    let init = Message {
        tree: Some(tree.to_owned()),
        ..message(0, (0, 1), "IKE_SA_INIT request 0 [SA KE Nonce]", &[41])
    };
    let auth = "IKE_AUTH request 1 [IDi AUTH SA TSi TSr]";
    let lost = Message {
        end: Some((2_000 * MS, "lost".to_owned())),
        tree: Some("IKE_AUTH request 1\n  IDi\n    ID_FQDN west.example\n".to_owned()),
        ..message(2_000, (0, 1), auth, &[])
    };
    let again = Message {
        repeats: 1,
        troubles: vec!["comes twice".to_owned()],
        tree: lost.tree.clone(),
        ..message(3_000, (0, 1), auth, &[3_040, 3_052])
    };
    let late = Message {
        troubles: vec!["held back 30ms".to_owned()],
        ..message(3_040, (1, 0), "IKE_AUTH response 1 [IDr AUTH SA TSi TSr]", &[3_110])
    };
    let remark = |at_ms: u64, at, text: &str, mood| {
        Entry::Remark(Remark { at_nanos: at_ms * MS, at: Some(at), text: text.to_owned(), mood })
    };
    let data = Message { packets: 37, ..message(3_060, (1, 0), "ESP SPI c0ffee01, 37 packets", &[3_900]) };
    Sequence {
        participants: vec!["west".to_owned(), "east".to_owned()],
        entries: vec![
            Entry::Message(init),
            Entry::Message(message(41, (1, 0), "IKE_SA_INIT response 0 [SA KE Nonce]", &[82])),
            Entry::Message(lost),
            Entry::Message(again),
            Entry::Message(late),
            remark(3_040, 1, "Child SA net up, SPIs c0ffee01 in deadbeef out", Mood::Up),
            Entry::Message(data),
            remark(3_110, 0, "dropped a message: its integrity is not proven", Mood::Trouble),
            remark(20_000, 0, "Child SA net down: its lifetime is over", Mood::Down),
        ],
        left_out: 2,
    }
}

fn sas() -> Vec<SaSpan> {
    let span = |holder: &str, kind: &str, name: &str, spis: &str, from_ms: u64| SaSpan {
        holder: holder.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        spis: spis.to_owned(),
        about: "aes128gcm16".to_owned(),
        from_nanos: from_ms * MS,
        end: None,
        marks: Vec::new(),
    };
    vec![
        span("east", "IKE SA", "site", "1122334455667788 99aabbccddeeff00", 3_040),
        SaSpan {
            end: Some((15_000 * MS, "replaced by rekeying".to_owned())),
            marks: vec![(9_000 * MS, "soft limit of time".to_owned())],
            ..span("east", "Child SA", "net", "c0ffee01 in deadbeef out", 3_040)
        },
        span("west", "IKE SA", "site", "1122334455667788 99aabbccddeeff00", 3_110),
        span("west", "Child SA", "net", "deadbeef in c0ffee01 out", 3_110),
    ]
}

fn series() -> Vec<Series> {
    let series = |name: &str, unit, values: &[u64]| Series {
        name: name.to_owned(),
        unit,
        interval_nanos: 500 * MS,
        values: values.to_vec(),
    };
    vec![
        series("talk, goodput", Unit::Octets, &[0, 0, 0, 0, 1200, 64_000, 63_000, 64_000, 0, 0, 0, 32_000]),
        series("lost on wan", Unit::Packets, &[0, 0, 1, 0, 0, 0, 2]),
    ]
}

fn misfortunes() -> Misfortunes {
    let row = |at_ms: u64, packet: &str, text: &str, decision: &str| Misfortune {
        at_nanos: at_ms * MS,
        way: "west → east".to_owned(),
        packet: packet.to_owned(),
        text: text.to_owned(),
        decision: decision.to_owned(),
    };
    Misfortunes {
        rows: vec![
            row(2_000, "IKE_AUTH request 1", "lost", "wan forward 1 lost"),
            row(3_000, "IKE_AUTH request 1", "duplicated after 12ms", "wan forward 2 duplicated 12ms"),
        ],
        left_out: 3,
    }
}

/// A run with so many messages.
pub(crate) fn long(messages: u64) -> Account {
    let labels = ["INFORMATIONAL request", "INFORMATIONAL response"];
    let entry = |number: u64| {
        let way = if number.is_multiple_of(2) { (0, 1) } else { (1, 0) };
        let label = format!("{} {} [N(COOKIE2) D]", labels[usize::from(way.0 == 1)], number / 2);
        let mut message = message(number * 40, way, &label, &[number * 40 + 40]);
        message.tree = Some(format!(
            "{label}\n  SPIs 1122334455667788 99aabbccddeeff00\n  N(COOKIE2)\n    8 octets\n  D\n    ESP {number:08x}\n"
        ));
        Entry::Message(message)
    };
    let mut account = account();
    account.sequence.entries = (0..messages).map(entry).collect();
    account.case.counters = BTreeMap::new();
    account
}
