//! Messages of a script: what they say in good order, and then what a line changes of that.

use ipsec::crypto::Provider;
use ipsec::wire::registry::{AuthMethod, ExchangeType, IdType, NotifyType, PayloadType, ProtocolId};
use ipsec::wire::v2::{
    Authentication, Delete, Identification, KeyExchange, Notify, Payload, Proposal, emit_chain,
};
use ipsec::wire::{Flags, Header, Spi, Version};

use super::super::Luck;
use super::super::channel::{FLAGS, Finish};
use super::super::loose::{X25519, child, offer};
use super::play::Voice;
use super::sa::Sa;
use super::{Base, Change};

/// What messages are made with.
pub(super) struct Pen<'a> {
    pub(super) voice: &'a Voice,
    pub(super) provider: &'static Provider,
    pub(super) luck: &'a mut Luck,
}

/// A message as it goes out: its octets, in pieces where it goes so, and its header.
pub(super) struct Written {
    pub(super) datagrams: Vec<Vec<u8>>,
    pub(super) header: Header,
}

/// A payload before it is written, with what may be wrong about its header.
struct Raw {
    kind: PayloadType,
    flags: u8,
    body: Vec<u8>,
    /// How much more the length field says than there is.
    longer: i32,
}

impl Pen<'_> {
    /// A request.
    pub(super) fn request(&mut self, sa: &mut Sa, base: Base, changes: &[Change]) -> Written {
        let exchange = match base {
            Base::Init => ExchangeType::IKE_SA_INIT,
            Base::Auth => ExchangeType::IKE_AUTH,
            Base::Child | Base::RekeyChild | Base::RekeyIke => ExchangeType::CREATE_CHILD_SA,
            Base::Informational | Base::DeleteIke | Base::DeleteChild | Base::DeleteOld => {
                ExchangeType::INFORMATIONAL
            }
        };
        let payloads = match base {
            Base::Init => self.init(sa, changes),
            Base::Auth => self.auth(sa, changes),
            Base::Child => self.create(sa, None),
            Base::RekeyChild => self.create(sa, Some(sa.own_child)),
            Base::RekeyIke => {
                let (spi, nonce, public) = sa.succeed(self.provider, self.luck);
                vec![offer(spi.0.to_be_bytes().to_vec()), Payload::Nonce(nonce), Payload::Ke(public)]
            }
            Base::Informational => Vec::new(),
            Base::DeleteIke => vec![Payload::Delete(Delete::ike())],
            Base::DeleteChild => vec![Payload::Delete(Delete::children(ProtocolId::ESP, [sa.own_child]))],
            Base::DeleteOld => vec![Payload::Delete(Delete::children(ProtocolId::ESP, [sa.old_child]))],
        };
        let header = Header {
            spi_i: sa.spi_i(),
            spi_r: sa.spi_r(),
            next_payload: PayloadType::NONE,
            version: Version::V2,
            exchange,
            flags: sa.flags(false),
            message_id: sa.next_request,
            length: 0,
        };
        write(sa, header, payloads, changes)
    }

    /// The response to the last request; nothing if there was none.
    pub(super) fn answer(&mut self, sa: &mut Sa, changes: &[Change]) -> Option<Written> {
        let (asked, heard) = sa.request.take()?;
        let payloads = match asked.exchange {
            ExchangeType::IKE_SA_INIT => {
                sa.answer_key(self.provider, self.luck);
                self.init(sa, changes)
            }
            ExchangeType::IKE_AUTH => {
                sa.is_up = true;
                self.answer_auth(sa, &heard, changes)
            }
            ExchangeType::CREATE_CHILD_SA => self.answer_create(sa, &heard),
            _ => answer_deletes(sa, &heard),
        };
        let header = Header { spi_r: sa.spi_r(), flags: sa.flags(true), ..asked };
        let written = write(sa, header, payloads, changes);
        sa.request = Some((asked, heard));
        Some(written)
    }

    /// SA KE Nonce and the hashes that find NAT, of either end.
    fn init(&mut self, sa: &mut Sa, changes: &[Change]) -> Vec<Payload> {
        let wrong = changes.contains(&Change::Nat);
        let source = if wrong { self.luck.octets(20) } else { sa.nat_hash(sa.here) };
        let hash = |kind, data| Payload::Notify(Notify::new(kind, data));
        let cookie = sa.cookie.clone().filter(|_| changes.contains(&Change::Cookie));
        let cookie = cookie.map(|cookie| hash(NotifyType::COOKIE, cookie));
        let all = [
            offer(Vec::new()),
            Payload::Ke(KeyExchange::new(X25519, sa.public.clone())),
            Payload::Nonce(sa.nonce.clone()),
            hash(NotifyType::NAT_DETECTION_SOURCE_IP, source),
            hash(NotifyType::NAT_DETECTION_DESTINATION_IP, sa.nat_hash(sa.there)),
        ];
        cookie.into_iter().chain(all).collect()
    }

    /// The identity, and the proof over it.
    fn proven(&self, sa: &Sa, changes: &[Change]) -> (Identification, Payload) {
        let other = changes.iter().find_map(|change| match change {
            Change::Identity(kind, data) => Some(Identification::new(IdType(*kind), data)),
            _ => None,
        });
        let id = other.unwrap_or_else(|| self.voice.identity.to_wire());
        let data = sa.proof(self.provider, &self.voice.secret, true, &id);
        (id, Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data }))
    }

    fn auth(&mut self, sa: &mut Sa, changes: &[Change]) -> Vec<Payload> {
        let (id, auth) = self.proven(sa, changes);
        let nonce = sa.nonces[0].clone();
        let [offer, ts_i, ts_r] = self.child(sa, nonce);
        vec![Payload::IdI(id), auth, offer, ts_i, ts_r]
    }

    /// What asks for a child between the networks of the scenario; the nonce is that of its exchange.
    fn child(&mut self, sa: &mut Sa, nonce: Vec<u8>) -> [Payload; 3] {
        let [mut offer, ..] = child(self.luck);
        // SPIs below 256 are reserved (RFC 4303 §2.1).
        let spi = Spi(u32::from_be_bytes(self.luck.octets(4).try_into().unwrap_or([1; 4])) | 0x0100);
        if let Payload::Sa(offered) = &mut offer {
            offered.proposals.iter_mut().for_each(|proposal| proposal.spi = spi.0.to_be_bytes().to_vec());
        }
        sa.asked = Some((spi, nonce));
        let [own, theirs] = self.voice.selectors.clone();
        [offer, Payload::TsI(own), Payload::TsR(theirs)]
    }

    fn create(&mut self, sa: &mut Sa, replaces: Option<Spi>) -> Vec<Payload> {
        let nonce = self.luck.octets(32);
        let [offer, ts_i, ts_r] = self.child(sa, nonce.clone());
        let rekey = replaces.map(|spi| {
            let notify = Notify::new(NotifyType::REKEY_SA, Vec::new());
            Payload::Notify(Notify { protocol: ProtocolId::ESP, spi: spi.0.to_be_bytes().to_vec(), ..notify })
        });
        rekey.into_iter().chain([offer, Payload::Nonce(nonce), ts_i, ts_r]).collect()
    }

    fn answer_auth(&mut self, sa: &mut Sa, heard: &[Payload], changes: &[Change]) -> Vec<Payload> {
        let (id, auth) = self.proven(sa, changes);
        let nonce = sa.nonces[0].clone();
        let child = self.answer_child(sa, heard, nonce, sa.nonces[1].clone());
        [vec![Payload::IdR(id), auth], child].concat()
    }

    fn answer_create(&mut self, sa: &mut Sa, heard: &[Payload]) -> Vec<Payload> {
        let theirs = heard.iter().find_map(|payload| match payload {
            Payload::Nonce(nonce) => Some(nonce.clone()),
            _ => None,
        });
        let nonce = self.luck.octets(32);
        let mut child = self.answer_child(sa, heard, nonce.clone(), theirs.unwrap_or_default());
        if child.len() > 1 {
            child.insert(1, Payload::Nonce(nonce));
        }
        child
    }

    /// The child that was asked for, between the networks that were asked for.
    fn answer_child(
        &mut self,
        sa: &mut Sa,
        heard: &[Payload],
        own: Vec<u8>,
        theirs: Vec<u8>,
    ) -> Vec<Payload> {
        let asked = heard.iter().find_map(|payload| match payload {
            Payload::Sa(offered) => offered.proposals.iter().find(|one| one.protocol == ProtocolId::ESP),
            _ => None,
        });
        let Some(their_spi) = asked.and_then(spi_of) else {
            return vec![Payload::Notify(Notify::new(NotifyType::NO_PROPOSAL_CHOSEN, Vec::new()))];
        };
        let [offer, ..] = self.child(sa, own.clone());
        let selectors = heard.iter().filter(|one| matches!(one, Payload::TsI(_) | Payload::TsR(_))).cloned();
        if let Some((spi, _)) = sa.asked.take() {
            sa.take_child(spi, Some(their_spi), [own, theirs]);
            sa.child(self.provider, false);
        }
        [offer].into_iter().chain(selectors).collect()
    }
}

