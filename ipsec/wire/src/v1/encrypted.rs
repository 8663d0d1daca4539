//! Encrypted messages (RFC 2408 §3.1, RFC 2409 appendix B): everything behind the header is encrypted. Encryption itself
//! is the caller's business.
//!
//! ```text
//! ISAKMP header | payloads, padding
//! '- clear ---'   '-- encrypted --'
//! ```
//!
//! The IV is not sent, but comes from the messages before. No octet tells the length of the padding:
//! [`parse_chain`](super::parse_chain) finds where the payloads end.

use std::ops::Range;

use super::header::FLAGS_AT;
use super::message::check_length;
use crate::Malformed;
use crate::v1::{Flags, Header, Payload, emit_chain};

/// Lays a message out whose payloads are to be encrypted, padded with zeros to a multiple of `block` octets and still
/// readable. What is to be encrypted begins behind the header.
#[must_use]
pub fn lay_out(header: &Header, payloads: &[Payload], block: usize) -> Vec<u8> {
    let mut octets = vec![0; Header::LEN];
    let next_payload = emit_chain(payloads, &mut octets);
    let content = (octets.len() - Header::LEN).next_multiple_of(block.max(1));
    octets.resize(Header::LEN + content, 0);
    let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    let flags = Flags { encryption: true, ..header.flags };
    let header = Header { next_payload, length, flags, ..*header };
    octets[..Header::LEN].copy_from_slice(&header.emit());
    octets
}

/// Where the encrypted octets of a message lie, for a cipher with blocks of `block` octets.
///
/// # Errors
/// When the message is not encrypted, its header's length is not that of the octets, or there are no whole blocks.
pub fn content(octets: &[u8], block: usize) -> Result<Range<usize>, Malformed> {
    let header = Header::parse(octets)?;
    if !header.flags.encryption {
        return Err(Malformed::new(FLAGS_AT, "the message is not encrypted"));
    }
    check_length(&header, octets)?;
    let content = Header::LEN..octets.len();
    if content.is_empty() || !content.len().is_multiple_of(block.max(1)) {
        let text = format!("{} encrypted octets, expected a multiple of {block}", content.len());
        return Err(Malformed::new(Header::LEN, text));
    }
    Ok(content)
}

#[cfg(test)]
mod tests;
