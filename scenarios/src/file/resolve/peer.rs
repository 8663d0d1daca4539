//! Peers: addresses of their own and networks that nobody else protects.

use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use ipsec_net::Prefix;

use super::life::tickets;
use super::mobility;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Texts};
use crate::file::read::Named;
use crate::file::scenario::{Clock, Cookies, Peer};
use crate::quantity;

/// The peers that have an address.
pub(super) fn resolve(nouns: &[Named<nouns::Peer>], problems: &mut Problems) -> Vec<Peer> {
    let peers = nouns.iter().filter_map(|named| peer(named, problems)).collect();
    check_disjoint(nouns, problems);
    peers
}

/// The smallest packet that each link of an IP version has to carry (RFC 791, RFC 8200 §5).
pub(super) fn smallest_mtu(address: IpAddr) -> i64 {
    if address.is_ipv4() { 68 } else { 1280 }
}

/// The prefixes of a list; those that are none are told.
pub(super) fn prefixes(list: &Texts, problems: &mut Problems) -> Vec<Prefix> {
    list.0.iter().filter_map(|text| problems.read(text, prefix)).collect()
}

const MTU: u16 = 1500;
const LARGEST_MTU: i64 = 65_535;
const MOST_HALF_OPEN: i64 = 100_000;
const HALF_OPEN_TIMEOUT: Duration = Duration::from_secs(30);

fn peer(named: &Named<nouns::Peer>, problems: &mut Problems) -> Option<Peer> {
    let noun = &named.noun;
    if noun.address.as_ref().is_none_or(|list| list.0.is_empty()) {
        problems.missing("peer", &named.name, "address", "an IP address");
        return None;
    }
    let addresses = mobility::addresses(noun, problems);
    let address = addresses.first().filter(|first| first.from_the_start)?.address;
    let identity = match &noun.identity {
        Some(text) if text.get_ref().is_empty() => {
            problems.add(Problem::at(text.span(), "the identity is empty"));
            String::new()
        }
        Some(text) => text.get_ref().clone(),
        None => format!("{}.example", named.name()),
    };
    Some(Peer {
        name: named.name().to_owned(),
        address,
        addresses,
        protects: noun.protects.as_ref().map(|list| prefixes(list, problems)).unwrap_or_default(),
        identity,
        mtu: noun
            .mtu
            .as_ref()
            .map(|mtu| problems.number_or(Some(mtu), smallest_mtu(address)..=LARGEST_MTU, "an MTU", MTU)),
        cookies: noun.cookies.map(Cookies::from).unwrap_or_default(),
        think: problems.read_or(noun.think.as_ref(), quantity::duration, Duration::ZERO),
        tickets: noun.tickets.as_ref().map(|noun| tickets(noun, problems)),
        half_open_timeout: problems.read_or(noun.half_open.as_ref(), quantity::duration, HALF_OPEN_TIMEOUT),
        half_open_limit: noun
            .half_open_limit
            .as_ref()
            .map(|limit| problems.number_or(Some(limit), 1..=MOST_HALF_OPEN, "a limit", 1)),
        puzzles: noun
            .puzzles
            .as_ref()
            .map(|from| problems.number_or(Some(from), 0..=MOST_HALF_OPEN, "a number of IKE SAs", 0)),
        token: noun.token.as_ref().map(|text| text.get_ref().clone()),
        clock: noun.clock.as_ref().map(|noun| clock(noun, problems)).unwrap_or_default(),
    })
}

fn clock(noun: &nouns::Clock, problems: &mut Problems) -> Clock {
    Clock {
        off: problems.read_or(noun.off.as_ref(), quantity::offset, 0),
        drift: problems.read_or(noun.drift.as_ref(), quantity::drift, 0),
    }
}

pub(super) fn address_of(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("\"{text}\" is no IP address: write one such as 192.0.2.1 or 2001:db8::1"))
}

fn prefix(text: &str) -> Result<Prefix, String> {
    text.parse().map_err(|error| format!("{error}"))
}

/// Tells of addresses and networks that two peers claim. Values that are wrong by themselves have been told already.
fn check_disjoint(nouns: &[Named<nouns::Peer>], problems: &mut Problems) {
    let mut addresses: Vec<(&str, IpAddr, Range<usize>)> = Vec::new();
    let mut networks: Vec<(&str, Prefix, Range<usize>)> = Vec::new();
    for named in nouns {
        for (address, text) in mobility::written(&named.noun) {
            if let Some((other, ..)) = addresses.iter().find(|(_, known, _)| *known == address) {
                problems
                    .add(Problem::at(text.span(), format!("{address} is the address of `{other}` already")));
            }
            addresses.push((named.name(), address, text.span()));
        }
        for text in named.noun.protects.iter().flat_map(|list| &list.0) {
            let Ok(network) = prefix(text.get_ref()) else {
                continue;
            };
            let clash = networks.iter().find(|(other, known, _)| {
                *other != named.name() && known.range().intersection(&network.range()).is_some()
            });
            if let Some((other, known, _)) = clash {
                let message = format!("{network} overlaps {known}, which `{other}` protects");
                problems.add(Problem::at(text.span(), message).help("a host stands behind one peer"));
            }
            networks.push((named.name(), network, text.span()));
        }
    }
    for (name, address, _) in &addresses {
        if let Some((owner, network, span)) =
            networks.iter().find(|(_, network, _)| network.contains(*address))
        {
            let message = format!("{network}, which `{owner}` protects, holds the outer address of `{name}`");
            problems.add(Problem::at(span.clone(), message));
        }
    }
}

impl From<nouns::Cookies> for Cookies {
    fn from(noun: nouns::Cookies) -> Self {
        match noun {
            nouns::Cookies::Never => Self::Never,
            nouns::Cookies::Always => Self::Always,
            nouns::Cookies::WhenBusy => Self::WhenBusy,
        }
    }
}
