//! IKEv1 (RFC 2407, RFC 2408, RFC 2409), without clock, socket or thread.
//!
//! An [`Endpoint`] is all the SAs of one host that version 1 sets up. It is given messages, commands and the time, and says
//! what to do. Inside, an ISAKMP SA is a record (`sa`), an exchange looks at it and returns effects (`exchange`, `effect`), and
//! one hand carries them out (`apply`). IVs and repeats belong to an exchange (`session`, `resend`).
//!
//! ```text
//! phase 1   main mode         SA, KE and Nonce, {ID HASH}, each from both ends     one ISAKMP SA
//!           aggressive mode   the same in three messages
//! between   transaction       {HASH ATTR} from both ends                           users (XAUTH), inside addresses
//! phase 2   quick mode        {HASH SA Nonce [KE] [ID ID]}, {HASH}                 IPsec SAs, as often as wanted
//!           informational     {HASH N} or {HASH D}                                 a word that nobody answers
//! ```
//!
//! Vendor IDs tell what the ends can do besides (`features`): get through NAT (`nat`), put messages together from pieces
//! (`fragments`), answer whether they are alive. IPsec SAs outlive the ISAKMP SA that they were made under (`children`).

#![deny(clippy::float_arithmetic)]

mod apply;
mod authentication;
mod children;
mod config;
mod context;
mod effect;
mod endpoint;
mod event;
mod exchange;
mod farewell;
mod features;
mod fragments;
mod grammar;
pub mod keys;
mod message;
mod nat;
mod negotiate;
mod output;
mod parting;
mod probes;
mod protect;
mod refusal;
mod refused;
mod resend;
mod sa;
mod session;
mod status;
mod through_nat;
mod timers;

pub use authentication::{Authentication, Encryption, Signatures};
pub use config::{Assigns, ChildConfig, Config, Connection, Mode, Xauth};
pub use endpoint::{Endpoint, UnknownName};
pub use event::{Cause, ChildRecord, Event, IkeKeyRecord, MessageRecord};
pub use nat::NatTraversal;
pub use negotiate::{ChildSuite, Disagreement, IkeSuite, Method, Side, protection};
pub use output::Output;
pub use probes::PROBES;
pub use refusal::{DropReason, Failure};
pub use sa::Role;
pub use status::{ChildStatus, IkeSaStatus, Status};
pub use timers::TimerReason;
