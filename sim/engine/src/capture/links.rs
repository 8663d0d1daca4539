//! The captures of a world's links, made from its records while it runs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use ipsec_net::{Instant, IpPacket};

use super::Capture;
use crate::{Direction, DropReason, Fault, Kind, LinkId};

/// A capture for each link that is given one.
///
/// A packet stands in its link's file as it was sent and when it was sent, lost ones too, with what befell it as its
/// comment; a second copy stands there as it arrived and when it arrived.
pub struct Captures<W: Write> {
    links: BTreeMap<LinkId, LinkCapture<W>>,
}

struct LinkCapture<W: Write> {
    file: Capture<W>,
    /// How many packets the file has.
    frames: u64,
    /// The last packet sent, while what befalls it is still being told.
    waiting: Option<Instant>,
    octets: Vec<u8>,
    comment: String,
    /// The frames of packets that come twice.
    twice: BTreeMap<(Direction, u64), u64>,
}

impl<W: Write> Default for Captures<W> {
    fn default() -> Self {
        Self { links: BTreeMap::new() }
    }
}

impl<W: Write> Captures<W> {
    /// Captures `link` in `file`. Links without a file are passed over.
    pub fn add(&mut self, link: LinkId, file: Capture<W>) {
        let (octets, comment, twice) = (Vec::new(), String::new(), BTreeMap::new());
        self.links.insert(link, LinkCapture { file, frames: 0, waiting: None, octets, comment, twice });
    }

    /// Takes the next record of the trace. `remark` is what the caller has to say of a packet that is sent.
    ///
    /// # Errors
    /// When a file cannot be written to.
    pub fn record<T>(&mut self, at: Instant, kind: &Kind<'_, T>, remark: Option<&str>) -> io::Result<()> {
        let Some(link) = kind.link().and_then(|link| self.links.get_mut(&link)) else { return Ok(()) };
        match kind {
            Kind::Sent { packet, .. } => {
                link.flush()?;
                link.wait(at, packet);
                remark.into_iter().for_each(|remark| link.remark(remark));
            }
            Kind::Decided { decision, .. } => {
                if let Fault::Duplicated(_) = decision.fault {
                    link.twice.insert((decision.direction, decision.ordinal), link.frames + 1);
                }
                if let Some(text) = told(decision.fault) {
                    link.remark(&text);
                }
            }
            Kind::Dropped { reason: DropReason::Lost, .. } => link.remark("lost here"),
            Kind::Dropped { reason, .. } => link.remark(&format!("dropped here: {reason}")),
            Kind::Fragmented { pieces, .. } => link.remark(&format!("cut into {pieces} fragments here")),
            Kind::Delivered { direction, ordinal, duplicate: true, packet, .. } => {
                link.flush()?;
                link.wait(at, packet);
                if let Some(frame) = link.twice.remove(&(*direction, *ordinal)) {
                    link.remark(&format!("duplicate of packet {frame}"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends all captures; tells how many packets they have in all.
    ///
    /// # Errors
    /// When the last octets cannot be written.
    pub fn finish(self) -> io::Result<u64> {
        let mut frames = 0;
        for mut link in self.links.into_values() {
            link.flush()?;
            frames += link.frames;
            link.file.finish()?;
        }
        Ok(frames)
    }
}

impl<W: Write> LinkCapture<W> {
    fn wait(&mut self, at: Instant, packet: &IpPacket) {
        self.waiting = Some(at);
        self.octets.clear();
        self.octets.extend_from_slice(packet.as_bytes());
        self.comment.clear();
    }

    fn remark(&mut self, text: &str) {
        if !self.comment.is_empty() {
            self.comment.push_str("; ");
        }
        self.comment.push_str(text);
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(at) = self.waiting.take() else { return Ok(()) };
        self.frames += 1;
        let comment = (!self.comment.is_empty()).then_some(self.comment.as_str());
        self.file.packet(at, &self.octets, comment)
    }
}

/// What to say of a misfortune. A loss is told where the packet is dropped; jitter is not worth telling.
fn told(fault: Fault) -> Option<String> {
    match fault {
        Fault::Lost | Fault::Delayed(_) => None,
        Fault::Duplicated(_) => Some("comes twice".to_owned()),
        Fault::HeldBack(_) | Fault::Corrupted { .. } => Some(fault.to_string()),
    }
}
