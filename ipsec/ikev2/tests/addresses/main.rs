//! What the addresses of an IKE SA do between two endpoints: NAT (RFC 7296 §2.23), and ends that move (RFC 4555).

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

mod hostile;
mod ladders;
mod mobility;
mod world;
