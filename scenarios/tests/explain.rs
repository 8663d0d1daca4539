//! `explain` on captures that the simulator makes: it reproduces what the trace says, finds nothing in clean runs and what was
//! planted in dirty ones.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
#[path = "explain/suites.rs"]
mod suites;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use esplanade::capture::{Captures, Written};
use esplanade::file;
use esplanade::run::{Options, run_case};
use explain::report::skeleton;
use explain::{Keys, Kind, Level, Summary, Told, Violation};
use ipsec::crypto::Provider;
use pcap_file::pcapng::PcapNgReader;
use pcap_file::pcapng::blocks::block_common::Block;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use reports::Verdict;

/// How many captures were made: tests run side by side.
static CAPTURES: AtomicUsize = AtomicUsize::new(0);

/// Captures seed 0 of a scenario of a suite, such as `ikev2/clean`; of a file with cases one is named behind `#`.
fn capture(scenario: &str) -> Written {
    let (path, case) = scenario.split_once('#').unwrap_or((scenario, ""));
    let case = if case.is_empty() { String::new() } else { format!("#{case}") };
    let path = format!("{}/suites/{path}.toml{case}", env!("CARGO_MANIFEST_DIR"));
    capture_file(Path::new(&path))
}

fn capture_file(path: &Path) -> Written {
    capture_scenario(&Arc::new(file::load(path).unwrap()), &path.display().to_string())
}

fn capture_scenario(scenario: &Arc<file::Scenario>, name: &str) -> Written {
    let number = CAPTURES.fetch_add(1, Ordering::Relaxed).to_string();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explain").join(number);
    let _ = std::fs::remove_dir_all(&folder);
    let captures = Captures::new(&folder, scenario).unwrap();
    let options = Options { extra: Some(Box::new(captures.clone())), ..Options::new(Provider::best(), name) };
    drop(run_case(scenario, 0, options).extra);
    captures.finish().unwrap()
}

fn link(written: &Written, name: &str) -> PathBuf {
    written.captures.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).unwrap().clone()
}

fn explain(capture: &Path, profile: Option<&Path>, each: bool) -> (Vec<Told>, Summary) {
    let mut keys = Keys::default();
    if let Some(profile) = profile {
        keys.load(profile).unwrap();
    }
    let mut told = Vec::new();
    let summary =
        explain::explain(File::open(capture).unwrap(), &keys, each, &mut |one| told.push(one)).unwrap();
    (told, summary)
}

fn violations(told: &[Told]) -> Vec<&Violation> {
    let violation =
        |told: &'_ Told| matches!(told, Told::Violation(violation) if violation.rule.level != Level::Note);
    let found = told.iter().filter(|told| violation(told));
    found
        .filter_map(|told| match told {
            Told::Violation(violation) => Some(violation),
            _ => None,
        })
        .collect()
}

/// What the trace says of each frame, in order: the comment of its packet, without what the network did to it.
fn comments(capture: &Path) -> Vec<Option<String>> {
    let mut reader = PcapNgReader::new(File::open(capture).unwrap()).unwrap();
    let mut comments = Vec::new();
    while let Some(block) = reader.next_block() {
        let (Block::EnhancedPacket(packet), _) = block.unwrap() else { continue };
        let comment = packet.options.iter().find_map(|option| match option {
            EnhancedPacketOption::Common(CommonOption::Comment(text)) => Some(text.to_string()),
            _ => None,
        });
        comments.push(comment);
    }
    comments
}

/// `IKE_AUTH request 1 [IDi AUTH]` out of what the trace says of a message and what became of it.
fn message_of(comment: &str) -> Option<&str> {
    let end = comment.find(']')?;
    Some(&comment[..=end])
}

/// Explains all captures of a scenario in which nobody does anything wrong, compares each message with what the trace says
/// it is, and returns how many there were.
fn is_clean_and_agrees(scenario: &str) -> usize {
    let written = capture(scenario);
    let mut compared = 0;
    for path in &written.captures {
        let (told, summary) = explain(path, Some(&written.profile), true);
        let broken = violations(&told);
        assert!(broken.is_empty(), "{scenario}: {broken:#?}");
        let comments = comments(path);
        assert_eq!(comments.len() as u64, summary.frames, "{scenario}");
        for one in &told {
            let Told::Message(message) = one else { continue };
            let Some(comment) = &comments[usize::try_from(message.frame).unwrap() - 1] else { continue };
            match message.kind {
                // Of a piece only the last one shows what it is a piece of.
                Kind::Ike if message.label.contains("[SKF ") || message.label.contains("[FRAG]") => {}
                Kind::Ike => {
                    let Some(expected) = message_of(comment) else { continue };
                    // In version 1 the trace has no mark for encryption, and none for the message ID of phase 1.
                    let label = message.label.replace('*', "").replace(" 00000000", "");
                    assert_eq!(label, expected, "{scenario}, frame {}", message.frame);
                    compared += 1;
                }
                Kind::Esp => {
                    let label = &message.label;
                    assert!(comment.starts_with(label), "{scenario}: {label}, the trace says {comment}");
                    compared += 1;
                }
                Kind::Ah | Kind::Keepalive => {}
            }
        }
        let closed: u64 = summary.ike.iter().map(|sa| sa.closed).sum();
        assert_eq!(closed, 0, "{scenario}: messages that stay closed");
    }
    compared
}

