//! IKEv2 held to a reference model, to itself with the ends swapped and messages lost or changed, and to each of its algorithms.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod configurations;
mod foretold;
mod found_out;
mod matrix;
mod mutation;
mod observed;
#[path = "../played/mod.rs"]
mod played;
mod properties;
mod reached;
