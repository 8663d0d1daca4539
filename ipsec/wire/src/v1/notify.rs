//! The Notification payload (RFC 2408 §3.14, RFC 2407 §4.6.3, RFC 3706 §5.3).

use super::delete::{cookies, cookies_of};
use crate::cursor::Cursor;
use crate::registry::v1::{Doi, NotifyType, ProtocolId};
use crate::v1::{Attribute, Lifetime};
use crate::{IkeSpi, Malformed, Spi};

/// An error or a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The domain of interpretation.
    pub doi: Doi,
    /// The protocol of the SA that it is about.
    pub protocol: ProtocolId,
    /// The SPI of the SA that it is about; for ISAKMP both cookies, or nothing.
    pub spi: Vec<u8>,
    /// What it says.
    pub kind: NotifyType,
    /// What belongs to it.
    pub data: Vec<u8>,
}

impl Notify {
    /// A notify about the ISAKMP SA that is being negotiated, or about none.
    #[must_use]
    pub fn new(kind: NotifyType, data: Vec<u8>) -> Self {
        Self { doi: Doi::IPSEC, protocol: ProtocolId::ISAKMP, spi: Vec::new(), kind, data }
    }

    /// A notify about the ISAKMP SA with these cookies: INITIAL-CONTACT, R-U-THERE and their like.
    #[must_use]
    pub fn about_ike(spi_i: IkeSpi, spi_r: IkeSpi, kind: NotifyType, data: Vec<u8>) -> Self {
        Self { spi: cookies(spi_i, spi_r).to_vec(), ..Self::new(kind, data) }
    }

    /// RESPONDER-LIFETIME for the SA of `protocol` that its sender receives under `spi` (RFC 2407 §4.6.3.1).
    #[must_use]
    pub fn responder_lifetimes(protocol: ProtocolId, spi: Spi, lifetimes: &[Lifetime]) -> Self {
        let attributes: Vec<Attribute> = lifetimes.iter().flat_map(|life| life.phase2_attributes()).collect();
        let mut data = Vec::new();
        Attribute::emit_list(&attributes, &mut data);
        let spi = spi.0.to_be_bytes().to_vec();
        Self { doi: Doi::IPSEC, protocol, spi, kind: NotifyType::RESPONDER_LIFETIME, data }
    }

    /// The lifetimes that the responder will keep to. `Lifetime::of` tells what they say.
    ///
    /// # Errors
    /// When the data are no list of attributes; offsets count from their beginning.
    pub fn responder_lifetime(&self) -> Result<Vec<Attribute>, Malformed> {
        Attribute::parse_list(&mut Cursor::new(&self.data, 0))
    }

    /// The cookies of the ISAKMP SA that it is about, where it names them.
    #[must_use]
    pub fn ike_spis(&self) -> Option<(IkeSpi, IkeSpi)> {
        (self.protocol == ProtocolId::ISAKMP).then(|| cookies_of(&self.spi)).flatten()
    }

    /// The data where they are a number of four octets: the sequence number of R-U-THERE and its answer, or what
    /// REPLAY-STATUS says.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        <[u8; 4]>::try_from(self.data.as_slice()).ok().map(u32::from_be_bytes)
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let doi = Doi(cursor.u32("the notify's domain of interpretation")?);
        let protocol = ProtocolId(cursor.u8("the notify's protocol")?);
        let spi_len = usize::from(cursor.u8("the notify's SPI size")?);
        let kind = NotifyType(cursor.u16("the notify's type")?);
        let spi = cursor.take(spi_len, "the notify's SPI")?.to_vec();
        Ok(Self { doi, protocol, spi, kind, data: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.doi.0.to_be_bytes());
        out.extend([self.protocol.0, u8::try_from(self.spi.len()).unwrap_or(u8::MAX)]);
        out.extend(self.kind.0.to_be_bytes());
        out.extend_from_slice(&self.spi);
        out.extend_from_slice(&self.data);
    }
}

#[cfg(test)]
mod tests;
