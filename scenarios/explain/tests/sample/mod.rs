//! Captures for tests: a conversation in IKEv2 with keys of our own, and packets under its Child SA.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Read;
use std::net::SocketAddr;

use ipsec_crypto::{Aead, AeadAlgorithm, HashAlgorithm};
use ipsec_net::{Buffer, IpHeader, IpPacket, protocol, udp};
use ipsec_wire::registry::{
    AuthMethod, Encryption, ExchangeType, IdType, NotifyType, PayloadType, Prf, ProtocolId, TransformType,
};
use ipsec_wire::v2::{
    Authentication, Delete, Identification, KeyExchange, Layout, Message, Notify, Payload, Proposal,
    SecurityAssociation, TrafficSelector, Transform, lay_out,
};
use ipsec_wire::{Flags, Header, IkeSpi, Spi, Version, esp};

pub(crate) const SPI_I: IkeSpi = IkeSpi(0x1111_1111_1111_1111);
pub(crate) const SPI_R: IkeSpi = IkeSpi(0x2222_2222_2222_2222);
const KEYS: [[u8; 20]; 2] = [[1; 20], [2; 20]];
const ESP_KEY: [u8; 20] = [3; 20];

/// The keys in Wireshark's form.
pub(crate) fn keys() -> explain::Keys {
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let mut keys = explain::Keys::default();
    let ike = format!(
        "{SPI_I},{SPI_R},{},{},\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n",
        hex(&KEYS[0]),
        hex(&KEYS[1])
    );
    keys.add("ikev2_decryption_table", &ike).unwrap();
    for spi in ["00000100", "00000200"] {
        let esp = format!(
            "\"IPv4\",\"*\",\"*\",\"0x{spi}\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x{}\",\"NULL\",\"\"\n",
            hex(&ESP_KEY)
        );
        keys.add("esp_sa", &esp).unwrap();
    }
    keys
}

/// Frames with their times in milliseconds, which become a file.
#[derive(Clone, Default)]
pub(crate) struct Capture {
    frames: Vec<(u64, Vec<u8>)>,
    ivs: u64,
}

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Initiator,
    Responder,
}

impl End {
    pub(crate) fn address(self) -> SocketAddr {
        match self {
            Self::Initiator => ([192, 0, 2, 1], 500).into(),
            Self::Responder => ([198, 51, 100, 1], 500).into(),
        }
    }

    fn other(self) -> Self {
        if self == Self::Initiator { Self::Responder } else { Self::Initiator }
    }
}

pub(crate) fn header(end: End, exchange: ExchangeType, id: u32, response: bool) -> Header {
    let first = exchange == ExchangeType::IKE_SA_INIT && !response;
    Header {
        spi_i: SPI_I,
        spi_r: if first { IkeSpi(0) } else { SPI_R },
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange,
        flags: Flags { initiator: end == End::Initiator, version: false, response },
        message_id: id,
        length: 0,
    }
}

pub(crate) fn offer(bits: u16, protocol: ProtocolId, spi: &[u8]) -> Payload {
    let mut transforms = vec![Transform::new(TransformType::ENCR, Encryption::AES_GCM_16.0, Some(bits))];
    if protocol == ProtocolId::IKE {
        transforms.push(Transform::new(TransformType::PRF, Prf::HMAC_SHA2_256.0, None));
        transforms.push(Transform::new(TransformType::KE, 31, None));
    }
    let proposals = vec![Proposal { number: 1, protocol, spi: spi.to_vec(), transforms }];
    Payload::Sa(SecurityAssociation { proposals })
}

/// The payloads of the first exchange, with the hashes that tell of no NAT.
pub(crate) fn first(end: End, nonce: usize) -> Vec<Payload> {
    let spi_r = if end == End::Initiator { 0 } else { SPI_R.0 };
    let hash = |address: SocketAddr| {
        let SocketAddr::V4(address) = address else { unreachable!() };
        HashAlgorithm::Sha1.digest(&[
            &SPI_I.0.to_be_bytes(),
            &spi_r.to_be_bytes(),
            &address.ip().octets(),
            &address.port().to_be_bytes(),
        ])
    };
    vec![
        offer(128, ProtocolId::IKE, &[]),
        Payload::Ke(KeyExchange::new(31, vec![5; 32])),
        Payload::Nonce(vec![7; nonce]),
        Payload::Notify(Notify::new(NotifyType::NAT_DETECTION_SOURCE_IP, hash(end.address()))),
        Payload::Notify(Notify::new(NotifyType::NAT_DETECTION_DESTINATION_IP, hash(end.other().address()))),
    ]
}

/// The payloads of the exchange that authenticates.
pub(crate) fn auth(end: End, bits: u16) -> Vec<Payload> {
    let name = if end == End::Initiator { "west.example" } else { "east.example" };
    let id = Identification::new(IdType::FQDN, name.as_bytes());
    let selectors =
        |third: u8| vec![TrafficSelector::any([10, third, 0, 0].into(), [10, third, 255, 255].into())];
    let spi: u32 = if end == End::Initiator { 0x200 } else { 0x100 };
    vec![
        if end == End::Initiator { Payload::IdI(id) } else { Payload::IdR(id) },
        Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data: vec![9; 32] }),
        offer(bits, ProtocolId::ESP, &spi.to_be_bytes()),
        Payload::TsI(selectors(1)),
        Payload::TsR(selectors(2)),
    ]
}

