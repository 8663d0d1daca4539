//! What a translator tells of itself.

use std::net::{SocketAddr, SocketAddrV4};

use super::super::flow::{Flow, write_endpoint};
use super::super::report::Report;
use super::behaviour::Scope;
use super::mapping::Mapping;
use crate::Note;

/// Who inside is who outside, toward whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding {
    /// The protocol.
    pub protocol: u8,
    /// The inside endpoint.
    pub inside: SocketAddrV4,
    /// The outside endpoint.
    pub outside: SocketAddrV4,
    /// For which remote endpoints.
    pub scope: Scope,
}

impl From<&Mapping> for Binding {
    fn from(mapping: &Mapping) -> Self {
        let Mapping { protocol, inside, outside, scope, .. } = *mapping;
        Self { protocol, inside, outside, scope }
    }
}

/// What happened in a translator. A flow is that of the packet as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NatNote {
    /// A mapping was made.
    Mapped(Binding),
    /// A mapping's time was over.
    Expired(Binding),
    /// The translator restarted and forgot this many mappings.
    Restarted {
        /// How many.
        mappings: usize,
    },
    /// A packet ended here.
    Dropped {
        /// Why.
        reason: NatDrop,
        /// The packet.
        flow: Flow,
        /// What its source was told. When an error was sent, it is the next packet sent.
        report: Report,
    },
    /// A fragment waits for the first one of its datagram.
    Held {
        /// The fragment.
        flow: Flow,
    },
    /// A packet was an echo request to the translator itself, and the reply is the next packet sent.
    Answered {
        /// The request.
        flow: Flow,
    },
    /// A packet was cut into fragments, which are sent next.
    Fragmented {
        /// The packet.
        flow: Flow,
        /// How many fragments.
        pieces: usize,
    },
}

/// Why a translator dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum NatDrop {
    /// It came in at a port that a translator does not have.
    #[error("no such port")]
    NoSuchPort,
    /// It is not IPv4.
    #[error("not IPv4")]
    NotIpv4,
    /// Its source or destination is not a single host's.
    #[error("not unicast")]
    NotUnicast,
    /// Its upper-layer header, or that of the packet that it quotes, is not all there or wrong.
    #[error("malformed")]
    Malformed,
    /// An ICMP message that is neither echo nor an error.
    #[error("an ICMP message that is not translated")]
    OtherIcmp,
    /// A protocol without ports, and those are not passed.
    #[error("a protocol that is not translated")]
    OtherProtocol,
    /// It came from outside to an address that is not the translator's.
    #[error("not an address of this translator")]
    NotOurs,
    /// It was to the translator itself, which does not answer it.
    #[error("the translator has no such service")]
    NoService,
    /// No mapping exists for it, and it makes none.
    #[error("no mapping")]
    NoMapping,
    /// A mapping exists, but it does not let this remote endpoint in.
    #[error("filtered")]
    Filtered,
    /// It was to another inside host's outside endpoint, and hairpinning is off.
    #[error("no hairpinning")]
    NoHairpinning,
    /// No outside port is free for a new mapping.
    #[error("no port is free")]
    PortsExhausted,
    /// Another inside host uses the outside address for this protocol.
    #[error("another host uses the pass-through")]
    PassThroughTaken,
    /// A later fragment came before the first, and must not wait.
    #[error("a fragment out of order")]
    FragmentOutOfOrder,
    /// A later fragment waited too long for the first.
    #[error("the first fragment did not come")]
    FragmentTimeout,
    /// The translator restarted while it waited.
    #[error("the translator restarted")]
    Restarted,
    /// Its hop limit ran out.
    #[error("hop limit exceeded")]
    HopLimit,
    /// Larger than the MTU, and not to be fragmented.
    #[error("larger than the MTU and not to be fragmented")]
    TooBig,
    /// To be fragmented, but the MTU leaves no room for a fragment.
    #[error("the MTU leaves no room for a fragment")]
    MtuTooSmall,
}

impl Note for NatNote {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Mapped(binding) => {
                out.push(0);
                binding.write(out);
            }
            Self::Expired(binding) => {
                out.push(1);
                binding.write(out);
            }
            Self::Restarted { mappings } => {
                out.push(2);
                out.extend((*mappings as u64).to_be_bytes());
            }
            Self::Dropped { reason, flow, report } => {
                out.extend([3, *reason as u8, *report as u8]);
                flow.write(out);
            }
            Self::Held { flow } => {
                out.push(4);
                flow.write(out);
            }
            Self::Answered { flow } => {
                out.push(5);
                flow.write(out);
            }
            Self::Fragmented { flow, pieces } => {
                out.push(6);
                flow.write(out);
                out.extend((*pieces as u64).to_be_bytes());
            }
        }
    }
}

impl Binding {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.protocol);
        write_endpoint(SocketAddr::V4(self.inside), out);
        write_endpoint(SocketAddr::V4(self.outside), out);
        match self.scope {
            Scope::Anywhere => out.push(0),
            Scope::Address(address) => {
                out.push(1);
                out.extend(address.octets());
            }
            Scope::Endpoint(endpoint) => {
                out.push(2);
                write_endpoint(SocketAddr::V4(endpoint), out);
            }
        }
    }
}
