//! The command as a user meets it: exit codes, what it prints, and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn esplanade(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_esplanade")).args(arguments).output().unwrap()
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn suite(name: &str) -> String {
    format!("{}/suites/ikev2/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// Runs a copy of the clean scenario in which `from` reads `to`.
fn run_changed(name: &str, from: &str, to: &str) -> (Output, PathBuf) {
    let text = std::fs::read_to_string(suite("clean")).unwrap();
    assert!(text.contains(from), "{from}");
    let folder = folder(name);
    let file = folder.join("changed.toml");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    let out = folder.join("out");
    let run = esplanade(&["run", file.to_str().unwrap(), "--seeds", "0..2", "--out", out.to_str().unwrap()]);
    (run, out)
}

#[test]
fn a_mistake_is_shown_where_it_is_and_nothing_is_written() {
    let cases = [
        ("verb", "west: initiate net", "west: inititate net", "changed.toml:5:16", "initiate"),
        ("peer", "joins = [\"west\", \"east\"]", "joins = [\"west\", \"eats\"]", "changed.toml:", "east"),
        ("prefix", "\"10.1.0.0/16\"", "\"10.1.0.7/16\"", "changed.toml:", "10.1.0.0/16"),
        ("duplicate", "[peer.east]", "[peer.west]", "changed.toml:", "west"),
        ("loss", "delay = \"20ms\"", "delay = \"20ms\"\nloss = \"130%\"", "changed.toml:", "130%"),
    ];
    for (name, from, to, place, word) in cases {
        let (run, out) = run_changed(name, from, to);
        let text = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2), "{name}: {text}");
        assert!(text.contains(place), "{name}: {text}");
        assert!(text.contains(word), "{name}: {text}");
        assert!(!out.exists(), "{name} wrote something");
    }
}

#[test]
fn a_failing_case_exits_with_1_and_shows_how_to_see_it_again() {
    let (run, out) = run_changed("failing", "expect net up at west, east within 1s", "expect no net at west");
    assert_eq!(run.status.code(), Some(0), "before anything happens there is no child");
    let (run, _) = run_changed("failing", "expect net up at west, east within 1s", "expect net up at west");
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert_eq!(run.status.code(), Some(1), "{text}");
    assert!(text.contains("cargo esplanade replay") && text.contains("west has no Child SA net"), "{text}");
    let junit = std::fs::read_to_string(out.join("junit.xml")).unwrap();
    assert!(junit.contains("failures=\"2\""), "{junit}");
}

#[test]
fn a_failing_case_is_made_small_and_a_passing_one_is_refused() {
    let folder = folder("minimise");
    let text = std::fs::read_to_string(suite("loss-30")).unwrap();
    let hasty = folder.join("hasty.toml");
    let place = text.find("expect net up").unwrap();
    let end = place + text[place..].find('\n').unwrap();
    std::fs::write(
        &hasty,
        format!("{}expect net up at west, east within 500ms{}", &text[..place], &text[end..]),
    )
    .unwrap();
    let (hasty, small) = (hasty.to_str().unwrap(), folder.join("small.toml"));
    let codes: Vec<i32> = (0..20)
        .map(|seed: u32| {
            let seed = seed.to_string();
            let run = esplanade(&["minimise", hasty, "--seed", &seed, "-o", small.to_str().unwrap()]);
            run.status.code().unwrap()
        })
        .collect();
    assert!(codes.contains(&0) && codes.contains(&2), "{codes:?}");
    let again = esplanade(&["run", small.to_str().unwrap(), "--out", folder.join("out").to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "the small scenario fails alone");
}

#[test]
fn the_same_seeds_give_the_same_results_whatever_the_number_of_workers() {
    let folder = folder("workers");
    let suites = format!("{}/suites/ikev2", env!("CARGO_MANIFEST_DIR"));
    let results = ["1", "2", "2"].iter().enumerate().map(|(index, jobs)| {
        let out = folder.join(index.to_string());
        let run =
            esplanade(&["run", &suites, "--seeds", "0..2", "--jobs", jobs, "--out", out.to_str().unwrap()]);
        // With two seeds, not every `sometimes` is met.
        assert_ne!(run.status.code(), Some(2), "{}", String::from_utf8_lossy(&run.stderr));
        std::fs::read_to_string(out.join("results.json")).unwrap()
    });
    let results: Vec<String> = results.collect();
    assert!(results[0].contains("\"digest\""));
    assert!(results[0] == results[1] && results[1] == results[2]);
}

#[test]
fn list_names_each_scenario_of_the_repository() {
    let list = esplanade(&["list", &format!("{}/suites", env!("CARGO_MANIFEST_DIR"))]);
    let text = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(text.contains("clean.toml") && text.contains("wrong-psk.toml"), "{text}");
    assert_eq!(esplanade(&["list", "no/such/folder"]).status.code(), Some(2));
}

#[test]
fn vectors_with_an_unknown_name_are_bad_usage() {
    assert_eq!(esplanade(&["vectors", "rfc8031"]).status.code(), Some(0));
    assert_eq!(esplanade(&["vectors", "rfc0"]).status.code(), Some(2));
}

/// What the command prints of a copy of the clean scenario in which `from` reads `to`, as if it were called in its folder.
fn printed(name: &str, from: &str, to: &str) -> String {
    let folder = folder(name);
    let text = std::fs::read_to_string(suite("clean")).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(folder.join("changed.toml"), text.replacen(from, to, 1)).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_esplanade"))
        .current_dir(&folder)
        .args(["run", "changed.toml", "--seeds", "0..2", "--out", "out"])
        .output()
        .unwrap();
    String::from_utf8([run.stdout, run.stderr].concat()).unwrap()
}

#[test]
fn a_terminal_shows_what_passed_what_failed_and_what_is_wrong_with_a_scenario() {
    insta::assert_snapshot!("passed", printed("printed-passed", "10.1.0.0/16", "10.1.0.0/16"));
    let hasty = printed("printed-failed", "at west, east within 1s", "at west, east within 50ms");
    insta::assert_snapshot!("failed", hasty);
    insta::assert_snapshot!("mistaken", printed("printed-mistaken", "initiate net", "inititate net"));
}

#[test]
fn results_are_there_in_each_format_and_read_back_as_they_were_written() {
    let (_, out) = run_changed("formats", "10.1.0.0/16", "10.1.0.0/16");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let json = read("results.json");
    assert_eq!(reports::json::to_json(&reports::json::from_json(&json).unwrap()), json);
    assert!(read("results.tap").starts_with("TAP version 14\n1..2\nok 1 - "));
    assert!(read("summary.md").starts_with("## ✅ Esplanade: 2 passed\n"));
    assert!(read("junit.xml").contains("tests=\"2\""));
    let (_, failed) =
        run_changed("formats-failing", "expect net up at west, east within 1s", "expect net up at west");
    for out in [out, failed] {
        conforms_to_the_schema_of_junit(&out.join("junit.xml"));
    }
}

/// Whether `xmllint` finds nothing wrong with a file. Nothing is looked at without it, unless `ESPLANADE_XMLLINT=required` says
/// that it must be there.
fn conforms_to_the_schema_of_junit(file: &Path) {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/schema/junit.xsd");
    let run = Command::new("xmllint").args(["--noout", "--schema", schema]).arg(file).output();
    let required = std::env::var("ESPLANADE_XMLLINT").is_ok_and(|value| value == "required");
    match run {
        Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr)),
        Err(_) => assert!(!required, "xmllint is required, but not installed"),
    }
}

