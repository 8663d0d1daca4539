//! Redirect (RFC 5685): a gateway sends an initiator on to another one, in its `IKE_SA_INIT` response (§3), in its
//! `IKE_AUTH` response (§6), or later (§5).
//!
//! ```text
//! SA KE Ni N(REDIRECT_SUPPORTED)   ------->
//!                                  <-------   N(REDIRECT: gateway, Ni), and nothing is kept
//! SK {…}                           <-------   SK {N(REDIRECT: gateway)}, on an established IKE SA
//!                                  ------->   SK {}, and soon a Delete
//! ```

use std::net::IpAddr;

use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use super::init::InitAnswer;
use super::{Exchange, Next};
use crate::config::{Connection, RedirectTime};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::features::Features;
use crate::gateway::Gateway;
use crate::message::{Opened, find_notify};
use crate::refusal::{DropReason, Refusal};
use crate::sa::IkeSa;

/// The notify that names another gateway; `nonce` is the initiator's, in `IKE_SA_INIT`, or empty.
pub(crate) fn notify(to: &Gateway, nonce: &[u8]) -> Payload {
    Payload::Notify(Notify::new(NotifyType::REDIRECT, to.encode(nonce)))
}

/// The notify that tells a gateway who sent us to it.
pub(super) fn notify_from(from: IpAddr) -> Payload {
    let data = Gateway::Address(from).encode(&[]);
    Payload::Notify(Notify::new(NotifyType::REDIRECTED_FROM, data))
}

/// The `IKE_SA_INIT` response that sends an initiator on, where the first of the connections wants that.
pub(super) fn instead(connections: &[&Connection], nonce: &[u8], message: &Opened<'_>) -> Option<InitAnswer> {
    let policy =
        connections.first()?.redirect.as_ref().filter(|policy| policy.during == RedirectTime::Init)?;
    let follows = Features::of(&message.payloads).redirect;
    let events = vec![Event::Probe("ikev2.redirect.sent")];
    follows.then(|| InitAnswer::Stateless(vec![notify(&policy.to, nonce)], events))
}

/// Where an `IKE_SA_INIT` response sends us, if it does: its nonce data has to be the nonce that we sent.
pub(super) fn in_init(sa: &IkeSa, nonce: &[u8], message: &Opened<'_>) -> Option<Result<Gateway, Refusal>> {
    let notify = find_notify(&message.payloads, NotifyType::REDIRECT)?;
    let named = Gateway::decode(&notify.data).filter(|(_, theirs)| *theirs == nonce);
    Some(match named {
        Some((to, _)) if sa.connection.follows_redirects => Ok(to),
        Some(_) => Err(Refusal::Ignore(DropReason::Unprotected)),
        None => Err(Refusal::Ignore(DropReason::RedirectNonce)),
    })
}

/// Where a protected message sends us, if it does and may: only a responder redirects, and only us who follow.
pub(super) fn in_session(sa: &IkeSa, message: &Opened<'_>) -> Option<Effect> {
    let notify = find_notify(&message.payloads, NotifyType::REDIRECT)?;
    let named = Gateway::decode(&notify.data).filter(|(_, nonce)| nonce.is_empty());
    let follows = sa.connection.follows_redirects && sa.begun_here;
    Some(match named {
        Some((to, _)) if follows => Effect::Redirect(to),
        _ => Effect::Report(Event::Probe("ikev2.redirect.ignored")),
    })
}

/// Sends the initiator of an established IKE SA to another gateway.
pub(crate) struct Redirect {
    pub(crate) to: Gateway,
}

impl Exchange for Redirect {
    fn describe(&self) -> &'static str {
        "redirect"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let supported = !sa.begun_here && sa.features.redirect;
        let payloads = vec![notify(&self.to, &[])];
        (sa.is_established() && supported).then(|| (payloads, Vec::new()))
    }

    fn response(&mut self, _: &IkeSa, _: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        Ok(Next::Done(vec![Effect::Report(Event::Probe("ikev2.redirect.acknowledged"))]))
    }
}
