//! The ESP header and trailer (RFC 4303 §2).

use crate::cursor::Cursor;
use crate::{Malformed, Spi};

/// The two fields before the IV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The SPI of the receiver's SA.
    pub spi: Spi,
    /// The sequence number, or its lower half where numbers have 64 bits.
    pub sequence: u32,
}

impl Header {
    /// The length in octets.
    pub const LEN: usize = 8;

    /// Reads the header at the beginning of an ESP packet.
    ///
    /// # Errors
    /// When there are fewer than 8 octets.
    pub fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets, 0);
        Ok(Self { spi: Spi(cursor.u32("the SPI")?), sequence: cursor.u32("the sequence number")? })
    }

    /// The header's octets.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LEN] {
        let mut octets = [0; Self::LEN];
        octets[..4].copy_from_slice(&self.spi.0.to_be_bytes());
        octets[4..].copy_from_slice(&self.sequence.to_be_bytes());
        octets
    }
}

/// The length in octets of pad length and next header, behind the padding.
pub const TRAILER_LEN: usize = 2;

#[cfg(test)]
mod tests;
