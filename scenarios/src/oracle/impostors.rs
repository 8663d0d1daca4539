//! Nobody takes a tester for somebody that it has not proven to be, or sets up with it what it asks for in nonsense.

use ipsec::Event;
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::Event as Ikev2;
use ipsec_net::Instant;
use sim::Kind;

use super::{Oracle, Violation};
use crate::file::{Part, Tester};
use crate::node::{Note, Stage, is_own, is_own_sa};
use crate::run::Scene;

/// Looks at who is at the other end of each IKE SA that is established, and of each pair of IPsec SAs.
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
        if let Note::Says(case) = note {
            self.said = Some(case);
        }
        let Some(taken) = taken(scene, note) else { return Ok(()) };
        let happened = format!(
            "{} took a tester for {taken}, the last case was: {}",
            scene.name(*node),
            self.said.unwrap_or("none"),
        );
        Err(Violation::new("a tester that proves nothing is nobody's peer", happened))
    }
}

/// Whom or what a tester was taken for that must not be.
fn taken(scene: &Scene, note: &Note) -> Option<String> {
    let testers = &scene.scenario.testers;
    match note {
        Note::Peer(Event::Ikev2(Ikev2::IkeUp { spi_i, spi_r, peer, .. })) => {
            let prove_nothing = testers.iter().all(|tester| match &tester.part {
                Part::Attack(assault) => assault.attack.proves_nothing(),
                Part::Script(_) => false,
            });
            (prove_nothing && (is_own(*spi_i) || is_own(*spi_r))).then(|| peer.to_string())
        }
        Note::Peer(Event::Ikev1(Ikev1::IkeUp { cookie_i, peer, .. })) => {
            let may_prove = testers.iter().any(|tester| proves_older(scene, tester));
            (!may_prove && is_own(*cookie_i)).then(|| peer.to_string())
        }
        // In version 1 nothing that a tester says under an ISAKMP SA is good.
        Note::Peer(Event::Ikev1(Ikev1::ChildUp(child))) if is_own_sa(child.pair.outbound.spi) => {
            Some(format!("an end of {}", child.child))
        }
        _ => None,
    }
}

/// Whether a tester that speaks version 1 proves who it is: by the key that it knows, where no user has to be known.
fn proves_older(scene: &Scene, tester: &Tester) -> bool {
    let ike = scene.scenario.ikes.iter().find(|ike| ike.name == tester.ike);
    let asks = ike.is_some_and(|ike| ike.ends.iter().any(|end| end.xauth.is_some()));
    matches!(&tester.part, Part::Attack(assault) if assault.stage == Stage::Established) && !asks
}
