//! `esplanade list`: what there is to run.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, Trouble, find};

/// List the scenarios
#[derive(Debug, Args)]
pub(super) struct List {
    /// Scenario files and folders; the repository's suites when none is named
    paths: Vec<PathBuf>,
    /// Only scenarios whose path has this in it
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

impl List {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let scenarios = find::scenarios(&self.paths, self.filter.as_deref())?;
        let width = scenarios.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
        for (path, scenario) in &scenarios {
            let seeds = scenario.seeds.end.saturating_sub(scenario.seeds.start);
            println!("{path:width$}  {seeds:>4} seeds  {}", scenario.title);
        }
        println!("{} scenarios", scenarios.len());
        Ok(Outcome::Passed)
    }
}
