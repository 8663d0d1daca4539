//! Each packet of a host comes at most once, unchanged, and only to the host that it is for.

use std::collections::BTreeSet;

use ipsec_net::Instant;
use sim::Kind;

use super::{Oracle, Violation};
use crate::node::{Note, Probe};
use crate::run::Scene;

/// What was sent and what came.
#[derive(Default)]
pub(super) struct Delivery {
    sent: BTreeSet<Probe>,
    received: BTreeSet<Probe>,
}

impl Oracle for Delivery {
    fn name(&self) -> &'static str {
        "delivery"
    }

    fn record(&mut self, scene: &Scene, _at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        let Kind::Note { node, note } = kind else { return Ok(()) };
        match note {
            Note::Sent(probe) => {
                self.sent.insert(*probe);
                Ok(())
            }
            Note::Received { probe: Some(probe), intact: true, .. } => {
                let name = scene.traffic(probe.traffic);
                if !scene.is_for(*node, probe) {
                    let happened = format!("packet {} of {name} came to another host", probe.number);
                    return Err(Violation::new("each packet comes to the host that it is for", happened));
                }
                if !self.sent.contains(probe) {
                    let happened = format!("packet {} of {name} came, but nobody sent it", probe.number);
                    return Err(Violation::new("what comes was sent", happened));
                }
                if !self.received.insert(*probe) {
                    let happened = format!("packet {} of {name} came twice", probe.number);
                    return Err(Violation::new("each packet comes at most once", happened));
                }
                Ok(())
            }
            Note::Received { .. } => Err(Violation::new(
                "each packet comes unchanged",
                "a host received a packet that was changed",
            )),
            Note::NoHost => {
                Err(Violation::new("each packet comes to a host", "a gateway let one out to nowhere"))
            }
            Note::Peer(_)
            | Note::Router(_)
            | Note::Nat(_)
            | Note::Firewall(_)
            | Note::Says(_)
            | Note::Script(_)
            | Note::Gone => Ok(()),
        }
    }
}
