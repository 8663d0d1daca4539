//! One cell of the matrix: a scenario with two implementations, from setting them up to the outcome.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bridge::BridgeError;
use ipsec::crypto::Provider;
use reports::matrix::{self, Outcome};
use reports::{Failure, Verdict};

use super::daemon::{Adapter, Daemon, Place};
use super::observable::observable;
use super::strongswan::{self, StrongSwan};
use super::{Implementation, Known, openiked};
use crate::build::Built;
use crate::capture::Captures;
use crate::file::{Peer, Scenario};
use crate::node::Node;
use crate::run::{CaseResult, Cast, Device, Options, Watch, run_live_case};

/// A scenario with those who play its first two peers.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The path of the scenario's file.
    pub path: String,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Who plays the first peer of the file, and who the second.
    pub players: [Implementation; 2],
}

/// The tag of scenarios that real implementations play with each other, too.
const AMONG_THEMSELVES: &str = "among-themselves";

/// The cells of scenarios with each pair of implementations of which one is ours; with a tag also those without us.
#[must_use]
pub fn cells(scenarios: &[(String, Arc<Scenario>)], implementations: &[Implementation]) -> Vec<Cell> {
    let real = || implementations.iter().copied().filter(|one| *one != Implementation::Ours);
    let ours = implementations.contains(&Implementation::Ours);
    let mut cells = Vec::new();
    for (path, scenario) in scenarios {
        let with_us = real()
            .filter(|_| ours)
            .flat_map(|one| [[Implementation::Ours, one], [one, Implementation::Ours]]);
        let among = scenario.tags.iter().any(|tag| tag == AMONG_THEMSELVES);
        let without_us = real().filter(|_| among).flat_map(|one| real().map(move |other| [one, other]));
        for players in with_us.chain(without_us) {
            cells.push(Cell { path: path.clone(), scenario: Arc::clone(scenario), players });
        }
    }
    cells
}

impl Cell {
    /// The scenario's name: that of its file, and the case in it.
    #[must_use]
    pub fn name(&self) -> String {
        let (file, case) =
            self.path.split_once('#').map_or((self.path.as_str(), None), |(file, case)| (file, Some(case)));
        let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
        case.map_or_else(|| stem.clone().into_owned(), |case| format!("{stem}#{case}"))
    }

    /// The names of the two, the initiator's first.
    #[must_use]
    pub fn pair(&self) -> [&'static str; 2] {
        self.players.map(Implementation::name)
    }

    /// What one of the two cannot do, if there is something.
    fn unsupported(&self) -> Option<String> {
        let [_, _, ..] = &self.scenario.peers[..] else {
            return Some("a scenario for two implementations has two peers".into());
        };
        self.cast().find_map(|(peer, player)| match player {
            Implementation::Ours => None,
            Implementation::StrongSwan => strongswan::unsupported(&self.scenario, &peer.name),
            Implementation::OpenIked => Some(openiked::unsupported(&self.scenario, peer)),
        })
    }

    /// Who plays whom.
    fn cast(&self) -> impl Iterator<Item = (&Peer, Implementation)> {
        self.scenario.peers.iter().zip(self.players)
    }
}

/// Plays a cell; everything that is worth keeping goes to a folder of its own in `out`.
///
/// # Errors
/// When the folder cannot be written.
pub fn play(cell: &Cell, known: &Known, out: &Path) -> io::Result<matrix::Cell> {
    let [initiator, responder] = cell.pair();
    let mut played = matrix::Cell {
        scenario: cell.name(),
        title: cell.scenario.title.clone(),
        covers: cell.scenario.covers.iter().map(ToString::to_string).collect(),
        initiator: initiator.to_owned(),
        responder: responder.to_owned(),
        outcome: Outcome::Passed,
        case: None,
        folder: None,
        files: Vec::new(),
    };
    if let Some(reason) = cell.unsupported() {
        played.outcome = Outcome::Unsupported(reason);
        return Ok(played);
    }
    let folder = out.join(cell.name().replace('#', "-")).join(format!("{initiator}-{responder}"));
    let result = perform(cell, &folder)?;
    let expected = known.reason(&cell.name(), cell.pair());
    played.outcome = match (&result.case.verdict, expected) {
        (Verdict::Unsupported(reason), _) => Outcome::Unsupported(reason.clone()),
        (Verdict::Failed(_), Some(reason)) => Outcome::FailedAsExpected(reason),
        (Verdict::Failed(_), None) => Outcome::Failed,
        (Verdict::Passed, Some(reason)) => Outcome::PassedUnexpectedly(reason),
        (Verdict::Passed, None) if result.case.warnings.is_empty() => Outcome::Passed,
        (Verdict::Passed, None) => Outcome::Warned,
    };
    played.case = Some(result.case);
    played.files = kept(&folder)?;
    played.folder = Some(folder.display().to_string());
    Ok(played)
}

