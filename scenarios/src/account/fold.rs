//! The ladder of a page: IKE messages one by one; packets with data too where they are few, and else those of an SA that follow
//! each other as one arrow.

use std::fmt::Write as _;

use ipsec::crypto::Provider;
use reports::account::{Entry, Message, Remark, Sequence};

use super::books::{Item, Packet, Packets, Said};
use super::opened::{self, Keys, Trees};
use crate::run::Scene;

/// So many messages and remarks are told, the last ones.
const MOST_ENTRIES: usize = 5_000;
/// So many packets of one SA in one direction are told one by one between two other things.
const FEW: usize = 6;
/// So many of those that are not are told in the tree of their arrow.
const LISTED: usize = 60;

/// Puts the sequence together.
pub(super) fn sequence(
    packets: Packets,
    scene: &Scene,
    keys: &Keys,
    provider: &'static Provider,
) -> Sequence {
    let mut participants = scene.in_a_row();
    let trees = Trees::new(&packets, keys, provider);
    let mut telling =
        Telling { scene, trees, participants: &mut participants, entries: Vec::new(), data: Vec::new() };
    let left_out = packets.forgotten as u64;
    for item in packets.items {
        match item {
            Item::Packet(packet) if packet.message.is_none() => telling.data.push(*packet),
            Item::Packet(packet) => {
                telling.flush();
                telling.message(*packet);
            }
            Item::Remark(said) => {
                telling.flush();
                telling.remark(said);
            }
        }
    }
    telling.flush();
    let entries = telling.entries;
    let mut sequence = Sequence { participants, entries, left_out };
    sequence.keep_last(MOST_ENTRIES);
    sequence
}

struct Telling<'a> {
    scene: &'a Scene,
    trees: Trees,
    participants: &'a mut Vec<String>,
    entries: Vec<Entry>,
    /// Packets with data since the last other thing.
    data: Vec<Packet>,
}

impl Telling<'_> {
    /// The place of a participant; one that was not known so far stands at the right.
    fn place(&mut self, name: &str) -> usize {
        let known = self.participants.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.participants.push(name.to_owned());
            self.participants.len() - 1
        })
    }

    fn remark(&mut self, said: Said) {
        let Said { at, who, mut text, mood, times } = said;
        if times > 1 {
            let _ = write!(text, ", {times} times");
        }
        let at_nanos = at.as_nanos();
        let at = who.map(|who| self.place(&who));
        self.entries.push(Entry::Remark(Remark { at_nanos, at, text, mood }));
    }

    fn message(&mut self, packet: Packet) {
        let exchange = packet.message.as_deref().and_then(opened::exchange);
        let (exchange, tone) = exchange.unwrap_or_else(|| protocol(&packet.label));
        let tree = packet.message.as_deref().and_then(|message| self.trees.of(message));
        let Some((from, to)) = self.scene.ends(packet.key.0, packet.key.1) else { return };
        let message = Message {
            at_nanos: packet.at.as_nanos(),
            from: self.place(from),
            to: self.place(to),
            label: packet.label,
            exchange,
            tone,
            repeats: packet.repeats,
            packets: 1,
            arrivals: packet.arrivals.iter().map(|at| at.as_nanos()).collect(),
            end: packet.end.map(|(at, why)| (at.as_nanos(), why)),
            troubles: packet.troubles,
            tree,
        };
        self.entries.push(Entry::Message(message));
    }

    /// Tells the packets with data that have gathered.
    fn flush(&mut self) {
        let mut groups: Vec<Vec<Packet>> = Vec::new();
        let kin = |packet: &Packet| (packet.key.0, packet.key.1, flow(&packet.label).to_owned());
        for packet in std::mem::take(&mut self.data) {
            match groups.iter_mut().find(|group| group.first().map(kin) == Some(kin(&packet))) {
                Some(group) => group.push(packet),
                None => groups.push(vec![packet]),
            }
        }
        for group in groups {
            if group.len() <= FEW {
                group.into_iter().for_each(|packet| self.message(packet));
            } else {
                self.many(&group);
            }
        }
    }

    /// Many packets of one SA as one arrow.
    fn many(&mut self, group: &[Packet]) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
        let Some((from, to)) = self.scene.ends(first.key.0, first.key.1) else { return };
        let gone = group.iter().filter(|packet| packet.end.is_some() && packet.arrivals.is_empty()).count();
        let twice = group.iter().filter(|packet| packet.arrivals.len() > 1).count();
        let mut troubles = Vec::new();
        let mut count = |count: usize, what: &str| {
            if count > 0 {
                troubles.push(format!("{count} {what}"));
            }
        };
        count(gone, "did not arrive");
        count(twice, "arrived twice");
        let came = group.iter().flat_map(|packet| &packet.arrivals).max();
        let (exchange, tone) = protocol(&first.label);
        let message = Message {
            at_nanos: first.at.as_nanos(),
            from: self.place(from),
            to: self.place(to),
            label: format!("{}, {} packets", flow(&first.label), group.len()),
            exchange,
            tone,
            repeats: 0,
            packets: group.len() as u64,
            arrivals: came.iter().map(|at| at.as_nanos()).collect(),
            end: if came.is_none() {
                last.end.as_ref().map(|(at, why)| (at.as_nanos(), why.clone()))
            } else {
                None
            },
            troubles,
            tree: Some(listed(group)),
        };
        self.entries.push(Entry::Message(message));
    }
}

/// The packets of an arrow that stands for many, in a line each.
fn listed(group: &[Packet]) -> String {
    let mut text = format!("{} packets\n", group.len());
    for packet in group.iter().take(LISTED) {
        let sequence = packet.label.rsplit_once(" sequence ").map_or("", |(_, number)| number);
        let _ = write!(text, "  {} sequence {sequence}", packet.at);
        for trouble in &packet.troubles {
            let _ = write!(text, ", {trouble}");
        }
        for at in &packet.arrivals {
            let _ = write!(text, ", came {at}");
        }
        if let Some((_, why)) = &packet.end {
            let _ = write!(text, ", {why}");
        }
        text.push('\n');
    }
    if group.len() > LISTED {
        let _ = writeln!(text, "  and {} more", group.len() - LISTED);
    }
    text
}

/// What packets of one SA have in common.
fn flow(label: &str) -> &str {
    label.split_once(" sequence ").map_or(label, |(flow, _)| flow)
}

/// What a packet without an IKE message belongs to, and its colour.
fn protocol(label: &str) -> (String, u8) {
    match label.split(' ').next() {
        Some("ESP" | "UDP,") => ("ESP".to_owned(), 5),
        Some("AH") => ("AH".to_owned(), 6),
        Some("NAT") => ("NAT keepalive".to_owned(), 7),
        _ => ("other".to_owned(), 7),
    }
}
