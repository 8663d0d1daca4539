//! An implementation that somebody else has an adapter for: an executable that is called with a word of the contract, which
//! `scenarios/CONTRACT.md` has in full.
//!
//! ```text
//! NAME=PATH ── up ──> runs as long as the peer is there, and says `ready`
//!           ── initiate net, rekey net, … ──> gives the order and ends
//!           ── status ──> a line for each SA
//! ```

mod settings;
mod status;

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::rc::Rc;
use std::time::Duration;

use bridge::{BridgeError, Namespace, Process, WallClock};
use ipsec::{Command, Status};
use ipsec_net::Instant;

use super::daemon::{Adapter, Place};
use crate::build::Built;
use crate::file::{Peer, Scenario};
use crate::run::Watch;

pub(super) use settings::unsupported;

/// An adapter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct External {
    /// What the implementation is called.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
}

impl External {
    /// Reads `NAME=PATH`.
    ///
    /// # Errors
    /// When it is not written so, or there is no such executable.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("expected NAME=PATH, not \"{text}\"");
        let (name, path) = text.split_once('=').ok_or_else(expected)?;
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("\"{name}\" is no name: letters, digits and dashes make one"));
        }
        let path = Path::new(path).canonicalize().map_err(|error| format!("{path}: {error}"))?;
        let may_run =
            path.metadata().is_ok_and(|told| told.is_file() && told.permissions().mode() & 0o111 != 0);
        match may_run {
            true => Ok(Self { name: name.to_owned(), path }),
            false => Err(format!("{} cannot be executed", path.display())),
        }
    }

    /// What it says that it is.
    ///
    /// # Errors
    /// Why it cannot be used here, as it says.
    pub(super) fn version(&self) -> Result<String, String> {
        let said = Program::new(&self.path).arg("version").output();
        let said = said.map_err(|error| format!("{}: {error}", self.path.display()))?;
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).trim().to_owned();
        match said.status.success() {
            true => Ok(text(&said.stdout)),
            false => Err(format!("{} cannot be used here: {}", self.name, text(&said.stderr))),
        }
    }
}

/// The exit code of an adapter that cannot do what it is asked for.
const CANNOT: &str = "exit status: 127";

/// What an adapter writes as soon as its peer takes messages.
const READY: &str = "ready";

/// How long it may take until then.
const PATIENCE: Duration = Duration::from_secs(20);

/// For how long what an adapter says of its SAs is taken to be so.
const FRESH: Duration = Duration::from_millis(100);

/// A running implementation.
pub(super) struct Contract {
    external: &'static External,
    namespace: Rc<Namespace>,
    folder: PathBuf,
    clock: WallClock,
    told: Option<(Instant, Status)>,
    /// Ends it, and all that it has started, when it is dropped.
    process: Process,
}

/// Why an implementation does not play a peer.
pub(super) enum Absent {
    /// It cannot, for this reason.
    Unsupported(String),
    /// It should.
    Failed(BridgeError),
}

impl From<BridgeError> for Absent {
    fn from(error: BridgeError) -> Self {
        Self::Failed(error)
    }
}

impl Contract {
    /// Writes what it has to be into `folder`, starts it, and waits until it is ready.
    pub(super) fn start(
        external: &'static External,
        scenario: &Scenario,
        peer: &Peer,
        built: &Built<Watch>,
        (place, folder): (&Place, &Path),
    ) -> Result<Self, Absent> {
        let failed = |error: io::Error| BridgeError::Kernel { what: folder.display().to_string(), error };
        settings::write(scenario, peer, built, folder).map_err(failed)?;
        let up = call(external, folder, &["up"]);
        let files = ["up.out", "up.err"].map(|name| folder.join(name));
        for file in &files {
            File::create(file).map_err(failed)?;
        }
        // All that it starts is in a tree of processes of its own, and ends with it.
        let mut guarded = Program::new("unshare");
        guarded.args([
            "--pid",
            "--fork",
            "--kill-child=KILL",
            "--",
            "sh",
            "-c",
            "exec \"$0\" up >up.out 2>up.err",
        ]);
        guarded.arg(up.get_program());
        guarded.current_dir(folder);
        for (key, value) in up.get_envs() {
            guarded.env(key, value.unwrap_or_default());
        }
        let process = place.namespace.start(&guarded)?;
        let mut contract = Self {
            external,
            namespace: Rc::clone(&place.namespace),
            folder: folder.to_owned(),
            clock: WallClock::start(),
            told: None,
            process,
        };
        contract.wait(&files)?;
        Ok(contract)
    }

