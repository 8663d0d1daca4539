//! Replacement of a Child SA (RFC 7296 §1.3.3, §2.8, §2.8.1): a new pair is made, then the old one deleted by who began. The
//! exchange is that of a new child with REKEY_SA in front; here is what differs.
//!
//! ```text
//! SK {N(REKEY_SA, our old SPI) SA Ni [KEi] TSi TSr}   ------->
//!                                                     <-------   SK {SA Nr [KEr] TSi TSr}, or SK {N(TEMPORARY_FAILURE |
//!                                                                CHILD_SA_NOT_FOUND | …)}
//! SK {D(our old SPI)}                                 ------->
//!                                                     <-------   SK {D(the peer's old SPI)}
//! ```

use ipsec_wire::Spi;
use ipsec_wire::registry::{NotifyType, ProtocolId};
use ipsec_wire::v2::{Notify, Payload};

use super::child::Wish;
use super::create_child::{self, CreateChild};
use super::retry::temporary_failure;
use super::{Answer, Next, followup};
use crate::collision::{Asked, End, Reply, reply, survivor};
use crate::context::Context;
use crate::effect::{Effect, NewChild};
use crate::event::{Cause, Event};
use crate::message::Opened;
use crate::negotiate;
use crate::refusal::{Failure, Refusal};
use crate::sa::{Affair, ChildSa, IkeSa, Making, Rival};

/// Both ends replace the same child.
const COLLISION: &str = "ikev2.child-rekey.collision";

/// The notify that names the child to replace by the SPI under which its sender receives.
pub(super) fn notify(child: &ChildSa) -> Payload {
    Payload::Notify(about(NotifyType::REKEY_SA, child.protocol, child.inbound.0.to_be_bytes().to_vec()))
}

fn about(kind: NotifyType, protocol: ProtocolId, spi: Vec<u8>) -> Notify {
    Notify { protocol, spi, kind, data: Vec::new() }
}

/// What the initiator does once the new pair is there: which of the pairs go, and the one that it deletes itself. Where the
/// peer has replaced the same child meanwhile, the four nonces decide.
pub(super) fn sequel(sa: &IkeSa, old: Spi, mut child: NewChild) -> (Vec<Effect>, Spi) {
    let new = child.record.inbound;
    let mut effects = Vec::new();
    let doomed = match &sa.rival_child {
        None => old,
        Some(rival) => match survivor(&child.nonces, &rival.nonces) {
            End::Ours => {
                effects.push(Effect::Retire { inbound: rival.spi, by: End::Theirs });
                old
            }
            End::Theirs => {
                child.pair.yields = true;
                new
            }
        },
    };
    effects.push(Effect::AddChild(Box::new(child)));
    effects.push(Effect::Retire { inbound: doomed, by: End::Ours });
    (effects, doomed)
}

/// What comes where additional key exchanges are to follow for the new pair, and the peer may be replacing the same child.
pub(super) fn follow(sa: &IkeSa, old: Spi, ours: &[Vec<u8>; 2], cx: &Context<'_>) -> Next {
    let is_same = |making: &Making| matches!(making, Making::Child(agreed) if agreed.replaces() == Some(old));
    let made = sa.rival_child.as_ref().map(|rival| &rival.nonces);
    let agreed = followup::agreed_with_peer(sa, cx.now, is_same);
    followup::begin(ours, &agreed, made, Affair::FollowChild(old), COLLISION)
}

/// Whether the new selectors cover those in use, which they must not be narrower than (RFC 7296 §2.9.2).
pub(super) fn covers(old: &ChildSa, child: &NewChild) -> Result<(), Failure> {
    let record = &child.record;
    let covered =
        negotiate::subset(&old.local, &record.local) && negotiate::subset(&old.remote, &record.remote);
    if covered {
        return Ok(());
    }
    Err(Failure::Selectors(format!(
        "{} === {} is narrower than {} === {}, which is in use",
        negotiate::show(&record.local),
        negotiate::show(&record.remote),
        negotiate::show(&old.local),
        negotiate::show(&old.remote)
    )))
}

/// What the initiator does when the peer does not have the child: one that both replaced at once is gone by right, another
/// one is forgotten here, too, and made anew (RFC 7296 §2.8.1, §2.25).
pub(super) fn not_found(sa: &IkeSa, old: Spi) -> (Vec<Effect>, bool) {
    let mut effects = vec![Effect::Report(Event::Probe("ikev2.child-not-found.received"))];
    let lost = sa.child(old).is_some_and(ChildSa::is_current);
    if lost {
        let cause = Cause::Failed(Failure::Refused(NotifyType::CHILD_SA_NOT_FOUND));
        effects.push(Effect::RemoveChild { inbound: old, cause });
    }
    (effects, lost)
}

/// Answers the peer's wish to replace the child that `notify` names.
pub(super) fn answer(
    sa: &IkeSa,
    notify: &Notify,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let octets = <[u8; 4]>::try_from(notify.spi.as_slice()).ok();
    let spi = octets.map(|octets| Spi(u32::from_be_bytes(octets)));
    let child = spi.and_then(|spi| sa.child_by_outbound(notify.protocol, spi));
    let decision = reply(Asked::RekeyChild { known: child.is_some() }, sa.doing(child));
    match (decision, child) {
        (Reply::TemporaryFailure, _) => Ok(temporary_failure()),
        (Reply::Usual | Reply::Collision, Some(child)) => {
            let mut answer = create_child::answer_with(sa, message, Some(child), cx)?;
            note_rival(decision, &mut answer.effects);
            Ok(answer)
        }
        _ => {
            let notify = about(NotifyType::CHILD_SA_NOT_FOUND, notify.protocol, notify.spi.clone());
            let effects = vec![Effect::Report(Event::Probe("ikev2.child-not-found.sent"))];
            Ok(Answer { payloads: vec![Payload::Notify(notify)], effects })
        }
    }
}

/// Adds to the effects that make a child of the peer's that it meets one of ours, where that is so.
pub(super) fn note_rival(decision: Reply, effects: &mut Vec<Effect>) {
    let rival = effects.iter().find_map(|effect| match effect {
        Effect::AddChild(new) if decision == Reply::Collision => {
            Some(Rival { spi: new.record.inbound, nonces: new.nonces.clone() })
        }
        _ => None,
    });
    if let Some(rival) = rival {
        effects.push(Effect::NoteRival(rival));
        effects.push(Effect::Report(Event::Probe(COLLISION)));
    }
}

/// The exchange that replaces a child, if it is there and stays.
pub(crate) fn begin(sa: &IkeSa, old: Spi, cx: &mut Context<'_>) -> Option<CreateChild> {
    let child = sa.child(old).filter(|child| child.is_current())?;
    let mut config = sa.child_config(&child.name)?;
    if config.transport && sa.path.nat.is_there() {
        // Transport mode through NAT is between two hosts, whatever else the configuration allows (RFC 7296 §2.23.1).
        (config.local, config.remote) = (negotiate::ranges(&child.local), negotiate::ranges(&child.remote));
    }
    let wish = Wish { resource: child.resource, ..Wish::of(&child.name) };
    Some(CreateChild::new(config, wish, Some(old), cx))
}

#[cfg(test)]
mod tests;
