//! Who watches a world: the oracles, the books that facts are looked up in, the ladder, and whoever wants captures.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ipsec::Event;
use ipsec::dataplane::{Expired, Limit, Measure, Protection};
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::{ChildRecord, Event as Ikev2, Failure, NAT_PORT, Stage};
use ipsec::wire::v2::Proposal;
use ipsec::wire::{Spi, ah, esp};
use ipsec_net::{Instant, IpPacket, protocol, udp};
use reports::{Offers, Refusal};
use sim::{Decision, Kind, NodeId, Observer};

use super::held::as_newer;
use super::ladder::{LadderLog, describe, describe_ikev1, told_in_version_1};
use super::ledger::Ledger;
use super::{Scene, middlebox};
use crate::node::{Note, Told};
use crate::oracle::{self, Oracle, Violation};
use crate::reached::NO_STAGE;

/// Sees the trace beside the oracles: a capture, a narrator.
pub trait Extra: Send {
    /// Takes the next record; `label` says what a packet sent between gateways is.
    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>, label: Option<&str>);
}

/// Two who see it.
pub struct Both<A, B>(pub A, pub B);

impl<A: Extra, B: Extra> Extra for Both<A, B> {
    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>, label: Option<&str>) {
        self.0.record(scene, at, kind, label);
        self.1.record(scene, at, kind, label);
    }
}

/// Everything that watches one run.
pub struct Watch {
    /// The scenario and its places.
    pub scene: Scene,
    /// The ladder.
    pub ladder: LadderLog,
    pub(super) ledger: Ledger,
    /// What happened in IKE at each peer, by the peer's number.
    pub(super) happenings: Vec<Happening>,
    /// The Child SAs that are up, by the peer's number and inbound SPI.
    pub(super) children: BTreeMap<(usize, Spi), ChildRecord>,
    /// When each peer sent IKE messages.
    pub(super) sent: BTreeMap<usize, Vec<Instant>>,
    /// What has befallen packets, where a list says what is to.
    pub(super) befallen: BTreeSet<Decision>,
    /// The testers that have come to the end of their scripts.
    pub(super) done: BTreeSet<String>,
    /// What was counted.
    pub(super) counters: BTreeMap<String, u64>,
    /// What is no failure, and yet worth saying.
    pub(super) warnings: BTreeSet<String>,
    /// The negotiations that failed, of those alike the first.
    pub(super) refusals: Vec<Refusal>,
    /// The first thing that must hold and does not, with the oracle's name.
    pub(super) violation: Option<(&'static str, Violation)>,
    /// Set whenever something happened at a gateway.
    pub(super) stirred: bool,
    /// Where packets end on their way, and what is told of that.
    ended: BTreeSet<(NodeId, String)>,
    oracles: Vec<Box<dyn Oracle>>,
    extra: Option<Box<dyn Extra>>,
    /// What each gateway's next IKE packet is.
    announced: BTreeMap<usize, String>,
    /// The last IKE packets, the newest first, and what they are.
    forwarded: VecDeque<(Vec<u8>, String)>,
}

/// Something that story facts ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    pub(super) at: Instant,
    pub(super) peer: usize,
    pub(super) what: What,
}

