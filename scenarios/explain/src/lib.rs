//! Captures of IKE, ESP and AH that were made anywhere: read, decrypted where keys are known, told as a ladder or a tree, and
//! judged by the RFCs.
//!
//! ```text
//! file      pcap, pcapng, gzip                  frames
//! link      Ethernet, VLAN, cooked, raw, …      IP packets
//! transport fragments, UDP, TCP                 IKE messages, ESP and AH packets
//! ikev2, ikev1, flow                            who said what, what broke a rule
//! report    text, json, html, skeleton          for people, for programs, for colleagues, for `esplanade run`
//! ```
//!
//! A capture is read as a stream, and told as it is read. What is remembered of it is bounded, whatever its length:
//!
//! ```text
//! IKE SAs of each version, flows of ESP and AH      1024, 4096; those that ended or were silent for longest go first
//! of an IKE SA: exchanges, IVs, pieces, children    16 and 64 for each end, 4 messages, 64 pairs
//! of a flow: packets and IVs                        128
//! SPIs with their owners and computed keys          16384
//! halves of TCP connections, IP fragments           64, as the reassembler of `ipsec-net` bounds them
//! ```
//!
//! Nothing waits for what comes later: keys are read before the capture, and a packet that comes before the response which sets up
//! its SA is told as it is, closed; those that follow are opened.

mod encapsulation;
mod file;
mod flow;
mod ikev1;
mod ikev2;
mod inner;
mod keys;
mod link;
mod open;
mod owners;
pub mod report;
mod rules;
mod seen;
mod stream;
mod teller;
mod told;
mod transport;

use std::collections::BTreeMap;
use std::io::Read;

use ipsec_net::IpPacket;
use ipsec_wire::{Header, ah};

pub use file::{Frame, Frames, Unreadable};
pub use keys::{BadKeys, Keys, Record};
pub use rules::{Level, Rule};
pub use told::{
    Broken, ChildSummary, FlowSummary, IkeSummary, KeySource, Kind, Message, Note, Summary, Told, Violation,
};

use encapsulation::{Encapsulation, Inside, marked};
use flow::Flows;
use ikev1::Ikev1;
use ikev2::Ikev2;
use link::Carried;
use rules::Rule as Judged;
use stream::Streams;
use teller::{Tally, Teller};
use transport::{Course, Packet, Packets, Transport, course, transport};

/// Reads a capture to its end. `each` asks to tell of every packet of ESP and AH, not only of the first of each flow and of
/// those that something is wrong with. The summary is that of what could be read.
///
/// # Errors
/// When the file is no capture, or damaged; then with the summary of what came before.
pub fn explain(
    file: impl Read,
    keys: &Keys,
    each: bool,
    sink: &mut dyn FnMut(Told),
) -> Result<Summary, (Unreadable, Box<Summary>)> {
    let mut explainer = Explainer::new(keys, each);
    let mut frames = Frames::new(file).map_err(|unreadable| (unreadable, Box::default()))?;
    loop {
        match frames.next() {
            Ok(Some(frame)) => explainer.frame(&frame, sink),
            Ok(None) => return Ok(explainer.summary()),
            Err(unreadable) => return Err((unreadable, Box::new(explainer.summary()))),
        }
    }
}

/// Takes the frames of a capture one after the other.
pub struct Explainer<'a> {
    keys: &'a Keys,
    each: bool,
    packets: Packets,
    encapsulation: Encapsulation,
    streams: Streams,
    ikev1: Ikev1,
    ikev2: Ikev2,
    flows: Flows,
    /// The number of the IKE SA that appears next.
    next_number: usize,
    frames: u64,
    /// When the first frame was captured, and the last.
    times: Option<(u64, u64)>,
    carried: BTreeMap<String, u64>,
    tally: Tally,
}

impl<'a> Explainer<'a> {
    /// One that has seen nothing; see [`explain`].
    #[must_use]
    pub fn new(keys: &'a Keys, each: bool) -> Self {
        Self {
            keys,
            each,
            packets: Packets::new(),
            encapsulation: Encapsulation::default(),
            streams: Streams::default(),
            ikev1: Ikev1::default(),
            ikev2: Ikev2::default(),
            flows: Flows::default(),
            next_number: 1,
            frames: 0,
            times: None,
            carried: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Takes the next frame and tells what it shows.
    pub fn frame(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Told)) {
        self.frames += 1;
        let at = self.at(frame.at_nanos);
        let octets = match link::carried(frame.link, &frame.octets) {
            Carried::Ip(octets) => octets,
            Carried::Other => return self.count("frames without IP"),
            Carried::Short => return self.count("frames shorter than their headers"),
            Carried::Link(number) => {
                return self.count(&format!("frames of link type {number}, which is not read"));
            }
        };
        let packet = match self.packets.take(at, octets) {
            Packet::Whole(packet) => packet,
            Packet::Waiting => return self.count("IP fragments"),
            Packet::Refused(why) => return self.count(&format!("IP packets that cannot be read ({why})")),
        };
        let at = (frame.number, at);
        match transport(&packet) {
            Transport::Udp { ports, payload, is_sound } => {
                let course = course(&packet, ports);
                let inside = self.encapsulation.inside(course, payload);
                self.inside(at, course, inside, ("UDP, ", is_sound), sink);
            }
            Transport::Tcp { ports, sequence, begins, payload } => {
                let course = course(&packet, ports);
                let messages = self.streams.take(course, sequence, begins, payload);
                if messages.is_empty() {
                    self.count("TCP segments");
                }
                for message in messages {
                    self.inside(at, course, marked(&message), ("TCP, ", true), sink);
                }
            }
            Transport::Esp(octets) => {
                let packet = flow::Packet {
                    course: course(&packet, (0, 0)),
                    octets,
                    before: "",
                    is_encapsulated: false,
                };
                self.esp(at, &packet, true, sink);
            }
            Transport::Ah(octets) => self.ah(at, (course(&packet, (0, 0)), &packet), octets, sink),
            Transport::Other => self.count("other packets"),
        }
    }

    /// What was seen so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let (mut ike, forgotten) = self.ikev2.summaries();
        let (older, older_forgotten) = self.ikev1.summaries();
        ike.extend(older);
        ike.sort_by_key(|sa| sa.number);
        let (flows, flows_forgotten) = self.flows.summaries();
        let (first, last) = self.times.unwrap_or_default();
        Summary {
            frames: self.frames,
            nanos: last.saturating_sub(first),
            began_nanos: first,
            carried: self.carried.clone(),
            ike,
            flows,
            forgotten: forgotten + older_forgotten + flows_forgotten,
            violations: self.tally.summary(),
        }
    }

