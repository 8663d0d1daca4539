//! The Encapsulating Security Payload (RFC 4303):
//!
//! ```text
//! SPI | sequence number | IV | payload | padding 1, 2, 3, … | pad length | next header | ICV
//!                              '--------------------- encrypted ---------------------'
//! '------------------------------------ authenticated ---------------------------------'
//! ```
//!
//! [`Transform`] works on a buffer that holds the payload and has room round it; nothing is copied or allocated.

mod transform;

pub(crate) use transform::take_trailer;
pub use transform::{KeyingError, Transform};
