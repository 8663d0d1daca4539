//! Counts while one source is replayed with one provider.

use std::collections::BTreeMap;

use crate::report::{Failure, NotReplayed, Report, Row};

/// The cases of one algorithm.
#[derive(Default)]
struct Counts {
    cases: usize,
    passed: usize,
    negative: usize,
    refused: usize,
    altered: usize,
    altered_refused: usize,
}

/// What is counted of one source.
pub(crate) struct Tally {
    source: &'static str,
    published: bool,
    provider: &'static str,
    /// Whether an earlier provider has replayed the source.
    again: bool,
    /// The set that the cases are of, where a source has several.
    set: String,
    counts: BTreeMap<String, Counts>,
    not_replayed: BTreeMap<(String, &'static str), usize>,
    failures: Vec<Failure>,
}

impl Tally {
    pub(crate) fn new(source: &'static str, published: bool, provider: &'static str, again: bool) -> Self {
        Self {
            source,
            published,
            provider,
            again,
            set: String::new(),
            counts: BTreeMap::new(),
            not_replayed: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// Whether an earlier provider has replayed the source.
    pub(crate) fn again(&self) -> bool {
        self.again
    }

    /// Whether cases are to be replayed for which the providers have two implementations, or one: that one is not replayed again.
    pub(crate) fn takes(&self, two_implementations: bool) -> bool {
        two_implementations || !self.again
    }

    /// The cases that follow are those of a set.
    pub(crate) fn set(&mut self, name: &str) {
        name.clone_into(&mut self.set);
    }

    /// Counts a published case: each field is its name, what was published, and what came out.
    pub(crate) fn case(&mut self, algorithm: &str, case: &str, fields: &[(&str, &[u8], &[u8])]) {
        let wrong: Vec<_> = fields.iter().filter(|(_, expected, got)| expected != got).collect();
        let count = self.counts(algorithm);
        count.cases += 1;
        count.passed += usize::from(wrong.is_empty() && !fields.is_empty());
        for (field, expected, got) in wrong {
            let differs_at = expected.iter().zip(*got).take_while(|(a, b)| a == b).count();
            self.fail(case, field, (hex::encode(expected), hex::encode(got)), differs_at);
        }
    }

    /// Counts a published case that has to be refused.
    pub(crate) fn refusal(&mut self, algorithm: &str, case: &str, refused: bool) {
        let count = self.counts(algorithm);
        count.negative += 1;
        count.refused += usize::from(refused);
        self.has_refused(case, refused);
    }

    /// Counts a published case that was altered here, and has to be refused for it.
    pub(crate) fn altered(&mut self, algorithm: &str, case: &str, refused: bool) {
        let count = self.counts(algorithm);
        count.altered += 1;
        count.altered_refused += usize::from(refused);
        self.has_refused(case, refused);
    }

    /// Counts published cases for which there is nothing that could replay them.
    pub(crate) fn not_replayed(&mut self, what: &str, reason: &'static str, cases: usize) {
        *self.not_replayed.entry((what.to_owned(), reason)).or_default() += cases;
    }

    /// The file could not be read to its end, or is another one.
    pub(crate) fn unreadable(&mut self, what: &str) {
        self.fail("the file", what, (String::new(), String::new()), 0);
    }

    /// The file has not the digest that was noted.
    pub(crate) fn another_file(&mut self, expected: &str, got: String) {
        self.fail("the file", "SHA-256: it is not what was published", (expected.to_owned(), got), 0);
    }

    /// How many cases were replayed that were published so.
    pub(crate) fn replayed(&self) -> usize {
        self.counts.values().map(|counts| counts.cases + counts.negative).sum()
    }

    pub(crate) fn into_report(self) -> Report {
        let source = || self.source.to_owned();
        let row = |(algorithm, counts): (String, Counts)| {
            let Counts { cases, passed, negative, refused, altered, altered_refused } = counts;
            let (source, provider, published) = (source(), self.provider.to_owned(), self.published);
            Row {
                source,
                published,
                algorithm,
                provider,
                cases,
                passed,
                negative,
                refused,
                altered,
                altered_refused,
            }
        };
        let not_replayed = |((what, reason), cases): ((String, &str), usize)| NotReplayed {
            source: source(),
            what,
            cases,
            reason: reason.to_owned(),
        };
        Report {
            rows: self.counts.into_iter().map(row).collect(),
            // What one provider has nothing for, none has.
            not_replayed: if self.again {
                Vec::new()
            } else {
                self.not_replayed.into_iter().map(not_replayed).collect()
            },
            failures: self.failures,
        }
    }

    fn counts(&mut self, algorithm: &str) -> &mut Counts {
        self.counts.entry(algorithm.to_owned()).or_default()
    }

    fn has_refused(&mut self, case: &str, refused: bool) {
        if !refused {
            self.fail(case, "refused", ("01".to_owned(), "00".to_owned()), 0);
        }
    }

    fn fail(&mut self, case: &str, field: &str, (expected, got): (String, String), differs_at: usize) {
        let case = if self.set.is_empty() { case.to_owned() } else { format!("{} {case}", self.set) };
        let (source, provider) = (self.source.to_owned(), self.provider.to_owned());
        self.failures.push(Failure {
            source,
            provider,
            case,
            field: field.to_owned(),
            expected,
            got,
            differs_at,
        });
    }
}
