//! A packet's headers without its payload, so that the payload can be exchanged under them: IPv4 with its options, IPv6
//! with its extension headers.

use super::{IpPacket, IpVersion, NotIp, header_checksum, is_extension, protocol};
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
    /// Takes a whole packet apart. The fragment header of an IPv6 packet that is its own only fragment (RFC 6946) goes.
    ///
    /// # Errors
    /// When it is a fragment, or its headers are longer than 256 octets.
    pub fn into_parts(self) -> Result<(Headers, Buffer), NotIp> {
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
        Ok((Headers { octets, len, version, protocol_at }, self.into_payload()))
    }
}

impl Headers {
    /// The IP version.
    #[must_use]
    pub fn version(&self) -> IpVersion {
        self.version
    }

    /// Puts the headers before a payload of this protocol; lengths and the IPv4 checksum are those of the new packet.
    ///
    /// # Errors
    /// When the packet would be longer than IP allows.
    pub fn join(mut self, protocol: u8, mut payload: Buffer) -> Result<IpPacket, NotIp> {
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
        IpPacket::parse(payload)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{IpHeader, fragment, protocol};

    fn packet(v6: bool, payload: &[u8]) -> IpPacket {
        let [source, destination] = match v6 {
            false => ["192.0.2.1", "192.0.2.2"],
            true => ["2001:db8::1", "2001:db8::2"],
        };
        let header = IpHeader::new(source.parse().unwrap(), destination.parse().unwrap(), protocol::UDP);
        IpPacket::build(&header, Buffer::copy_of(payload)).unwrap()
    }

    proptest! {
        #[test]
        fn another_payload_stands_under_the_same_headers(v6: bool, before in 0usize..2000, after in 0usize..2000) {
            let original = packet(v6, &vec![1; before]);
            let (headers, payload) = original.clone().into_parts().unwrap();
            prop_assert_eq!(payload.len(), before);
            let changed = headers.clone().join(protocol::ESP, Buffer::copy_of(&vec![2; after])).unwrap();
            prop_assert_eq!((changed.protocol(), changed.payload()), (protocol::ESP, &vec![2; after][..]));
            prop_assert_eq!((changed.source(), changed.hop_limit()), (original.source(), original.hop_limit()));
            prop_assert_eq!(headers.join(protocol::UDP, payload).unwrap(), original);
        }
    }

    #[test]
    fn the_last_extension_header_names_the_new_protocol() {
        let header = IpHeader::new(
            "2001:db8::1".parse().unwrap(),
            "2001:db8::2".parse().unwrap(),
            protocol::HOP_BY_HOP,
        );
        // Hop-by-hop with a padding option, destination options with another, then UDP.
        let options =
            [[protocol::DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0], [protocol::UDP, 0, 1, 4, 0, 0, 0, 0]]
                .concat();
        let original = IpPacket::build(&header, Buffer::copy_of(&[&options[..], &[7; 20]].concat())).unwrap();
        let (headers, _) = original.into_parts().unwrap();
        let changed = headers.join(protocol::ESP, Buffer::copy_of(&[9; 16])).unwrap();
        assert_eq!(
            (changed.protocol(), changed.header_len(), changed.payload()),
            (protocol::ESP, 56, &[9; 16][..])
        );
    }

    #[test]
    fn fragments_are_not_taken_apart_and_nothing_grows_beyond_ip() {
        let pieces = fragment(packet(false, &[1; 3000]), 1500, 1).unwrap();
        assert!(pieces.into_iter().all(|piece| piece.into_parts().is_err()));
        let (headers, _) = packet(true, &[1; 10]).into_parts().unwrap();
        assert!(headers.join(protocol::ESP, Buffer::copy_of(&vec![0; 65_535])).is_err());
    }
}
