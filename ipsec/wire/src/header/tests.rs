use proptest::prelude::*;

use super::*;
use crate::v2::arbitrary;
use crate::v2::written::octets;

/// RFC 7296 §3.1, figure 4.
const WRITTEN: &str = "
    01 02 03 04 05 06 07 08 ; initiator's SPI
    f1 f2 f3 f4 f5 f6 f7 f8 ; responder's SPI
    2e                      ; next payload: SK
    20                      ; major version 2, minor version 0
    23                      ; exchange: IKE_AUTH
    08                      ; flags: X X R V I X X X, of which I
    00 00 00 01             ; message ID
    00 00 01 2c             ; length";

fn header() -> Header {
    Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0xf1f2_f3f4_f5f6_f7f8),
        next_payload: PayloadType::SK,
        version: Version::V2,
        exchange: ExchangeType::IKE_AUTH,
        flags: Flags { initiator: true, version: false, response: false },
        message_id: 1,
        length: 300,
    }
}

#[test]
fn the_fields_lie_where_the_rfc_draws_them() {
    assert_eq!(Header::parse(&octets(WRITTEN)), Ok(header()));
    assert_eq!(header().emit().to_vec(), octets(WRITTEN));
}

#[test]
fn each_flag_has_its_bit() {
    let flags = |octet: u8| {
        let mut octets = header().emit();
        octets[19] = octet;
        Header::parse(&octets).unwrap().flags
    };
    let none = Flags::default();
    assert_eq!(flags(0x08), Flags { initiator: true, ..none });
    assert_eq!(flags(0x10), Flags { version: true, ..none });
    assert_eq!(flags(0x20), Flags { response: true, ..none });
    assert_eq!(flags(0xc7), none, "reserved bits are ignored");
}

#[test]
fn a_header_cut_short_is_malformed_where_it_ends() {
    let whole = header().emit();
    for length in 0..Header::LEN {
        let malformed = Header::parse(&whole[..length]).unwrap_err();
        assert!(malformed.offset <= length, "{length}: {malformed}");
    }
    assert_eq!(
        Header::parse(&whole[..26]).unwrap_err().to_string(),
        "offset 24: the length needs 4 octets, but 2 are left"
    );
}

proptest! {
    #[test]
    fn a_written_header_reads_as_itself(header in arbitrary::header()) {
        prop_assert_eq!(Header::parse(&header.emit()), Ok(header));
    }

    #[test]
    fn octets_that_were_read_are_written_again_but_for_reserved_flags(octets in any::<[u8; Header::LEN]>()) {
        let mut expected = octets;
        expected[19] &= INITIATOR | VERSION | RESPONSE;
        prop_assert_eq!(Header::parse(&octets).unwrap().emit(), expected);
    }
}