#[test]
fn a_new_scenario_passes_and_is_not_written_over() {
    let folder = folder("new");
    let file = folder.join("first");
    let made = esplanade(&["new", file.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    let file = folder.join("first.toml");
    let out = folder.join("out");
    let run = esplanade(&["run", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stdout));
    let again = esplanade(&["new", file.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
}

#[test]
fn shards_merge_to_what_one_machine_finds_and_only_the_whole_is_judged_by_what_was_met() {
    let folder = folder("shards");
    let scenario = suite("loss-5");
    let run = |arguments: &[&str], out: &str| {
        let out = folder.join(out);
        let mut all = vec!["run", &scenario, "--out", out.to_str().unwrap()];
        all.extend(arguments);
        assert_eq!(esplanade(&all).status.code(), Some(0), "{arguments:?}");
        out.join("results.json")
    };
    let whole = run(&[], "whole");
    run(&["--shard", "0/2"], "first");
    run(&["--shard", "1/2", "--portable"], "second");
    let [first, second, merged] = ["first", "second", "merged"].map(|part| folder.join(part));
    let merge = esplanade(&[
        "merge",
        first.to_str().unwrap(),
        second.to_str().unwrap(),
        "--out",
        merged.to_str().unwrap(),
    ]);
    assert_eq!(merge.status.code(), Some(0), "{}", String::from_utf8_lossy(&merge.stderr));
    let read = |file: &Path| std::fs::read_to_string(file).unwrap();
    assert_eq!(read(&merged.join("results.json")), read(&whole));
}

#[test]
fn a_known_failure_fails_nothing_until_it_is_gone() {
    let told = "known-failure = \"the reason\"\ntitle = ";
    let text = std::fs::read_to_string(suite("clean")).unwrap().replacen("within 1s", "", 1);
    let folder = folder("known");
    let check = |name: &str, text: &str, expected: i32| {
        let file = folder.join(name);
        std::fs::write(&file, text.replacen("title  = ", told, 1)).unwrap();
        let out = folder.join("out");
        let run = esplanade(&["run", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        let shown = String::from_utf8_lossy(&run.stdout).into_owned();
        assert_eq!(run.status.code(), Some(expected), "{shown}");
        shown
    };
    let shown = check("fails.toml", &text, 0);
    assert!(shown.contains("known to fail: the reason"), "{shown}");
    let shown = check("passes.toml", &std::fs::read_to_string(suite("clean")).unwrap(), 1);
    assert!(shown.contains("every seed passes"), "{shown}");
}

#[test]
fn who_stops_reading_early_changes_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let replay = |from: &str, to: &str| {
        let file = folder("unread").join("changed.toml");
        let text = std::fs::read_to_string(suite("clean")).unwrap();
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let mut replay = Command::new(env!("CARGO_BIN_EXE_esplanade"));
        replay.args(["replay", file.to_str().unwrap()]).stdout(writer.try_clone().unwrap());
        let output = replay.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(replay("", ""), (Some(0), String::new()));
    let (from, to) = ("expect net up at west, east within 1s", "expect net up at west");
    assert_eq!(replay(from, to), (Some(1), String::new()));
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let language =
        Command::new(env!("CARGO_BIN_EXE_esplanade")).arg("language").stdout(full).output().unwrap();
    let said = String::from_utf8(language.stderr).unwrap();
    assert_eq!(language.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: standard output: "), "{said}");
}
