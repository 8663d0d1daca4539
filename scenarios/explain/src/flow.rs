//! Flows of ESP (RFC 4303) and AH (RFC 4302): the packets of one SA, counted, opened where there is a key, and judged.

use std::collections::BTreeMap;

use ipsec_wire::{Spi, ah, esp};

use crate::inner;
use crate::keys::Keys;
use crate::open::{Closed, Inner, Opener};
use crate::rules::Rule;
use crate::seen::digest;
use crate::teller::Teller;
use crate::told::{FlowSummary, Kind, Message};
use crate::transport::Course;

/// The flows of a capture.
#[derive(Default)]
pub(crate) struct Flows {
    flows: BTreeMap<Key, Flow>,
    /// Which IKE SA set up the SA with an SPI.
    owners: BTreeMap<u32, usize>,
    begun: u64,
    forgotten: u64,
}

type Key = (Kind, Spi, Course);

/// One of them.
struct Flow {
    /// Its place among all.
    number: u64,
    summary: FlowSummary,
    /// With each key that it may have; the last one that fitted stands first.
    openers: Vec<Opener>,
    /// The upper half of the highest sequence number, where numbers have 64 bits; unknown until a packet is opened.
    high: Option<u32>,
    is_extended: Option<bool>,
    /// The last packets by their sequence number, each with its digest.
    recent: Vec<(u32, u64)>,
    /// The last IVs, each with the sequence number of its packet.
    ivs: Vec<(u64, u32)>,
}

/// What a packet is in its frame.
#[derive(Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) course: Course,
    pub(crate) octets: &'a [u8],
    /// What it is wrapped in: `UDP, `, `AH SPI …, `, or nothing.
    pub(crate) before: &'a str,
    /// Whether it goes in UDP or TCP.
    pub(crate) is_encapsulated: bool,
}

/// The place of a packet among those of its flow.
enum Place {
    First,
    Next,
    Late,
    Repeat,
    /// Its number was another packet's.
    Other,
}

impl Flows {
    /// Remembers that an IKE SA set up the SA with this SPI.
    pub(crate) fn belongs(&mut self, spi: u32, ike: usize) {
        if self.owners.len() < MOST_OWNERS {
            self.owners.insert(spi, ike);
        }
    }

    /// Takes an ESP packet; `each` asks to tell of every packet, not only of the first.
    pub(crate) fn esp(&mut self, teller: &mut Teller<'_>, packet: &Packet<'_>, keys: &Keys, each: bool) {
        let who = packet.course.from.ip();
        let Ok(header) = esp::Header::parse(packet.octets) else {
            let label = format!("{}ESP, {} octets", packet.before, packet.octets.len());
            message(teller, packet, Kind::Esp, (label, String::new()), vec!["too short".to_owned()]);
            return;
        };
        let (spi, sequence) = (header.spi, header.sequence);
        let key = (Kind::Esp, spi, packet.course);
        let opener = || keys.esp(spi, who, packet.course.to.ip()).filter_map(Opener::new).collect();
        let flow = self.flow(key, teller.at, (sequence, packet.is_encapsulated), opener);
        let label = format!("{}ESP SPI {spi} sequence {sequence}", packet.before);
        let digest = digest(packet.octets);
        let place = flow.place(sequence, digest);
        let opened = match place {
            Place::Repeat => None,
            _ => flow.open(sequence, packet.octets),
        };
        // What is forged may have any number.
        if !matches!(opened, Some(Err(_))) {
            flow.count(&place, (sequence, digest), packet.octets.len(), teller.at);
        }
        let is_first = matches!(place, Place::First);
        let is_wrong = matches!(opened, Some(Err(_))) || matches!(place, Place::Repeat | Place::Other);
        if each || is_first || is_wrong || spi.0 <= 255 {
            let (mut remarks, mut tree) = (Vec::new(), String::new());
            match &opened {
                Some(Ok(inner)) => {
                    let inside = inner::describe(inner.next_header, &inner.payload);
                    tree = format!("{label}\n  {inside}\n");
                    remarks.push(inside);
                }
                Some(Err(_)) => remarks.push("cannot be opened".to_owned()),
                None => remarks.push(format!("{} octets", packet.octets.len())),
            }
            if is_first && !each {
                remarks.push("the first of its SA".to_owned());
            }
            message(teller, packet, Kind::Esp, (label, tree), remarks);
        }
        if spi.0 <= 255 {
            teller.broke(who, Rule::CHILD_SPI, format!("a packet with the SPI {spi}"));
        }
        match place {
            Place::Repeat => {
                teller.broke(who, Rule::ESP_REPLAYED, format!("SPI {spi}, sequence {sequence} once more"));
            }
            Place::Other if !matches!(opened, Some(Err(_))) => {
                teller.broke(
                    who,
                    Rule::ESP_REPEATED,
                    format!("SPI {spi}, sequence {sequence} for another packet"),
                );
            }
            _ => {}
        }
        flow.judge(teller, (who, spi, sequence), opened);
    }

