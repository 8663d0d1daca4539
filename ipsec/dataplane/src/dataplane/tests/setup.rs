//! Two gateways, west and east, and the packets that their networks exchange.

use std::net::IpAddr;

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, Entropy, IntegrityAlgorithm, PORTABLE, Provider, Secret};
use ipsec_net::{AddressRange, Buffer, Instant, IpHeader, IpPacket, Prefix, protocol};
use ipsec_wire::Spi;

use crate::*;

const fn aead(algorithm: AeadAlgorithm, key_len: usize) -> Protection {
    Protection::Esp(Suite { encryption: Encryption::Aead(algorithm), key_len, integrity: None })
}

const fn implicit_iv(algorithm: AeadAlgorithm, key_len: usize) -> Protection {
    Protection::Esp(Suite { encryption: Encryption::AeadImplicitIv(algorithm), key_len, integrity: None })
}

const fn separate(cipher: CipherAlgorithm, key_len: usize, integrity: IntegrityAlgorithm) -> Protection {
    Protection::Esp(Suite { encryption: Encryption::Cipher(cipher), key_len, integrity: Some(integrity) })
}

pub(super) const GCM: Protection = aead(AeadAlgorithm::AesGcm16, 16);
pub(super) const CBC: Protection =
    separate(CipherAlgorithm::AesCbc, 32, IntegrityAlgorithm::HmacSha2_256_128);

pub(super) const AH: Protection = Protection::Ah(IntegrityAlgorithm::HmacSha2_256_128);

/// One of each kind: every mode, block length and ICV length.
pub(super) const PROTECTIONS: [Protection; 26] = [
    GCM,
    CBC,
    aead(AeadAlgorithm::AesGcm16, 32),
    aead(AeadAlgorithm::AesGcm8, 24),
    aead(AeadAlgorithm::AesGcm12, 16),
    aead(AeadAlgorithm::AesCcm16, 16),
    aead(AeadAlgorithm::ChaCha20Poly1305, 32),
    aead(AeadAlgorithm::AesGmac, 24),
    separate(CipherAlgorithm::AesCbc, 16, IntegrityAlgorithm::HmacSha1_96),
    separate(CipherAlgorithm::AesCbc, 24, IntegrityAlgorithm::HmacSha2_384_192),
    separate(CipherAlgorithm::AesCtr, 16, IntegrityAlgorithm::AesXcbc96),
    separate(CipherAlgorithm::TripleDesCbc, 24, IntegrityAlgorithm::HmacMd5_96),
    separate(CipherAlgorithm::CamelliaCbc, 16, IntegrityAlgorithm::AesCmac96),
    separate(CipherAlgorithm::Null, 0, IntegrityAlgorithm::HmacSha2_512_256),
    implicit_iv(AeadAlgorithm::AesGcm16, 16),
    implicit_iv(AeadAlgorithm::AesCcm16, 32),
    implicit_iv(AeadAlgorithm::ChaCha20Poly1305, 32),
    Protection::Ah(IntegrityAlgorithm::HmacMd5_96),
    Protection::Ah(IntegrityAlgorithm::HmacSha1_96),
    AH,
    Protection::Ah(IntegrityAlgorithm::HmacSha2_384_192),
    Protection::Ah(IntegrityAlgorithm::HmacSha2_512_256),
    Protection::Ah(IntegrityAlgorithm::AesXcbc96),
    Protection::Ah(IntegrityAlgorithm::AesCmac96),
    Protection::Ah(IntegrityAlgorithm::Aes128Gmac),
    Protection::Ah(IntegrityAlgorithm::Aes256Gmac),
];

/// Every algorithm with every length of its key; every cipher with every integrity algorithm that is for ESP.
pub(super) fn every_protection() -> Vec<Protection> {
    let mut all = Vec::new();
    for algorithm in AeadAlgorithm::ALL.iter().copied() {
        for key_len in algorithm.key_lens().iter().copied() {
            all.push(aead(algorithm, key_len));
            all.push(implicit_iv(algorithm, key_len));
        }
    }
    for integrity in IntegrityAlgorithm::ALL.iter().copied() {
        all.push(Protection::Ah(integrity));
        if integrity.iv_len() > 0 {
            continue;
        }
        for cipher in CipherAlgorithm::ALL.iter().copied() {
            all.extend(cipher.key_lens().iter().map(|key_len| separate(cipher, *key_len, integrity)));
        }
    }
    all
}

pub(super) fn range(text: &str) -> AddressRange {
    text.parse::<Prefix>().unwrap().range()
}

pub(super) fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) protection: Protection,
    pub(super) outer_v6: bool,
    pub(super) inner_v6: bool,
    pub(super) extended: bool,
    pub(super) window: u32,
    pub(super) provider: &'static Provider,
}

pub(super) const PLAIN: Setup = Setup {
    protection: GCM,
    outer_v6: false,
    inner_v6: false,
    extended: false,
    window: 64,
    provider: &PORTABLE,
};