/// The SPI in a proposal of a child.
pub(super) fn spi_of(proposal: &Proposal) -> Option<Spi> {
    Some(Spi(u32::from_be_bytes(proposal.spi.as_slice().try_into().ok()?)))
}

/// The other half of what is deleted (RFC 7296 §1.4.1).
fn answer_deletes(sa: &mut Sa, heard: &[Payload]) -> Vec<Payload> {
    let deletes = |payload: &Payload| match payload {
        Payload::Delete(delete) => sa.their_child.is_some_and(|spi| delete.child_spis().contains(&spi)),
        _ => false,
    };
    if !heard.iter().any(deletes) {
        return Vec::new();
    }
    sa.their_child = None;
    sa.tunnels.clear();
    vec![Payload::Delete(Delete::children(ProtocolId::ESP, [sa.own_child]))]
}

/// Writes a message with these payloads, as the changes have it.
fn write(sa: &mut Sa, mut header: Header, mut payloads: Vec<Payload>, changes: &[Change]) -> Written {
    changes.iter().for_each(|change| change_typed(change, &mut payloads));
    let mut raws: Vec<Raw> = payloads.iter().map(raw).collect();
    changes.iter().for_each(|change| change_raw(change, &mut raws));
    let mut finish = Finish::default();
    changes.iter().for_each(|change| change_header(change, &mut header, &mut finish));
    header.flags = turned(header.flags, finish.flags);
    finish.flags &= !(INITIATOR | VERSION | RESPONSE);
    let (first, chain) = chained(&raws);
    let is_init = header.exchange == ExchangeType::IKE_SA_INIT;
    let mut datagrams = match &mut sa.channel {
        Some(channel) if !is_init && !changes.contains(&Change::InClear) => {
            let pieces = changes.iter().find_map(|change| match change {
                Change::Pieces(pieces) => Some(pieces),
                _ => None,
            });
            match pieces {
                None => vec![channel.seal_content(&header, first, &chain, finish)],
                Some(pieces) => {
                    let most = usize::from(pieces.iter().map(|piece| piece.number).max().unwrap_or(1));
                    let each = chain.len().div_ceil(most.max(1)).max(1);
                    let part = |number: u16| chain.chunks(each).nth(usize::from(number.max(1)) - 1);
                    let seal = |piece: &ipsec::wire::v2::FragmentNumber| {
                        let first = if piece.number == 1 { first } else { PayloadType::NONE };
                        let finish = Finish { number: Some(*piece), ..finish };
                        channel.seal_content(&header, first, part(piece.number).unwrap_or_default(), finish)
                    };
                    pieces.iter().map(seal).collect()
                }
            }
        }
        _ => vec![in_clear(&header, first, &chain, finish.flags)],
    };
    datagrams.iter_mut().for_each(|octets| change_octets(changes, octets));
    if is_init {
        sa.first_messages[0] = datagrams.concat();
        if let Some(nonce) = raws.iter().find(|raw| raw.kind == PayloadType::NONCE) {
            sa.nonces[0].clone_from(&nonce.body);
        }
    }
    Written { datagrams, header }
}

