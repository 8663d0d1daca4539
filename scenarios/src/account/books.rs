//! The books that are kept while a run goes on. All of them are bounded: what is too much is counted.

use std::collections::{BTreeMap, VecDeque};

use ipsec::Event;
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::{Event as Ikev2, IKE_PORT, NAT_PORT};
use ipsec_net::{Instant, IpPacket, udp};
use reports::account::{Misfortune, Mood};
use sim::{Decision, Direction, Fault, Kind, LinkId, NodeChange};

use super::opened::{self, Keys};
use super::sas::Sas;
use super::series::Counts;
use crate::node::Note;
use crate::run::{Scene, befell, describe, describe_ikev1, middlebox};

/// So many packets and remarks of a run are kept, the last ones.
const MOST_ITEMS: usize = 20_000;
/// So many misfortunes are told one by one, the first ones.
const MOST_MISFORTUNES: usize = 1_000;

/// A packet by its link, direction and number.
pub(super) type Key = (LinkId, Direction, u64);

/// The books.
#[derive(Default)]
pub(super) struct Books {
    pub(super) packets: Packets,
    pub(super) sas: Sas,
    pub(super) series: Counts,
    pub(super) misfortunes: Vec<Misfortune>,
    /// How many more misfortunes there were.
    pub(super) untold: u64,
    pub(super) keys: Keys,
}

/// Packets and remarks in order of time.
#[derive(Default)]
pub(super) struct Packets {
    pub(super) items: VecDeque<Item>,
    /// How many older ones are forgotten.
    pub(super) forgotten: usize,
    /// Where each packet stands, counted from the first of the run.
    places: BTreeMap<Key, usize>,
    /// How often each sender has sent each IKE message.
    times_sent: BTreeMap<(String, Vec<u8>), u32>,
    /// The last remark on a dropped packet at each node, as long as nothing else has happened but packets with data.
    last_drop: BTreeMap<(String, String), usize>,
}

/// One of them.
pub(super) enum Item {
    Packet(Box<Packet>),
    Remark(Said),
}

impl Item {
    fn at(&self) -> Instant {
        match self {
            Self::Packet(packet) => packet.at,
            Self::Remark(said) => said.at,
        }
    }

    fn said(&self) -> Option<&Said> {
        match self {
            Self::Packet(_) => None,
            Self::Remark(said) => Some(said),
        }
    }
}

/// A packet between gateways.
pub(super) struct Packet {
    pub(super) key: Key,
    pub(super) at: Instant,
    pub(super) label: String,
    /// The IKE message in it, from its header on.
    pub(super) message: Option<Vec<u8>>,
    /// How often the same was sent before.
    pub(super) repeats: u32,
    pub(super) arrivals: Vec<Instant>,
    pub(super) end: Option<(Instant, String)>,
    pub(super) troubles: Vec<String>,
}

/// Something that happened at a node, or that the story says.
pub(super) struct Said {
    pub(super) at: Instant,
    /// The node's name.
    pub(super) who: Option<String>,
    pub(super) text: String,
    pub(super) mood: Mood,
    /// How often it happened in a row.
    pub(super) times: u32,
}