impl Capture {
    /// Adds octets that this end sends in UDP.
    pub(crate) fn udp(&mut self, at: u64, end: End, octets: &[u8]) -> &mut Self {
        let (from, to) = (end.address(), end.other().address());
        let header = IpHeader::new(from.ip(), to.ip(), protocol::UDP);
        let packet = udp::build(from, to, Buffer::copy_of(octets), &header).unwrap();
        self.frames.push((at, packet.as_bytes().to_vec()));
        self
    }

    pub(crate) fn clear(&mut self, at: u64, end: End, header: Header, payloads: Vec<Payload>) -> &mut Self {
        self.udp(at, end, &Message { header, payloads }.emit())
    }

    pub(crate) fn sealed(&mut self, at: u64, end: End, header: Header, payloads: &[Payload]) -> &mut Self {
        self.ivs += 1;
        let octets = seal(end, &header, payloads, self.ivs);
        self.udp(at, end, &octets)
    }

    /// Adds an ESP packet with this sequence number, IV and content with its trailer.
    pub(crate) fn esp(&mut self, at: u64, end: End, (sequence, iv): (u32, u64), content: &[u8]) -> &mut Self {
        let spi = if end == End::Initiator { Spi(0x100) } else { Spi(0x200) };
        self.esp_under((spi, &ESP_KEY), at, end, (sequence, iv), content)
    }

    /// The same under another SA, with the salt behind its key.
    pub(crate) fn esp_under(
        &mut self,
        (spi, key): (Spi, &[u8; 20]),
        at: u64,
        end: End,
        (sequence, iv): (u32, u64),
        content: &[u8],
    ) -> &mut Self {
        let mut octets = esp::Header { spi, sequence }.emit().to_vec();
        let aad = octets.clone();
        octets.extend(iv.to_be_bytes());
        let mut content = content.to_vec();
        let mut icv = [0; 16];
        let nonce = [&key[16..], &iv.to_be_bytes()].concat();
        let aead = Aead::new(AeadAlgorithm::AesGcm16, &key[..16]).unwrap();
        aead.seal(&nonce, &aad, &mut content, &mut icv).unwrap();
        octets.extend(content);
        octets.extend(icv);
        let header = IpHeader::new(end.address().ip(), end.other().address().ip(), protocol::ESP);
        let packet = IpPacket::build(&header, Buffer::copy_of(&octets)).unwrap();
        self.frames.push((at, packet.as_bytes().to_vec()));
        self
    }

    /// Adds an IP packet.
    pub(crate) fn ip(&mut self, at: u64, octets: &[u8]) -> &mut Self {
        self.frames.push((at, octets.to_vec()));
        self
    }

    /// The last frame once more.
    pub(crate) fn again(&mut self, at: u64) -> &mut Self {
        let last = self.frames.last().unwrap().1.clone();
        self.frames.push((at, last));
        self
    }

    /// Changes the octets of the last IP packet behind its headers of IP and UDP, the checksum left out.
    pub(crate) fn spoil(&mut self, change: impl FnOnce(&mut [u8])) -> &mut Self {
        let last = &mut self.frames.last_mut().unwrap().1;
        if last[9] == protocol::UDP {
            last[26..28].fill(0);
        }
        change(&mut last[20..]);
        self
    }

    /// How many frames there are.
    pub(crate) fn len(&self) -> u64 {
        self.frames.len() as u64
    }

    /// A file of pcap in microseconds, little-endian, of bare IP packets.
    pub(crate) fn pcap(&self) -> Vec<u8> {
        let mut file =
            vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
        for (at, octets) in &self.frames {
            let (seconds, micros) = (1_767_225_600 + at / 1_000, at % 1_000 * 1_000);
            let length = octets.len() as u64;
            for field in [seconds, micros, length, length] {
                file.extend(u32::try_from(field).unwrap().to_le_bytes());
            }
            file.extend(octets);
        }
        file
    }
}

/// A message with its payloads inside SK.
pub(crate) fn seal(end: End, header: &Header, payloads: &[Payload], iv: u64) -> Vec<u8> {
    let key = KEYS[usize::from(end == End::Responder)];
    let (mut octets, parts) = lay_out(header, payloads, Layout { iv: 8, block: 1, icv: 16 });
    octets[parts.iv.clone()].copy_from_slice(&iv.to_be_bytes());
    let nonce = [&key[16..], &iv.to_be_bytes()].concat();
    let (head, rest) = octets.split_at_mut(parts.content.start);
    let (content, icv) = rest.split_at_mut(parts.content.len());
    let aead = Aead::new(AeadAlgorithm::AesGcm16, &key[..16]).unwrap();
    aead.seal(&nonce, &head[..parts.iv.start], content, icv).unwrap();
    octets
}

