//! One case: a scenario with a seed, from the first instant to the verdict.

mod acts;
mod live;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ipsec::crypto::Provider;
use ipsec::{Command, Status};
use ipsec_net::Instant;
use reports::{Case, Failure, StoryLine, Verdict};
use sim::{Fate, Livelock, Setup};

pub use live::{Cast, Device};

use self::live::Live;
use super::fact::{self, Finding};
use super::watch::{Extra, Watch, What};
use super::{Scene, settled};
use crate::build::{self, Built};
use crate::file::Scenario;
use crate::node::Node;
use crate::story::{Fact, Sentence, Step};

/// How a case is run.
pub struct Options {
    /// The algorithms' implementations.
    pub provider: &'static Provider,
    /// Who else sees the trace.
    pub extra: Option<Box<dyn Extra>>,
    /// Stop here, whatever the story says.
    pub until: Option<Instant>,
    /// How the scenario is called in the command that replays the case.
    pub name: String,
    /// How many events it may have before it fails.
    pub events: u64,
    /// Whether the case tells the digest of its trace.
    pub digest: bool,
}

impl Options {
    /// How many events a case may have unless told otherwise: some hundred times as many as the longest of the suites.
    pub const EVENTS: u64 = 20_000_000;

    /// A whole run with a digest, which nobody else sees.
    #[must_use]
    pub fn new(provider: &'static Provider, name: impl Into<String>) -> Self {
        Self { provider, extra: None, until: None, name: name.into(), events: Self::EVENTS, digest: true }
    }
}

/// What came out of a case.
pub struct CaseResult {
    /// The verdict and its circumstances.
    pub case: Case,
    /// The places in the story of the `sometimes` that were met.
    pub met: BTreeSet<usize>,
    /// How many of the story's steps were taken.
    pub acted: usize,
    /// The places in the story of the facts that were so, and when.
    pub held: Vec<(usize, Instant)>,
    /// The ladder of the whole run.
    pub ladder: reports::Ladder,
    /// The peers' states at the end.
    pub states: Vec<(String, Status)>,
    /// Who else saw the trace.
    pub extra: Option<Box<dyn Extra>>,
}

/// How long a packet may be on its way after the time of which a fact about losses speaks.
pub(super) const TRAVEL: Duration = Duration::from_secs(5);
/// How often facts are looked up while nothing happens at the gateways.
const GLANCE: Duration = Duration::from_millis(100);

/// Runs a case.
#[must_use]
pub fn run_case(scenario: &Arc<Scenario>, seed: u64, options: Options) -> CaseResult {
    run(scenario, seed, options, None)
}

/// Runs a case by the wall clock, with real implementations in the places of peers.
#[must_use]
pub fn run_live_case(
    scenario: &Arc<Scenario>,
    seed: u64,
    options: Options,
    cast: &mut dyn Cast,
) -> CaseResult {
    run(scenario, seed, options, Some(cast))
}

fn run(scenario: &Arc<Scenario>, seed: u64, options: Options, cast: Option<&mut dyn Cast>) -> CaseResult {
    let watch = Watch::new(Scene::new(Arc::clone(scenario)), options.extra);
    let replay = replay_command(&options.name, seed);
    let fate = scenario.faults.as_ref().map_or(Fate::Seed, |faults| Fate::List(faults.clone().into()));
    let setup = Setup { fate, digest: options.digest, ..Setup::new(seed) };
    match build::world(scenario, &setup, options.provider, watch) {
        Ok(mut built) => {
            let live = match cast.map(|cast| cast.enter(&mut built)).transpose() {
                Ok(devices) => devices.map(Live::start),
                Err(verdict) => return not_run(seed, verdict),
            };
            let mut run = Run {
                live,
                built,
                scenario: Arc::clone(scenario),
                open: Vec::new(),
                acted: 0,
                held: Vec::new(),
                until: options.until,
                setup,
                provider: options.provider,
                events: options.events,
                restarts: BTreeMap::new(),
            };
            let outcome = run.story().and_then(|()| run.settle());
            run.finish(seed, outcome.err(), replay)
        }
        Err(error) => {
            let failure =
                Failure { check: "build".into(), happened: error.to_string(), replay, ..Failure::default() };
            not_run(seed, Verdict::Failed(Box::new(failure)))
        }
    }
}

/// A case that ended before it began.
fn not_run(seed: u64, verdict: Verdict) -> CaseResult {
    let case = Case::new(seed, verdict);
    let (met, ladder) = (BTreeSet::new(), reports::Ladder::default());
    CaseResult { case, met, acted: 0, held: Vec::new(), ladder, states: Vec::new(), extra: None }
}

/// The command that shows a case again.
#[must_use]
pub(crate) fn replay_command(name: &str, seed: u64) -> String {
    let name = Path::new(name).display();
    format!("cargo esplanade replay {name} --seed {seed}")
}

