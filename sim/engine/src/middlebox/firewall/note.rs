//! What a packet filter tells of itself.

use super::super::{Flow, Side};
use crate::Note;

/// What happened in a packet filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FirewallNote {
    /// A flow was let through, and goes on from now.
    Opened {
        /// The flow.
        flow: Flow,
        /// The side where it was begun.
        begun: Side,
    },
    /// A flow's time was over.
    Expired {
        /// The flow.
        flow: Flow,
        /// The side where it was begun.
        begun: Side,
    },
    /// The filter restarted and forgot this many flows.
    Restarted {
        /// How many.
        states: usize,
    },
    /// A packet ended here.
    Dropped {
        /// Why.
        reason: FirewallDrop,
        /// The packet.
        flow: Flow,
    },
    /// A fragment waits for the first one of its datagram.
    Held {
        /// The fragment.
        flow: Flow,
    },
}

/// Why a packet filter dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum FirewallDrop {
    /// It came in at a port that a filter does not have.
    #[error("no such port")]
    NoSuchPort,
    /// Its upper-layer header, or that of the packet that it quotes, is not all there or wrong.
    #[error("malformed")]
    Malformed,
    /// Fragments are forbidden.
    #[error("fragments are forbidden")]
    Fragment,
    /// ESP in UDP is forbidden.
    #[error("ESP in UDP is forbidden")]
    UdpEncapsulatedEsp,
    /// ESP is forbidden.
    #[error("ESP is forbidden")]
    Esp,
    /// AH is forbidden.
    #[error("AH is forbidden")]
    Ah,
    /// ICMP errors are forbidden.
    #[error("ICMP errors are forbidden")]
    IcmpError,
    /// This UDP port is forbidden.
    #[error("the UDP port is forbidden")]
    UdpPort,
    /// An ICMP error about a packet of no flow that goes on.
    #[error("an ICMP error about no known flow")]
    UnrelatedError,
    /// Flows begun outside are forbidden.
    #[error("flows begun outside are forbidden")]
    NewInbound,
    /// The rule with this index says so.
    #[error("rule {0} drops it")]
    Rule(usize),
    /// No rule matches, and the default says so.
    #[error("no rule lets it through")]
    Default,
    /// No more flows are remembered.
    #[error("no room for another flow")]
    StatesExhausted,
    /// A later fragment came before the first, and must not wait.
    #[error("a fragment out of order")]
    FragmentOutOfOrder,
    /// A later fragment waited too long for the first.
    #[error("the first fragment did not come")]
    FragmentTimeout,
    /// The filter restarted while it waited.
    #[error("the filter restarted")]
    Restarted,
}

impl FirewallDrop {
    /// A number of its own for each reason; rules are told apart by their index beside it.
    fn number(self) -> [u8; 9] {
        let (number, index) = match self {
            Self::NoSuchPort => (0, 0),
            Self::Malformed => (1, 0),
            Self::Fragment => (2, 0),
            Self::UdpEncapsulatedEsp => (3, 0),
            Self::Esp => (4, 0),
            Self::Ah => (5, 0),
            Self::IcmpError => (6, 0),
            Self::UdpPort => (7, 0),
            Self::UnrelatedError => (8, 0),
            Self::NewInbound => (9, 0),
            Self::Rule(index) => (10, index as u64),
            Self::Default => (11, 0),
            Self::StatesExhausted => (12, 0),
            Self::FragmentOutOfOrder => (13, 0),
            Self::FragmentTimeout => (14, 0),
            Self::Restarted => (15, 0),
        };
        let mut octets = [number; 9];
        octets[1..].copy_from_slice(&index.to_be_bytes());
        octets
    }
}

impl Note for FirewallNote {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Opened { flow, begun } => {
                out.extend([0, *begun as u8]);
                flow.write(out);
            }
            Self::Expired { flow, begun } => {
                out.extend([1, *begun as u8]);
                flow.write(out);
            }
            Self::Restarted { states } => {
                out.push(2);
                out.extend((*states as u64).to_be_bytes());
            }
            Self::Dropped { reason, flow } => {
                out.push(3);
                out.extend(reason.number());
                flow.write(out);
            }
            Self::Held { flow } => {
                out.push(4);
                flow.write(out);
            }
        }
    }
}
