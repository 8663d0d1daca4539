use proptest::prelude::*;

use super::*;

#[test]
fn the_fields_lie_where_the_rfc_draws_them() {
    let octets = [0xc0, 0xff, 0xee, 0x01, 0x00, 0x00, 0x01, 0x00, 0x99];
    let header = Header { spi: Spi(0xc0ff_ee01), sequence: 256 };
    assert_eq!(Header::parse(&octets), Ok(header));
    assert_eq!(header.emit(), octets[..8]);
}

#[test]
fn a_header_cut_short_is_malformed_where_it_ends() {
    for length in 0..Header::LEN {
        let malformed = Header::parse(&[0; Header::LEN][..length]).unwrap_err();
        assert_eq!(malformed.offset, if length < 4 { 0 } else { 4 });
    }
}

proptest! {
    #[test]
    fn a_written_header_reads_as_itself(spi: u32, sequence: u32) {
        let header = Header { spi: Spi(spi), sequence };
        prop_assert_eq!(Header::parse(&header.emit()), Ok(header));
    }
}
