//! No octet of protected traffic shows outside a tunnel.

use ipsec_net::{Instant, protocol};
use sim::Kind;

use super::{Oracle, Violation, sent_outside};
use crate::node::{MAGIC, Note};
use crate::run::Scene;

/// Looks for protected addresses and for the hosts' own octets on the links between gateways.
pub(super) struct Plaintext;

impl Oracle for Plaintext {
    fn name(&self) -> &'static str {
        "plaintext"
    }

    fn record(&mut self, scene: &Scene, _at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        let Some((_, packet)) = sent_outside(scene, kind) else { return Ok(()) };
        if scene.is_bypassed(packet) {
            return Ok(());
        }
        let expected = "nothing of the protected networks on a link between gateways";
        for address in [packet.source(), packet.destination()] {
            if scene.is_protected(address) {
                return Err(Violation::new(expected, format!("{packet:?}")));
            }
        }
        // Without a cipher the octets of hosts show, and are meant to (RFC 2410, RFC 4302).
        if matches!(packet.protocol(), protocol::ESP | protocol::AH) && scene.leaves_clear() {
            return Ok(());
        }
        let shows = |octets: &[u8]| octets[0] == MAGIC[0] && octets == MAGIC;
        if packet.payload().windows(MAGIC.len()).any(shows) {
            return Err(Violation::new(expected, format!("a host's octets can be read in {packet:?}")));
        }
        Ok(())
    }
}