struct Run {
    built: Built<Watch>,
    /// The wall clock, and where packets come from outside, if real implementations take part.
    live: Option<Live>,
    scenario: Arc<Scenario>,
    /// Facts that are looked for: their steps and when the time for them is over.
    open: Vec<(usize, Instant)>,
    /// How many steps were taken.
    acted: usize,
    /// Facts that were so: their steps, and when.
    held: Vec<(usize, Instant)>,
    until: Option<Instant>,
    setup: Setup,
    provider: &'static Provider,
    events: u64,
    /// How often each peer was restarted.
    restarts: BTreeMap<String, u32>,
}

/// What ended a run early.
enum End {
    /// Something was not as it has to be.
    Failed { check: String, line: Option<StoryLine>, expected: String, happened: String },
    /// The run was to be shown up to here only.
    Shown,
}

impl From<Livelock> for End {
    fn from(error: Livelock) -> Self {
        let expected = "time goes on".to_owned();
        Self::Failed { check: "livelock".into(), line: None, expected, happened: error.to_string() }
    }
}

impl Run {
    fn story(&mut self) -> Result<(), End> {
        let scenario = Arc::clone(&self.scenario);
        for peer in scenario.starters() {
            self.command(peer, Command::Start);
        }
        for (index, step) in scenario.story.steps.iter().enumerate() {
            self.run_to(step.at)?;
            self.acted = index + 1;
            match &step.sentence {
                Sentence::Act(act) => {
                    self.built.world.mark(&step.place.text);
                    self.act(act);
                }
                Sentence::Expect(fact) => {
                    let deadline = match fact {
                        Fact::LosesNothing { .. } | Fact::ReachesNobody { .. } | Fact::Delivers { .. } => {
                            fact.end(step.at) + TRAVEL
                        }
                        _ => fact.end(step.at),
                    };
                    self.open.push((index, deadline));
                }
                Sentence::Sometimes { .. } => {}
            }
            self.look(false)?;
        }
        let end = self.open.iter().map(|(_, deadline)| *deadline).max();
        match end {
            Some(end) => self.run_to(end),
            None => self.run_to(scenario.story.end()),
        }
    }

    /// Works off all events before `until`, and those at `until` itself; looks facts up as things happen.
    fn run_to(&mut self, until: Instant) -> Result<(), End> {
        let shown = self.until.filter(|shown| *shown < until);
        let until = shown.unwrap_or(until);
        if self.live.is_some() {
            return self.run_live_to(until);
        }
        let mut looked = self.built.world.now();
        while let Some(next) = self.built.world.next().filter(|next| *next <= until) {
            // A deadline between two events is looked at when it comes, with the state of that time.
            let due =
                self.open.iter().map(|(_, deadline)| *deadline).filter(|deadline| *deadline < next).min();
            if let Some(due) = due {
                self.built.world.run_until(due)?;
                self.look(true)?;
                continue;
            }
            self.built.world.step()?;
            self.check_oracles()?;
            let stirred = std::mem::take(&mut self.built.world.observer_mut().stirred);
            if !self.open.is_empty() && (stirred || self.built.world.now().since(looked) >= GLANCE) {
                looked = self.built.world.now();
                self.look(false)?;
            }
        }
        while let Some(due) = self.open.iter().map(|(_, deadline)| *deadline).filter(|due| *due < until).min()
        {
            self.built.world.run_until(due)?;
            self.look(true)?;
        }
        self.built.world.run_until(until)?;
        self.look(true)?;
        if shown.is_some() { Err(End::Shown) } else { Ok(()) }
    }

    /// Looks the open facts up: those that are so are closed, and one whose time is over ends the run.
    fn look(&mut self, at_deadline: bool) -> Result<(), End> {
        let now = self.built.world.now();
        let scenario = Arc::clone(&self.scenario);
        let mut still_open = Vec::new();
        for (index, deadline) in std::mem::take(&mut self.open) {
            let step = &scenario.story.steps[index];
            let Sentence::Expect(fact) = &step.sentence else { continue };
            let status = |peer: &str| self.status(peer);
            match fact::find(fact, step.at, now, &self.built.world.trace().observer, &status) {
                Finding::So => self.held.push((index, now)),
                Finding::NotSo(_) if now < deadline || !at_deadline && now == deadline => {
                    still_open.push((index, deadline));
                }
                Finding::NotSo(happened) => return Err(missed(step, fact, happened)),
            }
        }
        self.open = still_open;
        Ok(())
    }

    fn status(&self, peer: &str) -> Status {
        let node = self.built.places.peers.get(peer).map(|id| self.built.world.node(*id));
        node.and_then(Node::gateway).map(super::super::node::Gateway::status).unwrap_or_default()
    }

