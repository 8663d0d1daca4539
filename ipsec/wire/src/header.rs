//! The IKE header (RFC 7296 §3.1, RFC 2408 §3.1), the same 28 octets in both versions.

use crate::cursor::Cursor;
use crate::registry::{ExchangeType, PayloadType};
use crate::{IkeSpi, Malformed};

/// The IKE header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The initiator's SPI, called cookie in version 1.
    pub spi_i: IkeSpi,
    /// The responder's SPI; 0 while it is unknown.
    pub spi_r: IkeSpi,
    /// The type of the first payload.
    pub next_payload: PayloadType,
    /// The version of the protocol.
    pub version: Version,
    /// The exchange.
    pub exchange: ExchangeType,
    /// The flags; reserved ones are ignored.
    pub flags: Flags,
    /// The message ID.
    pub message_id: u32,
    /// The length of the whole message in octets.
    pub length: u32,
}

/// A version of the protocol, two numbers of four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The major version.
    pub major: u8,
    /// The minor version.
    pub minor: u8,
}

impl Version {
    /// IKEv2.
    pub const V2: Self = Self { major: 2, minor: 0 };
}

/// The flags of version 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// The sender is the original initiator of the IKE SA.
    pub initiator: bool,
    /// The sender can speak a higher major version.
    pub version: bool,
    /// The message is a response.
    pub response: bool,
}

impl Header {
    /// The length of the header in octets.
    pub const LEN: usize = 28;

    /// Reads the header at the beginning of a message. Only the presence of its octets is checked.
    ///
    /// # Errors
    /// When there are fewer than 28 octets.
    pub fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets, 0);
        let spi_i = IkeSpi(cursor.u64("the initiator's SPI")?);
        let spi_r = IkeSpi(cursor.u64("the responder's SPI")?);
        let next_payload = PayloadType(cursor.u8("the next payload")?);
        let version = cursor.u8("the version")?;
        let exchange = ExchangeType(cursor.u8("the exchange type")?);
        let flags = cursor.u8("the flags")?;
        Ok(Self {
            spi_i,
            spi_r,
            next_payload,
            version: Version { major: version >> 4, minor: version & 0x0f },
            exchange,
            flags: Flags {
                initiator: flags & INITIATOR != 0,
                version: flags & VERSION != 0,
                response: flags & RESPONSE != 0,
            },
            message_id: cursor.u32("the message ID")?,
            length: cursor.u32("the length")?,
        })
    }

    /// The header's octets.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LEN] {
        let mut octets = [0; Self::LEN];
        octets[..8].copy_from_slice(&self.spi_i.0.to_be_bytes());
        octets[8..16].copy_from_slice(&self.spi_r.0.to_be_bytes());
        octets[16] = self.next_payload.0;
        octets[17] = (self.version.major << 4) | (self.version.minor & 0x0f);
        octets[18] = self.exchange.0;
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        octets[19] = flag(self.flags.initiator, INITIATOR)
            | flag(self.flags.version, VERSION)
            | flag(self.flags.response, RESPONSE);
        octets[20..24].copy_from_slice(&self.message_id.to_be_bytes());
        octets[24..].copy_from_slice(&self.length.to_be_bytes());
        octets
    }
}

const INITIATOR: u8 = 0x08;
const VERSION: u8 = 0x10;
const RESPONSE: u8 = 0x20;

#[cfg(test)]
mod tests;
