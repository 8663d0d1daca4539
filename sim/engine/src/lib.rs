//! A deterministic discrete-event simulator of IP networks. It knows nothing of IPsec.
//!
//! A [`World`] holds nodes and the links between them, a clock that jumps from event to event, and a [`Trace`] in which
//! everything is written down. Randomness comes from named [`Streams`]; each misfortune of a packet is a [`Decision`]
//! that can be listed, saved as text and replayed without the seed. The same world run twice gives the same digest, on any
//! machine.
//!
//! What links do to packets is in [`LinkSettings`] and [`Rule`]; [`host`] has hosts with their traffic, [`middlebox`] routers,
//! NATs and firewalls, [`capture`] pcapng files. [`exhaust`] runs every order, loss and duplication of the messages in
//! flight, [`Swarm`] switches whole kinds of misfortune off, and [`shrink`] finds out which decisions matter.
//!
//! To let the wall clock drive a world, ask it for its next instant ([`World::next`]), wait, and advance it
//! ([`World::run_until`]); packets come in and out through a node of the owner's ([`World::with`]).

#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

mod alarm;
pub mod capture;
mod clock;
mod counters;
mod distribution;
mod exhaust;
mod fault;
pub mod host;
mod link;
pub mod middlebox;
mod node;
mod queue;
mod ratio;
mod shrink;
mod streams;
mod swarm;
mod trace;
mod wheel;
mod world;

pub use clock::{Clock, ClockError};
pub use counters::Counters;
pub use distribution::{exponential, normal};
pub use exhaust::{Bounds, Choice, Exhausted, Failure, exhaust, retrace};
pub use fault::{Decision, Direction, Fate, Fault, ParseDecisionError};
pub use link::{
    Bottleneck, Change, CoDel, Hold, Jitter, LinkError, LinkId, LinkProblem, LinkSettings, Loss, Outage, Rule,
};
pub use node::{Node, NodeId, Note, Port, Step};
pub use ratio::{ParseRatioError, Ratio};
pub use shrink::shrink;
pub use streams::{RandomStream, Streams};
pub use swarm::{Misfortune, Swarm};
pub use trace::{
    Decisions, Digest, DropReason, Kind, NodeChange, Observer, Recorder, Trace, first_difference,
};
pub use world::{InFlight, Livelock, Setup, World};
