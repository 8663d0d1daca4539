//! Nothing is dropped for a reason that the scenario does not allow.

use ipsec::Event;
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::Event as Ikev2;
use ipsec_net::Instant;
use sim::Kind;

use super::{Oracle, Violation};
use crate::node::Note;
use crate::run::Scene;

/// Compares each drop with the scenario's `allow.drops`.
pub(super) struct Drops;

impl Oracle for Drops {
    fn name(&self) -> &'static str {
        "drops"
    }

    fn record(&mut self, scene: &Scene, _at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        let Kind::Note { node, note: Note::Peer(event) } = kind else { return Ok(()) };
        let (name, text) = match event {
            Event::Ikev2(Ikev2::Dropped { reason, from }) => {
                (reason.name(), format!("{reason}, from {from}"))
            }
            Event::Ikev1(Ikev1::Dropped { reason, from }) => {
                (reason.name(), format!("{reason}, from {from}"))
            }
            Event::Dropped(drop) => {
                let inside = drop.inside.as_ref().map_or_else(String::new, |inside| format!(": {inside}"));
                let text = format!("{}, from {} to {}{inside}", drop.reason, drop.source, drop.destination);
                (drop.reason.name(), text)
            }
            Event::Ikev2(_) | Event::Ikev1(_) | Event::Manual(_) | Event::Expired(_) => return Ok(()),
        };
        if scene.scenario.allowed_drops.iter().any(|allowed| allowed == name) {
            return Ok(());
        }
        let expected = "no drop but those that `allow.drops` names";
        let happened = format!("{} dropped a packet ({name}): {text}", scene.name(*node));
        Err(Violation::new(expected, happened))
    }
}
