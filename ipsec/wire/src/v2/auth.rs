//! The Authentication payload (RFC 7296 §3.8).

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::AuthMethod;

/// A proof of identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// How it proves.
    pub method: AuthMethod,
    /// The proof.
    pub data: Vec<u8>,
}

impl Authentication {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let method = AuthMethod(cursor.u8("the authentication method")?);
        cursor.take(3, "the reserved octets")?;
        Ok(Self { method, data: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.method.0, 0, 0, 0]);
        out.extend_from_slice(&self.data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::PayloadType;
    use crate::v2::Payload;
    use crate::v2::written::octets;

    #[test]
    fn reserved_octets_are_ignored() {
        let read = crate::v2::parse_chain(PayloadType::AUTH, &octets("00 00 00 0a  02 ff ff ff  01 02"), 0);
        let auth = Authentication { method: AuthMethod::SHARED_KEY, data: vec![1, 2] };
        assert_eq!(read, Ok(vec![Payload::Auth(auth)]));
    }
}
