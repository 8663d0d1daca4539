//! The IKE header (RFC 7296 §3.1, RFC 2408 §3.1), the same 28 octets in both versions, and what version 2 means by them.

use crate::cursor::Cursor;
use crate::registry::{ExchangeType, PayloadType};
use crate::{IkeSpi, Malformed};

/// The IKE header of version 2. A message whose `version` turns out to be 1 is for [`v1::Header`](crate::v1::Header).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The initiator's SPI.
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
    /// IKEv1.
    pub const V1: Self = Self { major: 1, minor: 0 };
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
        let fields = Fields::parse(octets)?;
        Ok(Self {
            spi_i: fields.spi_i,
            spi_r: fields.spi_r,
            next_payload: PayloadType(fields.next_payload),
            version: fields.version,
            exchange: ExchangeType(fields.exchange),
            flags: Flags {
                initiator: fields.flags & INITIATOR != 0,
                version: fields.flags & VERSION != 0,
                response: fields.flags & RESPONSE != 0,
            },
            message_id: fields.message_id,
            length: fields.length,
        })
    }

    /// The header's octets.
    #[must_use]
    pub fn emit(&self) -> [u8; Self::LEN] {
        let fields = Fields {
            spi_i: self.spi_i,
            spi_r: self.spi_r,
            next_payload: self.next_payload.0,
            version: self.version,
            exchange: self.exchange.0,
            flags: bit(self.flags.initiator, INITIATOR)
                | bit(self.flags.version, VERSION)
                | bit(self.flags.response, RESPONSE),
            message_id: self.message_id,
            length: self.length,
        };
        fields.emit()
    }
}

/// The fields where they lie, before a version gives its meaning to the numbers.
pub(crate) struct Fields {
    pub(crate) spi_i: IkeSpi,
    pub(crate) spi_r: IkeSpi,
    pub(crate) next_payload: u8,
    pub(crate) version: Version,
    pub(crate) exchange: u8,
    pub(crate) flags: u8,
    pub(crate) message_id: u32,
    pub(crate) length: u32,
}

impl Fields {
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets, 0);
        let spi_i = IkeSpi(cursor.u64("the initiator's SPI")?);
        let spi_r = IkeSpi(cursor.u64("the responder's SPI")?);
        let next_payload = cursor.u8("the next payload")?;
        let version = cursor.u8("the version")?;
        Ok(Self {
            spi_i,
            spi_r,
            next_payload,
            version: Version { major: version >> 4, minor: version & 0x0f },
            exchange: cursor.u8("the exchange type")?,
            flags: cursor.u8("the flags")?,
            message_id: cursor.u32("the message ID")?,
            length: cursor.u32("the length")?,
        })
    }

    pub(crate) fn emit(&self) -> [u8; Header::LEN] {
        let mut octets = [0; Header::LEN];
        octets[..8].copy_from_slice(&self.spi_i.0.to_be_bytes());
        octets[8..16].copy_from_slice(&self.spi_r.0.to_be_bytes());
        octets[16] = self.next_payload;
        octets[17] = (self.version.major << 4) | (self.version.minor & 0x0f);
        octets[18] = self.exchange;
        octets[19] = self.flags;
        octets[20..24].copy_from_slice(&self.message_id.to_be_bytes());
        octets[24..].copy_from_slice(&self.length.to_be_bytes());
        octets
    }
}

/// The bit of a flag that is set.
pub(crate) fn bit(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

const INITIATOR: u8 = 0x08;
const VERSION: u8 = 0x10;
const RESPONSE: u8 = 0x20;

#[cfg(test)]
mod tests;
