//! Links: those of the file, and one for each two peers that share an IKE configuration and have none.

use toml::Spanned;

use super::peer::smallest_mtu;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::read::{Document, Named};
use crate::file::scenario::{Link, LinkEnd, Peer, Quality};
use crate::quantity;
use crate::story::Names;

/// The links whose ends are known.
pub(super) fn resolve(
    document: &Document,
    names: &Names,
    peers: &[Peer],
    problems: &mut Problems,
) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for named in &document.links {
        let Some(link) = link(named, names, peers, problems) else {
            continue;
        };
        if let Some(other) = links.iter().find(|other| joins(other, &link.ends[0].peer, &link.ends[1].peer)) {
            let message = format!("`{}` joins the same two peers as `{}`", link.name, other.name);
            problems.add(
                Problem::at(named.name.span(), message).help("packets would not know which link to take"),
            );
        }
        links.push(link);
    }
    for named in &document.ikes {
        let ends = named.noun.ends.as_ref().map(|ends| ends.get_ref().as_slice());
        let Some([first, second]) = ends else { continue };
        let (first, second) = (first.get_ref().as_str(), second.get_ref().as_str());
        let missing = first != second && !links.iter().any(|link| joins(link, first, second));
        if missing
            && peers.iter().any(|peer| peer.name == first)
            && peers.iter().any(|peer| peer.name == second)
        {
            let end = |peer: &str| LinkEnd { peer: peer.to_owned(), quality: Quality::default() };
            links.push(Link { name: format!("{first}-{second}"), ends: [end(first), end(second)] });
        }
    }
    links
}

const LARGEST_MTU: i64 = 65_535;

fn link(named: &Named<nouns::Link>, names: &Names, peers: &[Peer], problems: &mut Problems) -> Option<Link> {
    let noun = &named.noun;
    let ends = problems.two_peers(("link", &named.name), "joins", noun.joins.as_ref(), names)?;
    let addresses =
        ends.map(|end| peers.iter().find(|peer| peer.name == *end.get_ref()).map(|peer| peer.address));
    if let [Some(first), Some(second)] = addresses
        && first.is_ipv4() != second.is_ipv4()
    {
        let message =
            format!("`{}` joins {first} and {second}, which are of different IP versions", named.name());
        problems.add(Problem::at(named.name.span(), message));
    }
    for peer in noun.from.keys() {
        if !ends.iter().any(|end| end.get_ref() == peer.get_ref()) {
            let message = format!("`{}` does not join `{}`", named.name(), peer.get_ref());
            let expected = format!("expected `{}` or `{}`", ends[0].get_ref(), ends[1].get_ref());
            problems.add(Problem::at(peer.span(), message).label(expected));
        }
    }
    let smallest = addresses.into_iter().flatten().map(smallest_mtu).max().unwrap_or(1);
    let both = quality(Quality::default(), &Keys::from(noun), smallest, problems);
    let end = |end: &Text, problems: &mut Problems| {
        let own = noun.from.iter().find(|(peer, _)| peer.get_ref() == end.get_ref()).map(|(_, own)| own);
        let quality = own.map_or(both, |own| quality(both, &Keys::from(own), smallest, problems));
        LinkEnd { peer: end.get_ref().clone(), quality }
    };
    Some(Link { name: named.name().to_owned(), ends: [end(ends[0], problems), end(ends[1], problems)] })
}

fn joins(link: &Link, first: &str, second: &str) -> bool {
    let [a, b] = [link.ends[0].peer.as_str(), link.ends[1].peer.as_str()];
    (a, b) == (first, second) || (a, b) == (second, first)
}

/// The keys that a link and one direction of it have in common.
struct Keys<'a> {
    delay: Option<&'a Text>,
    loss: Option<&'a Text>,
    reorder: Option<&'a Text>,
    duplicate: Option<&'a Text>,
    corrupt: Option<&'a Text>,
    mtu: Option<&'a Spanned<i64>>,
}

impl<'a> From<&'a nouns::Link> for Keys<'a> {
    fn from(noun: &'a nouns::Link) -> Self {
        Self {
            delay: noun.delay.as_ref(),
            loss: noun.loss.as_ref(),
            reorder: noun.reorder.as_ref(),
            duplicate: noun.duplicate.as_ref(),
            corrupt: noun.corrupt.as_ref(),
            mtu: noun.mtu.as_ref(),
        }
    }
}

impl<'a> From<&'a nouns::Direction> for Keys<'a> {
    fn from(noun: &'a nouns::Direction) -> Self {
        Self {
            delay: noun.delay.as_ref(),
            loss: noun.loss.as_ref(),
            reorder: noun.reorder.as_ref(),
            duplicate: noun.duplicate.as_ref(),
            corrupt: noun.corrupt.as_ref(),
            mtu: noun.mtu.as_ref(),
        }
    }
}

fn quality(base: Quality, keys: &Keys<'_>, smallest_mtu: i64, problems: &mut Problems) -> Quality {
    Quality {
        delay: problems.read_or(keys.delay, quantity::delay, base.delay),
        loss: problems.read_or(keys.loss, quantity::share, base.loss),
        reorder: problems.read_or(keys.reorder, quantity::share, base.reorder),
        duplicate: problems.read_or(keys.duplicate, quantity::share, base.duplicate),
        corrupt: problems.read_or(keys.corrupt, quantity::share, base.corrupt),
        mtu: problems.number_or(keys.mtu, smallest_mtu..=LARGEST_MTU, "an MTU", base.mtu),
    }
}