    fn check_oracles(&self) -> Result<(), End> {
        if self.built.world.events() > self.events {
            return Err(End::Failed {
                check: "limit".into(),
                line: None,
                expected: format!("the run has at most {} events", self.events),
                happened: "there were more".into(),
            });
        }
        match &self.built.world.trace().observer.violation {
            None => Ok(()),
            Some((oracle, violation)) => Err(End::Failed {
                check: (*oracle).to_owned(),
                line: None,
                expected: violation.expected.clone(),
                happened: violation.happened.clone(),
            }),
        }
    }

    /// The second act: the network is whole, the hosts are silent, and what was begun comes to its end.
    fn settle(&mut self) -> Result<(), End> {
        let links: Vec<_> = self.built.places.links.values().copied().collect();
        let hosts: Vec<_> = self.built.places.hosts.values().copied().collect();
        self.built.world.mark("settle");
        links.into_iter().for_each(|link| self.built.world.heal(link));
        for host in hosts {
            self.built.world.with(host, |node, _| {
                if let Node::Host(host) = node {
                    host.silence();
                }
            });
        }
        if self.live.is_some() {
            return self.settle_live();
        }
        let deadline = self.built.world.now() + settled::PATIENCE;
        loop {
            let scene = &self.built.world.trace().observer.scene;
            let in_flight = self.built.world.counters().in_flight;
            let pending = match in_flight {
                0 => settled::pending(scene, &|peer| self.status(peer)),
                count => Some(format!("{count} packets are still on their way")),
            };
            let Some(pending) = pending else { return Ok(()) };
            match self.built.world.next().filter(|next| *next <= deadline) {
                Some(_) => {
                    self.built.world.step()?;
                    self.check_oracles()?;
                }
                None => {
                    return Err(unsettled("3 minutes", pending));
                }
            }
        }
    }

    fn finish(mut self, seed: u64, end: Option<End>, replay: String) -> CaseResult {
        let states: Vec<(String, Status)> =
            self.scenario.peers.iter().map(|peer| (peer.name.clone(), self.status(&peer.name))).collect();
        let now = self.built.world.now();
        let counters = self.built.world.counters();
        let watch = self.built.world.observer_mut();
        let (sent, came) = watch.ledger.totals();
        let totals = [
            ("packets", counters.sent),
            ("probes.sent", sent),
            ("probes.came", came),
            ("events", counters.events),
        ];
        let mut counted = std::mem::take(&mut watch.counters);
        counted
            .extend(totals.into_iter().filter(|(_, count)| *count > 0).map(|(name, n)| (name.to_owned(), n)));
        let warnings = std::mem::take(&mut watch.warnings);
        let refusals = std::mem::take(&mut watch.refusals);
        let ladder = watch.ladder.ladder(&watch.scene);
        let met = met(&self.scenario, watch);
        let verdict = match end {
            None | Some(End::Shown) => Verdict::Passed,
            Some(End::Failed { check, line, expected, happened }) => Verdict::Failed(Box::new(Failure {
                check,
                line,
                expected,
                happened,
                at_nanos: now.as_nanos(),
                ladder: ladder.tail(12),
                replay,
            })),
        };
        let digest = self.built.world.trace().digest().map_or_else(String::new, |digest| digest.to_string());
        let case = Case {
            seed,
            verdict,
            simulated_nanos: now.as_nanos(),
            digest,
            counters: counted,
            warnings,
            refusals,
            elapsed: None,
        };
        let extra = self.built.world.into_trace().observer.into_extra();
        CaseResult { case, met, acted: self.acted, held: self.held, ladder, states, extra }
    }
}

fn unsettled(patience: &str, happened: String) -> End {
    let expected = format!("within {patience} of silence nothing is left half done");
    End::Failed { check: "settled".into(), line: None, expected, happened }
}

fn missed(step: &Step, fact: &Fact, happened: String) -> End {
    let line = StoryLine { number: step.place.line, text: step.place.text.clone() };
    End::Failed { check: "story".into(), line: Some(line), expected: fact.to_string(), happened }
}

/// The places in the story of the `sometimes` that this run met.
fn met(scenario: &Scenario, watch: &Watch) -> BTreeSet<usize> {
    let is_met = |step: &Step| {
        let Sentence::Sometimes { probe, peer } = &step.sentence else { return false };
        let number = scenario.peers.iter().position(|p| p.name == *peer);
        let mut seen = watch.happenings.iter().filter(|h| Some(h.peer) == number);
        seen.any(|h| matches!(h.what, What::Probe(name) if name == probe))
    };
    let steps = scenario.story.steps.iter().enumerate();
    steps.filter(|(_, step)| is_met(step)).map(|(index, _)| index).collect()
}
