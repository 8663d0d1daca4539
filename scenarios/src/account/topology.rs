//! The network of a scenario, for a drawing.

use reports::account::{Site, SiteKind, Topology, Wire};

use crate::file::{LinkEnd, Quality, Scenario};
use crate::quantity::Ratio;

/// Places and links in the order of the file; what is behind a gateway is a place beside it.
pub(super) fn topology(scenario: &Scenario) -> Topology {
    let mut topology = Topology::default();
    for peer in &scenario.peers {
        let addresses = peer.addresses.iter().map(|own| own.address.to_string());
        topology.sites.push(site(&peer.name, SiteKind::Peer, addresses.collect()));
    }
    for router in &scenario.routers {
        let addresses = router.addresses.iter().map(ToString::to_string);
        topology.sites.push(site(&router.name, SiteKind::Router, addresses.collect()));
    }
    for nat in &scenario.nats {
        let addresses = nat.addresses.iter().map(ToString::to_string);
        topology.sites.push(site(&nat.name, SiteKind::Nat, addresses.collect()));
    }
    for firewall in &scenario.firewalls {
        topology.sites.push(site(&firewall.name, SiteKind::Firewall, Vec::new()));
    }
    for tester in &scenario.testers {
        let poses = vec![format!("as {}", tester.poses)];
        topology.sites.push(site(&tester.name, SiteKind::Tester, poses));
    }
    for link in &scenario.links {
        let place = |name: &str| topology.sites.iter().position(|site| site.name == name);
        let ends = link.ends.each_ref().map(|end| place(&end.node));
        if let [Some(a), Some(b)] = ends {
            topology.wires.push(Wire { name: link.name.clone(), ends: [a, b], lines: qualities(&link.ends) });
        }
    }
    for (index, peer) in scenario.peers.iter().enumerate() {
        let mut hosts: Vec<String> = Vec::new();
        for host in scenario.traffic.iter().flat_map(|traffic| &traffic.ends) {
            let address = host.address.to_string();
            if host.peer == peer.name && !hosts.contains(&address) {
                hosts.push(address);
            }
        }
        let networks: Vec<String> = peer.protects.iter().map(ToString::to_string).collect();
        if networks.is_empty() && hosts.is_empty() {
            continue;
        }
        let name = networks.first().cloned().unwrap_or_else(|| "hosts".to_owned());
        let lines = networks.into_iter().skip(1).chain(hosts).collect();
        let place = topology.sites.len();
        topology.sites.push(site(&name, SiteKind::Network, lines));
        topology.wires.push(Wire { name: String::new(), ends: [index, place], lines: Vec::new() });
    }
    topology
}

/// So many lines a place has at most.
const MOST_LINES: usize = 4;

/// A place; of many lines it has the first, and how many more there are.
fn site(name: &str, kind: SiteKind, mut lines: Vec<String>) -> Site {
    if lines.len() > MOST_LINES {
        let more = lines.len() - (MOST_LINES - 1);
        lines.truncate(MOST_LINES - 1);
        lines.push(format!("and {more} more"));
    }
    Site { name: name.to_owned(), kind, lines }
}

/// What a link does; where its directions differ, of each.
fn qualities(ends: &[LinkEnd; 2]) -> Vec<String> {
    let [there, back] = ends.each_ref().map(|end| quality(&end.quality));
    if there == back {
        return there;
    }
    let from = |end: &LinkEnd, words: Vec<String>| format!("from {}: {}", end.node, words.join(", "));
    vec![from(&ends[0], there), from(&ends[1], back)]
}

/// What one direction of a link does to packets, as far as it is anything.
fn quality(quality: &Quality) -> Vec<String> {
    let mut words = vec![quality.delay.to_string()];
    let mut chance = |name: &str, chance: Ratio| {
        if chance != Ratio::NEVER {
            words.push(format!("{name} {chance}"));
        }
    };
    chance("loss", quality.loss);
    chance("reorder", quality.reorder);
    chance("duplicate", quality.duplicate);
    chance("corrupt", quality.corrupt);
    chance("truncate", quality.truncate);
    if quality.mtu != Quality::default().mtu {
        words.push(format!("MTU {}", quality.mtu));
    }
    if let Some(line) = quality.line {
        words.push(format!("{} bit/s", line.rate));
    }
    words
}
