//! Results for people at a terminal: a line a scenario, then what failed, in full.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::outcome::{Case, Failure, Results, Situation, Suite, Tally, Verdict, sum};

/// Whether the text has colours (ANSI escape sequences).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// Green for passed, red for failed, yellow for unsupported.
    Always,
}

/// The failures of one scenario that are shown in full; of the others only the seeds.
const SHOWN: usize = 3;

/// A line for each scenario file, the failures with their replay commands, and the sums.
#[must_use]
pub fn summary(results: &Results, colour: Colour) -> String {
    let mut text = String::new();
    let width = results.suites.iter().map(|suite| suite.file().chars().count()).max().unwrap_or(0);
    for file in results.suites.chunk_by(|one, next| one.file() == next.file()) {
        let tally = sum(file);
        let variants =
            if file[0].name == file[0].file() { String::new() } else { format!(" in {} cases", file.len()) };
        let (name, counted) = (file[0].file(), counts(tally));
        let _ = writeln!(text, "{} {name:width$}  {counted}{variants}", mark(tally, colour));
        let warnings: BTreeSet<&String> =
            file.iter().flat_map(|suite| &suite.cases).flat_map(|case| &case.warnings).collect();
        for warning in warnings {
            let _ = writeln!(text, "  warning: {warning}");
        }
    }
    let told = |suite: &&Suite| {
        let tally = suite.tally();
        tally.failed + tally.known + tally.unsupported > 0
    };
    for suite in results.suites.iter().filter(told) {
        details(&mut text, suite, colour);
    }
    let tally = sum(&results.suites);
    let _ = writeln!(text, "\n{} {}", mark(tally, colour), counts(tally));
    text
}

/// Nanoseconds as seconds with at least three decimals, and as many as it takes: `61.300s`.
#[must_use]
pub fn seconds(nanos: u64) -> String {
    let decimals = format!("{:09}", nanos % 1_000_000_000);
    let kept = decimals.trim_end_matches('0').len().max(3);
    format!("{}.{}s", nanos / 1_000_000_000, &decimals[..kept])
}

