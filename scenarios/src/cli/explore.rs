//! `esplanade explore`: random worlds, and what fails among them as scenarios that fail alone.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use ipsec::crypto::Provider;

use super::run::{progress, workers};
use super::{Outcome, Trouble, at};
use crate::explore::{Explored, Find};
use crate::quantity;

/// Run random worlds, and make scenarios of those that fail
#[derive(Debug, Args)]
pub(super) struct Explore {
    /// How many worlds
    #[arg(long, value_name = "N", default_value_t = 5000, conflicts_with = "time")]
    runs: u64,
    /// How long, instead of how many
    #[arg(long = "for", value_name = "DURATION", value_parser = quantity::duration)]
    time: Option<Duration>,
    /// A number, or the name of a commit: other worlds
    #[arg(long, value_name = "SEED", default_value = "0", value_parser = seed)]
    seed: u64,
    /// The first world's number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from: u64,
    /// How many worlds run at a time; as many as there are processors when not given
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Of how many kinds of failures scenarios are made
    #[arg(long, value_name = "N", default_value_t = 10)]
    finds: usize,
    /// Where they go
    #[arg(short, long, value_name = "DIR", default_value = "target/esplanade/explored")]
    out: PathBuf,
}

/// How many worlds are begun at once: between two batches the time is looked at.
const BATCH: u64 = 256;

impl Explore {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long to explore is told by the wall clock; what worlds do is not"
    )]
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let provider = Provider::best();
        let bar = progress(self.time.is_none().then_some(self.runs), "worlds");
        let workers = workers(self.jobs)?;
        let begun = Instant::now();
        let mut explored = Explored::default();
        while self.time.map_or(explored.worlds < self.runs, |time| begun.elapsed() < time) {
            let first = self.from.saturating_add(explored.worlds);
            let count = if self.time.is_some() { BATCH } else { BATCH.min(self.runs - explored.worlds) };
            workers.install(|| {
                explored.run(self.seed, first..first.saturating_add(count), provider, &|| bar.inc(1));
            });
        }
        bar.finish_and_clear();
        println!(
            "{} worlds with seed {}: {} kinds of failures",
            explored.worlds,
            self.seed,
            explored.finds.len()
        );
        for find in explored.finds.iter().take(self.finds) {
            self.keep(find, provider)?;
        }
        Ok(if explored.finds.is_empty() { Outcome::Passed } else { Outcome::Failed })
    }

    /// Makes a find small, writes it, and tells of it.
    fn keep(&self, find: &Find, provider: &'static Provider) -> Result<(), Trouble> {
        let number = find.world.number;
        let file = self.out.join(format!("{}-{number}.toml", self.seed));
        let whole = self.out.join(format!("{}-{number}-whole.toml", self.seed));
        at(&self.out, std::fs::create_dir_all(&self.out))?;
        at(&whole, reports::write(&whole, find.world.text.as_bytes()))?;
        let small = find.minimise(provider).map_err(|error| Trouble::Usage(error.to_string()))?;
        at(&file, reports::write(&file, small.text.as_bytes()))?;
        println!("\n{} worlds fail so, world {number} first ({}):", find.times, small.failure.check);
        println!("{}", small.failure.ladder.join("\n"));
        println!("expected: {}\nhappened: {}", small.failure.expected, small.failure.happened);
        println!("before: {}\nafter:  {}", small.before, small.after);
        println!("cargo esplanade replay {} --seed {number}", file.display());
        Ok(())
    }
}

/// A number, or the beginning of a commit's name.
fn seed(text: &str) -> Result<u64, String> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let digits = text.get(..16).unwrap_or(text);
    u64::from_str_radix(digits, 16)
        .map_err(|_| format!("\"{text}\" is neither a number nor the name of a commit"))
}
