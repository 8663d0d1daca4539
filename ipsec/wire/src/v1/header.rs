//! The ISAKMP header (RFC 2408 §3.1).

use crate::header::{Fields, bit};
use crate::registry::v1::{ExchangeType, PayloadType};
use crate::{IkeSpi, Malformed, Version};

/// The ISAKMP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The initiator's cookie.
    pub spi_i: IkeSpi,
    /// The responder's cookie; 0 while it is unknown.
    pub spi_r: IkeSpi,
    /// The type of the first payload.
    pub next_payload: PayloadType,
    /// The version of the protocol.
    pub version: Version,
    /// The exchange.
    pub exchange: ExchangeType,
    /// The flags; reserved ones are ignored.
    pub flags: Flags,
    /// The message ID; 0 in phase 1, chosen by chance in phase 2.
    pub message_id: u32,
    /// The length of the whole message in octets, padding included.
    pub length: u32,
}

/// The flags of version 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// What follows the header is encrypted.
    pub encryption: bool,
    /// The sender asks to wait for its CONNECTED before the SA is used.
    pub commit: bool,
    /// The message is authenticated, though not encrypted.
    pub authentication_only: bool,
}

impl Header {
    /// The length of the header in octets.
    pub const LEN: usize = crate::Header::LEN;

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
                encryption: fields.flags & ENCRYPTION != 0,
                commit: fields.flags & COMMIT != 0,
                authentication_only: fields.flags & AUTHENTICATION_ONLY != 0,
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
            flags: bit(self.flags.encryption, ENCRYPTION)
                | bit(self.flags.commit, COMMIT)
                | bit(self.flags.authentication_only, AUTHENTICATION_ONLY),
            message_id: self.message_id,
            length: self.length,
        };
        fields.emit()
    }
}

const ENCRYPTION: u8 = 0x01;
const COMMIT: u8 = 0x02;
const AUTHENTICATION_ONLY: u8 = 0x04;

/// The offset of the flags.
pub(super) const FLAGS_AT: usize = 19;

#[cfg(test)]
mod tests;
