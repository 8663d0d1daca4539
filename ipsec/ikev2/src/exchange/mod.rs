//! The exchanges (RFC 7296 §1.2–1.4). One that we start is an [`Exchange`]; one that the peer starts is a row of
//! [`crate::table`]. Both only look at the record and return effects.

pub(crate) mod auth;
pub(crate) mod beside;
pub(crate) mod child;
pub(crate) mod configuration;
pub(crate) mod create_child;
pub(crate) mod delete;
pub(crate) mod failover;
pub(crate) mod followup;
pub(crate) mod informational;
pub(crate) mod init;
pub(crate) mod intermediate;
pub(crate) mod liveness;
pub(crate) mod mobility;
pub(crate) mod notice;
pub(crate) mod redirect;
pub(crate) mod rekey_child;
pub(crate) mod rekey_ike;
pub(crate) mod resume;
pub(crate) mod retry;
mod through_nat;
pub(crate) mod ticket;

use std::time::Duration;

use ipsec_wire::registry::ExchangeType;
use ipsec_wire::v2::Payload;

use self::child::Wish;
use crate::context::Context;
use crate::effect::Effect;
use crate::message::Opened;
use crate::refusal::{Failure, Refusal};
use crate::sa::{Affair, IkeSa};

/// An exchange that we start.
pub(crate) trait Exchange: Send {
    /// What it is, for people.
    fn describe(&self) -> &'static str;

    /// Its type on the wire.
    fn kind(&self) -> ExchangeType;

    /// The payloads of the request, with what changes when it is sent; nothing when there is no more reason to send it.
    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)>;

    /// What follows when there was no request to send.
    fn unsent(&mut self) -> Vec<Effect> {
        Vec::new()
    }

    /// What the response means. A refusal other than [`Refusal::Ignore`] ends the IKE SA.
    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal>;

    /// The message ID that it has whatever the window is (RFC 6311 §5.1); nothing for almost all.
    fn fixed_message_id(&self) -> Option<u32> {
        None
    }

    /// What the record holds of it, from its first request to its last response.
    fn affair(&self) -> Option<Affair> {
        None
    }

    /// Which other exchanges of ours may be open meanwhile, where the peer takes several requests at once.
    fn company(&self) -> Company {
        Company::None
    }

    /// Whether it is about just this IKE SA, which another one replaces or may replace, such as its end; all others belong to
    /// that other one.
    fn retires(&self) -> bool {
        false
    }

    /// The child that it is to make, if that is what it is for.
    fn wish(&self) -> Option<&Wish> {
        None
    }

    /// Why the IKE SA ends when the request is never answered.
    fn given_up(&mut self) -> Failure {
        Failure::Timeout(self.describe())
    }
}

/// Which exchanges may be open at once. What an exchange finds in the record when its response comes may not have been changed
/// by another one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// It is the only one.
    None,
    /// It changes children that are there, and no other one that does so is open.
    OneOfAKind,
    /// It touches nothing that others do.
    Any,
}

impl Company {
    /// Whether an exchange may begin while one of the other kind is open.
    pub(crate) fn admits(self, other: Self) -> bool {
        match (self, other) {
            (Self::None, _) | (_, Self::None) | (Self::OneOfAKind, Self::OneOfAKind) => false,
            (Self::Any, _) | (_, Self::Any) => true,
        }
    }
}

/// What follows a response.
pub(crate) enum Next {
    /// The exchange is through.
    Done(Vec<Effect>),
    /// The same exchange goes on with another request at once, before whatever waits in the queue.
    On(Vec<Effect>),
    /// Another exchange follows at once, before whatever waits in the queue.
    Then(Box<dyn Exchange>, Vec<Effect>),
    /// Another exchange follows after this time.
    Later(Box<dyn Exchange>, Duration, Vec<Effect>),
    /// The same exchange begins anew under the same message ID (only `IKE_SA_INIT`).
    Again,
}

/// What we answer to a request of the peer's.
pub(crate) struct Answer {
    pub(crate) payloads: Vec<Payload>,
    pub(crate) effects: Vec<Effect>,
}
