//! Conversations in IKEv1 (RFC 2408, RFC 2409): which ISAKMP SA a message belongs to, whether it repeats another, what is
//! inside, what it breaks, and what follows from it.

mod cipher;
mod judge;
mod keyed;
mod learn;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ipsec_wire::IkeSpi;
use ipsec_wire::registry::v1::{ExchangeType, PayloadType};
use ipsec_wire::v1::{self, Fragment, Header, Message, Payload, SecurityAssociation, parse_chain};

use crate::flow::Flows;
use crate::keys::Keys;
use crate::rules::Rule;
use crate::seen::{Recent, digest};
use crate::teller::Teller;
use crate::told::{IkeSummary, KeySource, Kind};
use crate::transport::Course;
use cipher::Opener;

/// The ISAKMP SAs.
#[derive(Default)]
pub(crate) struct Ikev1 {
    sas: BTreeMap<usize, Sa>,
    /// By the initiator's cookie; a responder's may follow.
    by_cookie: BTreeMap<IkeSpi, usize>,
    forgotten: u64,
}

/// An ISAKMP SA as a capture shows it.
struct Sa {
    cookies: (IkeSpi, IkeSpi),
    ends: [SocketAddr; 2],
    opener: Option<Opener>,
    /// What the keys of IPsec SAs are made of, where it could be computed.
    root: Option<keyed::Root>,
    offered: Option<SecurityAssociation>,
    taken: Option<SecurityAssociation>,
    /// Both ends' public values of phase 1.
    publics: [Option<Vec<u8>>; 2],
    /// Both ends' nonces of phase 1.
    nonces: [Option<Vec<u8>>; 2],
    /// How many messages of phase 1 there were, repeats not among them.
    phase1: usize,
    /// The last messages, by their digests: their frames and labels.
    seen: Recent<u64, (u64, String)>,
    /// Quick modes and other exchanges of phase 2, by their message IDs.
    exchanges: Recent<u32, Exchange>,
    pieces: Recent<u16, Pieces>,
    is_ended: bool,
    summary: IkeSummary,
}

/// An exchange of phase 2.
struct Exchange {
    kind: ExchangeType,
    /// Who began it: 0 the initiator of phase 1, 1 its responder.
    asker: usize,
    messages: usize,
    offered: Option<SecurityAssociation>,
    taken: Option<SecurityAssociation>,
    selectors: [String; 2],
    /// The nonces and the public values of who began it and who answered.
    nonces: [Option<Vec<u8>>; 2],
    publics: [Option<Vec<u8>>; 2],
}

/// A message of which pieces came.
#[derive(Default)]
struct Pieces {
    octets: BTreeMap<u8, Vec<u8>>,
    last: Option<u8>,
}

/// What a message shows of its payloads.
enum Shown {
    Payloads(Vec<Payload>),
    /// There is no key, or not what else opens it.
    Sealed,
    /// It makes no sense, for this reason.
    Broken(String),
}

impl Ikev1 {
    /// Takes a message whose header was read and tells of version 1.
    pub(crate) fn take(
        &mut self,
        teller: &mut Teller<'_>,
        (course, octets): (Course, &[u8]),
        keys: &Keys,
        flows: &mut Flows,
        next_number: &mut usize,
    ) {
        let Ok(header) = Header::parse(octets) else { return };
        let number = self.find(&header, course, teller.at, next_number);
        let Some(sa) = self.sas.get_mut(&number) else { return };
        sa.summary.messages += 1;
        sa.summary.last_nanos = teller.at;
        let digest = digest(octets);
        if let Some((frame, label)) = sa.seen.get(&digest) {
            sa.summary.repeats += 1;
            let remarks = vec![format!("repeats frame {frame}")];
            let label = label.clone();
            tell(sa, teller, course, (label, String::new()), remarks);
            return;
        }
        let shown = show(sa, &header, octets, keys);
        let (label, tree, remarks) = describe(&header, &shown, octets.len(), teller.is_sound);
        tell(sa, teller, course, (label.clone(), tree), remarks);
        judge::header(&header, octets, course, teller);
        sa.seen.add(digest, (teller.frame, label));
        match shown {
            Shown::Broken(what) => {
                sa.summary.closed += 1;
                teller.broke(course.from.ip(), Rule::V1_MALFORMED, what);
            }
            Shown::Sealed => {
                sa.summary.closed += 1;
                learn::sealed(sa, &header, course);
            }
            Shown::Payloads(payloads) => {
                if let [Payload::Fragment(piece)] = &payloads[..] {
                    let whole = piece_of(sa, piece);
                    // A piece of a piece is nobody's message.
                    let is_message = |whole: &Vec<u8>| {
                        Header::parse(whole).is_ok_and(|header| header.next_payload != PayloadType::FRAGMENT)
                    };
                    if let Some(whole) = whole.filter(is_message) {
                        self.take(teller, (course, &whole), keys, flows, next_number);
                    }
                    return;
                }
                judge::payloads(sa, &header, &payloads, course, teller);
                learn::from(sa, &header, &payloads, course, (teller, keys, flows));
            }
        }
    }

