//! Any two configurations come to what the reference model says, whoever begins, and whatever is lost on the way.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod configurations;
mod observed;
mod properties;
