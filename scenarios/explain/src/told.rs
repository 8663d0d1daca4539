//! What is told of a capture as it is read, and what is summed up at its end.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::rules::{Level, Rule};

/// Something that the capture shows, in the order of its frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// Somebody sent something.
    Message(Message),
    /// Something about the frame before.
    Note(Note),
    /// A rule was broken by the frame before.
    Violation(Violation),
}

/// A message or a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its frame.
    pub frame: u64,
    /// When it was captured, in nanoseconds since the first frame.
    pub at_nanos: u64,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// What it is: IKE, ESP, AH, a keepalive.
    pub kind: Kind,
    /// The number of its conversation in the summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<usize>,
    /// In a line.
    pub label: String,
    /// As a tree: lines that end in a line feed, empty where there is no more to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tree: String,
    /// What is known of it beside what it says: `repeats frame 3`, `answers frame 7`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A message of IKE, of either version.
    Ike,
    /// An ESP packet.
    Esp,
    /// An AH packet.
    Ah,
    /// An octet that keeps the mapping of a NAT alive.
    Keepalive,
}

/// Something that follows from a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The frame that shows it.
    pub frame: u64,
    /// When, in nanoseconds since the first frame.
    pub at_nanos: u64,
    /// Whom it is about.
    pub who: IpAddr,
    /// What.
    pub text: String,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The frame that breaks it.
    pub frame: u64,
    /// When, in nanoseconds since the first frame.
    pub at_nanos: u64,
    /// Who broke it, by what the frame says.
    pub who: IpAddr,
    /// The rule.
    pub rule: Rule,
    /// What was found.
    pub what: String,
}

/// What a capture came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many frames were read.
    pub frames: u64,
    /// From the first frame to the last, in nanoseconds.
    pub nanos: u64,
    /// When the first frame was captured, in nanoseconds since 1970; 0 where the file does not tell.
    pub began_nanos: u64,
    /// What the frames carried, and how many did so.
    pub carried: BTreeMap<String, u64>,
    /// The IKE SAs, in the order in which they appeared.
    pub ike: Vec<IkeSummary>,
    /// The flows of ESP and AH, in the order in which they appeared.
    pub flows: Vec<FlowSummary>,
    /// How many conversations and flows there were before those that were kept.
    pub forgotten: u64,
    /// How often each rule was broken.
    pub violations: Vec<Broken>,
}

/// A rule, and how often it was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How often.
    pub times: u64,
    /// The frame that was the first to break it.
    pub first_frame: u64,
}

/// What became of an IKE SA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IkeSummary {
    /// Its number here, from 1.
    pub number: usize,
    /// The major version of IKE.
    pub version: u8,
    /// The initiator's SPI.
    pub spi_i: String,
    /// The responder's SPI.
    pub spi_r: String,
    /// Where its initiator was seen last.
    pub initiator: SocketAddr,
    /// Where its responder was seen last.
    pub responder: SocketAddr,
    /// The algorithms that were agreed on, as IKE names them; empty where that was not captured.
    pub suite: Vec<String>,
    /// How many messages there were, repeats among them.
    pub messages: u64,
    /// How many of them repeat another one.
    pub repeats: u64,
    /// How many stayed closed.
    pub closed: u64,
    /// How it ended, or how it stands.
    pub outcome: String,
    /// Whether both ends took it into use.
    pub is_established: bool,
    /// The Child SAs that were set up under it, as far as their messages could be opened.
    pub children: Vec<ChildSummary>,
    /// When its first message was captured, in nanoseconds since the first frame.
    pub first_nanos: u64,
    /// When its last message was captured.
    pub last_nanos: u64,
    /// What the initiator and the responder say they are, where that could be read.
    pub identities: [Option<String>; 2],
    /// How the responder proves that, where that could be read.
    pub method: Option<String>,
    /// Which ends sit behind a NAT.
    pub behind_nat: [bool; 2],
    /// The number of the IKE SA whose place it takes, and whose Child SAs it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<usize>,
    /// Where the keys come from that open its messages; none where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeySource>,
    /// The mode of phase 1, in version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// Where the keys come from that open messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// They were given.
    Given,
    /// They were computed from what a key exchange came to, or from the keys of the IKE SA before.
    Computed,
}

impl KeySource {
    /// In words.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Computed => "computed from a key exchange",
        }
    }
}

/// A pair of SAs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChildSummary {
    /// `ESP` or `AH`.
    pub protocol: String,
    /// The SPI under which the initiator of the IKE SA receives.
    pub spi_i: String,
    /// The SPI under which its responder receives.
    pub spi_r: String,
    /// The algorithms.
    pub suite: Vec<String>,
    /// Traffic at the initiator's end and at the responder's.
    pub selectors: [Vec<String>; 2],
    /// Whether it carries packets between the ends alone, without a tunnel.
    pub is_transport: bool,
    /// Whether the responder of the IKE SA asked for it.
    pub by_responder: bool,
    /// `set up`, `rekeyed`, `deleted`.
    pub outcome: String,
    /// When it was agreed on, in nanoseconds since the first frame.
    pub at_nanos: u64,
}

/// The packets of one SA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowSummary {
    /// `ESP` or `AH`.
    pub protocol: &'static str,
    /// The SPI.
    pub spi: String,
    /// Who sends.
    pub from: SocketAddr,
    /// Who receives.
    pub to: SocketAddr,
    /// Whether the packets go in UDP or TCP.
    pub is_encapsulated: bool,
    /// The number of the IKE SA that set it up, where that could be read.
    pub ike: Option<usize>,
    /// How many packets there were, repeats not among them.
    pub packets: u64,
    /// How many octets they had, headers of IP not among them.
    pub octets: u64,
    /// The first sequence number and the highest one.
    pub sequence: (u32, u32),
    /// How many sequence numbers between these were not captured.
    pub missing: u64,
    /// How many packets came once more.
    pub repeats: u64,
    /// How many came behind one with a higher number.
    pub late: u64,
    /// How many could be opened, and how many could not though there is a key.
    pub opened: u64,
    /// How many could not be opened though there is a key.
    pub closed: u64,
    /// When the first one was captured, in nanoseconds since the first frame.
    pub first_nanos: u64,
    /// When the last one was captured.
    pub last_nanos: u64,
}

impl Summary {
    /// How many rules of this level were broken, each time counted.
    #[must_use]
    pub fn broken(&self, level: Level) -> u64 {
        self.violations.iter().filter(|broken| broken.rule.level == level).map(|broken| broken.times).sum()
    }
}
