//! The IPsec data plane (RFC 4301, RFC 4303): policies, security associations, ESP in tunnel mode, replay protection.
//!
//! A [`Dataplane`] decides for each packet from inside whether it is protected, bypassed or discarded, and for each from
//! outside which SA it belongs to and whether it may pass.
//!
//! ```text
//! inside  → policy (SPD) → newest SA pair → sequence number → seal → outside
//! outside → SPI (SAD) → replay check → open → replay update → selector check → inside
//! ```

#![deny(clippy::float_arithmetic)]

mod dataplane;
mod drop;
mod ecn;
pub mod esn;
pub mod esp;
mod inbound;
mod outbound;
mod replay;
mod sa;
mod sad;
mod selector;
mod spd;
mod status;
mod suite;
mod tunnel;

pub use dataplane::{Dataplane, Inbound, Outbound};
pub use drop::DropReason;
pub use replay::ReplayWindow;
pub use sa::{Mode, SaPair, SaParameters};
pub use selector::{Flow, Selector};
pub use spd::{Action, Policy};
pub use status::{Direction, SaStatus};
pub use suite::{Encryption, Suite};
