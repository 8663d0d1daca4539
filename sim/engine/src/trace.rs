//! What happened, as one stream of typed records with a running digest. Reports, oracles and captures read only this.

use std::fmt;
use std::sync::Arc;

use ipsec_net::{Instant, IpPacket};
use sha2::{Digest as _, Sha256};

use crate::{Decision, Direction, Fault, LinkId, NodeId, Note};

/// The kinds of records. `T` is the nodes' own type of remarks.
#[derive(Debug)]
pub enum Kind<'a, T> {
    /// A node put a packet on a link.
    Sent {
        /// The link.
        link: LinkId,
        /// The direction.
        direction: Direction,
        /// The packet's number in this direction.
        ordinal: u64,
        /// The packet as it was sent.
        packet: &'a IpPacket,
    },
    /// A packet came to the other end.
    Delivered {
        /// The link.
        link: LinkId,
        /// The direction.
        direction: Direction,
        /// The packet's number in this direction.
        ordinal: u64,
        /// Whether this is a second copy.
        duplicate: bool,
        /// The packet as it arrived.
        packet: &'a IpPacket,
    },
    /// A packet will never arrive.
    Dropped {
        /// The link.
        link: LinkId,
        /// The direction.
        direction: Direction,
        /// The packet's number in this direction.
        ordinal: u64,
        /// Why.
        reason: DropReason,
    },
    /// Something befell a packet.
    Decided {
        /// The link.
        link: LinkId,
        /// What befell which packet.
        decision: &'a Decision,
    },
    /// A packet was cut into this many fragments, which are put on the link next.
    Fragmented {
        /// The link.
        link: LinkId,
        /// The direction.
        direction: Direction,
        /// The packet's number in this direction.
        ordinal: u64,
        /// How many fragments.
        pieces: usize,
    },
    /// A node sent from a port without a link.
    Unplugged {
        /// The node.
        node: NodeId,
    },
    /// A node's remark.
    Note {
        /// The node.
        node: NodeId,
        /// The remark.
        note: &'a T,
    },
    /// A remark of the world's owner, such as a line of its script.
    Mark(&'a str),
}

/// Why a link dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// [`Fault::Lost`].
    Lost,
    /// The link was cut.
    Cut,
    /// Larger than the MTU and not to be fragmented.
    TooBig,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "lost",
            Self::Cut => "link cut",
            Self::TooBig => "larger than the MTU",
        })
    }
}

/// Watches a world while it runs.
pub trait Observer<T> {
    /// Takes the next record.
    fn record(&mut self, at: Instant, kind: &Kind<'_, T>);
}

/// Watches nothing.
impl<T> Observer<T> for () {
    fn record(&mut self, _at: Instant, _kind: &Kind<'_, T>) {}
}

/// The digest of a trace: SHA-256 over the records' canonical octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Receives records: hashes them and lets the observer see them.
#[derive(Debug)]
pub struct Trace<O> {
    /// Who watches.
    pub observer: O,
    hash: Option<Sha256>,
    /// Octets that wait to be hashed: hashing many at once is faster.
    pending: Vec<u8>,
    records: u64,
}

const BLOCK: usize = 64 * 1024;

impl<O> Trace<O> {
    pub(crate) fn new(observer: O, with_digest: bool) -> Self {
        let hash = with_digest.then(Sha256::new);
        Self { observer, hash, pending: Vec::new(), records: 0 }
    }

    /// How many records there were.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The digest so far; nothing when the world was set up without one.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        let mut hash = self.hash.clone()?;
        hash.update(&self.pending);
        Some(Digest(hash.finalize().into()))
    }

