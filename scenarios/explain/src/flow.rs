//! Flows of ESP (RFC 4303) and AH (RFC 4302): the packets of one SA, counted, opened where there is a key, and judged.

mod ah;
mod esp;

use std::collections::BTreeMap;

use ipsec_crypto::Integrity;
use ipsec_wire::Spi;

use crate::open::Opener;
use crate::owners::Owners;
use crate::teller::Teller;
use crate::told::{FlowSummary, Kind, Message};
use crate::transport::Course;

/// The flows of a capture.
#[derive(Default)]
pub(crate) struct Flows {
    flows: BTreeMap<Key, Flow>,
    /// The SAs that were set up by IKE.
    pub(crate) owners: Owners,
    begun: u64,
    forgotten: u64,
}

type Key = (Kind, Spi, Course);

/// One of them.
struct Flow {
    /// Its place among all.
    number: u64,
    summary: FlowSummary,
    keyed: Keyed,
    /// The upper half of the highest sequence number, where numbers have 64 bits; unknown until a packet is opened.
    high: Option<u32>,
    is_extended: Option<bool>,
    /// The last packets by their sequence number, each with its digest.
    recent: Vec<(u32, u64)>,
    /// The last IVs, each with the sequence number of its packet.
    ivs: Vec<(u64, u32)>,
}

/// Each key that a flow may have; the last one that fitted stands first.
enum Keyed {
    Esp(Vec<Opener>),
    Ah(Vec<Integrity>),
}

impl Keyed {
    fn is_empty(&self) -> bool {
        match self {
            Self::Esp(openers) => openers.is_empty(),
            Self::Ah(macs) => macs.is_empty(),
        }
    }
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
    /// Whether a flow has no keys that are known, or was not seen yet. Keys may follow its first packets, where the network
    /// brings these earlier than the response that sets it up.
    fn is_unkeyed(&self, key: &Key) -> bool {
        self.flows.get(key).is_none_or(|flow| flow.keyed.is_empty())
    }

    /// The flow of a packet; `keyed` are the keys that it may have, if they are not known to it.
    fn flow(
        &mut self,
        key: Key,
        at: u64,
        (sequence, is_encapsulated): (u32, bool),
        keyed: Option<Keyed>,
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
        let flow = self.flows.entry(key).or_insert_with(|| {
            *begun += 1;
            Flow::new(*begun, key, at, (sequence, is_encapsulated))
        });
        if let Some(keyed) = keyed {
            flow.keyed = keyed;
        }
        flow
    }

    /// What was seen of all of them, and how many were forgotten.
    pub(crate) fn summaries(&self) -> (Vec<FlowSummary>, u64) {
        let mut flows: Vec<&Flow> = self.flows.values().collect();
        flows.sort_by_key(|flow| flow.number);
        let summary = |flow: &Flow| {
            let mut summary = flow.summary.clone();
            let spi = u32::from_str_radix(&summary.spi, 16).unwrap_or_default();
            summary.ike = self.owners.of(spi);
            let (first, highest) = summary.sequence;
            let span = u64::from(highest.wrapping_sub(first)) + 1;
            summary.missing = span.saturating_sub(summary.packets);
            summary
        };
        (flows.into_iter().map(summary).collect(), self.forgotten)
    }
}

impl Flow {
    fn new(number: u64, (kind, spi, course): Key, at: u64, (sequence, is_encapsulated): (u32, bool)) -> Self {
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
            keyed: if kind == Kind::Ah { Keyed::Ah(Vec::new()) } else { Keyed::Esp(Vec::new()) },
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

    /// The upper halves that a sequence number may have, the likeliest first; none where numbers have 32 bits.
    fn highs(&self, sequence: u32) -> Vec<Option<u32>> {
        let known = self.high.unwrap_or(0);
        let behind = self.summary.sequence.1;
        // Behind the turn of the lower half the upper one has grown, and after a loss by more (RFC 4303 appendix A3).
        let grown = if sequence < behind && behind - sequence > 1 << 31 { 1 } else { 0 };
        let all = [None, Some(grown), Some(1 - grown), Some(2), Some(3), Some(u32::MAX)];
        let fits =
            |high: &Option<u32>| self.is_extended.is_none_or(|is_extended| is_extended == high.is_some());
        all.into_iter().filter(fits).map(|high| high.map(|more| known.wrapping_add(more))).collect()
    }

    /// Takes note of the upper half with which a packet was authentic.
    fn learned(&mut self, high: Option<u32>) {
        self.is_extended = Some(high.is_some());
        self.high = high.map(|high| self.high.map_or(high, |known| known.max(high)));
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
/// So many packets and IVs of a flow are remembered.
const RECENT: usize = 128;
