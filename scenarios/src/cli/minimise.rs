//! `esplanade minimise`: the shortest scenario that still fails.

use std::path::{Path, PathBuf};

use clap::Args;
use ipsec::crypto::Provider;

use super::{Outcome, Trouble, at, find};
use crate::file;
use crate::minimise::minimise;

/// Make a failing case small: a scenario with only the faults, story lines and nouns that matter
#[derive(Debug, Args)]
pub(super) struct Minimise {
    /// The scenario
    scenario: PathBuf,
    /// The seed with which it fails
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the small scenario goes [default: target/esplanade/minimised/NAME-SEED.toml]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Minimise {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let scenario = find::scenario(&self.scenario)?;
        let text = file::source(&self.scenario);
        let text = text.map_err(|diagnostics| Trouble::Scenarios(vec![diagnostics]))?;
        let small = minimise(&text, &scenario, self.seed, Provider::best())
            .map_err(|error| Trouble::Usage(format!("{}: {error}", self.scenario.display())))?;
        let out = self.out.unwrap_or_else(|| {
            let name = self.scenario.file_stem().unwrap_or_default().to_string_lossy();
            Path::new("target/esplanade/minimised").join(format!("{name}-{}.toml", self.seed))
        });
        if let Some(folder) = out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            at(folder, std::fs::create_dir_all(folder))?;
        }
        at(&out, reports::write(&out, small.text.as_bytes()))?;
        println!("{}", small.failure.ladder.join("\n"));
        println!("\nexpected: {}\nhappened: {}\n", small.failure.expected, small.failure.happened);
        println!("before: {}\nafter:  {}, found in {} runs\n", small.before, small.after, small.runs);
        println!("{}", out.display());
        println!("cargo esplanade replay {} --seed {}", out.display(), self.seed);
        Ok(Outcome::Passed)
    }
}
