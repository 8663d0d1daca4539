//! TEMPORARY_FAILURE (RFC 7296 §2.25): said where a request meets what we are doing, and waited out where the peer says it.

use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use super::delete::DeleteIke;
use super::{Answer, Exchange, Next};
use crate::collision;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::refusal::Failure;

/// The answer to a request that has to come again.
pub(crate) fn temporary_failure() -> Answer {
    Answer {
        payloads: vec![Payload::Notify(Notify::new(NotifyType::TEMPORARY_FAILURE, Vec::new()))],
        effects: vec![Effect::Report(Event::Probe("ikev2.temporary-failure.sent"))],
    }
}

/// What follows when the peer has given that answer `refusals` times in a row: another attempt after a while, or the end of
/// the IKE SA, whose state the two ends see differently.
pub(crate) fn after_refusal(refusals: u32, again: Box<dyn Exchange>, cx: &mut Context<'_>) -> Next {
    let probe = vec![Effect::Report(Event::Probe("ikev2.temporary-failure.received"))];
    let mut luck = [0];
    cx.entropy.fill(&mut luck);
    match collision::wait(refusals, luck[0]) {
        Some(wait) => Next::Later(again, wait, probe),
        None => {
            let cause = Cause::Failed(Failure::Refused(NotifyType::TEMPORARY_FAILURE));
            Next::Then(Box::new(DeleteIke { cause }), probe)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::context::Nowhere;
    use crate::exchange::liveness::LivenessExchange;

    #[test]
    fn the_peer_is_asked_again_after_longer_and_longer_waits_and_then_the_ike_sa_ends() {
        let mut nowhere = Nowhere::new([]);
        let mut cx = nowhere.context();
        let mut waits = Duration::ZERO;
        let ends =
            (1..).find_map(|refusals| match after_refusal(refusals, Box::new(LivenessExchange), &mut cx) {
                Next::Later(again, wait, _) => {
                    assert_eq!(again.describe(), "liveness check");
                    waits += wait;
                    None
                }
                Next::Then(exchange, _) => Some(exchange.describe()),
                Next::Done(_) | Next::Again | Next::On(_) => Some("nothing follows"),
            });
        assert_eq!(ends, Some("deletion of the IKE SA"));
        assert!(waits > Duration::from_secs(120));
    }
}