    /// The ISAKMP SA that a message belongs to; a new one where there is none.
    fn find(&mut self, header: &Header, course: Course, at: u64, next_number: &mut usize) -> usize {
        if let Some(number) = self.by_cookie.get(&header.spi_i)
            && let Some(sa) = self.sas.get_mut(number)
            && (sa.cookies.1.0 == 0 || header.spi_r.0 == 0 || sa.cookies.1 == header.spi_r)
        {
            if sa.cookies.1.0 == 0 && header.spi_r.0 != 0 {
                sa.cookies.1 = header.spi_r;
                sa.summary.spi_r = header.spi_r.to_string();
            }
            return *number;
        }
        if self.sas.len() >= MOST {
            self.forget();
        }
        let number = *next_number;
        *next_number += 1;
        let begins = header.spi_r.0 == 0;
        self.sas.insert(number, Sa::new(number, header, [course.from, course.to], begins, at));
        self.by_cookie.insert(header.spi_i, number);
        number
    }

    /// Forgets a quarter of them: those that have ended first, then those that are silent for longest.
    fn forget(&mut self) {
        let mut ranked: Vec<_> =
            self.sas.iter().map(|(number, sa)| (!sa.is_ended, sa.summary.last_nanos, *number)).collect();
        ranked.sort_unstable();
        for (_, _, number) in &ranked[..MOST / 4] {
            self.sas.remove(number);
            self.forgotten += 1;
        }
        self.by_cookie.retain(|_, number| self.sas.contains_key(number));
    }

    /// What became of all of them, and how many were forgotten.
    pub(crate) fn summaries(&self) -> (Vec<IkeSummary>, u64) {
        let summary = |sa: &Sa| {
            let [initiator, responder] = sa.ends;
            IkeSummary { initiator, responder, ..sa.summary.clone() }
        };
        (self.sas.values().map(summary).collect(), self.forgotten)
    }
}

impl Sa {
    fn new(number: usize, header: &Header, ends: [SocketAddr; 2], begins: bool, at: u64) -> Self {
        let mode =
            matches!(header.exchange, ExchangeType::MAIN | ExchangeType::AGGRESSIVE | ExchangeType::BASE);
        Self {
            cookies: (header.spi_i, header.spi_r),
            ends,
            opener: None,
            root: None,
            offered: None,
            taken: None,
            publics: [None, None],
            nonces: [None, None],
            phase1: 0,
            seen: Recent::new(MOST_SEEN),
            exchanges: Recent::new(MOST_EXCHANGES),
            pieces: Recent::new(MOST_IN_PIECES),
            is_ended: false,
            summary: IkeSummary {
                number,
                version: 1,
                spi_i: header.spi_i.to_string(),
                spi_r: header.spi_r.to_string(),
                initiator: ends[0],
                responder: ends[1],
                suite: Vec::new(),
                messages: 0,
                repeats: 0,
                closed: 0,
                outcome: if begins { "begun" } else { "in use; its beginning was not captured" }.to_owned(),
                is_established: false,
                children: Vec::new(),
                first_nanos: at,
                last_nanos: at,
                identities: [None, None],
                method: None,
                behind_nat: [false; 2],
                replaces: None,
                keys: None,
                mode: mode.then(|| header.exchange.to_string()),
            },
        }
    }

    /// Which end sends from there: 0 the initiator, 1 the responder. Ports may change in between (RFC 3947 §4).
    fn end_of(&self, from: SocketAddr) -> usize {
        let fits = |end: SocketAddr| end == from;
        match self.ends {
            [_, responder] if fits(responder) => 1,
            [initiator, _] if fits(initiator) => 0,
            [initiator, responder] => usize::from(responder.ip() == from.ip() && initiator.ip() != from.ip()),
        }
    }

    fn begins(&self) -> bool {
        self.summary.mode.is_some()
    }
}