/// Kinds of happenings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A failure, by its short name and what it says.
    Failure(&'static str, String),
    Probe(&'static str),
    /// An assignment of inside addresses, and what is told with it.
    Told(String),
    Retransmission,
    /// A packet was dropped, for this reason.
    Drop(&'static str),
    /// An SA pair of this name has reached a limit.
    Expired(String, Limit, Measure),
}

impl Watch {
    /// Watches a run of this scene.
    #[must_use]
    pub fn new(scene: Scene, extra: Option<Box<dyn Extra>>) -> Self {
        Self {
            scene,
            ladder: LadderLog::default(),
            ledger: Ledger::default(),
            happenings: Vec::new(),
            children: BTreeMap::new(),
            sent: BTreeMap::new(),
            befallen: BTreeSet::new(),
            done: BTreeSet::new(),
            counters: BTreeMap::new(),
            warnings: BTreeSet::new(),
            refusals: Vec::new(),
            violation: None,
            stirred: false,
            ended: BTreeSet::new(),
            oracles: oracle::all(),
            extra,
            announced: BTreeMap::new(),
            forwarded: VecDeque::new(),
        }
    }

    /// Ends the watch and gives back who else watched.
    #[must_use]
    pub fn into_extra(self) -> Option<Box<dyn Extra>> {
        self.extra
    }

    /// A peer has lost what it had.
    pub(super) fn restarted(&mut self, peer: &str) {
        let number = self.scene.scenario.peers.iter().position(|known| known.name == peer);
        self.children.retain(|(at, _), _| Some(*at) != number);
        self.stirred = true;
    }

    pub(super) fn count(&mut self, name: &str) {
        match self.counters.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                self.counters.insert(name.to_owned(), 1);
            }
        }
    }

    fn happened(&mut self, at: Instant, peer: usize, what: What) {
        self.happenings.push(Happening { at, peer, what });
    }

    fn probe(&mut self, at: Instant, peer: usize, probe: &'static str) {
        self.count(&format!("probe.{probe}"));
        self.happened(at, peer, What::Probe(probe));
    }

    fn failed(&mut self, at: Instant, peer: usize, name: &'static str, text: String) {
        self.count(&format!("failure.{name}"));
        self.happened(at, peer, What::Failure(name, text));
    }

    /// A peer is about to send this IKE message.
    fn announce(&mut self, at: Instant, peer: usize, message: String) {
        self.announced.insert(peer, message);
        self.sent.entry(peer).or_default().push(at);
        self.count("ike.messages");
    }

    fn event(&mut self, at: Instant, peer: usize, event: &Ikev2) {
        let name = self.scene.scenario.peers[peer].name.clone();
        self.ladder.note(at, &name, describe(event));
        match event {
            Ikev2::Sent(message) => {
                if message.transmission > 1 && !message.response {
                    self.happened(at, peer, What::Retransmission);
                    self.count("ike.retransmissions");
                }
                self.announce(at, peer, message.to_string());
                for notify in message.payloads.iter().filter_map(|(_, notify)| *notify) {
                    self.count(&format!("notify.{notify}"));
                }
            }
            Ikev2::Received(message) => {
                let (stage, kind) = (
                    message.stage.map_or(NO_STAGE, Stage::name),
                    if message.response { "response" } else { "request" },
                );
                self.count(&format!("came.{stage}.{} {kind}", message.exchange));
            }
            Ikev2::IkeFailed { failure, .. }
            | Ikev2::ChildFailed { failure, .. }
            | Ikev2::IkeDown { cause: ipsec::ikev2::Cause::Failed(failure), .. } => {
                let text = failure.to_string();
                self.refused(at, &name, (failure.name(), &text), offers(failure));
                self.failed(at, peer, failure.name(), text);
            }
            Ikev2::Configured { inside, .. } => {
                let told = inside.attributes.iter().map(ToString::to_string);
                self.happened(at, peer, What::Told(told.collect::<Vec<_>>().join(", ")));
            }
            Ikev2::Probe(probe) => self.probe(at, peer, probe),
            Ikev2::ChildUp(record) => {
                self.warn(&record.protection);
                self.children.insert((peer, record.inbound), (**record).clone());
                self.count("child.up");
            }
            Ikev2::ChildDown { inbound, .. } => {
                self.children.remove(&(peer, *inbound));
            }
            Ikev2::IkeUp { suite, .. } => {
                self.warnings.extend(suite.advice().iter().map(ToString::to_string));
                self.count("ike.up");
            }
            Ikev2::Dropped { reason, .. } => {
                self.count(&format!("drop.{}", reason.name()));
                self.happened(at, peer, What::Drop(reason.name()));
            }
            Ikev2::IkeKeyed(_) | Ikev2::IkeDown { .. } | Ikev2::Moved { .. } | Ikev2::Synchronised { .. } => {
            }
        }
    }

    /// Keeps a failure for the report.
    fn refused(&mut self, at: Instant, peer: &str, (reason, text): (&str, &str), offers: Option<Offers>) {
        let known = |other: &Refusal| (other.peer.as_str(), other.text.as_str()) == (peer, text);
        if self.refusals.len() == MOST_REFUSALS || self.refusals.iter().any(known) {
            return;
        }
        let (peer, reason, text) = (peer.to_owned(), reason.to_owned(), text.to_owned());
        self.refusals.push(Refusal { at_nanos: at.as_nanos(), peer, reason, text, offers });
    }

    /// What happened in version 1.
    fn older_event(&mut self, at: Instant, peer: usize, event: &Ikev1) {
        let name = self.scene.scenario.peers[peer].name.clone();
        self.ladder.note(at, &name, describe_ikev1(event));
        match event {
            Ikev1::Sent(message) => {
                if message.transmission > 1 && !message.answers_repeat {
                    self.happened(at, peer, What::Retransmission);
                    self.count("ike.retransmissions");
                }
                self.announce(at, peer, message.to_string());
            }
            Ikev1::IkeFailed { failure, .. }
            | Ikev1::ChildFailed { failure, .. }
            | Ikev1::IkeDown { cause: ipsec::ikev1::Cause::Failed(failure), .. } => {
                let text = failure.to_string();
                self.refused(at, &name, (failure.name(), &text), older_offers(failure));
                self.failed(at, peer, failure.name(), text);
            }
            Ikev1::Assigned { attributes, .. } => {
                let told: Vec<String> = attributes.iter().map(told_in_version_1).collect();
                self.happened(at, peer, What::Told(told.join(", ")));
            }
            Ikev1::Probe(probe) => self.probe(at, peer, probe),
            Ikev1::ChildUp(record) => {
                let record = as_newer(record);
                self.warn(&record.protection);
                self.children.insert((peer, record.inbound), record);
                self.count("child.up");
            }
            Ikev1::ChildDown { inbound, .. } => {
                self.children.remove(&(peer, *inbound));
            }
            Ikev1::IkeUp { .. } => self.count("ike.up"),
            Ikev1::Dropped { reason, .. } => {
                self.count(&format!("drop.{}", reason.name()));
                self.happened(at, peer, What::Drop(reason.name()));
            }
            Ikev1::Received(_) | Ikev1::IkeKeyed(_) | Ikev1::IkeDown { .. } | Ikev1::Moved { .. } => {}
        }
    }

    /// Tells of algorithms that are advised against.
    fn warn(&mut self, protection: &Protection) {
        self.warnings.extend(protection.advice().iter().map(ToString::to_string));
    }

    fn expired(&mut self, at: Instant, peer: usize, expired: &Expired) {
        self.count(&format!("expired.{}.{}", expired.limit.name(), expired.measure.name()));
        self.happened(at, peer, What::Expired(expired.policy.clone(), expired.limit, expired.measure));
    }

    /// What comes of the script of a tester.
    fn told_of_script(&mut self, at: Instant, node: NodeId, told: &Told) {
        let name = self.scene.name(node);
        let note = match told {
            Told::Says(text) => format!("says: {text}"),
            Told::Hears(text) => format!("hears: {text}"),
            Told::Less { expected, happened, warns } => {
                let text = format!("{expected}: {happened}");
                if *warns {
                    self.warnings.insert(text.clone());
                }
                text
            }
            Told::Wrong { expected, happened } => {
                let violation = Violation::new(expected.clone(), happened.clone());
                self.violation.get_or_insert(("script", violation));
                format!("{expected}: {happened}")
            }
            Told::Done => {
                self.done.insert(name.clone());
                "has come to the end of its script".to_owned()
            }
        };
        self.ladder.note(at, &name, Some(note));
    }

    /// What a packet between gateways is, for people.
    fn label(&mut self, at: Instant, kind: &Kind<'_, Note>) -> Option<String> {
        let Kind::Sent { link, direction, ordinal, packet } = kind else { return None };
        let (from, _) = self.scene.ends(*link, *direction)?;
        let from = self.scene.scenario.peers.iter().position(|peer| peer.name == from);
        let label = if is_ike(packet) {
            match from {
                Some(from) => self.ike_label(from, packet),
                None => self
                    .forwarded
                    .iter()
                    .find(|(octets, _)| Some(octets.as_slice()) == carried(packet))?
                    .1
                    .clone(),
            }
        } else if is_esp_in_udp(packet) && packet.has_upper_header() {
            return protected_label(protocol::ESP, packet.payload().get(8..)?)
                .map(|label| format!("UDP, {label}"))
                .or(Some("NAT keepalive".to_owned()));
        } else if packet.has_upper_header() && matches!(packet.protocol(), protocol::ESP | protocol::AH) {
            return protected_label(packet.protocol(), packet.payload());
        } else {
            return None;
        };
        self.ladder.message(&self.scene, at, (*link, *direction, *ordinal), &label);
        Some(label)
    }
}

