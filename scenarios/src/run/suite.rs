//! All cases of all scenarios, over as many workers as wanted. The results' order and content do not depend on the
//! number of workers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ipsec::crypto::Provider;
use rayon::prelude::*;
use reports::{Case, Results, Situation, StoryLine, Suite};

use super::case::{CaseResult, Options, run_case};
use super::shard::Shard;
use crate::account::Pages;
use crate::file::{KnownFailure, Scenario};
use crate::story::Sentence;

/// What is to be run.
pub struct Plan {
    /// The scenarios by the names that people know them by.
    pub scenarios: Vec<(String, Arc<Scenario>)>,
    /// These seeds in place of the scenarios' own.
    pub seeds: Option<Range<u64>>,
    /// Only the cases in this part.
    pub shard: Option<Shard>,
    /// How many events a case may have before it fails.
    pub events: u64,
    /// Begin no further case once one has failed.
    pub fail_fast: bool,
    /// The pages of the report, if there is to be one.
    pub pages: Option<Pages>,
    /// The algorithms' implementations.
    pub provider: &'static Provider,
}

impl Plan {
    /// All seeds of these scenarios.
    #[must_use]
    pub fn new(scenarios: Vec<(String, Arc<Scenario>)>, provider: &'static Provider) -> Self {
        Self {
            scenarios,
            seeds: None,
            shard: None,
            events: Options::EVENTS,
            fail_fast: false,
            pages: None,
            provider,
        }
    }

    /// The cases: scenario and seed.
    #[must_use]
    pub fn cases(&self) -> Vec<(usize, u64)> {
        let seeds = |scenario: &Scenario| self.seeds.clone().unwrap_or_else(|| scenario.seeds.clone());
        let all = self.scenarios.iter().enumerate();
        let all = all.flat_map(|(index, (_, scenario))| seeds(scenario).map(move |seed| (index, seed)));
        let mine = |number: u64| self.shard.is_none_or(|shard| shard.has(number));
        (0u64..).zip(all).filter(|(number, _)| mine(*number)).map(|(_, case)| case).collect()
    }
}

/// Runs the plan's cases in the current thread pool; `done` is told of each case as it ends, in any order.
pub fn run_all(plan: &Plan, done: &(dyn Fn(&Case) + Sync)) -> Results {
    let failed = AtomicBool::new(false);
    let cases = plan.cases();
    let first: BTreeMap<usize, u64> = cases.iter().rev().copied().collect();
    let run = |(index, seed): (usize, u64)| {
        if plan.fail_fast && failed.load(Ordering::Relaxed) {
            return None;
        }
        let (name, scenario) = &plan.scenarios[index];
        let options = Options { events: plan.events, ..Options::new(plan.provider, name) };
        let result = match &plan.pages {
            Some(pages) => pages.run(scenario, seed, &options, first.get(&index) == Some(&seed)),
            None => run_case(scenario, seed, options),
        };
        if matches!(result.case.verdict, reports::Verdict::Failed(_)) {
            failed.store(true, Ordering::Relaxed);
        }
        done(&result.case);
        Some((index, result.case, result.met))
    };
    let results: Vec<_> = cases.into_par_iter().filter_map(run).collect();
    let mut suites: Vec<Suite> =
        plan.scenarios.iter().map(|(name, scenario)| suite(name, scenario)).collect();
    for (index, case, met) in results {
        add(&mut suites[index], &plan.scenarios[index].1, case, &met);
    }
    suites.retain(|suite| !suite.cases.is_empty());
    Results { suites }
}

/// The results of one case alone.
pub(crate) fn results_of(name: &str, scenario: &Scenario, result: &CaseResult) -> Results {
    let mut suite = suite(name, scenario);
    add(&mut suite, scenario, result.case.clone(), &result.met);
    Results { suites: vec![suite] }
}

fn suite(name: &str, scenario: &Scenario) -> Suite {
    let situations =
        scenario.story.steps.iter().filter(|step| matches!(step.sentence, Sentence::Sometimes { .. }));
    let situation = |step: &crate::story::Step| Situation {
        line: StoryLine { number: step.place.line, text: step.place.text.clone() },
        met_by: BTreeSet::new(),
    };
    Suite {
        name: name.to_owned(),
        title: scenario.title.clone(),
        covers: scenario.covers.iter().map(ToString::to_string).collect(),
        seeds: scenario.seeds.clone(),
        known_failure: scenario.known_failure(KnownFailure::OURS).map(str::to_owned),
        cases: Vec::new(),
        sometimes: situations.map(situation).collect(),
    }
}

/// Adds a case, and what it has met at these places of the story.
fn add(suite: &mut Suite, scenario: &Scenario, case: Case, met: &BTreeSet<usize>) {
    let steps = scenario.story.steps.iter().enumerate();
    let places =
        steps.filter(|(_, step)| matches!(step.sentence, Sentence::Sometimes { .. })).map(|(i, _)| i);
    for (situation, place) in suite.sometimes.iter_mut().zip(places) {
        if met.contains(&place) {
            situation.met_by.insert(case.seed);
        }
    }
    suite.cases.push(case);
}

#[cfg(test)]
mod tests;
