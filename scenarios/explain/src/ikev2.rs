//! Conversations in IKEv2 (RFC 7296): which IKE SA a message belongs to, whether it repeats another, what is inside, what it
//! breaks, and what follows from it.
//!
//! ```text
//! message -> SA -> repeat? -> opened, put together -> told -> judged -> learned from
//! ```

mod chain;
mod content;
mod inherit;
mod keyed;
mod learn;
mod order;
mod proof;
mod sa;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ipsec_wire::registry::{ExchangeType, PayloadType};
use ipsec_wire::v2::{self, FragmentNumber, Payload};
use ipsec_wire::{Header, IkeSpi};

use crate::flow::Flows;
use crate::keys::Keys;
use crate::open::{Closed, Content};
use crate::rules::Rule;
use crate::seen::digest;
use crate::teller::Teller;
use crate::told::{IkeSummary, Kind, Message};
use crate::transport::Course;
use keyed::Keyed;
use learn::Made;
use sa::{Asks, Exchange, MOST_PARTS, MOST_PIECES, Part, Pieces, Sa, Stage};

/// The IKE SAs of version 2.
#[derive(Default)]
pub(crate) struct Ikev2 {
    sas: BTreeMap<usize, Sa>,
    by_spis: BTreeMap<(IkeSpi, IkeSpi), usize>,
    forgotten: u64,
}

/// A message on its way through.
struct Incoming<'a> {
    header: Header,
    octets: &'a [u8],
    course: Course,
    fragment: Option<FragmentNumber>,
    digest: u64,
}

/// What a message shows of its payloads.
enum Shown {
    /// All of them; they were encrypted or not.
    Payloads { payloads: Vec<Payload>, first: PayloadType, chain: Vec<u8>, is_protected: bool },
    /// A piece of a message whose other pieces have not all come.
    Piece,
    /// Nothing: there is no key.
    Sealed,
    /// Nothing, for this reason.
    Broken(Rule, String),
}

impl Incoming<'_> {
    /// Who sent it: 0 the initiator of the IKE SA, 1 its responder.
    fn sender(&self) -> usize {
        usize::from(!self.header.flags.initiator)
    }

    /// Whose request it is, or answers.
    fn asker(&self) -> usize {
        if self.header.flags.response { 1 - self.sender() } else { self.sender() }
    }

    fn is_first(&self) -> bool {
        matches!(self.header.exchange, ExchangeType::IKE_SA_INIT | ExchangeType::IKE_SESSION_RESUME)
    }
}

impl Ikev2 {
    /// Takes a message whose header was read and tells of version 2.
    pub(crate) fn take(
        &mut self,
        teller: &mut Teller<'_>,
        (course, octets): (Course, &[u8]),
        keys: &Keys,
        flows: &mut Flows,
        next_number: &mut usize,
    ) {
        let Ok(header) = Header::parse(octets) else { return };
        let fragment = v2::fragment_number(octets);
        let incoming = Incoming {
            header,
            octets,
            course,
            fragment: fragment.clone().unwrap_or_default(),
            digest: digest(octets),
        };
        let number = self.find(&incoming, teller.at, next_number);
        let Some(sa) = self.sas.get_mut(&number) else { return };
        sa.summary.messages += 1;
        sa.summary.last_nanos = teller.at;
        if order::repeat(sa, &incoming, teller) {
            return;
        }
        if sa.keyed.is_empty() {
            sa.keyed = keys.ike(sa.spis).iter().filter_map(Keyed::new).collect();
        }
        let shown = match fragment {
            Ok(_) => show(sa, &incoming, teller),
            Err(malformed) => Shown::Broken(Rule::FRAGMENT, malformed.to_string()),
        };
        let label = tell(sa, &incoming, &shown, teller);
        judge_header(sa, &incoming, teller);
        if let Shown::Broken(rule, what) = &shown {
            sa.summary.closed += 1;
            // Nobody can tell whose it is: nothing is learned from it.
            teller.broke(course.from.ip(), *rule, what.clone());
            return;
        }
        if matches!(shown, Shown::Sealed) {
            sa.summary.closed += 1;
        }
        self.judge_and_learn(number, (&incoming, label), &shown, (teller, keys), (flows, next_number));
    }

