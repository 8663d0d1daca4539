//! The IPsec data plane (RFC 4301, RFC 4302, RFC 4303): policies, security associations, ESP and AH in tunnel and transport
//! mode, replay protection, lifetimes.
//!
//! A [`Dataplane`] decides for each packet from inside whether it is protected, bypassed or discarded, and for each from
//! outside which SA it belongs to and whether it may pass.
//!
//! ```text
//! inside  → policy (SPD) → newest SA pair → sequence number → seal → outside
//! outside → SPI (SAD) → replay check → open → replay update → selector check → inside
//! ```

#![deny(clippy::float_arithmetic)]

pub mod ah;
mod dataplane;
mod drop;
mod ecn;
mod encapsulation;
pub mod esn;
pub mod esp;
mod fragment_ports;
mod inbound;
mod lifetime;
mod outbound;
mod path;
mod path_mtu;
mod replay;
mod sa;
mod sad;
mod selector;
mod spd;
mod status;
mod suite;
mod timers;
mod tunnel;
mod unselected;

pub use dataplane::{Dataplane, Due, Inbound, Outbound, Settings, Standby};
pub use drop::DropReason;
pub use encapsulation::{KEEPALIVE, Outer, UdpEncapsulation, keepalive};
pub use lifetime::{Expired, Lifetime, LifetimePolicy, Limit, Limits, Measure};
pub use path::{Nat, Path};
pub use replay::ReplayWindow;
pub use sa::{Bundled, DontFragment, Mode, SaOptions, SaPair, SaParameters};
pub use selector::{Flow, Selector};
pub use spd::{Action, FromPacket, Policy};
pub use status::{Direction, SaStatus};
pub use suite::{Advice, Encryption, Protection, Requirement, Suite};
pub use unselected::Unselected;
