//! Messages in the clear (RFC 7296 §3.1): `IKE_SA_INIT`, and errors to those without an IKE SA.

use crate::registry::PayloadType;
use crate::v2::{Payload, emit_chain, parse_chain};
use crate::{Header, Malformed};

/// A header and its payloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The header; next payload and length are set from the payloads when the message is written.
    pub header: Header,
    /// The payloads in order.
    pub payloads: Vec<Payload>,
}

impl Message {
    /// Reads a whole message.
    ///
    /// # Errors
    /// When the header's length is not that of the octets, or a payload is malformed.
    pub fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let header = Header::parse(octets)?;
        if usize::try_from(header.length) != Ok(octets.len()) {
            let text =
                format!("the message's length is {}, {} octets are there", header.length, octets.len());
            return Err(Malformed::new(24, text));
        }
        let payloads = parse_chain(header.next_payload, &octets[Header::LEN..], Header::LEN)?;
        Ok(Self { header, payloads })
    }

    /// The message's octets.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut octets = vec![0; Header::LEN];
        let next_payload = emit_chain(&self.payloads, PayloadType::NONE, &mut octets);
        let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        let header = Header { next_payload, length, ..self.header };
        octets[..Header::LEN].copy_from_slice(&header.emit());
        octets
    }
}

#[cfg(test)]
mod tests;
