//! Messages as an attack has them: what a good message says, changed as the tester's luck will have it.

use ipsec::wire::registry::{ExchangeType, IdType, NotifyType, PayloadType, ProtocolId};
use ipsec::wire::v2::{
    Delete, FragmentNumber, Identification, KeyExchange, Notify, Payload, Proposal, SecurityAssociation,
    TrafficSelector, emit_chain,
};
use ipsec::wire::{Header, Spi};

use super::Luck;
use super::attack::Attack;
use super::loose::{X25519, child, offer};

/// A message before it is written: its header, and a chain of payloads that begins with one of type `first`.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) header: Header,
    pub(super) first: PayloadType,
    pub(super) chain: Vec<u8>,
    payloads: Vec<Payload>,
}

/// A message that goes inside SK or SKF.
pub(super) struct Crafted {
    pub(super) draft: Draft,
    /// Which fragment it claims to be.
    pub(super) number: Option<FragmentNumber>,
    /// A bit that flips once it is sealed.
    pub(super) flipped: Option<usize>,
}

/// The longest datagram that UDP carries over IPv4.
const LONGEST: usize = 65_507;

impl Draft {
    pub(super) fn new(header: Header, payloads: Vec<Payload>) -> Self {
        let mut chain = Vec::new();
        let first = emit_chain(&payloads, PayloadType::NONE, &mut chain);
        Self { header, first, chain, payloads }
    }

    fn with(&self, payloads: Vec<Payload>) -> Self {
        Self::new(self.header, payloads)
    }

    /// In the clear.
    fn written(&self) -> Vec<u8> {
        let length = u32::try_from(Header::LEN + self.chain.len()).unwrap_or(u32::MAX);
        let header = Header { next_payload: self.first, length, ..self.header };
        let mut octets = [header.emit().as_slice(), &self.chain].concat();
        octets.truncate(LONGEST);
        octets
    }
}

/// One of the requests that follow `IKE_AUTH`.
pub(super) fn established(luck: &mut Luck) -> (ExchangeType, Vec<Payload>) {
    let nonce = Payload::Nonce(luck.octets(32));
    let [sa, ts_i, ts_r] = child(luck);
    let create = ExchangeType::CREATE_CHILD_SA;
    match luck.below(4) {
        0 => (create, vec![sa, nonce, ts_i, ts_r]),
        1 => {
            let rekey = Notify::new(NotifyType::REKEY_SA, Vec::new());
            let rekey = Notify { protocol: ProtocolId::ESP, spi: luck.octets(4), ..rekey };
            (create, vec![Payload::Notify(rekey), sa, nonce, ts_i, ts_r])
        }
        2 => (
            create,
            vec![offer(luck.octets(8)), nonce, Payload::Ke(KeyExchange::new(X25519, luck.octets(32)))],
        ),
        _ => {
            let spis = [Spi(u32::try_from(luck.below(1 << 32)).unwrap_or(0))];
            (ExchangeType::INFORMATIONAL, vec![Payload::Delete(Delete::children(ProtocolId::ESP, spis))])
        }
    }
}

/// What a stranger says: datagrams, each with the port that it goes to.
pub(super) fn clear(attack: Attack, draft: Draft, luck: &mut Luck) -> Vec<(u16, Vec<u8>)> {
    let port = ipsec::ikev2::IKE_PORT;
    match attack {
        Attack::Noise => {
            let length = luck.pick(&[0, 1, 3, 4, 27, 28, 29, 32, 64, 200, 1400]);
            let mut octets = luck.octets(length);
            // Half of it looks like IKE at first sight.
            if luck.below(2) == 0 && length >= Header::LEN {
                octets[16..20].copy_from_slice(&[33, 0x20, 34, 8]);
                octets[24..28].copy_from_slice(&u32::try_from(length).unwrap_or(0).to_be_bytes());
            }
            vec![(luck.pick(&[port, port, 4500]), octets)]
        }
        Attack::Versions => {
            let mut octets = draft.written();
            match luck.below(3) {
                0 => octets[17] = luck.pick(&[0x00, 0x10, 0x11, 0x21, 0x2f, 0x30, 0xf0]),
                1 => octets[16] = luck.pick(&[1, 2, 4, 5, 8, 13, 20, 132]),
                _ => octets = [&[0; 4], octets.as_slice()].concat(),
            }
            // The bit that tells of a higher version, and those that are reserved, mean nothing (RFC 7296 §3.1).
            octets[19] |= luck.pick(&[0x00, 0x10, 0xc7]);
            vec![(port, octets)]
        }
        Attack::Lengths if luck.below(3) == 0 => {
            let mut octets = draft.written();
            let length = u32::from(length_near(u16::try_from(octets.len()).unwrap_or(0), luck));
            octets[24..28].copy_from_slice(&length.to_be_bytes());
            vec![(port, octets)]
        }
        Attack::Fragments => {
            let numbers = luck.pick(&[[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 0xff, 0xff], [0, 9, 0, 3]]);
            let chain = [vec![0, 0, 0, 40], numbers.to_vec(), luck.octets(32)].concat();
            vec![(port, Draft { first: PayloadType::SKF, chain, ..draft }.written())]
        }
        Attack::Replays => vec![(port, draft.written()), (port, draft.written())],
        Attack::Flips => {
            let mut octets = draft.written();
            let bit = luck.below(octets.len() * 8);
            octets[bit / 8] ^= 1 << (bit % 8);
            vec![(port, octets)]
        }
        _ => vec![(port, changed(attack, draft, luck).written())],
    }
}