/// The SPI under which west receives, and the one under which east does.
pub(super) const WEST: Spi = Spi(0x1001);
pub(super) const EAST: Spi = Spi(0x2002);

impl Setup {
    pub(super) fn networks(&self) -> [AddressRange; 2] {
        if self.inner_v6 {
            [range("2001:db8:1::/48"), range("2001:db8:2::/48")]
        } else {
            [range("10.1.0.0/16"), range("10.2.0.0/16")]
        }
    }

    pub(super) fn gateways(&self) -> [IpAddr; 2] {
        if self.outer_v6 {
            [address("2001:db8::1"), address("2001:db8::2")]
        } else {
            [address("192.0.2.1"), address("198.51.100.1")]
        }
    }

    /// The SA under which this SPI's owner receives, as the host with this gateway address and network sees it.
    fn sa(&self, spi: Spi, [local, remote]: [IpAddr; 2], [inner, far]: [AddressRange; 2]) -> SaParameters {
        SaParameters {
            spi,
            protection: self.protection,
            key: Secret::from(vec![spi.0.to_be_bytes()[2]; self.protection.key_material_len()]),
            mode: Mode::Tunnel { local, remote },
            selectors: vec![Selector::between(inner, far)],
            extended_sequence_numbers: self.extended,
            replay_window: self.window,
            options: SaOptions::default(),
        }
    }

    pub(super) fn west_pair(&self) -> SaPair {
        let sa = |spi| self.sa(spi, self.gateways(), self.networks());
        SaPair::new("net", sa(WEST), sa(EAST))
    }

    pub(super) fn east_pair(&self) -> SaPair {
        let [west, east] = self.gateways();
        let [west_net, east_net] = self.networks();
        let sa = |spi| self.sa(spi, [east, west], [east_net, west_net]);
        SaPair::new("net", sa(EAST), sa(WEST))
    }

    fn plane(&self, pair: SaPair) -> Dataplane {
        self.plane_set(pair, Settings::default())
    }

    fn plane_set(&self, pair: SaPair, settings: Settings) -> Dataplane {
        let selectors = pair.inbound.selectors.clone();
        let policy = Policy::new("net", selectors, Action::Protect);
        let mut plane = Dataplane::new(self.provider, vec![policy], settings);
        plane.install(NOW, pair);
        plane
    }

    /// West and east, each with the SA pair that the other one has too.
    pub(super) fn planes(&self) -> (Dataplane, Dataplane) {
        (self.plane(self.west_pair()), self.plane(self.east_pair()))
    }

    /// West alone, with other settings.
    pub(super) fn west_set(&self, settings: Settings) -> Dataplane {
        self.plane_set(self.west_pair(), settings)
    }

    /// East alone, likewise.
    pub(super) fn east_set(&self, settings: Settings) -> Dataplane {
        self.plane_set(self.east_pair(), settings)
    }

    /// West alone, with a pair that is not as it should be.
    pub(super) fn west_with(&self, spoil: impl Fn(&mut SaPair)) -> Dataplane {
        let mut pair = self.west_pair();
        spoil(&mut pair);
        self.plane(pair)
    }

    /// East alone, likewise.
    pub(super) fn east_with(&self, spoil: impl Fn(&mut SaPair)) -> Dataplane {
        let mut pair = self.east_pair();
        spoil(&mut pair);
        self.plane(pair)
    }

    /// A UDP packet from a host at west to one at east, with `length` octets behind the IP header.
    pub(super) fn packet(&self, length: usize) -> IpPacket {
        let [west, east] = self.networks();
        let header = IpHeader::new(west.first(), east.first(), protocol::UDP);
        let payload: Vec<u8> = (0..length).map(|i| (i % 253) as u8).collect();
        IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap()
    }

    /// A packet of this protection's protocol from west to east with this content behind the IP header.
    pub(super) fn outer(&self, content: Buffer) -> IpPacket {
        let [west, east] = self.gateways();
        IpPacket::build(&IpHeader::new(west, east, self.protection.protocol()), content).unwrap()
    }
}

/// Octets that differ from draw to draw.
pub(super) struct Counting(pub(super) u64);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

pub(super) const NOW: Instant = Instant::from_nanos(1_000);

pub(super) fn sent(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    match plane.outbound(NOW, &mut Counting(1), packet) {
        Outbound::Send(outer) => outer,
        other => panic!("{other:?}"),
    }
}

pub(super) fn refused(plane: &mut Dataplane, packet: IpPacket) -> DropReason {
    match plane.outbound(NOW, &mut Counting(1), packet) {
        Outbound::Drop { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

pub(super) fn delivered(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    match plane.inbound(NOW, packet) {
        Inbound::Deliver(inner) => inner,
        other => panic!("{other:?}"),
    }
}

pub(super) fn dropped(plane: &mut Dataplane, packet: IpPacket) -> DropReason {
    reason(plane.inbound(NOW, packet))
}

pub(super) fn reason(result: Inbound) -> DropReason {
    match result {
        Inbound::Drop { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}
