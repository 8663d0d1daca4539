//! Policies beside those that IKE and manual SAs bring: what passes as it is, and what is dropped (RFC 4301 §4.4.1). They
//! come before all others, in the order of the file.

use ipsec::dataplane::Direction;
use ipsec_net::Prefix;
use toml::Spanned;

use super::peer::prefixes;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::read::Named;
use crate::file::scenario::{Policy, PolicyAction};
use crate::service;
use crate::story::{Kind, Names};

/// The policies of the file.
pub(super) fn resolve(nouns: &[Named<nouns::Policy>], names: &Names, problems: &mut Problems) -> Vec<Policy> {
    nouns.iter().filter_map(|named| policy(named, names, problems)).collect()
}

fn policy(named: &Named<nouns::Policy>, names: &Names, problems: &mut Problems) -> Option<Policy> {
    let noun = &named.noun;
    let Some(at) = &noun.at else {
        problems.missing("policy", &named.name, "at", "a peer, or a list of peers");
        return None;
    };
    let known: Vec<&Text> = at.0.iter().filter(|peer| problems.refers(peer, Kind::Peer, names)).collect();
    let Some(action) = noun.action else {
        problems.missing("policy", &named.name, "action", "\"bypass\" or \"discard\"");
        return None;
    };
    let everything = || ["0.0.0.0/0", "::/0"].iter().filter_map(|text| text.parse::<Prefix>().ok()).collect();
    let mut side = |list: &Option<nouns::Texts>| match list {
        Some(list) => prefixes(list, problems),
        None => everything(),
    };
    let between = [side(&noun.from), side(&noun.to)];
    Some(Policy {
        name: named.name().to_owned(),
        at: known.into_iter().map(|peer| peer.get_ref().clone()).collect(),
        action: match action {
            nouns::PolicyAction::Bypass => PolicyAction::Bypass,
            nouns::PolicyAction::Discard => PolicyAction::Discard,
        },
        between,
        protocol: noun.protocol.as_ref().and_then(|text| problems.read(text, service::protocol)),
        port: noun.port.as_ref().map(|port| destination_port(port, noun, problems)),
        direction: noun.direction.map(|direction| match direction {
            nouns::PolicyDirection::In => Direction::Inbound,
            nouns::PolicyDirection::Out => Direction::Outbound,
        }),
    })
}

fn destination_port(port: &Spanned<i64>, noun: &nouns::Policy, problems: &mut Problems) -> u16 {
    if noun.protocol.is_none() {
        let problem = Problem::at(port.span(), "a port without a protocol");
        problems.add(problem.help("add `protocol = \"udp\"` or `protocol = \"tcp\"`"));
    }
    problems.number_or(Some(port), 0..=65_535, "a port", 0)
}

#[cfg(test)]
mod tests;
