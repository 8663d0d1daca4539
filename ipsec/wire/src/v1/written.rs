//! Payloads against octets as the RFC's diagrams draw them, for tests.

use crate::registry::v1::PayloadType;
use crate::v1::{Payload, emit_chain, parse_chain};
use crate::v2::written::octets;

/// Proves that `text`, a chain of nothing but this payload, reads as the payload and is what the payload writes.
pub(crate) fn both_ways(payload: &Payload, text: &str) {
    let octets = octets(text);
    assert_eq!(read(payload.kind(), &octets), *payload);
    let mut written = Vec::new();
    assert_eq!(emit_chain(std::slice::from_ref(payload), &mut written), payload.kind());
    assert_eq!(hex::encode(written), hex::encode(octets));
}

/// The payload of type `kind` that `octets` consist of.
pub(crate) fn read(kind: PayloadType, octets: &[u8]) -> Payload {
    let mut chain = parse_chain(kind, octets, 0).unwrap();
    assert_eq!((chain.payloads.len(), chain.end), (1, octets.len()));
    chain.payloads.remove(0)
}

/// The complaint about `text`, a chain that begins with a payload of type `kind`: where, and what.
pub(crate) fn complaint(kind: PayloadType, text: &str) -> (usize, String) {
    let malformed = parse_chain(kind, &octets(text), 0).unwrap_err();
    (malformed.offset, malformed.what)
}
