//! What a host reads in ICMP messages beyond what they say themselves: whether they are whole, and which
//! packet an error is about (RFC 792, RFC 4443 §2.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec_net::{IpPacket, IpVersion, protocol};

/// Of the packet that an ICMP error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    /// Who sent it.
    pub(super) source: IpAddr,
    /// Where it went.
    pub(super) destination: IpAddr,
    /// Its total length in octets.
    pub(super) length: usize,
}

/// Whether `packet` is an ICMP message of its own IP version with a right checksum.
pub(super) fn is_whole(packet: &IpPacket) -> bool {
    let octets = packet.payload();
    match packet.version() {
        IpVersion::V4 => packet.protocol() == protocol::ICMP && sum(octets) == 0xffff,
        IpVersion::V6 => {
            let pseudo = sum(&packet.as_bytes()[8..40]) + u64::from(protocol::ICMPV6) + octets.len() as u64;
            packet.protocol() == protocol::ICMPV6 && fold(pseudo + sum(octets)) == 0xffff
        }
    }
}

/// The packet that an ICMP error quotes: at least its header has to be there.
pub(super) fn quoted(error: &IpPacket) -> Option<Quoted> {
    let quote = error.payload().get(8..)?;
    let be16 = |at: usize| Some(usize::from(u16::from_be_bytes(quote.get(at..at + 2)?.try_into().ok()?)));
    match (error.version(), quote.first()? >> 4) {
        (IpVersion::V4, 4) => {
            let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(quote.get(at..at + 4)?).ok()?));
            Some(Quoted { source: address(12)?.into(), destination: address(16)?.into(), length: be16(2)? })
        }
        (IpVersion::V6, 6) => {
            let address =
                |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(quote.get(at..at + 16)?).ok()?));
            Some(Quoted {
                source: address(8)?.into(),
                destination: address(24)?.into(),
                length: 40 + be16(4)?,
            })
        }
        _ => None,
    }
}

/// The ones' complement sum of 16-bit words (RFC 1071 §1).
fn sum(octets: &[u8]) -> u64 {
    let word = |pair: &[u8]| u64::from(pair[0]) << 8 | u64::from(pair.get(1).copied().unwrap_or(0));
    fold(octets.chunks(2).map(word).sum())
}

fn fold(mut sum: u64) -> u64 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

#[cfg(test)]
mod tests {
    use ipsec_net::icmp::{Echo, echo_request, packet_too_big};
    use ipsec_net::{Buffer, IpHeader};

    use super::*;

    const ENDS: [(&str, &str); 2] = [("10.1.0.1", "10.2.0.1"), ("2001:db8::1", "2001:db8::2")];

    #[test]
    fn whole_messages_are_told_from_damaged_ones() {
        for (source, destination) in ENDS {
            let echo = Echo { identifier: 7, sequence: 9 };
            let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
            let request = echo_request(source, destination, echo, b"odd").unwrap();
            assert!(is_whole(&request));
            for bit in 0..request.payload().len() * 8 {
                let mut damaged = request.clone();
                damaged.payload_mut()[bit / 8] ^= 0x80 >> (bit % 8);
                assert!(!is_whole(&damaged), "bit {bit}");
            }
        }
    }

    #[test]
    fn an_error_names_the_packet_that_it_is_about() {
        for (source, destination) in ENDS {
            let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
            let header = IpHeader::new(source, destination, protocol::UDP);
            let packet = IpPacket::build(&header, Buffer::copy_of(&[7; 3000])).unwrap();
            let error = packet_too_big(&packet, destination, 1400).unwrap();
            assert!(is_whole(&error));
            assert_eq!(quoted(&error), Some(Quoted { source, destination, length: packet.len() }));
            let length = error.payload().len();
            for short in [0, 8, 9, 20, 27].into_iter().filter(|short| *short < length) {
                let header = IpHeader::new(destination, source, error.protocol());
                let cut = IpPacket::build(&header, Buffer::copy_of(&error.payload()[..short])).unwrap();
                assert_eq!(quoted(&cut), None, "{short}");
            }
        }
    }
}
