//! Outcomes of runs and their dress: text, JSON, JUnit.
//!
//! This crate takes plain data and knows neither protocol nor simulator. What it writes depends on the outcomes alone,
//! so that equal runs give equal files, octet for octet.

mod atomic;
pub mod json;
pub mod junit;
mod ladder;
mod merge;
mod outcome;
mod text;

pub use atomic::write;
pub use ladder::{Fate, Ladder, Rung};
pub use merge::MergeError;
pub use outcome::{Case, Failure, Offers, Refusal, Results, Situation, StoryLine, Suite, Tally, Verdict};
pub use text::{Colour, seconds, summary};
