//! Real implementations held to scenarios: daemons in network namespaces stand in the places of peers, and the simulated
//! links, translators and faults lie between them.
//!
//! A cell is a scenario with two implementations: the first one plays the file's first peer, the second one its second. What
//! a story expects is looked up where a peer's state is told: of our peers in what they hold and say, of daemons in what they
//! tell over their control interface. The oracles read the packets of both.

mod cell;
mod daemon;
mod known;
mod observable;
mod openiked;
mod strongswan;
mod vici;

pub use cell::{Cell, cells, play};
pub use known::{Known, KnownError};

/// Who can play a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Implementation {
    /// A virtual peer.
    Ours,
    /// strongSwan in a network namespace.
    StrongSwan,
    /// OpenIKED; what it would be told.
    OpenIked,
}

impl Implementation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ours, Self::StrongSwan, Self::OpenIked];

    /// Its name in commands and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::StrongSwan => "strongswan",
            Self::OpenIked => "openiked",
        }
    }

    /// What this machine lacks to run it, in a sentence; nothing when it lacks nothing.
    #[must_use]
    pub fn missing(self) -> Option<String> {
        match self {
            Self::Ours => None,
            Self::StrongSwan => bridge::missing().or_else(strongswan::missing),
            Self::OpenIked => openiked::missing(),
        }
    }

    /// What it says that it is, if it is there.
    #[must_use]
    pub fn version(self) -> String {
        match self {
            Self::Ours => format!("Esplanade {}", env!("CARGO_PKG_VERSION")),
            Self::StrongSwan => strongswan::version(),
            Self::OpenIked => openiked::version(),
        }
    }
}
