//! The Encrypted Fragment payload (RFC 7383 §2.5): a message whose content is cut into pieces, each protected by itself.
//!
//! ```text
//! HDR, SK(IDi) {IDi … TSr}     ->     HDR, SKF(IDi, 1 of 3) {…}
//!                                     HDR, SKF(0, 2 of 3) {…}
//!                                     HDR, SKF(0, 3 of 3) {…}
//! ```

use super::encrypted::{Layout, Protected, content_begin, lay_out, lay_out_content};
use super::payload::GENERIC_HEADER_LEN;
use crate::cursor::Cursor;
use crate::registry::PayloadType;
use crate::v2::{Payload, emit_chain};
use crate::{Header, Malformed};

/// The length of fragment number and total in octets.
pub(super) const FRAGMENT_HEADER_LEN: usize = 4;

/// Which piece of a message an SKF payload holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FragmentNumber {
    /// Its place, counted from 1.
    pub number: u16,
    /// How many there are.
    pub total: u16,
}

impl FragmentNumber {
    pub(super) fn emit(self) -> [u8; FRAGMENT_HEADER_LEN] {
        let ([a, b], [c, d]) = (self.number.to_be_bytes(), self.total.to_be_bytes());
        [a, b, c, d]
    }
}

/// Which piece of a message these octets are; none when their first payload is not SKF.
///
/// # Errors
/// When the numbers are not there, are 0, or the place lies behind the last one (RFC 7383 §2.6).
pub fn fragment_number(octets: &[u8]) -> Result<Option<FragmentNumber>, Malformed> {
    if Header::parse(octets)?.next_payload != PayloadType::SKF {
        return Ok(None);
    }
    let begin = Header::LEN + GENERIC_HEADER_LEN;
    let mut cursor = Cursor::new(octets.get(begin..).unwrap_or_default(), begin);
    let number = cursor.u16("the fragment number")?;
    let total = cursor.u16("the number of fragments")?;
    if number == 0 || number > total {
        return Err(Malformed::new(begin, format!("fragment {number} of {total}")));
    }
    Ok(Some(FragmentNumber { number, total }))
}

/// Lays a message out in pieces of at most `size` octets each, from the IKE header on, and in no fewer than `least`; in one,
/// with SK, where that is enough. A piece has at least one octet of content, however small `size` is.
#[must_use]
pub fn lay_out_fragments(
    header: &Header,
    payloads: &[Payload],
    layout: Layout,
    size: usize,
    least: usize,
) -> Vec<(Vec<u8>, Protected)> {
    let whole = lay_out(header, payloads, layout);
    if whole.0.len() <= size && least <= 1 {
        return vec![whole];
    }
    let mut content = Vec::new();
    let first = emit_chain(payloads, PayloadType::NONE, &mut content);
    let room = size.saturating_sub(content_begin(true, layout) + layout.icv);
    // One octet of each piece is the pad length.
    let piece = (room - room % layout.block.max(1)).saturating_sub(1);
    let piece = piece.min(content.len().div_ceil(least.max(1)));
    let piece = piece.max(content.len().div_ceil(usize::from(u16::MAX))).max(1);
    let total = u16::try_from(content.len().div_ceil(piece)).unwrap_or(u16::MAX);
    let pieces = (1..=total).zip(content.chunks(piece));
    pieces
        .map(|(number, piece)| {
            let first = if number == 1 { first } else { PayloadType::NONE };
            lay_out_content(header, first, Some(FragmentNumber { number, total }), piece, layout)
        })
        .collect()
}

#[cfg(test)]
mod tests;
