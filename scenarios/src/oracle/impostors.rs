//! Nobody takes a tester for somebody that it has not proven to be.

use ipsec::Event;
use ipsec::ikev2::Event as Ikev2;
use ipsec_net::Instant;
use sim::Kind;

use super::{Oracle, Violation};
use crate::node::{Note, is_own};
use crate::run::Scene;

/// Looks at who is at the other end of each IKE SA that is established.
#[derive(Default)]
pub(super) struct Impostors {
    /// What a tester has said last.
    said: Option<&'static str>,
}

impl Oracle for Impostors {
    fn name(&self) -> &'static str {
        "impostors"
    }

    fn record(&mut self, scene: &Scene, _at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        let Kind::Note { node, note } = kind else { return Ok(()) };
        let (spi_i, spi_r, peer) = match note {
            Note::Says(case) => {
                self.said = Some(case);
                return Ok(());
            }
            Note::Peer(Event::Ikev2(Ikev2::IkeUp { spi_i, spi_r, peer, .. })) => (spi_i, spi_r, peer),
            _ => return Ok(()),
        };
        let prove_nothing = scene.scenario.testers.iter().all(|tester| tester.attack.proves_nothing());
        if !prove_nothing || !(is_own(*spi_i) || is_own(*spi_r)) {
            return Ok(());
        }
        let happened = format!(
            "{} took a tester for {peer}, the last case was: {}",
            scene.name(*node),
            self.said.unwrap_or("none"),
        );
        Err(Violation::new("a tester that proves nothing is nobody's peer", happened))
    }
}