    /// Takes an AH packet; what is inside it follows from [`Flows::inside_ah`].
    pub(crate) fn ah(&mut self, teller: &mut Teller<'_>, packet: &Packet<'_>, each: bool) {
        let who = packet.course.from.ip();
        let Ok(header) = ah::Header::parse(packet.octets) else {
            let label = format!("AH, {} octets", packet.octets.len());
            message(teller, packet, Kind::Ah, (label, String::new()), vec!["too short".to_owned()]);
            return;
        };
        let (spi, sequence) = (header.spi, header.sequence);
        let key = (Kind::Ah, spi, packet.course);
        let flow = self.flow(key, teller.at, (sequence, packet.is_encapsulated), Vec::new);
        // What routers change on the way is in the IP header, not here.
        let digest = digest(packet.octets);
        let place = flow.place(sequence, digest);
        flow.count(&place, (sequence, digest), packet.octets.len(), teller.at);
        if each || !matches!(place, Place::Next | Place::Late) {
            let inside = packet.octets.get(header.len()..).unwrap_or_default();
            let inside = inner::describe(header.next_header, inside);
            let label = format!("AH SPI {spi} sequence {sequence}");
            message(teller, packet, Kind::Ah, (label, String::new()), vec![inside]);
        }
        match place {
            Place::Repeat => {
                teller.broke(who, Rule::ESP_REPLAYED, format!("SPI {spi}, sequence {sequence} once more"));
            }
            Place::Other => {
                teller.broke(
                    who,
                    Rule::ESP_REPEATED,
                    format!("SPI {spi}, sequence {sequence} for another packet"),
                );
            }
            _ => {}
        }
    }

    fn flow(
        &mut self,
        key: Key,
        at: u64,
        (sequence, is_encapsulated): (u32, bool),
        openers: impl FnOnce() -> Vec<Opener>,
    ) -> &mut Flow {
        if !self.flows.contains_key(&key) && self.flows.len() >= MOST {
            let mut silent: Vec<(u64, Key)> =
                self.flows.iter().map(|(key, flow)| (flow.summary.last_nanos, *key)).collect();
            silent.sort_unstable();
            for (_, key) in &silent[..MOST / 4] {
                self.flows.remove(key);
                self.forgotten += 1;
            }
        }
        let begun = &mut self.begun;
        self.flows.entry(key).or_insert_with(|| {
            *begun += 1;
            Flow::new(*begun, key, at, (sequence, is_encapsulated), openers())
        })
    }

    /// What was seen of all of them, and how many were forgotten.
    pub(crate) fn summaries(&self) -> (Vec<FlowSummary>, u64) {
        let mut flows: Vec<&Flow> = self.flows.values().collect();
        flows.sort_by_key(|flow| flow.number);
        let summary = |flow: &Flow| {
            let mut summary = flow.summary.clone();
            let spi = u32::from_str_radix(&summary.spi, 16).unwrap_or_default();
            summary.ike = self.owners.get(&spi).copied();
            let (first, highest) = summary.sequence;
            let span = u64::from(highest.wrapping_sub(first)) + 1;
            summary.missing = span.saturating_sub(summary.packets);
            summary
        };
        (flows.into_iter().map(summary).collect(), self.forgotten)
    }
}

impl Flow {
    fn new(
        number: u64,
        (kind, spi, course): Key,
        at: u64,
        (sequence, is_encapsulated): (u32, bool),
        openers: Vec<Opener>,
    ) -> Self {
        Self {
            number,
            summary: FlowSummary {
                protocol: if kind == Kind::Ah { "AH" } else { "ESP" },
                spi: spi.to_string(),
                from: course.from,
                to: course.to,
                is_encapsulated,
                ike: None,
                packets: 0,
                octets: 0,
                sequence: (sequence, sequence),
                missing: 0,
                repeats: 0,
                late: 0,
                opened: 0,
                closed: 0,
                first_nanos: at,
                last_nanos: at,
            },
            openers,
            high: None,
            is_extended: None,
            recent: vec![(0, 0); RECENT],
            ivs: vec![(0, 0); RECENT],
        }
    }

