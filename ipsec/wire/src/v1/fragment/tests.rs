use proptest::prelude::*;

use super::*;
use crate::registry::v1::PayloadType;
use crate::v1::written::{both_ways, complaint, read};
use crate::v1::{Payload, arbitrary};
use crate::v2::written::octets;

#[test]
fn a_fragment_lies_where_its_makers_draw_it() {
    let fragment = |last| Fragment { id: 0x0102, number: 3, last, data: vec![0xaa, 0xbb] };
    both_ways(&Payload::Fragment(fragment(false)), "00 00 00 0a  01 02  03  00  aa bb");
    both_ways(&Payload::Fragment(fragment(true)), "00 00 00 0a  01 02  03  01  aa bb");
    assert_eq!(Payload::Fragment(fragment(true)).kind(), PayloadType(132));
}

#[test]
fn reserved_flags_are_ignored() {
    let octets = octets("00 00 00 08  01 02  03  fe");
    let expected = Fragment { id: 0x0102, number: 3, last: false, data: Vec::new() };
    assert_eq!(read(PayloadType::FRAGMENT, &octets), Payload::Fragment(expected));
}

#[test]
fn a_payload_without_its_fields_is_malformed() {
    assert_eq!(complaint(PayloadType::FRAGMENT, "00 00 00 07  01 02  03").0, 7);
    assert_eq!(complaint(PayloadType::FRAGMENT, "00 00 00 05  01").0, 4);
}

proptest! {
    #[test]
    fn a_written_fragment_reads_as_itself(fragment in arbitrary::fragment()) {
        let mut octets = Vec::new();
        fragment.emit(&mut octets);
        prop_assert_eq!(Fragment::parse(&mut Cursor::new(&octets, 0)), Ok(fragment));
    }
}
