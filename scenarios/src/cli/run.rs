//! `esplanade run`: scenarios over seeds, in parallel, with results for people and for machines.

use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ipsec::crypto::{PORTABLE, Provider};
use reports::{Colour, Results, json, junit};

use super::{Outcome, Trouble, at, colour, find, report};
use crate::quantity;
use crate::run::{Options, Plan, Shard, run_all};

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
    /// Only this part of the cases, counted from 0; `auto` or `auto/N` where the environment says which
    #[arg(long, value_name = "I/N", value_parser = from_environment)]
    shard: Option<Shard>,
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
    /// Only scenarios with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// A case with more events than this fails
    #[arg(long, value_name = "N", default_value_t = Options::EVENTS)]
    events: u64,
    /// Use only implementations of algorithms that run on every processor; the results are the same
    #[arg(long)]
    portable: bool,
    /// Begin no further case once one has failed
    #[arg(long)]
    fail_fast: bool,
}

impl Run {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let mut scenarios = find::scenarios(&self.paths, self.filter.as_deref())?;
        if let Some(tag) = &self.tag {
            scenarios.retain(|(_, scenario)| scenario.tags.contains(tag));
            if scenarios.is_empty() {
                return Err(Trouble::Usage(format!("no scenario has the tag \"{tag}\"")));
            }
        }
        let provider = if self.portable { &PORTABLE } else { Provider::best() };
        let mut plan = Plan {
            pages: self.report.as_deref().map(|folder| report::pages(folder, self.keys)).transpose()?,
            seeds: self.seeds,
            shard: self.shard,
            events: self.events,
            fail_fast: self.fail_fast,
            ..Plan::new(scenarios, provider)
        };
        let progress = progress(Some(plan.cases().len() as u64), "cases");
        let results = workers(self.jobs)?.install(|| run_all(&plan, &|_| progress.inc(1)));
        progress.finish_and_clear();
        if let (Some(folder), Some(pages)) = (&self.report, plan.pages.take()) {
            at(folder, pages.finish(&results))?;
        }
        publish(&results, &self.out)
    }
}

/// Writes results for machines to a folder, and shows them to people.
pub(super) fn publish(results: &Results, out: &Path) -> Result<Outcome, Trouble> {
    at(out, std::fs::create_dir_all(out))?;
    let files = [
        ("results.json", json::to_json(results)),
        ("junit.xml", junit::to_xml(results, junit::Times::Omit)),
        ("results.tap", reports::to_tap(results)),
        ("summary.md", reports::to_markdown(results)),
    ];
    for (name, text) in files {
        let path = out.join(name);
        at(&path, reports::write(&path, text.as_bytes()))?;
    }
    let colour = if colour(&std::io::stdout()) { Colour::Always } else { Colour::Never };
    print!("{}", reports::summary(results, colour));
    Ok(if results.passed() { Outcome::Passed } else { Outcome::Failed })
}

/// As many workers as wanted, or as there are processors.
pub(super) fn workers(jobs: Option<usize>) -> Result<rayon::ThreadPool, Trouble> {
    let workers = rayon::ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0)).build();
    workers.map_err(|error| Trouble::Usage(error.to_string()))
}

/// A bar on a terminal, nothing elsewhere; without a `count` it tells how many there have been.
pub(super) fn progress(count: Option<u64>, things: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(count, ProgressDrawTarget::stderr());
    let template = match count {
        Some(_) => format!("{{bar:40}} {{pos}}/{{len}} {things}, {{eta}} left"),
        None => format!("{{spinner}} {{pos}} {things} in {{elapsed}}"),
    };
    bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn from_environment(text: &str) -> Result<Shard, String> {
    Shard::read(text, &|name| std::env::var(name).ok())
}