fn are_clean_and_agree(scenarios: &[&str]) {
    for scenario in scenarios {
        assert!(is_clean_and_agrees(scenario) >= 6, "{scenario}");
    }
}

#[test]
fn messages_of_version_2_are_what_the_trace_says_and_break_no_rule() {
    are_clean_and_agree(&[
        "ikev2/clean",
        "ikev2/suites-cbc",
        "ikev2/cookie",
        "ikev2/rekey-ike",
        "ikev2/loss-5",
    ]);
}

#[test]
fn messages_in_pieces_and_with_several_key_exchanges_are_what_the_trace_says() {
    are_clean_and_agree(&["ikev2/fragmentation", "pq/hybrid-mlkem768", "pq/seven-additional"]);
}

#[test]
fn messages_behind_nat_and_on_the_move_are_what_the_trace_says() {
    are_clean_and_agree(&["nat/two-clients-preserving", "mobike/initiator-moves"]);
}

#[test]
fn packets_are_what_the_trace_says_and_break_no_rule() {
    are_clean_and_agree(&[
        "esp/aes128ctr-sha256",
        "esp/esn-across-aes128gcm16",
        "esp/fragments-outside",
        "ah/bundle",
    ]);
}

#[test]
fn messages_of_version_1_are_what_the_trace_says_and_break_no_rule() {
    are_clean_and_agree(&[
        "ikev1/main-mode",
        "ikev1/aggressive-mode",
        "ikev1-nat/main-mode-key-by-address",
        "ikev1-fragments/main-mode",
    ]);
}

/// What testers and those on the path do wrong, and the rule that it breaks.
const DIRTY: [(&str, &str); 9] = [
    ("hostile/degenerate-established", "nonce-length"),
    ("hostile/payloads-established", "payload-after-sk"),
    ("hostile/payloads-in-the-clear", "payload-missing"),
    ("hostile/fragments-established", "fragment"),
    ("hostile/versions", "header-flags"),
    ("hostile/truncated", "malformed"),
    ("hostile/exchanges-in-the-clear", "unprotected"),
    ("hostile/replays-established", "repeat-of-request"),
    ("hostile/flips-established", "icv"),
];

#[test]
fn what_testers_do_wrong_is_found() {
    for (scenario, rule) in DIRTY {
        let written = capture(scenario);
        let (told, summary) = explain(&link(&written, "far"), Some(&written.profile), false);
        assert!(summary.broken(Level::Must) > 0, "{scenario}");
        let broken = violations(&told);
        assert!(broken.iter().any(|violation| violation.rule.name == rule), "{scenario}: {broken:#?}");
    }
}

/// A page of each kind: an end that breaks rules, and one that does not.
#[test]
fn pages_open_without_a_word_on_the_console_and_without_any_other_file() {
    for (scenario, name) in [
        ("ikev2/rekey-ike", "clean"),
        ("hostile/degenerate-established", "dirty"),
        ("ikev1/main-mode", "older"),
    ] {
        let written = capture(scenario);
        let page = written.keys.with_file_name(format!("{name}.html"));
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_esplanade"));
        command
            .arg("explain")
            .arg(if name == "dirty" { link(&written, "far") } else { written.captures[0].clone() })
            .arg("--keys")
            .arg(&written.keys)
            .args(["--format", "html"]);
        let output = command.output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(i32::from(name == "dirty")),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        std::fs::write(&page, &output.stdout).unwrap();
        if !browser::is_here() {
            continue;
        }
        let shown = browser::dom(&page, "#m0");
        let panel = shown.split("<aside").nth(1).unwrap().split("</aside>").next().unwrap();
        assert!(
            panel.contains("<dt>Sent</dt>") && panel.contains("<summary>KE</summary>") || name == "older",
            "{panel}"
        );
        assert!(shown.contains("id=\"f1\"") && shown.contains("<h2 id=\"rules\">"));
    }
}

#[test]
fn a_scenario_drawn_from_a_capture_runs_and_passes() {
    for scenario in [
        "ikev2/clean",
        "ikev2/rekey-ike",
        "esp/aes128-sha1",
        "pq/hybrid-mlkem768",
        "ikev1/main-mode",
        "ikev1/aggressive-mode",
    ] {
        let written = capture(scenario);
        let (_, summary) = explain(&written.captures[0], Some(&written.profile), false);
        let text = skeleton(&summary).unwrap();
        let path = written.profile.with_file_name("drawn.toml");
        std::fs::write(&path, &text).unwrap();
        assert!(!text.contains("agreed on could not be read"), "{scenario}:\n{text}");
        let drawn = file::load(&path).unwrap_or_else(|wrong| panic!("{scenario}: {wrong}\n{text}"));
        let options = Options::new(Provider::best(), "drawn");
        let verdict = run_case(&Arc::new(drawn), 0, options).case.verdict;
        assert_eq!(verdict, Verdict::Passed, "{scenario}:\n{text}");
    }
}
