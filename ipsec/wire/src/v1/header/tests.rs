use proptest::prelude::*;

use super::*;
use crate::v1::arbitrary;
use crate::v2::written::octets;

/// RFC 2408 §3.1, figure 2.
const WRITTEN: &str = "
    01 02 03 04 05 06 07 08 ; initiator's cookie
    f1 f2 f3 f4 f5 f6 f7 f8 ; responder's cookie
    08                      ; next payload: HASH
    10                      ; major version 1, minor version 0
    20                      ; exchange: quick mode
    03                      ; flags: A C E from the left, of which C and E
    c0 ff ee 01             ; message ID
    00 00 01 2c             ; length";

fn header() -> Header {
    Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0xf1f2_f3f4_f5f6_f7f8),
        next_payload: PayloadType::HASH,
        version: Version::V1,
        exchange: ExchangeType::QUICK,
        flags: Flags { encryption: true, commit: true, authentication_only: false },
        message_id: 0xc0ff_ee01,
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
        octets[FLAGS_AT] = octet;
        Header::parse(&octets).unwrap().flags
    };
    let none = Flags::default();
    assert_eq!(flags(0x01), Flags { encryption: true, ..none });
    assert_eq!(flags(0x02), Flags { commit: true, ..none });
    assert_eq!(flags(0x04), Flags { authentication_only: true, ..none });
    assert_eq!(flags(0xf8), none, "reserved bits are ignored");
}

#[test]
fn version_2_reads_the_same_fields_but_none_of_the_flags() {
    let read = crate::Header::parse(&octets(WRITTEN)).unwrap();
    assert_eq!(read.version, Version::V1, "by which a receiver knows whom to ask");
    assert_eq!(read.flags, crate::Flags::default());
    let fields = (read.spi_i, read.spi_r, read.message_id, read.length);
    let expected = (header().spi_i, header().spi_r, header().message_id, header().length);
    assert_eq!(fields, expected);
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
        expected[FLAGS_AT] &= ENCRYPTION | COMMIT | AUTHENTICATION_ONLY;
        prop_assert_eq!(Header::parse(&octets).unwrap().emit(), expected);
    }
}
