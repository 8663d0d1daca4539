//! The story: what happens in a scenario and what has to be true, one sentence a line.
//!
//! ```text
//! 0s       west: initiate net
//!          expect net up at west, east within 20s
//! 1min     wan: cut from east
//! +50ms    west: delete net                  # 50 ms after the line above
//! ```
//!
//! The time stands at the left; a line without one happens at the time of the line above. An act is `SUBJECT: VERB …`, a
//! fact begins with `expect`, and `sometimes` names a situation that at least one seed has to meet. The language is
//! closed: each verb is a row of [`VERBS`], each fact a row of [`FACTS`], and the rows are grammar and reference at once.

mod fact;
mod names;
mod parse;
mod pattern;
mod sentence;
mod verb;
mod vocabulary;
mod words;

pub use fact::{FACTS, FactRow};
pub use names::{Kind, Names, is_word};
pub use parse::parse;
pub use sentence::{Act, Fact, FailureReason, Place, SelectorWord, Selectors, Sentence, Step, Story};
pub use verb::{VERBS, VerbRow};
pub(crate) use vocabulary::drop_reason;
pub use vocabulary::{drop_reasons, probes};
pub(crate) use words::{Token, TokenKind, split};

#[cfg(test)]
mod tests;