    pub(crate) fn record<T: Note>(&mut self, at: Instant, kind: &Kind<'_, T>)
    where
        O: Observer<T>,
    {
        self.records += 1;
        if let Some(hash) = &mut self.hash {
            write(at, kind, &mut self.pending);
            if self.pending.len() >= BLOCK {
                hash.update(&self.pending);
                self.pending.clear();
            }
        }
        self.observer.record(at, kind);
    }
}

/// Appends the canonical octets of a record: time, a tag, and its fields with lengths before what varies.
pub(crate) fn write<T: Note>(at: Instant, kind: &Kind<'_, T>, out: &mut Vec<u8>) {
    out.extend(at.as_nanos().to_be_bytes());
    let place = |out: &mut Vec<u8>, tag: u8, link: &LinkId, direction: &Direction, ordinal: &u64| {
        out.push(tag);
        out.extend(link.0.to_be_bytes());
        out.push(direction.index() as u8);
        out.extend(ordinal.to_be_bytes());
    };
    match kind {
        Kind::Sent { link, direction, ordinal, packet } => {
            place(out, 1, link, direction, ordinal);
            bytes(out, packet.as_bytes());
        }
        // What arrives is what was sent, but for decisions, which are written down too.
        Kind::Delivered { link, direction, ordinal, duplicate, packet } => {
            place(out, 2, link, direction, ordinal);
            out.push(u8::from(*duplicate));
            out.extend((packet.len() as u64).to_be_bytes());
        }
        Kind::Dropped { link, direction, ordinal, reason } => {
            place(out, 3, link, direction, ordinal);
            out.push(*reason as u8);
        }
        Kind::Decided { decision, .. } => {
            out.push(4);
            bytes(out, decision.link.as_bytes());
            out.push(decision.direction.index() as u8);
            out.extend(decision.ordinal.to_be_bytes());
            fault(out, decision.fault);
        }
        Kind::Fragmented { link, direction, ordinal, pieces } => {
            place(out, 5, link, direction, ordinal);
            out.extend((*pieces as u64).to_be_bytes());
        }
        Kind::Unplugged { node } => {
            out.push(6);
            out.extend(node.0.to_be_bytes());
        }
        Kind::Note { node, note } => {
            out.push(7);
            out.extend(node.0.to_be_bytes());
            let begin = out.len();
            out.extend([0; 8]);
            note.write(out);
            let length = (out.len() - begin - 8) as u64;
            out[begin..begin + 8].copy_from_slice(&length.to_be_bytes());
        }
        Kind::Mark(text) => {
            out.push(8);
            bytes(out, text.as_bytes());
        }
    }
}

fn fault(out: &mut Vec<u8>, fault: Fault) {
    let nanos = |duration: std::time::Duration| duration.as_nanos().to_be_bytes();
    match fault {
        Fault::Lost => out.push(1),
        Fault::Delayed(by) => {
            out.push(2);
            out.extend(by.to_be_bytes());
        }
        Fault::HeldBack(by) => {
            out.push(3);
            out.extend(nanos(by));
        }
        Fault::Duplicated(after) => {
            out.push(4);
            out.extend(nanos(after));
        }
        Fault::Corrupted { bit } => {
            out.push(5);
            out.extend(bit.to_be_bytes());
        }
    }
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Keeps the canonical octets and a readable line of each record, to compare two runs.
#[derive(Debug, Default)]
pub struct Recorder {
    records: Vec<(Vec<u8>, String)>,
}

impl<T: Note> Observer<T> for Recorder {
    fn record(&mut self, at: Instant, kind: &Kind<'_, T>) {
        let mut octets = Vec::new();
        write(at, kind, &mut octets);
        self.records.push((octets, format!("{at} {kind:?}")));
    }
}

/// Where two runs part: the first record that differs, with up to `around` records before it, from both runs.
#[must_use]
pub fn first_difference(a: &Recorder, b: &Recorder, around: usize) -> Option<String> {
    let differs = |index: &usize| a.records.get(*index).map(|r| &r.0) != b.records.get(*index).map(|r| &r.0);
    let index = (0..a.records.len().max(b.records.len())).find(differs)?;
    let mut text = String::new();
    for before in &a.records[index.saturating_sub(around)..index] {
        text.push_str(&format!("    both: {}\n", before.1));
    }
    let line =
        |run: &Recorder| run.records.get(index).map_or("(no more records)", |r| r.1.as_str()).to_owned();
    text.push_str(&format!(
        "record {index}, first run: {}\nrecord {index}, second run: {}\n",
        line(a),
        line(b)
    ));
    Some(text)
}

/// Collects the decisions of a run.
#[derive(Debug, Default)]
pub struct Decisions(pub Vec<Decision>);

impl<T> Observer<T> for Decisions {
    fn record(&mut self, _at: Instant, kind: &Kind<'_, T>) {
        if let Kind::Decided { decision, .. } = kind {
            self.0.push(Decision { link: Arc::clone(&decision.link), ..(*decision).clone() });
        }
    }
}
