//! The Key Exchange payload (RFC 7296 §3.4).

use crate::Malformed;
use crate::cursor::Cursor;

/// A public value, or what a key encapsulation gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyExchange {
    group: u16,
    public: Vec<u8>,
}

impl KeyExchange {
    /// The value `public` of the key exchange method with this number.
    #[must_use]
    pub fn new(group: u16, public: Vec<u8>) -> Self {
        Self { group, public }
    }

    /// The number of the key exchange method.
    #[must_use]
    pub fn group(&self) -> u16 {
        self.group
    }

    /// The value.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let group = cursor.u16("the key exchange method")?;
        cursor.u16("the reserved octets")?;
        Ok(Self { group, public: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.group.to_be_bytes());
        out.extend([0, 0]);
        out.extend_from_slice(&self.public);
    }
}

#[cfg(test)]
mod tests;
