//! `esplanade vectors`: published numbers against the code that uses them.

use std::path::PathBuf;

use clap::Args;
use ipsec::crypto::{FAST, PORTABLE, Provider};
use reports::junit::{Check, Checked, of_checks};
use vectors::{Report, Row, SOURCES};

use super::{Outcome, Trouble, at};

/// Replay published test vectors
#[derive(Debug, Args)]
pub(super) struct Vectors {
    /// Only sources whose name has this in it
    filter: Option<String>,
    /// Write the report as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// And as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl Vectors {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let both: [&'static Provider; 2] = [&PORTABLE, &FAST];
        // Where the processor lacks what the fast one needs, there is but one implementation.
        let providers = if Provider::best().name == PORTABLE.name { &both[..1] } else { &both[..] };
        let report = vectors::replay(self.filter.as_deref(), providers);
        if report.rows.is_empty() && report.failures.is_empty() {
            let known: Vec<&str> = SOURCES.iter().map(|source| source.name).collect();
            let filter = self.filter.unwrap_or_default();
            return Err(Trouble::Usage(format!(
                "no source's name has \"{filter}\" in it: {}",
                known.join(", ")
            )));
        }
        if let Some(path) = &self.json {
            let json = serde_json::to_string_pretty(&report).unwrap_or_default();
            at(path, reports::write(path, json.as_bytes()))?;
        }
        if let Some(path) = &self.junit {
            at(path, reports::write(path, of_checks(&checks(&report)).as_bytes()))?;
        }
        println!("{report}");
        Ok(if report.passed() { Outcome::Passed } else { Outcome::Failed })
    }
}

/// A suite for each source: its algorithms with each provider, what is not replayed, and what differs.
fn checks(report: &Report) -> Vec<Check> {
    SOURCES.iter().flat_map(|source| checks_of(source.name, report)).collect()
}

/// How many differences a suite tells.
const TOLD: usize = 10;

fn checks_of(source: &str, report: &Report) -> Vec<Check> {
    let check = |name: String, outcome: Checked| Check { suite: source.to_owned(), name, outcome };
    let of_row = |row: &Row| check(format!("{} ({})", row.algorithm, row.provider), outcome(row));
    let mut checks: Vec<Check> = report.rows.iter().filter(|row| row.source == source).map(of_row).collect();
    for what in report.not_replayed.iter().filter(|what| what.source == source) {
        let reason = format!("{} cases are not replayed: {}", what.cases, what.reason);
        checks.push(check(what.what.clone(), Checked::Skipped(reason)));
    }
    let failures = report.failures.iter().filter(|failure| failure.source == source);
    let told: Vec<String> = failures.take(TOLD).map(ToString::to_string).collect();
    if !told.is_empty() {
        checks.push(check("what differs".to_owned(), Checked::Failed(told.join("\n"))));
    }
    checks
}

fn outcome(row: &Row) -> Checked {
    let Row { cases, passed, negative, refused, altered, altered_refused, .. } = row;
    if (cases, negative, altered) == (passed, refused, altered_refused) {
        return Checked::Passed;
    }
    Checked::Failed(format!(
        "{passed} of {cases} came out as published, {refused} of {negative} were refused, and {altered_refused} of {altered} that \
         were altered"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(source: &str, passed: usize) -> Row {
        Row {
            source: source.to_owned(),
            published: true,
            algorithm: "X25519".to_owned(),
            provider: "fast".to_owned(),
            cases: 2,
            passed,
            negative: 1,
            refused: 1,
            altered: 0,
            altered_refused: 0,
        }
    }

    #[test]
    fn junit_has_a_case_for_each_row_reason_and_difference() {
        let report = Report {
            rows: vec![row("rfc5903", 2), row("rfc8031", 1)],
            not_replayed: vec![vectors::NotReplayed {
                source: "rfc5903".to_owned(),
                what: "points".to_owned(),
                cases: 7,
                reason: "no such curve".to_owned(),
            }],
            failures: vec![vectors::Failure {
                source: "rfc8031".to_owned(),
                provider: "fast".to_owned(),
                case: "1".to_owned(),
                field: "shared secret".to_owned(),
                expected: "00".to_owned(),
                got: "01".to_owned(),
                differs_at: 0,
            }],
        };
        let check = |suite: &str, name: &str, outcome| Check {
            suite: suite.to_owned(),
            name: name.to_owned(),
            outcome,
        };
        let counts = "1 of 2 came out as published, 1 of 1 were refused, and 0 of 0 that were altered";
        let differs = "rfc8031 case 1, shared secret (fast): octet 0 differs\n  expected 00\n  got      01";
        let expected = [
            check("rfc5903", "X25519 (fast)", Checked::Passed),
            check(
                "rfc5903",
                "points",
                Checked::Skipped("7 cases are not replayed: no such curve".to_owned()),
            ),
            check("rfc8031", "X25519 (fast)", Checked::Failed(counts.to_owned())),
            check("rfc8031", "what differs", Checked::Failed(differs.to_owned())),
        ];
        assert_eq!(checks(&report), expected);
    }
}
