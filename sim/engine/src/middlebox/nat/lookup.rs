//! Where a packet goes: which mapping it uses or makes, and whether it is let in (RFC 4787 §4 to §6, RFC
//! 5508).

use std::collections::BTreeSet;
use std::net::{SocketAddr, SocketAddrV4};

use ipsec_net::{Instant, IpPacket, icmp_error, protocol};

use super::behaviour::{Dependence, Hairpinning, OtherProtocols, PortAssignment, Scope, has_ports};
use super::mapping::{Mapping, MappingId};
use super::note::{NatDrop, NatNote};
use super::rewrite::Route;
use super::{Flow, Nat, Side};

/// What a packet may do with mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It makes mappings, uses and refreshes them.
    Data,
    /// As data from inside; from outside it is to the translator itself, and useless when it comes in
    /// fragments.
    EchoRequest,
    /// From outside it uses and refreshes the mapping of its request; from inside it answers nothing that was
    /// let in.
    EchoReply,
    /// An ICMP error uses mappings, and neither makes nor refreshes nor ends one (RFC 4787 REQ-12).
    Error,
}

/// A packet's protocol and ends; of an ICMP error, those of an answer to the packet that it quotes.
#[derive(Clone, Copy)]
struct Ends {
    protocol: u8,
    source: SocketAddrV4,
    destination: SocketAddrV4,
}

impl Nat {
    /// What to do with a whole packet or first fragment that came from `side`.
    pub(super) fn route(&mut self, now: Instant, side: Side, packet: &IpPacket) -> Result<Route, NatDrop> {
        let (ends, kind) = classify(packet)?;
        if self.behaviour.other_protocols == OtherProtocols::Drop && !has_ports(ends.protocol) {
            return Err(NatDrop::OtherProtocol);
        }
        match side {
            Side::Inside => self.outbound(now, ends, kind),
            Side::Outside => self.inbound(now, ends, kind),
        }
    }

    fn outbound(&mut self, now: Instant, ends: Ends, kind: Kind) -> Result<Route, NatDrop> {
        let hairpin = self.pool.contains(*ends.destination.ip());
        match kind {
            Kind::EchoReply => return Err(NatDrop::NoMapping),
            Kind::EchoRequest if hairpin => return Err(NatDrop::NoService),
            _ if hairpin && self.behaviour.hairpinning == Hairpinning::Off => {
                return Err(NatDrop::NoHairpinning);
            }
            _ => {}
        }
        let outside = self.outside_of(now, ends, kind)?;
        if !hairpin {
            return Ok(Route { source: Some(outside), destination: None, out: Side::Outside });
        }
        let inward = self.inbound(now, Ends { source: outside, ..ends }, kind)?;
        let source = (self.behaviour.hairpinning == Hairpinning::ExternalSource).then_some(outside);
        Ok(Route { source, ..inward })
    }

    fn inbound(&mut self, now: Instant, ends: Ends, kind: Kind) -> Result<Route, NatDrop> {
        if !self.pool.contains(*ends.destination.ip()) {
            return Err(NatDrop::NotOurs);
        }
        if kind == Kind::EchoRequest {
            return Err(NatDrop::NoService);
        }
        let remote = self.behaviour.filtering.scope(ends.source);
        let exact = Scope::Endpoint(ends.source);
        let mut known = false;
        let fitting = self.mappings.at(ends.protocol, ends.destination).filter(|(_, mapping)| {
            known = true;
            kind == Kind::Error || mapping.lets_in(remote)
        });
        // Where a port is overloaded, whoever has spoken to this endpoint is meant, else whoever came last.
        let fitting = fitting.max_by_key(|(id, mapping)| (mapping.contacted.contains(&exact), *id));
        let found = fitting.map(|(id, mapping)| (id, mapping.inside));
        let (id, inside) = found.ok_or(if known { NatDrop::Filtered } else { NatDrop::NoMapping })?;
        if kind != Kind::Error && self.behaviour.inbound_refresh {
            self.refresh(now, id);
        }
        Ok(Route { source: None, destination: Some(inside), out: Side::Inside })
    }

    /// The outside endpoint of a packet's source, in a mapping that is made where there is none.
    fn outside_of(&mut self, now: Instant, ends: Ends, kind: Kind) -> Result<SocketAddrV4, NatDrop> {
        let Ends { protocol, source: inside, destination: remote } = ends;
        let dependence =
            if has_ports(protocol) { self.behaviour.mapping } else { Dependence::EndpointIndependent };
        let scope = dependence.scope(remote);
        let found = self.mappings.find(protocol, inside, scope);
        let is_new = found.is_none();
        let id = match (found, kind) {
            (Some(id), _) => id,
            (None, Kind::Error) => return Err(NatDrop::NoMapping),
            (None, _) => self.map(now, protocol, inside, scope)?,
        };
        let contacted = [
            Some(self.behaviour.filtering.scope(remote)),
            (self.behaviour.assignment == PortAssignment::Overloading).then_some(Scope::Endpoint(remote)),
        ];
        if kind != Kind::Error && self.behaviour.outbound_refresh && !is_new {
            self.refresh(now, id);
        }
        let mapping = self.mappings.get_mut(id).ok_or(NatDrop::NoMapping)?;
        if kind != Kind::Error && mapping.expires.is_some() {
            mapping.contacted.extend(contacted.into_iter().flatten());
        }
        Ok(mapping.outside)
    }

    fn map(
        &mut self,
        now: Instant,
        protocol: u8,
        inside: SocketAddrV4,
        scope: Scope,
    ) -> Result<MappingId, NatDrop> {
        let outside = self.pool.choose(&self.behaviour, &self.mappings, protocol, inside)?;
        let expires = Some(now + self.behaviour.timers.of(protocol));
        let mapping = Mapping { protocol, inside, outside, scope, contacted: BTreeSet::new(), expires };
        self.outbox.note(NatNote::Mapped((&mapping).into()));
        Ok(self.mappings.insert(mapping))
    }

    fn refresh(&mut self, now: Instant, id: MappingId) {
        if let Some(mapping) = self.mappings.get_mut(id) {
            let until = now + self.behaviour.timers.of(mapping.protocol);
            mapping.expires = mapping.expires.map(|expires| expires.max(until));
        }
    }
}

fn classify(packet: &IpPacket) -> Result<(Ends, Kind), NatDrop> {
    let (flow, kind) = match (packet.protocol(), packet.payload().first()) {
        (protocol::ICMP, _) if icmp_error::is_error(packet) => {
            let message = icmp_error::read(packet).ok_or(NatDrop::Malformed)?;
            let quoted = Flow::quoted(&message.quoted).ok_or(NatDrop::Malformed)?;
            // An error goes to the source of what it quotes, or it is none.
            if quoted.source.ip() != packet.destination() {
                return Err(NatDrop::Malformed);
            }
            (quoted.reversed(), Kind::Error)
        }
        (protocol::ICMP, Some(8)) => (read(packet)?, Kind::EchoRequest),
        (protocol::ICMP, Some(0)) => (read(packet)?, Kind::EchoReply),
        (protocol::ICMP, Some(_)) => return Err(NatDrop::OtherIcmp),
        _ => (read(packet)?, Kind::Data),
    };
    match (flow.source, flow.destination) {
        (SocketAddr::V4(source), SocketAddr::V4(destination)) => {
            Ok((Ends { protocol: flow.protocol, source, destination }, kind))
        }
        _ => Err(NatDrop::NotIpv4),
    }
}

fn read(packet: &IpPacket) -> Result<Flow, NatDrop> {
    Flow::read(packet).ok_or(NatDrop::Malformed)
}
