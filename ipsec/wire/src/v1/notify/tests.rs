use proptest::prelude::*;

use super::*;
use crate::registry::v1::PayloadType;
use crate::v1::written::{both_ways, complaint};
use crate::v1::{Lifetime, Payload, arbitrary};

const COOKIES: (IkeSpi, IkeSpi) = (IkeSpi(0x0102_0304_0506_0708), IkeSpi(0xf1f2_f3f4_f5f6_f7f8));

#[test]
fn a_notify_about_an_sa_lies_where_the_rfc_draws_it() {
    let notify = Notify {
        doi: Doi::IPSEC,
        protocol: ProtocolId::ESP,
        spi: vec![0xc0, 0xff, 0xee, 0x01],
        kind: NotifyType::RESPONDER_LIFETIME,
        data: vec![0x80, 0x01, 0x00, 0x01, 0x80, 0x02, 0x0e, 0x10],
    };
    let written = "
        00 00 00 18 ; no next payload, length 24
        00 00 00 01 ; IPSEC
        03 04       ; ESP, SPI size 4
        60 00       ; RESPONDER-LIFETIME, 24576
        c0 ff ee 01 ; SPI
        80 01 00 01  80 02 0e 10 ; 3600 seconds";
    both_ways(&Payload::Notify(notify.clone()), written);
    let attributes = notify.responder_lifetime().unwrap();
    assert_eq!(Lifetime::of(&attributes), Ok(vec![Lifetime::seconds(3600)]));
    assert_eq!((notify.number(), notify.ike_spis()), (None, None));
}

#[test]
fn r_u_there_lies_where_the_rfc_draws_it() {
    let (spi_i, spi_r) = COOKIES;
    let sequence = 0x1234_5678_u32;
    let data = sequence.to_be_bytes().to_vec();
    let notify = Notify::about_ike(spi_i, spi_r, NotifyType::R_U_THERE, data.clone());
    let written = "
        00 00 00 20 ; no next payload, length 32
        00 00 00 01 ; IPSEC
        01 10       ; ISAKMP, SPI size 16
        8d 28       ; R-U-THERE, 36136
        0102030405060708 f1f2f3f4f5f6f7f8
        12 34 56 78 ; sequence number";
    both_ways(&Payload::Notify(notify.clone()), written);
    assert_eq!((notify.number(), notify.ike_spis()), (Some(sequence), Some(COOKIES)));
    let ack = Notify::about_ike(spi_i, spi_r, NotifyType::R_U_THERE_ACK, data);
    both_ways(&Payload::Notify(ack), &written.replace("8d 28", "8d 29"));
}

#[test]
fn an_error_before_there_is_an_sa_has_no_spi() {
    let refusal = Notify::new(NotifyType::NO_PROPOSAL_CHOSEN, Vec::new());
    both_ways(&Payload::Notify(refusal.clone()), "00 00 00 0c  00000001  01 00  00 0e");
    assert_eq!(refusal.ike_spis(), None);
}

#[test]
fn replay_status_is_a_number_of_four_octets() {
    let status = |data: &[u8]| Notify::new(NotifyType::REPLAY_STATUS, data.to_vec()).number();
    assert_eq!(status(&[0, 0, 0, 1]), Some(1));
    assert_eq!((status(&[0, 0, 1]), status(&[0, 0, 0, 0, 1])), (None, None));
}

#[test]
fn data_that_are_no_attributes_are_malformed_where_they_end() {
    let notify = Notify::new(NotifyType::RESPONDER_LIFETIME, vec![0, 2, 0, 4, 1]);
    assert_eq!(notify.responder_lifetime().unwrap_err().offset, 4);
}

#[test]
fn an_spi_beyond_the_payload_is_malformed() {
    let text = "the notify's SPI needs 4 octets, but 3 are left".to_owned();
    let told = complaint(PayloadType::NOTIFY, "00 00 00 0f  00000001  03 04  60 00  01 02 03");
    assert_eq!(told, (12, text));
    assert_eq!(complaint(PayloadType::NOTIFY, "00 00 00 0b  00000001  01 00  60").0, 10);
}

proptest! {
    #[test]
    fn a_written_notify_reads_as_itself(notify in arbitrary::notify()) {
        let mut octets = Vec::new();
        notify.emit(&mut octets);
        prop_assert_eq!(Notify::parse(&mut Cursor::new(&octets, 0)), Ok(notify));
    }
}
