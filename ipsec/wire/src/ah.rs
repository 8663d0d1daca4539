//! The Authentication Header (RFC 4302 §2).
//!
//! ```text
//! next header | payload length | reserved | SPI | sequence number | ICV, padding
//! ```

use crate::cursor::Cursor;
use crate::{Malformed, Spi};

/// The fields before the integrity check value, and how long that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The protocol of what follows.
    pub next_header: u8,
    /// The SPI of the receiver's SA.
    pub spi: Spi,
    /// The sequence number, or its lower half where numbers have 64 bits.
    pub sequence: u32,
    /// The length in octets of the integrity check value with its padding, a multiple of 4.
    pub icv_len: usize,
}

impl Header {
    /// The length in octets of the fields before the integrity check value.
    pub const FIXED_LEN: usize = 12;

    /// Reads the header at the beginning of an AH packet. The reserved field may hold anything: it is covered by the
    /// integrity check and otherwise ignored (§2.3).
    ///
    /// # Errors
    /// When there are fewer octets than the header has, or its payload length leaves no room for the fixed fields.
    pub fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets, 0);
        let next_header = cursor.u8("the next header")?;
        // In units of four octets, two of which are not counted (§2.2).
        let length = (usize::from(cursor.u8("the payload length")?) + 2) * 4;
        cursor.u16("the reserved field")?;
        let spi = Spi(cursor.u32("the SPI")?);
        let sequence = cursor.u32("the sequence number")?;
        let Some(icv_len) = length.checked_sub(Self::FIXED_LEN) else {
            return Err(Malformed::new(1, "the payload length leaves no room for the header"));
        };
        cursor.take(icv_len, "the integrity check value")?;
        Ok(Self { next_header, spi, sequence, icv_len })
    }

    /// The length in octets of the whole header.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a header has at least its fixed fields")]
    pub fn len(&self) -> usize {
        Self::FIXED_LEN + self.icv_len
    }

    /// The octets before the integrity check value. A length that the field cannot hold is cut to what it can: no
    /// algorithm has an integrity check value of a kilobyte.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::FIXED_LEN] {
        let mut octets = [0; Self::FIXED_LEN];
        octets[0] = self.next_header;
        octets[1] = u8::try_from(self.len() / 4 - 2).unwrap_or(u8::MAX);
        octets[4..8].copy_from_slice(&self.spi.0.to_be_bytes());
        octets[8..].copy_from_slice(&self.sequence.to_be_bytes());
        octets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_reads_as_the_rfc_lays_it_out() {
        let octets = [&[50, 4, 0, 0, 0, 0, 1, 2, 0, 0, 0, 7][..], &[0xab; 12], b"payload"].concat();
        let header = Header::parse(&octets).unwrap();
        assert_eq!(header, Header { next_header: 50, spi: Spi(0x102), sequence: 7, icv_len: 12 });
        assert_eq!(header.emit()[..], octets[..12]);
    }

    #[test]
    fn a_payload_length_below_one_leaves_no_room() {
        let octets = [&[50, 0, 0, 0][..], &[0; 20]].concat();
        assert_eq!(Header::parse(&octets).unwrap_err().offset, 1);
    }

    proptest! {
        #[test]
        fn headers_round_trip(next_header: u8, spi: u32, sequence: u32, words in 0usize..=254) {
            let header = Header { next_header, spi: Spi(spi), sequence, icv_len: words * 4 };
            let octets = [&header.emit()[..], &vec![0; header.icv_len]].concat();
            prop_assert_eq!(Header::parse(&octets), Ok(header));
            prop_assert!(Header::parse(&octets[..octets.len() - 1]).is_err());
        }
    }
}
