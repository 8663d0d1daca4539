//! Authentication exchanges behind the first one (RFC 4739): what both ends look at, and the initiator's half. The responder's
//! is a stage of its [`super::Conversation`].
//!
//! ```text
//! SK {IDi [CERT] AUTH … N(MULTIPLE_AUTH_SUPPORTED) N(ANOTHER_AUTH_FOLLOWS)}   ------->
//!                                                          <-------   SK {IDr [CERT] AUTH [N(ANOTHER_AUTH_FOLLOWS)]}
//! SK {IDi [CERT] AUTH}, SK {IDi} for EAP, or SK {} where only the responder has more to prove   ------->
//!                                                          <-------   SK {[IDr [CERT] AUTH] SAr2 TSi TSr}
//! ```

use ipsec_auth::{Identity, PeerEntry, Prove, Proven};
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Identification, Notify, Payload};

use super::abandon::Abandon;
use super::eap::Talk;
use super::initiator::{establish, refused};
use super::{HalfOpen, auth_of, id_of};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::beside::Beside;
use crate::exchange::child::Wish;
use crate::exchange::{Exchange, Next};
use crate::message::{Opened, find_error, find_notify};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Role};

/// Whether the sender of a message with an AUTH payload goes on with another one.
pub(super) fn follows(message: &Opened<'_>) -> bool {
    find_notify(&message.payloads, NotifyType::ANOTHER_AUTH_FOLLOWS).is_some()
}

/// The word that another proof follows.
pub(super) fn notify() -> Payload {
    Payload::Notify(Notify::new(NotifyType::ANOTHER_AUTH_FOLLOWS, Vec::new()))
}

/// Whether the responder has to look beyond the first exchange.
pub(super) fn concerns(connection: &Connection, message: &Opened<'_>) -> bool {
    !connection.further.is_empty() || follows(message)
}

/// Whether this identity is the one that the next proof has to be of.
pub(super) fn check_identity(entry: &PeerEntry, identity: &Identity) -> Result<(), Failure> {
    if entry.peers.matches(identity) {
        return Ok(());
    }
    let text = format!("{identity} proves itself as well, expected was {}", entry.peers);
    Err(Failure::Authentication(text))
}

/// A peer that wants to prove more than is wanted, or less.
pub(super) fn miscounted(who: &str, wanted: usize, more: bool) -> Failure {
    let found = if more { "wants to prove itself once more" } else { "leaves it at fewer" };
    Failure::Authentication(format!("{who} {found}, expected were {wanted} proofs (RFC 4739)"))
}

/// How far an initiator has come.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) beside: Beside,
    /// Who the responder has proven to be first.
    pub(super) proven: Option<Proven>,
    /// How many of our further proofs have been given.
    given: usize,
    /// How many of the responder's have been taken.
    taken: usize,
    /// Whether its next message brings another one.
    pub(super) announced: bool,
}

impl Progress {
    pub(super) fn new(beside: Beside) -> Self {
        Self { beside, ..Self::default() }
    }

    /// Whether we prove ourselves once more behind the proof at hand: the first, or the further one that is being given.
    pub(super) fn has_more(&self, sa: &IkeSa, first: bool) -> bool {
        let at_hand = if first { 0 } else { self.given + 1 };
        sa.resumption.is_none() && at_hand < sa.connection.further.ours.len()
    }

    /// Takes the further proof of the responder that its last message has announced. Returns who it says it is.
    pub(super) fn take(
        &mut self,
        half_open: HalfOpen<'_>,
        message: &Opened<'_>,
        cx: &Context<'_>,
    ) -> Result<Identification, Failure> {
        let theirs = &half_open.sa.connection.further.theirs;
        let (Some(id), Some(auth)) = (id_of(message, Role::Responder), auth_of(message)) else {
            return Err(refused(message));
        };
        let entry =
            theirs.get(self.taken).ok_or_else(|| miscounted("the responder", theirs.len() + 1, true))?;
        check_identity(entry, &Identity::from_wire(id))?;
        half_open.verify(entry, id, (auth, None), &message.payloads, cx)?;
        self.taken += 1;
        self.announced = follows(message);
        Ok(id.clone())
    }

