//! The report in HTML as a browser shows it. What needs one is skipped without `chromium`, unless `ESPLANADE_CHROMIUM=required`
//! says that it must be there. Screenshots are left in `target/tmp/report`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use browser::{dom, seen};
use reports::account::{Account, Misfortunes, Sequence, Topology};
use reports::html::Report;
use reports::{Case, Results, Suite, Verdict};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("report")
}

/// A report of a scenario that passes and of one that fails, made once.
fn report() -> &'static Path {
    static REPORT: OnceLock<PathBuf> = OnceLock::new();
    REPORT.get_or_init(|| {
        let folder = folder();
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("suite")).unwrap();
        let suite = format!("{}/suites/ikev2/loss-30.toml", env!("CARGO_MANIFEST_DIR"));
        // What at least one seed has to meet needs more seeds than these.
        let text = std::fs::read_to_string(suite).unwrap();
        let lines = text.lines().filter(|line| !line.contains("sometimes "));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        let begin = text.find("expect net up").unwrap();
        let end = begin + text[begin..].find('\n').unwrap();
        let hasty = format!("{}expect net up at west, east within 30ms{}", &text[..begin], &text[end..]);
        std::fs::write(folder.join("suite/patient.toml"), &text).unwrap();
        std::fs::write(folder.join("suite/hasty.toml"), hasty).unwrap();
        let (html, out) = (folder.join("html"), folder.join("out"));
        // Relative paths, so that the names in the report are short.
        let run = Command::new(env!("CARGO_BIN_EXE_esplanade"))
            .current_dir(&folder)
            .args(["run", "suite", "--seeds", "0..3", "--report"])
            .arg(&html)
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
        html
    })
}

fn page(scenario: &str, seed: u64) -> PathBuf {
    report().join(format!("cases/suite+{scenario}.toml-{seed}.html"))
}

#[test]
fn each_case_that_fails_and_the_first_of_a_scenario_have_a_page_and_the_index_leads_to_them() {
    let index = std::fs::read_to_string(report().join("index.html")).unwrap();
    for (scenario, seed, there) in
        [("patient", 0, true), ("patient", 1, false), ("hasty", 0, true), ("hasty", 2, true)]
    {
        assert_eq!(page(scenario, seed).exists(), there, "{scenario} {seed}");
        let link = format!("href=\"cases/suite+{scenario}.toml-{seed}.html\"");
        assert_eq!(index.contains(&link), there, "{scenario} {seed}");
    }
    let failed = std::fs::read_to_string(page("hasty", 2)).unwrap();
    assert!(failed.contains("Why it failed") && failed.contains("expect net up at west, east within 30ms"));
    assert!(failed.contains("cargo esplanade replay suite/hasty.toml --seed 2"));
    assert!(!failed.contains("SK_ei"), "keys that nobody asked for");
}

#[test]
fn a_replay_writes_a_page_with_keys_if_asked_for_them() {
    let scenario = format!("{}/suites/ikev2/clean.toml", env!("CARGO_MANIFEST_DIR"));
    for (name, arguments, there) in [("plain", &[][..], false), ("keys", &["--keys"], true)] {
        let out = folder().with_file_name(format!("replay-{name}"));
        let mut replay = Command::new(env!("CARGO_BIN_EXE_esplanade"));
        replay.args(["replay", &scenario, "--report", out.to_str().unwrap()]).args(arguments);
        let output = replay.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let page = told.lines().find(|line| line.ends_with("-0.html")).unwrap();
        assert_eq!(std::fs::read_to_string(page).unwrap().contains("SK_ei"), there);
        assert!(out.join("index.html").exists());
    }
}

#[test]
fn pages_open_without_a_word_on_the_console_and_a_message_opens_with_what_it_holds() {
    if !browser::is_here() {
        return;
    }
    let shown = dom(&page("patient", 0), "#m0");
    let panel = shown.split("<aside").nth(1).unwrap().split("</aside>").next().unwrap();
    for part in ["<h3>IKE_SA_INIT request 0", "<summary>KE</summary>", "CURVE25519", "<dt>Sent</dt>"] {
        assert!(panel.contains(part), "{part}: {panel}");
    }
    let closed = dom(&page("hasty", 0), "");
    let panel = closed.split("<aside").nth(1).unwrap().split("</aside>").next().unwrap();
    assert!(panel.contains("Choose a message"), "{panel}");
}

#[test]
fn filters_leave_the_scenarios_that_fit() {
    if !browser::is_here() {
        return;
    }
    let rows = |place: &str| {
        let shown = dom(&report().join("index.html"), place);
        let body = shown.split("id=\"rows\"").nth(1).unwrap().split("</tbody>").next().unwrap().to_owned();
        let rows = body.split("<tr").skip(1).filter(|row| !row.split('>').next().unwrap().contains("hidden"));
        rows.map(|row| row.contains("hasty")).collect::<Vec<bool>>()
    };
    assert_eq!(rows(""), [true, false]);
    assert_eq!(rows("#verdict=failed"), [true]);
    assert_eq!(rows("#suite=suite&clause=rfc7296%232.1&text=patient"), [false]);
    assert!(rows("#clause=rfc7296%239").is_empty());
}

#[test]
fn what_was_not_supported_has_a_page_that_says_why() {
    if !browser::is_here() {
        return;
    }
    let case = Case::new(0, Verdict::Unsupported("the other end cannot rekey".to_owned()));
    let account = Account {
        suite: "rekey.toml".to_owned(),
        title: "A child is rekeyed".to_owned(),
        covers: Vec::new(),
        case: case.clone(),
        replay: "cargo esplanade replay rekey.toml --seed 0".to_owned(),
        topology: Topology::default(),
        story: Vec::new(),
        sequence: Sequence::default(),
        sas: Vec::new(),
        series: Vec::new(),
        misfortunes: Misfortunes::default(),
        keys: None,
    };
    let out = folder().with_file_name("report-unsupported");
    let report = Report::new(&out).unwrap();
    let page = report.page(&account).unwrap();
    let suite = Suite { name: account.suite, title: account.title, cases: vec![case], ..Suite::default() };
    let index = report.finish(&Results { suites: vec![suite] }).unwrap();
    assert!(dom(&page, "").contains("the other end cannot rekey"));
    assert!(dom(&index, "#verdict=unsupported").contains("1 of 1"));
}

#[test]
fn pictures_of_the_report_are_left_in_light_and_in_dark() {
    if !browser::is_here() {
        return;
    }
    let pictures = folder().join("pictures");
    std::fs::create_dir_all(&pictures).unwrap();
    for (name, colours) in [("light", None), ("dark", Some("--blink-settings=preferredColorScheme=0"))] {
        let picture = pictures.join(format!("case-{name}.png"));
        let mut arguments = vec![format!("--screenshot={}", picture.display())];
        arguments.extend(colours.map(str::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        seen(&page("hasty", 1), "", &arguments);
        assert!(std::fs::metadata(&picture).unwrap().len() > 20_000, "{}", picture.display());
    }
}
