//! Translators, and who is behind them.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use ipsec_net::protocol;
use sim::middlebox::nat::{
    Behaviour, Dependence, Forward, Hairpinning, OtherProtocols, Pooling, PortAssignment,
};

use super::inside::inside;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns;
use crate::file::read::Named;
use crate::file::scenario::{Link, Nat};
use crate::quantity;
use crate::story::Names;

/// The translators that have an outside address and an inside.
pub(super) fn resolve(
    nouns: &[Named<nouns::Nat>],
    names: &Names,
    links: &[Link],
    problems: &mut Problems,
) -> Vec<Nat> {
    nouns.iter().filter_map(|named| nat(named, names, links, problems)).collect()
}

/// The address of a translator on its inside unless the file says otherwise; from the addresses that are for nobody
/// (RFC 6598).
const GATEWAY: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);

fn nat(named: &Named<nouns::Nat>, names: &Names, links: &[Link], problems: &mut Problems) -> Option<Nat> {
    let noun = &named.noun;
    let Some(addresses) = noun.address.as_ref().filter(|list| !list.0.is_empty()) else {
        problems.missing("nat", &named.name, "address", "one or more IPv4 addresses");
        return None;
    };
    let addresses: Vec<Ipv4Addr> = addresses.0.iter().filter_map(|text| problems.read(text, ipv4)).collect();
    let inside = inside("nat", &named.name, noun.inside.as_ref(), names, links, problems)?;
    let behaviour = behaviour(noun, &addresses, problems);
    let gateway = noun.gateway.as_ref().and_then(|text| problems.read(text, ipv4)).unwrap_or(GATEWAY);
    let luck = sim::Setup::new(0).streams.stream(&[]);
    if let Err(error) = sim::middlebox::Nat::new(gateway, addresses.clone(), behaviour.clone(), luck) {
        problems.add(Problem::at(named.name.span(), error.to_string()));
    }
    Some(Nat { name: named.name().to_owned(), addresses, gateway, inside, behaviour })
}

/// The nodes at the inside of a translator, up to the next one.
pub(super) fn inside_of<'a>(nat: &Nat, nats: &[Nat], links: &'a [Link]) -> Vec<&'a str> {
    let mut reached: Vec<&str> = Vec::new();
    let mut next: Vec<&Link> = links.iter().filter(|link| link.name == nat.inside).collect();
    while let Some(link) = next.pop() {
        for end in link.ends.each_ref().map(|end| end.node.as_str()) {
            if reached.contains(&end) || nats.iter().any(|nat| nat.name == end) {
                continue;
            }
            reached.push(end);
            next.extend(links.iter().filter(|link| link.joins(end)));
        }
    }
    reached
}

fn behaviour(noun: &nouns::Nat, addresses: &[Ipv4Addr], problems: &mut Problems) -> Behaviour {
    let base = Behaviour::default();
    let mut timers = base.timers;
    timers.udp = problems.read_or(noun.timeout.as_ref(), quantity::lasting, timers.udp);
    let mut fragments = base.fragments;
    if matches!(noun.fragments, Some(nouns::Fragments::InOrder)) {
        fragments.held = 0;
    }
    let refresh = noun.refresh;
    Behaviour {
        mapping: noun.mapping.map_or(base.mapping, Dependence::from),
        filtering: noun.filtering.map_or(base.filtering, Dependence::from),
        assignment: match noun.ports {
            None | Some(nouns::PortAssignment::Preserving) => PortAssignment::Preserving,
            Some(nouns::PortAssignment::Overloading) => PortAssignment::Overloading,
            Some(nouns::PortAssignment::Sequential) => PortAssignment::Sequential,
            Some(nouns::PortAssignment::Random) => PortAssignment::Random,
        },
        pooling: match noun.pooling {
            None | Some(nouns::Pooling::Paired) => Pooling::Paired,
            Some(nouns::Pooling::Arbitrary) => Pooling::Arbitrary,
        },
        hairpinning: match noun.hairpinning {
            Some(nouns::Hairpinning::Off) => Hairpinning::Off,
            Some(nouns::Hairpinning::InternalSource) => Hairpinning::InternalSource,
            None | Some(nouns::Hairpinning::ExternalSource) => Hairpinning::ExternalSource,
        },
        outbound_refresh: !matches!(refresh, Some(nouns::Refresh::Inbound)),
        inbound_refresh: matches!(refresh, Some(nouns::Refresh::Inbound | nouns::Refresh::Both)),
        other_protocols: match noun.esp {
            None | Some(nouns::PassThrough::Pass) => OtherProtocols::PassThrough,
            Some(nouns::PassThrough::Drop) => OtherProtocols::Drop,
        },
        forwards: noun
            .forwards
            .iter()
            .filter_map(|text| problems.read(text, |text| forward(text, addresses)))
            .collect(),
        timers,
        fragments,
        ..base
    }
}

impl From<nouns::Dependence> for Dependence {
    fn from(noun: nouns::Dependence) -> Self {
        match noun {
            nouns::Dependence::EndpointIndependent => Self::EndpointIndependent,
            nouns::Dependence::AddressDependent => Self::AddressDependent,
            nouns::Dependence::AddressAndPortDependent => Self::AddressAndPortDependent,
        }
    }
}

/// `500 to 10.0.0.2:500`: UDP that comes to this port of the first outside address goes to that host and port.
fn forward(text: &str, addresses: &[Ipv4Addr]) -> Result<Forward, String> {
    let wrong = || format!("\"{text}\" forwards nothing: write one such as \"500 to 10.0.0.2:500\"");
    let (port, inside) = text.split_once(" to ").ok_or_else(wrong)?;
    let port: u16 = port.trim().parse().map_err(|_| wrong())?;
    let inside: SocketAddrV4 = inside.trim().parse().map_err(|_| wrong())?;
    let outside = SocketAddrV4::new(*addresses.first().ok_or_else(wrong)?, port);
    Ok(Forward { protocol: protocol::UDP, outside, inside })
}

fn ipv4(text: &str) -> Result<Ipv4Addr, String> {
    match text.parse() {
        Ok(IpAddr::V4(address)) => Ok(address),
        Ok(IpAddr::V6(_)) => Err(format!("{text} is an IPv6 address; translators are for IPv4")),
        Err(_) => Err(format!("\"{text}\" is no IPv4 address: write one such as 203.0.113.9")),
    }
}

#[cfg(test)]
mod tests;
