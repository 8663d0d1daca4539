//! A translator between an inside and an outside IPv4 network (NAT44), with each behaviour that RFC 4787
//! tells apart, TCP and ICMP as far as RFC 5382 and RFC 5508 ask for the same, and pass-through of protocols
//! without ports.
//!
//! Port 0 is its inside, port 1 its outside. It is a router too: it counts hops and minds MTUs. Two in series
//! are a carrier-grade NAT.

mod behaviour;
mod lookup;
mod mapping;
mod note;
mod pool;
mod rewrite;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use ipsec_net::icmp_error::IcmpError;
use ipsec_net::{Instant, IpPacket, IpVersion, fragment, icmp};

use super::fragments::{DatagramKey, Follow, FragmentTable};
use super::outbox::Outbox;
use super::report::{Report, Reporter};
use super::{Flow, Side};
use crate::{Node, Port, RandomStream, Step};
use mapping::Mappings;
use pool::Pool;
use rewrite::{Route, translate};

pub use behaviour::{
    Behaviour, Dependence, Forward, Hairpinning, OtherProtocols, Pooling, PortAssignment, Scope, Timers,
};
pub use mapping::Mapping;
pub use note::{Binding, NatDrop, NatNote};

/// Why a translator cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NatError {
    /// There is no outside address.
    #[error("a translator needs at least one outside address")]
    NoAddress,
    /// The range of outside ports is empty.
    #[error("the range of outside ports is empty")]
    NoPorts,
    /// A port forward's outside address is none of the translator's.
    #[error("{0} is no outside address of the translator, so that no port of it can be forwarded")]
    NotOurs(Ipv4Addr),
    /// Two port forwards share an outside or an inside endpoint.
    #[error("two port forwards share the endpoint {0}")]
    Twice(SocketAddrV4),
}

/// A translator.
#[derive(Debug)]
pub struct Nat {
    inside: Ipv4Addr,
    behaviour: Behaviour,
    mtu: [Option<usize>; 2],
    pool: Pool,
    mappings: Mappings,
    fragments: FragmentTable<Result<Route, NatDrop>>,
    reporter: Reporter,
    outbox: Outbox<NatNote>,
}

impl Nat {
    /// A translator with its own address `inside` on the inside, the outside addresses `pool`, and `random`
    /// to choose ports and addresses with.
    ///
    /// # Errors
    /// When there is no outside address or port, or port forwards are impossible.
    pub fn new(
        inside: Ipv4Addr,
        pool: Vec<Ipv4Addr>,
        behaviour: Behaviour,
        random: RandomStream,
    ) -> Result<Self, NatError> {
        if pool.is_empty() {
            return Err(NatError::NoAddress);
        }
        if behaviour.ports.is_empty() {
            return Err(NatError::NoPorts);
        }
        let mut nat = Self {
            inside,
            mtu: [None; 2],
            pool: Pool::new(pool, random),
            mappings: Mappings::default(),
            fragments: FragmentTable::new(behaviour.fragments),
            reporter: Reporter::new(behaviour.error_rate),
            outbox: Outbox::default(),
            behaviour,
        };
        nat.make_forwards()?;
        Ok(nat)
    }

