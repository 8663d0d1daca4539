//! What is changed at random: short captures of each format, link and protocol, and files of keys.

use std::ops::Range;

use ipsec_net::protocol;
use ipsec_wire::registry::ExchangeType;
use ipsec_wire::registry::v1 as v1_registry;
use ipsec_wire::{Version, v1};

use crate::sample::{self, Capture, End, SPI_I, first, handshake, header, inner};

/// Something to change.
pub(crate) enum Item {
    /// A capture file, and where in it octets of frames are.
    Capture { name: &'static str, file: Vec<u8>, frames: Vec<Range<usize>> },
    /// A file of keys.
    Keys(String),
}

impl Item {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Capture { name, .. } => name,
            Self::Keys(_) => "keys",
        }
    }
}

/// Numbers that look like chance and follow from one.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// The octets with some changes within a range: single octets, bits, lengths, pieces left out, put twice or swapped, an early
    /// end.
    pub(crate) fn damaged(&mut self, octets: &[u8], within: Range<usize>) -> Vec<u8> {
        const EDGES: [u8; 10] = [0, 1, 4, 8, 27, 28, 0x7f, 0x80, 0xfe, 0xff];
        let mut octets = octets.to_vec();
        for _ in 0..=self.below(6) {
            let end = within.end.min(octets.len());
            if within.start >= end {
                break;
            }
            let at = within.start + self.below(end - within.start);
            let length = self.below(32).min(end - at);
            match self.below(16) {
                0..=4 => octets[at] = self.next().to_le_bytes()[0],
                5..=7 => octets[at] ^= 1 << self.below(8),
                8..=10 => octets[at] = EDGES[self.below(EDGES.len())],
                11 => octets[at] = octets[at].wrapping_add(1),
                12 => {
                    let number = u16::try_from(self.below(1 << 16)).unwrap().to_be_bytes();
                    octets[at..(at + 2).min(end)]
                        .iter_mut()
                        .zip(number)
                        .for_each(|(octet, new)| *octet = new);
                }
                13 => octets[at..at + length].fill(EDGES[self.below(EDGES.len())]),
                14 => octets[at..end].rotate_left(length),
                // The lengths before it say otherwise, so that this is for whole files.
                _ if within.start == 0 && self.below(2) == 0 => octets.truncate(at),
                _ if within.start == 0 => drop(octets.drain(at..at + length)),
                _ => octets[at..at + length].reverse(),
            }
        }
        octets
    }
}

/// All of it.
pub(crate) fn corpus() -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |name, file: Vec<u8>| {
        let frames = frames(&file);
        items.push(Item::Capture { name, file, frames });
    };
    add("IKEv2", handshake().pcap());
    add("IKEv2, its end", ended().pcap());
    add("IKEv1", version_1().pcap());
    add("packets", packets().pcap());
    add("a stream", stream().pcap());
    add("pieces of IP", pieces().pcap());
    for (name, file) in links() {
        add(name, file);
    }
    let short = packets().pcap();
    let whole = |file: Vec<u8>| {
        let all = 0..file.len();
        (file, Vec::from([all]))
    };
    for (name, (file, frames)) in [
        ("pcapng", whole(super::pcapng(&short))),
        ("the other order", whole(super::other_order(&short))),
        ("pcap in gzip", whole(super::gzip(&short))),
        ("pcapng in gzip", whole(super::gzip(&super::pcapng(&short)))),
    ] {
        items.push(Item::Capture { name, file, frames });
    }
    for (name, file, _) in DAEMONS {
        items.push(Item::Capture { name, file: file.to_vec(), frames: blocks(file) });
    }
    let tables = "0123456789abcdef,00112233445566778899aabbccddeeff\n\
        0000000000000001,0000000000000002,000102030405060708090a0b0c0d0e0f10111213,000102030405060708090a0b0c0d0e0f10111214,\
        \"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n\
        \"IPv4\",\"*\",\"192.0.2.1\",\"0x00000100\",\"AES-CBC [RFC3602]\",\"0x000102030405060708090a0b0c0d0e0f\",\"NULL\",\"\"\n";
    items.push(Item::Keys(tables.to_owned()));
    items.extend(LOG.lines().map(|line| Item::Keys(line.to_owned())));
    items.push(Item::Keys(LOG.to_owned()));
    items
}

/// Keys that open the captures, and a private value and a shared key that open others.
pub(crate) fn keys() -> explain::Keys {
    let mut keys = sample::keys();
    keys.add("log", LOG).unwrap();
    for (name, _, log) in DAEMONS {
        keys.add(name, log).unwrap();
    }
    keys
}

/// Captures of a real daemon with their keys: whole, and with much inside.
const DAEMONS: [(&str, &[u8], &str); 3] = [
    (
        "a daemon's version 1",
        include_bytes!("../daemons/ikev1-xauth.pcapng"),
        include_str!("../daemons/ikev1-xauth.jsonl"),
    ),
    (
        "a daemon's version 1 with computed keys",
        include_bytes!("../daemons/ikev1-main-mode.pcapng"),
        include_str!("../daemons/ikev1-main-mode.jsonl"),
    ),
    (
        "a daemon's fragments",
        include_bytes!("../daemons/ikev2-fragments.pcapng"),
        include_str!("../daemons/ikev2-fragments.jsonl"),
    ),
];

