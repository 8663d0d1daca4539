//! The captures of a world's links, made from its records while it runs.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use ipsec_net::{Instant, IpPacket};

use super::Capture;
use crate::{Direction, DropReason, Fault, Kind, LinkId};

/// A capture for each link that is given one.
///
/// A packet stands in its link's file as it was sent and when it was sent, lost ones too, with what befell it as its
/// comment; a second copy stands there as it arrived and when it arrived. A packet is written when its fate is known, so
/// those in flight are kept in memory.
pub struct Captures<W: Write> {
    links: BTreeMap<LinkId, LinkCapture<W>>,
}

struct LinkCapture<W: Write> {
    file: Capture<W>,
    /// How many packets the file has or will have.
    frames: u64,
    /// Packets in the order of the file, from the first one whose fate is not known yet.
    waiting: VecDeque<Frame>,
    /// Frames to be used again.
    spare: Vec<Frame>,
    /// The frames of packets that come twice.
    twice: BTreeMap<(Direction, u64), u64>,
}

/// A packet that is to be written.
#[derive(Default)]
struct Frame {
    at: Instant,
    octets: Vec<u8>,
    comment: String,
    /// The packet whose fate is awaited.
    open: Option<(Direction, u64)>,
}

impl<W: Write> Default for Captures<W> {
    fn default() -> Self {
        Self { links: BTreeMap::new() }
    }
}

impl<W: Write> Captures<W> {
    /// Captures `link` in `file`. Links without a file are passed over.
    pub fn add(&mut self, link: LinkId, file: Capture<W>) {
        let (waiting, spare, twice) = (VecDeque::new(), Vec::new(), BTreeMap::new());
        self.links.insert(link, LinkCapture { file, frames: 0, waiting, spare, twice });
    }

    /// Takes the next record of the trace. `remark` is what the caller has to say of a packet that is sent.
    ///
    /// # Errors
    /// When a file cannot be written to.
    pub fn record<T>(&mut self, at: Instant, kind: &Kind<'_, T>, remark: Option<&str>) -> io::Result<()> {
        let Some(link) = kind.link().and_then(|link| self.links.get_mut(&link)) else { return Ok(()) };
        match kind {
            Kind::Sent { packet, direction, ordinal, .. } => {
                let frame = link.push(at, packet, Some((*direction, *ordinal)));
                remark.into_iter().for_each(|remark| frame.remark(remark));
            }
            Kind::Decided { decision, .. } => {
                link.decided((decision.direction, decision.ordinal), decision.fault);
            }
            Kind::Dropped { direction, ordinal, reason, .. } => {
                let text = match reason {
                    DropReason::Lost => "lost here".to_owned(),
                    reason => format!("dropped here: {reason}"),
                };
                link.close((*direction, *ordinal), Some(&text))?;
            }
            Kind::Fragmented { direction, ordinal, pieces, .. } => {
                let text = format!("cut into {pieces} fragments here");
                link.close((*direction, *ordinal), Some(&text))?;
            }
            Kind::Marked { direction, ordinal, .. } => {
                let frame = link.find((*direction, *ordinal));
                frame.into_iter().for_each(|frame| frame.remark("marked by the queue: congestion met"));
            }
            Kind::Delivered { direction, ordinal, duplicate: false, .. } => {
                link.close((*direction, *ordinal), None)?;
            }
            Kind::Delivered { direction, ordinal, packet, .. } => {
                let first = link.twice.remove(&(*direction, *ordinal));
                let frame = link.push(at, packet, None);
                match first {
                    Some(first) => frame.remark(&format!("duplicate of packet {first}")),
                    None => frame.remark("duplicate"),
                }
                link.flush()?;
            }
            Kind::Copied { .. }
            | Kind::Changed { .. }
            | Kind::Unplugged { .. }
            | Kind::NodeChanged { .. }
            | Kind::Note { .. }
            | Kind::Mark(_) => {}
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
            for frame in &mut link.waiting {
                if frame.open.take().is_some() {
                    frame.remark("still on its way when the run ended");
                }
            }
            link.flush()?;
            frames += link.frames;
            link.file.finish()?;
        }
        Ok(frames)
    }
}

impl<W: Write> LinkCapture<W> {
    fn push(&mut self, at: Instant, packet: &IpPacket, open: Option<(Direction, u64)>) -> &mut Frame {
        let mut frame = self.spare.pop().unwrap_or_default();
        (frame.at, frame.open) = (at, open);
        frame.octets.clear();
        frame.octets.extend_from_slice(packet.as_bytes());
        frame.comment.clear();
        self.frames += 1;
        self.waiting.push_back(frame);
        let last = self.waiting.len() - 1;
        &mut self.waiting[last]
    }

    /// What is told of a packet that has just been sent.
    fn decided(&mut self, packet: (Direction, u64), fault: Fault) {
        if let Fault::Duplicated(_) = fault {
            self.twice.insert(packet, self.frames);
        }
        if let (Some(text), Some(frame)) = (told(fault), self.waiting.back_mut()) {
            frame.remark(&text);
        }
    }

    fn find(&mut self, packet: (Direction, u64)) -> Option<&mut Frame> {
        self.waiting.iter_mut().find(|frame| frame.open == Some(packet))
    }

    /// A packet's fate is known. A copy of a packet that is dropped later changes nothing.
    fn close(&mut self, packet: (Direction, u64), text: Option<&str>) -> io::Result<()> {
        let Some(frame) = self.find(packet) else { return Ok(()) };
        frame.open = None;
        text.into_iter().for_each(|text| frame.remark(text));
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.waiting.front().is_some_and(|frame| frame.open.is_none()) {
            let Some(frame) = self.waiting.pop_front() else { break };
            let comment = (!frame.comment.is_empty()).then_some(frame.comment.as_str());
            self.file.packet(frame.at, &frame.octets, comment)?;
            self.spare.push(frame);
        }
        Ok(())
    }
}

impl Frame {
    fn remark(&mut self, text: &str) {
        if !self.comment.is_empty() {
            self.comment.push_str("; ");
        }
        self.comment.push_str(text);
    }
}

/// What to say of a misfortune. A loss is told where the packet is dropped; jitter is not worth telling.
fn told(fault: Fault) -> Option<String> {
    match fault {
        Fault::Lost | Fault::Delayed(_) => None,
        Fault::Duplicated(_) => Some("comes twice".to_owned()),
        other => Some(other.to_string()),
    }
}
