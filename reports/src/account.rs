//! All that is told of one run, as plain data: who stood where, what the story came to, what was said and how each message
//! fared, which SAs there were and what was counted meanwhile. A page of the report is made of it.

use crate::outcome::{Case, StoryLine};

/// One run, told in full. Times are nanoseconds of simulated time throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The scenario's name, as in [`crate::Suite::name`].
    pub suite: String,
    /// What the scenario shows.
    pub title: String,
    /// The clauses that it puts to the test.
    pub covers: Vec<String>,
    /// How the run ended.
    pub case: Case,
    /// The command that shows the run again.
    pub replay: String,
    /// Who stands where.
    pub topology: Topology,
    /// The lines of the story and what came of them, in order.
    pub story: Vec<Told>,
    /// What was said.
    pub sequence: Sequence,
    /// The SAs, in the order in which they began.
    pub sas: Vec<SaSpan>,
    /// What was counted over time.
    pub series: Vec<Series>,
    /// What befell packets.
    pub misfortunes: Misfortunes,
    /// The keys of the SAs, where somebody asked for them.
    pub keys: Option<Vec<KeyMaterial>>,
}

/// Who stands where, and what joins them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// The places; their names differ.
    pub sites: Vec<Site>,
    /// What joins two of them.
    pub wires: Vec<Wire>,
}

/// A place in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SiteKind,
    /// What else there is to say, a few words a line: addresses, what it does.
    pub lines: Vec<String>,
}

/// Kinds of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteKind {
    /// A security gateway.
    Peer,
    /// A router.
    Router,
    /// A translator of addresses.
    Nat,
    /// A packet filter.
    Firewall,
    /// Somebody who says what is wrong.
    Tester,
    /// The networks and hosts behind a gateway.
    Network,
}

/// What joins two places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Its name; empty for what has none.
    pub name: String,
    /// Its ends, by their places in [`Topology::sites`].
    pub ends: [usize; 2],
    /// What it does to packets, a few words a line.
    pub lines: Vec<String>,
}

/// A line of a story and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The time that the story gives it.
    pub at_nanos: u64,
    /// The line.
    pub line: StoryLine,
    /// What came of it.
    pub fate: LineFate,
}

/// What came of a line of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineFate {
    /// It was done.
    Done,
    /// What it expects was so at this time.
    Held {
        /// When it was seen to be so.
        at_nanos: u64,
    },
    /// What it expects was not so, and its time was over.
    Broken,
    /// A situation that this run has met.
    Met,
    /// A situation that this run has not met. Another one may have.
    Unmet,
    /// The run ended before.
    Unreached,
}

/// Messages between participants, in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// The participants from left to right; their names differ.
    pub participants: Vec<String>,
    /// What happened.
    pub entries: Vec<Entry>,
    /// How many earlier entries are left out.
    pub left_out: u64,
}

impl Sequence {
    /// Leaves out all but the last so many entries.
    pub fn keep_last(&mut self, most: usize) {
        let more = self.entries.len().saturating_sub(most);
        self.entries.drain(..more);
        self.left_out += more as u64;
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Something was sent.
    Message(Message),
    /// Something happened at one participant.
    Remark(Remark),
}

/// A message, or many alike that followed each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// When it was sent; of many, the first.
    pub at_nanos: u64,
    /// Who sent it, by the place in [`Sequence::participants`].
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// What it was.
    pub label: String,
    /// What it belongs to: the name of an exchange or of a protocol.
    pub exchange: String,
    /// Which of [`TONES`] colours that has.
    pub tone: u8,
    /// How often the same was sent before.
    pub repeats: u32,
    /// How many packets it stands for; 1 for a single one.
    pub packets: u64,
    /// When it came, once for each copy; of many, when the last came.
    pub arrivals: Vec<u64>,
    /// Why it did not come, and when that was clear.
    pub end: Option<(u64, String)>,
    /// What befell it on its way.
    pub troubles: Vec<String>,
    /// What it holds, as lines that are moved in by two spaces for each level.
    pub tree: Option<String>,
}

/// So many colours there are for exchanges.
pub const TONES: u8 = 8;

/// Something that happened at one participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// When.
    pub at_nanos: u64,
    /// Where, by the place in [`Sequence::participants`]; nowhere when it is about all of it.
    pub at: Option<usize>,
    /// What.
    pub text: String,
    /// Of what kind it is.
    pub mood: Mood,
}

/// Kinds of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Something is there.
    Up,
    /// Something is gone.
    Down,
    /// Something went wrong.
    Trouble,
    /// Anything else.
    Plain,
}

/// An SA at one of its holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaSpan {
    /// Who has it.
    pub holder: String,
    /// What it is: `IKE SA`, `Child SA`.
    pub kind: String,
    /// The name of its configuration.
    pub name: String,
    /// By which numbers it is known.
    pub spis: String,
    /// Its algorithms, and whatever else there is to say of it.
    pub about: String,
    /// From when on it was there.
    pub from_nanos: u64,
    /// When it ended, and why.
    pub end: Option<(u64, String)>,
    /// What happened to it meanwhile, such as reaching a soft limit.
    pub marks: Vec<(u64, String)>,
}

/// Something counted over the time of a run, in intervals of equal length that begin with the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What is counted.
    pub name: String,
    /// In which unit.
    pub unit: Unit,
    /// The length of an interval.
    pub interval_nanos: u64,
    /// What was counted in each.
    pub values: Vec<u64>,
}

/// Units of a [`Series`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Octets, shown as a rate.
    Octets,
    /// Packets.
    Packets,
}

/// What befell packets, beside their common delays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfortunes {
    /// In order of time.
    pub rows: Vec<Misfortune>,
    /// How many more there were.
    pub left_out: u64,
}

/// Something that befell a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfortune {
    /// When.
    pub at_nanos: u64,
    /// On which way: `west → east`.
    pub way: String,
    /// What the packet was, if that is known.
    pub packet: String,
    /// What befell it.
    pub text: String,
    /// The words that make it happen again from a list.
    pub decision: String,
}

/// The key material of an SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMaterial {
    /// Whose it is: `IKE SA`, and its SPIs.
    pub owner: String,
    /// Each key's name and its octets in hexadecimal digits.
    pub keys: Vec<(String, String)>,
}

#[cfg(test)]
pub(crate) mod sample;
