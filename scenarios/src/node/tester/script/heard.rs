//! What a script hears, and whether that is what it should hear.

use std::collections::BTreeMap;
use std::fmt;

use ipsec::wire::Header;
use ipsec::wire::registry::PayloadType;
use ipsec::wire::v2::{self, Payload};

use super::super::channel::Piece;
use super::{Hear, Item, Pattern};

/// Something that came.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// An IKE message.
    Message {
        header: Header,
        /// Nothing when it cannot be opened or read.
        payloads: Option<Vec<Payload>>,
        /// The port that it came to.
        port: u16,
        /// Whether it came before, octet for octet.
        repeats: bool,
        /// What is wrong about it, whatever it says.
        wrong: Option<String>,
    },
    /// The answer to a ping, with the ECN of the packet inside.
    Pong(u8),
    /// Another packet inside the tunnel.
    Packet,
}

/// The pieces of a message that have come (RFC 7383 §2.6).
#[derive(Default)]
pub(super) struct Pieces {
    of: Option<(bool, u32, u16)>,
    first: Option<PayloadType>,
    parts: BTreeMap<u16, Vec<u8>>,
}

impl Pieces {
    /// Adds one: the type of the first payload and all of them, once the last one that was missing is there, and again when it
    /// comes again.
    pub(super) fn add(&mut self, header: &Header, piece: Piece) -> Option<(PayloadType, Vec<u8>)> {
        let of = (header.flags.response, header.message_id, piece.number.total);
        if self.of != Some(of) {
            *self = Self { of: Some(of), ..Self::default() };
        }
        let is_last = self.parts.last_key_value().is_none_or(|(last, _)| *last <= piece.number.number);
        if piece.number.number == 1 {
            self.first = Some(piece.first);
        }
        self.parts.insert(piece.number.number, piece.content);
        let is_whole = self.parts.len() == usize::from(piece.number.total);
        let chain = self.parts.values().flatten().copied().collect();
        self.first.filter(|_| is_whole && is_last).map(|first| (first, chain))
    }
}

impl Heard {
    pub(super) fn repeats(&self) -> bool {
        matches!(self, Self::Message { repeats: true, .. })
    }

    /// What is wrong about it, whatever is expected.
    pub(super) fn wrong(&self) -> Option<&str> {
        match self {
            Self::Message { wrong, .. } => wrong.as_deref(),
            Self::Pong(_) | Self::Packet => None,
        }
    }

    /// Whether it fits.
    pub(super) fn fits(&self, pattern: &Pattern) -> bool {
        match (self, pattern) {
            (Self::Message { repeats, .. }, Pattern::Same) => *repeats,
            (Self::Pong(there), Pattern::Pong(wanted)) => wanted.is_none_or(|wanted| wanted == *there),
            (
                Self::Message { header, payloads: Some(payloads), port: came_to, repeats: false, .. },
                Pattern::Message { exchange, response, port, with, without, only },
            ) => {
                let is_listed = |payload: &Payload| with.iter().any(|item| item.fits(payload));
                header.exchange == *exchange
                    && response.is_none_or(|response| response == header.flags.response)
                    && port.is_none_or(|port| port == *came_to)
                    && with.iter().all(|item| payloads.iter().any(|payload| item.fits(payload)))
                    && !without.iter().any(|item| payloads.iter().any(|payload| item.fits(payload)))
                    && (!only || payloads.iter().all(is_listed))
            }
            _ => false,
        }
    }
}

/// In a sentence such as "it hears …".
impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { header, payloads: Some(payloads), repeats, .. } => {
                let again = if *repeats { "once more " } else { "" };
                write!(f, "{again}{}", v2::describe(header, payloads))?;
                for payload in payloads {
                    match payload {
                        Payload::Notify(notify) if notify.kind.is_error() && !notify.data.is_empty() => {
                            write!(f, " ({}: {:02x?})", notify.kind, notify.data)?;
                        }
                        Payload::TsI(selectors) | Payload::TsR(selectors) => {
                            for selector in selectors {
                                write!(f, " {selector}")?;
                            }
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Self::Message { header, .. } => write!(f, "{} that cannot be read", v2::describe(header, &[])),
            Self::Pong(_) => f.write_str("pong"),
            Self::Packet => f.write_str("a packet inside the tunnel that answers nothing"),
        }
    }
}

impl Hear {
    /// Whether a message has to come, and none that came before.
    pub(super) fn is_awaited(&self) -> bool {
        self.patterns.iter().all(|pattern| matches!(pattern, Pattern::Message { .. }))
    }
}

impl Item {
    fn fits(&self, payload: &Payload) -> bool {
        match (self, payload) {
            (Self::Payload(kind), payload) => *kind == payload.kind(),
            (Self::Notify(kind, data), Payload::Notify(notify)) => {
                *kind == notify.kind && data.as_ref().is_none_or(|data| *data == notify.data)
            }
            (Self::Error, Payload::Notify(notify)) => notify.kind.is_error(),
            (Self::Selectors { of_initiator: true, selectors }, Payload::TsI(there))
            | (Self::Selectors { of_initiator: false, selectors }, Payload::TsR(there)) => selectors == there,
            _ => false,
        }
    }
}
