//! A member of a cluster that has taken over sets the counters of an IKE SA right (RFC 6311 §5). The session answers in the peer's
//! place: message IDs are its own.
//!
//! ```text
//! message ID 0   SK {N(IKEV2_MESSAGE_ID_SYNC) [N(IPSEC_REPLAY_COUNTER_SYNC)]}   ------->
//!                                                      <-------   SK {N(IKEV2_MESSAGE_ID_SYNC)}
//! or, with a message ID as usual, where only sequence numbers are concerned
//!                SK {N(IPSEC_REPLAY_COUNTER_SYNC)}   ------->
//!                                                    <-------   SK {}
//! ```

use ipsec_wire::Spi;
use ipsec_wire::registry::ExchangeType;
use ipsec_wire::v2::Payload;

use super::{Exchange, Next, rekey_child};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::failover::{self, Counters, Known};
use crate::message::Opened;
use crate::refusal::{DropReason, Refusal};
use crate::sa::IkeSa;

/// The member's half.
pub(crate) struct Synchronise {
    /// The message IDs that it proposes, where the peer takes them.
    proposed: Option<Counters>,
}

impl Synchronise {
    /// What has to be set right on an IKE SA of which this is known, and whose peer takes so many requests at once; nothing where
    /// that was not agreed.
    pub(crate) fn new(sa: &IkeSa, known: &Known, window: u32, cx: &mut Context<'_>) -> Option<Self> {
        let agreed = sa.features.synchronises;
        let proposed = agreed.message_ids.then(|| {
            let mut nonce = [0; 4];
            cx.entropy.fill(&mut nonce);
            Counters::proposed(nonce, known, window)
        });
        (agreed.message_ids || agreed.replay_counters).then_some(Self { proposed })
    }

    /// What the member goes on with until the peer answers.
    pub(crate) fn proposed(&self) -> Option<Counters> {
        self.proposed
    }
}

impl Exchange for Synchronise {
    fn describe(&self) -> &'static str {
        "synchronisation after a failover"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn fixed_message_id(&self) -> Option<u32> {
        self.proposed.map(|_| 0)
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let mut payloads: Vec<Payload> = self.proposed.map(Counters::notify).into_iter().collect();
        payloads.extend(failover::skip(sa).filter(|_| sa.features.synchronises.replay_counters));
        let probe = vec![Effect::Report(Event::Probe("ikev2.failover.asked"))];
        (sa.is_established() && !payloads.is_empty()).then_some((payloads, probe))
    }

    /// The SAs that have skipped numbers get new keys, before numbers run out (§5.2).
    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let mut effects = vec![Effect::Report(Event::Probe("ikev2.failover.answered"))];
        if let Some(proposed) = self.proposed {
            let counters = Counters::of(&message.payloads).filter(|counters| counters.answers(proposed));
            let counters = counters.ok_or(Refusal::Ignore(DropReason::Synchronisation))?;
            effects.push(Effect::Synchronise(counters.mirrored()));
        }
        let is_rekeyed = |name: &str| sa.child_config(name).is_some_and(|config| config.rekey);
        let current = sa.children.iter().filter(|child| child.is_current() && is_rekeyed(&child.name));
        let old: Vec<Spi> = current.map(|child| child.inbound).collect();
        let exchanges = old.into_iter().filter_map(|old| rekey_child::begin(sa, old, cx));
        effects.extend(exchanges.map(|exchange| Effect::Queue(Box::new(exchange))));
        Ok(Next::Done(effects))
    }
}
