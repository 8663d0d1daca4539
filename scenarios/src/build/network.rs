//! Links, ways and hosts: what stands around the gateways.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec_net::Prefix;
use sim::middlebox::Side;
use sim::middlebox::router::Interface;
use sim::{LinkSettings, NodeId, Observer, Port, Setup};

use super::{BuildError, Built, link};
use crate::file::{self, Scenario};
use crate::node::{Flow, Host, Manner, Node, Note};

/// One end of a link, seen from its node.
pub(super) struct Joint<'a> {
    from: &'a str,
    port: Port,
    to: &'a str,
    link: &'a str,
}

/// The next free port of each node.
#[derive(Default)]
pub(super) struct PortCount(BTreeMap<NodeId, u16>);

impl PortCount {
    fn take(&mut self, node: NodeId) -> Port {
        let next = self.0.entry(node).or_insert(0);
        *next += 1;
        Port(*next - 1)
    }
}

impl<O: Observer<Note>> Built<O> {
    /// Adds a link and tells its two ends of it.
    pub(super) fn join<'a>(
        &mut self,
        scenario: &Scenario,
        link: &'a file::Link,
        ports: &mut PortCount,
    ) -> Result<[Joint<'a>; 2], BuildError> {
        let ends = link.ends.each_ref().map(|end| {
            let node = self.places.node(&end.node);
            let inside = scenario.inside_of(&end.node);
            match inside.map(|inside| if inside == link.name { Side::Inside } else { Side::Outside }) {
                Some(side) => (node, side.port()),
                None => (node, ports.take(node)),
            }
        });
        let settings = link.ends.each_ref().map(|end| link::settings(&end.quality));
        let id = self.world.add_link(&link.name, ends[0], ends[1], settings)?;
        self.places.links.insert(link.name.clone(), id);
        for (end, (node, port)) in link.ends.iter().zip(ends) {
            self.world.with(node, |node, _| {
                if let (Node::Nat(nat), Some(side)) = (node, Side::of(port)) {
                    nat.set_mtu(side, Some(usize::from(end.quality.mtu)));
                }
            });
            self.world.with(node, |node, _| {
                if let Node::Gateway(gateway) = node {
                    gateway.join_outside(port);
                }
            });
            let Some(router) = scenario.routers.iter().find(|router| router.name == end.node) else {
                continue;
            };
            let (addresses, mtu) = (router.addresses.clone(), Some(usize::from(end.quality.mtu)));
            self.world.with(node, |node, _| {
                if let Node::Router(router) = node {
                    router.set_interface(port, Interface { addresses, mtu });
                }
            });
        }
        let joint = |here: usize, there: usize| Joint {
            from: &link.ends[here].node,
            port: ends[here].1,
            to: &link.ends[there].node,
            link: &link.name,
        };
        Ok([joint(0, 1), joint(1, 0)])
    }

    /// Tells each gateway and router the way to each gateway and to the hosts behind it, and to each translator's outside.
    pub(super) fn set_routes(&mut self, scenario: &Scenario, joints: &[Joint<'_>]) {
        for far in &scenario.peers {
            let hosts = scenario.traffic.iter().flat_map(|traffic| &traffic.ends);
            let behind = hosts.filter(|host| host.peer == far.name).map(|host| host.address);
            let anywhere = far.addresses.iter().filter(|own| own.link.is_none()).map(|own| own.address);
            let addresses: Vec<IpAddr> = anywhere.chain(behind).collect();
            self.set_routes_to(&far.name, &addresses, None, scenario, joints);
            for own in &far.addresses {
                let link = own.link.as_deref();
                if link.is_some() {
                    self.set_routes_to(&far.name, &[own.address], link, scenario, joints);
                }
                let at = joints.iter().find(|joint| joint.from == far.name && Some(joint.link) == link);
                let port = at.map(|joint| joint.port);
                self.world.with(self.places.node(&far.name), |node, _| {
                    if let Node::Gateway(gateway) = node {
                        gateway.add_place(own.address, port, own.from_the_start);
                    }
                });
            }
        }
        for nat in &scenario.nats {
            let addresses: Vec<IpAddr> = nat.addresses.iter().copied().map(IpAddr::V4).collect();
            self.set_routes_to(&nat.name, &addresses, None, scenario, joints);
        }
    }

    /// The way to these addresses of `far`: over the fewest links, and of several such ways the one that the file names
    /// first; to those that are at a link of its own over that one.
    fn set_routes_to(
        &mut self,
        far: &str,
        addresses: &[IpAddr],
        link: Option<&str>,
        scenario: &Scenario,
        joints: &[Joint<'_>],
    ) {
        // From the far end backwards.
        let mut reached = vec![far];
        let mut hidden = Vec::new();
        let mut next = 0;
        while let Some(there) = reached.get(next).copied() {
            next += 1;
            // Gateways do not forward for others, and beyond a translator nobody knows what is inside.
            let ends = there != far && scenario.peer(there).is_some() || hidden.contains(&there);
            let last = |joint: &&Joint<'_>| there != far || link.is_none_or(|link| link == joint.link);
            for joint in joints.iter().filter(|joint| !ends && joint.to == there).filter(last) {
                if reached.contains(&joint.from) {
                    continue;
                }
                reached.push(joint.from);
                let enters = |nat: &file::Nat| nat.name == joint.from && nat.inside == joint.link;
                if scenario.nats.iter().any(enters) {
                    hidden.push(joint.from);
                }
                self.route(joint.from, joint.port, addresses);
            }
        }
    }

    fn route(&mut self, from: &str, port: Port, addresses: &[IpAddr]) {
        self.world.with(self.places.node(from), |node, _| {
            for address in addresses {
                match node {
                    Node::Gateway(gateway) => gateway.route_outside(*address, port),
                    Node::Router(router) => {
                        router.set_route(Prefix::host(*address), port);
                    }
                    Node::Tester(tester) => tester.route(*address, port),
                    Node::Scripted(scripted) => scripted.route(*address, port),
                    Node::Host(_) | Node::Nat(_) | Node::Firewall(_) => {}
                }
            }
        });
    }

    pub(super) fn add_flow(
        &mut self,
        index: u8,
        side: u8,
        traffic: &file::Traffic,
        setup: &Setup,
        ports: &mut PortCount,
    ) -> Result<(), BuildError> {
        let here = &traffic.ends[usize::from(side)];
        let host = self.host(here, ports)?;
        if side == 1 && (!traffic.both || traffic.kind.is_answered()) {
            return Ok(());
        }
        let flow = Flow {
            traffic: index,
            side,
            to: traffic.ends[usize::from(1 - side)].address,
            kind: traffic.kind,
            interval: traffic.interval,
            sizes: traffic.sizes.clone(),
            manner: Manner {
                dont_fragment: traffic.dont_fragment,
                hop_limit: traffic.hop_limit,
                traffic_class: traffic.traffic_class,
                port: traffic.port,
                fragments: traffic.fragments.map(usize::from),
            },
            luck: setup.streams.stream(&["traffic", &traffic.name, &side.to_string()]),
            next: None,
            number: 0,
        };
        self.world.with(host, |node, _| {
            if let Node::Host(host) = node {
                host.add(flow);
            }
        });
        Ok(())
    }

    /// The host, which is added behind its gateway when it is named for the first time.
    fn host(&mut self, host: &file::Host, ports: &mut PortCount) -> Result<NodeId, BuildError> {
        if let Some(id) = self.places.hosts.get(&host.address) {
            return Ok(*id);
        }
        let name = host.address.to_string();
        let id = self.world.add_node(&name, Node::Host(Host::new(host.address)));
        let gateway = self.places.peers[&host.peer];
        let (inner, outer) = (ports.take(id), ports.take(gateway));
        let wire = LinkSettings { delay: std::time::Duration::ZERO, mtu: 65_535, ..LinkSettings::default() };
        self.world.add_link(&format!("lan.{name}"), (id, inner), (gateway, outer), [wire.clone(), wire])?;
        self.world.with(gateway, |node, _| {
            if let Node::Gateway(gateway) = node {
                gateway.route_inside(host.address, outer);
            }
        });
        self.places.hosts.insert(host.address, id);
        Ok(id)
    }
}