/// What of a cell is worth opening: captures, the ladder, keys as Wireshark reads them, and what daemons were told and say.
fn kept(folder: &Path) -> io::Result<Vec<String>> {
    let mut kept = Vec::new();
    for inner in [folder.to_owned()].into_iter().chain(folders(folder)?) {
        for entry in fs::read_dir(inner)? {
            let entry = entry?;
            let path = entry.path();
            let wanted = ["pcapng", "txt", "log", "conf"].map(std::ffi::OsStr::new);
            let is_table = path.to_string_lossy().ends_with("_table") && entry.metadata()?.len() > 0;
            if is_table || path.extension().is_some_and(|end| wanted.contains(&end)) {
                kept.extend(path.strip_prefix(folder).ok().map(|path| path.display().to_string()));
            }
        }
    }
    kept.sort();
    Ok(kept)
}

fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

/// Runs the scenario by the wall clock, and keeps what was seen.
fn perform(cell: &Cell, folder: &Path) -> io::Result<CaseResult> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let real: Vec<&str> = cell
        .cast()
        .filter(|(_, player)| *player != Implementation::Ours)
        .map(|(peer, _)| peer.name.as_str())
        .collect();
    let mut scenario = observable(&cell.scenario, &real);
    // Daemons judge certificates by the date that it is.
    scenario.epoch = now();
    let scenario = Arc::new(scenario);
    let captures = Captures::new(&folder, &scenario)?;
    let options =
        Options { extra: Some(Box::new(captures.clone())), ..Options::new(Provider::best(), &cell.path) };
    let trouble = Rc::new(RefCell::new(None));
    let mut troupe = Troupe {
        scenario: Arc::clone(&scenario),
        players: cell.players,
        folder: folder.clone(),
        trouble: Rc::clone(&trouble),
    };
    let mut result = run_live_case(&scenario, 0, options, &mut troupe);
    drop(result.extra.take());
    captures.finish()?;
    let [initiator, responder] = cell.pair();
    let again = format!("cargo esplanade interop {} --peers {initiator},{responder}", cell.path);
    if let Some(said) = trouble.borrow_mut().take() {
        let failure = match &result.case.verdict {
            Verdict::Failed(failure) => {
                Failure { happened: format!("{}; {said}", failure.happened), ..(**failure).clone() }
            }
            _ => Failure {
                check: "daemon".into(),
                expected: "it does what it is told".into(),
                happened: said,
                ..Failure::default()
            },
        };
        result.case.verdict = Verdict::Failed(Box::new(failure));
    }
    if let Verdict::Failed(failure) = &mut result.case.verdict {
        failure.replay = again;
    }
    fs::write(folder.join("ladder.txt"), result.ladder.lines().join("\n") + "\n")?;
    Ok(result)
}

/// The date that it is, in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "daemons go by the wall clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(Scenario::EPOCH, |since| since.as_secs())
}

/// Those who play in one cell.
struct Troupe {
    scenario: Arc<Scenario>,
    players: [Implementation; 2],
    folder: PathBuf,
    trouble: Rc<RefCell<Option<String>>>,
}

impl Cast for Troupe {
    fn enter(&mut self, built: &mut Built<Watch>) -> Result<Vec<Device>, Verdict> {
        let scenario = Arc::clone(&self.scenario);
        let mut devices = Vec::new();
        for (peer, player) in scenario.peers.iter().zip(self.players) {
            if player == Implementation::Ours {
                continue;
            }
            let daemon = self.start(peer, built).map_err(|error| {
                let happened = format!("{} does not start: {error}", player.name());
                Verdict::Failed(Box::new(Failure { check: "daemon".into(), happened, ..Failure::default() }))
            })?;
            let node = built.places.peers[&peer.name];
            devices.extend(daemon.devices().map(|tun| Device { node, tun }));
            built.world.with(node, |node, _| {
                if let Node::Gateway(gateway) = node {
                    gateway.replace_peer(Box::new(daemon));
                }
            });
        }
        Ok(devices)
    }
}

impl Troupe {
    fn start(&self, peer: &Peer, built: &Built<Watch>) -> Result<Daemon, BridgeError> {
        let folder = self.folder.join(&peer.name);
        fs::create_dir_all(&folder)
            .map_err(|error| BridgeError::Kernel { what: folder.display().to_string(), error })?;
        let place = Place::new(&self.scenario, peer)?;
        let adapter: Box<dyn Adapter> =
            Box::new(StrongSwan::start(&self.scenario, peer, built, (&place, &folder))?);
        Ok(Daemon::new(place, adapter, Rc::clone(&self.trouble)))
    }
}
