//! The requirement catalogue cites what is there, and its page is that of the catalogue.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use reports::Results;
use reports::requirements::{Catalogue, page};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn catalogues() -> Vec<Catalogue> {
    let folder = root().join("reports/requirements");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        Catalogue::read(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files.iter().map(read).collect()
}

/// Why a piece of evidence is none.
fn wrong(requirement: &reports::requirements::Requirement) -> Vec<String> {
    let suites = root().join("scenarios/suites");
    let missing = requirement.scenarios.iter().filter(|file| !suites.join(file).is_file());
    let mut wrong: Vec<String> = missing.map(|file| format!("there is no scenario {file}")).collect();
    for test in &requirement.tests {
        let Some((file, function)) = test.split_once(": ") else {
            wrong.push(format!("{test} is not written as `file: function`"));
            continue;
        };
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        if !text.contains(&format!("fn {function}(")) {
            wrong.push(format!("there is no test {function} in {file}"));
        }
    }
    wrong
}

#[test]
fn the_catalogue_cites_only_scenarios_and_tests_that_are_there() {
    let mut all = Vec::new();
    for catalogue in catalogues() {
        for requirement in &catalogue.requirements {
            let name = format!("{} {}", catalogue.document, requirement.id);
            all.extend(wrong(requirement).into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    assert_eq!(all, [""; 0]);
}

/// Coverage cannot change unannounced: whoever changes it makes the page anew, and the change shows it.
#[test]
fn the_page_of_coverage_is_that_of_the_catalogue() {
    let written = std::fs::read_to_string(root().join("reports/requirements/COVERAGE.md")).unwrap();
    let made = page(&catalogues(), &Results::default());
    assert!(
        written == made,
        "make it anew: cargo esplanade coverage --page > reports/requirements/COVERAGE.md"
    );
}
