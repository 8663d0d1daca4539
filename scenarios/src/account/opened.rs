//! What IKE messages hold, read with the keys that the peers have told of: those of all times, since a message may be older than
//! the keys that its SA has now.

mod older;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ipsec::Event;
use ipsec::crypto::{Provider, Secret};
use ipsec::ikev1::{self, Event as Ikev1};
use ipsec::ikev2::{Event as Ikev2, IkeKeyRecord};
use ipsec::wire::registry::v1::ExchangeType as OlderExchange;
use ipsec::wire::registry::{ExchangeType, PayloadType};
use ipsec::wire::{Header, IkeSpi, v1, v2};
use reports::account::KeyMaterial;

use self::older::Older;
use super::books::{Item, Packets};
use crate::run::as_newer;

/// The keys that the peers have told of.
#[derive(Default)]
pub(super) struct Keys {
    newer: Vec<IkeKeyRecord>,
    older: Vec<ikev1::IkeKeyRecord>,
    /// Of ESP and AH: the SA and its key; both ends tell of the same.
    protected: BTreeSet<(String, String)>,
}

impl Keys {
    pub(super) fn learn(&mut self, event: &Event) {
        match event {
            Event::Ikev2(Ikev2::IkeKeyed(record)) if !self.newer.contains(record) => {
                self.newer.push(record.clone());
            }
            Event::Ikev1(Ikev1::IkeKeyed(record)) if !self.older.contains(record) => {
                self.older.push(record.clone());
            }
            Event::Ikev2(Ikev2::ChildUp(record)) => {
                let keys = [(record.inbound, &record.inbound_key), (record.outbound, &record.outbound_key)];
                self.protected(&record.protection, keys);
            }
            Event::Ikev1(Ikev1::ChildUp(record)) => {
                let record = as_newer(record);
                let keys = [(record.inbound, &record.inbound_key), (record.outbound, &record.outbound_key)];
                self.protected(&record.protection, keys);
            }
            Event::Manual(manual) => {
                let (inbound, outbound) = (&manual.pair.inbound, &manual.pair.outbound);
                let keys = [(inbound.spi, &inbound.key), (outbound.spi, &outbound.key)];
                self.protected(&inbound.protection, keys);
            }
            _ => {}
        }
    }

    fn protected(
        &mut self,
        protection: &ipsec::dataplane::Protection,
        keys: [(ipsec::wire::Spi, &Secret); 2],
    ) {
        for (spi, key) in keys {
            self.protected.insert((format!("SPI {spi}, {protection}"), hex(key)));
        }
    }

    /// All of them, for people.
    pub(super) fn told(&self) -> Vec<KeyMaterial> {
        let newer = self.newer.iter().map(|record| {
            let keys = &record.keys;
            let named = [
                ("SK_d", &keys.d),
                ("SK_ai", &keys.ai),
                ("SK_ar", &keys.ar),
                ("SK_ei", &keys.ei),
                ("SK_er", &keys.er),
                ("SK_pi", &keys.pi),
                ("SK_pr", &keys.pr),
            ];
            let there = named.into_iter().filter(|(_, key)| !key.as_bytes().is_empty());
            KeyMaterial {
                owner: format!("IKE SA {} {}, {}", record.spi_i, record.spi_r, record.suite),
                keys: there.map(|(name, key)| (name.to_owned(), hex(key))).collect(),
            }
        });
        let older = self.older.iter().map(|record| KeyMaterial {
            owner: format!("ISAKMP SA {} {}, {}", record.cookie_i, record.cookie_r, record.suite),
            keys: vec![("encryption key".to_owned(), hex(&record.key))],
        });
        let protected = self.protected.iter().map(|(owner, key)| KeyMaterial {
            owner: owner.clone(),
            keys: vec![("key, salt, integrity key".to_owned(), key.clone())],
        });
        newer.chain(older).chain(protected).collect()
    }
}

