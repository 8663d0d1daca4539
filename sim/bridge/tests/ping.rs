//! A virtual host and the kernel of a namespace reach each other through a link, a node and a TUN device.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use bridge::{Namespace, Tun, WallClock, wait};
use ipsec_net::{Instant, IpPacket};
use sim::host::{EchoRequests, EchoSettings, Host};
use sim::{LinkSettings, Node, Port, Setup, Step, World};

const REAL: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const VIRTUAL: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

/// What the world is made of.
enum Place {
    Host(Box<Host>),
    Bridge(Tun),
}

impl Node for Place {
    type Note = sim::host::HostNote;

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        match self {
            Self::Host(host) => host.handle(now, port, packet),
            Self::Bridge(tun) => assert!(tun.send(&packet), "the kernel takes it"),
        }
    }

    fn wake(&mut self, now: Instant) {
        if let Self::Host(host) = self {
            host.wake(now);
        }
    }

    fn poll(&mut self, now: Instant) -> Step<Self::Note> {
        match self {
            Self::Host(host) => host.poll(now),
            // The kernel also tells everybody which groups it is in.
            Self::Bridge(tun) => {
                let packet =
                    std::iter::from_fn(|| tun.receive()).find(|packet| packet.destination() == VIRTUAL);
                packet.map_or(Step::Idle { until: None }, |packet| Step::Send { port: Port(0), packet })
            }
        }
    }
}

/// Whether the test can run here. Where the environment says that it has to, it may not be skipped.
fn possible() -> bool {
    let Some(missing) = bridge::missing() else { return true };
    let required = std::env::var_os("ESPLANADE_INTEROP").is_some_and(|value| value == "required");
    assert!(!required, "{missing}");
    println!("skipped: {missing}");
    false
}

#[test]
fn a_virtual_host_and_a_namespace_reach_each_other() {
    if !possible() {
        return;
    }
    let namespace = Namespace::new().unwrap();
    let tun = namespace.tun("wan", 1500).unwrap();
    namespace.ip("address add 192.0.2.1/32 dev wan\nroute add default dev wan\n").unwrap();

    let mut world: World<Place> = World::new(Setup::new(0), ());
    let mut host = Host::new();
    host.add_address(Port(0), VIRTUAL, 24).unwrap();
    let ping =
        EchoSettings { interval: Duration::from_millis(50), limit: Some(5), ..EchoSettings::new(1, REAL) };
    let ping = host.add(EchoRequests::new(ping)).unwrap();
    let host = world.add_node("host", Place::Host(Box::new(host)));
    let bridge = world.add_node("bridge", Place::Bridge(tun));
    let slow = LinkSettings { delay: Duration::from_millis(2), ..LinkSettings::default() };
    world.add_link("wan", (host, Port(0)), (bridge, Port(0)), [slow.clone(), slow]).unwrap();
    world.with(host, |_, _| ());

    let sent = namespace.enter(|| UdpSocket::bind("192.0.2.1:0")?.send_to(b"hello", "192.0.2.2:9"));
    assert_eq!(sent.unwrap().unwrap(), 5);

    let clock = WallClock::start();
    let end = Instant::ZERO + Duration::from_millis(500);
    while clock.now() < end {
        world.run_until(clock.now()).unwrap();
        let next = world.next().unwrap_or(end).min(end);
        let Place::Bridge(tun) = world.node(bridge) else { unreachable!() };
        if wait(&[tun], clock.until(next)).unwrap() {
            world.run_until(clock.now()).unwrap();
            world.with(bridge, |_, _| ());
        }
    }

    let Place::Host(host) = world.node(host) else { unreachable!() };
    let ping = host.application::<EchoRequests>(ping).unwrap();
    assert_eq!((ping.sent(), ping.lost(), ping.round_trip().count()), (5, 0, 5));
    // The datagram from the namespace is the sixth, and nobody listens at its port.
    assert_eq!((host.counters().received, host.counters().dropped), (6, 1));
}

#[test]
fn programs_end_with_their_namespace() {
    if !possible() {
        return;
    }
    let namespace = Namespace::new().unwrap();
    let mut sleep = std::process::Command::new("sleep");
    sleep.arg("600");
    let mut process = namespace.start(&sleep).unwrap();
    assert!(process.is_running().unwrap());
    drop(namespace);
    // The kernel kills it as soon as the thread is gone, which joins before this.
    let deadline = WallClock::start();
    while process.is_running().unwrap() && deadline.now() < Instant::ZERO + Duration::from_secs(5) {
        std::thread::yield_now();
    }
    assert!(!process.is_running().unwrap());
}
