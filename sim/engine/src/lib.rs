//! A deterministic discrete-event simulator of IP networks. It knows nothing of IPsec.
//!
//! A [`World`] holds nodes and the links between them, a clock that jumps from event to event, and a [`Trace`] in which
//! everything is written down. Randomness comes from named [`Streams`]; each misfortune of a packet is a [`Decision`]
//! that can be listed and replayed without the seed. The same world run twice gives the same digest, on any machine.

#![deny(clippy::float_arithmetic)]

mod alarm;
pub mod capture;
mod counters;
mod fault;
mod link;
mod node;
mod queue;
mod ratio;
mod streams;
mod trace;
mod wheel;
mod world;

pub use counters::Counters;
pub use fault::{Decision, Direction, Fate, Fault};
pub use link::{Change, LinkError, LinkId, LinkSettings};
pub use node::{Node, NodeId, Note, Port, Step};
pub use ratio::{ParseRatioError, Ratio};
pub use streams::{RandomStream, Streams};
pub use trace::{Decisions, Digest, DropReason, Kind, Observer, Recorder, Trace, first_difference};
pub use world::{Livelock, Setup, World};
