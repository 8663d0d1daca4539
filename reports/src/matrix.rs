//! How implementations get along: each scenario with each pair of them, as plain data, as text and as JSON; `html` makes a page of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::outcome::Case;
use crate::text;

/// Scenarios by pairs of implementations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// The implementations, and what each says that it is.
    pub implementations: Vec<(String, String)>,
    /// The cells, those of one scenario together.
    pub cells: Vec<Cell>,
}

/// One scenario with one pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The scenario.
    pub scenario: String,
    /// What it shows.
    pub title: String,
    /// The clauses that it puts to the test.
    pub covers: Vec<String>,
    /// Who begins.
    pub initiator: String,
    /// Who answers.
    pub responder: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The run; nothing when there was none.
    pub case: Option<Case>,
    /// The folder with capture, keys, configurations, logs and ladder.
    pub folder: Option<String>,
    /// What of that is worth opening, as paths in the folder.
    #[serde(default)]
    pub files: Vec<String>,
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that was expected happened.
    Passed,
    /// The same, but something is worth saying.
    Warned,
    /// Something did not happen.
    Failed,
    /// It failed as it has to, for this reason.
    FailedAsExpected(String),
    /// It passed, although a failure was expected for this reason.
    PassedUnexpectedly(String),
    /// One of the two cannot do it, for this reason.
    Unsupported(String),
}

impl Outcome {
    /// Whether nobody has to look at it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !matches!(self, Self::Failed | Self::PassedUnexpectedly(_))
    }

    /// A word or a sign for it.
    pub(crate) fn mark(&self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Warned => "warn",
            Self::Failed => "FAIL",
            Self::FailedAsExpected(_) => "xfail",
            Self::PassedUnexpectedly(_) => "XPASS",
            Self::Unsupported(_) => "-",
        }
    }
}

