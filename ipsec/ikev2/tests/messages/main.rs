//! Messages between two endpoints: in pieces, several at once, and from an end that has lost its state.

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

mod errors;
mod first;
mod fragments;
mod narrated;
mod speech;
mod strangers;
mod windows;
#[path = "../rekeying/world.rs"]
#[allow(dead_code, reason = "shared with the tests of rekeying, which use all of it")]
mod world;
