//! Links: those of the file, and one for each two peers that share an IKE configuration or a manual SA and between which
//! there is no way.

use std::time::Duration;

use ipsec_net::Instant;
use sim::Outage;
use toml::Spanned;

use super::peer::smallest_mtu;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::read::{Document, Named};
use crate::file::scenario::{Line, Link, LinkEnd, Peer, Quality, Spread};
use crate::quantity;
use crate::story::{Kind, Names};

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
        if let Some(other) = links.iter().find(|other| joins(other, &link.ends[0].node, &link.ends[1].node)) {
            let message = format!("`{}` joins the same two ends as `{}`", link.name, other.name);
            problems.add(
                Problem::at(named.name.span(), message).help("packets would not know which link to take"),
            );
        }
        links.push(link);
    }
    let ikes = document.ikes.iter().map(|named| named.noun.ends.as_ref());
    let manual = document.manual.iter().map(|named| named.noun.ends.as_ref());
    for ends in ikes.chain(manual) {
        let Some([first, second]) = ends.map(|ends| ends.get_ref().as_slice()) else { continue };
        let (first, second) = (first.get_ref().as_str(), second.get_ref().as_str());
        let missing = first != second && !is_connected(&links, first, second);
        if missing
            && peers.iter().any(|peer| peer.name == first)
            && peers.iter().any(|peer| peer.name == second)
        {
            let end = |peer: &str| LinkEnd { node: peer.to_owned(), quality: Quality::default() };
            links.push(Link { name: format!("{first}-{second}"), ends: [end(first), end(second)] });
        }
    }
    links
}

const LARGEST_MTU: i64 = 65_535;

fn link(named: &Named<nouns::Link>, names: &Names, peers: &[Peer], problems: &mut Problems) -> Option<Link> {
    let noun = &named.noun;
    let ends = problems.two_of(&Kind::NODES, ("link", &named.name), "joins", noun.joins.as_ref(), names)?;
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
        LinkEnd { node: end.get_ref().clone(), quality }
    };
    Some(Link { name: named.name().to_owned(), ends: [end(ends[0], problems), end(ends[1], problems)] })
}

/// Whether there is a way from one node to another over these links.
fn is_connected(links: &[Link], first: &str, second: &str) -> bool {
    let mut reached = vec![first];
    let mut next = 0;
    while let Some(here) = reached.get(next).copied() {
        for link in links {
            let [a, b] = link.ends.each_ref().map(|end| end.node.as_str());
            for (from, to) in [(a, b), (b, a)] {
                if from == here && !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        next += 1;
    }
    reached.contains(&second)
}

fn joins(link: &Link, first: &str, second: &str) -> bool {
    let [a, b] = link.ends.each_ref().map(|end| end.node.as_str());
    (a, b) == (first, second) || (a, b) == (second, first)
}

/// The keys that a link and one direction of it have in common.
struct Keys<'a> {
    delay: Option<&'a Text>,
    spread: Option<nouns::Spread>,
    in_order: Option<bool>,
    loss: Option<&'a Text>,
    bursts: Option<&'a Text>,
    reorder: Option<&'a Text>,
    duplicate: Option<&'a Text>,
    corrupt: Option<&'a Text>,
    truncate: Option<&'a Text>,
    rate: Option<&'a Text>,
    queue: Option<&'a Text>,
    codel: Option<bool>,
    ecn: Option<bool>,
    outage: Option<&'a nouns::Outage>,
    mtu: Option<&'a Spanned<i64>>,
}

/// Both nouns have these keys under the same names.
macro_rules! keys_from {
    ($noun:ty) => {
        impl<'a> From<&'a $noun> for Keys<'a> {
            fn from(noun: &'a $noun) -> Self {
                Self {
                    delay: noun.delay.as_ref(),
                    spread: noun.spread,
                    in_order: noun.in_order,
                    loss: noun.loss.as_ref(),
                    bursts: noun.bursts.as_ref(),
                    reorder: noun.reorder.as_ref(),
                    duplicate: noun.duplicate.as_ref(),
                    corrupt: noun.corrupt.as_ref(),
                    truncate: noun.truncate.as_ref(),
                    rate: noun.rate.as_ref(),
                    queue: noun.queue.as_ref(),
                    codel: noun.codel,
                    ecn: noun.ecn,
                    outage: noun.outage.as_ref(),
                    mtu: noun.mtu.as_ref(),
                }
            }
        }
    };
}
keys_from!(nouns::Link);
keys_from!(nouns::Direction);

