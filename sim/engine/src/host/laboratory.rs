//! Small worlds for tests: hosts, and a router between them that says when packets are too big.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Instant, IpPacket, Prefix, icmp};

use super::{Application, ApplicationId, Host, HostNote, Tap};
use crate::{Kind, LinkSettings, Node, NodeId, Observer, Port, Setup, Step, World};

/// What stands in these worlds.
#[derive(Debug)]
pub(super) enum Station {
    Host(Box<Host>),
    Router(Router),
    Tap(Tap),
}

/// Sends packets on by the longest prefix, and Packet Too Big back where a port's MTU is too small.
#[derive(Debug, Default)]
pub(super) struct Router {
    pub(super) routes: Vec<(Prefix, Port)>,
    pub(super) mtus: Vec<(Port, usize)>,
    pub(super) addresses: Vec<IpAddr>,
    outbox: VecDeque<(Port, IpPacket)>,
}

impl Router {
    fn port_to(&self, destination: IpAddr) -> Option<Port> {
        let fitting = self.routes.iter().filter(|(prefix, _)| prefix.contains(destination));
        fitting.max_by_key(|(prefix, _)| prefix.length()).map(|(_, port)| *port)
    }

    fn forward(&mut self, packet: IpPacket) {
        let Some(port) = self.port_to(packet.destination()) else {
            return;
        };
        let mtu = self.mtus.iter().find(|(limited, _)| *limited == port).map_or(usize::MAX, |(_, mtu)| *mtu);
        if packet.len() <= mtu || !packet.dont_fragment() {
            let pieces = ipsec_net::fragment(packet, mtu, 0).unwrap();
            return self.outbox.extend(pieces.into_iter().map(|piece| (port, piece)));
        }
        let from =
            self.addresses.iter().find(|address| address.is_ipv4() == packet.source().is_ipv4()).unwrap();
        if let Some(answer) = icmp::packet_too_big(&packet, *from, mtu) {
            self.forward(answer);
        }
    }
}

impl Node for Station {
    type Note = HostNote;

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        match self {
            Self::Host(host) => host.handle(now, port, packet),
            Self::Router(router) => router.forward(packet),
            Self::Tap(tap) => tap.handle(now, port, packet),
        }
    }

    fn wake(&mut self, now: Instant) {
        if let Self::Host(host) = self {
            host.wake(now);
        }
    }

    fn poll(&mut self, now: Instant) -> Step<HostNote> {
        match self {
            Self::Host(host) => host.poll(now),
            Self::Router(router) => match router.outbox.pop_front() {
                Some((port, packet)) => Step::Send { port, packet },
                None => Step::Idle { until: None },
            },
            Self::Tap(tap) => match tap.poll(now) {
                Step::Send { port, packet } => Step::Send { port, packet },
                Step::Note(()) | Step::Idle { .. } => Step::Idle { until: None },
            },
        }
    }
}

/// Keeps the notes.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<(Instant, HostNote)>);

impl Observer<HostNote> for Notes {
    fn record(&mut self, at: Instant, kind: &Kind<'_, HostNote>) {
        if let Kind::Note { note, .. } = kind {
            self.0.push((at, (*note).clone()));
        }
    }
}

pub(super) type Laboratory = World<Station, Notes>;

pub(super) fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

pub(super) fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A host with these addresses at port 0, to which everything goes.
pub(super) fn host(addresses: &[&str]) -> Host {
    let mut host = Host::new();
    for text in addresses {
        let length = if text.contains(':') { 64 } else { 24 };
        host.add_address(Port(0), address(text), length).unwrap();
    }
    host.set_route("0.0.0.0/0".parse().unwrap(), Port(0));
    host.set_route("::/0".parse().unwrap(), Port(0));
    host
}

/// Hosts `10.0.1.1`, `2001:db8:1::1` and `10.0.2.1`, `2001:db8:2::1` on one link.
pub(super) fn pair(seed: u64, settings: LinkSettings) -> (Laboratory, NodeId, NodeId) {
    pair_in(Setup::new(seed), settings)
}

