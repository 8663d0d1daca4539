//! What came out of running scenarios, as plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything that was run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// One for each scenario, in the order in which they are shown; those of one file stand together.
    pub suites: Vec<Suite>,
}

/// One scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// The path of the scenario, as people would name it; where the file has several, `#` and its case behind that.
    pub name: String,
    /// What the scenario shows.
    pub title: String,
    /// The clauses that it puts to the test, such as `rfc7296#2.8`.
    pub covers: Vec<String>,
    /// The seeds that it is meant to be run with.
    pub seeds: Range<u64>,
    /// Why its cases are known to fail, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_failure: Option<String>,
    /// The runs, one a seed.
    pub cases: Vec<Case>,
    /// What at least one seed has to meet.
    pub sometimes: Vec<Situation>,
}

/// One run: a scenario with a seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The seed.
    pub seed: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took in simulated time, in nanoseconds.
    pub simulated_nanos: u64,
    /// The digest of the trace, in hexadecimal digits; empty if it was not asked for.
    pub digest: String,
    /// What was counted, by name.
    pub counters: BTreeMap<String, u64>,
    /// What is no failure, and yet worth saying; each once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub warnings: BTreeSet<String>,
    /// The negotiations that failed, in order; of those alike only the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// How long it took by the wall clock. Not part of the results that are kept and compared.
    #[serde(skip)]
    pub elapsed: Option<Duration>,
}

impl Case {
    /// One of which only its end is known.
    #[must_use]
    pub fn new(seed: u64, verdict: Verdict) -> Self {
        Self {
            seed,
            verdict,
            simulated_nanos: 0,
            digest: String::new(),
            counters: BTreeMap::new(),
            warnings: BTreeSet::new(),
            refusals: Vec::new(),
            elapsed: None,
        }
    }
}

/// A negotiation that failed at a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When, in nanoseconds of simulated time.
    pub at_nanos: u64,
    /// The peer that tells of it.
    pub peer: String,
    /// Why, as a story names it: `no-proposal-chosen`.
    pub reason: String,
    /// The whole of it in a sentence.
    pub text: String,
    /// What kept two offers of algorithms apart, where it was that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Offers>,
}

/// Two offers of algorithms without a common choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    /// The transform type of which they have nothing in common, if it is known there.
    pub transform: Option<String>,
    /// The initiator's proposals.
    pub offered: Vec<String>,
    /// The responder's; none at an initiator, who is not told.
    pub configured: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was expected happened.
    Passed,
    /// Something did not.
    Failed(Box<Failure>),
    /// The run could not be made, for this reason: neither passed nor failed.
    Unsupported(String),
}

/// What went wrong in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What noticed it: `story`, or the name of the oracle.
    pub check: String,
    /// The sentence that did not hold, if it was one.
    pub line: Option<StoryLine>,
    /// What was expected.
    pub expected: String,
    /// What happened instead.
    pub happened: String,
    /// When it was noticed, in nanoseconds of simulated time.
    pub at_nanos: u64,
    /// The messages before it, as lines of a ladder.
    pub ladder: Vec<String>,
    /// The command that shows the run again.
    pub replay: String,
}

impl Failure {
    /// What two failures of one kind have in common: what noticed them and in which words, but for numbers and addresses.
    #[must_use]
    pub fn kind(&self) -> String {
        let words = |text: &str| -> String {
            let words = text.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
            words.collect::<Vec<_>>().join(" ")
        };
        let line = self.line.as_ref().map_or("", |line| &line.text);
        format!("{}: {line}: {}: {}", self.check, words(&self.expected), words(&self.happened))
    }
}

/// A line of a scenario's story.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLine {
    /// Its number in the file, from 1.
    pub number: usize,
    /// Its sentence.
    pub text: String,
}

/// Something that at least one seed of a scenario has to meet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    /// The sentence that asks for it.
    pub line: StoryLine,
    /// The seeds that met it.
    pub met_by: BTreeSet<u64>,
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u64,
    /// Failed; situations that no seed met are among them, and scenarios that are known to fail and do not.
    pub failed: u64,
    /// Failed in a scenario that is known to.
    pub known: u64,
    /// Neither.
    pub unsupported: u64,
}

impl Results {
    /// Whether nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.tally().failed == 0
    }

    /// How many cases of all suites ended how.
    #[must_use]
    pub fn tally(&self) -> Tally {
        sum(&self.suites)
    }
}

impl Suite {
    /// The path of the file that the scenario is in, alone or as one of several.
    #[must_use]
    pub fn file(&self) -> &str {
        self.name.rsplit_once('#').map_or(&self.name, |(file, _)| file)
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.tally().failed == 0
    }

    /// How many cases ended how.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for case in &self.cases {
            match case.verdict {
                Verdict::Passed => tally.passed += 1,
                Verdict::Failed(_) if self.known_failure.is_some() => tally.known += 1,
                Verdict::Failed(_) => tally.failed += 1,
                Verdict::Unsupported(_) => tally.unsupported += 1,
            }
        }
        tally.failed += self.unmet().count() as u64 + u64::from(self.stale().is_some());
        tally
    }

    /// The cases that failed, unless it is known to fail.
    pub fn failures(&self) -> impl Iterator<Item = (&Case, &Failure)> {
        let counts = self.known_failure.is_none();
        self.cases.iter().filter_map(move |case| match &case.verdict {
            Verdict::Failed(failure) if counts => Some((case, &**failure)),
            _ => None,
        })
    }

    /// Whether it was run with all the seeds that it is meant for. Less says nothing of what never happens.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let run: BTreeSet<u64> = self.cases.iter().map(|case| case.seed).collect();
        self.seeds.clone().all(|seed| run.contains(&seed))
    }

    /// The situations that no seed met although all were run.
    pub fn unmet(&self) -> impl Iterator<Item = &Situation> {
        let judged = self.known_failure.is_none() && self.is_whole();
        self.sometimes.iter().filter(move |situation| judged && situation.met_by.is_empty())
    }

    /// Why it is known to fail, when it was run with all its seeds and each of them passed.
    #[must_use]
    pub fn stale(&self) -> Option<&str> {
        let passed = |case: &Case| matches!(case.verdict, Verdict::Passed);
        let reason = self.known_failure.as_deref()?;
        (self.is_whole() && self.cases.iter().all(passed)).then_some(reason)
    }
}

/// How many cases of these suites ended how.
pub(crate) fn sum<'a>(suites: impl IntoIterator<Item = &'a Suite>) -> Tally {
    suites.into_iter().map(Suite::tally).fold(Tally::default(), |a, b| Tally {
        passed: a.passed + b.passed,
        failed: a.failed + b.failed,
        known: a.known + b.known,
        unsupported: a.unsupported + b.unsupported,
    })
}

#[cfg(test)]
pub(crate) mod sample;
