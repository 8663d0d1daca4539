//! The requirement catalogue: what documents demand of an implementation, what shows that it is so, and how that came out.
//!
//! The catalogue itself is data (`reports/requirements/*.toml`), a file for each document.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::Results;

/// What one document demands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The document, such as `RFC 7296`.
    pub document: String,
    /// Its title.
    pub title: String,
    /// What it demands, in its order.
    #[serde(default, rename = "requirement")]
    pub requirements: Vec<Requirement>,
}

/// One demand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The section, a dash, and a number within it: `2.1-3`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What is demanded, in a sentence.
    pub text: String,
    /// The scenarios that fail where it is not so: paths below `scenarios/suites`.
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// The tests that do: `path/of/the/file.rs: function`.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Why there is nothing to show.
    pub exception: Option<String>,
}

/// How binding a demand is (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[expect(missing_docs, reason = "the words of RFC 2119")]
pub enum Level {
    #[serde(rename = "MUST")]
    Must,
    #[serde(rename = "MUST NOT")]
    MustNot,
    #[serde(rename = "SHOULD")]
    Should,
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    #[serde(rename = "MAY")]
    May,
}

impl Level {
    /// The word for it and its negation together.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Must | Self::MustNot => "MUST",
            Self::Should | Self::ShouldNot => "SHOULD",
            Self::May => "MAY",
        }
    }
}

/// How a demand stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What shows it passed, as far as it was run; these scenarios were not.
    Shown {
        /// Cited scenarios that are not among the results.
        not_run: Vec<String>,
    },
    /// These scenarios that show it failed.
    Failed(Vec<String>),
    /// There is nothing to show, for this reason.
    Excepted(String),
    /// Nothing shows it.
    Open,
}

impl Catalogue {
    /// Reads a file of the catalogue.
    ///
    /// # Errors
    /// A text with line and column.
    pub fn read(text: &str) -> Result<Self, String> {
        let catalogue: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut known = BTreeMap::new();
        for requirement in &catalogue.requirements {
            let id = &requirement.id;
            if known.insert(id, ()).is_some() {
                return Err(format!("{id} stands there twice"));
            }
            let shown = !requirement.scenarios.is_empty() || !requirement.tests.is_empty();
            if shown && requirement.exception.is_some() {
                return Err(format!("{id} has an exception and is shown all the same"));
            }
        }
        Ok(catalogue)
    }
}

impl Requirement {
    /// The section of the document.
    #[must_use]
    pub fn section(&self) -> &str {
        self.id.rsplit_once('-').map_or(&self.id, |(section, _)| section)
    }

    /// How it stands after these results. Tests are taken to have passed: their runner says otherwise.
    #[must_use]
    pub fn standing(&self, results: &Results) -> Standing {
        if let Some(reason) = &self.exception {
            return Standing::Excepted(reason.clone());
        }
        if self.scenarios.is_empty() && self.tests.is_empty() {
            return Standing::Open;
        }
        let (mut failed, mut not_run) = (Vec::new(), Vec::new());
        for scenario in &self.scenarios {
            let mut suites = results.suites.iter().filter(|suite| is_at(suite.file(), scenario)).peekable();
            if suites.peek().is_none() {
                not_run.push(scenario.clone());
            } else if suites.any(|suite| suite.tally().failed > 0) {
                failed.push(scenario.clone());
            }
        }
        if failed.is_empty() { Standing::Shown { not_run } } else { Standing::Failed(failed) }
    }
}

/// Whether a path, as a user named it, leads to this file of the suites.
fn is_at(path: &str, file: &str) -> bool {
    path.strip_suffix(file).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// How many demands stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Something shows that it is so.
    pub shown: usize,
    /// A scenario that shows it failed.
    pub failed: usize,
    /// There is nothing to show, for a reason.
    pub excepted: usize,
    /// Nothing shows it.
    pub open: usize,
}

impl Count {
    /// Counts the demands of a catalogue that are so binding: `MUST`, `SHOULD` or `MAY`.
    #[must_use]
    pub fn of(catalogue: &Catalogue, group: &str, results: &Results) -> Self {
        let mut count = Self::default();
        for requirement in catalogue.requirements.iter().filter(|r| r.level.group() == group) {
            match requirement.standing(results) {
                Standing::Shown { .. } => count.shown += 1,
                Standing::Failed(_) => count.failed += 1,
                Standing::Excepted(_) => count.excepted += 1,
                Standing::Open => count.open += 1,
            }
        }
        count
    }
}

/// `231 shown, 12 excepted, 9 open`.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.shown, "shown"),
            (self.failed, "failed"),
            (self.excepted, "excepted"),
            (self.open, "open"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
        f.write_str(&if parts.is_empty() { "none".to_owned() } else { parts.join(", ") })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
        })
    }
}

/// The standing of all catalogues as a page in Markdown: counts, what is open, and the exceptions with their reasons.
#[must_use]
pub fn page(catalogues: &[Catalogue], results: &Results) -> String {
    use std::fmt::Write as _;
    let mut page = "# What documents demand, and what shows that it is so\n\n\
         Made by `cargo esplanade coverage --page` from the catalogue beside this file; a test holds it to that. *Shown* is what a\n\
         scenario or a test would notice if it were not so.\n\n\
         | document | MUST | SHOULD | MAY |\n|---|---|---|---|\n"
        .to_owned();
    for catalogue in catalogues {
        let [must, should, may] = ["MUST", "SHOULD", "MAY"].map(|group| Count::of(catalogue, group, results));
        let _ = writeln!(page, "| {} | {must} | {should} | {may} |", catalogue.document);
    }
    for (heading, wanted) in [("Open", true), ("Excepted", false)] {
        for catalogue in catalogues {
            let listed = catalogue.requirements.iter().filter_map(|requirement| {
                let reason = match requirement.standing(results) {
                    Standing::Open if wanted => String::new(),
                    Standing::Excepted(reason) if !wanted => format!(" *{reason}*"),
                    _ => return None,
                };
                Some(format!("- {} {}: {}{reason}\n", requirement.id, requirement.level, requirement.text))
            });
            let listed: Vec<String> = listed.collect();
            if !listed.is_empty() {
                let _ = write!(page, "\n## {heading}: {}\n\n{}", catalogue.document, listed.concat());
            }
        }
    }
    page
}

#[cfg(test)]
mod tests;
