//! Connections of version 1. What cannot be said there was refused when the file was read.

use ipsec::crypto::Secret;
use ipsec::ikev1::{Assigns, ChildConfig, Connection};

use super::version2::{anywhere, retransmission};
use crate::file::{self, Proof, Scenario, version1};

/// One end of an IKE configuration, if it authenticates by a shared key.
pub(super) fn connection(
    scenario: &Scenario,
    peer: &file::Peer,
    (ike, side): (&file::Ike, usize),
) -> Option<Connection> {
    let here = &ike.ends[side];
    let Proof::Psk(psk) = &here.authentication.proof else { return None };
    let secret = Secret::from(psk.as_bytes());
    let remote = here.remote.unwrap_or_else(|| anywhere(peer.address));
    let lifetime = match ike.lifetime.hard.time {
        Some(_) => ike.lifetime,
        None => Connection::new(&ike.name, peer.address, remote, secret.clone()).lifetime,
    };
    let asks = here.asks.iter().filter_map(|asked| version1::class(asked.kind).ok());
    Some(Connection {
        local_id: here.authentication.identity.clone(),
        remote_id: here.expects.clone(),
        xauth: here.xauth.clone(),
        asks: asks.filter(|_| !here.push).collect(),
        is_told: here.push && !here.asks.is_empty(),
        assigns: assigns(scenario, here),
        mode: here.older?,
        proposals: here.offer.iter().flat_map(|one| version1::ike_suites(one).unwrap_or_default()).collect(),
        lifetime,
        liveness: here.liveness,
        nat_traversal: if here.nat.enabled { here.nat.forms.clone() } else { Vec::new() },
        encapsulate: here.nat.encapsulate,
        keepalive: here.nat.keepalive,
        starts_on_nat_port: here.nat.starts_on_nat_port,
        fragments: here.fragments.as_ref().and_then(|sizes| sizes.first().copied()),
        retransmission: retransmission(ike),
        attempts: ike.attempts,
        children: children(scenario, peer, ike),
        ..Connection::new(&ike.name, peer.address, remote, secret)
    })
}

/// What an end with pools assigns and tells.
fn assigns(scenario: &Scenario, here: &file::IkeEnd) -> Option<Assigns> {
    let named = scenario.pools.iter().filter(|pool| here.assigns.contains(&pool.name));
    let attributes = named.flat_map(|pool| &pool.tells).filter_map(version1::told).collect();
    let assigns = Assigns { pools: here.assigns.clone(), attributes, unasked: here.push };
    (!here.assigns.is_empty()).then_some(assigns)
}

fn children(scenario: &Scenario, peer: &file::Peer, ike: &file::Ike) -> Vec<ChildConfig> {
    let of_this = scenario.children.iter().filter(|child| child.ike == ike.name);
    let config = |child: &file::Child| {
        let end = child.ends.iter().find(|end| end.peer == peer.name)?;
        let (proposals, group) = version1::child_suites(&end.offer).ok()?;
        let [local, remote] = version1::sides(end).ok()?;
        let plain = ChildConfig::new(&child.name, proposals, local.addresses, remote.addresses);
        let lifetime = match end.lifetime.hard.time {
            Some(_) => end.lifetime,
            None => {
                let mut lifetime = end.lifetime;
                lifetime.hard.time = plain.lifetime.hard.time;
                lifetime
            }
        };
        Some(ChildConfig {
            group,
            local,
            remote,
            replay_window: end.replay_window,
            transport: end.mode == file::Mode::Transport,
            options: end.options,
            lifetime,
            rekey: end.rekey,
            start: end.life.start,
            on_demand: end.terms.on_demand,
            ..plain
        })
    };
    of_this.filter_map(config).collect()
}
