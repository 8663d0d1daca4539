//! Scenario files: TOML for the nouns (peers, links, IKE and child configurations, traffic) and a story for what happens.
//!
//! A file may include the nouns of others, and have several cases, whose values are filled in first. Then it is read in three steps. TOML becomes *nouns* that
//! still know where in the file each value stands; the nouns are *resolved* into a [`Scenario`], in which each reference is
//! checked and each default filled in; and the story is read against their names. Whatever is wrong is collected and told at
//! once, with line, column and a suggestion.

mod cases;
mod include;
mod nouns;
mod proposal;
mod read;
mod reference;
mod resolve;
mod scenario;
pub mod version1;

pub use proposal::{ChildProposal, IkeProposal};
pub use read::{load, load_all, parse, source};
pub use reference::{page, schema};
pub(crate) use scenario::shared_key;
pub use scenario::{
    Assault, Authentication, Authority, Certificate, Child, ChildEnd, ChildLife, ChildTerms, Clause, Clock,
    Cookies, Demand, Firewall, Host, Ike, IkeEnd, IkeLife, KnownFailure, Line, Link, LinkEnd, List, Manual,
    ManualAh, ManualEnd, ManualKeying, Method, Mobility, Mode, Nat, NatTraversal, Ocsp, OcspWord, Part, Peer,
    PeerAddress, Policy, PolicyAction, Pool, Proof, Quality, Quantum, Retransmission, Router, Scenario,
    Spread, Tester, TicketGrant, Traffic, TrafficKind, Validity,
};

#[cfg(test)]
mod tests;
