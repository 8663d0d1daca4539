//! Every reason for which the data plane drops a packet is met by a scenario of its suites.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use esplanade::file;
use esplanade::run::{Plan, run_all};
use ipsec::crypto::FAST;
use ipsec::dataplane::DropReason;
use reports::Verdict;

/// The suites of the data plane.
const SUITES: [&str; 4] = ["esp", "ah", "manual", "policy"];

/// Reasons that no scenario can meet, and why.
const BEYOND_SCENARIOS: [(DropReason, &str); 2] = [
    (
        DropReason::Unusable,
        "files and `Config::check` refuse keys that do not fit and ends of two IP versions before an SA is made of them",
    ),
    (
        DropReason::Fragment,
        "a peer puts fragments together before the data plane sees the packet; one that stays incomplete is dropped there",
    ),
];

fn plan() -> Plan {
    let mut scenarios = Vec::new();
    for suite in SUITES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites").join(suite);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let all = file::load_all(&path).unwrap_or_else(|error| panic!("{}", error.render(false)));
            scenarios.extend(all.into_iter().map(|(name, scenario)| (name, Arc::new(scenario))));
        }
    }
    Plan { seeds: Some(0..2), ..Plan::new(scenarios, &FAST) }
}

#[test]
fn each_reason_to_drop_is_met_by_a_suite_but_for_those_that_cannot_be() {
    let results = run_all(&plan(), &|_| ());
    let cases = results.suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)));
    let mut met = BTreeSet::new();
    for (suite, case) in cases {
        let passed = matches!(case.verdict, Verdict::Passed);
        assert!(passed, "{} with seed {}: {:?}", suite.name, case.seed, case.verdict);
        met.extend(case.counters.keys().filter_map(|name| name.strip_prefix("drop.")));
    }
    let beyond = |reason: &DropReason| BEYOND_SCENARIOS.iter().any(|(known, _)| known == reason);
    let missed: Vec<&str> = DropReason::ALL
        .iter()
        .filter(|reason| !beyond(reason) && !met.contains(reason.name()))
        .map(|reason| reason.name())
        .collect();
    assert_eq!(missed, [""; 0], "met by no scenario of {SUITES:?}");
    let after_all: Vec<&str> =
        BEYOND_SCENARIOS.iter().map(|(reason, _)| reason.name()).filter(|name| met.contains(name)).collect();
    assert_eq!(after_all, [""; 0], "met, though they are said to be out of reach");
}
