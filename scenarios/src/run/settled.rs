//! The last oracle: after the story the network is healed and the hosts fall silent; then, within bounded time, nothing may
//! be left half done.

use std::collections::BTreeSet;
use std::time::Duration;

use ipsec::Status;
use ipsec::dataplane::{Direction, SaStatus};
use ipsec::ikev2::Stage;
use ipsec::wire::Spi;

use super::{Scene, held};

/// How long a world may take to settle.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// Why the world has not settled yet; nothing when it has. `status` gives a peer's state by its name.
pub(super) fn pending(scene: &Scene, status: &dyn Fn(&str) -> Status) -> Option<String> {
    let peers = &scene.scenario.peers;
    let all: Vec<(&str, Status)> =
        peers.iter().map(|peer| (peer.name.as_str(), status(&peer.name))).collect();
    for (peer, status) in &all {
        for sa in held::ike_sas(status) {
            let name = sa.connection;
            match sa.stage {
                Stage::Init => {
                    return Some(format!("{peer} still waits for the first answer for {name}"));
                }
                Stage::HalfOpen => return Some(format!("{peer} has a half-open IKE SA {name}")),
                Stage::Deleting => return Some(format!("{peer} is still deleting the IKE SA {name}")),
                Stage::Established if sa.pending > 0 => {
                    return Some(format!("{peer} has {} exchanges of {name} to finish", sa.pending));
                }
                Stage::Established | Stage::Closed => {}
            }
        }
        if status.incomplete > 0 {
            return Some(format!("{peer} waits for fragments of {} packets", status.incomplete));
        }
    }
    mirrored(scene, &all)
}

/// Each SA that one peer sends under has to be there for another one to receive under, with the same key. What people
/// configure by hand is their own business.
fn mirrored(scene: &Scene, all: &[(&str, Status)]) -> Option<String> {
    let manual = |name: &str| scene.scenario.manual.iter().any(|manual| manual.name == name);
    let keyed = |inbound: bool| {
        let sas = all.iter().flat_map(|(peer, status)| status.sas.iter().map(move |sa| (*peer, sa)));
        let here = move |sa: &SaStatus| (sa.direction == Direction::Inbound) == inbound;
        sas.filter(move |(_, sa)| here(sa) && !manual(&sa.policy))
    };
    let set = |inbound| -> BTreeSet<(Spi, [u8; 8])> {
        keyed(inbound).map(|(_, sa)| (sa.spi, sa.fingerprint)).collect()
    };
    let (inbound, outbound) = (set(true), set(false));
    let orphan = |inbound_side: bool, other: &BTreeSet<_>| {
        keyed(inbound_side).find(|(_, sa)| !other.contains(&(sa.spi, sa.fingerprint)))
    };
    if let Some((peer, sa)) = orphan(false, &inbound) {
        return Some(format!(
            "{peer} sends {} under SPI {}, but nobody receives under it",
            sa.policy, sa.spi
        ));
    }
    let (peer, sa) = orphan(true, &outbound)?;
    Some(format!("{peer} receives {} under SPI {}, but nobody sends under it", sa.policy, sa.spi))
}

#[cfg(test)]
mod tests;
