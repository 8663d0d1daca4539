//! Traffic selector negotiation (RFC 7296 §2.9): what both ends agree to protect is the intersection of what each wants.

use ipsec_dataplane::Selector;
use ipsec_net::AddressRange;
use ipsec_wire::v2::TrafficSelector;

/// The selectors on the wire that mean all traffic of these networks.
pub(crate) fn to_wire(networks: &[AddressRange]) -> Vec<TrafficSelector> {
    networks.iter().map(|range| TrafficSelector::any(range.first(), range.last())).collect()
}

/// The addresses of these selectors.
pub(crate) fn ranges(selectors: &[TrafficSelector]) -> Vec<AddressRange> {
    selectors.iter().filter_map(range).collect()
}

/// The part of `offered` that lies within `configured`, in the order of `offered`; empty when there is none.
pub(crate) fn narrow(offered: &[TrafficSelector], configured: &[AddressRange]) -> Vec<TrafficSelector> {
    let mut narrowed: Vec<TrafficSelector> = Vec::new();
    for selector in offered {
        let Some(range) = range(selector) else { continue };
        for network in configured {
            if let Some(common) = range.intersection(network) {
                let part = selector.with_addresses(common.first(), common.last());
                if !narrowed.contains(&part) {
                    narrowed.push(part);
                }
            }
        }
    }
    narrowed
}

/// Whether each of `narrowed` lies within one of `offered`, and there is at least one.
pub(crate) fn subset(narrowed: &[TrafficSelector], offered: &[TrafficSelector]) -> bool {
    let within = |part: &TrafficSelector| {
        offered.iter().any(|whole| match (range(part), range(whole)) {
            (Some(part_range), Some(whole_range)) => {
                whole_range.contains_range(&part_range)
                    && (whole.protocol() == 0 || whole.protocol() == part.protocol())
                    && whole.ports().0 <= part.ports().0
                    && part.ports().1 <= whole.ports().1
            }
            _ => false,
        })
    };
    !narrowed.is_empty() && narrowed.iter().all(within)
}

/// The data plane's selectors for each pair of a local and a remote one.
pub(crate) fn pairs(local: &[TrafficSelector], remote: &[TrafficSelector]) -> Vec<Selector> {
    let pair = |l: &TrafficSelector, r: &TrafficSelector| {
        let protocol = l.protocol().max(r.protocol());
        Some(Selector {
            local: range(l)?,
            remote: range(r)?,
            protocol: (protocol != 0).then_some(protocol),
            local_ports: l.ports().0..=l.ports().1,
            remote_ports: r.ports().0..=r.ports().1,
        })
    };
    local.iter().flat_map(|l| remote.iter().filter_map(move |r| pair(l, r))).collect()
}

/// The selectors for people.
pub(crate) fn show(selectors: &[TrafficSelector]) -> String {
    selectors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn range(selector: &TrafficSelector) -> Option<AddressRange> {
    let (first, last) = selector.addresses()?;
    AddressRange::new(first, last)
}
