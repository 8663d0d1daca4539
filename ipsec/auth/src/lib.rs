//! Who may speak: identities (RFC 7296 §3.5), the peer authorization database (RFC 4301 §4.4.3), and proofs.
//!
//! An IKE SA becomes established only with a [`Proven`] token, and only this crate can make one.

#![deny(clippy::float_arithmetic)]

mod identity;
mod pad;
mod proof;
mod psk;

pub use identity::Identity;
pub use pad::{Pad, PadEntry};
pub use proof::{NotProven, Proven};
pub use psk::{SignedOctets, prove_psk, verify_psk};
