//! `IKE_AUTH` between two endpoints: every way to prove oneself, every single loss, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

mod ladders;
mod losses;
mod refused;
mod world;
