//! Exploration: random worlds, each a scenario file that nobody wrote, and the failures among them made small.

mod acts;
mod configuration;
mod luck;
mod weather;
mod world;

use std::collections::BTreeMap;
use std::ops::Range;

use ipsec::crypto::Provider;
use rayon::prelude::*;
use reports::{Failure, Verdict};

use crate::minimise::{Minimised, NoFailure, minimise};
use crate::run::{Options, run_case};
pub use world::World;

/// A world that failed.
#[derive(Clone, Debug)]
pub struct Find {
    /// The world.
    pub world: World,
    /// How it failed.
    pub failure: Failure,
    /// How many of the worlds that ran failed in this way.
    pub times: u64,
}

impl Find {
    /// The shortest scenario that fails in this way.
    ///
    /// # Errors
    /// When the failure does not come again, which is a bug of the simulator.
    pub fn minimise(&self, provider: &'static Provider) -> Result<Minimised, NoFailure> {
        minimise(&self.world.text, &self.world.scenario, self.world.number, provider)
    }
}

/// What an exploration has seen.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// How many worlds were run.
    pub worlds: u64,
    /// The kinds of failures, each by its first world.
    pub finds: Vec<Find>,
    /// In how many worlds something was met: probes, drops, failures of negotiations.
    pub met: BTreeMap<String, u64>,
}

impl Explored {
    /// Runs the worlds with these numbers in the current thread pool, after those that were run; `done` is told as each
    /// ends. What is found does not depend on the number of workers.
    pub fn run(
        &mut self,
        seed: u64,
        numbers: Range<u64>,
        provider: &'static Provider,
        done: &(dyn Fn() + Sync),
    ) {
        let run = |number: u64| {
            let world = World::draw(seed, number);
            let options = Options { digest: false, ..Options::new(provider, "explored") };
            let case = run_case(&world.scenario, number, options).case;
            done();
            let failure = match case.verdict {
                Verdict::Failed(failure) => Some((world, *failure)),
                Verdict::Passed | Verdict::Unsupported(_) => None,
            };
            (failure, case.counters)
        };
        let results: Vec<_> = numbers.into_par_iter().map(run).collect();
        for (failed, counters) in results {
            self.worlds += 1;
            for name in counters.into_keys() {
                *self.met.entry(name).or_default() += 1;
            }
            if let Some((world, failure)) = failed {
                self.add(world, failure);
            }
        }
    }

    fn add(&mut self, world: World, failure: Failure) {
        match self.finds.iter_mut().find(|find| find.failure.kind() == failure.kind()) {
            Some(known) => known.times += 1,
            None => self.finds.push(Find { world, failure, times: 1 }),
        }
    }
}
