//! What a host tells of itself.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipsec_net::{Refused, tcp::NotTcp, udp::NotUdp};

use super::{ApplicationId, Binding};
use crate::{Note, Port};

/// A remark of a host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostNote {
    /// An address came.
    AddressAdded {
        /// The address.
        address: IpAddr,
        /// Its port.
        port: Port,
    },
    /// An address changed its port.
    AddressMoved {
        /// The address.
        address: IpAddr,
        /// The port that it was on.
        from: Port,
        /// The port that it is on now.
        to: Port,
    },
    /// An address went.
    AddressRemoved {
        /// The address.
        address: IpAddr,
        /// The port that it was on.
        port: Port,
    },
    /// A router said how large packets to a destination may be.
    PathMtu {
        /// The destination.
        destination: IpAddr,
        /// In octets.
        mtu: usize,
    },
    /// Datagrams were given up because fragments of theirs did not come in time.
    Incomplete {
        /// How many.
        datagrams: usize,
    },
    /// A packet was not taken or not sent.
    Dropped(Refusal),
    /// Something of a stream.
    Stream {
        /// Whose.
        application: ApplicationId,
        /// What.
        note: StreamNote,
    },
}

/// Why a host did not take or send a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// It came for somebody else.
    #[error("{0} is not an address of this host")]
    NotOurs(IpAddr),
    /// Its fragments do not make a datagram.
    #[error("{0}")]
    Fragment(#[from] Refused),
    /// It holds no datagram.
    #[error("{0}")]
    Datagram(#[from] NotUdp),
    /// It holds no segment.
    #[error("{0}")]
    Segment(#[from] NotTcp),
    /// An ICMP message with a wrong checksum, or of the other IP version.
    #[error("the ICMP checksum is wrong")]
    IcmpChecksum,
    /// An ICMP message that a host has no use for, or a Packet Too Big about a packet that it did not send or
    /// with an MTU that is nothing new.
    #[error("an ICMP message of type {0} without consequence")]
    Icmp(u8),
    /// A protocol that hosts do not speak.
    #[error("protocol {0} is not spoken here")]
    Protocol(u8),
    /// No application listens there.
    #[error("nobody listens to {0}")]
    NoListener(Binding),
    /// There is no port towards the destination, or no address to send from.
    #[error("no way to {0}")]
    NoRoute(IpAddr),
    /// The source is not, or no longer, an address of the host.
    #[error("{0} is not an address to send from")]
    SourceGone(IpAddr),
    /// The destination is the host itself: nothing is looped back.
    #[error("{0} is this host itself")]
    ToItself(IpAddr),
    /// It is larger than the path's MTU and must not be fragmented, or larger than any packet.
    #[error("{length} octets are more than the path's {mtu}")]
    TooBig {
        /// The length of the packet in octets.
        length: usize,
        /// The path's MTU in octets.
        mtu: usize,
    },
    /// Source and destination are of different IP versions.
    #[error("no packet to {0} can be built")]
    Unbuildable(IpAddr),
}

/// A remark of a stream's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamNote {
    /// The three-way handshake is complete.
    Opened {
        /// The other end.
        peer: SocketAddr,
        /// The maximum segment size in octets.
        maximum_segment_size: usize,
    },
    /// A segment was sent again.
    Retransmitted {
        /// The other end.
        peer: SocketAddr,
        /// Its first octet, counted from the beginning of the stream, the SYN being 0.
        offset: u64,
        /// Why.
        cause: Cause,
    },
    /// The stream is over.
    Closed {
        /// The other end.
        peer: SocketAddr,
        /// How it ended.
        ending: Ending,
    },
}

/// Why a segment was sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The retransmission timer ran out (RFC 6298 §5).
    Timeout,
    /// Three duplicate acknowledgments (RFC 5681 §3.2).
    FastRetransmit,
    /// A partial acknowledgment in fast recovery (RFC 6582 §3.2).
    PartialAcknowledgment,
    /// The path's MTU turned out to be smaller.
    PathMtu,
    /// The peer had no room for it, and has now (RFC 9293 §3.8.6.1).
    ClosedWindow,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Both sides said that they have no more, and both know.
    Orderly,
    /// The other end reset the connection.
    Reset,
    /// Retransmissions were in vain.
    TimedOut,
}

impl Note for HostNote {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }
}

impl fmt::Display for HostNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressAdded { address, port } => write!(f, "address {address} added at port {}", port.0),
            Self::AddressMoved { address, from, to } => {
                write!(f, "address {address} moved from port {} to port {}", from.0, to.0)
            }
            Self::AddressRemoved { address, port } => {
                write!(f, "address {address} removed from port {}", port.0)
            }
            Self::PathMtu { destination, mtu } => write!(f, "the path to {destination} carries {mtu} octets"),
            Self::Incomplete { datagrams } => write!(f, "gave up {datagrams} incomplete datagrams"),
            Self::Dropped(refusal) => write!(f, "dropped: {refusal}"),
            Self::Stream { application, note } => write!(f, "application {}: {note}", application.0),
        }
    }
}

impl fmt::Display for StreamNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { peer, maximum_segment_size } => {
                write!(f, "stream with {peer} opened, segments of {maximum_segment_size} octets")
            }
            Self::Retransmitted { peer, offset, cause } => {
                write!(f, "stream with {peer}: retransmitted octet {offset}, {cause}")
            }
            Self::Closed { peer, ending } => write!(f, "stream with {peer} closed: {ending}"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "timeout",
            Self::FastRetransmit => "fast retransmit",
            Self::PartialAcknowledgment => "partial acknowledgment",
            Self::PathMtu => "smaller path MTU",
            Self::ClosedWindow => "closed window",
        })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Orderly => "orderly",
            Self::Reset => "reset by the other end",
            Self::TimedOut => "timed out",
        })
    }
}