impl Watch {
    /// Counts what a router, a translator or a packet filter tells. That packets of a flow end there stands in the ladder once.
    fn told_by_middlebox(&mut self, at: Instant, node: NodeId, note: &Note) {
        if let Some(name) = middlebox::counter(note) {
            self.count(name);
        }
        if let Some((_, line)) = middlebox::dropped(note)
            && self.ended.insert((node, line.clone()))
        {
            self.ladder.note(at, &self.scene.name(node), Some(line));
        }
    }

    /// What a gateway's IKE packet is; remembered where routers forward it.
    fn ike_label(&mut self, from: usize, packet: &IpPacket) -> String {
        let label = self.announced.get(&from).cloned().unwrap_or_else(|| "IKE".to_owned());
        if let Some(octets) = carried(packet).filter(|_| self.scene.has_middleboxes()) {
            self.forwarded.push_front((octets.to_vec(), label.clone()));
            self.forwarded.truncate(MOST_FORWARDED);
        }
        label
    }
}

/// The proposals that a failure is about, if it is about any.
fn offers(failure: &Failure) -> Option<Offers> {
    let shown = |proposals: &[Proposal]| proposals.iter().map(ToString::to_string).collect();
    match failure {
        Failure::Proposal(why) => Some(Offers {
            transform: why.kind.map(|kind| kind.to_string()),
            offered: shown(&why.offered),
            configured: shown(&why.configured),
        }),
        _ => None,
    }
}

