use proptest::prelude::*;

use super::*;
use crate::registry::v1::PayloadType;
use crate::v1::written::{both_ways, complaint};
use crate::v1::{Payload, arbitrary};

/// RFC 2407 §4.6.2, figure 2.
const SUBNET: &str = "
    00 00 00 10       ; no next payload, length 16
    04 06 01 bb       ; ID_IPV4_ADDR_SUBNET, TCP, port 443
    0a 01 00 00       ; 10.1.0.0
    ff ff 00 00       ; 255.255.0.0";

fn v4(octets: [u8; 4]) -> IpAddr {
    octets.into()
}

#[test]
fn an_identity_lies_where_the_rfc_draws_it() {
    let subnet = Subject::Subnet { address: v4([10, 1, 0, 0]), mask: v4([255, 255, 0, 0]) };
    let id = Identification { protocol: 6, port: 443, ..Identification::of(subnet) };
    both_ways(&Payload::Id(id.clone()), SUBNET);
    assert_eq!(id.subject(), Some(subnet));
    assert_eq!(id.body(), [4, 6, 1, 0xbb, 10, 1, 0, 0, 255, 255, 0, 0]);
    let name = Identification::new(IdType::FQDN, b"w.tes");
    both_ways(&Payload::Id(name.clone()), "00 00 00 0d  02 00 00 00  77 2e 74 65 73");
    assert_eq!(name.subject(), None);
}

#[test]
fn each_subject_has_a_type_for_each_ip_version() {
    let v6 = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
    let (a, b) = (v4([192, 0, 2, 1]), v4([192, 0, 2, 9]));
    let expected = [
        (IdType::IPV4_ADDR, Subject::Address(a), "c0000201"),
        (IdType::IPV4_ADDR_SUBNET, Subject::Subnet { address: a, mask: b }, "c0000201c0000209"),
        (IdType::IPV4_ADDR_RANGE, Subject::Range { first: a, last: b }, "c0000201c0000209"),
        (IdType::IPV6_ADDR, Subject::Address(v6(1)), "20010db8000000000000000000000001"),
        (
            IdType::IPV6_ADDR_SUBNET,
            Subject::Subnet { address: v6(1), mask: v6(2) },
            "20010db800000000000000000000000120010db8000000000000000000000002",
        ),
        (
            IdType::IPV6_ADDR_RANGE,
            Subject::Range { first: v6(1), last: v6(2) },
            "20010db800000000000000000000000120010db8000000000000000000000002",
        ),
    ];
    for (kind, subject, data) in expected {
        let id = Identification::of(subject);
        assert_eq!((id.kind, hex::encode(&id.data)), (kind, data.to_owned()));
        assert_eq!(id.subject(), Some(subject));
    }
}

#[test]
fn data_of_another_length_stand_for_no_addresses() {
    for kind in [IdType::IPV4_ADDR, IdType::IPV4_ADDR_SUBNET, IdType::IPV6_ADDR, IdType::IPV6_ADDR_RANGE] {
        for length in [0, 3, 5, 7, 9, 15, 17, 31, 33] {
            assert_eq!(Identification::new(kind, &vec![1; length]).subject(), None, "{kind} {length}");
        }
    }
}

#[test]
fn an_identity_may_be_empty_but_not_without_its_fields() {
    both_ways(&Payload::Id(Identification::new(IdType::KEY_ID, &[])), "00 00 00 08  0b 00 00 00");
    assert_eq!(complaint(PayloadType::ID, "00 00 00 07  02 00 00").0, 6);
    assert_eq!(complaint(PayloadType::ID, "00 00 00 04").0, 4);
}

proptest! {
    #[test]
    fn a_written_identity_reads_as_itself(id in arbitrary::identification()) {
        prop_assert_eq!(Identification::parse(&mut Cursor::new(&id.body(), 0)), Ok(id));
    }

    #[test]
    fn an_identity_of_addresses_stands_for_them(subject in arbitrary::subject()) {
        prop_assert_eq!(Identification::of(subject).subject(), Some(subject));
    }
}
