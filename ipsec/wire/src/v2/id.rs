//! The Identification payloads (RFC 7296 §3.5).

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::IdType;

/// An identity. Its octets are kept as they came, reserved ones among them: AUTH is computed over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identification {
    body: Vec<u8>,
}

impl Identification {
    /// The identity `data` of this type.
    #[must_use]
    pub fn new(kind: IdType, data: &[u8]) -> Self {
        Self { body: [&[kind.0, 0, 0, 0], data].concat() }
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> IdType {
        IdType(self.body[0])
    }

    /// The identity itself.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.body[HEADER_LEN..]
    }

    /// The payload without its generic header: `RestOfIDPayload` of RFC 7296 §2.15.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let mut body = cursor.take(HEADER_LEN, "the ID type and its reserved octets")?.to_vec();
        body.extend_from_slice(cursor.rest());
        Ok(Self { body })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.body);
    }
}

const HEADER_LEN: usize = 4;

#[cfg(test)]
mod tests;
