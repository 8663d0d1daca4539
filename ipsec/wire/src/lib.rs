//! Octets and their meaning: IKE messages, ESP and AH headers and the numbers of their registries.
//!
//! Parsing proves every length once and fails with [`Malformed`], which says where and why; it allocates no more than a
//! small multiple of what it reads. What is written reads back as the same value.

#![deny(clippy::float_arithmetic)]

pub mod ah;
mod cursor;
pub mod esp;
mod header;
mod malformed;
mod ports;
pub mod registry;
mod spi;
mod substructure;
pub mod v1;
pub mod v2;

pub use header::{Flags, Header, Version};
pub use malformed::Malformed;
pub use ports::{IKE_PORT, NAT_PORT};
pub use spi::{IkeSpi, Spi};
