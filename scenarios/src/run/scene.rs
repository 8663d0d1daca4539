//! The scenario as those see it who watch its world: which node is whom, which link is where.

use std::net::IpAddr;
use std::sync::Arc;

use ipsec_net::{IpPacket, Prefix};
use sim::{Direction, LinkId, NodeId};

use crate::file::{PolicyAction, Scenario};
use crate::node::Probe;

/// A scenario and the places of its nouns. Gateways and what stands between them ([`Scenario::nodes`]) are the first nodes of a
/// world, and the links between them are its first links, in the order of the file.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The hosts by node number, behind those.
    hosts: Vec<IpAddr>,
}

impl Scene {
    /// The scene of a scenario.
    #[must_use]
    pub fn new(scenario: Arc<Scenario>) -> Self {
        let mut hosts: Vec<IpAddr> = Vec::new();
        for host in scenario.traffic.iter().flat_map(|traffic| &traffic.ends) {
            if !hosts.contains(&host.address) {
                hosts.push(host.address);
            }
        }
        Self { scenario, hosts }
    }

    /// Whether the link runs between gateways and routers.
    #[must_use]
    pub fn is_outer(&self, link: LinkId) -> bool {
        link.index() < self.scenario.links.len()
    }

    /// Whether the address lies in a protected network.
    #[must_use]
    pub fn is_protected(&self, address: IpAddr) -> bool {
        let protects = |prefixes: &[Prefix]| prefixes.iter().any(|prefix| prefix.contains(address));
        self.scenario.peers.iter().any(|peer| protects(&peer.protects))
    }

    /// Whether a policy of the scenario lets the packet pass as it is.
    #[must_use]
    pub fn is_bypassed(&self, packet: &IpPacket) -> bool {
        let ends = (packet.source(), packet.destination());
        let within = |networks: &[Prefix], address| networks.iter().any(|network| network.contains(address));
        self.scenario.policies.iter().any(|policy| {
            let [from, to] = &policy.between;
            let there = within(from, ends.0) && within(to, ends.1);
            let back = within(to, ends.0) && within(from, ends.1);
            let fits = policy.protocol.is_none_or(|protocol| protocol == packet.protocol());
            policy.action == PolicyAction::Bypass && fits && (there || back)
        })
    }

    /// Whether an SA of the scenario has no cipher.
    #[must_use]
    pub fn leaves_clear(&self) -> bool {
        let keyings = self.scenario.manual.iter().flat_map(|manual| &manual.ends);
        let mut keyings = keyings.flat_map(|end| [&end.inbound, &end.outbound]);
        let children = self.scenario.children.iter().flat_map(|child| &child.ends);
        keyings.any(|keying| !keying.protection.is_confidential())
            || children.flat_map(|end| &end.offer).any(|offer| !offer.is_confidential())
    }

    /// The name of a node: that of a gateway or a router, or a host's address.
    #[must_use]
    pub fn name(&self, node: NodeId) -> String {
        match self.scenario.nodes().nth(node.index()) {
            Some(name) => name.to_owned(),
            None => self.host(node).map_or_else(String::new, |address| address.to_string()),
        }
    }

    /// The gateways in the order of the file; with anything between them, those that are joined stand side by side.
    #[must_use]
    pub fn in_a_row(&self) -> Vec<String> {
        let Scenario { peers, links, .. } = &*self.scenario;
        let mut row: Vec<&str> = Vec::new();
        if self.has_middleboxes() {
            row.extend(peers.first().map(|peer| peer.name.as_str()));
        }
        let mut next = 0;
        while let Some(here) = row.get(next).copied() {
            for link in links {
                let [a, b] = link.ends.each_ref().map(|end| end.node.as_str());
                for (from, to) in [(a, b), (b, a)] {
                    if from == here && !row.contains(&to) {
                        row.push(to);
                    }
                }
            }
            next += 1;
        }
        for other in self.scenario.nodes() {
            if !row.contains(&other) {
                row.push(other);
            }
        }
        row.into_iter().map(str::to_owned).collect()
    }

    /// Whether anything stands between the gateways.
    #[must_use]
    pub fn has_middleboxes(&self) -> bool {
        self.scenario.nodes().nth(self.scenario.peers.len()).is_some()
    }

    /// The name of the gateway that this node is.
    #[must_use]
    pub fn peer(&self, node: NodeId) -> Option<&str> {
        self.scenario.peers.get(node.index()).map(|peer| peer.name.as_str())
    }

    /// The sender and the receiver on a link between gateways.
    #[must_use]
    pub fn ends(&self, link: LinkId, direction: Direction) -> Option<(&str, &str)> {
        let [first, second] = &self.scenario.links.get(link.index())?.ends;
        Some(match direction {
            Direction::Forward => (&first.node, &second.node),
            Direction::Backward => (&second.node, &first.node),
        })
    }

    /// The name of a traffic by its place in the file.
    #[must_use]
    pub fn traffic(&self, index: u8) -> &str {
        self.scenario.traffic.get(usize::from(index)).map_or("?", |traffic| &traffic.name)
    }

    /// Whether the probe is for the host that this node is.
    #[must_use]
    pub fn is_for(&self, node: NodeId, probe: &Probe) -> bool {
        let traffic = self.scenario.traffic.get(usize::from(probe.traffic));
        let end = traffic.and_then(|traffic| traffic.ends.get(1 - usize::from(probe.side.min(1))));
        end.map(|end| end.address) == self.host(node)
    }

    fn host(&self, node: NodeId) -> Option<IpAddr> {
        self.hosts.get(node.index().checked_sub(self.scenario.nodes().count())?).copied()
    }
}