/// What somebody says who has the keys.
pub(super) fn sealed(attack: Attack, draft: Draft, luck: &mut Luck) -> Vec<Crafted> {
    let whole = |draft| Crafted { draft, number: None, flipped: None };
    match attack {
        Attack::Fragments => fragments(&draft, luck),
        Attack::Flips => {
            let flipped = Some(luck.below(1 << 16));
            vec![Crafted { flipped, ..whole(draft) }]
        }
        Attack::Replays => {
            // The same message ID with other octets, since no IV is used twice.
            vec![whole(draft.clone()), whole(draft.clone()), whole(draft)]
        }
        Attack::Flood => Vec::new(),
        _ => vec![whole(changed(attack, draft, luck))],
    }
}

/// Fragments that do not fit each other, some of which make a message all the same.
fn fragments(draft: &Draft, luck: &mut Luck) -> Vec<Crafted> {
    let half = draft.chain.len() / 2;
    let piece = |number, total, chain: &[u8]| Crafted {
        draft: Draft { chain: chain.to_vec(), ..draft.clone() },
        number: Some(FragmentNumber { number, total }),
        flipped: None,
    };
    let (head, tail) = draft.chain.split_at(half);
    match luck.below(8) {
        0 => vec![piece(2, 2, tail)],
        1 => vec![piece(1, 2, head), piece(1, 2, tail), piece(2, 2, tail)],
        2 => vec![piece(1, 2, head), piece(2, 3, tail), piece(2, 2, tail)],
        3 => vec![piece(1, u16::MAX, head)],
        4 => (1..=80).map(|number| piece(number, 500, &[7; 1000])).collect(),
        5 => (1..=100).map(|number| piece(number, 101, &[])).collect(),
        6 => vec![piece(0, 2, head), piece(3, 2, tail)],
        _ => vec![piece(1, 2, head), Crafted { flipped: Some(900), ..piece(2, 2, tail) }, piece(2, 2, &[])],
    }
}

fn changed(attack: Attack, draft: Draft, luck: &mut Luck) -> Draft {
    let with = |payloads: Vec<Payload>| draft.with(payloads);
    let also = |extra: Vec<Payload>| draft.with([draft.payloads.clone(), extra].concat());
    match attack {
        Attack::Lengths => lengths(draft, luck),
        Attack::Payloads => with(reordered(&draft.payloads, luck)),
        Attack::Exchanges => {
            let mut header = draft.header;
            header.exchange =
                ExchangeType(luck.pick(&[0, 1, 4, 33, 34, 35, 36, 37, 38, 39, 43, 44, 240, 255]));
            header.flags.response = luck.below(4) == 0;
            header.flags.initiator = luck.below(4) != 0;
            let id = header.message_id;
            header.message_id = luck.pick(&[id, id, 0, id + 1, id + 2, 0x7fff_ffff, u32::MAX]);
            Draft { header, ..draft }
        }
        Attack::Degenerate => {
            let mut payloads = draft.payloads.clone();
            payloads.iter_mut().for_each(|payload| degenerate(payload, luck));
            with(payloads)
        }
        Attack::Counts => also(too_many(luck)),
        Attack::Notifies => {
            let few = 1 + luck.below(6);
            also((0..few).map(|_| notify(luck)).collect())
        }
        Attack::Cookies => {
            let length = luck.pick(&[0, 1, 32, 33, 36, 64, 65, 255]);
            let cookie = Payload::Notify(Notify::new(NotifyType::COOKIE, luck.octets(length)));
            with([vec![cookie], draft.payloads.clone()].concat())
        }
        Attack::Identities => {
            let kept = draft.payloads.iter().filter(|payload| !matches!(payload, Payload::IdI(_)));
            with([vec![identity(luck)], kept.cloned().collect()].concat())
        }
        Attack::Selectors => {
            let kept = draft.payloads.iter().filter(|p| !matches!(p, Payload::TsI(_) | Payload::TsR(_)));
            with([kept.cloned().collect(), selectors(luck)].concat())
        }
        _ => draft,
    }
}

