//! From a scenario to the world that it describes.

mod algorithms;
mod pki;
mod version1;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec::auth::x509::laboratory::CannotIssue;
use ipsec::crypto::{Entropy, Provider, Secret};
use ipsec::dataplane::{Action, Bundled, Mode, Policy, Protection, SaPair, SaParameters, Selector, Settings};
use ipsec::ikev2::{
    Assigns, ChildConfig, Connection, CookiePolicy, Fragmentation, PoolConfig, PuzzlePolicy, Retransmission,
    TicketPolicy,
};
use ipsec::{Config, ConfigError, Luck, ManualSa, Peer};
use ipsec_net::Prefix;
use sim::middlebox::nat::NatError;
use sim::middlebox::router::Interface;
use sim::middlebox::{Nat, Router, Side};
use sim::{
    Bottleneck, CoDel, Jitter, LinkError, LinkId, LinkSettings, Loss, NodeId, Observer, Port, RandomStream,
    Ratio, Setup, Streams, World,
};

use self::pki::Pki;
use crate::file::{self, Scenario};
use crate::node::{Flow, Gateway, Host, Manner, Node, Note, Orders, Tester};
use crate::quantity;

/// A world, and where the scenario's nouns are in it.
pub struct Built<O: Observer<Note>> {
    /// The world.
    pub world: World<Node, O>,
    /// Where everything is.
    pub places: Places,
    /// What the peers prove themselves with.
    pki: Pki,
}

/// Where the scenario's nouns are in a world.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The gateways by name.
    pub peers: BTreeMap<String, NodeId>,
    /// The routers by name.
    pub routers: BTreeMap<String, NodeId>,
    /// The translators by name.
    pub nats: BTreeMap<String, NodeId>,
    /// The testers by name.
    pub testers: BTreeMap<String, NodeId>,
    /// The links between gateways, routers, translators and testers by name.
    pub links: BTreeMap<String, LinkId>,
    /// The hosts by address.
    pub hosts: BTreeMap<IpAddr, NodeId>,
}

impl Places {
    /// The gateway, router, translator or tester of this name, which the file's own checks have found to be there.
    fn node(&self, name: &str) -> NodeId {
        let others = [&self.routers, &self.nats, &self.testers];
        let found = self.peers.get(name).or_else(|| others.iter().find_map(|nodes| nodes.get(name)));
        found.copied().unwrap_or(NodeId::from_index(0))
    }
}

/// Why a world cannot be built. The file's own checks find everything earlier that a user can get wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A peer's configuration cannot work.
    #[error("peer {peer}: {error}")]
    Peer {
        /// The peer.
        peer: String,
        /// What is wrong.
        error: ConfigError,
    },
    /// A certificate cannot be.
    #[error("certificate or authority {name}: {error}")]
    Certificate {
        /// Its name.
        name: String,
        /// What is wrong.
        error: CannotIssue,
    },
    /// A link cannot be.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A translator cannot be.
    #[error(transparent)]
    Nat(#[from] NatError),
}

/// The randomness of one component, for the protocols.
struct Stream(RandomStream);

