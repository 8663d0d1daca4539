//! The Encrypted payload (RFC 7296 §3.14, RFC 5282 §3) and the Encrypted Fragment payload (RFC 7383 §2.5): where IV,
//! ciphertext and ICV lie. Encryption itself is the caller's business.
//!
//! ```text
//! IKE header | generic header of SK                 | IV | payloads, padding, pad length | ICV
//! IKE header | generic header of SKF | number total | IV | a piece, padding, pad length  | ICV
//! '------- authenticated, not encrypted --------------'    '- encrypted -'
//! ```

use std::ops::Range;

use super::payload::GENERIC_HEADER_LEN;
use crate::registry::PayloadType;
use crate::v2::fragment::FRAGMENT_HEADER_LEN;
use crate::v2::{FragmentNumber, Payload, emit_chain, fragment_number};
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
    /// The type of the first payload inside. Behind the first fragment of a message it says nothing.
    pub first: PayloadType,
    /// Which piece of a message this is, if it is but a piece.
    pub fragment: Option<FragmentNumber>,
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
    let mut octets = vec![0; content_begin(false, layout)];
    let first = emit_chain(payloads, PayloadType::NONE, &mut octets);
    let parts = close(&mut octets, header, first, None, layout);
    (octets, parts)
}

/// Lays a message out with this content, whatever it means, inside SK, or inside SKF where it is a piece.
#[must_use]
pub fn lay_out_content(
    header: &Header,
    first: PayloadType,
    fragment: Option<FragmentNumber>,
    content: &[u8],
    layout: Layout,
) -> (Vec<u8>, Protected) {
    let mut octets = vec![0; content_begin(fragment.is_some(), layout)];
    octets.extend_from_slice(content);
    let parts = close(&mut octets, header, first, fragment, layout);
    (octets, parts)
}

/// Where the encrypted content begins.
pub(super) fn content_begin(is_fragment: bool, layout: Layout) -> usize {
    let numbers = if is_fragment { FRAGMENT_HEADER_LEN } else { 0 };
    Header::LEN + GENERIC_HEADER_LEN + numbers + layout.iv
}

/// Adds what follows the content, and writes what stands before it.
fn close(
    octets: &mut Vec<u8>,
    header: &Header,
    first: PayloadType,
    fragment: Option<FragmentNumber>,
    layout: Layout,
) -> Protected {
    let begin = content_begin(fragment.is_some(), layout);
    let unpadded = octets.len() - begin + 1;
    let padding = unpadded.next_multiple_of(layout.block.max(1)) - unpadded;
    octets.resize(octets.len() + padding, 0);
    octets.push(u8::try_from(padding).unwrap_or(u8::MAX));
    let content = begin..octets.len();
    octets.resize(octets.len() + layout.icv, 0);
    let icv = content.end..octets.len();
    let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    let next_payload = if fragment.is_some() { PayloadType::SKF } else { PayloadType::SK };
    octets[..Header::LEN].copy_from_slice(&Header { next_payload, length, ..*header }.emit());
    let sk_len = u16::try_from(octets.len() - Header::LEN).unwrap_or(u16::MAX).to_be_bytes();
    let generic_end = Header::LEN + GENERIC_HEADER_LEN;
    octets[Header::LEN..generic_end].copy_from_slice(&[first.0, 0, sk_len[0], sk_len[1]]);
    if let Some(number) = fragment {
        octets[generic_end..generic_end + FRAGMENT_HEADER_LEN].copy_from_slice(&number.emit());
    }
    Protected { first, fragment, iv: begin - layout.iv..begin, content, icv }
}

/// Finds the parts of a message that is nothing but an SK or an SKF payload.
///
/// # Errors
/// When the first payload is neither, does not reach to the end of the message, is too short for its parts, or has a
/// fragment number that no fragment has.
pub fn split(octets: &[u8], layout: Layout) -> Result<Protected, Malformed> {
    let header = Header::parse(octets)?;
    let fragment = fragment_number(octets)?;
    if fragment.is_none() && header.next_payload != PayloadType::SK {
        let text = format!("the first payload is {}, expected SK or SKF", header.next_payload);
        return Err(Malformed::new(16, text));
    }
    let kind = header.next_payload;
    let generic = octets.get(Header::LEN..Header::LEN + GENERIC_HEADER_LEN).ok_or_else(|| {
        Malformed::new(Header::LEN, format!("no octets for the header of the {kind} payload"))
    })?;
    let length = usize::from(u16::from_be_bytes([generic[2], generic[3]]));
    if Header::LEN + length != octets.len() {
        let there = octets.len() - Header::LEN;
        let text = format!("the {kind} payload's length is {length}, {there} octets are there");
        return Err(Malformed::new(Header::LEN + 2, text));
    }
    let begin = content_begin(fragment.is_some(), layout);
    let content_end = octets.len().checked_sub(layout.icv).filter(|end| *end > begin).ok_or_else(|| {
        let least = layout.iv + 1 + layout.icv;
        Malformed::new(
            begin - layout.iv,
            format!("the {kind} payload's content is shorter than {least} octets"),
        )
    })?;
    let content = begin..content_end;
    if !content.len().is_multiple_of(layout.block.max(1)) {
        let text = format!("{} encrypted octets are no multiple of {}", content.len(), layout.block);
        return Err(Malformed::new(begin, text));
    }
    let (iv, icv) = (begin - layout.iv..begin, content_end..octets.len());
    Ok(Protected { first: PayloadType(generic[0]), fragment, iv, content, icv })
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