    /// How it behaves.
    #[must_use]
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// The mappings there are, oldest first. One whose time is over counts until the translator is reached
    /// next.
    pub fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        self.mappings.iter()
    }

    /// Sets or lifts the limit, in octets, on what leaves at a side.
    pub fn set_mtu(&mut self, side: Side, mtu: Option<usize>) {
        self.mtu[side.index()] = mtu;
    }

    /// Forgets every mapping that is no static port forward, and every fragment.
    pub fn restart(&mut self) {
        let mappings = self.mappings.iter().filter(|mapping| mapping.expires.is_some()).count();
        self.outbox.note(NatNote::Restarted { mappings });
        for packet in self.fragments.clear() {
            self.end(&packet, NatDrop::Restarted, Report::None);
        }
        self.mappings = Mappings::default();
        self.pool.restart();
        let made = self.make_forwards();
        debug_assert!(made.is_ok(), "they could be made before");
    }

    fn make_forwards(&mut self) -> Result<(), NatError> {
        for Forward { protocol, outside, inside } in self.behaviour.forwards.iter().copied() {
            if !self.pool.contains(*outside.ip()) {
                return Err(NatError::NotOurs(*outside.ip()));
            }
            if !self.mappings.is_free(protocol, outside) {
                return Err(NatError::Twice(outside));
            }
            if self.mappings.find(protocol, inside, Scope::Anywhere).is_some() {
                return Err(NatError::Twice(inside));
            }
            let (scope, contacted) = (Scope::Anywhere, BTreeSet::new());
            self.mappings.insert(Mapping { protocol, inside, outside, scope, contacted, expires: None });
        }
        Ok(())
    }

    fn take(&mut self, now: Instant, side: Side, packet: IpPacket) {
        if packet.version() != IpVersion::V4 {
            return self.end(&packet, NatDrop::NotIpv4, Report::None);
        }
        if self.is_for_itself(side, &packet) {
            return self.receive(side, &packet);
        }
        if !is_unicast(packet.source()) || !is_unicast(packet.destination()) {
            return self.end(&packet, NatDrop::NotUnicast, Report::None);
        }
        if packet.hop_limit() <= 1 {
            let error = IcmpError::HopLimitExceeded;
            return self.refuse(now, side, &packet, NatDrop::HopLimit, error);
        }
        let Some(info) = packet.fragment() else {
            let route = self.route(now, side, &packet);
            return self.carry(now, side, packet, route);
        };
        let key = DatagramKey::of(side.port(), &packet, info.identification);
        if info.offset == 0 {
            let route = self.route(now, side, &packet);
            let waiting = self.fragments.decide(now, key, route);
            self.carry(now, side, packet, route);
            for packet in waiting {
                self.carry(now, side, packet, route);
            }
            return;
        }
        let flow = Flow::of(&packet);
        match self.fragments.follow(now, key, packet) {
            Follow::Decided(route, packet) => self.carry(now, side, packet, route),
            Follow::Held => self.outbox.note(NatNote::Held { flow }),
            Follow::Unknown(packet) => self.end(&packet, NatDrop::FragmentOutOfOrder, Report::None),
        }
    }

    /// Translates a packet as decided and sends it on.
    fn carry(&mut self, now: Instant, side: Side, mut packet: IpPacket, route: Result<Route, NatDrop>) {
        let route = match route {
            Ok(route) => route,
            Err(reason) => return self.end(&packet, reason, Report::None),
        };
        let mtu = self.mtu(route.out);
        if packet.len() > mtu && packet.dont_fragment() {
            let error = IcmpError::PacketTooBig { mtu };
            return self.refuse(now, side, &packet, NatDrop::TooBig, error);
        }
        let flow = Flow::of(&packet);
        packet.set_hop_limit(packet.hop_limit().saturating_sub(1));
        match translate(packet, &route) {
            Some(packet) => self.transmit(route.out, packet, flow),
            None => self.drop(flow, NatDrop::Malformed, Report::None),
        }
    }

    /// Sends a packet, in fragments where it has to be, in order (RFC 4787 REQ-13a).
    fn transmit(&mut self, out: Side, packet: IpPacket, flow: Flow) {
        match fragment(packet, self.mtu(out), 0) {
            Ok(pieces) => {
                if pieces.len() > 1 {
                    self.outbox.note(NatNote::Fragmented { flow, pieces: pieces.len() });
                }
                for piece in pieces {
                    self.outbox.send(out.port(), piece);
                }
            }
            Err(_) => self.drop(flow, NatDrop::MtuTooSmall, Report::None),
        }
    }

    fn mtu(&self, side: Side) -> usize {
        self.mtu[side.index()].unwrap_or(usize::MAX)
    }

    /// Whether a packet is to the translator itself: to its inside address, or an echo request to an outside
    /// one.
    fn is_for_itself(&self, side: Side, packet: &IpPacket) -> bool {
        let IpAddr::V4(destination) = packet.destination() else {
            return false;
        };
        let is_request = || matches!(icmp::read_echo(packet), Some((icmp::EchoKind::Request, _, _)));
        side == Side::Inside && destination == self.inside || self.pool.contains(destination) && is_request()
    }

    fn receive(&mut self, side: Side, packet: &IpPacket) {
        match icmp::echo_reply(packet).filter(|_| self.behaviour.answers_echo) {
            Some(reply) => {
                let flow = Flow::of(packet);
                self.outbox.note(NatNote::Answered { flow });
                self.transmit(side, reply, flow);
            }
            None => self.end(packet, NatDrop::NoService, Report::None),
        }
    }

    /// Drops a packet that came from `side` and tells its source.
    fn refuse(&mut self, now: Instant, side: Side, packet: &IpPacket, reason: NatDrop, error: IcmpError) {
        let from = match side {
            Side::Inside => Some(self.inside.into()),
            Side::Outside => {
                let addressed = matches!(packet.destination(), IpAddr::V4(to) if self.pool.contains(to));
                if addressed { Some(packet.destination()) } else { self.pool.first().map(Into::into) }
            }
        };
        let (report, message) = self.reporter.report(now, error, packet, from);
        self.end(packet, reason, report);
        if let Some(message) = message {
            let flow = Flow::of(&message);
            self.transmit(side, message, flow);
        }
    }

    fn end(&mut self, packet: &IpPacket, reason: NatDrop, report: Report) {
        self.drop(Flow::of(packet), reason, report);
    }

    fn drop(&mut self, flow: Flow, reason: NatDrop, report: Report) {
        self.outbox.note(NatNote::Dropped { reason, flow, report });
    }

    fn expire(&mut self, now: Instant) {
        for mapping in self.mappings.expire(now) {
            self.outbox.note(NatNote::Expired((&mapping).into()));
        }
        for packet in self.fragments.expire(now) {
            self.end(&packet, NatDrop::FragmentTimeout, Report::None);
        }
    }
}

impl Node for Nat {
    type Note = NatNote;

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        self.expire(now);
        match Side::of(port) {
            Some(side) => self.take(now, side, packet),
            None => self.end(&packet, NatDrop::NoSuchPort, Report::None),
        }
    }

    fn wake(&mut self, now: Instant) {
        self.expire(now);
    }

    fn poll(&mut self, _now: Instant) -> Step<NatNote> {
        let until = self.mappings.next_timeout().into_iter().chain(self.fragments.next_timeout()).min();
        self.outbox.next(until)
    }
}

fn is_unicast(address: IpAddr) -> bool {
    !address.is_multicast() && !address.is_unspecified() && address != IpAddr::V4(Ipv4Addr::BROADCAST)
}

#[cfg(test)]
mod tests;
