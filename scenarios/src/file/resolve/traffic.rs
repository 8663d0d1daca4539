//! Traffic: between two hosts that stand behind different peers.

use std::net::IpAddr;
use std::time::Duration;

use toml::Spanned;

use super::peer::smallest_mtu;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::read::Named;
use crate::file::scenario::{Host, Peer, Traffic, TrafficKind};
use crate::quantity;

/// The traffic whose hosts are known.
pub(super) fn resolve(
    nouns: &[Named<nouns::Traffic>],
    peers: &[Peer],
    problems: &mut Problems,
) -> Vec<Traffic> {
    nouns.iter().filter_map(|named| traffic(named, peers, problems)).collect()
}

const INTERVAL: Duration = Duration::from_millis(100);
const SIZE: u16 = 64;
/// UDP's discard port, on which nobody answers.
const DISCARD: u16 = 9;
const HOP_LIMIT: u8 = 64;

fn traffic(named: &Named<nouns::Traffic>, peers: &[Peer], problems: &mut Problems) -> Option<Traffic> {
    let noun = &named.noun;
    let sizes = noun.size.as_ref().map(|number| Spanned::new(number.span(), number.get_ref().0.clone()));
    let sizes = problems.read_or(sizes.as_ref(), quantity::sizes, SIZE..=SIZE);
    if let Some(size) = &noun.size
        && (*sizes.start() < Traffic::SMALLEST || *sizes.end() > Traffic::LARGEST)
    {
        let problem = Problem::at(size.span(), "packets of this size cannot be sent");
        problems.add(problem.label(format!(
            "expected {} to {} octets of payload",
            Traffic::SMALLEST,
            Traffic::LARGEST
        )));
    }
    let interval = problems.read_or(noun.rate.as_ref(), quantity::interval, INTERVAL);
    let Some(between) = &noun.between else {
        problems.missing("traffic", &named.name, "between", "the addresses of two hosts");
        return None;
    };
    let [first, second] = between.get_ref().as_slice() else {
        problems
            .add(Problem::at(between.span(), "`between` needs two hosts").label("expected two addresses"));
        return None;
    };
    let (first_host, second_host) = (host(first, peers, problems), host(second, peers, problems));
    let (first_host, second_host) = (first_host?, second_host?);
    let message = if first_host.address.is_ipv4() != second_host.address.is_ipv4() {
        Some("the two hosts have addresses of different IP versions".to_owned())
    } else if first_host.peer == second_host.peer {
        Some(format!("both hosts stand behind `{}`: nothing would go through a tunnel", first_host.peer))
    } else {
        None
    };
    if let Some(message) = message {
        problems.add(Problem::at(between.span(), message));
    }
    let kind = match noun.kind {
        Some(nouns::TrafficKind::Ping) => TrafficKind::Ping,
        Some(nouns::TrafficKind::Echo) => TrafficKind::Echo,
        Some(nouns::TrafficKind::Udp) | None => TrafficKind::Udp,
    };
    let address = first_host.address;
    let ends = [first_host, second_host];
    Some(Traffic {
        name: named.name().to_owned(),
        ends,
        kind,
        interval,
        sizes,
        both: noun.both.unwrap_or(true),
        dont_fragment: noun.df.unwrap_or(false),
        hop_limit: problems.number_or(noun.hops.as_ref(), 1..=255, "a hop limit", HOP_LIMIT),
        port: problems.number_or(noun.port.as_ref(), 1..=65_535, "a port", DISCARD),
        traffic_class: problems.number_or(noun.class.as_ref(), 0..=255, "a traffic class", 0),
        fragments: noun.fragments.as_ref().map(|length| {
            let least = smallest_mtu(address);
            problems.number_or(Some(length), least..=65_535, "a fragment", u16::MAX)
        }),
    })
}

fn host(text: &Text, peers: &[Peer], problems: &mut Problems) -> Option<Host> {
    let address: IpAddr = problems.read(text, |text| {
        text.parse()
            .map_err(|_| format!("\"{text}\" is no IP address: write one such as 10.1.0.10 or 2001:db8::1"))
    })?;
    let behind = |peer: &&Peer| {
        peer.address == address || peer.protects.iter().any(|network| network.contains(address))
    };
    match peers.iter().find(behind) {
        Some(peer) => Some(Host { address, peer: peer.name.clone() }),
        None => {
            if problems.is_empty() {
                let problem = Problem::at(text.span(), format!("no peer protects {address}"));
                problems.add(
                    problem.help("a host's address lies in what a peer `protects`, or is the peer's own"),
                );
            }
            None
        }
    }
}