impl Books {
    pub(super) fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>, label: Option<&str>) {
        match kind {
            Kind::Sent { link, direction, ordinal, packet } => {
                // What testers say is theirs, and has no label.
                let own = || ike_message(packet).filter(|_| scene.is_outer(*link)).map(opened::label);
                if let Some(label) = label.map(str::to_owned).or_else(own) {
                    self.packets.sent(scene, at, (*link, *direction, *ordinal), packet, label);
                }
            }
            Kind::Delivered { link, direction, ordinal, packet, .. } => {
                self.series.delivered(packet.len());
                if let Some(packet) = self.packets.find((*link, *direction, *ordinal)) {
                    packet.arrivals.push(at);
                }
            }
            Kind::Dropped { link, direction, ordinal, reason } => {
                if scene.is_outer(*link) {
                    let name = &scene.scenario.links[link.index()].name;
                    self.series.count(at, &format!("{name}: {reason}"));
                }
                if let Some(packet) = self.packets.find((*link, *direction, *ordinal)) {
                    packet.end = Some((at, reason.to_string()));
                }
            }
            Kind::Decided { link, decision } => self.decided(scene, at, *link, decision),
            Kind::Marked { link, direction, ordinal } => {
                if let Some(packet) = self.packets.find((*link, *direction, *ordinal)) {
                    packet.troubles.push("marked: congestion met".to_owned());
                }
            }
            Kind::NodeChanged { node, change } => {
                let name = scene.name(*node);
                if *change == NodeChange::Crashed {
                    self.sas.crashed(at, &name);
                }
                self.packets.said(at, Some(name), change.to_string(), Mood::Plain);
            }
            Kind::Mark(text) => self.packets.story(scene, at, text),
            Kind::Note { node, note } => self.note(scene, at, &scene.name(*node), note),
            Kind::Fragmented { .. } | Kind::Copied { .. } | Kind::Unplugged { .. } | Kind::Changed { .. } => {
            }
        }
    }

    fn note(&mut self, scene: &Scene, at: Instant, name: &str, note: &Note) {
        match note {
            Note::Peer(event) => self.event(at, name, event),
            Note::Says(case) => {
                self.packets.said(at, Some(name.to_owned()), format!("says: {case}"), Mood::Plain);
            }
            Note::Received { probe: Some(probe), intact: true, .. } => {
                self.series.came(at, scene.traffic(probe.traffic));
            }
            _ => {
                if let Some((reason, line)) = middlebox::dropped(note) {
                    self.series.count(at, &format!("{name} dropped: {reason}"));
                    self.packets.drop(at, name, line);
                }
            }
        }
    }

    fn event(&mut self, at: Instant, name: &str, event: &Event) {
        self.keys.learn(event);
        self.sas.event(at, name, event);
        let (text, mood) = match event {
            Event::Ikev2(event) => {
                if matches!(event, Ikev2::Sent(_)) {
                    self.series.count(at, "IKE messages");
                }
                if let Ikev2::Dropped { reason, .. } = event {
                    self.series.count(at, &format!("{name} dropped: {}", reason.name()));
                }
                (describe(event), mood(event))
            }
            Event::Ikev1(event) => {
                if matches!(event, Ikev1::Sent(_)) {
                    self.series.count(at, "IKE messages");
                }
                if let Ikev1::Dropped { reason, .. } = event {
                    self.series.count(at, &format!("{name} dropped: {}", reason.name()));
                }
                (describe_ikev1(event), older_mood(event))
            }
            Event::Dropped(dropped) => {
                self.series.count(at, &format!("{name} dropped: {}", dropped.reason.name()));
                self.packets.drop(at, name, format!("dropped a packet: {}", dropped.reason));
                return;
            }
            Event::Expired(expired) => {
                let (limit, measure) = (expired.limit.name(), expired.measure.name());
                (Some(format!("{} reached its {limit} limit of {measure}", expired.policy)), Mood::Plain)
            }
            Event::Manual(manual) => (Some(format!("manual SA {} is there", manual.pair.policy)), Mood::Up),
        };
        if let Some(text) = text {
            self.packets.said(at, Some(name.to_owned()), text, mood);
        }
    }

    fn decided(&mut self, scene: &Scene, at: Instant, link: LinkId, decision: &Decision) {
        let key = (link, decision.direction, decision.ordinal);
        if let Some((packet, text)) = self.packets.find(key).zip(befell(decision.fault)) {
            packet.troubles.push(text);
        }
        let Some((from, to)) = scene.ends(link, decision.direction) else { return };
        if matches!(decision.fault, Fault::Delayed(_)) {
            return;
        }
        if self.misfortunes.len() == MOST_MISFORTUNES {
            self.untold += 1;
            return;
        }
        self.misfortunes.push(Misfortune {
            at_nanos: at.as_nanos(),
            way: format!("{from} → {to}"),
            packet: self.packets.find(key).map_or_else(String::new, |packet| packet.label.clone()),
            text: decision.fault.to_string(),
            decision: decision.to_string(),
        });
    }
}