/// Opens a message as far as that is possible.
fn show(sa: &mut Sa, header: &Header, octets: &[u8], keys: &Keys) -> Shown {
    if !header.flags.encryption {
        return match Message::parse(octets) {
            Ok(message) => Shown::Payloads(message.payloads),
            Err(malformed) => Shown::Broken(malformed.to_string()),
        };
    }
    if usize::try_from(header.length) != Ok(octets.len()) {
        return Shown::Broken(format!("a length of {}, {} octets are there", header.length, octets.len()));
    }
    if sa.opener.is_none()
        && let (Some(key), Some(taken)) = (keys.isakmp(header.spi_i), &sa.taken)
        && let [Some(initiator), Some(responder)] = &sa.publics
    {
        sa.opener = Opener::new(key, taken, &[initiator.clone(), responder.clone()]);
    }
    if sa.opener.is_none()
        && let Some((opener, root)) = keyed::opener(sa, header, octets, keys)
    {
        (sa.opener, sa.root) = (Some(opener), Some(root));
    }
    let Some(opener) = &mut sa.opener else { return Shown::Sealed };
    sa.summary.keys = Some(if sa.root.is_some() { KeySource::Computed } else { KeySource::Given });
    let text = match opener.open(header, octets) {
        Ok(Some(text)) => text,
        Ok(None) => {
            opener.went_by(header, octets);
            return Shown::Sealed;
        }
        Err(malformed) => return Shown::Broken(malformed.to_string()),
    };
    match parse_chain(header.next_payload, &text, Header::LEN) {
        Ok(chain) => {
            opener.went_by(header, octets);
            Shown::Payloads(chain.payloads)
        }
        Err(malformed) => Shown::Broken(format!("what was decrypted makes no sense: {malformed}")),
    }
}

/// Takes a piece; the message, if it was the last one that was missing.
fn piece_of(sa: &mut Sa, piece: &Fragment) -> Option<Vec<u8>> {
    if sa.pieces.get(&piece.id).is_none() {
        sa.pieces.add(piece.id, Pieces::default());
    }
    let pieces = sa.pieces.get_mut(&piece.id)?;
    let octets: usize = pieces.octets.values().map(Vec::len).sum();
    if octets + piece.data.len() > LONGEST {
        sa.pieces.remove(&piece.id);
        return None;
    }
    pieces.octets.insert(piece.number, piece.data.clone());
    if piece.last {
        pieces.last = Some(piece.number);
    }
    let is_whole =
        pieces.last.is_some_and(|last| (1..=last).all(|number| pieces.octets.contains_key(&number)));
    if !is_whole {
        return None;
    }
    let pieces = sa.pieces.remove(&piece.id)?;
    let last = pieces.last?;
    Some(
        pieces
            .octets
            .into_iter()
            .filter(|(number, _)| (1..=last).contains(number))
            .flat_map(|(_, octets)| octets)
            .collect(),
    )
}

/// The label, the tree and remarks for a message.
fn describe(header: &Header, shown: &Shown, length: usize, is_sound: bool) -> (String, String, Vec<String>) {
    let mut remarks = Vec::new();
    let (label, tree) = match shown {
        Shown::Payloads(payloads) => (v1::describe(header, payloads), v1::tree(header, payloads)),
        _ => {
            let mark = if header.flags.encryption { "*" } else { "" };
            (
                format!("{}{mark} {:08x} [{}]", header.exchange, header.message_id, closed(header)),
                String::new(),
            )
        }
    };
    match shown {
        Shown::Payloads(_) => {}
        Shown::Sealed => remarks.push(format!("{length} octets, encrypted")),
        Shown::Broken(_) => remarks.push("malformed".to_owned()),
    }
    if !is_sound {
        remarks.push("the checksum is wrong".to_owned());
    }
    (label, tree, remarks)
}

/// What can be seen of the payloads of a message that stays closed: the first.
fn closed(header: &Header) -> String {
    match header.next_payload {
        PayloadType::NONE => String::new(),
        first => format!("{first} …"),
    }
}

fn tell(
    sa: &Sa,
    teller: &mut Teller<'_>,
    course: Course,
    (label, tree): (String, String),
    remarks: Vec<String>,
) {
    teller.message(crate::told::Message {
        frame: teller.frame,
        at_nanos: teller.at,
        from: course.from,
        to: course.to,
        kind: Kind::Ike,
        conversation: Some(sa.summary.number),
        label,
        tree,
        remarks,
    });
}

/// So many ISAKMP SAs are followed at a time.
const MOST: usize = 1024;
/// So many messages of one are remembered.
const MOST_SEEN: usize = 32;
/// So many of its exchanges of phase 2.
const MOST_EXCHANGES: usize = 16;
/// So many of its messages in pieces.
const MOST_IN_PIECES: usize = 4;
/// The longest of them that is put together, in octets.
const LONGEST: usize = 64 * 1024;
