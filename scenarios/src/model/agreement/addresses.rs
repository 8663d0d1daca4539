//! The inside addresses that a responder lends to an initiator (RFC 7296 §2.19, §3.15).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec::wire::registry::ConfigAttributeType;
use ipsec::wire::v2::ConfigValue;
use ipsec_net::AddressRange;

use super::{Ends, Exchange, Matter, Refusal};

/// What the initiator gets where all of `taken` is lent to others: of each IP version that it asks for the address that it
/// wishes for, if the responder's pools have that, and else the first that is left.
///
/// # Errors
/// A responder with pools has no child for who gets no address.
pub(super) fn lent(ends: &Ends<'_>, taken: &BTreeSet<IpAddr>) -> Result<Vec<IpAddr>, Refusal> {
    let [initiator, responder] = ends.ike;
    if responder.assigns.is_empty() {
        return Ok(Vec::new());
    }
    let pools =
        responder.assigns.iter().filter_map(|name| ends.scenario.pools.iter().find(|p| p.name == *name));
    let ranges: Vec<AddressRange> = pools.flat_map(|pool| pool.addresses.iter().copied()).collect();
    let asked = [
        (ConfigAttributeType::INTERNAL_IP4_ADDRESS, true),
        (ConfigAttributeType::INTERNAL_IP6_ADDRESS, false),
    ]
    .map(|(kind, is_ipv4)| Some((initiator.asks.iter().find(|asked| asked.kind == kind)?, is_ipv4)));
    let refused = |notify, why| Err(Refusal::answered(Exchange::IkeAuth, Matter::Limit, notify, why));
    let asked: Vec<_> = asked.into_iter().flatten().collect();
    if asked.is_empty() {
        return refused("FAILED_CP_REQUIRED", format!("{} asks for no address", initiator.peer));
    }
    let given = asked.into_iter().filter_map(|(attribute, is_ipv4)| {
        let wish = match attribute.value {
            ConfigValue::Ipv4(address) => Some(address.into()),
            ConfigValue::Prefix(address, _) => Some(address.into()),
            _ => None,
        };
        let own: Vec<&AddressRange> =
            ranges.iter().filter(|range| range.first().is_ipv4() == is_ipv4).collect();
        let granted = |wish: &IpAddr| !taken.contains(wish) && own.iter().any(|range| range.contains(*wish));
        wish.filter(granted).or_else(|| own.iter().find_map(|range| first_left(range, taken)))
    });
    match given.collect::<Vec<_>>() {
        none if none.is_empty() => {
            let why = format!("{} has no address left that {} asks for", responder.peer, initiator.peer);
            refused("INTERNAL_ADDRESS_FAILURE", why)
        }
        given => Ok(given),
    }
}

/// The first address of a range that is not taken.
fn first_left(range: &AddressRange, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
    let mut all = std::iter::successors(Some(range.first()), |address| match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
    });
    all.find(|address| !taken.contains(address)).filter(|address| range.contains(*address))
}
