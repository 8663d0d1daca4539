//! Small worlds for tests: hosts, and a router between them that says when packets are too big.

use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Instant, IpPacket};

use super::{Application, ApplicationId, Host, HostNote, Tap};
use crate::middlebox::Router;
use crate::middlebox::router::Interface;
use crate::{Kind, LinkSettings, Node, NodeId, Observer, Port, Setup, Step, World};

/// What stands in these worlds.
#[derive(Debug)]
pub(super) enum Station {
    Host(Box<Host>),
    Router(Router),
    Tap(Tap),
}

impl Node for Station {
    type Note = HostNote;

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        match self {
            Self::Host(host) => host.handle(now, port, packet),
            Self::Router(router) => router.handle(now, port, packet),
            Self::Tap(tap) => tap.handle(now, port, packet),
        }
    }

    fn wake(&mut self, now: Instant) {
        match self {
            Self::Host(host) => host.wake(now),
            Self::Router(router) => router.wake(now),
            Self::Tap(tap) => tap.wake(now),
        }
    }

    fn poll(&mut self, now: Instant) -> Step<HostNote> {
        match self {
            Self::Host(host) => host.poll(now),
            Self::Router(router) => loop {
                match router.poll(now) {
                    Step::Send { port, packet } => return Step::Send { port, packet },
                    Step::Idle { until } => return Step::Idle { until },
                    Step::Note(_) => {}
                }
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
    let mut router = Router::new();
    let interface = |text: [&str; 2], mtu| Interface { addresses: text.map(address).to_vec(), mtu };
    router.set_interface(Port(0), interface(["10.0.1.254", "2001:db8:1::ff"], None));
    router.set_interface(Port(1), interface(["10.0.2.254", "2001:db8:2::ff"], Some(mtu)));
    for (prefix, port) in
        [("10.0.1.0/24", 0), ("2001:db8:1::/64", 0), ("10.0.2.0/24", 1), ("2001:db8:2::/64", 1)]
    {
        router.set_route(prefix.parse().unwrap(), Port(port));
    }
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
            router.set_route(prefix, port);
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
