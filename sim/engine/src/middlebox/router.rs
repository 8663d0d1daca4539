//! A router of both IP versions (RFC 1812, RFC 8200): it forwards by longest prefix, counts hops, fragments
//! what may be fragmented, and tells sources what became of their packets (RFC 792, RFC 1191, RFC 4443).

mod note;
mod routes;

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec_net::icmp_error::IcmpError;
use ipsec_net::{Instant, IpPacket, IpVersion, Prefix, fragment, icmp};

use super::outbox::Outbox;
use super::report::{ErrorRate, Report, Reporter};
use super::{Flow, router::routes::RouteTable};
use crate::{Node, Port, Step};

pub use note::{RouterDrop, RouterNote};

/// Both bits of ECN (RFC 3168 §5).
const CONGESTION_EXPERIENCED: u8 = 3;

/// What a router knows of one of its ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// The router's own addresses there; it speaks from the first of the packet's version.
    pub addresses: Vec<IpAddr>,
    /// The largest packet in octets that leaves here, if there is a limit.
    pub mtu: Option<usize>,
}

/// A router. Its routes, MTUs and manners can be changed while it runs.
#[derive(Debug)]
pub struct Router {
    interfaces: BTreeMap<Port, Interface>,
    routes: RouteTable,
    reporter: Reporter,
    too_big_silent: bool,
    marks: bool,
    /// The identification of the next packet of its own that is fragmented.
    identification: u32,
    outbox: Outbox<RouterNote>,
}

impl Default for Router {
    fn default() -> Self {
        Self {
            interfaces: BTreeMap::new(),
            routes: RouteTable::default(),
            reporter: Reporter::new(ErrorRate::default()),
            too_big_silent: false,
            marks: false,
            identification: 0,
            outbox: Outbox::default(),
        }
    }
}

impl Router {
    /// A router without addresses and routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a port its addresses and MTU.
    pub fn set_interface(&mut self, port: Port, interface: Interface) {
        self.interfaces.insert(port, interface);
    }

    /// Sets or lifts the limit, in octets, on what leaves at a port.
    pub fn set_mtu(&mut self, port: Port, mtu: Option<usize>) {
        self.interfaces.entry(port).or_default().mtu = mtu;
    }

    /// Makes a route lead to `port` and returns where it led before.
    pub fn set_route(&mut self, prefix: Prefix, port: Port) -> Option<Port> {
        self.routes.insert(prefix, port)
    }

    /// Takes a route away and returns where it led.
    pub fn remove_route(&mut self, prefix: Prefix) -> Option<Port> {
        self.routes.remove(prefix)
    }

    /// Where packets to `address` leave, if there is a route.
    #[must_use]
    pub fn route(&self, address: IpAddr) -> Option<Port> {
        self.routes.lookup(address)
    }

    /// Whether the router says nothing of packets that were too big: a black hole for path MTU discovery
    /// (RFC 2923 §2.1).
    pub fn set_too_big_silent(&mut self, silent: bool) {
        self.too_big_silent = silent;
    }

    /// Whether the router marks everything that it forwards as having met congestion, even what is not ECN-capable, which
    /// RFC 3168 §5 forbids.
    pub fn set_marking(&mut self, marks: bool) {
        self.marks = marks;
    }

    /// How many ICMP errors the router sends at most.
    pub fn set_error_rate(&mut self, rate: ErrorRate) {
        self.reporter.set_rate(rate);
    }

    fn forward(&mut self, now: Instant, from: Port, mut packet: IpPacket) {
        if let Some(reason) = never_forwarded(&packet) {
            return self.end(&packet, reason, Report::None);
        }
        if packet.hop_limit() <= 1 {
            let error = IcmpError::HopLimitExceeded;
            return self.refuse(now, from, &packet, RouterDrop::HopLimit, error);
        }
        let Some(port) = self.routes.lookup(packet.destination()) else {
            return self.refuse(now, from, &packet, RouterDrop::NoRoute, IcmpError::NoRoute);
        };
        let mtu = self.mtu(port);
        if packet.len() > mtu && packet.dont_fragment() {
            if self.too_big_silent {
                return self.end(&packet, RouterDrop::TooBig, Report::Silent);
            }
            let error = IcmpError::PacketTooBig { mtu };
            return self.refuse(now, from, &packet, RouterDrop::TooBig, error);
        }
        packet.set_hop_limit(packet.hop_limit() - 1);
        if self.marks {
            packet.set_traffic_class(packet.traffic_class() | CONGESTION_EXPERIENCED);
        }
        self.transmit(port, packet, mtu, 0);
    }

