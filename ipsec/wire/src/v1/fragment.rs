//! The Fragment payload (MS-IKEE §2.2.3.1), as Cisco and Windows cut messages. It stands alone behind a header of its own,
//! in the clear; what is cut is the whole message, its header and its encryption included.

use crate::Malformed;
use crate::cursor::Cursor;

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Which message it is a piece of.
    pub id: u16,
    /// Its place, counted from 1.
    pub number: u8,
    /// Whether it is the last one.
    pub last: bool,
    /// The piece.
    pub data: Vec<u8>,
}

impl Fragment {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let id = cursor.u16("the fragment ID")?;
        let number = cursor.u8("the fragment number")?;
        let last = cursor.u8("the fragment's flags")? & LAST != 0;
        Ok(Self { id, number, last, data: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.id.to_be_bytes());
        out.extend([self.number, if self.last { LAST } else { 0 }]);
        out.extend_from_slice(&self.data);
    }
}

const LAST: u8 = 0x01;

#[cfg(test)]
mod tests;
