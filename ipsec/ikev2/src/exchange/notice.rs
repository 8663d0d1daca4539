//! Something that the peer is told, in an INFORMATIONAL exchange of its own (RFC 7296 §1.4): how many requests we take at once, a
//! message ID or an SPI that we do not know, a packet that its SA is not for.
//!
//! ```text
//! SK {N(SET_WINDOW_SIZE)}  ------->
//!                          <-------   SK {}
//! ```

use ipsec_wire::Spi;
use ipsec_wire::registry::{ExchangeType, NotifyType, ProtocolId};
use ipsec_wire::v2::{Notify, Payload};

use super::{Company, Exchange, Next};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::{Opened, find_notify};
use crate::refusal::Refusal;
use crate::sa::IkeSa;

/// The teller's half; the other one is an empty answer.
pub(crate) struct Notice {
    payloads: Vec<Payload>,
    probe: &'static str,
}

impl Notice {
    /// Tells these; `probe` names what is told.
    pub(crate) fn new(payloads: Vec<Payload>, probe: &'static str) -> Self {
        Self { payloads, probe }
    }

    /// An SPI under which the peer sends and that we do not know (RFC 7296 §1.5).
    pub(crate) fn invalid_spi(spi: Spi) -> Self {
        let notify = Notify::new(NotifyType::INVALID_SPI, spi.0.to_be_bytes().to_vec());
        Self::new(vec![Payload::Notify(notify)], "ikev2.invalid-spi.sent")
    }

    /// A packet that came under this SPI and that the child is not for, by its beginning (RFC 7296 §3.10.1).
    pub(crate) fn invalid_selectors(protocol: ProtocolId, spi: Spi, head: &[u8]) -> Self {
        let (spi, kind) = (spi.0.to_be_bytes().to_vec(), NotifyType::INVALID_SELECTORS);
        let notify = Notify { protocol, spi, kind, data: head.to_vec() };
        Self::new(vec![Payload::Notify(notify)], "ikev2.invalid-selectors.sent")
    }

    /// A message ID ahead of what we take (RFC 7296 §2.3).
    pub(crate) fn invalid_message_id(message_id: u32) -> Self {
        let notify = Notify::new(NotifyType::INVALID_MESSAGE_ID, message_id.to_be_bytes().to_vec());
        Self::new(vec![Payload::Notify(notify)], "ikev2.invalid-message-id.sent")
    }
}

impl Exchange for Notice {
    fn describe(&self) -> &'static str {
        "notice"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let probe = vec![Effect::Report(Event::Probe(self.probe))];
        sa.is_established().then(|| (self.payloads.clone(), probe))
    }

    fn response(&mut self, _: &IkeSa, _: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        Ok(Next::Done(Vec::new()))
    }

    fn company(&self) -> Company {
        Company::Any
    }
}

/// What is told of a notice of the peer's, such as that it does not know an SPI under which we send. None changes an SA
/// (RFC 7296 §2.21.4).
pub(crate) fn received(sa: &IkeSa, notify: &Notify) -> Vec<Effect> {
    let met = |probe| Effect::Report(Event::Probe(probe));
    match notify.kind {
        NotifyType::INVALID_MESSAGE_ID => vec![met("ikev2.invalid-message-id.received")],
        NotifyType::INVALID_SELECTORS => {
            let spi = <[u8; 4]>::try_from(notify.spi.as_slice()).map(|spi| Spi(u32::from_be_bytes(spi)));
            let child = spi.ok().and_then(|spi| sa.child_by_outbound(notify.protocol, spi));
            // Whoever says so has dropped a packet of ours; nothing is to be done about that here.
            vec![met(match child {
                Some(_) => "ikev2.invalid-selectors.received",
                None => "ikev2.invalid-selectors.unknown",
            })]
        }
        NotifyType::INVALID_SPI => vec![met("ikev2.invalid-spi.received")],
        _ => Vec::new(),
    }
}

/// How many requests the sender of a message takes at once, if it says so (RFC 7296 §2.3).
pub(crate) fn window_size(payloads: &[Payload]) -> Option<u32> {
    let size = find_notify(payloads, NotifyType::SET_WINDOW_SIZE)?;
    <[u8; 4]>::try_from(size.data.as_slice()).ok().map(u32::from_be_bytes)
}
