//! Results as JUnit XML, as continuous integration reads it: a test suite a scenario, a test case a seed. Its schema is
//! `reports/schema/junit.xsd`.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::outcome::{Case, Failure, Results, Situation, Suite, Verdict};
use crate::text;

/// Whether wall-clock times are written. Without them equal results give equal files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// No times.
    #[default]
    Omit,
    /// The wall-clock time of each case that has one.
    Include,
}

/// The results as JUnit XML.
///
/// # Panics
/// Never: the XML goes to memory, and characters that XML does not know are left out.
#[must_use]
pub fn to_xml(results: &Results, times: Times) -> String {
    let mut report = Report::new("esplanade");
    report.add_test_suites(results.suites.iter().map(|suite| test_suite(suite, times)));
    without_skipped_at_the_root(report.to_string().expect("writing to memory"))
}

/// The schema of Jenkins' xUnit plugin has a count of what was skipped for each suite, and none for all of them.
fn without_skipped_at_the_root(mut xml: String) -> String {
    let root = xml.find("<testsuites").unwrap_or_default();
    let end = xml[root..].find('>').map_or(xml.len(), |length| root + length);
    if let Some(begin) = xml[root..end].find(" skipped=\"").map(|begin| root + begin) {
        let length = xml[begin..end].match_indices('"').nth(1).map_or(0, |(at, _)| at + 1);
        xml.replace_range(begin..begin + length, "");
    }
    xml
}

fn test_suite(suite: &Suite, times: Times) -> TestSuite {
    let mut test_suite = TestSuite::new(&suite.name);
    test_suite.add_property(("title", suite.title.as_str()));
    for clause in &suite.covers {
        test_suite.add_property(("covers", clause.as_str()));
    }
    test_suite.add_test_cases(suite.cases.iter().map(|case| test_case(suite, case, times)));
    test_suite.add_test_cases(suite.sometimes.iter().map(|situation| test_situation(suite, situation)));
    test_suite.add_test_cases(suite.stale().map(|reason| stale(suite, reason)));
    test_suite
}

fn test_case(suite: &Suite, case: &Case, times: Times) -> TestCase {
    let status = match &case.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed(failure) => match &suite.known_failure {
            None => failed(failure),
            Some(reason) => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(format!("known to fail: {reason}"));
                status.set_description(text::failure(failure));
                status
            }
        },
        Verdict::Unsupported(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
    };
    let mut test_case = TestCase::new(format!("seed {}", case.seed), status);
    test_case.set_classname(&suite.name);
    if let (Times::Include, Some(elapsed)) = (times, case.elapsed) {
        test_case.set_time(elapsed);
    }
    test_case
}

fn failed(failure: &Failure) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(&failure.check);
    status.set_message(format!("expected {}; {}", failure.expected, failure.happened));
    status.set_description(text::failure(failure));
    status
}

fn test_situation(suite: &Suite, situation: &Situation) -> TestCase {
    let status = if suite.unmet().any(|unmet| unmet == situation) {
        wrong("sometimes", &text::unmet(situation))
    } else if situation.met_by.is_empty() {
        let mut status = TestCaseStatus::skipped();
        status.set_message("not all seeds were run");
        status
    } else {
        TestCaseStatus::success()
    };
    let mut test_case = TestCase::new(&situation.line.text, status);
    test_case.set_classname(&suite.name);
    test_case
}

fn stale(suite: &Suite, reason: &str) -> TestCase {
    let mut test_case = TestCase::new("known failure", wrong("stale", &text::stale(reason)));
    test_case.set_classname(&suite.name);
    test_case
}

/// Something that was checked without a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it belongs to. The checks of a suite stand one after the other.
    pub suite: String,
    /// Unique in its suite.
    pub name: String,
    /// How it ended.
    pub outcome: Checked,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// As it should.
    Passed,
    /// Otherwise, in this way.
    Failed(String),
    /// Not at all, for this reason.
    Skipped(String),
}

/// Checks as JUnit XML.
///
/// # Panics
/// Never, like [`to_xml`].
#[must_use]
pub fn of_checks(checks: &[Check]) -> String {
    let mut report = Report::new("esplanade");
    for suite in checks.chunk_by(|one, next| one.suite == next.suite) {
        let mut test_suite = TestSuite::new(&suite[0].suite);
        test_suite.add_test_cases(suite.iter().map(|check| {
            let status = match &check.outcome {
                Checked::Passed => TestCaseStatus::success(),
                Checked::Failed(message) => wrong("check", message),
                Checked::Skipped(reason) => {
                    let mut status = TestCaseStatus::skipped();
                    status.set_message(reason);
                    status
                }
            };
            let mut test_case = TestCase::new(&check.name, status);
            test_case.set_classname(&check.suite);
            test_case
        }));
        report.add_test_suite(test_suite);
    }
    without_skipped_at_the_root(report.to_string().expect("writing to memory"))
}

fn wrong(kind: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(kind);
    status.set_message(message);
    status
}

#[cfg(test)]
mod tests;
