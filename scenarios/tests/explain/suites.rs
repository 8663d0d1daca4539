//! The captures of the suites: what `explain` says of each message is what the trace says, and where nobody does anything wrong it
//! finds nothing wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use esplanade::file::{self, Scenario};
use explain::{IkeSummary, Kind, Message, Told};
use rayon::prelude::*;

use super::{capture_scenario, comments, explain, message_of, violations};

/// What `explain` makes of the captures of one run.
#[derive(Debug, Default)]
struct Finding {
    /// How many messages and packets were compared with the trace.
    compared: usize,
    /// Where it says something else than the trace.
    differences: Vec<String>,
    /// The rules that were broken, notes left out.
    rules: BTreeSet<&'static str>,
    /// What was found of them, in words.
    broken: Vec<String>,
}

/// All scenarios of the suites with the names by which they are loaded, in the order of their paths.
fn scenarios() -> Vec<(String, Arc<Scenario>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    let cases = files.iter().flat_map(|path| file::load_all(path).unwrap());
    let short = |name: String| {
        name.trim_start_matches(&*root.to_string_lossy()).trim_start_matches('/').replace(".toml", "")
    };
    cases.map(|(name, scenario)| (short(name), Arc::new(scenario))).collect()
}

/// Runs seed 0 of a scenario and explains what was captured on each link, with all keys.
fn finding((name, scenario): &(String, Arc<Scenario>)) -> Finding {
    let written = capture_scenario(scenario, name);
    let mut finding = Finding::default();
    for path in &written.captures {
        let (told, summary) = explain(path, Some(&written.keys), true);
        let hides = summary.ike.iter().any(hides_first);
        let comments = comments(path);
        assert_eq!(comments.len() as u64, summary.frames, "{name}");
        for one in &told {
            let Told::Message(message) = one else { continue };
            let Some(comment) = &comments[usize::try_from(message.frame).unwrap() - 1] else { continue };
            if hides && message.label.ends_with(" …]") {
                continue;
            }
            match is_what_the_trace_says(message, comment) {
                Some(true) => finding.compared += 1,
                Some(false) => {
                    finding
                        .differences
                        .push(format!("#{}: {}, the trace says {comment}", message.frame, message.label));
                }
                None => {}
            }
        }
        for violation in violations(&told) {
            finding.rules.insert(violation.rule.name);
            finding.broken.push(format!("#{} {}: {}", violation.frame, violation.rule.name, violation.what));
        }
        for sa in summary.ike.iter().filter(|sa| sa.closed > u64::from(hides_first(sa))) {
            finding.differences.push(format!("IKE SA {}: {} messages stay closed", sa.number, sa.closed));
        }
    }
    let _ = std::fs::remove_dir_all(written.profile.parent().unwrap());
    finding
}

/// Whether the first encrypted message of an ISAKMP SA stays closed even with its key: its IV is made of public values, which are
/// hidden (RFC 2409 §5.3).
fn hides_first(sa: &IkeSummary) -> bool {
    sa.method.as_deref() == Some("revised encryption with RSA")
}

/// What befell a packet, where the trace has no label for it.
const BEFELL: [&str; 2] = ["duplicate of packet", "lost here"];

/// Runs of the suites in which a rule is broken though nobody means harm, and which.
const EXPECTED: [(&str, &str); 1] = [
    // What takes over for the other member of a cluster knows nothing of its message IDs (RFC 6311 §3).
    ("failover/unsupported", "repeat-of-request"),
];

/// Whether a message is what its comment in the capture says; nothing where that says less.
fn is_what_the_trace_says(message: &Message, comment: &str) -> Option<bool> {
    match message.kind {
        _ if BEFELL.iter().any(|befell| comment.starts_with(befell)) => None,
        // A notice without protection is no event of whoever sends it.
        Kind::Ike
            if !message.label.contains('*')
                && message.label.matches('(').count() == 1
                && message.label.contains(" [N(") =>
        {
            None
        }
        // Of a piece only the last one shows what it is a piece of.
        Kind::Ike if message.label.contains("[SKF ") || message.label.contains("[FRAG]") => None,
        // In version 1 the trace has no mark for encryption, and none for the message ID of phase 1.
        Kind::Ike => {
            let expected = message_of(comment)?;
            let label = message.label.replace('*', "").replace(" 00000000", "");
            Some(without_kinds(&label) == expected)
        }
        Kind::Esp => Some(comment.starts_with(&message.label)),
        Kind::Ah | Kind::Keepalive => None,
    }
}

/// A label in which lists of attributes do not tell of which kind they are: the trace has that neither.
fn without_kinds(label: &str) -> String {
    let (first, rest) = label.split_once("ATTR(").unwrap_or((label, ""));
    match rest.split_once(')') {
        Some((_, behind)) => format!("{first}ATTR{}", without_kinds(behind)),
        None => label.to_owned(),
    }
}

/// Whether everybody follows the standards: no tester says what is wrong.
fn is_clean(scenario: &Scenario) -> bool {
    scenario.testers.is_empty()
}

fn are_reproduced(scenarios: &[(String, Arc<Scenario>)]) -> usize {
    let findings: BTreeMap<&str, Finding> =
        scenarios.par_iter().map(|one| (one.0.as_str(), finding(one))).collect();
    let mut wrong = Vec::new();
    for (name, scenario) in scenarios {
        let finding = &findings[name.as_str()];
        if is_clean(scenario) {
            let is_expected = EXPECTED.iter().any(|(one, rule)| one == name && finding.rules.contains(rule));
            wrong.extend(finding.differences.iter().take(3).map(|text| format!("{name} {text}")));
            if is_expected {
                continue;
            }
            wrong.extend(finding.broken.iter().take(3).map(|text| format!("{name} {text}")));
        }
    }
    assert!(wrong.is_empty(), "{} scenarios:\n{}", scenarios.len(), wrong.join("\n"));
    findings.values().map(|finding| finding.compared).sum()
}

/// The rules that scenarios break in which a tester says what is wrong: a line for each file, with all of its cases.
fn broken_on_purpose(scenarios: &[(String, Arc<Scenario>)]) -> String {
    let dirty: Vec<_> = scenarios.iter().filter(|(_, scenario)| !is_clean(scenario)).collect();
    let found: Vec<(&str, Finding)> = dirty.par_iter().map(|one| (one.0.as_str(), finding(one))).collect();
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, finding) in &found {
        files.entry(name.split('#').next().unwrap_or(name)).or_default().extend(&finding.rules);
    }
    let line = |(file, rules): (&&str, &BTreeSet<&str>)| {
        format!("{file}: {}\n", Vec::from_iter(rules.iter().copied()).join(", "))
    };
    files.iter().map(line).collect()
}

#[test]
#[ignore = "takes minutes"]
fn what_testers_of_all_suites_break_is_found() {
    insta::assert_snapshot!(broken_on_purpose(&scenarios()));
}

#[test]
fn captures_of_a_spread_of_all_suites_are_told_as_the_trace_has_them() {
    let spread: Vec<_> = scenarios().into_iter().step_by(40).collect();
    assert!(are_reproduced(&spread) > 500);
}

/// Takes a minute or two; the spread above is a part of it.
#[test]
#[ignore = "takes minutes"]
fn captures_of_all_suites_are_told_as_the_trace_has_them() {
    let all = scenarios();
    println!("{} messages and packets of {} scenarios", are_reproduced(&all), all.len());
}
