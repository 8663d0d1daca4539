//! The Delete payload (RFC 2408 §3.15).

use crate::cursor::Cursor;
use crate::registry::v1::{Doi, ProtocolId};
use crate::{IkeSpi, Malformed, Spi};

/// SAs that the sender no longer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// The domain of interpretation.
    pub doi: Doi,
    /// Their protocol.
    pub protocol: ProtocolId,
    /// The size of one SPI in octets.
    spi_size: u8,
    /// The SPIs under which the sender received, one after the other.
    spis: Vec<u8>,
}

impl Delete {
    /// Deletes an ISAKMP SA.
    #[must_use]
    pub fn ike(spi_i: IkeSpi, spi_r: IkeSpi) -> Self {
        let spis = cookies(spi_i, spi_r).to_vec();
        Self { doi: Doi::IPSEC, protocol: ProtocolId::ISAKMP, spi_size: COOKIES_LEN, spis }
    }

    /// Deletes SAs of `protocol`, AH or ESP.
    #[must_use]
    pub fn ipsec(protocol: ProtocolId, spis: impl IntoIterator<Item = Spi>) -> Self {
        let spis = spis.into_iter().flat_map(|spi| spi.0.to_be_bytes()).collect();
        Self { doi: Doi::IPSEC, protocol, spi_size: 4, spis }
    }

    /// The cookies of ISAKMP SAs; empty for another protocol.
    #[must_use]
    pub fn ike_spis(&self) -> Vec<(IkeSpi, IkeSpi)> {
        if self.protocol != ProtocolId::ISAKMP || self.spi_size != COOKIES_LEN {
            return Vec::new();
        }
        self.spis().filter_map(cookies_of).collect()
    }

    /// The SPIs of AH or ESP SAs; empty for another protocol.
    #[must_use]
    pub fn ipsec_spis(&self) -> Vec<Spi> {
        if !matches!(self.protocol, ProtocolId::AH | ProtocolId::ESP) || self.spi_size != 4 {
            return Vec::new();
        }
        let spi = |octets: &[u8]| Spi(octets.iter().fold(0, |spi, octet| (spi << 8) | u32::from(*octet)));
        self.spis().map(spi).collect()
    }

    /// The SPIs of any protocol, in octets.
    pub fn spis(&self) -> impl Iterator<Item = &[u8]> {
        self.spis.chunks_exact(usize::from(self.spi_size).max(1))
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let doi = Doi(cursor.u32("the delete's domain of interpretation")?);
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
        Ok(Self { doi, protocol, spi_size, spis })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let count = self.spis.len().checked_div(usize::from(self.spi_size)).unwrap_or(0);
        out.extend(self.doi.0.to_be_bytes());
        out.extend([self.protocol.0, self.spi_size]);
        out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(&self.spis);
    }
}

/// The length in octets of both cookies, the SPI of an ISAKMP SA.
const COOKIES_LEN: u8 = 16;

/// The SPI of the ISAKMP SA with these cookies (RFC 2408 §3.15).
pub(super) fn cookies(spi_i: IkeSpi, spi_r: IkeSpi) -> [u8; 16] {
    ((u128::from(spi_i.0) << 64) | u128::from(spi_r.0)).to_be_bytes()
}

/// The cookies that an SPI of an ISAKMP SA consists of.
pub(super) fn cookies_of(spi: &[u8]) -> Option<(IkeSpi, IkeSpi)> {
    let (spi_i, spi_r) = spi.split_at_checked(8)?;
    let cookie =
        |octets: &[u8]| <[u8; 8]>::try_from(octets).ok().map(|octets| IkeSpi(u64::from_be_bytes(octets)));
    Some((cookie(spi_i)?, cookie(spi_r)?))
}

#[cfg(test)]
mod tests;
