use proptest::prelude::*;

use super::*;
use crate::registry::PayloadType;
use crate::v2::Payload;
use crate::v2::arbitrary;
use crate::v2::written::{both_ways, complaint};

#[test]
fn a_notify_about_a_child_lies_where_the_rfc_draws_it() {
    let notify = Notify {
        protocol: ProtocolId::ESP,
        spi: vec![0xc0, 0xff, 0xee, 0x01],
        kind: NotifyType::REKEY_SA,
        data: vec![0xda, 0x7a],
    };
    let written = "
        00 00 00 0e ; no next payload, length 14
        03 04       ; ESP, SPI size 4
        40 09       ; REKEY_SA, 16393
        c0 ff ee 01 ; SPI
        da 7a       ; data";
    both_ways(&Payload::Notify(notify), written);
}

#[test]
fn a_notify_about_the_ike_sa_has_neither_protocol_nor_spi() {
    let cookie = Notify::new(NotifyType::COOKIE, vec![1, 2, 3]);
    both_ways(&Payload::Notify(cookie), "00 00 00 0b  00 00  40 06  01 02 03");
}

#[test]
fn an_spi_beyond_the_payload_is_malformed() {
    let text = "the notify's SPI needs 4 octets, but 3 are left".to_owned();
    assert_eq!(complaint(PayloadType::NOTIFY, "00 00 00 0b  03 04  40 09  01 02 03"), (8, text));
    assert_eq!(complaint(PayloadType::NOTIFY, "00 00 00 07  00 00  40").0, 6);
}

proptest! {
    #[test]
    fn a_written_notify_reads_as_itself(notify in arbitrary::notify()) {
        let mut octets = Vec::new();
        notify.emit(&mut octets);
        prop_assert_eq!(Notify::parse(&mut Cursor::new(&octets, 0)), Ok(notify));
    }
}
