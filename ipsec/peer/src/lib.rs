//! An IPsec peer: IKE and the data plane behind one pair of verbs.
//!
//! A [`Peer`] has no socket, clock or thread. Give it one [`Input`] with the time, then drain [`Peer::poll`] until it
//! says [`Output::Idle`], and come back with the next input or at the instant that it named:
//!
//! ```text
//! loop {
//!     peer.handle(now, input);
//!     until = loop {
//!         match peer.poll(now) {
//!             Output::Outside(packet) => …,            // to the network
//!             Output::Inside(packet) => …,             // to the protected side
//!             Output::Event(event) => …,               // for people, key logs and oracles
//!             Output::Idle { until, .. } => break until,
//!         }
//!     };
//! }
//! ```

#![deny(clippy::float_arithmetic)]

mod command;
mod config;
mod event;
mod outside;
mod peer;
mod status;
mod waiting;

pub use command::Command;
pub use config::{Config, ConfigError, ManualSa};
pub use event::{DropReason, Dropped, Event};
pub use peer::{AddressChange, Input, Luck, Output, Peer, TimerReason};
pub use status::Status;

pub use ipsec_auth as auth;
pub use ipsec_crypto as crypto;
pub use ipsec_dataplane as dataplane;
pub use ipsec_ikev1 as ikev1;
pub use ipsec_ikev2 as ikev2;
pub use ipsec_net as net;
pub use ipsec_wire as wire;
