//! From a scenario to the world that it describes.

mod algorithms;
mod link;
mod network;
mod peer;
mod pki;
mod version1;
mod version2;

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec::auth::x509::laboratory::CannotIssue;
use ipsec::auth::x509::{Certificate, Crl};
use ipsec::auth::{Credential, Prove};
use ipsec::crypto::{Entropy, Provider};
use ipsec::wire::v2::TrafficSelector;
use ipsec::{ConfigError, Luck, Peer};
use ipsec_net::{Instant, Prefix};
use sim::middlebox::nat::NatError;
use sim::middlebox::{Firewall, Nat, Router};
use sim::{Clock, ClockError, LinkError, LinkId, NodeId, Observer, RandomStream, Setup, World};

use self::network::PortCount;
use self::pki::Pki;
use crate::file::{self, Assault, Part, Scenario};
use crate::node::{Gateway, Node, Note, Orders, Pinged, Scripted, Tester, Voice};

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
    /// The packet filters by name.
    pub firewalls: BTreeMap<String, NodeId>,
    /// The testers by name.
    pub testers: BTreeMap<String, NodeId>,
    /// The links between gateways, and what stands between them, by name.
    pub links: BTreeMap<String, LinkId>,
    /// The hosts by address.
    pub hosts: BTreeMap<IpAddr, NodeId>,
}

impl Places {
    /// The gateway of this name, or what stands between gateways, which the file's own checks have found to be there.
    fn node(&self, name: &str) -> NodeId {
        let others = [&self.routers, &self.nats, &self.firewalls, &self.testers];
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
    /// A clock cannot be.
    #[error(transparent)]
    Clock(#[from] ClockError),
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
        let id = built.world.add_node(&peer.name, gateway);
        built.places.peers.insert(peer.name.clone(), id);
        if peer.clock.drift != 0 {
            built.world.set_clock(id, Some(Clock::new(Instant::ZERO, Instant::ZERO, peer.clock.drift)?));
        }
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
    for firewall in &scenario.firewalls {
        let made = Node::Firewall(Box::new(Firewall::new(firewall.policy.clone())));
        let id = built.world.add_node(&firewall.name, made);
        built.places.firewalls.insert(firewall.name.clone(), id);
    }
    for tester in &scenario.testers {
        let luck = setup.streams.stream(&["tester", &tester.name]);
        let made = match &tester.part {
            Part::Attack(assault) => orders(scenario, tester, assault, &built.pki)
                .map(|orders| Node::Tester(Box::new(Tester::new(orders, provider, luck)))),
            Part::Script(script) => voice(scenario, tester, &built.pki)
                .map(|voice| Node::Scripted(Box::new(Scripted::new(voice, script.clone(), provider, luck)))),
        };
        let Some(made) = made else { continue };
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
fn orders(scenario: &Scenario, tester: &file::Tester, assault: &Assault, pki: &Pki) -> Option<Orders> {
    let ike = scenario.ikes.iter().find(|ike| ike.name == tester.ike)?;
    let (side, end) = ike.ends.iter().enumerate().find(|(_, end)| end.peer == tester.poses)?;
    let address = |name: &str| scenario.peer(name).map(|peer| peer.address);
    let against = &ike.ends[1 - side];
    Some(Orders {
        attack: assault.attack,
        stage: assault.stage,
        posing_as: address(&tester.poses)?,
        against: address(&against.peer)?,
        prove: pki.prove(&ike.name, end, &end.authentication.proof),
        accept: pki.authenticate(&ike.name, end, &end.authentication.demand),
        authority: pki.issuer(scenario, &end.authentication.proof).cloned().map(Box::new),
        identity: end.authentication.identity.clone(),
        older: assault.older,
        victim: assault.victim.as_deref().and_then(address),
        count: assault.count,
        every: assault.every,
    })
}

/// In whose name a script is played; nothing when the file's own checks have found its IKE configuration wrong.
fn voice(scenario: &Scenario, tester: &file::Tester, pki: &Pki) -> Option<Voice> {
    let ike = scenario.ikes.iter().find(|ike| ike.name == tester.ike)?;
    let (side, end) = ike.ends.iter().enumerate().find(|(_, end)| end.peer == tester.poses)?;
    let against = &ike.ends[1 - side];
    let address = |name: &str| scenario.peer(name).map(|peer| peer.address);
    let Prove::SharedKey(secret) = pki.prove(&ike.name, end, &end.authentication.proof) else { return None };
    let child = scenario.children.iter().find(|child| child.ike == ike.name).map(|child| &child.ends[side]);
    let selectors = |networks: &[Prefix]| -> Vec<TrafficSelector> {
        let ranges = networks.iter().map(Prefix::range);
        ranges.map(|range| TrafficSelector::any(range.first(), range.last())).collect()
    };
    let ping = (0u8..).zip(&scenario.traffic).find_map(|(traffic, noun)| {
        let own = noun.ends.iter().position(|host| host.peer == end.peer)?;
        let (from, to) = (&noun.ends[own], &noun.ends[1 - own]);
        let side = u8::try_from(own).ok()?;
        (to.peer == against.peer).then_some(Pinged { traffic, side, from: from.address, to: to.address })
    });
    Some(Voice {
        posing_as: address(&tester.poses)?,
        against: address(&against.peer)?,
        secret,
        identity: end.authentication.identity.clone(),
        selectors: [
            selectors(child.map_or(&[][..], |child| &child.local)),
            selectors(child.map_or(&[][..], |child| &child.remote)),
        ],
        ping,
    })
}

impl<O: Observer<Note>> Built<O> {
    /// A certificate of the scenario with its key and the chain above it, to hand to somebody outside.
    #[must_use]
    pub fn credential(&self, name: &str) -> Option<&Credential> {
        self.pki.credential(name)
    }

    /// The certificate of an authority of the scenario.
    #[must_use]
    pub fn authority(&self, name: &str) -> Option<&Certificate> {
        self.pki.authority(name)
    }

    /// The revocation lists that the scenario's authorities publish.
    #[must_use]
    pub fn revocation_lists(&self) -> &[Crl] {
        self.pki.lists()
    }

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
        Peer::new(peer::config(scenario, peer, &setup.streams, &self.pki), provider, luck)
            .map_err(|error| BuildError::Peer { peer: peer.name.clone(), error })
    }
}