impl Entropy for Stream {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

/// Builds the world of a scenario.
///
/// # Errors
/// When a peer or a link cannot be set up.
pub fn world<O: Observer<Note>>(
    scenario: &Scenario,
    setup: &Setup,
    provider: &'static Provider,
    observer: O,
) -> Result<Built<O>, BuildError> {
    let pki = Pki::new(scenario, &setup.streams)
        .map_err(|(name, error)| BuildError::Certificate { name, error })?;
    let mut built = Built { world: World::new(setup.clone(), observer), places: Places::default(), pki };
    let mut ports = PortCount::default();
    for peer in &scenario.peers {
        let made = built.peer(scenario, peer, setup, provider, 0)?;
        let gateway = Node::Gateway(Box::new(Gateway::new(made, peer.think)));
        built.places.peers.insert(peer.name.clone(), built.world.add_node(&peer.name, gateway));
    }
    for router in &scenario.routers {
        let mut made = Router::new();
        made.set_too_big_silent(router.silent);
        made.set_marking(router.marks);
        let id = built.world.add_node(&router.name, Node::Router(Box::new(made)));
        built.places.routers.insert(router.name.clone(), id);
    }
    for nat in &scenario.nats {
        let luck = setup.streams.stream(&["nat", &nat.name]);
        let made = Nat::new(nat.gateway, nat.addresses.clone(), nat.behaviour.clone(), luck)?;
        let id = built.world.add_node(&nat.name, Node::Nat(Box::new(made)));
        built.places.nats.insert(nat.name.clone(), id);
    }
    for tester in &scenario.testers {
        let Some(orders) = orders(scenario, tester) else { continue };
        let luck = setup.streams.stream(&["tester", &tester.name]);
        let made = Node::Tester(Box::new(Tester::new(orders, provider, luck)));
        let id = built.world.add_node(&tester.name, made);
        built.places.testers.insert(tester.name.clone(), id);
    }
    let mut joints = Vec::new();
    for link in &scenario.links {
        joints.extend(built.join(scenario, link, &mut ports)?);
    }
    built.set_routes(scenario, &joints);
    for (index, traffic) in (0u8..).zip(&scenario.traffic) {
        for side in 0..2u8 {
            built.add_flow(index, side, traffic, setup, &mut ports)?;
        }
    }
    Ok(built)
}

/// What a tester is to do; nothing when the file's own checks have found its IKE configuration wrong.
fn orders(scenario: &Scenario, tester: &file::Tester) -> Option<Orders> {
    let ike = scenario.ikes.iter().find(|ike| ike.name == tester.ike)?;
    let (side, end) = ike.ends.iter().enumerate().find(|(_, end)| end.peer == tester.poses)?;
    let file::Proof::Psk(secret) = &end.authentication.proof else { return None };
    let address = |name: &str| scenario.peer(name).map(|peer| peer.address);
    let against = &ike.ends[1 - side];
    Some(Orders {
        attack: tester.attack,
        stage: tester.stage,
        posing_as: address(&tester.poses)?,
        against: address(&against.peer)?,
        secret: secret.clone().into_bytes(),
        identity: end.authentication.identity.to_string(),
        victim: tester.victim.as_deref().and_then(address),
        count: tester.count,
        every: tester.every,
    })
}

/// One end of a link, seen from its node.
struct Joint<'a> {
    from: &'a str,
    port: Port,
    to: &'a str,
    link: &'a str,
}

/// The next free port of each node.
#[derive(Default)]
struct PortCount(BTreeMap<NodeId, u16>);

impl PortCount {
    fn take(&mut self, node: NodeId) -> Port {
        let next = self.0.entry(node).or_insert(0);
        *next += 1;
        Port(*next - 1)
    }
}

