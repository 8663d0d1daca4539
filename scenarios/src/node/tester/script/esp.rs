//! Packets inside the tunnel that a script has set up: ESP with AES-GCM (RFC 4303, RFC 4106).

use std::net::SocketAddr;

use ipsec::crypto::{Aead, AeadAlgorithm, Provider};
use ipsec::wire::{Spi, esp};
use ipsec_net::{Buffer, IpHeader, IpPacket, protocol, udp};

use super::super::channel::SUITE;
use super::Twist;

/// Both SAs of a child.
pub(super) struct Tunnel {
    outbound: Spi,
    inbound: Spi,
    seal: (Aead, Vec<u8>),
    open: (Aead, Vec<u8>),
    /// The sequence number that was used last.
    sequence: u32,
    /// IVs that were used.
    sealed: u64,
}

const IV: usize = 8;
const ICV: usize = 16;
/// ESP header and IV.
const HEAD: usize = 8 + IV;

impl Tunnel {
    /// With the SPI and key of what it sends, and of what it receives.
    pub(super) fn new(
        provider: &'static Provider,
        (outbound, seal): (Spi, &[u8]),
        (inbound, open): (Spi, &[u8]),
    ) -> Option<Self> {
        let keyed = |key: &[u8]| {
            let (key, salt) = key.split_at(SUITE.protection.key_len);
            Some(((provider.aead)(AeadAlgorithm::AesGcm16, key).ok()?, salt.to_vec()))
        };
        let (seal, open) = (keyed(seal)?, keyed(open)?);
        Some(Self { outbound, inbound, seal, open, sequence: 0, sealed: 0 })
    }

    /// ESP round a packet, wrong as the twists have it.
    pub(super) fn seal(&mut self, packet: &IpPacket, twists: &[Twist]) -> Vec<u8> {
        self.sequence += 1;
        self.sealed += 1;
        let (mut spi, mut next, mut padding, mut pad_length) = (self.outbound.0, protocol::IPV4, None, None);
        for twist in twists {
            match twist {
                Twist::Sequence(number) => self.sequence = *number,
                Twist::Spi(other) => spi = *other,
                Twist::NextHeader(other) => next = *other,
                Twist::Padding(octets) => padding = Some(octets.clone()),
                Twist::PadLength(length) => pad_length = Some(*length),
                Twist::WrongIcv | Twist::Ecn(_) | Twist::Foreign => {}
            }
        }
        let mut content = packet.as_bytes().to_vec();
        let missing = (content.len() + 2).next_multiple_of(4) - content.len() - 2;
        let padding = padding.unwrap_or_else(|| (1u8..).take(missing).collect());
        content.extend_from_slice(&padding);
        content.extend([pad_length.unwrap_or(u8::try_from(padding.len()).unwrap_or(u8::MAX)), next]);
        let iv = self.sealed.to_be_bytes();
        let head = [spi.to_be_bytes(), self.sequence.to_be_bytes()].concat();
        let mut icv = [0; ICV];
        // The layout gives each part its length.
        let _ = self.seal.0.seal(&[self.seal.1.as_slice(), &iv].concat(), &head, &mut content, &mut icv);
        if twists.contains(&Twist::WrongIcv) {
            icv[ICV - 1] ^= 1;
        }
        [head.as_slice(), &iv, &content, &icv].concat()
    }

    /// The packet in ESP that is for the tester and whole.
    pub(super) fn open(&self, octets: &[u8]) -> Option<IpPacket> {
        let header = esp::Header::parse(octets).ok().filter(|header| header.spi == self.inbound)?;
        let body = octets.len().checked_sub(ICV).filter(|body| *body > HEAD)?;
        let mut content = octets[HEAD..body].to_vec();
        let aad = [header.spi.0.to_be_bytes(), header.sequence.to_be_bytes()].concat();
        let nonce = [self.open.1.as_slice(), &octets[8..HEAD]].concat();
        self.open.0.open(&nonce, &aad, &mut content, &octets[body..]).ok()?;
        let [.., pad_length, _] = content[..] else { return None };
        let length = content.len().checked_sub(2 + usize::from(pad_length))?;
        IpPacket::parse(Buffer::copy_of(&content[..length])).ok()
    }
}

/// ESP in an IP packet, or in UDP where the ports are those of NAT traversal (RFC 3948).
pub(super) fn outer(octets: &[u8], (here, there): (SocketAddr, SocketAddr), ecn: u8) -> Option<IpPacket> {
    let mut header = IpHeader::new(here.ip(), there.ip(), protocol::ESP);
    header.traffic_class = ecn;
    if here.port() == ipsec::ikev2::NAT_PORT {
        return udp::build(here, there, Buffer::copy_of(octets), &header).ok();
    }
    IpPacket::build(&header, Buffer::copy_of(octets)).ok()
}
