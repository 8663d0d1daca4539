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
pub mod esp;
mod replay;
mod sa;
mod sad;
mod selector;
mod sequence;
mod spd;
mod suite;

pub use dataplane::{Dataplane, Inbound, Outbound, SaStatus};
pub use drop::DropReason;
pub use replay::ReplayWindow;
pub use sa::{Mode, SaPair, SaParameters};
pub use selector::{Flow, Selector};
pub use sequence::infer_high;
pub use spd::{Action, Policy};
pub use suite::{Encryption, Suite};
