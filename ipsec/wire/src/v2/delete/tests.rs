use proptest::prelude::*;

use super::*;
use crate::registry::PayloadType;
use crate::v2::Payload;
use crate::v2::written::{both_ways, complaint, octets};

const TWO_CHILDREN: &str = "
    00 00 00 10 ; no next payload, length 16
    03 04       ; ESP, SPI size 4
    00 02       ; 2 SPIs
    c0 ff ee 01
    c0 ff ee 02";

#[test]
fn a_delete_of_children_lies_where_the_rfc_draws_it() {
    let delete = Delete::children(ProtocolId::ESP, [Spi(0xc0ff_ee01), Spi(0xc0ff_ee02)]);
    assert_eq!(delete.child_spis(), [Spi(0xc0ff_ee01), Spi(0xc0ff_ee02)]);
    both_ways(&Payload::Delete(delete), TWO_CHILDREN);
}

#[test]
fn a_delete_of_the_ike_sa_has_no_spi() {
    both_ways(&Payload::Delete(Delete::ike()), "00 00 00 08  01 00  00 00");
    assert_eq!(Delete::ike().child_spis(), []);
}

#[test]
fn spis_of_another_protocol_or_size_are_kept_and_name_no_child_sa() {
    for body in
        ["04 04 00 01 c0ffee01", "01 08 00 01 0102030405060708", "03 02 00 02 01020304", "03 04 00 00"]
    {
        let octets = octets(body);
        let delete = Delete::parse(&mut Cursor::new(&octets, 0)).unwrap();
        assert_eq!(delete.child_spis(), [], "{body}");
        let mut written = Vec::new();
        delete.emit(&mut written);
        assert_eq!(written, octets, "{body}");
    }
}

#[test]
fn a_count_that_does_not_fit_is_malformed() {
    let told = |size_and_count: &str| {
        complaint(PayloadType::DELETE, &format!("00 00 00 10  03 {size_and_count} c0ffee01 c0ffee02"))
    };
    let text = |what: &str| (6, format!("{what} are announced, 8 octets are there"));
    assert_eq!(told("04 00 01"), text("1 SPIs of 4 octets"));
    assert_eq!(told("04 00 03"), text("3 SPIs of 4 octets"));
    assert_eq!(told("ff ff ff"), text("65535 SPIs of 255 octets"));
    assert_eq!(told("00 00 00"), text("0 SPIs of 0 octets"));
    let none = "5 SPIs of no octets are announced".to_owned();
    assert_eq!(complaint(PayloadType::DELETE, "00 00 00 08  03 00 00 05"), (6, none));
}

proptest! {
    #[test]
    fn a_written_delete_reads_as_itself(spis in proptest::collection::vec(any::<u32>(), 0..300)) {
        let spis: Vec<Spi> = spis.into_iter().map(Spi).collect();
        let delete = Delete::children(ProtocolId::AH, spis.clone());
        let mut octets = Vec::new();
        delete.emit(&mut octets);
        let read = Delete::parse(&mut Cursor::new(&octets, 0));
        prop_assert_eq!(read.as_ref().map(Delete::child_spis), Ok(spis));
        prop_assert_eq!(read, Ok(delete));
    }
}