    /// A packet to one of the router's own addresses: it answers an echo request, and knows nothing else.
    fn receive(&mut self, from: Port, packet: &IpPacket) {
        let Some(reply) = icmp::echo_reply(packet) else {
            return self.end(packet, RouterDrop::NoService, Report::None);
        };
        self.outbox.note(RouterNote::Answered { flow: Flow::of(packet) });
        self.originate(from, reply);
    }

    /// Drops a packet that came in at `from` and tells its source.
    fn refuse(&mut self, now: Instant, from: Port, packet: &IpPacket, reason: RouterDrop, error: IcmpError) {
        let address = self.address(from, packet.version());
        let (report, message) = self.reporter.report(now, error, packet, address);
        self.end(packet, reason, report);
        if let Some(message) = message {
            self.originate(from, message);
        }
    }

    fn end(&mut self, packet: &IpPacket, reason: RouterDrop, report: Report) {
        self.outbox.note(RouterNote::Dropped { reason, flow: Flow::of(packet), report });
    }

    /// Sends a packet of the router's own; without a route it leaves where its cause came in.
    fn originate(&mut self, cause_from: Port, packet: IpPacket) {
        let port = self.routes.lookup(packet.destination()).unwrap_or(cause_from);
        self.identification = self.identification.wrapping_add(1);
        self.transmit(port, packet, self.mtu(port), self.identification);
    }

    fn transmit(&mut self, port: Port, packet: IpPacket, mtu: usize, identification: u32) {
        if packet.len() <= mtu {
            return self.outbox.send(port, packet);
        }
        let flow = Flow::of(&packet);
        match fragment(packet, mtu, identification) {
            Ok(pieces) => {
                self.outbox.note(RouterNote::Fragmented { flow, pieces: pieces.len() });
                for piece in pieces {
                    self.outbox.send(port, piece);
                }
            }
            Err(_) => {
                let (reason, report) = (RouterDrop::MtuTooSmall, Report::None);
                self.outbox.note(RouterNote::Dropped { reason, flow, report });
            }
        }
    }

    fn mtu(&self, port: Port) -> usize {
        self.interfaces.get(&port).and_then(|interface| interface.mtu).unwrap_or(usize::MAX)
    }

    /// The address to speak from about what came in at `port`: one of that port's, else any of the router's.
    fn address(&self, port: Port, version: IpVersion) -> Option<IpAddr> {
        let here = self.interfaces.get(&port).into_iter();
        here.chain(self.interfaces.values())
            .flat_map(|interface| &interface.addresses)
            .copied()
            .find(|address| IpVersion::of(*address) == version)
    }

    fn has_address(&self, address: IpAddr) -> bool {
        self.interfaces.values().any(|interface| interface.addresses.contains(&address))
    }
}

impl Node for Router {
    type Note = RouterNote;

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        if self.has_address(packet.destination()) {
            self.receive(port, &packet);
        } else {
            self.forward(now, port, packet);
        }
    }

    fn wake(&mut self, _now: Instant) {}

    fn poll(&mut self, _now: Instant) -> Step<RouterNote> {
        self.outbox.next(None)
    }
}

/// Why a packet must not be forwarded at all, whatever the routes (RFC 1812 §5.3.7, RFC 4291 §2.5.6); there
/// is no multicast routing.
fn never_forwarded(packet: &IpPacket) -> Option<RouterDrop> {
    let (source, destination) = (packet.source(), packet.destination());
    let stays = |address: IpAddr| {
        address.is_unspecified()
            || address.is_loopback()
            || match address {
                IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
                IpAddr::V6(address) => address.is_unicast_link_local(),
            }
    };
    if destination.is_multicast() {
        Some(RouterDrop::Multicast)
    } else if stays(destination) || stays(source) || source.is_multicast() {
        Some(RouterDrop::Martian)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
