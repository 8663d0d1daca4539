//! What a story says, once it is read: acts and facts at instants, with all names known to exist.

mod act;
mod fact;
mod failure;

use std::fmt;

use ipsec_net::Instant;

pub use act::Act;
pub use fact::{Fact, SelectorWord, Selectors};
pub use failure::FailureReason;

/// What happens in a scenario, in the order of the file; times never go back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// The sentences. One with several subjects makes a step for each of them.
    pub steps: Vec<Step>,
}

impl Story {
    /// The last instant that any sentence speaks of.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.steps.iter().map(Step::end).max().unwrap_or(Instant::ZERO)
    }
}

/// One sentence and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it happens, or from when on it is looked for.
    pub at: Instant,
    /// Where it stands in the file.
    pub place: Place,
    /// What it says.
    pub sentence: Sentence,
}

impl Step {
    /// The last instant that the sentence speaks of.
    #[must_use]
    pub fn end(&self) -> Instant {
        match &self.sentence {
            Sentence::Act(_) | Sentence::Sometimes { .. } => self.at,
            Sentence::Expect(fact) => fact.end(self.at),
        }
    }
}

/// Where a sentence stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// The column of the sentence's first word, in characters from 1.
    pub column: usize,
    /// The sentence as written, without time and comment.
    pub text: String,
}

/// What a line of the story says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// Somebody does something.
    Act(Act),
    /// Something has to be so, in each seed.
    Expect(Fact),
    /// A situation that has to be met in at least one seed, so that the scenario shows what it claims to show.
    Sometimes {
        /// The probe's name, such as `ikev2.cookie.demanded`.
        probe: String,
        /// The peer that meets it.
        peer: String,
    },
}

/// As a story has it.
impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act(act) => act.fmt(f),
            Self::Expect(fact) => write!(f, "expect {fact}"),
            Self::Sometimes { probe, peer } => write!(f, "sometimes {probe} at {peer}"),
        }
    }
}
