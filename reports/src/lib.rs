//! Outcomes of runs and their dress: text, JSON, JUnit, TAP, Markdown, and a report in HTML.
//!
//! This crate takes plain data and knows neither protocol nor simulator. What it writes depends on the outcomes alone,
//! so that equal runs give equal files, octet for octet.

pub mod account;
mod atomic;
pub mod html;
pub mod json;
pub mod junit;
mod ladder;
mod markdown;
pub mod matrix;
mod merge;
mod outcome;
pub mod requirements;
mod tap;
mod text;

pub use atomic::write;
pub use ladder::{Fate, Ladder, Rung};
pub use markdown::to_markdown;
pub use merge::MergeError;
pub use outcome::{Case, Failure, Offers, Refusal, Results, Situation, StoryLine, Suite, Tally, Verdict};
pub use tap::to_tap;
pub use text::{Colour, seconds, summary};
