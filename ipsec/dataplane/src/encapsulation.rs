//! ESP in UDP, so that it gets through NAT (RFC 3948).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipsec_net::{Buffer, IpHeader, IpPacket, IpVersion, NotIp, protocol, udp};

/// The UDP ports round ESP, and what NAT has made of the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UdpEncapsulation {
    /// Our port, usually 4500.
    pub local_port: u16,
    /// The peer's port as we see it.
    pub remote_port: u16,
    /// How long nothing may be sent before a keepalive is (§4); none are when nothing.
    pub keepalive: Option<Duration>,
    /// Source and destination of what the peer sends us as it sees them, where that is known. Upper-layer checksums are
    /// over these in transport mode (§3.1.2).
    pub original: Option<(IpAddr, IpAddr)>,
}

/// Where the protected packets of a pair run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outer {
    /// Our address.
    pub local: IpAddr,
    /// The peer's, of the same IP version, as we see it.
    pub remote: IpAddr,
    /// The UDP ports, if ESP goes in UDP.
    pub encapsulation: Option<UdpEncapsulation>,
}

/// What a keepalive consists of (§2.3).
pub const KEEPALIVE: [u8; 1] = [0xff];

/// The packet that reminds NAT of a flow (§2.3), in IPv4 with the checksum left out.
///
/// # Errors
/// When the addresses' versions differ.
pub fn keepalive(
    source: SocketAddr,
    destination: SocketAddr,
    identification: u16,
) -> Result<IpPacket, NotIp> {
    let header = IpHeader { identification, ..IpHeader::new(source.ip(), destination.ip(), protocol::UDP) };
    let mut packet = udp::build(source, destination, Buffer::copy_of(&KEEPALIVE), &header)?;
    if packet.version() == IpVersion::V4 {
        packet.payload_mut()[6..udp::HEADER_LEN].fill(0);
    }
    Ok(packet)
}

impl UdpEncapsulation {
    /// Puts a UDP header before an ESP packet, with the checksum left out (§2.1).
    pub(crate) fn prepend(&self, esp: &mut Buffer) {
        // What does not fit a datagram does not fit an IP packet either, and is refused there.
        let length = u16::try_from(esp.len() + udp::HEADER_LEN).unwrap_or(u16::MAX);
        let header = esp.grow_front(udp::HEADER_LEN);
        header[..2].copy_from_slice(&self.local_port.to_be_bytes());
        header[2..4].copy_from_slice(&self.remote_port.to_be_bytes());
        header[4..6].copy_from_slice(&length.to_be_bytes());
        header[6..].fill(0);
    }

    /// Makes the checksum of a TCP or UDP packet right again that NAT has given other addresses (§3.1.2).
    pub(crate) fn mend_checksum(&self, packet: &mut IpPacket) {
        let Some((source, destination)) = self.original else { return };
        let at = match packet.protocol() {
            protocol::TCP => 16,
            protocol::UDP => 6,
            _ => return,
        };
        let now = (packet.source(), packet.destination());
        let is_udp = packet.protocol() == protocol::UDP;
        let Some(field) = packet.payload_mut().get_mut(at..at + 2) else { return };
        let before = u16::from_be_bytes([field[0], field[1]]);
        if is_udp && before == 0 {
            return;
        }
        // RFC 1624 §3: the new sum is ~(~old + ~(old addresses) + new addresses).
        let mut sum = u64::from(!before);
        for address in [source, destination] {
            sum += words(address).into_iter().map(|word| u64::from(!word)).sum::<u64>();
        }
        for address in [now.0, now.1] {
            sum += words(address).into_iter().map(u64::from).sum::<u64>();
        }
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        let after = match !(sum as u16) {
            0 if is_udp => 0xffff,
            after => after,
        };
        field.copy_from_slice(&after.to_be_bytes());
    }
}

/// An address as the words that a checksum adds; words of zero add nothing.
fn words(address: IpAddr) -> [u16; 8] {
    let number = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    std::array::from_fn(|index| (number >> (16 * index)) as u16)
}

#[cfg(test)]
mod tests {
    use ipsec_net::{IpHeader, tcp};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_keepalive_is_one_octet_and_has_a_checksum_only_in_ipv6() {
        let built = |source: &str, destination: &str| {
            keepalive(source.parse().unwrap(), destination.parse().unwrap(), 7).unwrap()
        };
        let packet = built("10.0.0.2:4500", "192.0.2.1:4500");
        assert_eq!(
            (udp::read(&packet).unwrap().payload, &packet.payload()[6..8]),
            (&KEEPALIVE[..], &[0; 2][..])
        );
        let packet = built("[2001:db8::2]:4500", "[2001:db8::1]:4500");
        assert_eq!(udp::read(&packet).unwrap().payload, KEEPALIVE);
        assert_ne!(packet.payload()[6..8], [0; 2]);
    }

    proptest! {
        #[test]
        fn a_mended_checksum_is_that_of_the_addresses_that_the_packet_has(
            addresses in any::<[u32; 4]>(), payload in prop::collection::vec(any::<u8>(), 0..60), is_tcp: bool,
        ) {
            let [source, destination, from, to] =
                addresses.map(|bits| IpAddr::from(std::net::Ipv4Addr::from_bits(bits)));
            let encapsulation = UdpEncapsulation {
                local_port: 4500, remote_port: 4500, keepalive: None, original: Some((source, destination)),
            };
            let build = |a: IpAddr, b: IpAddr| {
                let (a, b) = ((a, 5000).into(), (b, 53).into());
                let content = Buffer::copy_of(&payload);
                let ip = IpHeader::new(source, destination, 0);
                if is_tcp {
                    let header = tcp::Header { sequence: 1, window: 9, ..tcp::Header::default() };
                    tcp::build(a, b, &header, content, &ip).unwrap()
                } else {
                    udp::build(a, b, content, &ip).unwrap()
                }
            };
            let protocol = if is_tcp { protocol::TCP } else { protocol::UDP };
            let mut arrived = build(source, destination);
            let headers = build(from, to).headers().unwrap();
            arrived.replace_payload(headers, |_| Ok::<u8, ipsec_net::NotIp>(protocol)).unwrap();
            encapsulation.mend_checksum(&mut arrived);
            prop_assert_eq!(arrived, build(from, to));
        }
    }
}
