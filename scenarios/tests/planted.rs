//! Defects that somebody might have made, planted one at a time in a copy of the sources, and who notices: the suites at
//! seed 0, or else the vectors or worlds that nobody wrote. `scenarios/planted/CAUGHT.md` is what came out.
//!
//! ```text
//! cargo test -p esplanade --test planted -- --ignored --nocapture       plants them, and writes that page anew
//! ```
//!
//! One build has all of them, each behind its name in the environment; the sources themselves know nothing of it. With
//! `ESPLANADE_PLANT=name,name` only these are planted, and the other rows of the page stay.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "a run that never ends is given up by the wall clock")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use reports::{Verdict, json};
use serde::Deserialize;

/// Which of them is planted.
const VARIABLE: &str = "ESPLANADE_PLANTED";
/// A minute of one core.
const WORLDS: &str = "3000";
/// A run that takes longer never ends.
const LONGEST: Duration = Duration::from_secs(1200);

/// A change of one expression.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defect {
    title: String,
    /// What it breaks.
    clause: String,
    file: String,
    /// The expression in guillemets, with so much around it that it stands in the file once.
    sound: String,
    /// The expression in its place.
    faulty: String,
    /// A crate and its test, where no scenario can bring about what it takes.
    test: Option<String>,
}

/// Who noticed, and what was said.
struct Caught {
    by: String,
    saying: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// In the order of the file.
fn defects() -> Vec<(String, Defect)> {
    let text = std::fs::read_to_string(root().join("scenarios/planted/defects.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    table.into_iter().map(|(name, defect)| (name, defect.try_into().unwrap())).collect()
}

impl Defect {
    /// The text before the expression, the expression, and the text behind it.
    fn parts(&self) -> (&str, &str, &str) {
        let (before, rest) = self.sound.split_once('«').unwrap();
        let (expression, behind) = rest.split_once('»').unwrap();
        (before, expression, behind)
    }

    /// The same source, with either expression by what the environment says.
    fn plant(&self, name: &str, source: &str) -> String {
        let (before, sound, behind) = self.parts();
        let is_planted = format!("std::env::var_os(\"{VARIABLE}\").is_some_and(|name| name == \"{name}\")");
        let either = format!("(if {is_planted} {{ {} }} else {{ {sound} }})", self.faulty);
        let place = [before, sound, behind].concat();
        assert!(source.contains(&place), "{name}: another defect stands in the same place");
        source.replacen(&place, &[before, &either, behind].concat(), 1)
    }
}

#[test]
fn each_defect_has_one_place_in_the_sources() {
    for (name, defect) in defects() {
        let source = std::fs::read_to_string(root().join(&defect.file)).unwrap();
        let (before, sound, behind) = defect.parts();
        let times = source.matches(&[before, sound, behind].concat()).count();
        assert_eq!(times, 1, "{name}: {} has this {times} times: {}", defect.file, defect.sound);
    }
}

#[test]
fn no_defect_takes_the_place_of_another() {
    planted(&defects());
}

#[test]
fn the_page_tells_of_each_defect_who_caught_it() {
    let page = std::fs::read_to_string(root().join("scenarios/planted/CAUGHT.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
    let told: Vec<Vec<&str>> = rows.map(|row| row.split(" | ").collect()).collect();
    let told: Vec<(&str, &str)> = told.iter().map(|row| (row[0], row[1])).collect();
    let defects = defects();
    let expected: Vec<(&str, &str)> =
        defects.iter().map(|(_, defect)| (defect.title.as_str(), defect.clause.as_str())).collect();
    assert_eq!(told, expected, "make it anew as the beginning of this file says");
    assert!(!page.contains(&format!("| {NOBODY} |")));
}

const NOBODY: &str = "nobody";

#[test]
#[ignore = "builds everything anew, and runs the suites once for each defect"]
fn each_defect_is_caught() {
    let defects = defects();
    let copy = root().join("target/planted");
    copy_with(&defects, &copy);
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--package", "esplanade"])
        .current_dir(&copy)
        .env("CARGO_TARGET_DIR", copy.join("target"))
        .status();
    assert!(built.unwrap().success());
    let only = std::env::var("ESPLANADE_PLANT").ok();
    let is_wanted = |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|one| one == name));
    let file = root().join("scenarios/planted/CAUGHT.md");
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let rows: Vec<String> = defects
        .par_iter()
        .map(|(name, defect)| {
            let known = before.lines().find(|line| line.starts_with(&beginning(defect)));
            if let Some(row) = known.filter(|_| !is_wanted(name)) {
                return format!("{row}\n");
            }
            let caught = who_catches(name, defect, &copy);
            println!("{name}: {}: {}", caught.by, caught.saying);
            row(defect, &caught)
        })
        .collect();
    std::fs::write(file, [PREFACE, &rows.concat()].concat()).unwrap();
    let missed = rows.iter().filter(|row| row.contains(&format!("| {NOBODY} |"))).count();
    assert_eq!(missed, 0, "defects that nobody noticed");
}

const PREFACE: &str = "# Planted defects, and who caught them

Made by `cargo test -p esplanade --test planted -- --ignored`: each defect of `defects.toml` is planted alone, the suites run
at seed 0, first those about what is defect, until a case fails, and where none does, the vectors and 3,000 worlds of
`explore`. What no scenario can bring about is left to a test beside the code.

| defect | clause | caught by | who said |
|---|---|---|---|
";

/// So many characters of what was said stand in the page.
const MOST_SAID: usize = 160;

/// How a defect's row begins.
fn beginning(defect: &Defect) -> String {
    format!("| {} | {} | ", defect.title, defect.clause)
}

fn row(defect: &Defect, caught: &Caught) -> String {
    let saying = caught.saying.replace('|', "\\|").replace('\n', " ");
    let saying = match saying.char_indices().nth(MOST_SAID) {
        Some((end, _)) => format!("{} …", &saying[..end]),
        None => saying,
    };
    format!("{}{} | {saying} |\n", beginning(defect), caught.by)
}

/// The files that have defects, with all of them.
fn planted(defects: &[(String, Defect)]) -> BTreeMap<&str, String> {
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    for (name, defect) in defects {
        let read = || std::fs::read_to_string(root().join(&defect.file)).unwrap();
        let source = sources.entry(&defect.file).or_insert_with(read);
        *source = defect.plant(name, source);
    }
    sources
}

/// Copies the workspace with all defects in it. What is there already and the same stays, so that it is not built again.
fn copy_with(defects: &[(String, Defect)], copy: &Path) {
    let sources = planted(defects);
    let mut left: Vec<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "ipsec", "sim", "scenarios", "vectors", "reports"]
            .map(PathBuf::from)
            .into();
    while let Some(place) = left.pop() {
        let (from, to) = (root().join(&place), copy.join(&place));
        if from.is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            forget_stale(&from, &to);
            left.extend(from.read_dir().unwrap().map(|entry| place.join(entry.unwrap().file_name())));
            continue;
        }
        let planted = place.to_str().and_then(|place| sources.get(place));
        let octets = planted.map_or_else(|| std::fs::read(&from).unwrap(), |text| text.clone().into_bytes());
        if std::fs::read(&to).ok().as_ref() != Some(&octets) {
            std::fs::write(&to, octets).unwrap();
        }
    }
}

/// Removes from a folder of the copy what the original has not.
fn forget_stale(from: &Path, to: &Path) {
    for entry in to.read_dir().unwrap() {
        let entry = entry.unwrap();
        match from.join(entry.file_name()).exists() {
            true => {}
            false if entry.path().is_dir() => std::fs::remove_dir_all(entry.path()).unwrap(),
            false => std::fs::remove_file(entry.path()).unwrap(),
        }
    }
}

/// All suites, first those about what is defect.
fn suites(defect: &Defect, copy: &Path) -> Vec<String> {
    let first: &[&str] = match defect.file.split('/').nth(1) {
        Some("dataplane" | "crypto") => &["conformance", "esp", "ah", "manual", "policy", "nat"],
        Some("ikev2") => &["conformance", "ikev2", "pq", "mobike", "nat", "hostile"],
        Some("ikev1") => &["ikev1"],
        Some("auth") => &["conformance", "auth", "pq", "hostile"],
        _ => &[],
    };
    let folders = copy.join("scenarios/suites").read_dir().unwrap();
    let mut folders: Vec<String> =
        folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort_by_key(|folder| {
        (first.iter().position(|first| first == folder).unwrap_or(first.len()), folder.clone())
    });
    folders.iter().map(|folder| format!("scenarios/suites/{folder}")).collect()
}

fn who_catches(name: &str, defect: &Defect, copy: &Path) -> Caught {
    if let Some(test) = &defect.test {
        return unit_test(name, test, copy);
    }
    let out = copy.join("out").join(name);
    let results = out.join("results.json");
    let _ = std::fs::remove_file(&results);
    let suites = suites(defect, copy);
    let mut arguments: Vec<&str> = vec!["run"];
    arguments.extend(suites.iter().map(String::as_str));
    arguments.extend(["--seeds", "0..1", "--jobs", "1", "--fail-fast", "--out"]);
    if let Err(said) = run(copy, name, &arguments, &out) {
        let results = std::fs::read_to_string(&results).ok().map(|text| json::from_json(&text).unwrap());
        return results
            .map_or_else(|| Caught { by: "the suites".to_owned(), saying: said }, |results| first(&results));
    }
    if let Err(said) = run(copy, name, &["vectors"], &out) {
        let line = said.lines().find(|line| line.contains("expected")).unwrap_or_default();
        return Caught { by: "`vectors`".to_owned(), saying: line.trim().to_owned() };
    }
    let worlds = ["explore", "--runs", WORLDS, "--jobs", "1", "--finds", "1", "--out"];
    match run(copy, name, &worlds, &out) {
        Err(said) => Caught { by: "`explore`".to_owned(), saying: happened(&said) },
        Ok(()) => Caught { by: NOBODY.to_owned(), saying: String::new() },
    }
}

/// Whether the test, written as `crate: name`, fails.
fn unit_test(name: &str, test: &str, copy: &Path) -> Caught {
    let (package, function) = test.split_once(": ").unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--locked", "--package", package, function])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", copy.join("target"))
        .env(VARIABLE, name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match said.contains("1 failed") {
        true => Caught { by: format!("a test of `{package}`"), saying: function.to_owned() },
        false => Caught { by: NOBODY.to_owned(), saying: String::new() },
    }
}

/// What the first case says that failed.
fn first(results: &reports::Results) -> Caught {
    let cases = results.suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)));
    let mut failed = cases.filter_map(|(suite, case)| match &case.verdict {
        Verdict::Failed(failure) => Some((suite, failure)),
        Verdict::Passed | Verdict::Unsupported(_) => None,
    });
    let (suite, failure) = failed.next().unwrap();
    let name = suite.name.trim_start_matches("scenarios/suites/");
    Caught { by: name.to_owned(), saying: format!("{}: {}", failure.check, failure.happened) }
}

/// The line of `explore` that says what happened.
fn happened(said: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix("happened: "));
    line.unwrap_or(said).to_owned()
}

/// Runs the command with the defect.
///
/// # Errors
/// What it said, when anything failed.
fn run(copy: &Path, name: &str, arguments: &[&str], out: &Path) -> Result<(), String> {
    std::fs::create_dir_all(out).unwrap();
    let said = out.join("said.txt");
    let file = std::fs::File::create(&said).unwrap();
    let mut child = Command::new(copy.join("target/debug/esplanade"))
        .args(arguments)
        .args(arguments.last().filter(|last| **last == "--out").map(|_| out))
        .current_dir(copy)
        .env(VARIABLE, name)
        .stdout(Stdio::from(file.try_clone().unwrap()))
        .stderr(Stdio::from(file))
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > LONGEST => {
                child.kill().unwrap();
                child.wait().unwrap();
                return Err("it does not end".to_owned());
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    if status.success() {
        return Ok(());
    }
    Err(std::fs::read_to_string(&said).unwrap())
}
