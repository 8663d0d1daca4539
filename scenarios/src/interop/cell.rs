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

use super::contract::{Absent, Contract};
use super::daemon::{Adapter, Daemon, Place};
use super::observable::observable;
use super::strongswan::{self, StrongSwan};
use super::{Implementation, contract, openiked};
use crate::build::Built;
use crate::capture::Captures;
use crate::file::{Clock, Peer, Scenario};
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

/// What the matrix calls testers.
const TESTER: &str = "tester";

/// The tag of scenarios that real implementations play with each other, too.
const AMONG_THEMSELVES: &str = "among-themselves";

/// The cells of scenarios with each pair of implementations of which one is ours; with a tag also those without us. Where a
/// tester speaks in the name of one peer, the other one is played by each implementation but ours, which the suites are for.
#[must_use]
pub fn cells(scenarios: &[(String, Arc<Scenario>)], implementations: &[Implementation]) -> Vec<Cell> {
    let real = || implementations.iter().copied().filter(|one| *one != Implementation::Ours);
    let ours = implementations.contains(&Implementation::Ours);
    let mut cells = Vec::new();
    for (path, scenario) in scenarios {
        if let Some(tested) = tested(scenario) {
            for one in real() {
                let mut players = [Implementation::Ours; 2];
                players[tested] = one;
                cells.push(Cell { path: path.clone(), scenario: Arc::clone(scenario), players });
            }
            continue;
        }
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

/// The place of the peer that a tester speaks to, among the two of the scenario, if there is a tester.
fn tested(scenario: &Scenario) -> Option<usize> {
    let poses = &scenario.testers.first()?.poses;
    scenario.peers.iter().take(2).position(|peer| peer.name != *poses)
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
        let mut names = self.players.map(Implementation::name);
        if let Some(tested) = tested(&self.scenario) {
            names[1 - tested] = TESTER;
        }
        // A file may have its peers in another order than its IKE configuration has its ends.
        let first = self.scenario.ikes.first().map(|ike| &ike.ends[0].peer);
        if first.is_some_and(|first| self.scenario.peers.get(1).is_some_and(|peer| peer.name == *first)) {
            names.reverse();
        }
        names
    }

    /// What one of the two cannot do, if there is something.
    fn unsupported(&self) -> Option<String> {
        let [_, _, ..] = &self.scenario.peers[..] else {
            return Some("a scenario for two implementations has two peers".into());
        };
        self.cast().find_map(|(peer, player)| match player {
            Implementation::Ours => None,
            _ if peer.clock != Clock::default() => Some("its clock is that of the machine".into()),
            Implementation::StrongSwan => strongswan::unsupported(&self.scenario, &peer.name),
            Implementation::OpenIked => Some(openiked::unsupported(&self.scenario, peer)),
            Implementation::External(_) => contract::unsupported(&self.scenario, &peer.name),
        })
    }

    /// Whether it can be played all the same, to see whether what an adapter says to be missing is.
    fn can_be_tried(&self) -> bool {
        let runs = |(_, player)| matches!(player, Implementation::Ours | Implementation::StrongSwan);
        self.scenario.peers.len() == 2 && self.scenario.manual.is_empty() && self.cast().all(runs)
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
pub fn play(cell: &Cell, out: &Path) -> io::Result<matrix::Cell> {
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
    let lack = cell.unsupported();
    if let Some(reason) = lack.as_ref().filter(|_| !cell.can_be_tried()) {
        played.outcome = Outcome::Unsupported(reason.clone());
        return Ok(played);
    }
    let folder = out.join(cell.name().replace('#', "-")).join(format!("{initiator}-{responder}"));
    let result = perform(cell, &folder)?;
    let expected = cell.pair().into_iter().find_map(|name| cell.scenario.known_failure(name));
    played.outcome = outcome(&result.case, lack, expected);
    if matches!(played.outcome, Outcome::Unsupported(_)) {
        return Ok(played);
    }
    played.case = Some(result.case);
    played.files = kept(&folder)?;
    played.folder = Some(folder.display().to_string());
    Ok(played)
}

/// How a cell ended whose run came to this. What is said not to be there has been looked for all the same.
fn outcome(case: &reports::Case, lack: Option<String>, expected: Option<&str>) -> Outcome {
    match (&case.verdict, lack, expected) {
        (Verdict::Passed, Some(lack), _) => {
            Outcome::PassedUnexpectedly(format!("its adapter says that it cannot, and it can: {lack}"))
        }
        (_, Some(lack), _) => Outcome::Unsupported(lack),
        (Verdict::Unsupported(reason), ..) => Outcome::Unsupported(reason.clone()),
        (Verdict::Failed(_), None, Some(reason)) => Outcome::FailedAsExpected(reason.to_owned()),
        (Verdict::Failed(_), None, None) => Outcome::Failed,
        (Verdict::Passed, None, Some(reason)) => Outcome::PassedUnexpectedly(reason.to_owned()),
        (Verdict::Passed, None, None) if case.warnings.is_empty() => Outcome::Passed,
        (Verdict::Passed, None, None) => Outcome::Warned,
    }
}

/// What of a cell is worth opening: captures, the ladder, keys as Wireshark reads them, and what daemons were told and say.
fn kept(folder: &Path) -> io::Result<Vec<String>> {
    let mut kept = Vec::new();
    for inner in [folder.to_owned()].into_iter().chain(folders(folder)?) {
        for entry in fs::read_dir(inner)? {
            let entry = entry?;
            let path = entry.path();
            let wanted = ["pcapng", "jsonl", "txt", "log", "conf"].map(std::ffi::OsStr::new);
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
    let trouble: Rc<RefCell<Option<io::Error>>> = Rc::new(RefCell::new(None));
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
    let peers: Vec<&str> = [initiator, responder].into_iter().filter(|name| *name != TESTER).collect();
    let again = format!("cargo esplanade interop {} --peers {}", cell.path, peers.join(","));
    let said = trouble.borrow_mut().take();
    if let Some(cannot) = said.as_ref().filter(|said| said.kind() == io::ErrorKind::Unsupported) {
        result.case.verdict = Verdict::Unsupported(cannot.to_string());
    } else if let Some(said) = said {
        let failure = match &result.case.verdict {
            Verdict::Failed(failure) => {
                Failure { happened: format!("{}; {said}", failure.happened), ..(**failure).clone() }
            }
            _ => Failure {
                check: "daemon".into(),
                expected: "it does what it is told".into(),
                happened: said.to_string(),
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
    trouble: Rc<RefCell<Option<io::Error>>>,
}

impl Cast for Troupe {
    fn enter(&mut self, built: &mut Built<Watch>) -> Result<Vec<Device>, Verdict> {
        let scenario = Arc::clone(&self.scenario);
        let mut devices = Vec::new();
        for (peer, player) in scenario.peers.iter().zip(self.players) {
            if player == Implementation::Ours {
                continue;
            }
            let daemon = self.start(peer, player, built).map_err(|absent| match absent {
                Absent::Unsupported(reason) => Verdict::Unsupported(reason),
                Absent::Failed(error) => {
                    let happened = format!("{} does not start: {error}", player.name());
                    let failure = Failure { check: "daemon".into(), happened, ..Failure::default() };
                    Verdict::Failed(Box::new(failure))
                }
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
    fn start(&self, peer: &Peer, player: Implementation, built: &Built<Watch>) -> Result<Daemon, Absent> {
        let folder = self.folder.join(&peer.name);
        fs::create_dir_all(&folder)
            .map_err(|error| BridgeError::Kernel { what: folder.display().to_string(), error })?;
        let place = Place::new(&self.scenario, peer)?;
        let inside = (&place, folder.as_path());
        let adapter: Box<dyn Adapter> = match player {
            Implementation::External(external) => {
                Box::new(Contract::start(external, &self.scenario, peer, built, inside)?)
            }
            _ => Box::new(StrongSwan::start(&self.scenario, peer, built, inside)?),
        };
        Ok(Daemon::new(place, adapter, Rc::clone(&self.trouble)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::parse;

    fn case(verdict: Verdict) -> reports::Case {
        reports::Case::new(0, verdict)
    }

    #[test]
    fn what_an_adapter_says_to_be_missing_and_works_is_a_false_claim() {
        let lack = || Some("it has no ESN".to_owned());
        let claimed = outcome(&case(Verdict::Passed), lack(), None);
        assert!(!claimed.is_good(), "{claimed:?}");
        let failed = case(Verdict::Failed(Box::default()));
        assert_eq!(outcome(&failed, lack(), None), Outcome::Unsupported("it has no ESN".to_owned()));
    }

    #[test]
    fn a_failure_that_is_known_is_one_that_has_to_come() {
        let failed = case(Verdict::Failed(Box::default()));
        assert_eq!(outcome(&failed, None, None), Outcome::Failed);
        assert!(outcome(&failed, None, Some("why")).is_good());
        assert!(!outcome(&case(Verdict::Passed), None, Some("why")).is_good());
    }

    #[test]
    fn a_tester_speaks_to_each_implementation_but_ours() {
        let text = "title = \"x\"\nstory = \"\"\"\n0s mallory: begin\n   expect mallory done within 1s\n\"\"\"\n\
                    [peer.west]\naddress = \"192.0.2.1\"\nprotects = \"10.1.0.0/16\"\n\
                    [peer.east]\naddress = \"192.0.2.2\"\nprotects = \"10.2.0.0/16\"\n\
                    [link.near]\njoins = [\"west\", \"mallory\"]\n[link.far]\njoins = [\"mallory\", \"east\"]\n\
                    [ike.site]\nends = [\"west\", \"east\"]\nauth = { psk = \"secret\" }\n[child.net]\nof = \"site\"\n\
                    [tester.mallory]\nike = \"site\"\nposes = \"west\"\nscript = \"key\"\n";
        let scenario = Arc::new(parse("test", text).unwrap());
        let all =
            cells(&[("test".to_owned(), scenario)], &[Implementation::Ours, Implementation::StrongSwan]);
        let pairs: Vec<[&str; 2]> = all.iter().map(Cell::pair).collect();
        assert_eq!(pairs, [["tester", "strongswan"]]);
    }
}