    /// When a frame was captured, since the first one. Clocks may go back, which is taken for the same moment.
    fn at(&mut self, at_nanos: Option<u64>) -> u64 {
        let at = at_nanos.or(self.times.map(|(_, last)| last)).unwrap_or(0);
        let (first, last) = self.times.unwrap_or((at, at));
        self.times = Some((first, last.max(at)));
        last.max(at) - first
    }

    fn count(&mut self, what: &str) {
        if let Some(count) = self.carried.get_mut(what) {
            *count += 1;
        } else if self.carried.len() < MOST_KINDS {
            self.carried.insert(what.to_owned(), 1);
        }
    }

    /// What is in UDP or TCP, as `before` says.
    fn inside(
        &mut self,
        at: (u64, u64),
        course: Course,
        inside: Inside<'_>,
        (before, is_sound): (&str, bool),
        sink: &mut dyn FnMut(Told),
    ) {
        match inside {
            Inside::Ike(octets) => self.ike(at, course, octets, is_sound, sink),
            Inside::Esp(octets) => {
                let packet = flow::Packet { course, octets, before, is_encapsulated: true };
                self.esp(at, &packet, is_sound, sink);
            }
            Inside::Keepalive => {
                self.count("NAT keepalives");
                if self.each {
                    sink(Told::Message(plain(at, course, Kind::Keepalive, "NAT keepalive".to_owned())));
                }
            }
            Inside::Foreign => self.count("other packets"),
        }
    }

    fn ike(
        &mut self,
        (frame, at): (u64, u64),
        course: Course,
        octets: &[u8],
        is_sound: bool,
        sink: &mut dyn FnMut(Told),
    ) {
        self.count("IKE messages");
        let header = Header::parse(octets);
        let version = header.as_ref().map(|header| header.version);
        let mut teller = Teller { frame, at, is_sound, tally: &mut self.tally, sink };
        let message = (course, octets);
        match version.map(|version| version.major) {
            Ok(1) => self.ikev1.take(&mut teller, message, self.keys, &mut self.flows, &mut self.next_number),
            Ok(2) => self.ikev2.take(&mut teller, message, self.keys, &mut self.flows, &mut self.next_number),
            _ => {
                let label = match version {
                    Ok(version) => {
                        format!("IKE version {}.{}, {} octets", version.major, version.minor, octets.len())
                    }
                    Err(_) => format!("{} octets where IKE should be", octets.len()),
                };
                teller.message(plain((frame, at), course, Kind::Ike, label));
                if let Err(malformed) = header {
                    teller.broke(course.from.ip(), Judged::MALFORMED, malformed.to_string());
                }
            }
        }
    }

    fn esp(
        &mut self,
        (frame, at): (u64, u64),
        packet: &flow::Packet<'_>,
        is_sound: bool,
        sink: &mut dyn FnMut(Told),
    ) {
        self.count("ESP packets");
        let mut teller = Teller { frame, at, is_sound, tally: &mut self.tally, sink };
        self.flows.esp(&mut teller, packet, self.keys, self.each);
    }

    fn ah(
        &mut self,
        (frame, at): (u64, u64),
        (course, whole): (Course, &IpPacket),
        octets: &[u8],
        sink: &mut dyn FnMut(Told),
    ) {
        self.count("AH packets");
        let mut teller = Teller { frame, at, is_sound: true, tally: &mut self.tally, sink };
        let packet = flow::Packet { course, octets, before: "", is_encapsulated: false };
        self.flows.ah(&mut teller, (&packet, whole), self.keys, self.each);
        if let Ok(header) = ah::Header::parse(octets)
            && header.next_header == ipsec_net::protocol::ESP
        {
            let before = format!("AH SPI {} sequence {}, ", header.spi, header.sequence);
            let octets = octets.get(header.len()..).unwrap_or_default();
            let packet = flow::Packet { course, octets, before: &before, is_encapsulated: false };
            self.esp((frame, at), &packet, true, sink);
        }
    }
}

/// A message with nothing to say about it.
fn plain((frame, at_nanos): (u64, u64), course: Course, kind: Kind, label: String) -> Message {
    let Course { from, to } = course;
    Message {
        frame,
        at_nanos,
        from,
        to,
        kind,
        conversation: None,
        label,
        tree: String::new(),
        remarks: Vec::new(),
    }
}

/// So many kinds of frames are counted.
const MOST_KINDS: usize = 256;
