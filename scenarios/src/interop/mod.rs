//! Real implementations held to scenarios: daemons in network namespaces stand in the places of peers, and the simulated
//! links, translators and faults lie between them.
//!
//! A cell is a scenario with two implementations: the first one plays the file's first peer, the second one its second. What
//! a story expects is looked up where a peer's state is told: of our peers in what they hold and say, of daemons in what they
//! tell over their control interface. The oracles read the packets of both.

mod cell;
mod contract;
mod daemon;
mod held;
mod observable;
mod openiked;
mod strongswan;
mod vici;

pub use cell::{Cell, cells, play};
pub use contract::External;

/// Who can play a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Implementation {
    /// A virtual peer.
    Ours,
    /// strongSwan in a network namespace.
    StrongSwan,
    /// OpenIKED; what it would be told.
    OpenIked,
    /// Any other one, behind an adapter of its own.
    External(&'static External),
}

impl Implementation {
    /// All that there are adapters for here.
    pub const ALL: [Self; 3] = [Self::Ours, Self::StrongSwan, Self::OpenIked];

    /// Its name in commands and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::StrongSwan => "strongswan",
            Self::OpenIked => "openiked",
            Self::External(external) => &external.name,
        }
    }

    /// What this machine lacks to run it, in a sentence; nothing when it lacks nothing.
    #[must_use]
    pub fn missing(self) -> Option<String> {
        match self {
            Self::Ours => None,
            Self::StrongSwan => bridge::missing().or_else(strongswan::missing),
            Self::OpenIked => openiked::missing(),
            Self::External(external) => bridge::missing().or_else(|| external.version().err()),
        }
    }

    /// What it says that it is, if it is there.
    #[must_use]
    pub fn version(self) -> String {
        match self {
            Self::Ours => format!("Esplanade {}", env!("CARGO_PKG_VERSION")),
            Self::StrongSwan => strongswan::version(),
            Self::OpenIked => openiked::version(),
            Self::External(external) => external.version().unwrap_or_else(|why| why),
        }
    }
}