fn quality(base: Quality, keys: &Keys<'_>, smallest_mtu: i64, problems: &mut Problems) -> Quality {
    let mtu = problems.number_or(keys.mtu, smallest_mtu..=LARGEST_MTU, "an MTU", base.mtu);
    Quality {
        delay: problems.read_or(keys.delay, quantity::delay, base.delay),
        spread: keys.spread.map_or(base.spread, Spread::from),
        in_order: keys.in_order.unwrap_or(base.in_order),
        loss: problems.read_or(keys.loss, quantity::share, base.loss),
        burst: keys.bursts.map_or(base.burst, |text| problems.read(text, quantity::packets)),
        reorder: problems.read_or(keys.reorder, quantity::share, base.reorder),
        duplicate: problems.read_or(keys.duplicate, quantity::share, base.duplicate),
        corrupt: problems.read_or(keys.corrupt, quantity::share, base.corrupt),
        truncate: problems.read_or(keys.truncate, quantity::share, base.truncate),
        mtu,
        line: line(base.line, keys, mtu, problems),
        outage: keys.outage.map_or(base.outage, |noun| outage(noun, problems)),
    }
}

impl From<nouns::Spread> for Spread {
    fn from(noun: nouns::Spread) -> Self {
        match noun {
            nouns::Spread::Even => Self::Even,
            nouns::Spread::Normal => Self::Normal,
            nouns::Spread::Exponential => Self::Exponential,
        }
    }
}

/// How long a queue takes to drain that nobody has given a length.
const QUEUE: Duration = Duration::from_millis(100);

fn line(base: Option<Line>, keys: &Keys<'_>, mtu: u16, problems: &mut Problems) -> Option<Line> {
    let rate =
        keys.rate.and_then(|text| problems.read(text, quantity::bit_rate)).or(base.map(|line| line.rate));
    let Some(rate) = rate else {
        if let Some(queue) = keys.queue {
            let problem = Problem::at(queue.span(), "a queue before a link that no packet waits for");
            problems.add(problem.help("say how much fits through the link, such as `rate = \"10Mbit/s\"`"));
        }
        return None;
    };
    let queue = problems.read_or(keys.queue, quantity::duration, base.map_or(QUEUE, |line| line.queue));
    if let Some(text) = keys.queue.or(keys.rate)
        && u128::from(rate) * queue.as_nanos() / 8_000_000_000 < u128::from(mtu)
    {
        let message = format!("the queue has no room for a packet of {mtu} octets");
        problems.add(
            Problem::at(text.span(), message).help("a longer `queue`, a higher `rate` or a smaller `mtu`"),
        );
    }
    let codel = keys.codel.or(base.map(|line| line.codel)).unwrap_or(false);
    let ecn = keys.ecn.or(base.map(|line| line.ecn)).unwrap_or(false);
    Some(Line { rate, queue, codel, ecn })
}

fn outage(noun: &nouns::Outage, problems: &mut Problems) -> Option<Outage> {
    let first = Instant::ZERO + problems.read_or(noun.first.as_ref(), quantity::duration, Duration::ZERO);
    let lasts = noun.lasts.as_ref()?;
    let duration = problems.read(lasts, quantity::duration)?;
    let every = noun.every.as_ref().and_then(|every| problems.read(every, quantity::duration));
    if duration.is_zero() || every.is_some_and(|every| every <= duration) {
        let message = "an outage has to last some time, and to end before it begins again";
        problems.add(Problem::at(lasts.span(), message));
        return None;
    }
    Some(Outage { first, lasts: duration, every })
}
