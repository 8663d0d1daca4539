//! The exchanges. Each looks at the record of its ISAKMP SA and at the next message, and says what to answer and what to
//! change. Its own stage is all that it changes itself, and that only when it accepts the message.

pub(crate) mod aggressive;
pub(crate) mod informational;
pub(crate) mod main_mode;
pub(crate) mod mode_cfg;
mod phase1;
pub(crate) mod quick;
pub(crate) mod transaction;
mod xauth;

use ipsec_wire::v1::Payload;

use crate::context::Context;
use crate::effect::Effect;
use crate::message::Opened;
use crate::refusal::Refusal;
use crate::sa::IsakmpSa;

/// An exchange under way.
pub(crate) trait Exchange: Send {
    /// What it waits for, in the words of a failure: `main mode, message 4`.
    fn awaits(&self) -> String;

    /// How the next message has to come.
    fn guise(&self) -> Guise;

    /// Whether we repeat our last message by ourselves until the next one comes. A responder does not before the initiator
    /// has shown that it is where it says it is: a forged address would get more than was sent for it.
    fn repeats(&self) -> bool {
        true
    }

    /// The next message. Where it is not accepted nothing has changed.
    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal>;

    /// The child that it is to set up, if it is one of quick mode that we have begun, and the SPIs that it has proposed.
    fn child(&self) -> Option<(&str, Vec<Vec<u8>>)> {
        None
    }
}

/// Whether a message is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guise {
    /// It is not.
    Clear,
    /// It is.
    Encrypted,
    /// It may be: the last message of aggressive mode (RFC 2409 §5).
    Either,
}

/// What follows from a message.
#[derive(Default)]
pub(crate) struct Step {
    /// What to change, before the answer goes out.
    pub(crate) effects: Vec<Effect>,
    /// The answer, if there is one.
    pub(crate) reply: Option<Reply>,
    /// Whether nothing more is to come.
    pub(crate) done: bool,
}

/// A message to send.
pub(crate) struct Reply {
    pub(crate) payloads: Vec<Payload>,
    pub(crate) encrypted: bool,
}

impl Reply {
    pub(crate) fn clear(payloads: Vec<Payload>) -> Self {
        Self { payloads, encrypted: false }
    }

    pub(crate) fn encrypted(payloads: Vec<Payload>) -> Self {
        Self { payloads, encrypted: true }
    }
}