    /// Judges a message and takes from it what there is to know.
    fn judge_and_learn(
        &mut self,
        number: usize,
        (incoming, label): (&Incoming<'_>, String),
        shown: &Shown,
        (teller, keys): (&mut Teller<'_>, &Keys),
        (flows, next_number): (&mut Flows, &mut usize),
    ) {
        let Some(sa) = self.sas.get_mut(&number) else { return };
        let who = incoming.course.from.ip();
        let payloads: &[Payload] = match shown {
            Shown::Payloads { payloads, .. } => payloads,
            _ => &[],
        };
        order::check(sa, incoming, shown, teller);
        if let Shown::Payloads { payloads, first, chain, is_protected } = shown {
            let is_notice = payloads.iter().all(|payload| matches!(payload, Payload::Notify(_)));
            if !is_protected && !incoming.is_first() && !is_notice {
                let what = format!("{} outside an Encrypted payload", incoming.header.exchange);
                teller.broke(who, Rule::UNPROTECTED, what);
            }
            let asked = sa.sides[incoming.asker()].exchanges.get(&incoming.header.message_id);
            let mut breaches = chain::check(*first, chain);
            let response = incoming.header.flags.response;
            breaches.extend(content::missing(incoming.header.exchange, response, payloads));
            breaches.extend(content::nonce(payloads, sa.prf));
            if let Some(association) = content::association(payloads) {
                breaches.extend(content::child_spis(association));
                let offered = asked.and_then(|exchange| exchange.asks.offered.as_ref()).filter(|_| response);
                breaches.extend(offered.and_then(|offered| content::choice(offered, association)));
            }
            for (rule, what) in breaches {
                teller.broke(who, rule, what);
            }
        }
        let complete = !matches!(shown, Shown::Piece);
        let asks = order::record(sa, incoming, payloads, (label, teller.frame, complete));
        let made = match shown {
            Shown::Piece => None,
            Shown::Sealed => {
                learn::sealed(sa, incoming);
                None
            }
            _ => learn::from(sa, incoming, (payloads, &asks), (teller, keys, flows)),
        };
        if incoming.is_first() {
            let was = sa.spis;
            if incoming.header.flags.response && was.1.0 == 0 && incoming.header.spi_r.0 != 0 {
                sa.spis = (was.0, incoming.header.spi_r);
                sa.summary.spi_r = sa.spis.1.to_string();
                self.by_spis.insert(sa.spis, number);
            }
        }
        if let Some(made) = made {
            self.replace(number, made, keys, teller.at, next_number);
        }
        self.part(number);
    }

    /// Puts an IKE SA in the place of another.
    fn replace(&mut self, old: usize, made: Made, keys: &Keys, at: u64, next_number: &mut usize) {
        let new = self.add(made.spis, made.ends, true, at, next_number);
        let Some(mut old) = self.sas.remove(&old) else { return };
        if let Some(new) = self.sas.get_mut(&new) {
            replace(new, &mut old, made, keys);
        }
        self.sas.insert(old.summary.number, old);
    }

    /// Lets go of what an IKE SA holds that has ended, to one that has to have it.
    fn part(&mut self, number: usize) {
        let has_ended = |sa: &Sa| {
            sa.stage == Stage::Ended && sa.summary.replaces.is_some() && !sa.summary.children.is_empty()
        };
        if !self.sas.get(&number).is_some_and(has_ended) {
            return;
        }
        let Some(mut gone) = self.sas.remove(&number) else { return };
        inherit::goes(&mut gone, &mut self.sas.values_mut().collect::<Vec<_>>());
        self.sas.insert(number, gone);
    }

    /// The IKE SA that a message belongs to; a new one where there is none.
    fn find(&mut self, incoming: &Incoming<'_>, at: u64, next_number: &mut usize) -> usize {
        let Header { spi_i, spi_r, .. } = incoming.header;
        let half = self.by_spis.get(&(spi_i, IkeSpi(0)));
        let known = self.by_spis.get(&(spi_i, spi_r)).or(half.filter(|_| incoming.is_first()));
        if let Some(number) = known {
            return *number;
        }
        let Course { from, to } = incoming.course;
        let ends = if incoming.sender() == 0 { [from, to] } else { [to, from] };
        let begins = incoming.is_first() && !incoming.header.flags.response;
        self.add((spi_i, spi_r), ends, begins, at, next_number)
    }

    fn add(
        &mut self,
        spis: (IkeSpi, IkeSpi),
        ends: [SocketAddr; 2],
        is_whole: bool,
        at: u64,
        next_number: &mut usize,
    ) -> usize {
        if self.sas.len() >= MOST {
            self.forget();
        }
        let number = *next_number;
        *next_number += 1;
        self.sas.insert(number, Sa::new(number, spis, ends, is_whole, at));
        self.by_spis.insert(spis, number);
        number
    }

    /// Forgets a quarter of them: half-open ones first, then those that have ended, then those that are silent for longest.
    fn forget(&mut self) {
        let rank = |sa: &Sa| (sa.stage != Stage::Begun, sa.stage != Stage::Ended, sa.summary.last_nanos);
        let mut ranked: Vec<_> = self.sas.iter().map(|(number, sa)| (rank(sa), *number)).collect();
        ranked.sort_unstable();
        for (_, number) in &ranked[..MOST / 4] {
            self.sas.remove(number);
            self.forgotten += 1;
        }
        self.by_spis.retain(|_, number| self.sas.contains_key(number));
    }

    /// What became of all of them, and how many were forgotten.
    pub(crate) fn summaries(&self) -> (Vec<IkeSummary>, u64) {
        (self.sas.values().map(order::summary).collect(), self.forgotten)
    }
}

/// What is known of an IKE SA that takes the place of another.
fn replace(new: &mut Sa, old: &mut Sa, made: Made, keys: &Keys) {
    new.summary.suite = made.suite;
    new.prf = made.prf;
    new.beginning = made.beginning;
    // Those of the log come first.
    new.keyed = keys.ike(new.spis).iter().filter_map(Keyed::new).chain(made.keyed).collect();
    new.becomes(Stage::Established, format!("established, in place of IKE SA {}", old.summary.number));
    old.becomes(Stage::Ended, format!("replaced by IKE SA {}", new.summary.number));
    inherit::takes_place(new, old);
}

/// Opens a message as far as that is possible.
fn show(sa: &mut Sa, incoming: &Incoming<'_>, teller: &mut Teller<'_>) -> Shown {
    let Header { next_payload, length, .. } = incoming.header;
    if usize::try_from(length) != Ok(incoming.octets.len()) {
        let what = format!("a length of {length}, {} octets are there", incoming.octets.len());
        return Shown::Broken(Rule::LENGTH, what);
    }
    let body = &incoming.octets[Header::LEN..];
    if !matches!(next_payload, PayloadType::SK | PayloadType::SKF) {
        return payloads(next_payload, body, false);
    }
    if sa.keyed.is_empty() {
        return Shown::Sealed;
    }
    let sender = incoming.sender();
    let opened = match open(&mut sa.keyed, sender, incoming.octets) {
        Ok(opened) => opened,
        Err(Closed::Icv) => return Shown::Broken(Rule::ICV, "the ICV is wrong".to_owned()),
        Err(Closed::Form(what)) => return Shown::Broken(Rule::MALFORMED, what),
    };
    sa.summary.keys = Some(sa.keyed[0].source);
    for (rule, what) in chain::check(next_payload, body) {
        teller.broke(incoming.course.from.ip(), rule, what);
    }
    if sa.keyed[0].openers[sender].counts() {
        if sa.ivs[sender].get(&opened.iv).is_some_and(|digest| *digest != incoming.digest) {
            teller.broke(incoming.course.from.ip(), Rule::IV, "another message had the same IV");
        }
        sa.ivs[sender].add(opened.iv, incoming.digest);
    }
    let Some(FragmentNumber { number, total }) = opened.fragment else {
        return payloads(opened.first, &opened.octets, true);
    };
    let key = (incoming.header.message_id, incoming.header.flags.response);
    let pieces = &mut sa.sides[incoming.asker()].pieces;
    if pieces.get(&key).is_none_or(|pieces| pieces.total != total) {
        pieces.remove(&key);
        pieces.add(key, Pieces { total, first: PayloadType::NONE, octets: BTreeMap::new() });
    }
    let Some(known) = pieces.get_mut(&key) else { return Shown::Piece };
    if number == 1 {
        known.first = opened.first;
    } else if opened.first != PayloadType::NONE {
        let what = format!("fragment {number} names {} as first payload", opened.first);
        teller.broke(incoming.course.from.ip(), Rule::FRAGMENT, what);
    }
    let octets: usize = known.octets.values().map(Vec::len).sum();
    if total <= MOST_PIECES.0 && octets + opened.octets.len() <= MOST_PIECES.1 {
        known.octets.insert(number, opened.octets);
    }
    match (known.whole(), known.first) {
        (Some(whole), first) => {
            pieces.remove(&key);
            payloads(first, &whole, true)
        }
        (None, _) => Shown::Piece,
    }
}

/// Opens a message with one of the keys of its IKE SA, which then stands first.
fn open(keyed: &mut [Keyed], sender: usize, message: &[u8]) -> Result<Content, Closed> {
    let mut result = Err(Closed::Icv);
    for at in 0..keyed.len() {
        result = keyed[at].openers[sender].message(message);
        if result.is_ok() {
            keyed[..=at].rotate_right(1);
            break;
        }
    }
    result
}

fn payloads(first: PayloadType, chain: &[u8], is_protected: bool) -> Shown {
    match v2::parse_chain(first, chain, Header::LEN) {
        Ok(payloads) => Shown::Payloads { payloads, first, chain: chain.to_vec(), is_protected },
        Err(malformed) => Shown::Broken(Rule::MALFORMED, malformed.to_string()),
    }
}

/// Tells of a message and returns its label.
fn tell(sa: &Sa, incoming: &Incoming<'_>, shown: &Shown, teller: &mut Teller<'_>) -> String {
    let Header { exchange, flags, message_id, next_payload, .. } = incoming.header;
    let direction = if flags.response { "response" } else { "request" };
    let closed = |inside: &str| format!("{exchange} {direction} {message_id} [{inside}]");
    let inside = match incoming.fragment {
        Some(FragmentNumber { number, total }) => format!("{next_payload} {number} of {total}"),
        None => next_payload.to_string(),
    };
    let (label, tree) = match shown {
        Shown::Payloads { payloads, .. } => {
            (v2::describe(&incoming.header, payloads), v2::tree(&incoming.header, payloads))
        }
        _ => (closed(&inside), String::new()),
    };
    let mut remarks = Vec::new();
    match shown {
        Shown::Payloads { .. } if incoming.fragment.is_some() => remarks.push(format!("whole with {inside}")),
        Shown::Piece => remarks.push(format!("{} octets", incoming.octets.len())),
        Shown::Sealed => remarks.push(format!("{} octets, encrypted", incoming.octets.len())),
        Shown::Broken(Rule::ICV, _) => remarks.push("cannot be opened".to_owned()),
        Shown::Broken(..) => remarks.push("malformed".to_owned()),
        Shown::Payloads { .. } => {}
    }
    if !teller.is_sound {
        remarks.push("the checksum is wrong".to_owned());
    }
    teller.message(Message {
        frame: teller.frame,
        at_nanos: teller.at,
        from: incoming.course.from,
        to: incoming.course.to,
        kind: Kind::Ike,
        conversation: Some(sa.summary.number),
        label: label.clone(),
        tree,
        remarks,
    });
    label
}

/// Judges what stands in the clear before all payloads (§3.1).
fn judge_header(sa: &Sa, incoming: &Incoming<'_>, teller: &mut Teller<'_>) {
    let (header, who) = (&incoming.header, incoming.course.from.ip());
    let flags = incoming.octets[FLAGS_AT];
    if flags & !DEFINED_FLAGS != 0 || header.flags.version {
        teller.broke(who, Rule::FLAGS, format!("the flags are {flags:#04x}"));
    }
    let is_request = !header.flags.response;
    // A notice about what belongs to no IKE SA may have no SPIs (§2.21.4).
    let is_protected = matches!(header.next_payload, PayloadType::SK | PayloadType::SKF);
    if header.spi_i.0 == 0 && (is_protected || incoming.is_first()) {
        teller.broke(who, Rule::SPI_ZERO, "the initiator's SPI is zero");
    } else if incoming.is_first() && is_request && header.spi_r.0 != 0 {
        teller.broke(who, Rule::SPI_ZERO, "the responder's SPI is not zero in the first request");
    } else if is_protected && header.spi_r.0 == 0 {
        teller.broke(who, Rule::SPI_ZERO, "the responder's SPI is zero behind the first exchange");
    }
    let crosses = incoming.is_first() && header.flags.initiator == header.flags.response;
    let [initiator, responder] = sa.ends;
    let reversed = if header.flags.initiator { (responder, initiator) } else { (initiator, responder) };
    let is_other_way = initiator != responder && (incoming.course.from, incoming.course.to) == reversed;
    if crosses || is_other_way {
        let set = if header.flags.initiator { "set by the responder" } else { "not set by the initiator" };
        teller.broke(who, Rule::ROLE, format!("the initiator flag is {set}"));
    }
}

/// The offset of the flags.
const FLAGS_AT: usize = 19;
/// The flags that mean something.
const DEFINED_FLAGS: u8 = 0x38;
/// So many IKE SAs are followed at a time.
const MOST: usize = 1024;
