use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::*;
use crate::outcome::sample;

#[test]
fn results_read_as_junit() {
    insta::assert_snapshot!(to_xml(&sample::results(), Times::Omit));
}

#[test]
fn times_are_written_only_when_asked_for() {
    let results = sample::results();
    assert!(!to_xml(&results, Times::Omit).contains("time="));
    assert!(to_xml(&results, Times::Include).contains("time=\"1.500\""));
}

#[test]
fn hostile_text_stays_text() {
    let mut results = sample::results();
    results.suites[0].name = "</testsuite>\u{1b}[31m\0".to_owned();
    let xml = to_xml(&results, Times::Omit);
    assert!(xml.contains("&lt;/testsuite&gt;"));
    assert!(!xml.contains(['\u{1b}', '\0']));
}

/// An element, those that it may stand in, the attributes that it must have, and those that it may have beside them.
type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// What the readers of JUnit XML agree on: the schema of Jenkins' xUnit plugin and the pages of GitLab.
const ELEMENTS: [Row; 7] = [
    ("testsuites", &[""], &["name", "tests", "failures", "errors"], &["time"]),
    ("testsuite", &["testsuites"], &["name", "tests", "failures", "errors", "skipped"], &["time"]),
    ("properties", &["testsuite"], &[], &[]),
    ("property", &["properties"], &["name", "value"], &[]),
    ("testcase", &["testsuite"], &["name", "classname"], &["time"]),
    ("failure", &["testcase"], &["message", "type"], &[]),
    ("skipped", &["testcase"], &["message"], &[]),
];

fn attributes(element: &BytesStart<'_>) -> BTreeMap<String, String> {
    let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        (key, String::from_utf8(attribute.value.to_vec()).unwrap())
    };
    element.attributes().map(|found| attribute(found.unwrap())).collect()
}

/// Each element with its path and its attributes, in the order of the file.
fn elements(xml: &str) -> Vec<(Vec<String>, BTreeMap<String, String>)> {
    let (mut reader, mut path, mut found) = (Reader::from_str(xml), Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return found,
            Event::End(_) => drop(path.pop()),
            Event::Start(element) => {
                path.push(String::from_utf8(element.name().as_ref().to_vec()).unwrap());
                found.push((path.clone(), attributes(&element)));
            }
            Event::Empty(element) => {
                let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                found.push(([path.clone(), vec![name]].concat(), attributes(&element)));
            }
            _ => {}
        }
    }
}

#[test]
fn each_element_stands_where_readers_look_for_it_with_the_attributes_that_they_know() {
    for times in [Times::Omit, Times::Include] {
        for (path, attributes) in elements(&to_xml(&sample::results(), times)) {
            let (name, parents) = path.split_last().unwrap();
            let row = ELEMENTS.iter().find(|(known, ..)| known == name);
            let (_, within, required, optional) = row.unwrap_or_else(|| panic!("nobody knows {name}"));
            let parent = parents.last().map_or("", String::as_str);
            assert!(within.contains(&parent), "{name} stands in {parent}");
            for attribute in *required {
                assert!(attributes.contains_key(*attribute), "{name} without {attribute}");
            }
            for attribute in attributes.keys() {
                let known = required.contains(&attribute.as_str()) || optional.contains(&attribute.as_str());
                assert!(known, "nobody knows {attribute} of {name}");
            }
        }
    }
}

#[test]
fn properties_come_before_cases() {
    let all = elements(&to_xml(&sample::results(), Times::Omit));
    let mut case_seen = false;
    for (path, _) in &all {
        match path.last().map(String::as_str) {
            Some("testsuite") => case_seen = false,
            Some("testcase") => case_seen = true,
            Some("properties") => assert!(!case_seen),
            _ => {}
        }
    }
}