fn in_clear(header: &Header, first: PayloadType, chain: &[u8], flags: u8) -> Vec<u8> {
    let length = u32::try_from(Header::LEN + chain.len()).unwrap_or(u32::MAX);
    let mut octets = [&Header { next_payload: first, length, ..*header }.emit(), chain].concat();
    octets[FLAGS] ^= flags;
    octets
}

/// The bits of the flags that mean something (RFC 7296 §3.1).
const INITIATOR: u8 = 0x08;
const VERSION: u8 = 0x10;
const RESPONSE: u8 = 0x20;

/// Flags with some of their bits turned over.
fn turned(flags: Flags, bits: u8) -> Flags {
    Flags {
        initiator: flags.initiator != (bits & INITIATOR != 0),
        version: flags.version != (bits & VERSION != 0),
        response: flags.response != (bits & RESPONSE != 0),
    }
}

/// Where a header has its length.
const LENGTH: std::ops::Range<usize> = 24..28;

/// What a payload means, otherwise.
fn change_typed(change: &Change, payloads: &mut Vec<Payload>) {
    match change {
        Change::Empty => payloads.clear(),
        Change::Proposal { number, protocol, transforms } => {
            for payload in payloads.iter_mut() {
                let Payload::Sa(offered) = payload else { continue };
                let spi = offered.proposals.first().map(|one| one.spi.clone()).unwrap_or_default();
                // The one that was there first goes.
                offered.proposals.retain(|one| one.number < *number);
                let (number, protocol, transforms) = (*number, *protocol, transforms.clone());
                offered.proposals.push(Proposal { number, protocol, spi, transforms });
            }
        }
        Change::Group(group) => replace(payloads, |payload| match payload {
            Payload::Ke(ke) => Some(Payload::Ke(KeyExchange::new(*group, ke.public().to_vec()))),
            _ => None,
        }),
        Change::Public(public) => replace(payloads, |payload| match payload {
            Payload::Ke(ke) => Some(Payload::Ke(KeyExchange::new(ke.group(), public.clone()))),
            _ => None,
        }),
        Change::Nonce(length) => replace(payloads, |payload| match payload {
            Payload::Nonce(nonce) => {
                Some(Payload::Nonce(nonce.iter().cycle().take(*length).copied().collect()))
            }
            _ => None,
        }),
        Change::Selectors { of_initiator, selectors } => replace(payloads, |payload| match payload {
            Payload::TsI(_) if *of_initiator => Some(Payload::TsI(selectors.clone())),
            Payload::TsR(_) if !*of_initiator => Some(Payload::TsR(selectors.clone())),
            _ => None,
        }),
        Change::Notify { kind, protocol, spi, data } => {
            let notify = Notify { protocol: *protocol, spi: spi.clone(), kind: *kind, data: data.clone() };
            payloads.push(Payload::Notify(notify));
        }
        Change::Payload { kind, critical, body } => {
            payloads.push(Payload::Unknown { kind: *kind, critical: *critical, body: body.clone() });
        }
        _ => {}
    }
}

