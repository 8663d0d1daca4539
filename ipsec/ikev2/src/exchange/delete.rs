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

use super::{Answer, Exchange, Next};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::message::Opened;
use crate::refusal::Refusal;
use crate::sa::{IkeSa, State};

/// Deletes the Child SA pair that we receive under this SPI.
pub(crate) struct DeleteChild {
    pub(crate) inbound: Spi,
}

impl Exchange for DeleteChild {
    fn describe(&self) -> &'static str {
        "deletion of a Child SA"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let child = sa.children.iter().find(|child| child.inbound == self.inbound)?;
        if !sa.is_established() || child.deleting {
            return None;
        }
        let payload = Payload::Delete(Delete::children(child.protocol, [self.inbound]));
        Some((vec![payload], vec![Effect::MarkDeleting(self.inbound)]))
    }

    /// With or without the peer's half in it, the response ends the pair.
    fn response(&mut self, _: &IkeSa, _: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        Ok(Next::Done(vec![Effect::RemoveChild { inbound: self.inbound, cause: Cause::Deleted }]))
    }
}

/// Deletes the IKE SA, and its children with it.
pub(crate) struct DeleteIke;

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
        Ok(Next::Done(vec![Effect::Close(Cause::Deleted)]))
    }
}

/// Answers the deletions in an INFORMATIONAL request.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>) -> Answer {
    let mut effects = Vec::new();
    let mut ours: Vec<(ProtocolId, Spi)> = Vec::new();
    for payload in &message.payloads {
        let Payload::Delete(delete) = payload else {
            continue;
        };
        if delete.protocol == ProtocolId::IKE {
            if matches!(sa.state, State::Deleting) {
                effects.push(Effect::Report(Event::Probe("ikev2.ike-delete.collision")));
            }
            effects.push(Effect::Close(Cause::DeletedByPeer));
            return Answer { payloads: Vec::new(), effects };
        }
        for spi in delete.child_spis() {
            let Some(child) = sa.child_by_outbound(delete.protocol, spi) else {
                continue;
            };
            // Both ends delete the pair at once: neither names its half again (RFC 7296 §1.4.1).
            if child.deleting {
                effects.push(Effect::Report(Event::Probe("ikev2.child-delete.collision")));
            } else if !ours.contains(&(child.protocol, child.inbound)) {
                ours.push((child.protocol, child.inbound));
            } else {
                continue;
            }
            effects.push(Effect::RemoveChild { inbound: child.inbound, cause: Cause::DeletedByPeer });
        }
    }
    let of = |protocol| ours.iter().filter(move |(own, _)| *own == protocol).map(|(_, spi)| *spi);
    let payloads = [ProtocolId::ESP, ProtocolId::AH]
        .into_iter()
        .filter(|protocol| of(*protocol).next().is_some())
        .map(|protocol| Payload::Delete(Delete::children(protocol, of(protocol))))
        .collect();
    Answer { payloads, effects }
}
