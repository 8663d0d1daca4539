//! What came of replaying vectors.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What came of all sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One for each source, algorithm and provider.
    pub rows: Vec<Row>,
    /// Everything that did not come out as published.
    pub failures: Vec<Failure>,
}

/// The cases of one source for one algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The source.
    pub source: String,
    /// The algorithm.
    pub algorithm: String,
    /// The implementation: `portable` or `fast`.
    pub provider: String,
    /// How many cases there are.
    pub cases: usize,
    /// How many of them came out as published.
    pub passed: usize,
    /// How many inputs there are that have to be refused.
    pub negative: usize,
    /// How many of them were.
    pub refused: usize,
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

impl Report {
    /// Whether everything came out as published, and there was something.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && !self.rows.is_empty()
    }

    /// How many cases there are in all, and how many came out as published.
    #[must_use]
    pub fn totals(&self) -> (usize, usize) {
        self.rows.iter().fold((0, 0), |(cases, passed), row| (cases + row.cases, passed + row.passed))
    }

    /// How many inputs had to be refused in all, and how many were.
    #[must_use]
    pub fn refusals(&self) -> (usize, usize) {
        self.rows.iter().fold((0, 0), |(all, refused), row| (all + row.negative, refused + row.refused))
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.failures.extend(other.failures);
    }
}

/// A table, the failures, and a line with the sum.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&Row) -> &str, least: usize| {
            self.rows.iter().map(|row| of(row).len()).max().unwrap_or(0).max(least)
        };
        let (source, algorithm) = (width(|row| &row.source, 6), width(|row| &row.algorithm, 9));
        writeln!(
            f,
            "{:source$}  {:algorithm$}  provider  cases  passed  negative  refused",
            "source", "algorithm"
        )?;
        for row in &self.rows {
            let Row { source: s, algorithm: a, provider, cases, passed, negative, refused } = row;
            write!(f, "{s:source$}  {a:algorithm$}  {provider:8}  {cases:5}  {passed:6}")?;
            match negative {
                0 => writeln!(f)?,
                _ => writeln!(f, "  {negative:8}  {refused:7}")?,
            }
        }
        for failure in self.failures.iter().take(SHOWN) {
            let Failure { source, provider, case, field, expected, got, differs_at } = failure;
            writeln!(f, "\n{source} case {case}, {field} ({provider}): octet {differs_at} differs")?;
            writeln!(f, "  expected {expected}\n  got      {got}")?;
        }
        if self.failures.len() > SHOWN {
            writeln!(f, "\nand {} more", self.failures.len() - SHOWN)?;
        }
        let (cases, passed) = self.totals();
        let (negative, refused) = self.refusals();
        write!(f, "{passed} of {cases} cases passed, {refused} of {negative} wrong inputs were refused")
    }
}

/// How many failures are shown in full.
const SHOWN: usize = 10;

/// The cases of one algorithm.
#[derive(Default)]
struct Counts {
    cases: usize,
    passed: usize,
    negative: usize,
    refused: usize,
}

/// Counts while one source is replayed.
pub(crate) struct Tally {
    source: &'static str,
    provider: &'static str,
    counts: BTreeMap<String, Counts>,
    failures: Vec<Failure>,
}

impl Tally {
    pub(crate) fn new(source: &'static str, provider: &'static str) -> Self {
        Self { source, provider, counts: BTreeMap::new(), failures: Vec::new() }
    }

    /// Counts a case: each field is its name, what was published, and what came out.
    pub(crate) fn case(&mut self, algorithm: &str, case: &str, fields: &[(&str, &[u8], &[u8])]) {
        let wrong: Vec<_> = fields.iter().filter(|(_, expected, got)| expected != got).collect();
        let count = self.counts.entry(algorithm.to_owned()).or_default();
        count.cases += 1;
        count.passed += usize::from(wrong.is_empty() && !fields.is_empty());
        for (field, expected, got) in wrong {
            let differs_at = expected.iter().zip(*got).take_while(|(a, b)| a == b).count();
            self.failures.push(Failure {
                source: self.source.to_owned(),
                provider: self.provider.to_owned(),
                case: case.to_owned(),
                field: (*field).to_owned(),
                expected: hex::encode(expected),
                got: hex::encode(got),
                differs_at,
            });
        }
    }

    /// Counts an input that has to be refused.
    pub(crate) fn refusal(&mut self, algorithm: &str, case: &str, refused: bool) {
        let count = self.counts.entry(algorithm.to_owned()).or_default();
        count.negative += 1;
        count.refused += usize::from(refused);
        if !refused {
            self.failures.push(Failure {
                source: self.source.to_owned(),
                provider: self.provider.to_owned(),
                case: case.to_owned(),
                field: "refused".to_owned(),
                expected: "01".to_owned(),
                got: "00".to_owned(),
                differs_at: 0,
            });
        }
    }

    /// The file could not be read to its end.
    pub(crate) fn unreadable(&mut self, what: &str) {
        self.failures.push(Failure {
            source: self.source.to_owned(),
            provider: self.provider.to_owned(),
            case: "the file".to_owned(),
            field: what.to_owned(),
            expected: String::new(),
            got: String::new(),
            differs_at: 0,
        });
    }

    /// Whether no case was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    pub(crate) fn into_report(self) -> Report {
        let row = |(algorithm, counts): (String, Counts)| {
            let Counts { cases, passed, negative, refused } = counts;
            let (source, provider) = (self.source.to_owned(), self.provider.to_owned());
            Row { source, algorithm, provider, cases, passed, negative, refused }
        };
        Report { rows: self.counts.into_iter().map(row).collect(), failures: self.failures }
    }
}