fn replace(payloads: &mut [Payload], other: impl Fn(&Payload) -> Option<Payload>) {
    for payload in payloads {
        if let Some(other) = other(payload) {
            *payload = other;
        }
    }
}

fn raw(payload: &Payload) -> Raw {
    let mut octets = Vec::new();
    let kind = emit_chain(std::slice::from_ref(payload), PayloadType::NONE, &mut octets);
    Raw { kind, flags: octets[1], body: octets.split_off(4), longer: 0 }
}

/// How payloads are written, otherwise.
fn change_raw(change: &Change, raws: &mut Vec<Raw>) {
    let each = |kind: PayloadType| move |raw: &&mut Raw| raw.kind == kind;
    match change {
        Change::Without(kind) => raws.retain(|raw| raw.kind != *kind),
        Change::Twice(kind) => {
            if let Some(at) = raws.iter().position(|raw| raw.kind == *kind) {
                let Raw { kind, flags, ref body, longer } = raws[at];
                let again = Raw { kind, flags, body: body.clone(), longer };
                raws.insert(at + 1, again);
            }
        }
        Change::Reversed => raws.reverse(),
        Change::Patch(kind, at, octets) => raws.iter_mut().filter(each(*kind)).for_each(|raw| {
            let end = at + octets.len();
            raw.body.resize(raw.body.len().max(end), 0);
            raw.body[*at..end].copy_from_slice(octets);
        }),
        Change::Cut(kind, length) => {
            raws.iter_mut().filter(each(*kind)).for_each(|raw| raw.body.truncate(*length));
        }
        Change::Critical(kind) => raws.iter_mut().filter(each(*kind)).for_each(|raw| raw.flags |= 0x80),
        Change::Reserved(kind) => raws.iter_mut().filter(each(*kind)).for_each(|raw| raw.flags |= 0x7f),
        Change::Length(kind, by) => raws.iter_mut().filter(each(*kind)).for_each(|raw| raw.longer = *by),
        _ => {}
    }
}

