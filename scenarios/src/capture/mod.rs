//! Captures of a run: one pcapng file for each link between gateways, a comment on each packet, and a profile folder with
//! which Wireshark opens them decrypted.

mod profile;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipsec::Event;
use ipsec::ikev2::Event as Ikev2;
use ipsec_net::{Instant, IpPacket};
use sim::capture::Capture;
use sim::{Direction, Fault, Kind};

use crate::file::Scenario;
use crate::node::Note;
use crate::run::{Extra, Scene};

pub use profile::{KeyTables, PROFILE};

/// Midnight before the year 2026, at which every run begins: a capture of a seed is the same on any day.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

/// Captures in the making. Clones write to the same files, so that one can be given away and the other finished.
#[derive(Clone)]
pub struct Captures {
    state: Arc<Mutex<State>>,
}

struct State {
    folder: PathBuf,
    links: Vec<LinkCapture>,
    keys: KeyTables,
    error: Option<io::Error>,
}

struct LinkCapture {
    path: PathBuf,
    file: Capture<File>,
    /// How many packets the file has.
    frames: u64,
    /// The last packet that was sent, while what befalls it is still being told.
    pending: Option<Pending>,
    /// The frames of packets that come twice, by direction and number.
    twice: Vec<(Direction, u64, u64)>,
}

struct Pending {
    at: Instant,
    packet: IpPacket,
    comment: Vec<String>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The capture files.
    pub captures: Vec<PathBuf>,
    /// The folder with Wireshark's tables of keys.
    pub profile: PathBuf,
    /// How many packets there are in all.
    pub frames: u64,
}

impl Captures {
    /// Begins captures in `folder`, which is made.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub fn new(folder: &Path, scenario: &Scenario) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let links = scenario.links.iter().map(|link| {
            let path = folder.join(format!("{}.pcapng", link.name));
            let description = format!("{}: {} to {}", scenario.title, link.ends[0].peer, link.ends[1].peer);
            let file = Capture::new(File::create(&path)?, &link.name, &description, EPOCH)?;
            Ok(LinkCapture { path, file, frames: 0, pending: None, twice: Vec::new() })
        });
        let state = State {
            folder: folder.to_owned(),
            links: links.collect::<io::Result<_>>()?,
            keys: KeyTables::default(),
            error: None,
        };
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
        let mut written = Written { captures: Vec::new(), profile: state.folder.join(PROFILE), frames: 0 };
        for mut link in std::mem::take(&mut state.links) {
            link.flush()?;
            written.frames += link.frames;
            written.captures.push(link.path);
            link.file.finish()?;
        }
        state.keys.write(&written.profile)?;
        Ok(written)
    }
}

impl Extra for Captures {
    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>, label: Option<&str>) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Err(error) = state.record(scene, at, kind, label) {
            state.error.get_or_insert(error);
        }
    }
}

impl State {
    fn record(
        &mut self,
        scene: &Scene,
        at: Instant,
        kind: &Kind<'_, Note>,
        label: Option<&str>,
    ) -> io::Result<()> {
        match kind {
            Kind::Sent { link, packet, .. } if scene.is_outer(*link) => {
                let link = &mut self.links[link.index()];
                link.flush()?;
                link.pending = Some(Pending {
                    at,
                    packet: (*packet).clone(),
                    comment: label.into_iter().map(str::to_owned).collect(),
                });
            }
            Kind::Decided { link, decision } if scene.is_outer(*link) => {
                let remark = match decision.fault {
                    Fault::Lost | Fault::Delayed(_) => None,
                    Fault::HeldBack(by) => Some(format!("held back {} ms", by.as_millis())),
                    Fault::Duplicated(_) => Some("comes twice".to_owned()),
                    Fault::Corrupted { bit } => {
                        Some(format!("bit {bit} behind the IP header flipped on the way"))
                    }
                };
                let link = &mut self.links[link.index()];
                if matches!(decision.fault, Fault::Duplicated(_)) {
                    link.twice.push((decision.direction, decision.ordinal, link.frames + 1));
                }
                link.remark(remark);
            }
            Kind::Dropped { link, reason, .. } if scene.is_outer(*link) => {
                self.links[link.index()].remark(Some(format!("{reason} here")));
            }
            Kind::Fragmented { link, pieces, .. } if scene.is_outer(*link) => {
                self.links[link.index()].remark(Some(format!("cut into {pieces} fragments")));
            }
            Kind::Delivered { link, direction, ordinal, duplicate: true, packet }
                if scene.is_outer(*link) =>
            {
                let link = &mut self.links[link.index()];
                link.flush()?;
                let place = link.twice.iter().position(|(d, o, _)| (d, o) == (direction, ordinal));
                let comment = place.map(|place| format!("duplicate of frame {}", link.twice.remove(place).2));
                link.write(at, packet, comment.as_deref())?;
            }
            Kind::Note { note: Note::Peer(Event::Ikev2(event)), .. } => match event {
                Ikev2::IkeKeyed(record) => self.keys.ike(record),
                Ikev2::ChildUp(record) => self.keys.child(record),
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }
}

impl LinkCapture {
    fn remark(&mut self, remark: Option<String>) {
        if let Some(pending) = &mut self.pending {
            pending.comment.extend(remark);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        let comment = (!pending.comment.is_empty()).then(|| pending.comment.join("; "));
        self.write(pending.at, &pending.packet, comment.as_deref())
    }

    fn write(&mut self, at: Instant, packet: &IpPacket, comment: Option<&str>) -> io::Result<()> {
        self.frames += 1;
        self.file.packet(at, packet.as_bytes(), comment)
    }
}
