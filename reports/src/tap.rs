//! Results as TAP (Test Anything Protocol, version 14): a test point a run, and one for each situation that a seed has to meet.
//!
//! ```text
//! TAP version 14
//! 1..3
//! ok 1 - ikev2/clean.toml, seed 0
//! not ok 2 - ikev2/lossy.toml, seed 1
//!   ---
//!   expected: "an SA pair of net at west and east by 20.000s"
//!   ...
//! ok 3 - ikev2/rekey.toml, seed 0 # SKIP the other end cannot rekey
//! ```

use std::fmt::Write;

use crate::outcome::{Failure, Results, Suite, Verdict};
use crate::text;

/// The results as TAP.
#[must_use]
pub fn to_tap(results: &Results) -> String {
    let points = results.suites.iter().map(points_of).sum::<usize>();
    let mut tap = format!("TAP version 14\n1..{points}\n");
    let mut number = 0;
    for suite in &results.suites {
        let name = escaped(&suite.name);
        for case in &suite.cases {
            number += 1;
            let point = format!("{number} - {name}, seed {}", case.seed);
            let _ = match &case.verdict {
                Verdict::Passed => writeln!(tap, "ok {point}"),
                Verdict::Failed(failure) => {
                    let known = suite.known_failure.as_deref();
                    let todo =
                        known.map_or_else(String::new, |reason| format!(" # TODO {}", escaped(reason)));
                    write!(tap, "not ok {point}{todo}\n{}", block(failure))
                }
                Verdict::Unsupported(reason) => writeln!(tap, "ok {point} # SKIP {}", escaped(reason)),
            };
        }
        for situation in &suite.sometimes {
            number += 1;
            let is_unmet = suite.unmet().any(|unmet| unmet == situation);
            let sign = if is_unmet { "not ok" } else { "ok" };
            let skip =
                if situation.met_by.is_empty() && !is_unmet { " # SKIP not all seeds were run" } else { "" };
            let _ = writeln!(tap, "{sign} {number} - {name}, {}{skip}", escaped(&situation.line.text));
        }
        if let Some(reason) = suite.stale() {
            number += 1;
            let _ = writeln!(tap, "not ok {number} - {name}, {}", escaped(&text::stale(reason)));
        }
    }
    tap
}

fn points_of(suite: &Suite) -> usize {
    suite.cases.len() + suite.sometimes.len() + usize::from(suite.stale().is_some())
}

/// A failure as a block of YAML.
fn block(failure: &Failure) -> String {
    let mut yaml = "  ---\n".to_owned();
    let mut row = |key: &str, value: &str| {
        // A string of JSON is one of YAML.
        let _ = writeln!(yaml, "  {key}: {}", serde_json::Value::from(value));
    };
    if let Some(line) = &failure.line {
        row("line", &format!("{}: {}", line.number, line.text));
    }
    row("expected", &failure.expected);
    row("happened", &failure.happened);
    row("at", &text::seconds(failure.at_nanos));
    row("check", &failure.check);
    row("replay", &failure.replay);
    yaml.push_str("  ...\n");
    yaml
}

/// A text in a line, without what would begin a directive.
fn escaped(text: &str) -> String {
    let line = text.replace(|character: char| character.is_control(), " ");
    line.replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::sample;

    #[test]
    fn results_read_as_tap() {
        insta::assert_snapshot!(to_tap(&sample::results()));
    }

    #[test]
    fn the_plan_counts_the_points_and_their_numbers_follow_each_other() {
        let tap = to_tap(&sample::results());
        let points = tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
        let numbers: Vec<usize> = points
            .map(|line| line.trim_start_matches("not ").split(' ').nth(1).unwrap().parse().unwrap())
            .collect();
        assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
        assert!(tap.contains(&format!("\n1..{}\n", numbers.len())));
    }

    #[test]
    fn a_name_begins_neither_a_directive_nor_a_line() {
        let mut results = sample::results();
        results.suites[0].name = "a.toml#one # SKIP\nnot ok 9".to_owned();
        let tap = to_tap(&results);
        assert!(tap.contains("ok 1 - a.toml\\#one \\# SKIP not ok 9, seed 0\n"), "{tap}");
    }
}
