//! What `IKE_AUTH` asks for and grants beside proof (RFC 7296 §1.2, §2.19): what the initiator
//! is told of the network inside, and the first child.

use ipsec_auth::Identity;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use super::child::{self, ChildOffer, Secrets, Wish};
use super::create_child::CreateChild;
use super::delete::DeleteChild;
use super::{Answer, Next, configuration, create_child};
use crate::config::{Childless, Connection};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::{Opened, find_notify};
use crate::refusal::{Failure, Refusal};
use crate::sa::{IkeSa, Supersession};

/// What the initiator asks for.
#[derive(Default)]
pub(crate) struct Beside {
    child: Option<ChildOffer>,
}

impl Beside {
    pub(crate) fn new(sa: &IkeSa, child: Option<Wish>, cx: &mut Context<'_>) -> Self {
        let offer = |wish: Wish| {
            let config = wish.config(sa)?;
            Some(ChildOffer::new(config, wish, false, cx))
        };
        Self { child: child.and_then(offer) }
    }

    /// The child, if one is asked for.
    pub(crate) fn wish(&self) -> Option<&Wish> {
        self.child.as_ref().map(ChildOffer::wish)
    }

    /// What stands behind AUTH.
    pub(crate) fn payloads(&self, sa: &IkeSa) -> Vec<Payload> {
        let mut payloads: Vec<Payload> = configuration::request(sa).into_iter().collect();
        if let Some(child) = &self.child {
            payloads.extend(child.terms());
            payloads.extend(child.payloads());
        }
        payloads
    }

    /// What the response brings beside these effects, and what is to be asked next.
    pub(crate) fn conclude(
        &self,
        sa: &IkeSa,
        secrets: Secrets<'_>,
        message: &Opened<'_>,
        mut effects: Vec<Effect>,
        cx: &mut Context<'_>,
    ) -> Next {
        let mut addresses = Vec::new();
        if !sa.connection.asks.is_empty() {
            let inside = configuration::told(message).unwrap_or_default();
            addresses.clone_from(&inside.addresses);
            effects.push(Effect::Configure(inside));
        }
        let Some(offer) = &self.child else { return Next::Done(effects) };
        let concluded = offer
            .conclude(sa, secrets, message, None, cx)
            .and_then(|child| offer.check_assigned(&addresses, &child).map(|()| child));
        let failure = match concluded {
            Ok(child) => {
                effects.push(Effect::AddChild(Box::new(child)));
                return Next::Done(effects);
            }
            Err(failure) => failure,
        };
        if let Some((next, effect)) = CreateChild::after_refusal_in_auth(offer, message, cx) {
            effects.push(effect);
            return Next::Then(next, effects);
        }
        effects.push(offer.failed(failure));
        if child::is_asked_for(message) {
            // There is an answer: the responder believes that the child is there.
            let (protocol, spi) = offer.promised();
            return Next::Then(Box::new(DeleteChild::Refused(protocol, spi)), effects);
        }
        match create_child::after_auth(offer, cx) {
            Some((again, wait)) => Next::Later(again, wait, effects),
            None => Next::Done(effects),
        }
    }
}

/// What the responder grants to this peer.
///
/// # Errors
/// When what it asks for is malformed.
pub(crate) fn answer(
    connection: &Connection,
    identity: &Identity,
    sa: &IkeSa,
    message: &Opened<'_>,
    secrets: Secrets<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let mut answer = Answer { payloads: Vec::new(), effects: Vec::new() };
    let mut addresses = Vec::new();
    if let Some(assigns) = &connection.assigns {
        let contact = find_notify(&message.payloads, NotifyType::INITIAL_CONTACT).is_some();
        let comes_anew = Supersession::of(connection.unique, sa.role, identity, contact).is_some();
        match configuration::grant(assigns, (identity, comes_anew), message, cx) {
            Ok(None) => {}
            Ok(Some((reply, inside))) => {
                addresses.clone_from(&inside.addresses);
                answer.payloads.push(reply);
                answer.effects.push(Effect::Assign(inside, identity.clone()));
            }
            Err(kind) => return Ok(without_address(connection, kind, message)),
        }
    }
    if !child::is_asked_for(message) {
        return Ok(answer);
    }
    if connection.childless == Childless::Require {
        return Ok(without_child(answer, connection));
    }
    let child = child::answer(
        connection,
        sa,
        child::Asker { identity: Some(identity), addresses: &addresses },
        message,
        secrets,
        cx,
    );
    match child {
        Ok(child) => {
            answer.payloads.extend(child.payloads);
            answer.effects.extend(child.effects);
        }
        // There is no IKE SA then, either (RFC 7296 §2.21.2).
        Err((notify, _, failure)) if notify.kind == NotifyType::INVALID_SYNTAX => {
            return Err(Refusal::Close(notify, failure));
        }
        Err((notify, child, failure)) => {
            answer.payloads.push(Payload::Notify(notify));
            answer.effects.push(Effect::Report(Event::ChildFailed { child, failure }));
        }
    }
    Ok(answer)
}

/// The child has to come in an exchange of its own (RFC 6023 §3); what else was asked for is granted.
fn without_child(mut answer: Answer, connection: &Connection) -> Answer {
    let kind = NotifyType::NO_ADDITIONAL_SAS;
    let failure = Failure::Limit(format!("{kind}: children come in exchanges of their own (RFC 6023)"));
    answer.payloads.push(Payload::Notify(Notify::new(kind, Vec::new())));
    answer.effects.push(Effect::Report(Event::Probe("ikev2.childless.required")));
    answer.effects.push(failed(connection, failure));
    answer
}

/// A child that is refused before it is known which one is meant.
fn failed(connection: &Connection, failure: Failure) -> Effect {
    let child = connection.children.first().map_or_else(String::new, |child| child.name.clone());
    Effect::Report(Event::ChildFailed { child, failure })
}

/// There is no address, and so no child; the IKE SA comes all the same (RFC 7296 §1.2, §3.15.4).
fn without_address(connection: &Connection, kind: NotifyType, message: &Opened<'_>) -> Answer {
    let why = match kind {
        NotifyType::INTERNAL_ADDRESS_FAILURE => "no pool has an address left for it",
        _ => "it has to ask for an address to get a child",
    };
    let mut effects = vec![Effect::Report(Event::Probe("ikev2.address.refused"))];
    if child::is_asked_for(message) {
        effects.push(failed(connection, Failure::Limit(format!("{kind}: {why}"))));
    }
    Answer { payloads: vec![Payload::Notify(Notify::new(kind, Vec::new()))], effects }
}