    /// Waits until it says that it is ready.
    fn wait(&mut self, [out, err]: &[PathBuf; 2]) -> Result<(), Absent> {
        let failed = |message: String| BridgeError::Program { program: self.external.name.clone(), message };
        while self.clock.now() < Instant::ZERO + PATIENCE {
            let said = File::open(out).map(BufReader::new).map_err(|error| failed(error.to_string()))?;
            if said.lines().map_while(Result::ok).any(|line| line.trim() == READY) {
                return Ok(());
            }
            if let Some(code) = self.process.exit_code().map_err(|error| failed(error.to_string()))? {
                let said = std::fs::read_to_string(err).unwrap_or_default();
                let said = said.trim().to_owned();
                return Err(match code {
                    127 => Absent::Unsupported(said),
                    code => Absent::Failed(failed(format!("up ends with {code}: {said}"))),
                });
            }
            bridge::wait(&[], Duration::from_millis(10)).map_err(|error| failed(error.to_string()))?;
        }
        Err(Absent::Failed(failed(format!(
            "it does not say \"{READY}\" within {} seconds",
            PATIENCE.as_secs()
        ))))
    }

    /// Calls it in its place, and gives what it writes.
    fn call(&self, words: &[&str]) -> io::Result<String> {
        let command = call(self.external, &self.folder, words);
        self.namespace.run_command(command, "").map_err(|error| match error {
            BridgeError::Program { message, .. } if message.starts_with(CANNOT) => {
                let why = message.trim_start_matches(CANNOT).trim_start_matches(':').trim();
                io::Error::new(io::ErrorKind::Unsupported, format!("{}: {why}", words.join(" ")))
            }
            other => io::Error::other(format!("{}: {other}", words.join(" "))),
        })
    }
}

/// The call of an adapter with these words.
fn call(external: &External, folder: &Path, words: &[&str]) -> Program {
    let mut command = Program::new(&external.path);
    command.args(words).current_dir(folder);
    command.env("ESPLANADE_CONFIG", folder.join(settings::FILE));
    command.env("ESPLANADE_FOLDER", folder);
    command.env("ESPLANADE_OUTSIDE", Place::OUTSIDE).env("ESPLANADE_INSIDE", Place::INSIDE);
    command
}

impl Adapter for Contract {
    fn command(&mut self, command: &Command) -> io::Result<()> {
        let words = match command {
            Command::Initiate { child } => ["initiate", child],
            Command::InitiateIke { connection } => ["initiate-ike", connection],
            Command::Delete { child } => ["delete", child],
            Command::Terminate { connection } => ["terminate", connection],
            Command::Rekey { child } => ["rekey", child],
            Command::RekeyIke { connection } => ["rekey-ike", connection],
            Command::Reauthenticate { connection } => ["reauthenticate", connection],
            // What is to start by itself is configured so.
            Command::Start => return Ok(()),
            other => {
                let why = format!("the contract has no such order: {other:?}");
                return Err(io::Error::new(io::ErrorKind::Unsupported, why));
            }
        };
        self.told = None;
        self.call(&words).map(drop)
    }

    fn status(&mut self) -> io::Result<Status> {
        let now = self.clock.now();
        if let Some((at, told)) = &self.told
            && now.since(*at) < FRESH
        {
            return Ok(told.clone());
        }
        let told = status::read(&self.call(&["status"])?).map_err(io::Error::other)?;
        self.told = Some((now, told.clone()));
        Ok(told)
    }
}