    /// Where a packet stands among the others, by its number and its digest.
    fn place(&self, sequence: u32, digest: u64) -> Place {
        // A digest of 0 stands for none.
        let digest = digest | 1;
        let known = self.recent[sequence as usize % RECENT];
        let ahead = sequence.wrapping_sub(self.summary.sequence.1);
        match known {
            (number, same) if number == sequence && same == digest => Place::Repeat,
            (number, other) if number == sequence && other != 0 => Place::Other,
            _ if self.summary.packets == 0 => Place::First,
            _ if ahead < 1 << 31 => Place::Next,
            _ => Place::Late,
        }
    }

    fn count(&mut self, place: &Place, (sequence, digest): (u32, u64), octets: usize, at: u64) {
        self.recent[sequence as usize % RECENT] = (sequence, digest | 1);
        let summary = &mut self.summary;
        summary.last_nanos = at;
        match place {
            Place::Repeat => {
                summary.repeats += 1;
                return;
            }
            Place::Late => summary.late += 1,
            Place::Next => summary.sequence.1 = sequence,
            Place::First | Place::Other => {}
        }
        if matches!(place, Place::Late) && summary.sequence.0.wrapping_sub(sequence) < 1 << 31 {
            summary.sequence.0 = sequence;
        }
        summary.packets += 1;
        summary.octets += octets as u64;
    }

    /// Opens a packet, if there is a key. Whether sequence numbers have 64 bits, and their upper half, is tried out.
    fn open(&mut self, sequence: u32, octets: &[u8]) -> Option<Result<Inner, Closed>> {
        if self.openers.is_empty() {
            return None;
        }
        let known = self.high.unwrap_or(0);
        let behind = self.summary.sequence.1;
        // Behind the turn of the lower half the upper one has grown, and after a loss by more (RFC 4303 appendix A3).
        let grown = if sequence < behind && behind - sequence > 1 << 31 { 1 } else { 0 };
        let mut result = Err(Closed::Icv);
        for at in 0..self.openers.len() {
            for high in [None, Some(grown), Some(1 - grown), Some(2), Some(3), Some(u32::MAX)] {
                if self.is_extended.is_some_and(|is_extended| is_extended != high.is_some()) {
                    continue;
                }
                let high = high.map(|more| known.wrapping_add(more));
                result = self.openers[at].packet(octets, high);
                if matches!(result, Err(Closed::Icv)) {
                    continue;
                }
                self.is_extended = Some(high.is_some());
                self.high = high.map(|high| self.high.map_or(high, |known| known.max(high)));
                self.openers[..=at].rotate_right(1);
                return Some(result);
            }
        }
        Some(result)
    }

    fn judge(
        &mut self,
        teller: &mut Teller<'_>,
        (who, spi, sequence): (std::net::IpAddr, Spi, u32),
        opened: Option<Result<Inner, Closed>>,
    ) {
        let at = format!("SPI {spi}, sequence {sequence}");
        match opened {
            None => {}
            Some(Err(closed)) => {
                self.summary.closed += 1;
                let what = match closed {
                    Closed::Icv => "the ICV is wrong".to_owned(),
                    Closed::Form(what) => what,
                };
                teller.broke(who, Rule::ESP_ICV, format!("{at}: {what}"));
            }
            Some(Ok(inner)) => {
                self.summary.opened += 1;
                if !inner.is_padded_well {
                    teller.broke(
                        who,
                        Rule::ESP_PADDING,
                        format!("{at}: the padding is not 1, 2, 3 and so on"),
                    );
                }
                if self.openers.first().is_some_and(Opener::counts) {
                    let iv = digest(&inner.iv) | 1;
                    let slot = &mut self.ivs[(iv >> 1) as usize % RECENT];
                    let (known, of) = std::mem::replace(slot, (iv, sequence));
                    if known == iv && of != sequence {
                        teller.broke(who, Rule::ESP_IV, format!("{at}: the IV was that of sequence {of}"));
                    }
                }
            }
        }
    }
}

fn message(
    teller: &mut Teller<'_>,
    packet: &Packet<'_>,
    kind: Kind,
    (label, tree): (String, String),
    remarks: Vec<String>,
) {
    teller.message(Message {
        frame: teller.frame,
        at_nanos: teller.at,
        from: packet.course.from,
        to: packet.course.to,
        kind,
        conversation: None,
        label,
        tree,
        remarks,
    });
}

/// So many flows are followed at a time.
const MOST: usize = 4096;
/// So many SPIs are known to belong to an IKE SA.
const MOST_OWNERS: usize = 65_536;
/// So many packets and IVs of a flow are remembered.
const RECENT: usize = 128;
