//! Transaction exchanges (draft-dukes-ike-mode-cfg-02 §3): two messages under an ISAKMP SA, each with attributes. One end
//! asks for some, or sets them.
//!
//! ```text
//! {HASH ATTR(REQUEST)}   ------->                  {HASH ATTR(SET)}   ------->
//!                        <-------   {HASH ATTR(REPLY)}                <-------   {HASH ATTR(ACK)}
//! ```
//!
//! They come between phase 1 and quick mode: first XAUTH (`xauth`), then the configuration method (`mode_cfg`).

use ipsec_wire::registry::v1::{ConfigAttribute as Class, ConfigType};
use ipsec_wire::v1::{Attribute, Configuration, Payload};

use super::quick::{Hashes, check_hash, hashed};
use super::{Exchange, Guise, Reply, Step, mode_cfg, xauth};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::grammar::{self, Form};
use crate::message::Opened;
use crate::refusal::{DropReason, Refusal};
use crate::sa::{Gate, IsakmpSa};

/// What one of ours is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To ask who uses the peer; so often with this time.
    AskUser(u32),
    /// To tell the peer what came of that.
    TellUser(xauth::Verdict),
    /// To ask for an inside address and what belongs to it.
    AskConfiguration,
    /// To tell the peer its own, unasked.
    SetConfiguration,
}

/// One that we have begun, waiting for its second message.
pub(crate) struct Initiator {
    purpose: Purpose,
    /// What the answer has to be.
    expected: ConfigType,
    message_id: u32,
    identifier: u16,
    over: bool,
}

impl Initiator {
    /// The exchange, its first message, and what changes with it; nothing while the ISAKMP SA has no keys.
    pub(crate) fn begin(
        purpose: Purpose,
        sa: &IsakmpSa,
        message_id: u32,
        cx: &mut Context<'_>,
    ) -> Option<(Self, Vec<Payload>, Vec<Effect>)> {
        let crypto = sa.crypto.as_ref()?;
        let (kind, attributes, effects) = match &purpose {
            Purpose::AskUser(_) => (ConfigType::REQUEST, xauth::question(), Vec::new()),
            Purpose::TellUser(verdict) => (ConfigType::SET, xauth::status(verdict), Vec::new()),
            Purpose::AskConfiguration => (ConfigType::REQUEST, mode_cfg::question(sa), Vec::new()),
            Purpose::SetConfiguration => {
                let inside = mode_cfg::lend(sa, None, cx);
                (ConfigType::SET, inside.all(), vec![Effect::Assign(inside, true)])
            }
        };
        let expected = if kind == ConfigType::SET { ConfigType::ACK } else { ConfigType::REPLY };
        let identifier = cx.identifier();
        let prf = crypto.authenticator(cx.provider);
        let configuration = Configuration { kind, identifier, attributes };
        let hash = |rest: &[u8]| Hashes { prf: &prf, message_id }.first(rest);
        let first = hashed(vec![Payload::Configuration(configuration)], hash);
        Some((Self { purpose, expected, message_id, identifier, over: false }, first, effects))
    }
}

impl Exchange for Initiator {
    fn awaits(&self) -> String {
        match self.purpose {
            Purpose::AskUser(_) => "XAUTH, the user's name and password",
            Purpose::TellUser(_) => "XAUTH, the acknowledgement of its outcome",
            Purpose::AskConfiguration => "the configuration method, the reply",
            Purpose::SetConfiguration => "the configuration method, the acknowledgement",
        }
        .to_owned()
    }

    fn guise(&self) -> Guise {
        Guise::Encrypted
    }

    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        let configuration = read(sa, message, self.message_id, cx)?;
        let fits = configuration.kind == self.expected;
        if !fits || std::mem::replace(&mut self.over, true) {
            return Err(Refusal::Ignore(DropReason::State));
        }
        let mut effects = match &self.purpose {
            Purpose::AskUser(count) => xauth::answered(sa, configuration, *count),
            Purpose::TellUser(verdict) => xauth::acknowledged(verdict),
            Purpose::AskConfiguration => mode_cfg::told(sa, configuration),
            Purpose::SetConfiguration => vec![Effect::Pass],
        };
        // Some clients answer with none. The message ID, which HASH covers, already says what is answered.
        if configuration.identifier != self.identifier {
            effects.push(Effect::Report(Event::Probe("ikev1.transaction.other-identifier")));
        }
        Ok(Step { effects, reply: None, done: true })
    }
}

/// What answers the first message of one that the peer has begun.
///
/// # Errors
/// When it is not the peer's, or makes no sense.
pub(crate) fn answer(sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
    let message_id = message.header.message_id;
    let asked = read(sa, message, message_id, cx)?;
    let is_about_users = asked.attributes.iter().any(is_of_xauth);
    let (kind, (attributes, effects)) = match (asked.kind, is_about_users) {
        // Its acknowledgement of the outcome of XAUTH may still come.
        (ConfigType::REQUEST, false) if sa.is_at(Gate::User) => {
            return Err(Refusal::Ignore(DropReason::State));
        }
        (ConfigType::REQUEST, true) => (ConfigType::REPLY, xauth::answer(sa, asked)),
        (ConfigType::REQUEST, false) => (ConfigType::REPLY, mode_cfg::answer(sa, asked, cx)),
        (ConfigType::SET, true) => (ConfigType::ACK, xauth::outcome(sa, asked)),
        (ConfigType::SET, false) => (ConfigType::ACK, mode_cfg::accept(sa, asked)),
        _ => return Err(Refusal::Ignore(DropReason::State)),
    };
    let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
    let prf = crypto.authenticator(cx.provider);
    let answer = Configuration { kind, identifier: asked.identifier, attributes };
    let hash = |rest: &[u8]| Hashes { prf: &prf, message_id }.first(rest);
    let reply = hashed(vec![Payload::Configuration(answer)], hash);
    Ok(Step { effects, reply: Some(Reply::encrypted(reply)), done: true })
}

/// What a message says, when it is the peer's.
fn read<'a>(
    sa: &IsakmpSa,
    message: &'a Opened,
    message_id: u32,
    cx: &Context<'_>,
) -> Result<&'a Configuration, Refusal> {
    let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
    grammar::check(Form::Transaction, &message.payloads)
        .map_err(|_| Refusal::Ignore(DropReason::Undecipherable))?;
    let prf = crypto.authenticator(cx.provider);
    check_hash(message, &Hashes { prf: &prf, message_id }.first(message.behind_hash()))?;
    let configuration = message.payloads.iter().find_map(|payload| match payload {
        Payload::Configuration(configuration) => Some(configuration),
        _ => None,
    });
    configuration.ok_or(Refusal::Ignore(DropReason::State))
}

fn is_of_xauth(attribute: &Attribute) -> bool {
    (Class::XAUTH_TYPE.0..=Class::XAUTH_ANSWER.0).contains(&attribute.class)
}
