//! The Notify payload (RFC 7296 §3.10).

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::{NotifyType, ProtocolId};

/// An error or a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The protocol of the SA that it is about; none when it is about the IKE SA.
    pub protocol: ProtocolId,
    /// The SPI of the SA that it is about; empty when it is about the IKE SA.
    pub spi: Vec<u8>,
    /// What it says.
    pub kind: NotifyType,
    /// What belongs to it.
    pub data: Vec<u8>,
}

impl Notify {
    /// A notify about the IKE SA or about no SA.
    #[must_use]
    pub fn new(kind: NotifyType, data: Vec<u8>) -> Self {
        Self { protocol: ProtocolId::NONE, spi: Vec::new(), kind, data }
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let protocol = ProtocolId(cursor.u8("the notify's protocol")?);
        let spi_len = usize::from(cursor.u8("the notify's SPI size")?);
        let kind = NotifyType(cursor.u16("the notify's type")?);
        let spi = cursor.take(spi_len, "the notify's SPI")?.to_vec();
        Ok(Self { protocol, spi, kind, data: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.protocol.0, u8::try_from(self.spi.len()).unwrap_or(u8::MAX)]);
        out.extend(self.kind.0.to_be_bytes());
        out.extend_from_slice(&self.spi);
        out.extend_from_slice(&self.data);
    }
}

#[cfg(test)]
mod tests;
