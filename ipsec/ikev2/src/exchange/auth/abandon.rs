//! The word that the responder's proof was refused: it believes that all is well, and has to be told (RFC 7296 §2.21.2).

use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use crate::context::Context;
use crate::effect::Effect;
use crate::exchange::{Answer, Exchange, Next};
use crate::message::{Opened, find_error};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::IkeSa;

/// Tells the responder that its proof was refused, and ends the IKE SA.
pub(super) struct Abandon {
    failure: Failure,
}

impl Abandon {
    /// What follows a proof that is refused for this reason.
    pub(super) fn after(failure: Failure) -> Next {
        Next::Then(Box::new(Self { failure }), Vec::new())
    }
}

/// Hears an initiator that refuses our proof while it is not established here, as it may in a conversation of EAP.
pub(crate) fn hear(_: &IkeSa, message: &Opened<'_>, _: &mut Context<'_>) -> Result<Answer, Refusal> {
    match find_error(&message.payloads).map(|notify| notify.kind) {
        Some(NotifyType::AUTHENTICATION_FAILED) => {
            let failure =
                Failure::Authentication("the initiator refused our identity or its proof".to_owned());
            Ok(Answer { payloads: Vec::new(), effects: vec![Effect::Fail(failure)] })
        }
        _ => Err(Refusal::Ignore(DropReason::State)),
    }
}

impl Exchange for Abandon {
    fn describe(&self) -> &'static str {
        "AUTHENTICATION_FAILED notice"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, _sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let notify = Notify::new(NotifyType::AUTHENTICATION_FAILED, Vec::new());
        Some((vec![Payload::Notify(notify)], Vec::new()))
    }

    fn response(&mut self, _: &IkeSa, _: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        Ok(Next::Done(vec![Effect::Fail(self.failure.clone())]))
    }

    fn given_up(&mut self) -> Failure {
        self.failure.clone()
    }
}