impl Matrix {
    /// Whether each cell ended as it has to, and at least one was played.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.cells.iter().all(|cell| cell.outcome.is_good())
            && self.cells.iter().any(|cell| cell.case.is_some())
    }

    /// The matrix as indented JSON with a line feed at the end.
    ///
    /// # Panics
    /// Never: it is plain data with texts as keys.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data with texts as keys");
        text.push('\n');
        text
    }

    /// A line for each scenario with a column for each pair, then what is worth reading of the cells.
    #[must_use]
    pub fn to_text(&self) -> String {
        let (pairs, scenarios) = (self.pairs(), self.scenarios());
        let mut text = String::new();
        for (name, version) in &self.implementations {
            let _ = writeln!(text, "{name}: {version}");
        }
        let width = scenarios.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let _ = writeln!(text, "\n{:width$}  {}", "", pairs.join("  "));
        for scenario in &scenarios {
            let _ = write!(text, "{scenario:width$}");
            for wanted in &pairs {
                let mark = self.cell(scenario, wanted).map_or("", |cell| cell.outcome.mark());
                let _ = write!(text, "  {mark:width$}", width = wanted.chars().count());
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        self.remarks(&mut text);
        let _ = writeln!(text, "\n{}", self.counts());
        text
    }

    /// The pairs, in the order of the cells.
    pub(crate) fn pairs(&self) -> Vec<String> {
        let mut pairs: Vec<String> = Vec::new();
        for pair in self.cells.iter().map(pair) {
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        pairs
    }

    /// The scenarios, in the order of the cells.
    pub(crate) fn scenarios(&self) -> Vec<&str> {
        let mut scenarios: Vec<&str> = self.cells.iter().map(|cell| cell.scenario.as_str()).collect();
        scenarios.dedup();
        scenarios
    }

    /// The cell of a scenario and a pair.
    pub(crate) fn cell(&self, scenario: &str, wanted: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.scenario == scenario && pair(cell) == wanted)
    }

    /// How many cells ended how.
    pub(crate) fn counts(&self) -> String {
        let named = [
            ("pass", " passed"),
            ("warn", " passed with a warning"),
            ("FAIL", " failed"),
            ("xfail", " failed as expected"),
            ("XPASS", " passed unexpectedly"),
            ("-", " unsupported"),
        ];
        let count = |mark| self.cells.iter().filter(|cell| cell.outcome.mark() == mark).count();
        let told = named.map(|(mark, name)| (count(mark), name)).into_iter().filter(|(count, _)| *count > 0);
        told.map(|(count, name)| format!("{count}{name}")).collect::<Vec<_>>().join(", ")
    }

    /// Failures in full, and each reason once.
    fn remarks(&self, text: &mut String) {
        for cell in &self.cells {
            let Some(Case { verdict: crate::Verdict::Failed(failure), .. }) = &cell.case else { continue };
            if cell.outcome != Outcome::Failed {
                continue;
            }
            let _ = writeln!(text, "\nFAIL {} {}", cell.scenario, pair(cell));
            for line in text::failure(failure).lines() {
                let _ = writeln!(text, "{}", format!("  {line}").trim_end());
            }
            if let Some(folder) = &cell.folder {
                let _ = writeln!(text, "  capture, keys, configurations and logs: {folder}");
            }
        }
        let mut reasons = BTreeSet::new();
        for cell in &self.cells {
            let line = match &cell.outcome {
                Outcome::FailedAsExpected(why) | Outcome::PassedUnexpectedly(why) => {
                    format!("{} {} {}: {why}", cell.outcome.mark(), cell.scenario, pair(cell))
                }
                Outcome::Unsupported(why) => format!("unsupported: {why}"),
                Outcome::Warned => {
                    let warnings =
                        cell.case.iter().flat_map(|case| &case.warnings).cloned().collect::<Vec<_>>();
                    format!("warn {}: {}", cell.scenario, warnings.join("; "))
                }
                Outcome::Passed | Outcome::Failed => continue,
            };
            if reasons.insert(line.clone()) {
                let _ = writeln!(text, "{}{line}", if reasons.len() == 1 { "\n" } else { "" });
            }
        }
    }
}

pub(crate) fn pair(cell: &Cell) -> String {
    format!("{} → {}", cell.initiator, cell.responder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::outcome::sample;

    fn cell(scenario: &str, pair: [&str; 2], outcome: Outcome) -> Cell {
        let results = sample::results();
        let mut cases = results.suites.into_iter().flat_map(|suite| suite.cases);
        let failed = outcome == Outcome::Failed;
        let case = cases.find(|case| matches!(case.verdict, Verdict::Failed(_)) == failed);
        Cell {
            scenario: scenario.into(),
            title: "It works".into(),
            covers: vec!["rfc7296#1.2".into()],
            initiator: pair[0].into(),
            responder: pair[1].into(),
            outcome,
            case,
            folder: Some("out/psk".into()),
            files: vec!["wan.pcapng".into(), "east/charon.log".into()],
        }
    }

    fn matrix() -> Matrix {
        let (there, back) = (["ours", "strongswan"], ["strongswan", "ours"]);
        Matrix {
            implementations: vec![("strongswan".into(), "strongSwan 5.9.8".into())],
            cells: vec![
                cell("psk", there, Outcome::Passed),
                cell("psk", back, Outcome::Failed),
                cell("cookie", back, Outcome::FailedAsExpected("it wants two (RFC 7296 §2.6)".into())),
                cell("ah", there, Outcome::Unsupported("kernel-libipsec has no AH".into())),
            ],
        }
    }

    #[test]
    fn a_matrix_reads_well_at_a_terminal() {
        insta::assert_snapshot!(matrix().to_text());
    }

    #[test]
    fn json_reads_back() {
        let read: Matrix = serde_json::from_str(&matrix().to_json()).unwrap();
        // What is kept of a run for its own pages alone is not written.
        assert_eq!(read.to_json(), matrix().to_json());
    }

    #[test]
    fn a_page_leads_from_each_cell_to_what_was_kept_of_it() {
        let folder = std::env::temp_dir().join(format!("esplanade-matrix-{}", std::process::id()));
        let page = crate::html::matrix(&folder, &matrix(), "out").unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(folder.join("style.css").is_file());
        std::fs::remove_dir_all(&folder).unwrap();
        let lead = |to: &str| text.contains(&format!("href=\"{to}\""));
        assert!(lead("#psk-strongswan-ours") && text.contains("id=\"psk-strongswan-ours\""));
        assert!(lead("psk/wan.pcapng") && lead("psk/east/charon.log"));
        assert!(text.contains("kernel-libipsec has no AH") && !text.contains("psk-ours-strongswan"));
    }

    #[test]
    fn a_failure_a_pass_that_was_none_and_nothing_at_all_are_not_good() {
        assert!(!matrix().is_good());
        assert!(!Matrix::default().is_good());
        let of =
            |outcome| Matrix { cells: vec![cell("psk", ["ours", "ours"], outcome)], ..Matrix::default() };
        assert!(of(Outcome::FailedAsExpected("as it has to".into())).is_good());
        assert!(!of(Outcome::PassedUnexpectedly("no longer".into())).is_good());
    }
}