/// A length that is wrong by little or by much, or 0.
pub(super) fn length_near(length: u16, luck: &mut Luck) -> u16 {
    let near = [1, 4, 8].map(|by| [length.wrapping_add(by), length.wrapping_sub(by)]).concat();
    luck.pick(&[near, vec![0, 1, 3, 4, 0x7fff, 0xffff]].concat())
}

/// One of the lengths within a payload, or something that lies where others have one.
fn lengths(mut draft: Draft, luck: &mut Luck) -> Draft {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(&[_, _, a, b]) = draft.chain.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([a, b])).max(4);
        places.push(at + 2);
        places.extend((at + 4..(at + length).min(draft.chain.len() - 1)).step_by(2));
        at += length;
    }
    if !places.is_empty() {
        let at = luck.pick(&places);
        let before = u16::from_be_bytes([draft.chain[at], draft.chain[at + 1]]);
        draft.chain[at..at + 2].copy_from_slice(&length_near(before, luck).to_be_bytes());
    }
    draft
}

fn reordered(payloads: &[Payload], luck: &mut Luck) -> Vec<Payload> {
    let mut all = payloads.to_vec();
    let any = luck.below(all.len());
    let unknown = |critical, kind, body| Payload::Unknown { kind: PayloadType(kind), critical, body };
    match luck.below(7) {
        0 if !all.is_empty() => {
            all.remove(any);
        }
        1 => all.extend(payloads.get(any).cloned()),
        2 => all.reverse(),
        3 => all.clear(),
        4 => all.push(unknown(true, luck.pick(&[1, 10, 32, 50, 99, 200, 255]), luck.octets(8))),
        5 => all.insert(any.min(all.len()), unknown(false, luck.pick(&[1, 32, 99, 255]), luck.octets(8))),
        _ => all.extend([unknown(false, 46, luck.octets(40)), unknown(false, 53, luck.octets(40))]),
    }
    all
}

fn degenerate(payload: &mut Payload, luck: &mut Luck) {
    match payload {
        Payload::Ke(ke) => {
            let group = luck.pick(&[ke.group(), ke.group(), ke.group(), 0, 14, 19, 1025, 0xffff]);
            let length = luck.pick(&[32, 32, 32, 0, 1, 31, 33, 64, 256, 4096]);
            let mut public = vec![luck.pick(&[0, 0xff]); length];
            if let Some(first) = public.first_mut() {
                *first = luck.pick(&[0, 1, 2, 0xec, 0xed, 0xff]);
            }
            *ke = KeyExchange::new(group, public);
        }
        Payload::Nonce(nonce) => *nonce = vec![0; luck.pick(&[0, 1, 15, 16, 32, 256, 257, 2000])],
        Payload::Sa(sa) => {
            for proposal in &mut sa.proposals {
                proposal.number = luck.pick(&[0, 1, 2, 255]);
                proposal.spi = vec![0; luck.pick(&[0, 4, 4, 8, 255])];
                if luck.below(3) == 0 {
                    let left = luck.below(proposal.transforms.len() + 1);
                    proposal.transforms.truncate(left);
                }
                for transform in &mut proposal.transforms {
                    transform.key_bits =
                        luck.pick(&[transform.key_bits, None, Some(0), Some(1), Some(0xffff)]);
                }
            }
        }
        _ => {}
    }
}

