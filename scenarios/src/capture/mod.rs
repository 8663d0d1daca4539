//! Captures of a run: one pcapng file for each link between gateways, a comment on each packet, a profile folder with which
//! Wireshark opens them decrypted, and a log of all keys for `explain`.

mod keylog;
mod profile;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use explain::Record;
use ipsec::Event;
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::Event as Ikev2;
use ipsec_net::Instant;
use sim::capture::Capture;
use sim::{Kind, LinkId};

use crate::file::Scenario;
use crate::node::Note;
use crate::run::{Extra, Scene, as_newer};

use keylog::KeyLog;
pub use profile::{KeyTables, NOT_DECRYPTED, PROFILE};

/// Captures in the making. Clones write to the same files, so that one can be given away and the other finished.
#[derive(Clone)]
pub struct Captures {
    state: Arc<Mutex<State>>,
}

struct State {
    folder: PathBuf,
    paths: Vec<PathBuf>,
    links: sim::capture::Captures<File>,
    keys: KeyTables,
    log: KeyLog,
    error: Option<io::Error>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The capture files.
    pub captures: Vec<PathBuf>,
    /// The folder with Wireshark's tables of keys.
    pub profile: PathBuf,
    /// The log of all keys.
    pub keys: PathBuf,
    /// How many packets there are in all.
    pub frames: u64,
    /// What Wireshark leaves encrypted, as it does not know the algorithms: `ESP with camellia128-sha256`.
    pub unknown: Vec<String>,
}

impl Captures {
    /// Begins captures in `folder`, which is made.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub fn new(folder: &Path, scenario: &Scenario) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (mut links, mut paths) = (sim::capture::Captures::default(), Vec::new());
        for (index, link) in (0..).zip(&scenario.links) {
            let path = folder.join(format!("{}.pcapng", link.name));
            let description = format!("{}: {} to {}", scenario.title, link.ends[0].node, link.ends[1].node);
            let file = Capture::new(
                File::create(&path)?,
                &link.name,
                &description,
                Duration::from_secs(scenario.epoch),
            )?;
            links.add(LinkId::from_index(index), file);
            paths.push(path);
        }
        let folder = folder.to_owned();
        let state =
            State { folder, paths, links, keys: KeyTables::default(), log: KeyLog::default(), error: None };
        Ok(Self { state: Arc::new(Mutex::new(state)) })
    }

    /// Writes what is left, and the tables of keys.
    ///
    /// # Errors
    /// When anything could not be written, now or before.
    pub fn finish(self) -> io::Result<Written> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        let frames = std::mem::take(&mut state.links).finish()?;
        let captures = std::mem::take(&mut state.paths);
        let unknown = state.keys.unknown().map(str::to_owned).collect();
        let (profile, keys) = (state.folder.join(PROFILE), state.folder.join(Record::FILE));
        state.keys.write(&profile)?;
        state.log.write(&keys)?;
        let written = Written { captures, profile, keys, frames, unknown };
        Ok(written)
    }
}

impl Extra for Captures {
    fn record(&mut self, _scene: &Scene, at: Instant, kind: &Kind<'_, Note>, label: Option<&str>) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Err(error) = state.links.record(at, kind, label) {
            state.error.get_or_insert(error);
        }
        if let Kind::Note { note: Note::Peer(event), .. } = kind {
            let State { keys, log, .. } = &mut *state;
            match event {
                Event::Ikev2(Ikev2::IkeKeyed(record)) => {
                    keys.ike(record);
                    log.ike(record);
                }
                Event::Ikev2(Ikev2::ChildUp(record)) => {
                    keys.child(record);
                    log.child(record);
                }
                Event::Ikev1(Ikev1::IkeKeyed(record)) => {
                    keys.isakmp(record);
                    log.isakmp(record);
                }
                Event::Ikev1(Ikev1::ChildUp(record)) => {
                    keys.child(&as_newer(record));
                    log.pair(&record.pair, None);
                }
                Event::Manual(manual) => {
                    keys.manual(manual);
                    log.pair(&manual.pair, Some(manual.addresses));
                }
                _ => {}
            }
        }
    }
}
