//! The Authentication Header (RFC 4302):
//!
//! ```text
//! IP header, extensions | AH: next header, length, SPI, sequence number, ICV | payload | [upper half]
//! '- mutable fields 0 --'                                                     '-- authenticated, as is the header
//! ```
//!
//! The upper half of an extended sequence number is authenticated but not sent.

mod mutable;
mod transform;

pub(crate) use transform::Transform;
pub use transform::verify;