/// What an ESP packet carries: a datagram between the networks, with padding and trailer.
pub(crate) fn inner(size: usize) -> Vec<u8> {
    let header = IpHeader::new([10, 1, 0, 10].into(), [10, 2, 0, 10].into(), protocol::UDP);
    let (from, to) = (([10, 1, 0, 10], 1000).into(), ([10, 2, 0, 10], 9).into());
    let packet = udp::build(from, to, Buffer::copy_of(&vec![0; size]), &header).unwrap();
    let mut content = packet.as_bytes().to_vec();
    let padding = u8::try_from((content.len() + 2).next_multiple_of(4) - content.len() - 2).unwrap();
    content.extend(1..=padding);
    content.extend([padding, protocol::IPV4]);
    content
}

/// Both exchanges that set up an IKE SA and its Child SA.
pub(crate) fn handshake() -> Capture {
    let mut capture = Capture::default();
    let (i, r) = (End::Initiator, End::Responder);
    capture
        .clear(0, i, header(i, ExchangeType::IKE_SA_INIT, 0, false), first(i, 32))
        .clear(20, r, header(r, ExchangeType::IKE_SA_INIT, 0, true), first(r, 32))
        .sealed(40, i, header(i, ExchangeType::IKE_AUTH, 1, false), &auth(i, 128))
        .again(540)
        .sealed(560, r, header(r, ExchangeType::IKE_AUTH, 1, true), &auth(r, 128));
    capture
}

/// The same, with packets and the end of the IKE SA.
pub(crate) fn conversation() -> Capture {
    let mut capture = handshake();
    let (i, r) = (End::Initiator, End::Responder);
    for number in 1..=5 {
        capture.esp(1_000 + u64::from(number) * 10, i, (number, u64::from(number)), &inner(100));
    }
    capture
        .esp(1_100, r, (1, 1), &inner(61))
        .sealed(2_000, r, header(r, ExchangeType::INFORMATIONAL, 0, false), &[Payload::Delete(Delete::ike())])
        .sealed(2_020, i, header(i, ExchangeType::INFORMATIONAL, 0, true), &[]);
    capture
}

/// A capture file that is made while it is read, so that its length takes no room.
pub(crate) struct Long {
    /// What was made and not yet read.
    at_hand: std::io::Cursor<Vec<u8>>,
    made: u64,
    frames: u64,
    /// Adds the frame with this number.
    make: fn(&mut Capture, u64),
    capture: Capture,
}

impl Long {
    /// A handshake, then packets both ways, with an exchange now and then.
    pub(crate) fn conversation(frames: u64) -> Self {
        Self::new(frames, handshake(), |capture, number| {
            let (i, r) = (End::Initiator, End::Responder);
            let id = u32::try_from(number / 64).unwrap() + 2;
            match number % 64 {
                62 => capture.sealed(number, i, header(i, ExchangeType::INFORMATIONAL, id, false), &[]),
                63 => capture.sealed(number, r, header(r, ExchangeType::INFORMATIONAL, id, true), &[]),
                _ => {
                    let sequence = u32::try_from(number + 1).unwrap();
                    let from = if number.is_multiple_of(2) { i } else { r };
                    capture.esp(number, from, (sequence, number), &inner(64))
                }
            };
        })
    }

    /// Requests of which none is answered, and packets of which each has another SPI.
    pub(crate) fn strangers(frames: u64) -> Self {
        Self::new(frames, Capture::default(), |capture, number| {
            if number.is_multiple_of(2) {
                let mut request = header(End::Initiator, ExchangeType::IKE_SA_INIT, 0, false);
                request.spi_i = IkeSpi(number + 1);
                capture.clear(number, End::Initiator, request, first(End::Initiator, 32));
            } else {
                let spi = Spi(u32::try_from(number).unwrap() + 256);
                let octets = [&esp::Header { spi, sequence: 1 }.emit()[..], &[7; 64]].concat();
                let (from, to) = (End::Initiator.address().ip(), End::Responder.address().ip());
                let header = IpHeader::new(from, to, protocol::ESP);
                let packet = IpPacket::build(&header, Buffer::copy_of(&octets)).unwrap();
                capture.frames.push((number, packet.as_bytes().to_vec()));
            }
        })
    }

    fn new(frames: u64, capture: Capture, make: fn(&mut Capture, u64)) -> Self {
        Self { at_hand: std::io::Cursor::new(capture.pcap()), made: capture.len(), frames, make, capture }
    }
}

impl Read for Long {
    fn read(&mut self, octets: &mut [u8]) -> std::io::Result<usize> {
        let read = self.at_hand.read(octets)?;
        if read > 0 || self.made >= self.frames {
            return Ok(read);
        }
        self.capture.frames.clear();
        (self.make)(&mut self.capture, self.made);
        self.made += 1;
        self.at_hand = std::io::Cursor::new(self.capture.pcap().split_off(PCAP_HEADER));
        self.at_hand.read(octets)
    }
}

/// The length of the header of a pcap file in octets.
const PCAP_HEADER: usize = 24;
