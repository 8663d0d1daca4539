//! Is the peer alive? An empty INFORMATIONAL exchange (RFC 7296 §2.4); with MOBIKE it asks where we are seen, too.
//!
//! ```text
//! SK {}        ------->
//!              <-------   SK {}
//! ```

use ipsec_wire::registry::ExchangeType;
use ipsec_wire::v2::Payload;

use super::{Company, Exchange, Next, mobility};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::Opened;
use crate::refusal::Refusal;
use crate::sa::IkeSa;

/// The asker's half; the other one is an empty answer.
pub(crate) struct LivenessExchange;

impl Exchange for LivenessExchange {
    fn describe(&self) -> &'static str {
        "liveness check"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let probe = vec![Effect::Report(Event::Probe("ikev2.liveness.asked"))];
        sa.is_established().then(|| (mobility::asks_for_mapping(sa), probe))
    }

    fn company(&self) -> Company {
        Company::Any
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        let mut effects = vec![Effect::Report(Event::Probe("ikev2.liveness.answered"))];
        effects.extend(mobility::mapping_changed(sa, message));
        Ok(Next::Done(effects))
    }
}