const LOG: &str = r#"{"ikev1":{"cookie_i":"1111111111111111","key":"00112233445566778899aabbccddeeff"}}
{"ah":{"spi":"300","integrity":"HMAC-SHA1-96","key":"0707070707070707070707070707070707070707"}}
{"esp":{"spi":"301","encryption":"AES-CBC","key":"00112233445566778899aabbccddeeff","integrity":"HMAC-SHA1-96","integrity_key":"0707070707070707070707070707070707070707"}}
{"private":{"group":"x25519","value":"0505050505050505050505050505050505050505050505050505050505050505"}}
{"agreed":{"public":"0505050505050505050505050505050505050505050505050505050505050505","secret":"0707"}}
{"shared":{"text":"secret"}}"#;

/// Where a pcapng file in little-endian has octets of frames: in its enhanced packet blocks.
fn blocks(file: &[u8]) -> Vec<Range<usize>> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let (mut frames, mut at) = (Vec::new(), 0);
    while at < file.len() {
        if number(at) == 6 {
            frames.push(at + 28..at + 28 + number(at + 20));
        }
        at += number(at + 4);
    }
    frames
}

/// Where a pcap file in little-endian has octets of frames.
fn frames(file: &[u8]) -> Vec<Range<usize>> {
    let (mut frames, mut at) = (Vec::new(), 24);
    while at + 16 <= file.len() {
        let length = u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize;
        frames.push(at + 16..at + 16 + length);
        at += 16 + length;
    }
    frames
}

/// What follows a handshake, and the handshake's first exchange.
fn ended() -> Capture {
    let (i, r) = (End::Initiator, End::Responder);
    let mut capture = Capture::default();
    capture
        .clear(0, i, header(i, ExchangeType::IKE_SA_INIT, 0, false), first(i, 32))
        .clear(20, r, header(r, ExchangeType::IKE_SA_INIT, 0, true), first(r, 32))
        .sealed(40, r, header(r, ExchangeType::INFORMATIONAL, 0, false), &[])
        .sealed(60, i, header(i, ExchangeType::INFORMATIONAL, 0, true), &[]);
    capture
}

/// Main mode up to its encrypted messages, of which one comes in pieces.
fn version_1() -> Capture {
    let header = |cookie_r, exchange, message_id, encryption| v1::Header {
        spi_i: SPI_I,
        spi_r: ipsec_wire::IkeSpi(cookie_r),
        next_payload: v1_registry::PayloadType::NONE,
        version: Version::V1,
        exchange,
        flags: v1::Flags { encryption, ..v1::Flags::default() },
        message_id,
        length: 0,
    };
    let said = v1::Phase1 {
        encryption: Some(v1_registry::Encryption::AES_CBC),
        key_bits: Some(128),
        hash: Some(v1_registry::Hash::SHA),
        auth: Some(v1_registry::AuthMethod::PRE_SHARED_KEY),
        group: Some(v1_registry::Group::MODP_1024),
        ..v1::Phase1::default()
    };
    let transforms = vec![v1::Transform { number: 1, id: 1, attributes: said.attributes() }];
    let protocol = v1_registry::ProtocolId::ISAKMP;
    let proposals = vec![v1::Proposal { number: 1, protocol, spi: Vec::new(), transforms }];
    let association = v1::Payload::Sa(v1::SecurityAssociation::new(proposals));
    let exchange = || {
        vec![v1::Payload::Ke(vec![5; 128]), v1::Payload::Nonce(vec![6; 16]), v1::Payload::NatD(vec![7; 20])]
    };
    let main = v1_registry::ExchangeType::MAIN;
    let mut capture = Capture::default();
    let mut add = |end, header, payloads| {
        capture.udp(0, end, &v1::Message { header, payloads }.emit());
    };
    let vendor = v1::Payload::VendorId(v1_registry::Vendor::DPD.octets().to_vec());
    add(End::Initiator, header(0, main, 0, false), vec![association.clone(), vendor]);
    add(End::Responder, header(2, main, 0, false), vec![association]);
    add(End::Initiator, header(2, main, 0, false), exchange());
    add(End::Responder, header(2, main, 0, false), exchange());
    let notice = v1_registry::ExchangeType::INFORMATIONAL;
    add(
        End::Responder,
        header(2, notice, 9, false),
        vec![v1::Payload::Delete(v1::Delete::ike(SPI_I, ipsec_wire::IkeSpi(2)))],
    );
    for (exchange, id) in [(main, 0), (v1_registry::ExchangeType::QUICK, 7), (notice, 8)] {
        let mut octets = header(2, exchange, id, true).emit().to_vec();
        octets.extend([0x5a; 48]);
        octets[16] = 5;
        octets[27] = 76;
        capture.udp(0, End::Initiator, &octets);
    }
    let piece = v1::Fragment { id: 1, number: 1, last: true, data: vec![0x5a; 40] };
    let message =
        v1::Message { header: header(2, main, 0, false), payloads: vec![v1::Payload::Fragment(piece)] };
    capture.udp(0, End::Initiator, &message.emit());
    capture
}

