//! Rekeying of Child SAs and of the IKE SA between two endpoints (RFC 7296 §2.8, §2.25).

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

mod collisions;
mod explore;
mod followup;
mod kept;
mod ladders;
mod lifetimes;
mod storms;
mod world;
