//! Connections of version 2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec::ikev2::{Assigns, ChildConfig, Connection, Fragmentation, Retransmission};
use ipsec_net::Prefix;

use super::algorithms;
use super::pki::Pki;
use crate::file::{self, Scenario};

pub(super) fn connection(
    scenario: &Scenario,
    peer: &file::Peer,
    (ike, side): (&file::Ike, usize),
    pki: &Pki,
) -> Option<Connection> {
    let here = &ike.ends[side];
    let remote = here.remote.unwrap_or_else(|| anywhere(peer.address));
    let prove = pki.prove(&ike.name, here, &here.authentication.proof);
    let authenticate = pki.authenticate(&ike.name, here, &here.authentication.demand);
    Some(Connection {
        local_id: here.authentication.identity.clone(),
        remote_id: here.expects.clone(),
        further: pki.further(&ike.name, here),
        signature_hashes: here.authentication.hashes.clone(),
        announces_methods: here.authentication.announces_methods,
        proposals: here.offer.iter().map(algorithms::ike).collect(),
        children: children(scenario, peer, ike, here).collect(),
        lifetime: ike.lifetime,
        liveness: here.liveness,
        selector_notices: ike.selector_notices,
        retransmission: retransmission(ike),
        fragmentation: fragmentation(here.fragments.as_deref()),
        window: here.window,
        attempts: ike.attempts,
        nat_traversal: here.nat.enabled,
        encapsulate: here.nat.encapsulate,
        keepalive: here.nat.keepalive,
        starts_on_nat_port: here.nat.starts_on_nat_port,
        mobike: here.mobility.mobike,
        also_at: also_at(scenario, ike, peer, here.remote.filter(|_| here.mobility.mobike)),
        roams: here.mobility.roams.iter().map(Prefix::range).collect(),
        routability: here.mobility.routability,
        childless: here.life.childless,
        unique: here.life.unique,
        reauthentication: here.life.reauthentication,
        authentication_lifetime: here.life.authentication_lifetime,
        on_loss: here.life.on_loss,
        follows_redirects: here.life.follows_redirects,
        redirect: here.life.redirect.clone(),
        resumes: here.life.resumes,
        synchronises: here.life.synchronises,
        intermediate: here.quantum.intermediate,
        ppk: here.quantum.ppk.clone(),
        full_transcript: here.quantum.full_transcript,
        asks: here.asks.clone(),
        assigns: assigns(scenario, &here.assigns),
        most_children: ike.most_children.map_or(usize::MAX, |most| most as usize),
        ..Connection::proven(&ike.name, peer.address, remote, (prove, authenticate))
    })
}

/// The addresses of the other end besides this one, which it has from the beginning.
fn also_at(scenario: &Scenario, ike: &file::Ike, peer: &file::Peer, remote: Option<IpAddr>) -> Vec<IpAddr> {
    let other = ike.ends.iter().find(|end| end.peer != peer.name).and_then(|end| scenario.peer(&end.peer));
    let known = remote.and(other).into_iter().flat_map(|other| &other.addresses);
    let others = known.filter(|one| one.from_the_start && Some(one.address) != remote);
    others.map(|one| one.address).collect()
}

/// The children that `peer` may have of an IKE SA.
fn children<'a>(
    scenario: &'a Scenario,
    peer: &'a file::Peer,
    ike: &'a file::Ike,
    here: &'a file::IkeEnd,
) -> impl Iterator<Item = ChildConfig> + 'a {
    let of_this = scenario.children.iter().filter(|child| child.ike == ike.name);
    of_this.filter_map(|child| {
        let end = child.ends.iter().find(|end| end.peer == peer.name)?;
        let [local, remote] = [&end.local, &end.remote].map(|nets| nets.iter().map(Prefix::range).collect());
        let proposals = end.offer.iter().map(algorithms::child).collect();
        Some(ChildConfig {
            replay_window: end.replay_window,
            transport: end.mode == file::Mode::Transport,
            lifetime: end.lifetime,
            rekey: end.rekey,
            options: end.options,
            start: end.life.start,
            attempts: end.life.attempts,
            on_close: end.life.on_close,
            assigned: !here.asks.is_empty() || !here.assigns.is_empty(),
            services: end.terms.services.clone(),
            labels: end.terms.labels.iter().map(|label| label.clone().into_bytes()).collect(),
            on_demand: end.terms.on_demand,
            single_pair: end.terms.single_pair,
            names: end.terms.names.clone(),
            resources: end.terms.resources,
            takes_padding: end.terms.takes_padding,
            non_first_fragments: end.terms.later_fragments,
            ..ChildConfig::new(&child.name, proposals, local, remote)
        })
    })
}

/// What an end with these pools assigns and tells, if it has some.
fn assigns(scenario: &Scenario, pools: &[String]) -> Option<Assigns> {
    if pools.is_empty() {
        return None;
    }
    let named = scenario.pools.iter().filter(|pool| pools.contains(&pool.name));
    let attributes = named.flat_map(|pool| pool.tells.iter().cloned()).collect();
    Some(Assigns { pools: pools.to_vec(), attributes, required: true })
}

/// How messages are cut in pieces: as by default, not at all, or to these sizes.
fn fragmentation(sizes: Option<&[usize]>) -> Option<Fragmentation> {
    match sizes {
        None => Some(Fragmentation::default()),
        Some([]) => None,
        Some(sizes) => {
            Some(Fragmentation { ipv4: sizes.into(), ipv6: sizes.into(), ..Fragmentation::default() })
        }
    }
}

/// The address of a peer that may come from anywhere, of the same IP version as ours.
pub(super) fn anywhere(own: IpAddr) -> IpAddr {
    match own {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

pub(super) fn retransmission(ike: &file::Ike) -> Retransmission {
    Retransmission {
        first: ike.retransmission.first,
        factor: (ike.retransmission.factor.part, ike.retransmission.factor.whole),
        longest: ike.retransmission.longest,
        transmissions: ike.retransmission.tries,
    }
}
