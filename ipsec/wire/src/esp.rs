//! The ESP header and trailer (RFC 4303 §2).

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
        let [a, b, c, d, e, f, g, h, ..] = *octets else {
            let field = if octets.len() < 4 { (0, "the SPI") } else { (4, "the sequence number") };
            return Err(Malformed::new(field.0, format!("{} needs 4 octets", field.1)));
        };
        Ok(Self { spi: Spi(u32::from_be_bytes([a, b, c, d])), sequence: u32::from_be_bytes([e, f, g, h]) })
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
