//! The Delete payload (RFC 7296 §3.11).

use crate::cursor::Cursor;
use crate::registry::ProtocolId;
use crate::{Malformed, Spi};

/// SAs that the sender no longer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// Their protocol; for the IKE SA itself there are no SPIs.
    pub protocol: ProtocolId,
    /// The size of one SPI in octets.
    spi_size: u8,
    /// The SPIs under which the sender received, one after the other.
    spis: Vec<u8>,
}

impl Delete {
    /// Deletes the IKE SA.
    #[must_use]
    pub fn ike() -> Self {
        Self { protocol: ProtocolId::IKE, spi_size: 0, spis: Vec::new() }
    }

    /// Deletes Child SAs of this protocol, ESP or AH.
    #[must_use]
    pub fn children(protocol: ProtocolId, spis: impl IntoIterator<Item = Spi>) -> Self {
        let spis = spis.into_iter().flat_map(|spi| spi.0.to_be_bytes()).collect();
        Self { protocol, spi_size: 4, spis }
    }

    /// The SPIs of Child SAs; empty for a protocol other than ESP and AH.
    #[must_use]
    pub fn child_spis(&self) -> Vec<Spi> {
        if ![ProtocolId::ESP, ProtocolId::AH].contains(&self.protocol) || self.spi_size != 4 {
            return Vec::new();
        }
        let spi = |octets: &[u8]| Spi(octets.iter().fold(0, |spi, octet| (spi << 8) | u32::from(*octet)));
        self.spis.chunks_exact(4).map(spi).collect()
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let protocol = ProtocolId(cursor.u8("the delete's protocol")?);
        let spi_size = cursor.u8("the delete's SPI size")?;
        let at = cursor.offset();
        let count = cursor.u16("the delete's number of SPIs")?;
        let spis = cursor.rest().to_vec();
        let expected = usize::from(spi_size) * usize::from(count);
        if spis.len() != expected {
            let text =
                format!("{count} SPIs of {spi_size} octets are announced, {} octets are there", spis.len());
            return Err(Malformed::new(at, text));
        }
        if spi_size == 0 && count > 0 {
            return Err(Malformed::new(at, format!("{count} SPIs of no octets are announced")));
        }
        Ok(Self { protocol, spi_size, spis })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let count = self.spis.len().checked_div(usize::from(self.spi_size)).unwrap_or(0);
        out.extend([self.protocol.0, self.spi_size]);
        out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(&self.spis);
    }
}

#[cfg(test)]
mod tests;
