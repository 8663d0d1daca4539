//! Octets as the RFC's diagrams draw them, for tests: a line a field, in hexadecimal, with a comment behind `;`.

use crate::registry::PayloadType;
use crate::v2::{Payload, emit_chain, parse_chain};

/// The octets that `text` writes down.
pub(crate) fn octets(text: &str) -> Vec<u8> {
    let digits = |line: &str| line.split(';').next().unwrap_or_default().replace(' ', "");
    hex::decode(text.lines().map(digits).collect::<String>()).unwrap()
}

/// Proves that `text`, a chain of nothing but this payload, reads as the payload and is what the payload writes.
pub(crate) fn both_ways(payload: &Payload, text: &str) {
    let octets = octets(text);
    assert_eq!(parse_chain(payload.kind(), &octets, 0).as_deref(), Ok(std::slice::from_ref(payload)));
    let mut written = Vec::new();
    assert_eq!(emit_chain(std::slice::from_ref(payload), PayloadType::NONE, &mut written), payload.kind());
    assert_eq!(hex::encode(written), hex::encode(octets));
}

/// The complaint about `text`, a chain that begins with a payload of type `kind`: where, and what.
pub(crate) fn complaint(kind: PayloadType, text: &str) -> (usize, String) {
    let malformed = parse_chain(kind, &octets(text), 0).unwrap_err();
    (malformed.offset, malformed.what)
}
