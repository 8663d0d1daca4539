//! What a tester says and what it has to hear, line by line: a conversation of version 2 in the name of one end, right where
//! the script says nothing else, and wrong exactly where it does.
//!
//! ```text
//! say init                                   IKE_SA_INIT as it should be
//! hear IKE_SA_INIT with SA KE Nonce
//! say auth, patch AUTH 4 0x0000              IKE_AUTH with a proof that is none
//! hear IKE_AUTH with AUTHENTICATION_FAILED
//! ```
//!
//! What has to be so of every message (RFC 7296 §2.2, §2.6, §3.1) is looked at without being told: versions, SPIs, flags,
//! message IDs, the ICV, and the proof in AUTH.

mod esp;
mod heard;
mod message;
mod play;
mod read;
mod sa;
mod shorthand;
mod words;

#[cfg(test)]
mod tests;

use std::time::Duration;

use ipsec::wire::registry::{ExchangeType, NotifyType, PayloadType, ProtocolId};
use ipsec::wire::v2::{FragmentNumber, TrafficSelector, Transform};

pub use play::{Pinged, Scripted, Told, Voice};
pub(crate) use read::read;
pub(crate) use words::{CHANGES, Row, STEPS};

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    steps: Vec<Step>,
}

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    /// The line in the file, counted from 1.
    line: usize,
    /// What is written there.
    text: String,
    what: What,
}

/// What a line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Say(Base, Vec<Change>),
    Answer(Vec<Change>),
    /// The octets that were sent last, once more.
    Repeat,
    /// A packet inside the tunnel that a host answers.
    Ping(Vec<Twist>),
    Hear(Hear),
    Wait(Duration),
    /// Leaves the IKE SA as it is, and begins another one.
    Anew,
    /// Goes on under the IKE SA that has replaced the one before.
    Renew,
}

/// A request as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Init,
    Auth,
    Child,
    RekeyChild,
    RekeyIke,
    Informational,
    DeleteIke,
    DeleteChild,
    /// The pair that was replaced last.
    DeleteOld,
}

/// What is otherwise in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// A proposal in the place of those that would be there, or behind the one before.
    Proposal {
        number: u8,
        protocol: ProtocolId,
        transforms: Vec<Transform>,
    },
    /// The group of KE, with a public value of as many octets, all alike.
    Group(u16),
    /// The public value of KE.
    Public(Vec<u8>),
    /// A nonce of so many octets.
    Nonce(usize),
    /// Traffic selectors, the initiator's if so.
    Selectors {
        of_initiator: bool,
        selectors: Vec<TrafficSelector>,
    },
    /// The identity of the one in whose name it speaks: type and data. AUTH is over it.
    Identity(u8, Vec<u8>),
    /// The cookie that was heard, in front.
    Cookie,
    /// A wrong hash of the source's address.
    Nat,
    /// None of the payloads that would be there.
    Empty,
    Notify {
        kind: NotifyType,
        protocol: ProtocolId,
        spi: Vec<u8>,
        data: Vec<u8>,
    },
    /// Any payload, behind the others.
    Payload {
        kind: PayloadType,
        critical: bool,
        body: Vec<u8>,
    },
    Without(PayloadType),
    Twice(PayloadType),
    Reversed,
    /// Other octets in a payload's body, from an offset on.
    Patch(PayloadType, usize, Vec<u8>),
    /// A payload's body of no more than so many octets.
    Cut(PayloadType, usize),
    /// The critical bit of a payload that everybody knows.
    Critical(PayloadType),
    /// All reserved bits of a payload's header.
    Reserved(PayloadType),
    /// A payload's length, more or less than it is.
    Length(PayloadType, i32),
    Version(u8, u8),
    /// Bits of the header's flags that are turned over.
    Flags(u8),
    /// Another message ID: so much more or less, or this one.
    MessageId(i64, bool),
    Exchange(ExchangeType),
    /// The header's length, more or less than it is.
    HeaderLength(i32),
    /// The initiator's SPI, or the responder's.
    Spi {
        of_initiator: bool,
        spi: u64,
    },
    /// Without SK around it.
    InClear,
    /// An ICV with a wrong bit.
    WrongIcv,
    /// The pad length says so much.
    PadLength(u8),
    /// Octets behind the end of the message.
    Trailing(usize),
    /// In pieces, with these numbers on them.
    Pieces(Vec<FragmentNumber>),
}

/// What is otherwise in a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Twist {
    Sequence(u32),
    Spi(u32),
    WrongIcv,
    NextHeader(u8),
    Padding(Vec<u8>),
    PadLength(u8),
    /// The ECN of the outer header.
    Ecn(u8),
    /// From an address that no selector has.
    Foreign,
}

/// What has to be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hear {
    level: Level,
    /// One of these.
    patterns: Vec<Pattern>,
    within: Duration,
}

/// What it means when something else is heard (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Must,
    Should,
    May,
}

/// What fits what is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// No message in the time for it.
    Nothing,
    /// The octets that were heard last, once more.
    Same,
    /// The answer to a ping; with this ECN on the packet inside.
    Pong(Option<u8>),
    Message {
        exchange: ExchangeType,
        /// Whether it is a response; either when nothing.
        response: Option<bool>,
        /// To which port it comes, if that counts.
        port: Option<u16>,
        with: Vec<Item>,
        without: Vec<Item>,
        /// Whether no other payload may be there.
        only: bool,
    },
}

/// A payload in a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Payload(PayloadType),
    /// With this data, if it is said.
    Notify(NotifyType, Option<Vec<u8>>),
    /// Any notify of an error.
    Error,
    /// The traffic selectors of the initiator, if so, are exactly these.
    Selectors {
        of_initiator: bool,
        selectors: Vec<TrafficSelector>,
    },
}