/// The same in version 1.
fn older_offers(failure: &ipsec::ikev1::Failure) -> Option<Offers> {
    match failure {
        ipsec::ikev1::Failure::Proposal(why) => Some(Offers {
            transform: why.kind.clone(),
            offered: why.offered.clone(),
            configured: why.configured.clone(),
        }),
        _ => None,
    }
}

/// What a UDP packet carries: a translator may change all that stands before it.
fn carried(packet: &IpPacket) -> Option<&[u8]> {
    packet.payload().get(udp::HEADER_LEN..)
}

/// So many failures of a run are kept for the report.
const MOST_REFUSALS: usize = 16;

/// So many IKE packets are remembered that routers and translators may forward.
const MOST_FORWARDED: usize = 256;

/// `AH SPI 00000100 sequence 5, ESP SPI 00000200 sequence 5`.
fn protected_label(protocol: u8, octets: &[u8]) -> Option<String> {
    if protocol == protocol::ESP {
        let header = esp::Header::parse(octets).ok()?;
        return Some(format!("ESP SPI {} sequence {}", header.spi, header.sequence));
    }
    let header = ah::Header::parse(octets).ok()?;
    let label = format!("AH SPI {} sequence {}", header.spi, header.sequence);
    let inside = (header.next_header == protocol::ESP).then(|| octets.get(header.len()..)).flatten();
    match inside.and_then(|inside| protected_label(protocol::ESP, inside)) {
        Some(inside) => Some(format!("{label}, {inside}")),
        None => Some(label),
    }
}

fn is_ike(packet: &IpPacket) -> bool {
    packet.protocol() == protocol::UDP && packet.has_upper_header() && !is_esp_in_udp(packet)
}

/// Whether a UDP packet is to or from the port where ESP in UDP is taken, and without the marker of IKE (RFC 3948 §2.2).
fn is_esp_in_udp(packet: &IpPacket) -> bool {
    let is_nat_port = |port: &[u8]| port == NAT_PORT.to_be_bytes();
    let ports = packet.payload().get(..4).map(|ports| ports.split_at(2));
    ports.is_some_and(|(from, to)| is_nat_port(from) || is_nat_port(to))
        && carried(packet).is_some_and(|octets| !octets.starts_with(&[0; 4]))
}

impl Observer<Note> for Watch {
    fn record(&mut self, at: Instant, kind: &Kind<'_, Note>) {
        let label = self.label(at, kind);
        match kind {
            Kind::Note { node, note } => {
                match note {
                    Note::Peer(Event::Ikev2(event)) => self.event(at, node.index(), event),
                    Note::Peer(Event::Ikev1(event)) => self.older_event(at, node.index(), event),
                    Note::Peer(Event::Dropped(drop)) => {
                        let name = drop.reason.name();
                        self.count(&format!("drop.{name}"));
                        self.happened(at, node.index(), What::Drop(name));
                    }
                    Note::Peer(Event::Manual(manual)) => {
                        let bundled = manual.pair.bundled.iter().map(|bundled| &bundled.outbound);
                        for sa in std::iter::once(&manual.pair.outbound).chain(bundled) {
                            self.warn(&sa.protection);
                        }
                    }
                    Note::Peer(Event::Expired(expired)) => self.expired(at, node.index(), expired),
                    Note::Sent(probe) => self.ledger.sent(at, *probe),
                    Note::Received { probe: Some(probe), intact: true, class } => {
                        self.ledger.came(at, probe, *class);
                    }
                    Note::Gone => self.count("address.gone"),
                    Note::Says(case) => {
                        self.ladder.note(at, &self.scene.name(*node), Some(format!("says: {case}")));
                        self.count("tester.cases");
                    }
                    Note::Script(told) => self.told_of_script(at, *node, told),
                    Note::Router(_) | Note::Nat(_) | Note::Firewall(_) => {
                        self.told_by_middlebox(at, *node, note);
                    }
                    Note::Received { .. } | Note::NoHost => {}
                }
                self.stirred = true;
            }
            Kind::Decided { link, decision } => {
                if self.scene.scenario.faults.is_some() {
                    self.befallen.insert((*decision).clone());
                }
                self.ladder.befell((*link, decision.direction, decision.ordinal), decision.fault);
            }
            Kind::Dropped { link, direction, ordinal, reason } => {
                self.ladder.dropped((*link, *direction, *ordinal), *reason);
                self.count(&format!("link.{reason}"));
            }
            _ => {}
        }
        for oracle in &mut self.oracles {
            if let Err(violation) = oracle.record(&self.scene, at, kind) {
                self.violation.get_or_insert((oracle.name(), violation));
            }
        }
        if let Some(extra) = &mut self.extra {
            extra.record(&self.scene, at, kind, label.as_deref());
        }
    }
}
