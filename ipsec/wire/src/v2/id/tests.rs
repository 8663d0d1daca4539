use super::*;
use crate::registry::PayloadType;
use crate::v2::Payload;
use crate::v2::written::{both_ways, complaint};

/// RFC 7296 §3.5, figure 11.
const WRITTEN: &str = "
    00 00 00 0d       ; no next payload, length 13
    02 00 00 00       ; ID_FQDN, reserved
    77 2e 74 65 73    ; w.tes";

#[test]
fn an_identity_lies_where_the_rfc_draws_it() {
    let id = Identification::new(IdType::FQDN, b"w.tes");
    both_ways(&Payload::IdI(id.clone()), WRITTEN);
    both_ways(&Payload::IdR(id.clone()), WRITTEN);
    assert_eq!((id.kind(), id.data()), (IdType::FQDN, &b"w.tes"[..]));
    assert_eq!(id.body(), b"\x02\0\0\0w.tes");
}

#[test]
fn reserved_octets_are_kept_since_auth_covers_them() {
    let octets = [11, 1, 2, 3, 0xaa];
    let id = Identification::parse(&mut Cursor::new(&octets, 0)).unwrap();
    assert_eq!((id.kind(), id.data(), id.body()), (IdType::KEY_ID, &[0xaa][..], &octets[..]));
    let mut written = Vec::new();
    id.emit(&mut written);
    assert_eq!(written, octets);
}

#[test]
fn an_identity_may_be_empty_but_not_without_a_type() {
    both_ways(&Payload::IdI(Identification::new(IdType::NULL, &[])), "00 00 00 08  0d 00 00 00");
    assert_eq!(complaint(PayloadType::ID_I, "00 00 00 07  02 00 00").0, 4);
}
