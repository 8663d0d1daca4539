use super::*;
use crate::registry::v1::PayloadType;
use crate::v1::Payload;
use crate::v1::written::{both_ways, complaint, read};
use crate::v2::written::octets;

/// RFC 3947 §5.2.
const V4: &str = "
    00 00 00 0c ; no next payload, length 12
    01 00 00 00 ; ID_IPV4_ADDR, reserved
    c0 00 02 01 ; 192.0.2.1";
const V6: &str = "
    00 00 00 18 ; no next payload, length 24
    05 00 00 00 ; ID_IPV6_ADDR, reserved
    20010db8 00000000 00000000 00000001";

#[test]
fn an_original_address_lies_where_the_rfc_draws_it() {
    let v4 = IpAddr::from([192, 0, 2, 1]);
    let v6 = IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]);
    both_ways(&Payload::NatOa(v4), V4);
    both_ways(&Payload::NatOa(v6), V6);
    both_ways(&Payload::NatOaDraft(v4), V4);
    assert_eq!(Payload::NatOa(v4).kind(), PayloadType(21));
    assert_eq!(Payload::NatOaDraft(v4).kind(), PayloadType(131));
}

#[test]
fn reserved_octets_are_ignored() {
    let octets = octets("00 00 00 0c  01 ff ff ff  c0 00 02 01");
    assert_eq!(read(PayloadType::NAT_OA, &octets), Payload::NatOa([192, 0, 2, 1].into()));
}

#[test]
fn no_other_type_and_no_other_length_will_do() {
    let told = |text: &str| complaint(PayloadType::NAT_OA, text);
    let text = "an original address of type ID_FQDN, expected ID_IPV4_ADDR or ID_IPV6_ADDR".to_owned();
    assert_eq!(told("00 00 00 0c  02 00 00 00  c0 00 02 01"), (4, text));
    assert_eq!(told("00 00 00 0b  01 00 00 00  c0 00 02").0, 8);
    assert_eq!(told("00 00 00 0d  01 00 00 00  c0 00 02 01 00").0, 12);
    assert_eq!(told("00 00 00 0c  05 00 00 00  c0 00 02 01").0, 8);
    assert_eq!(told("00 00 00 06  01 00").0, 5);
}
