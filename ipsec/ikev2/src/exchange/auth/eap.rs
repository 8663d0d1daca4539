//! The initiator's rounds of `IKE_AUTH` with EAP (RFC 7296 §2.16): one for each EAP packet, and the last for AUTH.

use ipsec_auth::eap::{EapDiscard, EapPeer, EapSuccess, PeerStep};
use ipsec_auth::{Authenticate, Identity, PeerEntry, Prove};
use ipsec_wire::registry::ExchangeType;
use ipsec_wire::v2::{Identification, Payload};

use super::abandon::Abandon;
use super::another::{self, Progress};
use super::bounds::Bounds;
use super::initiator::refused;
use super::{HalfOpen, auth_of, eap_of, ppk};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::{Exchange, Next};
use crate::message::Opened;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Role};

/// What an initiator carries from round to round.
pub(super) struct Talk {
    peer: EapPeer,
    /// Who we say we are.
    own: Identification,
    /// Who the responder is; by certificate or key, unless EAP alone has to prove it.
    id: Identification,
    /// Whether it is part of the first exchange.
    first: bool,
    progress: Progress,
    bounds: Bounds,
}

impl Talk {
    /// A talk with the responder of this identity; nothing if EAP is not how we prove ourselves.
    pub(super) fn new(
        (own, prove): (&Identity, &Prove),
        id: &Identification,
        progress: Progress,
        first: bool,
    ) -> Option<Self> {
        let Prove::Eap { user, password, methods } = prove else {
            return None;
        };
        let peer = EapPeer::new(user, password.clone(), methods.clone());
        let (own, id) = (own.to_wire(), id.clone());
        Some(Self { peer, own, id, first, progress, bounds: Bounds::default() })
    }

    /// What follows a message that has to bring the responder's next packet.
    pub(super) fn go_on(mut self, message: &Opened<'_>, cx: &mut Context<'_>) -> Next {
        let Some(packet) = eap_of(&message.payloads) else {
            return Next::Done(vec![Effect::Fail(refused(message))]);
        };
        if let Err(failure) = self.bounds.admit(packet) {
            return Abandon::after(failure);
        }
        match self.peer.handle(packet, cx.entropy) {
            Ok(PeerStep::Respond { packet, .. }) => {
                Next::Then(Box::new(EapRound { talk: Some(self), packet }), Vec::new())
            }
            Ok(PeerStep::Succeeded(success)) => {
                let probe = vec![Effect::Report(Event::Probe("ikev2.eap.success"))];
                Next::Then(Box::new(LastRound { talk: Some(self), success }), probe)
            }
            Ok(PeerStep::Failed(why)) => {
                let failure = Failure::Authentication(format!("EAP: {why}"));
                match super::is_failure(packet) {
                    true => Next::Done(vec![
                        Effect::Report(Event::Probe("ikev2.eap.failure")),
                        Effect::Fail(failure),
                    ]),
                    false => Abandon::after(failure),
                }
            }
            Err(why) => Abandon::after(discarded(&why)),
        }
    }
}

fn discarded(why: &EapDiscard) -> Failure {
    Failure::Authentication(format!("EAP: {why}"))
}

/// A round that carries a packet of EAP.
struct EapRound {
    talk: Option<Talk>,
    packet: Vec<u8>,
}

impl Exchange for EapRound {
    fn describe(&self) -> &'static str {
        "IKE_AUTH"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_AUTH
    }

    fn request(&mut self, _sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        Some((vec![Payload::Eap(self.packet.clone())], Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let mut talk = self.talk.take().ok_or(Refusal::Ignore(DropReason::Unexpected))?;
        if talk.progress.announced {
            let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
            match talk.progress.take(half_open, message, cx) {
                Ok(id) => talk.id = id,
                Err(failure) => return Ok(Abandon::after(failure)),
            }
        }
        Ok(talk.go_on(message, cx))
    }
}

/// The round after Success, in which both ends show the key that EAP made.
struct LastRound {
    talk: Option<Talk>,
    success: EapSuccess,
}

impl Exchange for LastRound {
    fn describe(&self) -> &'static str {
        "IKE_AUTH"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_AUTH
    }

    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let talk = self.talk.as_ref()?;
        let half_open = HalfOpen::of(sa)?;
        let (provider, cx) = (cx.provider, &*cx);
        let shown =
            |half_open: HalfOpen<'_>| Ok(vec![half_open.prove_after_eap(&self.success, &talk.own, cx)]);
        let proofs = match talk.first {
            true => ppk::proofs(half_open, provider, shown),
            false => shown(half_open),
        };
        let mut payloads = proofs.ok()?;
        payloads.extend(talk.progress.has_more(sa, talk.first).then(another::notify));
        Some((payloads, Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let half_open = HalfOpen::of(sa).ok_or(Refusal::Ignore(DropReason::State))?;
        let Some(auth) = auth_of(message) else {
            return Ok(Next::Done(vec![Effect::Fail(refused(message))]));
        };
        let Talk { id, mut progress, first, .. } =
            self.talk.take().ok_or(Refusal::Ignore(DropReason::Unexpected))?;
        let mixed = match if first { ppk::answered(half_open, message, cx) } else { Ok(None) } {
            Ok(mixed) => mixed,
            Err(failure) => return Ok(Abandon::after(failure)),
        };
        let half_open = HalfOpen { ppk: mixed.as_ref(), ..half_open };
        let id = &id;
        let proven = match cx.peers.of(&sa.connection.name) {
            Some(entry @ PeerEntry { authenticate: Authenticate::EapOnly, .. }) => {
                half_open.verify(entry, id, (auth, Some(&self.success)), &message.payloads, cx)
            }
            // Who it is has been proven in the first round.
            _ => {
                let (octets, prf) =
                    (half_open.signed_octets(Role::Responder, id), half_open.crypto.suite.prf);
                let identity = Identity::from_wire(id);
                let proven = self.success.verify(cx.provider, prf, &octets, auth, identity.clone());
                proven.map_err(|why| Failure::Authentication(format!("{identity} after EAP: {why}")))
            }
        };
        match proven {
            Ok(proven) => {
                progress.proven.get_or_insert(proven);
                progress.announced = another::follows(message);
                if !first {
                    progress.gave();
                }
                Ok(progress.advance(half_open, id, message, cx))
            }
            Err(failure) => Ok(Abandon::after(failure)),
        }
    }
}