impl Packets {
    fn sent(&mut self, scene: &Scene, at: Instant, key: Key, packet: &IpPacket, label: String) {
        let message = ike_message(packet).map(<[u8]>::to_vec);
        let mut repeats = 0;
        if let (Some(message), Some((from, _))) = (&message, scene.ends(key.0, key.1)) {
            let times = self.times_sent.entry((from.to_owned(), message.clone())).or_default();
            repeats = *times;
            *times += 1;
            self.last_drop.clear();
        }
        self.places.insert(key, self.forgotten + self.items.len());
        let (arrivals, troubles) = (Vec::new(), Vec::new());
        self.push(Item::Packet(Box::new(Packet {
            key,
            at,
            label,
            message,
            repeats,
            arrivals,
            end: None,
            troubles,
        })));
    }

    fn find(&mut self, key: Key) -> Option<&mut Packet> {
        let place = self.places.get(&key)?.checked_sub(self.forgotten)?;
        match self.items.get_mut(place)? {
            Item::Packet(packet) => Some(packet),
            Item::Remark(_) => None,
        }
    }

    fn said(&mut self, at: Instant, who: Option<String>, text: String, mood: Mood) {
        self.last_drop.clear();
        self.push(Item::Remark(Said { at, who, text, mood, times: 1 }));
    }

    /// A dropped packet; many of them in a row are one remark.
    fn drop(&mut self, at: Instant, who: &str, text: String) {
        let key = (who.to_owned(), text);
        let place = self.last_drop.get(&key).and_then(|place| place.checked_sub(self.forgotten));
        if let Some(Item::Remark(said)) = place.and_then(|place| self.items.get_mut(place)) {
            said.times += 1;
            return;
        }
        self.last_drop.insert(key.clone(), self.forgotten + self.items.len());
        let (who, text) = key;
        self.push(Item::Remark(Said { at, who: Some(who), text, mood: Mood::Trouble, times: 1 }));
    }

    /// A line of the story: at the peer that does something, if it is one. A line with several subjects is told once.
    fn story(&mut self, scene: &Scene, at: Instant, line: &str) {
        let actor = line.split_once(": ").filter(|(actor, _)| scene.scenario.peer(actor).is_some());
        let (who, act) = actor.map_or((None, line), |(actor, act)| (Some(actor.to_owned()), act));
        let text = format!("» {act}");
        let is_same = |said: &Said| said.at == at && said.who.is_none() && said.text == text;
        let items = self.items.iter().rev().take_while(|item| item.at() == at);
        if items.filter_map(Item::said).any(is_same) {
            return;
        }
        self.said(at, who, text, Mood::Plain);
    }

    fn push(&mut self, item: Item) {
        if self.items.len() == MOST_ITEMS
            && let Some(oldest) = self.items.pop_front()
        {
            self.forgotten += 1;
            if let Item::Packet(packet) = oldest {
                self.places.remove(&packet.key);
            }
        }
        self.items.push_back(item);
    }
}

/// The IKE message in a packet on its way, whoever sent it: behind the UDP header, and behind the marker on the port that ESP
/// shares (RFC 3948 §2.2).
fn ike_message(packet: &IpPacket) -> Option<&[u8]> {
    let datagram = udp::read(packet).ok()?;
    let ports = [datagram.source.port(), datagram.destination.port()];
    if ports.contains(&NAT_PORT) {
        return datagram.payload.strip_prefix(&[0; 4]);
    }
    ports.contains(&IKE_PORT).then_some(datagram.payload)
}

fn mood(event: &Ikev2) -> Mood {
    match event {
        Ikev2::IkeUp { .. } | Ikev2::ChildUp(_) => Mood::Up,
        Ikev2::IkeDown { .. } | Ikev2::ChildDown { .. } => Mood::Down,
        Ikev2::IkeFailed { .. } | Ikev2::ChildFailed { .. } | Ikev2::Dropped { .. } => Mood::Trouble,
        _ => Mood::Plain,
    }
}

fn older_mood(event: &Ikev1) -> Mood {
    match event {
        Ikev1::IkeUp { .. } | Ikev1::ChildUp(_) => Mood::Up,
        Ikev1::IkeDown { .. } | Ikev1::ChildDown { .. } => Mood::Down,
        Ikev1::IkeFailed { .. } | Ikev1::ChildFailed { .. } | Ikev1::Dropped { .. } => Mood::Trouble,
        _ => Mood::Plain,
    }
}
