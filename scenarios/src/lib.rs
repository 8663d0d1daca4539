//! Scenario files, the worlds they describe and the verdicts on them.

pub mod diagnostic;
pub mod file;
pub mod quantity;
pub mod story;
