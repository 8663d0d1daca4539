//! IKEv2 (RFC 7296), without clock, socket or thread.
//!
//! An [`Endpoint`] is all the IKE SAs of one host. It is given messages, commands and the time, and says what to do.
//! Inside, an SA is a record (`sa`), an exchange looks at it and returns effects (`exchange`, `effect`), and one hand
//! carries them out (`apply`); message IDs and repetition live in `window` alone.
//!
//! ```text
//! initiator                                     responder
//! IKE_SA_INIT request   SA KE Ni       ------->
//!                                      <-------   IKE_SA_INIT response   SA KE Nr
//! IKE_AUTH request      IDi AUTH SA TS ------->
//!                                      <-------   IKE_AUTH response      IDr AUTH SA TS
//! ```
//!
//! An SA that grows old is replaced: `CREATE_CHILD_SA` makes a new one, and a Delete ends the old one. What both ends begin
//! at once is settled in `collision`, by pure functions (RFC 7296 §2.8, §2.25).

#![deny(clippy::float_arithmetic)]

mod apply;
mod collision;
mod config;
mod connections;
mod context;
mod defence;
mod effect;
mod endpoint;
mod event;
mod exchange;
mod failover;
mod features;
mod gateway;
mod grammar;
mod held;
pub mod keys;
mod message;
mod mobility;
mod nat;
mod negotiate;
mod output;
mod path;
mod probes;
mod protect;
mod refusal;
mod sa;
mod session;
mod status;
mod table;
mod ticket;
mod timers;
mod window;

pub use config::{
    Assigns, ChildConfig, Childless, Config, Connection, CookiePolicy, Fragmentation, Further, OnClose,
    OnLoss, PuzzlePolicy, Reauthentication, RedirectPolicy, RedirectTime, Routability, Service, Uniqueness,
};
pub use config::{FullTranscript, Ppk, PpkConfig, PpkMethod, Synchronisation};
pub use endpoint::{Endpoint, UnknownName};
pub use event::{Cause, ChildRecord, Event, IkeKeyRecord, MessageRecord};
pub use failover::{LEAP, Standby};
pub use gateway::Gateway;
pub use ipsec_auth::PoolConfig;
pub use ipsec_net::Retransmission;
pub use ipsec_wire::{IKE_PORT, NAT_PORT};
pub use negotiate::{AdditionalKeyExchanges, ChildProposal, ChildSuite, Disagreement, IkeProposal, IkeSuite};
pub use output::Output;
pub use path::Nat;
pub use probes::PROBES;
pub use refusal::{DropReason, Failure, FragmentFault};
pub use sa::{Inside, Role};
pub use status::{ChildStatus, IkeSaStatus, Stage};
pub use ticket::TicketPolicy;
pub use timers::TimerReason;
