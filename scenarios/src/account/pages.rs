//! The pages of a suite's report: of the first case of each scenario, and of each case that fails.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use reports::html::Report;
use reports::{Results, Verdict};

use super::{Recorder, Secrets};
use crate::file::Scenario;
use crate::run::{CaseResult, Options, run_case};

/// So many messages and remarks are on the page of a case that passed: there are many such pages, and few who look at their end.
const MOST_OF_PASSED: usize = 1_000;

/// A report whose pages are written while a suite runs.
pub struct Pages {
    report: Report,
    secrets: Secrets,
    /// The first thing that went wrong.
    error: Mutex<Option<io::Error>>,
}

impl Pages {
    /// Pages of this report.
    #[must_use]
    pub fn new(report: Report, secrets: Secrets) -> Self {
        Self { report, secrets, error: Mutex::default() }
    }

    /// Runs a case. Its page is written if `always` or if it fails; as nobody knows that before, it is then run again, which
    /// comes to the same.
    pub(crate) fn run(
        &self,
        scenario: &Arc<Scenario>,
        seed: u64,
        options: &Options,
        always: bool,
    ) -> CaseResult {
        let Options { provider, name, events, .. } = options;
        let (provider, events) = (*provider, *events);
        let options = |extra| Options { extra, events, ..Options::new(provider, name) };
        if !always {
            let result = run_case(scenario, seed, options(None));
            if !matches!(result.case.verdict, Verdict::Failed(_)) {
                return result;
            }
        }
        let recorder = Recorder::default();
        let result = run_case(scenario, seed, options(Some(Box::new(recorder.clone()))));
        let mut account = recorder.account(scenario, name, &result, provider, self.secrets);
        if matches!(result.case.verdict, Verdict::Passed) {
            account.sequence.keep_last(MOST_OF_PASSED);
        }
        if let Err(error) = self.report.page(&account) {
            self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        result
    }

    /// Writes the index.
    ///
    /// # Errors
    /// When anything could not be written, now or before.
    pub fn finish(self, results: &Results) -> io::Result<std::path::PathBuf> {
        match self.error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => self.report.finish(results),
        }
    }
}
