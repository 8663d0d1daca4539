//! What happened, as one stream of typed records with a running digest. Reports, oracles and captures read only this.

mod octets;
mod recorder;

use std::fmt;

use ipsec_net::{Instant, IpPacket};
use sha2::{Digest as _, Sha256};

use crate::{Change, Decision, Direction, LinkId, NodeId, Note, Port};

pub use recorder::{Recorder, first_difference};

/// The kinds of records. `T` is the nodes' own type of remarks.
#[derive(Debug)]
pub enum Kind<'a, T> {
    /// A packet was put on a link: by the node at its near end, or by the link itself as a fragment or a Packet Too Big.
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
    /// A queue marked a packet instead of dropping it.
    Marked {
        /// The link.
        link: LinkId,
        /// The direction.
        direction: Direction,
        /// The packet's number in this direction.
        ordinal: u64,
    },
    /// The world's owner made a second copy of a packet in flight.
    Copied {
        /// The link.
        link: LinkId,
        /// The direction.
        direction: Direction,
        /// The packet's number in this direction.
        ordinal: u64,
    },
    /// A node sent from a port without a link. The packet is gone.
    Unplugged {
        /// The node.
        node: NodeId,
        /// The port.
        port: Port,
        /// The packet.
        packet: &'a IpPacket,
    },
    /// The world's owner changed how a link behaves.
    Changed {
        /// The link.
        link: LinkId,
        /// The direction, unless it was both.
        direction: Option<Direction>,
        /// What was done.
        change: Change,
    },
    /// The world's owner did something to a node.
    NodeChanged {
        /// The node.
        node: NodeId,
        /// What was done.
        change: NodeChange,
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

impl<T> Kind<'_, T> {
    /// The link on which it happened, if it was on one.
    #[must_use]
    pub fn link(&self) -> Option<LinkId> {
        match self {
            Self::Sent { link, .. }
            | Self::Delivered { link, .. }
            | Self::Dropped { link, .. }
            | Self::Decided { link, .. }
            | Self::Fragmented { link, .. }
            | Self::Marked { link, .. }
            | Self::Copied { link, .. }
            | Self::Changed { link, .. } => Some(*link),
            Self::Unplugged { .. } | Self::NodeChanged { .. } | Self::Note { .. } | Self::Mark(_) => None,
        }
    }
}

/// Why a link dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// [`crate::Fault::Lost`].
    Lost,
    /// The link was cut.
    Cut,
    /// Larger than the MTU and not to be fragmented.
    TooBig,
    /// The queue before the link is full.
    QueueFull,
    /// It waited too long in the queue before the link ([`crate::CoDel`]).
    CoDel,
    /// What damage left of it is no IP packet.
    Damaged,
    /// The node at the far end has crashed.
    NodeDown,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "lost",
            Self::Cut => "link cut",
            Self::TooBig => "larger than the MTU",
            Self::QueueFull => "queue full",
            Self::CoDel => "waited too long in the queue",
            Self::Damaged => "damaged beyond being an IP packet",
            Self::NodeDown => "nobody there",
        })
    }
}

/// What a world's owner does to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeChange {
    /// It crashed.
    Crashed,
    /// It was started again.
    Restarted,
    /// Its clock was set.
    Clock,
}

impl fmt::Display for NodeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crashed => "crashed",
            Self::Restarted => "restarted",
            Self::Clock => "clock set",
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
            octets::write(at, kind, &mut self.pending);
            if self.pending.len() >= BLOCK {
                hash.update(&self.pending);
                self.pending.clear();
            }
        }
        self.observer.record(at, kind);
    }
}

/// Collects the decisions of a run.
#[derive(Debug, Default)]
pub struct Decisions(pub Vec<Decision>);

impl<T> Observer<T> for Decisions {
    fn record(&mut self, _at: Instant, kind: &Kind<'_, T>) {
        if let Kind::Decided { decision, .. } = kind {
            self.0.push((*decision).clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha_256_over_the_canonical_octets_however_they_are_hashed() {
        let texts: Vec<String> = (0..3000).map(|number| format!("line {number} of a long story")).collect();
        let (mut trace, mut octets) = (Trace::new((), true), Vec::new());
        for (number, text) in (0..).zip(&texts) {
            let at = Instant::from_nanos(number);
            trace.record::<()>(at, &Kind::Mark(text));
            octets::write::<()>(at, &Kind::Mark(text), &mut octets);
        }
        assert!(octets.len() > BLOCK);
        assert_eq!(trace.digest(), Some(Digest(Sha256::digest(&octets).into())));
        assert_eq!(trace.records(), 3000);
    }

    #[test]
    fn without_a_digest_nothing_is_hashed() {
        let mut trace = Trace::new((), false);
        trace.record::<()>(Instant::ZERO, &Kind::Mark("begin"));
        assert_eq!((trace.digest(), trace.records()), (None, 1));
    }
}
