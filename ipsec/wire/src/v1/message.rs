//! Messages in the clear (RFC 2408 §3.1): the first ones of phase 1, errors to those without an SA, and fragments.

use super::header::FLAGS_AT;
use crate::Malformed;
use crate::v1::{Flags, Header, Payload, emit_chain, parse_chain};

/// A header and its payloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The header; next payload and length are set from the payloads when the message is written.
    pub header: Header,
    /// The payloads in order.
    pub payloads: Vec<Payload>,
}

impl Message {
    /// Reads a whole message. Up to three octets behind the last payload are padding, where they bring the length to a
    /// multiple of four (RFC 2408 §3.5, §3.6).
    ///
    /// # Errors
    /// When the message is encrypted, its header's length is not that of the octets, or a payload is malformed.
    pub fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let header = Header::parse(octets)?;
        if header.flags.encryption {
            return Err(Malformed::new(FLAGS_AT, "the message is encrypted"));
        }
        check_length(&header, octets)?;
        let chain = parse_chain(header.next_payload, &octets[Header::LEN..], Header::LEN)?;
        if octets.len() != chain.end && octets.len() != chain.end.next_multiple_of(ALIGNMENT) {
            return Err(Malformed::new(chain.end, "octets behind the last payload"));
        }
        Ok(Self { header, payloads: chain.payloads })
    }

    /// The message's octets, without padding and not marked as encrypted.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut octets = vec![0; Header::LEN];
        let next_payload = emit_chain(&self.payloads, &mut octets);
        let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        let flags = Flags { encryption: false, ..self.header.flags };
        let header = Header { next_payload, length, flags, ..self.header };
        octets[..Header::LEN].copy_from_slice(&header.emit());
        octets
    }
}

/// Proves that the length in the header is that of the message.
pub(super) fn check_length(header: &Header, octets: &[u8]) -> Result<(), Malformed> {
    if usize::try_from(header.length) == Ok(octets.len()) {
        return Ok(());
    }
    let text = format!("the message's length is {}, {} octets are there", header.length, octets.len());
    Err(Malformed::new(LENGTH_AT, text))
}

/// The offset of the length.
const LENGTH_AT: usize = 24;

/// Messages may be padded to a multiple of this many octets.
const ALIGNMENT: usize = 4;

#[cfg(test)]
mod tests;
