//! What a page of the report tells of a run: collected from the trace while it goes on, put together when it is over.
//!
//! ```text
//! Recorder ── sees the trace ──> Books: packets and remarks, SAs, counts, misfortunes, keys
//!     └─ account(…) with the case's outcome ──> reports::account::Account
//! ```

mod books;
mod fold;
mod opened;
mod pages;
mod sas;
mod series;
mod story;
mod topology;

use std::sync::{Arc, Mutex, PoisonError};

use ipsec::crypto::Provider;
use ipsec_net::Instant;
use reports::account::{Account, Misfortunes};
use sim::Kind;

use self::books::Books;
use crate::file::Scenario;
use crate::node::Note;
use crate::run::{CaseResult, Extra, Scene, replay_command};

pub use pages::Pages;

/// Whether key material is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// What messages hold is, but keys are not.
    #[default]
    Withheld,
    /// Keys too.
    Told,
}

/// Collects what is told of a run. Clones write to the same books, so that one can be given to the run and the other be asked.
#[derive(Clone, Default)]
pub struct Recorder {
    books: Arc<Mutex<Books>>,
}

impl Recorder {
    /// The account of a run that this recorder has seen.
    #[must_use]
    pub fn account(
        self,
        scenario: &Arc<Scenario>,
        name: &str,
        result: &CaseResult,
        provider: &'static Provider,
        secrets: Secrets,
    ) -> Account {
        let books = std::mem::take(&mut *self.books.lock().unwrap_or_else(PoisonError::into_inner));
        let scene = Scene::new(Arc::clone(scenario));
        let Books { packets, sas, series, misfortunes, untold, keys, .. } = books;
        Account {
            suite: name.to_owned(),
            title: scenario.title.clone(),
            covers: scenario.covers.iter().map(ToString::to_string).collect(),
            case: result.case.clone(),
            replay: replay_command(name, result.case.seed),
            topology: topology::topology(scenario),
            story: story::told(scenario, result),
            sequence: fold::sequence(packets, &scene, &keys, provider),
            sas: sas.spans(),
            series: series.series(Instant::from_nanos(result.case.simulated_nanos)),
            misfortunes: Misfortunes { rows: misfortunes, left_out: untold },
            keys: (secrets == Secrets::Told).then(|| keys.told()),
        }
    }
}

impl Extra for Recorder {
    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>, label: Option<&str>) {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).record(scene, at, kind, label);
    }
}

#[cfg(test)]
mod tests;
