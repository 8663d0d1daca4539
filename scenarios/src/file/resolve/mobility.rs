//! The addresses of peers, and how IKE SAs move between them.

use std::net::IpAddr;

use ipsec::ikev2::Routability;
use toml::Spanned;

use super::peer::{address_of, prefixes};
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::read::Named;
use crate::file::scenario::{Link, Mobility, PeerAddress};
use crate::story::{Kind, Names};

/// The addresses of a peer, those that it has from the beginning first.
pub(super) fn addresses(noun: &nouns::Peer, problems: &mut Problems) -> Vec<PeerAddress> {
    let listed = |list: Option<&nouns::Texts>, from_the_start, problems: &mut Problems| -> Vec<PeerAddress> {
        let texts = list.into_iter().flat_map(|list| &list.0);
        let read = texts.filter_map(|text| problems.read(text, place));
        read.map(|(address, link)| PeerAddress { address, link, from_the_start }).collect()
    };
    let mut all = listed(noun.address.as_ref(), true, problems);
    all.extend(listed(noun.elsewhere.as_ref(), false, problems));
    all
}

/// The addresses of the file that can be read, and where they stand.
pub(super) fn written(noun: &nouns::Peer) -> impl Iterator<Item = (IpAddr, &Text)> {
    let texts = noun.address.iter().chain(&noun.elsewhere).flat_map(|list| &list.0);
    texts.filter_map(|text| Some((place(text.get_ref()).ok()?.0, text)))
}

/// `192.0.2.1` or `192.0.2.1 by wifi`: an address, and the link that it is at.
fn place(text: &str) -> Result<(IpAddr, Option<String>), String> {
    match text.split_once(" by ") {
        None => Ok((address_of(text)?, None)),
        Some((address, link)) => Ok((address_of(address.trim())?, Some(link.trim().to_owned()))),
    }
}

/// Tells of addresses at links that are not there, or that the peer is not at.
pub(super) fn check_links(
    peers: &[Named<nouns::Peer>],
    links: &[Link],
    names: &Names,
    problems: &mut Problems,
) {
    for peer in peers {
        for (_, text) in written(&peer.noun) {
            let Ok((_, Some(name))) = place(text.get_ref()) else { continue };
            let name = Spanned::new(text.span(), name);
            if !problems.refers(&name, Kind::Link, names) {
                continue;
            }
            let joins = |link: &&Link| link.ends.iter().any(|end| end.node == peer.name());
            let own: Vec<&str> = links.iter().filter(joins).map(|link| link.name.as_str()).collect();
            if !own.contains(&name.get_ref().as_str()) {
                let message = format!("`{}` does not join `{}`", name.get_ref(), peer.name());
                let problem = Problem::at(text.span(), message);
                problems.add(problem.help(format!("the links that do: {}", own.join(", "))));
            }
        }
    }
}

/// What a file says of an end by itself, and of both where it says nothing of this one.
pub(super) fn of_end(both: &nouns::Ike, own: Option<&nouns::IkeEnd>, problems: &mut Problems) -> Mobility {
    let roams = own.and_then(|own| own.roams.as_ref()).or(both.roams.as_ref());
    let routability = own.and_then(|own| own.routability).or(both.routability);
    let mobike = own.and_then(|own| own.mobike).or(both.mobike).unwrap_or(false);
    if let Some(first) = roams.and_then(|list| list.0.first()).filter(|_| !mobike) {
        let problem = Problem::at(first.span(), "who does not speak MOBIKE moves nowhere");
        problems.add(problem.help("add `mobike = true`"));
    }
    Mobility {
        mobike,
        roams: roams.map(|list| prefixes(list, problems)).unwrap_or_default(),
        routability: routability.map(Routability::from).unwrap_or_default(),
    }
}
