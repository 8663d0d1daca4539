//! What came of replaying vectors.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What came of all sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One for each source, algorithm and provider.
    pub rows: Vec<Row>,
    /// The cases of the sources that nothing here could replay.
    pub not_replayed: Vec<NotReplayed>,
    /// Everything that did not come out as published.
    pub failures: Vec<Failure>,
}

/// The cases of one source for one algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The source.
    pub source: String,
    /// Whether others have published it.
    pub published: bool,
    /// The algorithm.
    pub algorithm: String,
    /// The implementation: `portable` or `fast`. What both do with the same code has but one row.
    pub provider: String,
    /// How many cases have results.
    pub cases: usize,
    /// How many of them came out as published.
    pub passed: usize,
    /// How many cases have to be refused.
    pub negative: usize,
    /// How many of them were.
    pub refused: usize,
    /// How many cases were altered here, so that they have to be refused.
    pub altered: usize,
    /// How many of them were.
    pub altered_refused: usize,
}

/// Cases of one source for which there is nothing that could replay them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotReplayed {
    /// The source.
    pub source: String,
    /// Algorithm or parameters.
    pub what: String,
    /// How many cases there are.
    pub cases: usize,
    /// Why they are not replayed.
    pub reason: String,
}

/// Something that did not come out as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The source.
    pub source: String,
    /// The implementation.
    pub provider: String,
    /// The case.
    pub case: String,
    /// The field of the case.
    pub field: String,
    /// What was published, in hexadecimal digits.
    pub expected: String,
    /// What came out.
    pub got: String,
    /// The first octet that differs.
    pub differs_at: usize,
}

/// The sums of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many different cases others have published with results, however many implementations replay them.
    pub published: usize,
    /// How many different cases others have published that have to be refused.
    pub published_negative: usize,
    /// How often they were replayed, each implementation counted.
    pub replays: usize,
    /// How many of these came out as published.
    pub came_out: usize,
    /// How many cases of Esplanade's own were replayed.
    pub own: usize,
    /// How many of these came out as they were noted.
    pub own_came_out: usize,
    /// How many cases were altered.
    pub altered: usize,
    /// How many of these were refused.
    pub altered_refused: usize,
    /// How many published cases nothing here could replay.
    pub not_replayed: usize,
}

impl Report {
    /// Whether everything came out as published, and there was something.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && !self.rows.is_empty()
    }

    /// The sums.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        let mut different: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
        for row in &self.rows {
            let (replays, came_out) = (row.cases + row.negative, row.passed + row.refused);
            if row.published {
                totals.replays += replays;
                totals.came_out += came_out;
                let once = different.entry((&row.source, &row.algorithm)).or_default();
                *once = (once.0.max(row.cases), once.1.max(row.negative));
            } else {
                totals.own += replays;
                totals.own_came_out += came_out;
            }
            totals.altered += row.altered;
            totals.altered_refused += row.altered_refused;
        }
        totals.published = different.values().map(|once| once.0).sum();
        totals.published_negative = different.values().map(|once| once.1).sum();
        totals.not_replayed = self.not_replayed.iter().map(|what| what.cases).sum();
        totals
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.not_replayed.extend(other.not_replayed);
        self.failures.extend(other.failures);
    }

    /// The cases that were replayed.
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&Row) -> &str, least: usize| {
            self.rows.iter().map(|row| of(row).len()).max().unwrap_or(0).max(least)
        };
        let (source, algorithm) = (width(|row| &row.source, 6), width(|row| &row.algorithm, 9));
        writeln!(
            f,
            "{:source$}  {:algorithm$}  provider  cases  passed  negative  refused  altered  refused",
            "source", "algorithm"
        )?;
        for row in &self.rows {
            let Row { source: s, algorithm: a, provider, .. } = row;
            let mut line = format!("{s:source$}  {a:algorithm$}  {provider:8}");
            let columns = [
                (row.cases, row.passed, 5, 6),
                (row.negative, row.refused, 8, 7),
                (row.altered, row.altered_refused, 7, 7),
            ];
            for (all, right, first, second) in columns {
                if all == 0 {
                    line.push_str(&format!("  {:first$}  {:second$}", "", ""));
                } else {
                    line.push_str(&format!("  {all:first$}  {right:second$}"));
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// The cases that were not.
    fn exceptions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not_replayed.is_empty() {
            return Ok(());
        }
        let width = |of: fn(&NotReplayed) -> &str, least: usize| {
            let widths = self.not_replayed.iter().map(|row| of(row).chars().count());
            widths.max().unwrap_or(0).max(least)
        };
        let (source, what) = (width(|row| &row.source, 6), width(|row| &row.what, 4));
        writeln!(f, "\n{:source$}  {:what$}  not replayed  why", "source", "what")?;
        for row in &self.not_replayed {
            let NotReplayed { source: s, what: w, cases, reason } = row;
            writeln!(f, "{s:source$}  {w:what$}  {cases:12}  {reason}")?;
        }
        Ok(())
    }
}

/// A table of what was replayed, one of what was not and why, the failures, and a line with the sums.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(f)?;
        self.exceptions(f)?;
        for failure in self.failures.iter().take(SHOWN) {
            writeln!(f, "\n{failure}")?;
        }
        if self.failures.len() > SHOWN {
            writeln!(f, "\nand {} more", self.failures.len() - SHOWN)?;
        }
        write!(f, "\n{}", self.totals())
    }
}

/// What it is, and both values below each other.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, provider, case, field, expected, got, differs_at } = self;
        write!(f, "{source} case {case}, {field} ({provider})")?;
        if expected.is_empty() && got.is_empty() {
            return Ok(());
        }
        write!(f, ": octet {differs_at} differs\n  expected {expected}\n  got      {got}")
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { published, published_negative, replays, came_out, .. } = *self;
        write!(
            f,
            "{} published cases, of which {published_negative} have to be refused: {came_out} of {replays} replays came out as \
             published; ",
            published + published_negative
        )?;
        if self.own > 0 {
            write!(f, "{} of {} of Esplanade's own did; ", self.own_came_out, self.own)?;
        }
        write!(f, "{} of {} altered cases were refused; ", self.altered_refused, self.altered)?;
        match self.not_replayed {
            0 => write!(f, "every published case is replayed"),
            cases => write!(f, "{cases} published cases are not replayed, for the reasons above"),
        }
    }
}

/// How many failures are shown in full.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests;
