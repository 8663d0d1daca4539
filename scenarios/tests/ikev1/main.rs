//! IKEv1 held to a reference model, and to itself with the ends swapped and messages lost or changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod configurations;
mod mutation;
mod observed;
#[path = "../played/mod.rs"]
mod played;
mod properties;