/// What a header says, otherwise.
fn change_header(change: &Change, header: &mut Header, finish: &mut Finish) {
    match change {
        Change::Version(major, minor) => header.version = Version { major: *major, minor: *minor },
        Change::Flags(bits) => finish.flags ^= bits,
        Change::MessageId(id, is_relative) => {
            let base = if *is_relative { i64::from(header.message_id) } else { 0 };
            // Numbers beyond 32 bits begin anew.
            header.message_id = ((base + id) & 0xffff_ffff) as u32;
        }
        Change::Exchange(exchange) => header.exchange = *exchange,
        Change::Spi { of_initiator: true, spi } => header.spi_i.0 = *spi,
        Change::Spi { of_initiator: false, spi } => header.spi_r.0 = *spi,
        Change::PadLength(length) => finish.pad_length = Some(*length),
        _ => {}
    }
}

/// What is otherwise once all is written.
fn change_octets(changes: &[Change], octets: &mut Vec<u8>) {
    for change in changes {
        match change {
            Change::HeaderLength(by) => {
                let length = i64::try_from(octets.len()).unwrap_or(0) + i64::from(*by);
                octets[LENGTH].copy_from_slice(&(length as u32).to_be_bytes());
            }
            Change::WrongIcv => {
                if let Some(last) = octets.last_mut() {
                    *last ^= 1;
                }
            }
            Change::Trailing(count) => octets.resize(octets.len() + count, 0),
            _ => {}
        }
    }
}

fn chained(raws: &[Raw]) -> (PayloadType, Vec<u8>) {
    let mut chain = Vec::new();
    for (index, raw) in raws.iter().enumerate() {
        let next = raws.get(index + 1).map_or(PayloadType::NONE, |next| next.kind);
        let length = i64::try_from(raw.body.len()).unwrap_or(0) + 4 + i64::from(raw.longer);
        chain.extend([next.0, raw.flags]);
        chain.extend((length as u16).to_be_bytes());
        chain.extend_from_slice(&raw.body);
    }
    (raws.first().map_or(PayloadType::NONE, |raw| raw.kind), chain)
}