#[test]
fn counts_are_those_of_the_cases_and_no_two_cases_have_one_name() {
    let all = elements(&to_xml(&sample::results(), Times::Omit));
    let number = |attributes: &BTreeMap<String, String>, key: &str| attributes[key].parse::<usize>().unwrap();
    let kinds = [("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")];
    let count = |element: &str| all.iter().filter(|(path, _)| path.last().unwrap() == element).count();
    for (key, element) in kinds {
        // The root has no count of what was skipped.
        if key != "skipped" {
            assert_eq!(number(&all[0].1, key), count(element), "{key} of all suites");
        }
        let suites = all.iter().filter(|(path, _)| path.last().unwrap() == "testsuite");
        assert_eq!(
            suites.map(|(_, attributes)| number(attributes, key)).sum::<usize>(),
            count(element),
            "{key}"
        );
    }
    let cases = all.iter().filter(|(path, _)| path.last().unwrap() == "testcase");
    let names: BTreeSet<(&str, &str)> = cases
        .map(|(_, attributes)| (attributes["classname"].as_str(), attributes["name"].as_str()))
        .collect();
    assert_eq!(names.len(), count("testcase"));
}

/// What `xmllint` finds wrong with a file by the published schema. Nothing is looked at without it, unless
/// `ESPLANADE_XMLLINT=required` says that it must be there.
fn faults(xml: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    std::fs::write(&file, xml).unwrap();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/junit.xsd");
    let run = Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&file).output();
    let required = std::env::var("ESPLANADE_XMLLINT").is_ok_and(|value| value == "required");
    let Ok(run) = run else {
        assert!(!required, "xmllint is required, but not installed");
        eprintln!("skipped: xmllint is not installed");
        return None;
    };
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    Some(told).filter(|_| !run.status.success())
}

/// Results with each outcome that there is: passed, failed, not supported, known to fail, known to fail and passing.
fn with_each_outcome() -> Results {
    let mut results = sample::results();
    let mut known = results.suites[1].clone();
    (known.name, known.known_failure) = ("ikev2/known.toml".to_owned(), Some("a reason".to_owned()));
    let mut stale = results.suites[0].clone();
    (stale.name, stale.known_failure) = ("ikev2/stale.toml".to_owned(), Some("a reason".to_owned()));
    results.suites.extend([known, stale]);
    results
}

#[test]
fn results_are_as_the_published_schema_says() {
    let mut hostile = sample::results();
    hostile.suites[0].name = "</testsuite>\u{1b}[31m\0".to_owned();
    for results in [with_each_outcome(), hostile, Results::default()] {
        for times in [Times::Omit, Times::Include] {
            assert_eq!(faults(&to_xml(&results, times)), None);
        }
    }
}

#[test]
fn checks_without_a_scenario_are_as_the_published_schema_says() {
    let check =
        |suite: &str, name: &str, outcome| Check { suite: suite.to_owned(), name: name.to_owned(), outcome };
    let checks = [
        check("rfc5903", "ECP-256 (fast)", Checked::Passed),
        check("rfc5903", "points", Checked::Skipped("no such curve".to_owned())),
        check("rfc8031", "X25519 (fast)", Checked::Failed("octet 0 differs\n<\u{1b}".to_owned())),
    ];
    let xml = of_checks(&checks);
    for part in [
        "<testsuite name=\"rfc5903\" tests=\"2\" skipped=\"1\" errors=\"0\" failures=\"0\">",
        "<testcase name=\"X25519 (fast)\" classname=\"rfc8031\">",
        "<skipped message=\"no such curve\"/>",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    for checks in [&checks[..], &[]] {
        assert_eq!(faults(&of_checks(checks)), None);
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_told() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        return;
    }
    let good = to_xml(&with_each_outcome(), Times::Include);
    for (from, to) in [
        ("<testcase name=\"seed 0\" ", "<testcase "),
        ("name=\"seed 1\"", "name=\"seed 0\""),
        ("tests=\"", "tests=\"-"),
        ("errors=\"0\"", "errors=\"1\""),
        ("errors=\"0\"", "errors=\"0\" skipped=\"1\""),
        ("time=\"1.500\"", "time=\"1,5\""),
        ("<skipped message", "<skipped reason"),
        ("<testcase ", "<system-out>x</system-out><testcase "),
        ("<failure ", "<failure message=\"x\" type=\"y\"/><failure "),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(faults(&good.replacen(from, to, 1)).is_some(), "{to}");
    }
}
