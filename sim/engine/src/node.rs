//! What a world is made of.

use std::fmt;

use ipsec_net::{Instant, IpPacket};

/// The number of a node in its world, by the order in which nodes were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The node with this number.
    #[must_use]
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// The number.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A place on a node where a link is plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(pub u16);

/// Something that receives packets, sends packets and waits for instants.
///
/// After each [`Node::handle`] and [`Node::wake`], and after the world's owner has reached into the node, the world
/// calls [`Node::poll`] until it says [`Step::Idle`].
pub trait Node {
    /// What the node tells of itself.
    type Note: Note;

    /// Takes a packet that came in at `port`.
    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket);

    /// The instant has come that the last [`Step::Idle`] named.
    fn wake(&mut self, now: Instant);

    /// The next thing to do.
    fn poll(&mut self, now: Instant) -> Step<Self::Note>;
}

/// What a node wants done.
#[derive(Debug)]
pub enum Step<T> {
    /// Send this packet out at this port.
    Send {
        /// The port.
        port: Port,
        /// The packet.
        packet: IpPacket,
    },
    /// Write this down.
    Note(T),
    /// Nothing now; wake me then, unless something comes before.
    Idle {
        /// When, if ever.
        until: Option<Instant>,
    },
}

/// A typed remark of a node, with a form for people and one for the digest.
pub trait Note: fmt::Debug {
    /// Appends octets that tell this note from any other.
    fn write(&self, out: &mut Vec<u8>);
}

/// No remarks at all.
impl Note for () {
    fn write(&self, _out: &mut Vec<u8>) {}
}