/// ESP that is opened, ESP that is not, and AH with ESP inside.
fn packets() -> Capture {
    let mut capture = Capture::default();
    capture.esp(0, End::Initiator, (1, 1), &inner(20)).esp(1, End::Initiator, (2, 2), &inner(20));
    let mut ah = ip(protocol::AH, 44 + 8);
    ah.extend([protocol::ESP, 4, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]);
    ah.extend([9; 12]);
    ah.extend([0, 0, 3, 1, 0, 0, 0, 1]);
    ah.extend([9; 20]);
    capture.ip(2, &ah);
    capture
}

/// An IPv4 header without options before so many octets.
fn ip(protocol: u8, length: usize) -> Vec<u8> {
    let length = u16::try_from(20 + length).unwrap().to_be_bytes();
    let mut header = vec![0x45, 0, length[0], length[1], 0, 1, 0, 0, 64, protocol, 0, 0];
    header.extend([192, 0, 2, 1, 198, 51, 100, 1]);
    header
}

/// IKE and ESP in TCP.
fn stream() -> Capture {
    let message =
        sample::seal(End::Initiator, &header(End::Initiator, ExchangeType::INFORMATIONAL, 2, false), &[], 9);
    let framed =
        |octets: &[u8]| [&u16::try_from(octets.len() + 2).unwrap().to_be_bytes()[..], octets].concat();
    let stream = [
        b"IKETCP".to_vec(),
        framed(&[&[0; 4][..], &message].concat()),
        framed(&[0, 0, 1, 0, 0, 0, 0, 1, 7, 7, 7, 7]),
    ]
    .concat();
    let mut capture = Capture::default();
    let mut segment = |sequence: u32, flags: u8, octets: &[u8]| {
        let mut packet = ip(protocol::TCP, 20 + octets.len());
        packet.extend([0x9c, 0x40, 0x11, 0x94]);
        packet.extend(sequence.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(octets);
        capture.ip(0, &packet);
    };
    segment(99, 2, &[]);
    for (index, part) in stream.chunks(40).enumerate() {
        segment(100 + u32::try_from(index * 40).unwrap(), 0x10, part);
    }
    capture
}

/// A message in fragments of IP.
fn pieces() -> Capture {
    let mut whole = Capture::default();
    let (i, request) = (End::Initiator, header(End::Initiator, ExchangeType::IKE_SA_INIT, 0, false));
    whole.clear(0, i, request, first(i, 32));
    let file = whole.pcap();
    let packet = &file[40..];
    let mut capture = Capture::default();
    for (index, part) in packet[20..].chunks(64).enumerate() {
        let mut piece = ip(protocol::UDP, part.len());
        let more = if 20 + (index + 1) * 64 < packet.len() { 0x20 } else { 0 };
        piece[6..8].copy_from_slice(&[more, u8::try_from(index * 8).unwrap()]);
        piece.extend(part);
        capture.ip(0, &piece);
    }
    capture
}

/// The same two packets on each kind of link.
fn links() -> Vec<(&'static str, Vec<u8>)> {
    let mut capture = Capture::default();
    let (i, request) = (End::Initiator, header(End::Initiator, ExchangeType::IKE_SA_INIT, 0, false));
    capture.clear(0, i, request, first(i, 32)).esp(1, i, (1, 1), &inner(20));
    let file = capture.pcap();
    let kinds: [(&str, u32, &[u8]); 12] = [
        ("Ethernet", 1, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 8, 0]),
        ("VLAN", 1, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0x81, 0, 0, 7, 8, 0]),
        ("two VLANs", 1, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 8, 0]),
        ("PPPoE", 1, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0x88, 0x64, 0x11, 0, 0, 1, 0, 6, 0, 0x21]),
        ("Linux cooked", 113, &[0, 0, 0, 1, 0, 6, 0, 1, 2, 3, 4, 5, 0, 0, 8, 0]),
        ("Linux cooked v2", 276, &[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 0, 1, 2, 3, 4, 5, 0, 0]),
        ("NULL", 0, &[2, 0, 0, 0]),
        ("NULL of the other order", 0, &[0, 0, 0, 2]),
        ("LOOP", 108, &[0, 0, 0, 2]),
        ("RAW of BSD", 12, &[]),
        ("RAW of OpenBSD", 14, &[]),
        ("IPv4", 228, &[]),
    ];
    let made = |(name, link, head): (&'static str, u32, &[u8])| {
        let mut made = file[..20].to_vec();
        made.extend(link.to_le_bytes());
        for frame in frames(&file) {
            let length = u32::try_from(head.len() + frame.len()).unwrap().to_le_bytes();
            made.extend(&file[frame.start - 16..frame.start - 8]);
            made.extend([length, length].concat());
            made.extend([head, &file[frame]].concat());
        }
        (name, made)
    };
    kinds.into_iter().map(made).collect()
}