/// One failure in full, without colour.
pub(crate) fn failure(failure: &Failure) -> String {
    let mut text = String::new();
    if let Some(line) = &failure.line {
        let _ = writeln!(text, "line {}: {}", line.number, line.text);
    }
    let _ = writeln!(text, "expected: {}", failure.expected);
    let _ = writeln!(text, "happened: {}", failure.happened);
    let _ = writeln!(text, "at:       {} (found by: {})", seconds(failure.at_nanos), failure.check);
    if !failure.ladder.is_empty() {
        text.push('\n');
        for line in &failure.ladder {
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "replay:   {}", failure.replay);
    text
}

/// What is wrong with a scenario beside the cases that failed: situations that no seed met, and a known failure that is
/// none.
pub(crate) fn wrong(suite: &Suite) -> Vec<String> {
    suite.unmet().map(unmet).chain(suite.stale().map(stale)).collect()
}

/// What is wrong with a situation that no seed met.
pub(crate) fn unmet(situation: &Situation) -> String {
    format!("line {}: {}: no seed met it", situation.line.number, situation.line.text)
}

/// What is wrong with a scenario that is known to fail and does not.
pub(crate) fn stale(reason: &str) -> String {
    format!("known to fail ({reason}), but every seed passes: take `known-failure` out of the file")
}

fn details(text: &mut String, suite: &Suite, colour: Colour) {
    let failed: Vec<(&Case, &Failure)> = suite.failures().collect();
    let _ = writeln!(text, "\n{} {}\n  {}", mark(suite.tally(), colour), suite.name, suite.title);
    if let (Some(reason), None) = (&suite.known_failure, suite.stale()) {
        let _ = writeln!(text, "\n  known to fail: {reason}");
    }
    for (case, found) in failed.iter().take(SHOWN) {
        let _ = writeln!(text, "\n  seed {}", case.seed);
        indent(text, &failure(found));
    }
    if failed.len() > SHOWN {
        let seeds: Vec<String> = failed[SHOWN..].iter().map(|(case, _)| case.seed.to_string()).collect();
        let _ = writeln!(text, "\n  and {} more: seeds {}", seeds.len(), seeds.join(", "));
    }
    for what in wrong(suite) {
        let _ = writeln!(text, "\n  {what}");
    }
    let mut reasons: Vec<&str> = Vec::new();
    for case in &suite.cases {
        if let Verdict::Unsupported(reason) = &case.verdict
            && !reasons.contains(&reason.as_str())
        {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        let _ = writeln!(text, "\n  unsupported: {reason}");
    }
}

fn indent(text: &mut String, lines: &str) {
    for line in lines.lines() {
        let indented = format!("    {line}");
        let _ = writeln!(text, "{}", indented.trim_end());
    }
}

fn mark(tally: Tally, colour: Colour) -> String {
    let (mark, code) = match tally {
        Tally { failed: 1.., .. } => ('✗', 31),
        Tally { passed: 0, .. } => ('-', 33),
        _ => ('✓', 32),
    };
    match colour {
        Colour::Never => mark.to_string(),
        Colour::Always => format!("\u{1b}[{code}m{mark}\u{1b}[0m"),
    }
}

/// `3 passed, 2 failed, 1 unsupported`, without what there is none of but passed ones.
pub(crate) fn counts(tally: Tally) -> String {
    let mut parts = vec![format!("{} passed", tally.passed)];
    if tally.failed > 0 {
        parts.push(format!("{} failed", tally.failed));
    }
    if tally.known > 0 {
        parts.push(format!("{} known to fail", tally.known));
    }
    if tally.unsupported > 0 {
        parts.push(format!("{} unsupported", tally.unsupported));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::sample;

    #[test]
    fn results_read_well_at_a_terminal() {
        insta::assert_snapshot!(summary(&sample::results(), Colour::Never));
    }

    #[test]
    fn colour_is_only_where_it_was_asked_for() {
        let results = sample::results();
        assert!(!summary(&results, Colour::Never).contains('\u{1b}'));
        assert!(summary(&results, Colour::Always).contains("\u{1b}[31m✗\u{1b}[0m"));
    }

    #[test]
    fn of_many_failures_the_first_are_shown_and_the_seeds_of_the_rest() {
        let mut suite = sample::results().suites.remove(1);
        let failed =
            suite.cases.iter().find(|case| matches!(case.verdict, Verdict::Failed(_))).unwrap().clone();
        suite.cases = (0..6).map(|seed| Case { seed, ..failed.clone() }).collect();
        let text = summary(&Results { suites: vec![suite] }, Colour::Never);
        assert_eq!(text.matches("replay:").count(), SHOWN);
        assert!(text.contains("and 3 more: seeds 3, 4, 5"));
    }

    #[test]
    fn a_known_failure_is_told_with_its_reason_and_fails_nothing() {
        let mut suite = sample::results().suites.remove(1);
        suite.known_failure = Some("issue 12".to_owned());
        let results = Results { suites: vec![suite] };
        assert!(results.passed());
        let text = summary(&results, Colour::Never);
        assert!(text.contains("\n  known to fail: issue 12\n"), "{text}");
        assert!(text.ends_with("✓ 1 passed, 1 known to fail\n"), "{text}");
    }

    #[test]
    fn a_failure_that_is_known_and_gone_is_a_failure_of_its_own() {
        let mut suite = sample::results().suites.remove(0);
        suite.known_failure = Some("issue 12".to_owned());
        let results = Results { suites: vec![suite] };
        assert!(!results.passed());
        assert!(summary(&results, Colour::Never).contains("known to fail (issue 12), but every seed passes"));
    }

    #[test]
    fn what_no_seed_met_is_wrong_only_when_all_seeds_were_run() {
        let mut suite = sample::results().suites.remove(1);
        assert_eq!(suite.unmet().count(), 1);
        suite.seeds = 0..3;
        assert_eq!(suite.unmet().count(), 0);
    }

    #[test]
    fn the_cases_of_one_file_are_one_line_and_their_failures_name_the_case() {
        let mut suites = sample::results().suites;
        suites.truncate(2);
        suites[0].name = "ikev1/matrix.toml#3des,md5".to_owned();
        suites[1].name = "ikev1/matrix.toml#aes128,md5".to_owned();
        let text = summary(&Results { suites }, Colour::Never);
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("✗ ikev1/matrix.toml  ") && first.ends_with(" in 2 cases"), "{first}");
        assert!(text.contains("\n✗ ikev1/matrix.toml#aes128,md5\n"), "{text}");
    }

    #[test]
    fn nothing_run_is_nothing_passed() {
        assert_eq!(summary(&Results::default(), Colour::Never), "\n- 0 passed\n");
    }

    #[test]
    fn seconds_have_the_decimals_they_need() {
        assert_eq!(seconds(61_300_000_000), "61.300s");
        assert_eq!(seconds(1), "0.000000001s");
        assert_eq!(seconds(0), "0.000s");
    }
}