fn too_many(luck: &mut Luck) -> Vec<Payload> {
    let notify = Payload::Notify(Notify::new(NotifyType::SET_WINDOW_SIZE, vec![0xff; 4]));
    let any = TrafficSelector::any([0, 0, 0, 0].into(), [255, 255, 255, 255].into());
    match luck.below(6) {
        0 => vec![notify; 4_000],
        1 => vec![Payload::VendorId(Vec::new()); 10_000],
        2 => vec![Payload::TsI(vec![any; 255])],
        3 => {
            let spis = (0..10_000).map(Spi);
            vec![Payload::Delete(Delete::children(ProtocolId::ESP, spis))]
        }
        4 => {
            let [sa, ..] = child(luck);
            let Payload::Sa(sa) = sa else { return Vec::new() };
            let transforms = sa.proposals.iter().flat_map(|proposal| proposal.transforms.clone());
            let transforms = transforms.cycle().take(255).collect::<Vec<_>>();
            let many = |number| Proposal {
                number,
                protocol: ProtocolId::ESP,
                spi: vec![7; 4],
                transforms: transforms.clone(),
            };
            vec![Payload::Sa(SecurityAssociation { proposals: (1..=20).map(many).collect() })]
        }
        _ => vec![Payload::Unknown { kind: PayloadType(200), critical: false, body: Vec::new() }; 10_000],
    }
}

fn notify(luck: &mut Luck) -> Payload {
    let known = [
        NotifyType::REKEY_SA,
        NotifyType::COOKIE,
        NotifyType::SET_WINDOW_SIZE,
        NotifyType::INVALID_SPI,
        NotifyType::INVALID_KE_PAYLOAD,
        NotifyType::USE_TRANSPORT_MODE,
        NotifyType::ADDITIONAL_TS_POSSIBLE,
        NotifyType::QUICK_CRASH_DETECTION,
        NotifyType::AUTHENTICATION_FAILED,
        NotifyType::TEMPORARY_FAILURE,
    ];
    if luck.below(6) == 0 {
        let body = [luck.pick(&[0, 1, 2, 3, 99]), luck.pick(&[0, 4, 8, 255]), 0, luck.pick(&[0, 1, 255])];
        let body = [body.to_vec(), luck.octets(8)].concat();
        return Payload::Unknown { kind: PayloadType::DELETE, critical: false, body };
    }
    let any = NotifyType(u16::try_from(luck.below(1 << 16)).unwrap_or(0));
    let kind = if luck.below(3) == 0 { any } else { luck.pick(&known) };
    let (spi, data) = (luck.pick(&[0, 0, 4, 4, 8, 255]), luck.pick(&[0, 0, 1, 2, 4, 16, 400]));
    let notify = Notify::new(kind, luck.octets(data));
    let protocol = ProtocolId(luck.pick(&[0, 1, 2, 3, 4, 255]));
    Payload::Notify(Notify { protocol, spi: luck.octets(spi), ..notify })
}

fn identity(luck: &mut Luck) -> Payload {
    let kind = IdType(luck.pick(&[0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 99, 255]));
    let texts: [&[u8]; 8] = [
        b"",
        b"west.example\0.evil.example",
        b"%s%n%s%n",
        b"west.example\n0s west: delete net",
        b"'; DROP TABLE peers; --",
        b"\xff\xfe\x00\xd8",
        b"\x30\x84\xff\xff\xff\xff\x00",
        b"\x1b[2J*",
    ];
    let long = luck.pick(&[1, 3, 5, 15, 17, 4_000, 60_000]);
    let data = if luck.below(3) == 0 { luck.octets(long) } else { luck.pick(&texts).to_vec() };
    let id = Identification::new(kind, &data);
    if luck.below(2) == 0 { Payload::IdI(id) } else { Payload::IdR(id) }
}

/// Lists of traffic selectors by their octets, so that they can be wrong in each field.
fn selectors(luck: &mut Luck) -> Vec<Payload> {
    let list = |luck: &mut Luck| {
        let count = luck.pick(&[0, 1, 1, 2, 255]);
        let kind = luck.pick(&[7, 7, 8, 9, 10, 0, 255]);
        let length = luck.pick(&[16, 16, 40, 0, 7, 8, 15, 17, 0xff]);
        let addresses = luck.pick(&[[0, 0xff], [0xff, 0]]);
        let mut body = vec![count, 0, 0, 0, kind, luck.pick(&[0, 1, 17]), 0, length, 0xff, 0, 0, 0xff];
        body.extend([vec![addresses[0]; 4], vec![addresses[1]; 4]].concat());
        let more = luck.pick(&[0, 0, 0, 8, 40]);
        body.extend(luck.octets(more));
        body
    };
    let unknown = |kind, body| Payload::Unknown { kind, critical: false, body };
    vec![unknown(PayloadType::TS_I, list(luck)), unknown(PayloadType::TS_R, list(luck))]
}