    /// What follows when the exchange at hand is through, with the responder of this identity.
    pub(super) fn advance(
        self,
        half_open: HalfOpen<'_>,
        id: &Identification,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Next {
        let further = &half_open.sa.connection.further;
        if self.announced && self.taken == further.theirs.len() {
            return Abandon::after(miscounted("the responder", further.theirs.len() + 1, true));
        }
        if self.announced || self.given < further.ours.len() && half_open.sa.resumption.is_none() {
            let next = AnotherAuth { progress: Some(self), id: id.clone(), unable: None };
            let effects = super::ppk::mixed(half_open);
            return Next::Then(Box::new(next), effects);
        }
        if self.taken < further.theirs.len() && half_open.sa.resumption.is_none() {
            return Abandon::after(miscounted("the responder", further.theirs.len() + 1, false));
        }
        match self.proven {
            Some(proven) => establish(half_open, proven, &self.beside, message, cx),
            None => {
                let text = format!("{} does not prove itself", Identity::from_wire(id));
                Abandon::after(Failure::Authentication(text))
            }
        }
    }

    /// The further proof at hand is given.
    pub(super) fn gave(&mut self) {
        self.given += 1;
    }
}

/// The round that begins a further exchange.
struct AnotherAuth {
    progress: Option<Progress>,
    /// Who the responder was in the latest exchange.
    id: Identification,
    /// Why there is no request.
    unable: Option<Failure>,
}

impl AnotherAuth {
    /// The further proof that it gives, if it is for one.
    fn ours<'a>(&self, sa: &'a IkeSa) -> Option<&'a (Identity, Prove)> {
        sa.connection.further.ours.get(self.progress.as_ref()?.given)
    }
}

impl Exchange for AnotherAuth {
    fn describe(&self) -> &'static str {
        "IKE_AUTH"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_AUTH
    }

    fn wish(&self) -> Option<&Wish> {
        self.progress.as_ref()?.beside.wish()
    }

    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let half_open = HalfOpen::of(sa)?;
        let probe = vec![Effect::Report(Event::Probe("ikev2.another-auth.begun"))];
        let Some((identity, prove)) = self.ours(sa) else { return Some((Vec::new(), probe)) };
        let id = identity.to_wire();
        let mut payloads = vec![Payload::IdI(id.clone())];
        if matches!(prove, Prove::Eap { .. }) {
            return Some((payloads, probe));
        }
        match half_open.prove(prove, &id, &half_open.said_by(Role::Responder), cx) {
            Ok(proof) => payloads.extend(proof),
            Err(failure) => {
                self.unable = Some(failure);
                return None;
            }
        }
        let more = self.progress.as_ref().is_some_and(|progress| progress.has_more(sa, false));
        payloads.extend(more.then(notify));
        Some((payloads, probe))
    }

    fn unsent(&mut self) -> Vec<Effect> {
        self.unable.take().map(Effect::Fail).into_iter().collect()
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
        let ours = self.ours(sa);
        let mut progress = self.progress.take().ok_or(Refusal::Ignore(DropReason::Unexpected))?;
        let refusals = [NotifyType::AUTHENTICATION_FAILED, NotifyType::INVALID_SYNTAX];
        if find_error(&message.payloads).is_some_and(|error| refusals.contains(&error.kind)) {
            return Ok(Next::Done(vec![Effect::Fail(refused(message))]));
        }
        let mut id = self.id.clone();
        if progress.announced {
            id = match progress.take(half_open, message, cx) {
                Ok(id) => id,
                Err(failure) => return Ok(Abandon::after(failure)),
            };
        }
        if let Some((identity, prove)) = ours {
            if matches!(prove, Prove::Eap { .. }) {
                let talk = Talk::new((identity, prove), &id, progress, false);
                return Ok(talk.map_or(Next::Done(Vec::new()), |talk| talk.go_on(message, cx)));
            }
            progress.gave();
        }
        Ok(progress.advance(half_open, &id, message, cx))
    }
}

#[cfg(test)]
mod tests;
