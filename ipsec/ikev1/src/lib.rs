//! IKEv1 (RFC 2407, RFC 2408, RFC 2409), without clock, socket or thread.

#![deny(clippy::float_arithmetic)]

pub mod keys;
