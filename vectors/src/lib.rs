//! Published test vectors, and the checks that replay them with the code that the peers use.
//!
//! The numbers lie in `data/` as they were published, with their provenance beside them; they are part of the program, so
//! that it replays them anywhere. Each source is replayed with each implementation of the algorithms.

mod checks;
mod report;
mod source;

pub use report::{Failure, Report, Row};
pub use source::{SOURCES, Source};

use ipsec_crypto::Provider;

/// Replays the sources whose name has `filter` in it, with each of the providers.
#[must_use]
pub fn replay(filter: Option<&str>, providers: &[&'static Provider]) -> Report {
    let mut report = Report::default();
    for source in SOURCES.iter().filter(|source| filter.is_none_or(|filter| source.name.contains(filter))) {
        for provider in providers {
            report.add(source.replay(source.data, provider));
        }
    }
    report
}
