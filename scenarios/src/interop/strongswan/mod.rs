//! strongSwan as a peer: charon with ESP in user space (`kernel-libipsec`), configured by `swanctl`, driven over VICI.
//!
//! ```text
//! nouns of the scenario ── settings ──> swanctl.conf, keys and certificates ── swanctl ──> charon
//! acts of the story ── VICI: initiate, terminate, rekey ──> charon ── VICI: list-sas ──> what it holds
//! ```
//!
//! Its ESP always goes in UDP: it says for that purpose that there is NAT (RFC 7296 §2.23).

mod algorithms;
mod secrets;
mod settings;
mod status;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::Duration;

use bridge::{BridgeError, Process};
use ipsec::{Command, Status};

use super::daemon::{Adapter, Place};
use super::vici::{Section, Vici};
use crate::build::Built;
use crate::file::{Peer, Scenario};
use crate::run::Watch;

pub(super) use settings::{hex, unsupported};

/// The daemon.
const CHARON: &str = "/usr/sbin/charon-systemd";
/// What gives it its configuration.
const SWANCTL: &str = "/usr/sbin/swanctl";
/// The ESP of user space.
const LIBIPSEC: &str = "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so";
/// What of it comes in another package again.
const MSCHAPV2: &str = "/usr/lib/ipsec/plugins/libstrongswan-eap-mschapv2.so";

/// Where VICI listens, in the folder that the daemon runs in.
const VICI: &str = "vici";
/// How long it may take to start, and to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What this machine lacks to run it, in a sentence; nothing when it lacks nothing.
pub(super) fn missing() -> Option<String> {
    let needed = [
        (CHARON, "charon-systemd"),
        (SWANCTL, "strongswan-swanctl"),
        (LIBIPSEC, "libcharon-extra-plugins"),
        (MSCHAPV2, "libcharon-extauth-plugins"),
    ];
    let missing = needed.iter().filter(|(file, _)| !Path::new(file).is_file());
    let (files, packages): (Vec<&str>, Vec<&str>) = missing.copied().unzip();
    (!files.is_empty()).then(|| {
        format!("strongSwan lacks {} here: apt-get install {}", files.join(" and "), packages.join(" "))
    })
}

/// What it says that it is.
pub(super) fn version() -> String {
    // It says so above the words that it takes, when it is given none.
    let said = Program::new(SWANCTL).output().map(|said| [said.stdout, said.stderr].concat());
    let said =
        said.map_or_else(|error| error.to_string(), |said| String::from_utf8_lossy(&said).into_owned());
    said.lines().next().unwrap_or_default().trim().to_owned()
}

/// A running daemon.
pub(super) struct StrongSwan {
    vici: Vici,
    /// The IKE configuration that each child belongs to.
    ikes: BTreeMap<String, String>,
    /// Ends the daemon when it is dropped.
    process: Process,
}

impl StrongSwan {
    /// Writes its configuration into `folder`, starts it, and has it load that.
    pub(super) fn start(
        scenario: &Scenario,
        peer: &Peer,
        built: &Built<Watch>,
        (place, folder): (&Place, &Path),
    ) -> Result<Self, BridgeError> {
        let failed = |error: io::Error| BridgeError::Kernel { what: folder.display().to_string(), error };
        settings::write(scenario, peer, built, folder).map_err(failed)?;
        let mut charon = Program::new(CHARON);
        charon.env("STRONGSWAN_CONF", folder.join("strongswan.conf"));
        charon.current_dir(folder);
        let process = place.namespace.start(&charon)?;
        let vici = connect(&process)?;
        let mut swanctl = Program::new(SWANCTL);
        swanctl.args(["--load-all", "--noprompt"]);
        swanctl.env("STRONGSWAN_CONF", folder.join("strongswan.conf"));
        swanctl.env("SWANCTL_DIR", folder);
        swanctl.current_dir(folder);
        let said = place.namespace.run_command(swanctl, "")?;
        fs::write(folder.join("swanctl.log"), said).map_err(failed)?;
        let ikes = scenario.children.iter().map(|child| (child.name.clone(), child.ike.clone())).collect();
        Ok(Self { vici, ikes, process })
    }
}

/// Connects to the daemon as soon as it listens. The way by the daemon's own folder is short, as that to a socket has to be.
fn connect(daemon: &Process) -> Result<Vici, BridgeError> {
    let socket = format!("/proc/{}/cwd/{VICI}", daemon.id());
    let failed = |error| BridgeError::Kernel { what: format!("VICI at {socket}"), error };
    let step = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match UnixStream::connect(&socket) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
                return Ok(Vici::new(stream));
            }
            Err(error) if waited >= PATIENCE => return Err(failed(error)),
            Err(_) => {
                bridge::wait(&[], step).map_err(failed)?;
                waited += step;
            }
        }
    }
}

impl Adapter for StrongSwan {
    fn command(&mut self, command: &Command) -> io::Result<()> {
        // It goes on by itself: what comes of it is seen in what it holds.
        let at_once = |key: &str, name: &str| Section::default().with(key, name).with("timeout", "-1");
        match command {
            Command::Initiate { child } => {
                let ike = self.ikes.get(child).map_or("", String::as_str);
                self.vici.request("initiate", &at_once("child", child).with("ike", ike))?;
            }
            Command::InitiateIke { connection } => {
                self.vici.request("initiate", &at_once("ike", connection))?;
            }
            Command::Delete { child } => {
                self.vici.request("terminate", &at_once("child", child))?;
            }
            Command::Terminate { connection } => {
                self.vici.request("terminate", &at_once("ike", connection))?;
            }
            Command::Rekey { child } => {
                self.vici.request("rekey", &Section::default().with("child", child))?;
            }
            Command::RekeyIke { connection } => {
                self.vici.request("rekey", &Section::default().with("ike", connection))?;
            }
            Command::Reauthenticate { connection } => {
                self.vici
                    .request("rekey", &Section::default().with("ike", connection).with("reauth", "yes"))?;
            }
            // What is to start by itself is configured so.
            Command::Start => {}
            other => {
                let why = format!("strongSwan has no such order: {other:?}");
                return Err(io::Error::new(io::ErrorKind::Unsupported, why));
            }
        }
        Ok(())
    }

    fn status(&mut self) -> io::Result<Status> {
        match self.vici.stream("list-sas", "list-sa") {
            Ok(told) => Ok(status::status(&told)),
            Err(error) if self.process.is_running()? => Err(error),
            Err(_) => Err(io::Error::other("the daemon has ended")),
        }
    }
}

/// The file that it writes down what it does in.
pub(super) fn log(folder: &Path) -> PathBuf {
    folder.join("charon.log")
}
