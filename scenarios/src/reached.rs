//! How much of what there is a run has reached: drop reasons, failures, notifies, probes, and which messages came in which stage
//! of an IKE SA of version 2.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ipsec::ikev2::Stage;
use ipsec::wire::registry::{ExchangeType, NotifyType};
use reports::Results;

use crate::story::{FailureReason, drop_reasons, probes};

/// Where a message belongs to no IKE SA.
pub(crate) const NO_STAGE: &str = "none";

/// What was reached, and what never was.
#[must_use]
pub fn page(results: &Results) -> String {
    let cases = results.suites.iter().flat_map(|suite| &suite.cases);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut number = 0_u64;
    for case in cases {
        number += 1;
        for name in case.counters.keys() {
            *counts.entry(name).or_default() += 1;
        }
    }
    let failures = FailureReason::ALL.iter().map(|reason| reason.name()).collect();
    let notifies = NotifyType::ALL.iter().filter_map(|notify| notify.name()).collect();
    let mut page = format!("{number} cases\n");
    for (what, prefix, all) in [
        ("drop reasons", "drop.", drop_reasons()),
        ("failures", "failure.", &failures),
        ("notifies sent", "notify.", &notifies),
        ("probes", "probe.", probes()),
    ] {
        vocabulary(&mut page, what, all, |name| counts.contains_key(format!("{prefix}{name}").as_str()));
    }
    page += "\nIn how many of them a message came in each stage of an IKE SA (version 2):\n\n";
    messages(&mut page, &counts);
    page
}

fn vocabulary(page: &mut String, what: &str, all: &BTreeSet<&str>, is_reached: impl Fn(&str) -> bool) {
    let never: Vec<&str> = all.iter().copied().filter(|name| !is_reached(name)).collect();
    let _ = writeln!(page, "{what}: {} of {}", all.len() - never.len(), all.len());
    if !never.is_empty() {
        let _ = writeln!(page, "    never {}", never.join(", "));
    }
}

fn messages(page: &mut String, counts: &BTreeMap<&str, u64>) {
    let stages: Vec<&str> = [NO_STAGE].into_iter().chain(Stage::ALL.map(Stage::name)).collect();
    let _ = write!(page, "{:27}", "");
    stages.iter().for_each(|stage| {
        let _ = write!(page, " {stage:>11}");
    });
    page.push('\n');
    for exchange in ExchangeType::ALL {
        for kind in ["request", "response"] {
            let message = format!("{exchange} {kind}");
            let _ = write!(page, "{message:27}");
            for stage in &stages {
                match counts.get(format!("came.{stage}.{message}").as_str()) {
                    Some(count) => write!(page, " {count:>11}"),
                    None => write!(page, " {:>11}", "-"),
                }
                .unwrap_or_default();
            }
            page.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use reports::{Case, Suite, Verdict};

    use super::*;

    #[test]
    fn what_no_case_has_met_is_named() {
        let counters = ["drop.sa-replayed", "came.established.INFORMATIONAL request"];
        let counters = counters.map(|name| (name.to_owned(), 1)).into();
        let case = Case { counters, ..Case::new(0, Verdict::Passed) };
        let results = Results { suites: vec![Suite { cases: vec![case], ..Suite::default() }] };
        let page = page(&results);
        assert!(page.contains(&format!("drop reasons: 1 of {}", drop_reasons().len())), "{page}");
        let never = page.lines().find(|line| line.contains("never")).unwrap();
        assert!(never.contains("sa-too-old") && !never.contains("sa-replayed"), "{never}");
        let row = page.lines().find(|line| line.starts_with("INFORMATIONAL request")).unwrap();
        assert_eq!(row.split_whitespace().skip(2).collect::<Vec<_>>(), ["-", "-", "-", "1", "-", "-"]);
    }
}
