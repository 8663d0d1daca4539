//! `esplanade run`: scenarios over seeds, in parallel, with results for people and for machines.

use std::ops::Range;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ipsec::crypto::Provider;
use reports::{Colour, json, junit};

use super::{Outcome, Trouble, at, colour, find, report};
use crate::quantity;
use crate::run::{Plan, run_all};

/// Run scenarios, each over its seeds
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Scenario files and folders; the repository's suites when none is named
    paths: Vec<PathBuf>,
    /// Seeds in place of the scenarios' own, the last one left out
    #[arg(long, value_name = "FROM..TO", value_parser = quantity::seeds)]
    seeds: Option<Range<u64>>,
    /// How many cases run at a time; as many as there are processors when not given
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Only this part of the cases, counted from 0
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(u64, u64)>,
    /// Where results go
    #[arg(long, value_name = "DIR", default_value = "target/esplanade")]
    out: PathBuf,
    /// Write a report in HTML to this folder: an index, and a page for the first seed of each scenario and for each case that fails
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Put the keys of all SAs into the report
    #[arg(long, requires = "report")]
    keys: bool,
    /// Only scenarios whose path has this in it
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Begin no further case once one has failed
    #[arg(long)]
    fail_fast: bool,
}

impl Run {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let scenarios = find::scenarios(&self.paths, self.filter.as_deref())?;
        let mut plan = Plan {
            scenarios,
            pages: self.report.as_deref().map(|folder| report::pages(folder, self.keys)).transpose()?,
            seeds: self.seeds,
            shard: self.shard,
            fail_fast: self.fail_fast,
            provider: Provider::best(),
        };
        let workers = rayon::ThreadPoolBuilder::new().num_threads(self.jobs.unwrap_or(0)).build();
        let workers = workers.map_err(|error| Trouble::Usage(error.to_string()))?;
        let progress = progress(plan.cases().len() as u64);
        let results = workers.install(|| run_all(&plan, &|_| progress.inc(1)));
        progress.finish_and_clear();
        at(&self.out, std::fs::create_dir_all(&self.out))?;
        let files = [
            ("results.json", json::to_json(&results)),
            ("junit.xml", junit::to_xml(&results, junit::Times::Omit)),
            ("results.tap", reports::to_tap(&results)),
            ("summary.md", reports::to_markdown(&results)),
        ];
        for (name, text) in files {
            let path = self.out.join(name);
            at(&path, reports::write(&path, text.as_bytes()))?;
        }
        if let (Some(folder), Some(pages)) = (&self.report, plan.pages.take()) {
            at(folder, pages.finish(&results))?;
        }
        let colour = if colour(&std::io::stdout()) { Colour::Always } else { Colour::Never };
        print!("{}", reports::summary(&results, colour));
        Ok(if results.passed() { Outcome::Passed } else { Outcome::Failed })
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress(cases: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(cases), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} cases, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn shard(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("\"{text}\" is no part: write 0/4 for the first of four");
    let (index, count) = text.split_once('/').ok_or_else(wrong)?;
    let (index, count): (u64, u64) =
        (index.parse().map_err(|_| wrong())?, count.parse().map_err(|_| wrong())?);
    if index < count { Ok((index, count)) } else { Err(wrong()) }
}
