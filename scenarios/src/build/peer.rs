//! What a peer is told: its connections of both versions, its policies and its manual SAs.

use ipsec::crypto::Secret;
use ipsec::dataplane::{Action, Bundled, Mode, Policy, Protection, SaPair, SaParameters, Selector, Settings};
use ipsec::ikev2::{CookiePolicy, PoolConfig, PuzzlePolicy, TicketPolicy};
use ipsec::{Config, ManualSa};
use sim::Streams;

use super::pki::Pki;
use super::{version1, version2};
use crate::file::{self, Scenario};

pub(super) fn config(scenario: &Scenario, peer: &file::Peer, streams: &Streams, pki: &Pki) -> Config {
    let connections = scenario
        .ikes
        .iter()
        .flat_map(|ike| (0..2).filter(|side| ike.ends[*side].peer == peer.name).map(move |side| (ike, side)));
    let (older, connections): (Vec<_>, Vec<_>) =
        connections.partition(|(ike, side)| ike.ends[*side].older.is_some());
    let older =
        older.into_iter().filter_map(|(ike, side)| version1::connection(scenario, peer, (ike, side), pki));
    let mut ikev1 = ipsec::ikev1::Config::new(older.collect());
    let epoch = scenario.epoch.saturating_add_signed(peer.clock.off);
    ikev1.epoch = epoch;
    let connections = connections
        .into_iter()
        .filter_map(|(ike, side)| version2::connection(scenario, peer, (ike, side), pki))
        .collect();
    let mut ikev2 = ipsec::ikev2::Config::new(connections);
    ikev2.tickets = peer.tickets.map(|grant| {
        let mut key = vec![0; 32];
        streams.stream(&["peer", &peer.name, "ticket-key"]).fill(&mut key);
        TicketPolicy { key: Secret::from(key), lifetime: grant.lifetime, at_once: grant.at_once }
    });
    ikev2.epoch = epoch;
    ikev2.half_open_timeout = peer.half_open_timeout;
    let hosts = scenario.peers.iter().map(|peer| (format!("{}.example", peer.name), peer.address));
    ikev2.hosts = hosts.collect();
    ikev2.half_open_limit = peer.half_open_limit.unwrap_or(ikev2.half_open_limit);
    ikev1.half_open_limit = peer.half_open_limit.unwrap_or(ikev1.half_open_limit);
    ikev2.puzzles =
        peer.puzzles.map(|when_half_open| PuzzlePolicy { when_half_open, difficulty: DIFFICULTY });
    ikev2.token_secret = peer.token.as_ref().map(|text| Secret::from(text.clone().into_bytes()));
    ikev2.cookies = match peer.cookies {
        file::Cookies::Never => CookiePolicy::Never,
        file::Cookies::Always => CookiePolicy::Always,
        file::Cookies::WhenBusy => ikev2.cookies,
    };
    let own = scenario.pools.iter().filter(|pool| pool.at == peer.name);
    ikev2.pools =
        own.map(|pool| PoolConfig { name: pool.name.clone(), ranges: pool.addresses.clone() }).collect();
    // No pool is lent from by both versions.
    ikev1.pools = ikev2.pools.clone();
    let from_the_start = peer.addresses.iter().filter(|own| own.from_the_start);
    let manual = scenario.manual.iter().filter_map(|manual| manual_sa(scenario, peer, manual)).collect();
    Config {
        addresses: from_the_start.map(|own| own.address).collect(),
        dataplane: Settings { link_mtu: link_mtu(scenario, peer), ..Settings::default() },
        ikev2,
        ikev1,
        policies: policies(scenario, peer),
        manual,
    }
}

/// How hard puzzles are, in zero bits: hard enough to be told from none, since here they cost the reader's time.
const DIFFICULTY: u8 = 6;

/// How long packets that a peer sends may be: what it is told, or what the narrowest of its links takes.
fn link_mtu(scenario: &Scenario, peer: &file::Peer) -> usize {
    let ends = scenario.links.iter().flat_map(|link| &link.ends);
    let own = ends.filter(|end| end.node == peer.name).map(|end| end.quality.mtu).min();
    usize::from(peer.mtu.or(own).unwrap_or(1500))
}

/// The policies of a peer. Each is for both directions, whichever of its networks is the peer's.
fn policies(scenario: &Scenario, peer: &file::Peer) -> Vec<Policy> {
    let own = scenario.policies.iter().filter(|policy| policy.at.contains(&peer.name));
    own.map(|policy| {
        let port = policy.port.map_or(Selector::ANY, |port| port..=port);
        let [from, to] = &policy.between;
        let pairs = from.iter().flat_map(|from| to.iter().map(move |to| (from.range(), to.range())));
        let selectors = pairs.flat_map(|(from, to)| {
            let there = Selector {
                protocol: policy.protocol,
                remote_ports: port.clone(),
                ..Selector::between(from, to)
            };
            let back = Selector {
                protocol: policy.protocol,
                local_ports: port.clone(),
                ..Selector::between(to, from)
            };
            [there, back]
        });
        let action = match policy.action {
            file::PolicyAction::Bypass => Action::Bypass,
            file::PolicyAction::Discard => Action::Discard,
        };
        let direction = policy.direction;
        Policy { direction, ..Policy::new(&policy.name, selectors.collect(), action) }
    })
    .collect()
}

/// The manual SA as one of its ends has it.
fn manual_sa(scenario: &Scenario, peer: &file::Peer, manual: &file::Manual) -> Option<ManualSa> {
    let side = manual.ends.iter().position(|end| end.peer == peer.name)?;
    let (end, other) = (&manual.ends[side], scenario.peer(&manual.ends[1 - side].peer)?);
    let mode = match end.mode {
        file::Mode::Tunnel => Mode::Tunnel { local: peer.address, remote: other.address },
        file::Mode::Transport => Mode::Transport,
    };
    let pairs = end.local.iter().flat_map(|local| end.remote.iter().map(move |remote| (local, remote)));
    let of_one_version =
        pairs.filter(|(local, remote)| local.address().is_ipv4() == remote.address().is_ipv4());
    let selectors: Vec<Selector> =
        of_one_version.map(|(local, remote)| Selector::between(local.range(), remote.range())).collect();
    let sa = |keying: &file::ManualKeying| SaParameters {
        spi: keying.spi,
        protection: keying.protection,
        key: Secret::from(keying.key.clone()),
        mode,
        selectors: selectors.clone(),
        extended_sequence_numbers: end.extended_sequence_numbers,
        replay_window: end.replay_window,
        options: end.options,
    };
    let ah = |keying: &file::ManualKeying| {
        let ah = keying.bundled.as_ref()?;
        let (spi, protection) = (ah.spi, Protection::Ah(ah.integrity));
        let key = Secret::from(ah.key.clone());
        Some(SaParameters { spi, protection, key, mode: Mode::Transport, ..sa(keying) })
    };
    let bundled = ah(&end.inbound).zip(ah(&end.outbound));
    let bundled = bundled.map(|(inbound, outbound)| Box::new(Bundled { inbound, outbound }));
    let pair = SaPair { bundled, ..SaPair::new(&manual.name, sa(&end.inbound), sa(&end.outbound)) };
    Some(ManualSa { addresses: (peer.address, other.address), pair })
}
