//! What the processor can do faster, where it can: thin wrappers, each answering `None` where it cannot.
//!
//! All of it is free of randomness, so that it gives the same bytes as the portable code: a private key comes in from
//! outside, and a value that the portable code refuses is refused here too.

#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), path = "graviola.rs")]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), path = "absent.rs")]
mod implementation;

pub(crate) use implementation::{
    FastAesGcm, FastChaCha20Poly1305, FastP256, FastP384, FastX25519, available,
};
