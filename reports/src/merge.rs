//! Results of several machines or shards as one.

use std::collections::BTreeMap;

use crate::outcome::{Case, Results, Suite};

/// Why results do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Two results of the same seed differ: a run is not deterministic, or the programs are not the same.
    #[error("{suite}, seed {seed}: two runs came out differently")]
    Differs {
        /// The scenario.
        suite: String,
        /// The seed.
        seed: u64,
    },
    /// Two scenarios of the same name differ.
    #[error("{suite}: the scenario differs between the results")]
    Scenario {
        /// The scenario.
        suite: String,
    },
}

impl Results {
    /// All results together: suites by name, cases by seed. A case that is in several of them counts once; a situation
    /// is met by the seeds of all.
    ///
    /// # Errors
    /// When two results of one scenario and seed differ, or two scenarios have the same name and differ.
    pub fn merge(parts: impl IntoIterator<Item = Self>) -> Result<Self, MergeError> {
        let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
        for suite in parts.into_iter().flat_map(|results| results.suites) {
            match suites.remove(&suite.name) {
                None => suites.insert(suite.name.clone(), ordered(suite)),
                Some(known) => suites.insert(suite.name.clone(), joined(known, suite)?),
            };
        }
        Ok(Self { suites: suites.into_values().collect() })
    }
}

fn ordered(mut suite: Suite) -> Suite {
    suite.cases.sort_by_key(|case| case.seed);
    suite
}

fn joined(mut known: Suite, other: Suite) -> Result<Suite, MergeError> {
    let lines =
        |suite: &Suite| suite.sometimes.iter().map(|situation| situation.line.clone()).collect::<Vec<_>>();
    let meant = |suite: &Suite| (suite.seeds.clone(), suite.known_failure.clone());
    let same = known.title == other.title && known.covers == other.covers && lines(&known) == lines(&other);
    if !same || meant(&known) != meant(&other) {
        return Err(MergeError::Scenario { suite: known.name });
    }
    for (old, new) in known.sometimes.iter_mut().zip(&other.sometimes) {
        old.met_by.extend(&new.met_by);
    }
    let mut cases: BTreeMap<u64, Case> = known.cases.into_iter().map(|case| (case.seed, case)).collect();
    for case in other.cases {
        let seed = case.seed;
        let same =
            |old: &Case| Case { elapsed: None, ..old.clone() } == Case { elapsed: None, ..case.clone() };
        if cases.get(&seed).is_some_and(|old| !same(old)) {
            return Err(MergeError::Differs { suite: known.name, seed });
        }
        cases.entry(seed).or_insert(case);
    }
    known.cases = cases.into_values().collect();
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::sample;

    #[test]
    fn shards_merge_to_what_one_machine_would_have_found() {
        let whole = Results::merge([sample::results()]).unwrap();
        let shard = |odd: bool| {
            let mut results = sample::results();
            for suite in &mut results.suites {
                suite.cases.retain(|case| (case.seed % 2 == 1) == odd);
                for situation in &mut suite.sometimes {
                    situation.met_by.retain(|seed| (seed % 2 == 1) == odd);
                }
            }
            results
        };
        assert_ne!(shard(true), whole);
        assert_eq!(Results::merge([shard(true), shard(false)]).unwrap(), whole);
        assert_eq!(Results::merge([shard(false), whole.clone(), shard(true)]).unwrap(), whole);
    }

    #[test]
    fn the_wall_clock_makes_no_difference() {
        let mut other = sample::results();
        other.suites[0].cases[0].elapsed = None;
        assert!(Results::merge([sample::results(), other]).is_ok());
    }

    #[test]
    fn two_outcomes_of_one_seed_do_not_merge() {
        let mut other = sample::results();
        other.suites[0].cases[1].digest = "00".to_owned();
        let error = Results::merge([sample::results(), other]).unwrap_err();
        assert_eq!(error.to_string(), "ikev2/first-tunnel.toml, seed 1: two runs came out differently");
    }

    #[test]
    fn two_scenarios_of_one_name_do_not_merge() {
        let mut other = sample::results();
        other.suites[0].title = "something else".to_owned();
        let error = Results::merge([sample::results(), other]).unwrap_err();
        assert_eq!(error, MergeError::Scenario { suite: "ikev2/first-tunnel.toml".to_owned() });
    }
}
