//! Deletion of SAs (RFC 7296 §1.4.1, §3.11). Child SAs go in pairs: each end names the SPIs it receives under.
//!
//! ```text
//! SK {D(ESP, our SPI)}   ------->
//!                        <-------   SK {D(ESP, the peer's SPI)}     or SK {} when both deleted at once
//! SK {D(IKE)}            ------->
//!                        <-------   SK {}
//! ```

use ipsec_wire::Spi;
use ipsec_wire::registry::{ExchangeType, ProtocolId};
use ipsec_wire::v2::{Delete, Payload};

use super::{Answer, Company, Exchange, Next};
use crate::collision::{Asked, Reply, reply};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::message::Opened;
use crate::refusal::Refusal;
use crate::sa::{Affair, ChildSa, IkeSa, State};

/// Deletes Child SA pairs.
pub(crate) enum DeleteChild {
    /// The one that we receive under this SPI.
    Pair(Spi),
    /// All of this name.
    Named(String),
    /// One that we did not take when the peer offered it under this SPI of ours.
    Refused(ProtocolId, Spi),
}

impl DeleteChild {
    fn means(&self, child: &ChildSa) -> bool {
        match self {
            Self::Pair(inbound) => child.inbound == *inbound,
            Self::Named(name) => child.name == *name,
            Self::Refused(..) => false,
        }
    }
}

impl Exchange for DeleteChild {
    fn describe(&self) -> &'static str {
        "deletion of a Child SA"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn affair(&self) -> Option<Affair> {
        Some(Affair::DeleteChild)
    }

    fn company(&self) -> Company {
        Company::OneOfAKind
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let meant = sa.children.iter().filter(|child| !child.deleting && self.means(child));
        let mut doomed: Vec<(ProtocolId, Spi)> = meant.map(|child| (child.protocol, child.inbound)).collect();
        let mut effects: Vec<Effect> = doomed.iter().map(|(_, spi)| Effect::MarkDeleting(*spi)).collect();
        if let Self::Refused(protocol, spi) = self {
            doomed.push((*protocol, *spi));
        }
        if !sa.is_established() || doomed.is_empty() {
            return None;
        }
        effects.push(Effect::Begin(Affair::DeleteChild));
        Some((payloads(&doomed), effects))
    }

    /// With or without the peer's halves in it, the response ends the pairs.
    fn response(&mut self, sa: &IkeSa, _: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        let meant = sa.children.iter().filter(|child| child.deleting && self.means(child));
        Ok(Next::Done(meant.map(|child| removal(child, Cause::Deleted)).collect()))
    }
}

/// The end of a child, which is no loss where another one has its place.
fn removal(child: &ChildSa, cause: Cause) -> Effect {
    let cause = if child.retired.is_some() { Cause::Rekeyed } else { cause };
    Effect::RemoveChild { inbound: child.inbound, cause }
}

/// A Delete payload for each protocol that occurs.
fn payloads(doomed: &[(ProtocolId, Spi)]) -> Vec<Payload> {
    let of = |protocol| doomed.iter().filter(move |(own, _)| *own == protocol).map(|(_, spi)| *spi);
    [ProtocolId::ESP, ProtocolId::AH]
        .into_iter()
        .filter(|protocol| of(*protocol).next().is_some())
        .map(|protocol| Payload::Delete(Delete::children(protocol, of(protocol))))
        .collect()
}

/// Deletes the IKE SA, and its children with it.
pub(crate) struct DeleteIke {
    /// Why.
    pub(crate) cause: Cause,
}

impl Exchange for DeleteIke {
    fn describe(&self) -> &'static str {
        "deletion of the IKE SA"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        sa.is_established().then(|| (vec![Payload::Delete(Delete::ike())], vec![Effect::MarkClosing]))
    }

    fn response(&mut self, _: &IkeSa, _: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        Ok(Next::Done(vec![Effect::Close(self.cause.clone())]))
    }

    fn retires(&self) -> bool {
        matches!(self.cause, Cause::Rekeyed | Cause::Expired)
    }
}

/// Answers the deletions in an INFORMATIONAL request.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>) -> Answer {
    let mut effects = Vec::new();
    let mut ours: Vec<(ProtocolId, Spi)> = Vec::new();
    let mut seen: Vec<(ProtocolId, Spi)> = Vec::new();
    for payload in &message.payloads {
        let Payload::Delete(delete) = payload else {
            continue;
        };
        if delete.protocol == ProtocolId::IKE {
            effects.extend(closing(sa));
            return Answer { payloads: Vec::new(), effects };
        }
        for spi in delete.child_spis() {
            if seen.contains(&(delete.protocol, spi)) {
                continue;
            }
            seen.push((delete.protocol, spi));
            let child = sa.child_by_outbound(delete.protocol, spi);
            let decision = reply(Asked::DeleteChild { known: child.is_some() }, sa.doing(child));
            let Some(child) = child else {
                let creating = sa.affairs.iter().any(|affair| affair.makes_child());
                effects.extend(creating.then_some(Effect::NoteStillborn(delete.protocol, spi)));
                continue;
            };
            // Both ends delete the pair at once: neither names its half again, and what we receive under goes with the response
            // to our own request (RFC 7296 §1.4.1).
            if decision == Reply::Nothing {
                effects.push(Effect::Report(Event::Probe("ikev2.child-delete.collision")));
                effects.push(Effect::StopSending(child.inbound));
            } else {
                ours.push((child.protocol, child.inbound));
                effects.push(removal(child, Cause::DeletedByPeer));
            }
        }
    }
    Answer { payloads: payloads(&ours), effects }
}

/// The peer deletes the IKE SA. Where it has made another one to replace it, that one has prevailed over what we asked for
/// (RFC 7296 §2.8.2).
fn closing(sa: &IkeSa) -> Vec<Effect> {
    let mut effects = Vec::new();
    if matches!(sa.state, State::Deleting) {
        effects.push(Effect::Report(Event::Probe("ikev2.ike-delete.collision")));
    } else if !sa.affairs.is_empty() && reply(Asked::DeleteIke, sa.doing(None)) == Reply::Forget {
        effects.push(Effect::Report(Event::Probe("ikev2.ike-delete.forgets")));
    }
    let rival = sa.rival.as_ref().filter(|_| sa.heir.is_none());
    effects.extend(rival.map(|rival| Effect::Bequeath(rival.spi)));
    let replaced = sa.heir.is_some() || rival.is_some() || sa.waits;
    effects.push(Effect::Close(if replaced { Cause::Rekeyed } else { Cause::DeletedByPeer }));
    effects
}
