use proptest::prelude::*;

use super::*;
use crate::registry::v1::PayloadType;
use crate::v1::written::{both_ways, complaint};
use crate::v1::{Payload, arbitrary};
use crate::v2::written::octets;

const TWO_SAS: &str = "
    00 00 00 14 ; no next payload, length 20
    00 00 00 01 ; IPSEC
    03 04       ; ESP, SPI size 4
    00 02       ; 2 SPIs
    c0 ff ee 01
    c0 ff ee 02";

const ISAKMP_SA: &str = "
    00 00 00 1c ; no next payload, length 28
    00 00 00 01 ; IPSEC
    01 10       ; ISAKMP, SPI size 16
    00 01       ; 1 SPI
    0102030405060708 f1f2f3f4f5f6f7f8";

#[test]
fn a_delete_of_ipsec_sas_lies_where_the_rfc_draws_it() {
    let spis = [Spi(0xc0ff_ee01), Spi(0xc0ff_ee02)];
    let delete = Delete::ipsec(ProtocolId::ESP, spis);
    assert_eq!((delete.ipsec_spis(), delete.ike_spis()), (spis.to_vec(), vec![]));
    both_ways(&Payload::Delete(delete), TWO_SAS);
    let ah = Delete::ipsec(ProtocolId::AH, spis);
    assert_eq!(ah.ipsec_spis(), spis);
    both_ways(&Payload::Delete(ah), &TWO_SAS.replace("03 04", "02 04"));
}

#[test]
fn a_delete_of_an_isakmp_sa_has_its_cookies() {
    let cookies = (IkeSpi(0x0102_0304_0506_0708), IkeSpi(0xf1f2_f3f4_f5f6_f7f8));
    let delete = Delete::ike(cookies.0, cookies.1);
    assert_eq!((delete.ike_spis(), delete.ipsec_spis()), (vec![cookies], vec![]));
    both_ways(&Payload::Delete(delete), ISAKMP_SA);
}

#[test]
fn spis_of_another_protocol_or_size_are_kept_and_name_neither() {
    let bodies = [
        ("00000001 04 02 00 02 be ef ca fe", 2),
        ("00000001 01 08 00 01 0102030405060708", 1),
        ("00000000 03 02 00 02 01020304", 2),
        ("00000001 03 04 00 00", 0),
        ("00000001 01 00 00 00", 0),
    ];
    for (body, count) in bodies {
        let octets = octets(body);
        let delete = Delete::parse(&mut Cursor::new(&octets, 0)).unwrap();
        assert_eq!((delete.ipsec_spis(), delete.ike_spis()), (vec![], vec![]), "{body}");
        assert_eq!(delete.spis().count(), count, "{body}");
        let mut written = Vec::new();
        delete.emit(&mut written);
        assert_eq!(written, octets, "{body}");
    }
}

#[test]
fn a_count_that_does_not_fit_is_malformed() {
    let told = |size_and_count: &str| {
        let text = format!("00 00 00 14  00000001 03 {size_and_count} c0ffee01 c0ffee02");
        complaint(PayloadType::DELETE, &text)
    };
    let text = |what: &str| (10, format!("{what} are announced, 8 octets are there"));
    assert_eq!(told("04 00 01"), text("1 SPIs of 4 octets"));
    assert_eq!(told("04 00 03"), text("3 SPIs of 4 octets"));
    assert_eq!(told("ff ff ff"), text("65535 SPIs of 255 octets"));
    assert_eq!(told("00 00 00"), text("0 SPIs of 0 octets"));
    let none = "5 SPIs of no octets are announced".to_owned();
    assert_eq!(complaint(PayloadType::DELETE, "00 00 00 0c  00000001 03 00 00 05"), (10, none));
}

proptest! {
    #[test]
    fn a_written_delete_reads_as_itself(delete in arbitrary::delete()) {
        let mut octets = Vec::new();
        delete.emit(&mut octets);
        prop_assert_eq!(Delete::parse(&mut Cursor::new(&octets, 0)), Ok(delete));
    }

    #[test]
    fn a_delete_names_the_spis_that_it_was_made_of(spis in proptest::collection::vec(any::<u32>(), 0..300)) {
        let spis: Vec<Spi> = spis.into_iter().map(Spi).collect();
        prop_assert_eq!(Delete::ipsec(ProtocolId::ESP, spis.clone()).ipsec_spis(), spis);
    }
}
