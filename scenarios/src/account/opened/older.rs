//! Messages of IKEv1, whose IVs are not sent but follow from what was said before (RFC 2409 appendix B):
//!
//! ```text
//! phase 1         hash(g^xi | g^xr), then the last block of the message before
//! each exchange   hash(the last block of phase 1 | message ID), then the last block of the message before
//! ```
//!
//! Messages may be lost or come again, so each IV that the next message may have is tried: with a wrong one the first payload
//! makes no sense.

use std::collections::BTreeMap;

use ipsec::crypto::Provider;
use ipsec::ikev1::IkeKeyRecord;
use ipsec::wire::IkeSpi;
use ipsec::wire::v1::{self, Header, Message, Payload};
use sim::{Direction, LinkId};

/// So many last blocks are remembered of each exchange.
const MOST_BLOCKS: usize = 64;

/// What was said before.
#[derive(Default)]
pub(super) struct Older {
    /// The public values by the initiator's cookie: first its own, then the responder's.
    public: BTreeMap<IkeSpi, Vec<Vec<u8>>>,
    /// The last blocks of encrypted messages by the initiator's cookie and the message ID, the newest last.
    blocks: BTreeMap<(IkeSpi, u32), Vec<Vec<u8>>>,
    /// The pieces of messages that are not complete, by their places: whether it is the last one, and its data.
    pieces: BTreeMap<Cut, BTreeMap<u8, (bool, Vec<u8>)>>,
}

/// Which message a piece belongs to: where it went, the initiator's cookie, and the message's number.
type Cut = (LinkId, Direction, IkeSpi, u16);

impl Older {
    /// The tree of the next message, which went this way. The last piece of a message has the tree of the whole.
    pub(super) fn tree(
        &mut self,
        way: (LinkId, Direction),
        message: &[u8],
        keys: &[IkeKeyRecord],
        provider: &'static Provider,
    ) -> String {
        let header = match Header::parse(message) {
            Ok(header) => header,
            Err(error) => return format!("{error}\n"),
        };
        if header.flags.encryption {
            return self.encrypted(&header, message, keys, provider);
        }
        match Message::parse(message) {
            Ok(message) => {
                for payload in &message.payloads {
                    if let Payload::Ke(public) = payload {
                        let known = self.public.entry(header.spi_i).or_default();
                        if !known.contains(public) && known.len() < 2 {
                            known.push(public.clone());
                        }
                    }
                }
                let tree = v1::tree(&message.header, &message.payloads);
                match self.joined(way, &message) {
                    Some(whole) => {
                        let inside = self.tree(way, &whole, keys, provider);
                        inside.lines().fold(tree, |tree, line| tree + "  " + line + "\n")
                    }
                    None => tree,
                }
            }
            Err(error) => sealed(&header, &error.to_string()),
        }
    }

    /// The message that a piece makes complete.
    fn joined(&mut self, (link, direction): (LinkId, Direction), message: &Message) -> Option<Vec<u8>> {
        let [Payload::Fragment(fragment)] = message.payloads.as_slice() else { return None };
        let key = (link, direction, message.header.spi_i, fragment.id);
        let pieces = self.pieces.entry(key).or_default();
        pieces.insert(fragment.number, (fragment.last, fragment.data.clone()));
        let (count, (is_last, _)) = pieces.last_key_value()?;
        if !is_last || pieces.len() != usize::from(*count) {
            return None;
        }
        Some(self.pieces.remove(&key)?.into_values().flat_map(|(_, data)| data).collect())
    }

    fn encrypted(
        &mut self,
        header: &Header,
        message: &[u8],
        keys: &[IkeKeyRecord],
        provider: &'static Provider,
    ) -> String {
        let own = |record: &&IkeKeyRecord| (record.cookie_i, record.cookie_r) == (header.spi_i, header.spi_r);
        let Some(record) = keys.iter().rev().find(own) else {
            return sealed(header, "no peer has told of a key that opens it");
        };
        let block = record.suite.cipher.block_len();
        let ivs = self.ivs(header, record);
        if let Some(last) = message.len().checked_sub(block).and_then(|at| message.get(at..)) {
            let blocks = self.blocks.entry((header.spi_i, header.message_id)).or_default();
            blocks.push(last.to_vec());
            if blocks.len() > MOST_BLOCKS {
                blocks.remove(0);
            }
        }
        let opened = ivs.iter().find_map(|iv| open(record, provider, iv, header, message));
        opened.unwrap_or_else(|| sealed(header, "encrypted under an IV that is not known here"))
    }

    /// The IVs that the next message may have, the most likely first.
    fn ivs(&self, header: &Header, record: &IkeKeyRecord) -> Vec<Vec<u8>> {
        let block = record.suite.cipher.block_len();
        let hash = |parts: &[&[u8]]| {
            let mut iv = record.suite.hash.digest(parts);
            iv.truncate(block);
            iv
        };
        let of = |message_id: u32| {
            let blocks = self.blocks.get(&(header.spi_i, message_id)).map_or(&[][..], Vec::as_slice);
            blocks.iter().rev().cloned()
        };
        let first = match self.public.get(&header.spi_i).map(Vec::as_slice) {
            Some([initiator, responder]) => Some(hash(&[initiator, responder])),
            _ => None,
        };
        if header.message_id == 0 {
            return of(0).chain(first).collect();
        }
        let phase1 = of(0).chain(first);
        let begun = phase1.map(|last| hash(&[&last, &header.message_id.to_be_bytes()]));
        of(header.message_id).chain(begun).collect()
    }
}

/// The tree of a message, if it makes sense under this IV.
fn open(
    record: &IkeKeyRecord,
    provider: &'static Provider,
    iv: &[u8],
    header: &Header,
    message: &[u8],
) -> Option<String> {
    let cipher = (provider.cipher)(record.suite.cipher, record.key.as_bytes()).ok()?;
    let range = v1::content(message, record.suite.cipher.block_len()).ok()?;
    let mut content = message[range].to_vec();
    cipher.decrypt(iv, &mut content).ok()?;
    let chain = v1::parse_chain(header.next_payload, &content, Header::LEN).ok()?;
    Some(v1::tree(header, &chain.payloads))
}

fn sealed(header: &Header, why: &str) -> String {
    let Header { exchange, message_id, spi_i, spi_r, .. } = header;
    format!("{exchange}* {message_id:08x}\n  cookies {spi_i} {spi_r}\n  {why}\n")
}