impl<O: Observer<Note>> Built<O> {
    /// The IPsec peer of a gateway. One that has been restarted `restarts` times has luck that it has not had before.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn peer(
        &self,
        scenario: &Scenario,
        peer: &file::Peer,
        setup: &Setup,
        provider: &'static Provider,
        restarts: u32,
    ) -> Result<Peer, BuildError> {
        let again = format!("restart {restarts}");
        let luck = |part: &str| {
            let mut name = vec!["peer", &peer.name, part];
            if restarts > 0 {
                name.push(&again);
            }
            Box::new(Stream(setup.streams.stream(&name)))
        };
        let luck = Luck { ike: luck("ike"), ikev1: luck("ikev1"), esp: luck("esp") };
        Peer::new(config(scenario, peer, &setup.streams, &self.pki), provider, luck)
            .map_err(|error| BuildError::Peer { peer: peer.name.clone(), error })
    }

    /// Adds a link and tells its two ends of it.
    fn join<'a>(
        &mut self,
        scenario: &Scenario,
        link: &'a file::Link,
        ports: &mut PortCount,
    ) -> Result<[Joint<'a>; 2], BuildError> {
        let ends = link.ends.each_ref().map(|end| {
            let node = self.places.node(&end.node);
            let nat = scenario.nats.iter().find(|nat| nat.name == end.node);
            match nat.map(|nat| if nat.inside == link.name { Side::Inside } else { Side::Outside }) {
                Some(side) => (node, side.port()),
                None => (node, ports.take(node)),
            }
        });
        let settings = link.ends.each_ref().map(|end| settings(&end.quality));
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
    fn set_routes(&mut self, scenario: &Scenario, joints: &[Joint<'_>]) {
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
                    Node::Host(_) | Node::Nat(_) => {}
                }
            }
        });
    }

    fn add_flow(
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

fn settings(quality: &file::Quality) -> LinkSettings {
    LinkSettings {
        delay: quality.delay.mean,
        jitter: match quality.delay.jitter {
            none if none.is_zero() => Jitter::None,
            jitter => Jitter::Uniform(jitter),
        },
        in_order: quality.in_order,
        loss: loss(ratio(quality.loss), quality.burst),
        reorder: ratio(quality.reorder),
        duplicate: ratio(quality.duplicate),
        corrupt: ratio(quality.corrupt),
        truncate: ratio(quality.truncate),
        mtu: usize::from(quality.mtu),
        bottleneck: quality.line.map(|line| Bottleneck {
            codel: line.codel.then(|| CoDel { ecn: line.ecn, ..CoDel::default() }),
            ..Bottleneck::new(line.rate, line.queue)
        }),
        outage: quality.outage,
        ..LinkSettings::default()
    }
}

/// With bursts of a mean length of n packets, in which every packet is lost: a burst ends with one packet in n, and begins
/// so often that the share of lost packets is the same.
fn loss(share: Ratio, burst: Option<u16>) -> Loss {
    match (share, burst) {
        (never, _) if never.is_zero() => Loss::Never,
        (share, None) => Loss::Independent(share),
        (share, Some(length)) => {
            let kept = share.denominator() - share.numerator();
            let begin = Ratio::new(share.numerator(), kept.saturating_mul(u64::from(length)));
            let end = Ratio::new(1, u64::from(length)).unwrap_or(Ratio::ONE);
            Loss::Bursts { begin: begin.unwrap_or(Ratio::ONE), end, good: Ratio::ZERO, bad: Ratio::ONE }
        }
    }
}

fn ratio(ratio: quantity::Ratio) -> Ratio {
    Ratio::new(u64::from(ratio.part), u64::from(ratio.whole)).unwrap_or(Ratio::ONE)
}

fn config(scenario: &Scenario, peer: &file::Peer, streams: &Streams, pki: &Pki) -> Config {
    let connections = scenario
        .ikes
        .iter()
        .flat_map(|ike| (0..2).filter(|side| ike.ends[*side].peer == peer.name).map(move |side| (ike, side)));
    let (older, connections): (Vec<_>, Vec<_>) =
        connections.partition(|(ike, side)| ike.ends[*side].older.is_some());
    let older = older.into_iter().filter_map(|(ike, side)| version1::connection(scenario, peer, (ike, side)));
    let ikev1 = ipsec::ikev1::Config::new(older.collect());
    let connections = connections
        .into_iter()
        .filter_map(|(ike, side)| connection(scenario, peer, (ike, side), pki))
        .collect();
    let mut ikev2 = ipsec::ikev2::Config::new(connections);
    ikev2.tickets = peer.tickets.map(|grant| {
        let mut key = vec![0; 32];
        streams.stream(&["peer", &peer.name, "ticket-key"]).fill(&mut key);
        TicketPolicy { key: Secret::from(key), lifetime: grant.lifetime, at_once: grant.at_once }
    });
    ikev2.epoch = pki::EPOCH;
    ikev2.half_open_timeout = peer.half_open_timeout;
    let hosts = scenario.peers.iter().map(|peer| (format!("{}.example", peer.name), peer.address));
    ikev2.hosts = hosts.collect();
    ikev2.half_open_limit = peer.half_open_limit.unwrap_or(ikev2.half_open_limit);
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

/// What an end with these pools assigns and tells, if it has some.
fn assigns(scenario: &Scenario, pools: &[String]) -> Option<Assigns> {
    if pools.is_empty() {
        return None;
    }
    let named = scenario.pools.iter().filter(|pool| pools.contains(&pool.name));
    let attributes = named.flat_map(|pool| pool.tells.iter().cloned()).collect();
    Some(Assigns { pools: pools.to_vec(), attributes, required: true })
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
            resources: end.terms.resources,
            takes_padding: end.terms.takes_padding,
            non_first_fragments: end.terms.later_fragments,
            ..ChildConfig::new(&child.name, proposals, local, remote)
        })
    })
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

fn retransmission(ike: &file::Ike) -> Retransmission {
    Retransmission {
        first: ike.retransmission.first,
        factor: (ike.retransmission.factor.part, ike.retransmission.factor.whole),
        longest: ike.retransmission.longest,
        transmissions: ike.retransmission.tries,
    }
}

fn connection(
    scenario: &Scenario,
    peer: &file::Peer,
    (ike, side): (&file::Ike, usize),
    pki: &Pki,
) -> Option<Connection> {
    let here = &ike.ends[side];
    let unspecified = match peer.address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let remote = here.remote.unwrap_or(unspecified);
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
        intermediate: here.quantum.intermediate,
        ppk: here.quantum.ppk.clone(),
        full_transcript: here.quantum.full_transcript,
        asks: here.asks.clone(),
        assigns: assigns(scenario, &here.assigns),
        most_children: ike.most_children.map_or(usize::MAX, |most| most as usize),
        ..Connection::proven(&ike.name, peer.address, remote, (prove, authenticate))
    })
}
