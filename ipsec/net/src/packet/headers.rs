//! A packet's headers without its payload, so that the payload can be exchanged under them: IPv4 with its options, IPv6
//! with its extension headers.

use super::layout::{header_checksum, is_extension};
use super::{IpPacket, IpVersion, NotIp, protocol};
use crate::Buffer;

/// The IP header of a whole packet with its options or extension headers.
#[derive(Clone, Debug)]
pub struct Headers {
    octets: [u8; MOST],
    len: usize,
    version: IpVersion,
    /// Where the octet is that names the payload's protocol.
    protocol_at: usize,
}

/// No headers longer than this are taken apart.
const MOST: usize = 256;

impl IpPacket {
    /// A copy of a whole packet's headers, without the fragment header of an IPv6 packet that is its own only fragment
    /// (RFC 6946).
    ///
    /// # Errors
    /// When it is a fragment, or its headers are longer than 256 octets.
    pub fn headers(&self) -> Result<Headers, NotIp> {
        if self.fragment().is_some_and(|fragment| fragment.more || fragment.offset > 0) {
            return Err(NotIp::Unbuildable("a fragment has but a part of its payload"));
        }
        let mut len = self.header_len();
        if len > MOST {
            return Err(NotIp::Unbuildable("headers longer than 256 octets"));
        }
        let mut octets = [0; MOST];
        octets[..len].copy_from_slice(&self.as_bytes()[..len]);
        let version = self.version();
        if self.fragment().is_some() {
            len = without_fragment_header(&mut octets, len);
        }
        let protocol_at = match version {
            IpVersion::V4 => 9,
            IpVersion::V6 => last_next_header(&octets[..len]),
        };
        Ok(Headers { octets, len, version, protocol_at })
    }
}

impl Headers {
    /// The IP version.
    #[must_use]
    pub fn version(&self) -> IpVersion {
        self.version
    }

    /// Puts the headers before a payload of this protocol; lengths and the IPv4 checksum are those of the new packet.
    pub(super) fn put_before(mut self, protocol: u8, payload: &mut Buffer) -> Result<(), NotIp> {
        let too_long = NotIp::Unbuildable("the payload does not fit in an IP packet");
        let total = u16::try_from(self.len + payload.len()).map_err(|_| too_long)?;
        self.octets[self.protocol_at] = protocol;
        match self.version {
            IpVersion::V4 => {
                self.octets[2..4].copy_from_slice(&total.to_be_bytes());
                let header_len = self.len;
                let sum = header_checksum(&self.octets[..header_len]);
                self.octets[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            IpVersion::V6 => {
                let length = total - IpVersion::V6.header_len() as u16;
                self.octets[4..6].copy_from_slice(&length.to_be_bytes());
            }
        }
        payload.grow_front(self.len).copy_from_slice(&self.octets[..self.len]);
        Ok(())
    }
}

/// Takes the fragment header out of IPv6 headers of `len` octets and returns how many are left.
fn without_fragment_header(octets: &mut [u8; MOST], len: usize) -> usize {
    let (mut at, mut begin) = (6, IpVersion::V6.header_len());
    while octets[at] != protocol::FRAGMENT {
        if !is_extension(octets[at]) || begin + 1 >= len {
            return len;
        }
        at = begin;
        begin += usize::from(octets[begin + 1]) * 8 + 8;
    }
    octets[at] = octets[begin];
    octets.copy_within(begin + 8..len, begin);
    len - 8
}

/// Where the last "next header" of IPv6 headers is.
fn last_next_header(headers: &[u8]) -> usize {
    let (mut at, mut begin) = (6, IpVersion::V6.header_len());
    while is_extension(headers[at]) && begin + 1 < headers.len() {
        at = begin;
        // A fragment header has eight octets, and its second one is 0 (RFC 8200 §4.5).
        begin += usize::from(headers[begin + 1]) * 8 + 8;
    }
    at
}