fn hex(secret: &Secret) -> String {
    secret.as_bytes().iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// What a message is, as far as it shows without keys.
pub(super) fn label(message: &[u8]) -> String {
    let header = match Header::parse(message) {
        Ok(header) => header,
        Err(error) => return format!("no IKE message: {error}"),
    };
    if header.version.major == 1 {
        return match (v1::Message::parse(message), v1::Header::parse(message)) {
            (Ok(message), _) => v1::describe(&message.header, &message.payloads),
            (_, Ok(header)) => format!("{}* {:08x}", header.exchange, header.message_id),
            (_, Err(error)) => format!("no IKE message: {error}"),
        };
    }
    match v2::Message::parse(message) {
        Ok(message) if !is_sealed(&header) => v2::describe(&message.header, &message.payloads),
        _ => request_or_response(&header),
    }
}

/// `IKE_AUTH request 1`.
fn request_or_response(header: &Header) -> String {
    let direction = if header.flags.response { "response" } else { "request" };
    format!("{} {direction} {}", header.exchange, header.message_id)
}

/// Whether the payloads are inside SK or SKF.
fn is_sealed(header: &Header) -> bool {
    matches!(header.next_payload, PayloadType::SK | PayloadType::SKF)
}

/// The exchange that a message belongs to, and its colour.
pub(super) fn exchange(message: &[u8]) -> Option<(String, u8)> {
    let header = Header::parse(message).ok()?;
    if header.version.major == 1 {
        let exchange = v1::Header::parse(message).ok()?.exchange;
        let tone = match exchange {
            OlderExchange::MAIN | OlderExchange::AGGRESSIVE => 0,
            OlderExchange::QUICK => 2,
            OlderExchange::INFORMATIONAL => 3,
            _ => 4,
        };
        return Some((exchange.to_string(), tone));
    }
    let tone = match header.exchange {
        ExchangeType::IKE_SA_INIT => 0,
        ExchangeType::IKE_AUTH => 1,
        ExchangeType::CREATE_CHILD_SA => 2,
        ExchangeType::INFORMATIONAL => 3,
        _ => 4,
    };
    Some((header.exchange.to_string(), tone))
}

/// The trees of messages by their octets.
pub(super) struct Trees(BTreeMap<Vec<u8>, String>);

/// Which message a piece belongs to: SPIs, who sent it, whether it is a response, its ID, and how many pieces there are.
type Whole = (IkeSpi, IkeSpi, bool, bool, u32, u16);

impl Trees {
    pub(super) fn new(packets: &Packets, keys: &Keys, provider: &'static Provider) -> Self {
        let mut trees = BTreeMap::new();
        let mut pieces: BTreeMap<Whole, Vec<Piece>> = BTreeMap::new();
        let mut older = Older::default();
        for item in &packets.items {
            let Item::Packet(packet) = item else { continue };
            let Some(message) = packet.message.as_ref().filter(|message| !trees.contains_key(*message))
            else {
                continue;
            };
            let Ok(header) = Header::parse(message) else { continue };
            if header.version.major == 1 {
                trees.insert(
                    message.clone(),
                    older.tree((packet.key.0, packet.key.1), message, &keys.older, provider),
                );
                continue;
            }
            let tree = match newer(message, &header, keys, provider) {
                Newer::Read(tree) => tree,
                Newer::Piece(whole, piece) => {
                    let what = request_or_response(&header);
                    let said = format!("{what}\n  piece {} of {}\n", piece.number, whole.5);
                    pieces.entry(whole).or_default().push(piece);
                    said
                }
            };
            trees.insert(message.clone(), tree);
        }
        for (whole, pieces) in pieces {
            if let Some(tree) = joined(&whole, &pieces) {
                for piece in pieces {
                    let tree = format!("{tree}  (this is piece {} of {})\n", piece.number, whole.5);
                    trees.insert(piece.message, tree);
                }
            }
        }
        Self(trees)
    }

    pub(super) fn of(&self, message: &[u8]) -> Option<String> {
        self.0.get(message).cloned()
    }
}

enum Newer {
    Read(String),
    Piece(Whole, Piece),
}

/// A piece of a message (RFC 7383).
struct Piece {
    number: u16,
    first: PayloadType,
    content: Vec<u8>,
    header: Header,
    /// Its octets as they were sent.
    message: Vec<u8>,
}

fn newer(message: &[u8], header: &Header, keys: &Keys, provider: &'static Provider) -> Newer {
    if !is_sealed(header) {
        let parsed = v2::Message::parse(message);
        return Newer::Read(match parsed {
            Ok(parsed) => v2::tree(&parsed.header, &parsed.payloads),
            Err(error) => sealed(header, &error.to_string()),
        });
    }
    let is_own = |record: &&IkeKeyRecord| (record.spi_i, record.spi_r) == (header.spi_i, header.spi_r);
    let own = keys.newer.iter().rev().filter(is_own);
    let Some((fragment, first, content)) = own.filter_map(|record| record.open(provider, message)).next()
    else {
        return Newer::Read(sealed(header, "no peer has told of keys that open it"));
    };
    match fragment {
        None => Newer::Read(inside(header, first, &content)),
        Some(fragment) => {
            let flags = header.flags;
            let whole = (
                header.spi_i,
                header.spi_r,
                flags.initiator,
                flags.response,
                header.message_id,
                fragment.total,
            );
            let message = message.to_vec();
            Newer::Piece(whole, Piece { number: fragment.number, first, content, header: *header, message })
        }
    }
}

fn inside(header: &Header, first: PayloadType, content: &[u8]) -> String {
    match v2::parse_chain(first, content, 0) {
        Ok(payloads) => v2::tree(header, &payloads),
        Err(error) => sealed(header, &format!("opened, but {error}")),
    }
}

fn sealed(header: &Header, why: &str) -> String {
    let Header { spi_i, spi_r, .. } = header;
    format!("{}\n  SPIs {spi_i} {spi_r}\n  {why}\n", request_or_response(header))
}

/// The tree of a message all of whose pieces are there.
fn joined(whole: &Whole, pieces: &[Piece]) -> Option<String> {
    let piece = |number: u16| pieces.iter().find(|piece| piece.number == number);
    let first = piece(1)?;
    let all: Option<Vec<&Piece>> = (1..=whole.5).map(piece).collect();
    let content: Vec<u8> = all?.iter().flat_map(|piece| piece.content.iter().copied()).collect();
    Some(inside(&first.header, first.first, &content))
}
