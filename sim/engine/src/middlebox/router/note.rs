//! What a router tells of itself.

use super::super::{Flow, Report};
use crate::Note;

/// What became of a packet that a router did not just forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouterNote {
    /// It ended here.
    Dropped {
        /// Why.
        reason: RouterDrop,
        /// The packet.
        flow: Flow,
        /// What its source was told. When an error was sent, it is the next packet sent, or its fragments
        /// are.
        report: Report,
    },
    /// It was an echo request to the router itself, and the reply is the next packet sent, or its fragments
    /// are.
    Answered {
        /// The request.
        flow: Flow,
    },
    /// It was cut into fragments, which are sent next.
    Fragmented {
        /// The packet.
        flow: Flow,
        /// How many fragments.
        pieces: usize,
    },
}

/// Why a router dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum RouterDrop {
    /// No route leads to its destination.
    #[error("no route")]
    NoRoute,
    /// Its hop limit ran out.
    #[error("hop limit exceeded")]
    HopLimit,
    /// Larger than the MTU, and not to be fragmented.
    #[error("larger than the MTU and not to be fragmented")]
    TooBig,
    /// To be fragmented, but the MTU leaves no room for a fragment.
    #[error("the MTU leaves no room for a fragment")]
    MtuTooSmall,
    /// Its destination is a multicast address.
    #[error("multicast is not routed")]
    Multicast,
    /// Its source or destination must not be seen beyond a link or host.
    #[error("an address that is never forwarded")]
    Martian,
    /// It was to the router itself, and no echo request.
    #[error("the router has no such service")]
    NoService,
}

impl Note for RouterNote {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Dropped { reason, flow, report } => {
                out.extend([0, *reason as u8, *report as u8]);
                flow.write(out);
            }
            Self::Answered { flow } => {
                out.push(1);
                flow.write(out);
            }
            Self::Fragmented { flow, pieces } => {
                out.push(2);
                flow.write(out);
                out.extend((*pieces as u64).to_be_bytes());
            }
        }
    }
}
