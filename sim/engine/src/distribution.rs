//! Distributions of durations in whole nanoseconds: no float decides anything.

mod exponential;
mod normal;

pub use exponential::exponential;
pub use normal::normal;
