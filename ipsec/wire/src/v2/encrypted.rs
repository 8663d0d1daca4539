//! The Encrypted payload (RFC 7296 §3.14, RFC 5282 §3): where IV, ciphertext and ICV lie. Encryption itself is the
//! caller's business.
//!
//! ```text
//! IKE header | generic header of SK | IV | payloads, padding, pad length | ICV
//! '------- authenticated, not encrypted ---'     '- encrypted -'
//! ```

use std::ops::Range;

use super::payload::GENERIC_HEADER_LEN;
use crate::registry::PayloadType;
use crate::v2::{Payload, emit_chain};
use crate::{Header, Malformed};

/// The lengths that an algorithm asks for, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The length of the IV.
    pub iv: usize,
    /// What the length of payloads, padding and pad length has to be a multiple of; at least 1.
    pub block: usize,
    /// The length of the ICV.
    pub icv: usize,
}

/// Where the parts of a protected message lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// The type of the first payload inside SK.
    pub first: PayloadType,
    /// The IV. What stands before it is the associated data of a combined-mode algorithm.
    pub iv: Range<usize>,
    /// Payloads, padding and pad length.
    pub content: Range<usize>,
    /// The ICV, to the end. A separate integrity algorithm covers all that stands before it.
    pub icv: Range<usize>,
}

/// Lays a message out whose payloads are all inside SK, with zeros for IV and ICV and the content still readable.
#[must_use]
pub fn lay_out(header: &Header, payloads: &[Payload], layout: Layout) -> (Vec<u8>, Protected) {
    let iv = Header::LEN + GENERIC_HEADER_LEN..Header::LEN + GENERIC_HEADER_LEN + layout.iv;
    let mut octets = vec![0; iv.end];
    let first = emit_chain(payloads, PayloadType::NONE, &mut octets);
    let unpadded = octets.len() - iv.end + 1;
    let padding = unpadded.next_multiple_of(layout.block.max(1)) - unpadded;
    octets.resize(octets.len() + padding, 0);
    octets.push(u8::try_from(padding).unwrap_or(u8::MAX));
    let content = iv.end..octets.len();
    octets.resize(octets.len() + layout.icv, 0);
    let icv = content.end..octets.len();
    let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    let header = Header { next_payload: PayloadType::SK, length, ..*header };
    octets[..Header::LEN].copy_from_slice(&header.emit());
    let sk_len = u16::try_from(octets.len() - Header::LEN).unwrap_or(u16::MAX).to_be_bytes();
    octets[Header::LEN..Header::LEN + GENERIC_HEADER_LEN]
        .copy_from_slice(&[first.0, 0, sk_len[0], sk_len[1]]);
    (octets, Protected { first, iv, content, icv })
}

/// Finds the parts of a message that is nothing but an SK payload.
///
/// # Errors
/// When the first payload is not SK, does not reach to the end of the message, or is too short for its parts.
pub fn split(octets: &[u8], layout: Layout) -> Result<Protected, Malformed> {
    let header = Header::parse(octets)?;
    if header.next_payload != PayloadType::SK {
        let text = format!("the first payload is {}, expected SK", header.next_payload);
        return Err(Malformed::new(16, text));
    }
    let begin = Header::LEN + GENERIC_HEADER_LEN;
    let generic = octets
        .get(Header::LEN..begin)
        .ok_or_else(|| Malformed::new(Header::LEN, "no octets for the header of the SK payload"))?;
    let length = usize::from(u16::from_be_bytes([generic[2], generic[3]]));
    if Header::LEN + length != octets.len() {
        let text =
            format!("the SK payload's length is {length}, {} octets are there", octets.len() - Header::LEN);
        return Err(Malformed::new(Header::LEN + 2, text));
    }
    let iv = begin..begin + layout.iv;
    let content_end = octets.len().checked_sub(layout.icv).filter(|end| *end > iv.end).ok_or_else(|| {
        let least = layout.iv + 1 + layout.icv;
        Malformed::new(begin, format!("the SK payload's content is shorter than {least} octets"))
    })?;
    let content = iv.end..content_end;
    if !content.len().is_multiple_of(layout.block.max(1)) {
        let text = format!("{} encrypted octets are no multiple of {}", content.len(), layout.block);
        return Err(Malformed::new(iv.end, text));
    }
    Ok(Protected { first: PayloadType(generic[0]), iv, content, icv: content_end..octets.len() })
}

/// The payloads' octets within decrypted content, which begins at offset `base` of its message.
///
/// # Errors
/// When the pad length is more than there is.
pub fn strip_padding(content: &[u8], base: usize) -> Result<&[u8], Malformed> {
    let at = base + content.len().saturating_sub(1);
    let (padding, rest) =
        content.split_last().ok_or_else(|| Malformed::new(base, "no octet for the pad length"))?;
    let kept = rest.len().checked_sub(usize::from(*padding)).ok_or_else(|| {
        Malformed::new(at, format!("a pad length of {padding}, but only {} octets", rest.len()))
    })?;
    Ok(&rest[..kept])
}

#[cfg(test)]
mod tests;
