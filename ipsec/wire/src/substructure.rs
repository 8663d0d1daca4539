//! Proposals and transforms as they follow one another in an SA payload, in both versions (RFC 2408 §3.5 and §3.6, RFC
//! 7296 §3.3.1 and §3.3.2): each names its own kind while another one follows, and 0 when it is the last.

use crate::Malformed;
use crate::cursor::Cursor;

/// A kind of substructure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The number that announces another one.
    more: u8,
    /// What it is called.
    name: &'static str,
    /// What its length is called.
    length: &'static str,
}

/// A proposal of an SA payload.
pub(crate) const PROPOSAL: Kind = Kind { more: 2, name: "a proposal", length: "a proposal's length" };
/// A transform of a proposal.
pub(crate) const TRANSFORM: Kind = Kind { more: 3, name: "a transform", length: "a transform's length" };

/// The length in octets of what stands before the content of each.
const HEADER_LEN: usize = 4;

/// Reads one or more of them, the content of each with `read`.
pub(crate) fn parse<'a, T>(
    cursor: &mut Cursor<'a>,
    kind: Kind,
    read: impl Fn(Cursor<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let Kind { more, name, .. } = kind;
    let mut items = Vec::new();
    loop {
        let begin = cursor.offset();
        let next = cursor.u8(name)?;
        cursor.u8(name)?;
        let length = usize::from(cursor.u16(kind.length)?);
        let content = length.checked_sub(HEADER_LEN).ok_or_else(|| {
            Malformed::new(begin + 2, format!("{name}'s length of {length} is less than its header"))
        })?;
        items.push(read(cursor.nested(content, name)?)?);
        match next {
            0 => return Ok(items),
            _ if next == more => {}
            other => {
                let text = format!("{name} is followed by {other}, expected {more} or 0");
                return Err(Malformed::new(begin, text));
            }
        }
    }
}

/// Appends `items`, the content of each with `write`.
pub(crate) fn emit<T>(items: &[T], kind: Kind, out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    for (index, item) in items.iter().enumerate() {
        let begin = out.len();
        out.extend([if index + 1 < items.len() { kind.more } else { 0 }, 0, 0, 0]);
        write(item, out);
        let length = u16::try_from(out.len() - begin).unwrap_or(u16::MAX);
        out[begin + 2..begin + HEADER_LEN].copy_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
