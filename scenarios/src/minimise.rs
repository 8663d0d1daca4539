//! The shortest scenario that still fails in the same way: of the faults that befell packets those that matter, of the
//! story the lines that matter, and of the nouns and their keys those that matter.
//!
//! What is left is a scenario file with its faults written down, which fails without a seed's luck.

mod draft;

use std::sync::Arc;
use std::sync::Mutex;

use ipsec::crypto::Provider;
use ipsec_net::Instant;
use reports::{Failure, Verdict};
use sim::{Decision, Kind, shrink};

use crate::file::{self, Scenario};
use crate::node::Note;
use crate::run::{Extra, Options, Scene, run_case};
use draft::{Draft, Line};

/// A scenario made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimised {
    /// The text of its file.
    pub text: String,
    /// How it fails.
    pub failure: Failure,
    /// How many faults, story lines, nouns and keys there were.
    pub before: Size,
    /// How many are left.
    pub after: Size,
    /// How many runs it took.
    pub runs: u64,
}

/// How large a scenario is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Faults that befall packets.
    pub faults: usize,
    /// Lines of the story.
    pub lines: usize,
    /// Nouns.
    pub nouns: usize,
    /// Keys of nouns.
    pub keys: usize,
}

/// `3 faults, 4 story lines, 5 nouns with 12 keys`.
impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { faults, lines, nouns, keys } = self;
        write!(f, "{faults} faults, {lines} story lines, {nouns} nouns with {keys} keys")
    }
}

/// Why nothing can be made small.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFailure {
    /// The case passes.
    #[error("seed {0} passes: there is no failure to make small")]
    Passes(u64),
    /// The failure does not come again when the faults of the run are replayed from a list.
    #[error(
        "the failure of seed {0} does not come again from its list of faults, which is a bug of the simulator"
    )]
    Elusive(u64),
}

/// Makes the scenario in `text`, which is `scenario`, as small as it can while the case with this seed fails as it does.
///
/// # Errors
/// When the case does not fail.
pub fn minimise(
    text: &str,
    scenario: &Arc<Scenario>,
    seed: u64,
    provider: &'static Provider,
) -> Result<Minimised, NoFailure> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep: Box<dyn Extra> = Box::new(Keep(Arc::clone(&kept)));
    let (failure, events) = run(scenario, seed, provider, Options::EVENTS, Some(keep));
    let failure = failure.ok_or(NoFailure::Passes(seed))?;
    let faults = std::mem::take(&mut *kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    // What is left out may be what ended something: a run that grows is not the way to a small one.
    let most = events.saturating_mul(2).saturating_add(10_000);
    let mut search = Search { failure, seed, provider, events: most, by_faults: false, runs: 1 };
    let mut draft = Draft::new(text, scenario, seed, faults);
    if !search.fails(&draft) {
        return Err(NoFailure::Elusive(seed));
    }
    search.by_faults = search.run(&draft.with_faults(&[])) == Some(None);
    let before = draft.size();
    // Each kind of part that goes may make parts of another kind needless.
    loop {
        let size = draft.size();
        let faults = shrink(&draft.faults, |faults| search.fails(&draft.with_faults(faults)));
        draft = draft.with_faults(&faults);
        let (kept, rest) = draft.parted(search.failure.line.as_ref().map(|line| &*line.text));
        let all = |rest: &[Line]| {
            let mut lines = [rest, &kept].concat();
            lines.sort_by_key(|(at, _)| *at);
            lines
        };
        let lines = shrink(&rest, |rest| search.fails(&draft.with_lines(&all(rest))));
        draft = draft.with_lines(&all(&lines));
        for depth in [2, 3] {
            let paths = draft.paths(depth);
            let needed = shrink(&paths, |paths| search.fails(&draft.with_paths(depth, paths)));
            draft = draft.with_paths(depth, &needed);
        }
        if draft.size() == size {
            let after = draft.size();
            return Ok(Minimised {
                text: draft.text(),
                failure: search.failure,
                before,
                after,
                runs: search.runs,
            });
        }
    }
}

/// Looks whether smaller scenarios still fail.
struct Search {
    /// The failure that is looked for, as it was seen last.
    failure: Failure,
    /// How many events a run may have.
    events: u64,
    seed: u64,
    provider: &'static Provider,
    /// Whether the scenario passes without its faults. Then each smaller one has to, too: an expectation that fails
    /// because what brings it about was left out is another failure.
    by_faults: bool,
    runs: u64,
}

impl Search {
    fn fails(&mut self, draft: &Draft) -> bool {
        let Some(Some(failure)) = self.run(draft) else { return false };
        if failure.kind() != self.failure.kind()
            || self.by_faults && self.run(&draft.with_faults(&[])) != Some(None)
        {
            return false;
        }
        self.failure = failure;
        true
    }

    /// How the draft fails, if it does; nothing at all if it is no scenario.
    fn run(&mut self, draft: &Draft) -> Option<Option<Failure>> {
        let scenario = file::parse("minimised.toml", &draft.text()).ok()?;
        self.runs += 1;
        Some(run(&Arc::new(scenario), self.seed, self.provider, self.events, None).0)
    }
}

fn run(
    scenario: &Arc<Scenario>,
    seed: u64,
    provider: &'static Provider,
    most: u64,
    extra: Option<Box<dyn Extra>>,
) -> (Option<Failure>, u64) {
    let options = Options { extra, events: most, digest: false, ..Options::new(provider, "minimised.toml") };
    let case = run_case(scenario, seed, options).case;
    let events = case.counters.get("events").copied().unwrap_or(0);
    match case.verdict {
        Verdict::Failed(failure) => (Some(*failure), events),
        Verdict::Passed | Verdict::Unsupported(_) => (None, events),
    }
}

/// Keeps the faults of a run.
struct Keep(Arc<Mutex<Vec<Decision>>>);

impl Extra for Keep {
    fn record(&mut self, _scene: &Scene, _at: Instant, kind: &Kind<'_, Note>, _label: Option<&str>) {
        if let Kind::Decided { decision, .. } = kind {
            let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            kept.push((*decision).clone());
        }
    }
}

#[cfg(test)]
mod tests;