pub(super) fn pair_in(setup: Setup, settings: LinkSettings) -> (Laboratory, NodeId, NodeId) {
    let mut world = World::new(setup, Notes::default());
    let west = world.add_node("west", Station::Host(host(&["10.0.1.1", "2001:db8:1::1"]).into()));
    let east = world.add_node("east", Station::Host(host(&["10.0.2.1", "2001:db8:2::1"]).into()));
    world.add_link("wan", (west, Port(0)), (east, Port(0)), [settings.clone(), settings]).unwrap();
    (world, west, east)
}

/// The same hosts with a tap between them, towards whose port 0 the west is.
pub(super) fn tapped(seed: u64, settings: LinkSettings) -> (Laboratory, NodeId, NodeId) {
    let mut world = World::new(Setup::new(seed), Notes::default());
    let west = world.add_node("west", Station::Host(host(&["10.0.1.1", "2001:db8:1::1"]).into()));
    let east = world.add_node("east", Station::Host(host(&["10.0.2.1", "2001:db8:2::1"]).into()));
    let tap = world.add_node("tap", Station::Tap(Tap::new()));
    world.add_link("lan", (west, Port(0)), (tap, Port(0)), [settings.clone(), settings.clone()]).unwrap();
    world.add_link("wan", (tap, Port(1)), (east, Port(0)), [settings.clone(), settings]).unwrap();
    (world, west, east)
}

/// The same hosts with a router between them, whose port towards the east carries `mtu` octets.
pub(super) fn routed(seed: u64, mtu: usize) -> (Laboratory, NodeId, NodeId, NodeId) {
    let mut world = World::new(Setup::new(seed), Notes::default());
    let west = world.add_node("west", Station::Host(host(&["10.0.1.1", "2001:db8:1::1"]).into()));
    let east = world.add_node("east", Station::Host(host(&["10.0.2.1", "2001:db8:2::1"]).into()));
    let routes = [("10.0.1.0/24", 0), ("2001:db8:1::/64", 0), ("10.0.2.0/24", 1), ("2001:db8:2::/64", 1)];
    let router = Router {
        routes: routes.map(|(prefix, port)| (prefix.parse().unwrap(), Port(port))).into(),
        mtus: vec![(Port(1), mtu)],
        addresses: vec![address("10.0.1.254"), address("2001:db8:1::ff")],
        ..Router::default()
    };
    let router = world.add_node("router", Station::Router(router));
    let settings = [LinkSettings::default(), LinkSettings::default()];
    world.add_link("lan", (west, Port(0)), (router, Port(0)), settings.clone()).unwrap();
    world.add_link("wan", (router, Port(1)), (east, Port(0)), settings).unwrap();
    (world, west, east, router)
}

/// Reaches into a host.
pub(super) fn on<R>(world: &mut Laboratory, node: NodeId, work: impl FnOnce(&mut Host, Instant) -> R) -> R {
    world.with(node, |station, now| match station {
        Station::Host(host) => work(host, now),
        _ => panic!("no host"),
    })
}

/// Changes a router's route.
pub(super) fn reroute(world: &mut Laboratory, node: NodeId, prefix: &str, port: Port) {
    let prefix = prefix.parse().unwrap();
    world.with(node, |station, _| match station {
        Station::Router(router) => {
            router.routes.retain(|(other, _)| *other != prefix);
            router.routes.push((prefix, port));
        }
        _ => panic!("no router"),
    });
}

pub(super) fn start(world: &mut Laboratory, node: NodeId, application: impl Application) -> ApplicationId {
    on(world, node, |host, _| host.add(application)).unwrap()
}

/// What an application measured so far.
pub(super) fn read<A: Application + Clone>(world: &Laboratory, node: NodeId, id: ApplicationId) -> A {
    match world.node(node) {
        Station::Host(host) => host.application::<A>(id).unwrap().clone(),
        _ => panic!("no host"),
    }
}

/// Runs until nothing is left to do.
pub(super) fn finish(world: &mut Laboratory) {
    while world.step().unwrap() {}
}

pub(super) fn notes(world: &Laboratory) -> Vec<HostNote> {
    world.trace().observer.0.iter().map(|(_, note)| note.clone()).collect()
}
