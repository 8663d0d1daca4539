//! Traffic selector negotiation (RFC 7296 §2.9): what both ends agree to protect is the intersection of what each wants, in
//! addresses, protocols and ports; of security labels it is one (RFC 9478 §3).

use std::ops::RangeInclusive;

use ipsec_dataplane::{Flow, Selector};
use ipsec_net::AddressRange;
use ipsec_wire::v2::TrafficSelector;

use crate::config::{ChildConfig, Service};

/// What a child protects at our side.
pub(crate) fn local_side(child: &ChildConfig) -> Vec<TrafficSelector> {
    side(&child.local, &child.services, |service| &service.local_ports)
}

/// What a child protects at the peer's side.
pub(crate) fn remote_side(child: &ChildConfig) -> Vec<TrafficSelector> {
    side(&child.remote, &child.services, |service| &service.remote_ports)
}

/// The addresses of these selectors.
pub(crate) fn ranges(selectors: &[TrafficSelector]) -> Vec<AddressRange> {
    selectors.iter().filter_map(range).collect()
}

fn side(
    networks: &[AddressRange],
    services: &[Service],
    ports: fn(&Service) -> &RangeInclusive<u16>,
) -> Vec<TrafficSelector> {
    let all = [Service::of(None)];
    let services = if services.is_empty() { &all } else { services };
    let of = |network: &AddressRange, service: &Service| TrafficSelector::Addresses {
        protocol: service.protocol.unwrap_or(0),
        ports: (*ports(service).start(), *ports(service).end()),
        first: network.first(),
        last: network.last(),
    };
    let mut selectors = Vec::new();
    for selector in
        networks.iter().flat_map(|network| services.iter().map(move |service| of(network, service)))
    {
        if !selectors.contains(&selector) {
            selectors.push(selector);
        }
    }
    selectors
}

/// The selectors of a packet at our side and at the peer's, which stand in front of an offer so that the responder's choice
/// has room for the packet (RFC 7296 §2.9).
pub(crate) fn of_flow(flow: &Flow) -> [TrafficSelector; 2] {
    let ports = |port: Option<u16>| port.map_or((0, u16::MAX), |port| (port, port));
    let one = |address, port| TrafficSelector::Addresses {
        protocol: flow.protocol,
        ports: ports(port),
        first: address,
        last: address,
    };
    [
        one(flow.local, flow.ports.map(|(local, _)| local)),
        one(flow.remote, flow.ports.map(|(_, remote)| remote)),
    ]
}

/// The part of `offered` that lies within `configured`, in the order of `offered`; what another part contains is left out.
/// Empty when there is none. Labels have no part in it.
pub(crate) fn narrow(offered: &[TrafficSelector], configured: &[TrafficSelector]) -> Vec<TrafficSelector> {
    let mut parts: Vec<TrafficSelector> = Vec::new();
    for part in offered.iter().flat_map(|one| configured.iter().filter_map(move |other| common(one, other))) {
        if parts.iter().any(|known| contains(known, &part)) {
            continue;
        }
        parts.retain(|known| !contains(&part, known));
        parts.push(part);
    }
    parts
}

/// Whether each of `narrowed` lies within one of `offered`, and there is at least one.
pub(crate) fn subset(narrowed: &[TrafficSelector], offered: &[TrafficSelector]) -> bool {
    !narrowed.is_empty() && narrowed.iter().all(|part| offered.iter().any(|whole| contains(whole, part)))
}

/// The first label that both sides of an offer have and the configuration allows; nothing where neither wants one.
///
/// # Errors
/// When there is no such label though one is offered or configured.
pub(crate) fn common_label(
    [initiator, responder]: [&[TrafficSelector]; 2],
    configured: &[Vec<u8>],
) -> Result<Option<TrafficSelector>, ()> {
    let labels = |side: &'_ [TrafficSelector]| -> Vec<Vec<u8>> {
        side.iter().filter_map(|one| one.label().map(<[u8]>::to_vec)).collect()
    };
    let (ours, theirs) = (labels(initiator), labels(responder));
    if ours.is_empty() && theirs.is_empty() && configured.is_empty() {
        return Ok(None);
    }
    let fits = |label: &&Vec<u8>| theirs.contains(label) && configured.contains(label);
    ours.iter().find(fits).map(|label| Some(TrafficSelector::Label(label.clone()))).ok_or(())
}

/// Whether the selectors are for one address at either side.
pub(crate) fn is_single_pair(sides: [&[TrafficSelector]; 2]) -> bool {
    sides.iter().all(|side| {
        let mut addresses = side.iter().filter_map(TrafficSelector::addresses);
        addresses.next().is_some_and(|(one, last)| one == last && addresses.all(|other| other == (one, one)))
    })
}

/// The data plane's selectors for each pair of a local and a remote one between which packets can run.
pub(crate) fn pairs(local: &[TrafficSelector], remote: &[TrafficSelector]) -> Vec<Selector> {
    let pair = |l: &TrafficSelector, r: &TrafficSelector| {
        let protocol = match (l.protocol(), r.protocol()) {
            (0, protocol) | (protocol, 0) => protocol,
            (protocol, other) if protocol == other => protocol,
            _ => return None,
        };
        let (local, remote) = (range(l)?, range(r)?);
        (local.first().is_ipv4() == remote.first().is_ipv4()).then(|| Selector {
            local,
            remote,
            protocol: (protocol != 0).then_some(protocol),
            local_ports: RangeInclusive::new(l.ports().0, l.ports().1),
            remote_ports: RangeInclusive::new(r.ports().0, r.ports().1),
        })
    };
    local.iter().flat_map(|l| remote.iter().filter_map(move |r| pair(l, r))).collect()
}

/// The selectors for people.
pub(crate) fn show(selectors: &[TrafficSelector]) -> String {
    selectors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The packets that both are for. A selector of one side is that of packets which have the same at the other.
fn common(one: &TrafficSelector, other: &TrafficSelector) -> Option<TrafficSelector> {
    let both = mirrored(one)?.intersection(&mirrored(other)?)?;
    Some(TrafficSelector::Addresses {
        protocol: both.protocol.unwrap_or(0),
        ports: (*both.local_ports.start(), *both.local_ports.end()),
        first: both.local.first(),
        last: both.local.last(),
    })
}

fn contains(whole: &TrafficSelector, part: &TrafficSelector) -> bool {
    match (mirrored(whole), mirrored(part)) {
        (Some(whole), Some(part)) => whole.contains(&part),
        _ => whole.label().is_some() && whole == part,
    }
}

fn mirrored(selector: &TrafficSelector) -> Option<Selector> {
    let (range, ports) = (range(selector)?, RangeInclusive::new(selector.ports().0, selector.ports().1));
    let protocol = Some(selector.protocol()).filter(|protocol| *protocol != 0);
    Some(Selector {
        protocol,
        local_ports: ports.clone(),
        remote_ports: ports,
        ..Selector::between(range, range)
    })
}

fn range(selector: &TrafficSelector) -> Option<AddressRange> {
    let (first, last) = selector.addresses()?;
    AddressRange::new(first, last)
}

#[cfg(test)]
mod tests;
