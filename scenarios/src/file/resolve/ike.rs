//! IKE configurations: what both ends are told, and where one is told something else.

use std::net::IpAddr;
use std::time::Duration;

use ipsec::auth::IdentityPattern;
use toml::Spanned;

use super::auth;
use super::life::{MOST_ATTEMPTS, ike_life};
use super::mobility;
use super::nat::inside_of;
use super::options::ike_lifetime;
use super::peer::address_of;
use super::pki;
use super::pool;
use super::problems::Problems;
use super::quantum::quantum;
use super::version;
use super::xauth;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::proposal::IkeProposal;
use crate::file::read::{Document, Named};
use crate::file::scenario::{
    Authentication, Ike, IkeEnd, Link, Nat, NatTraversal, Peer, Pool, Retransmission,
};
use crate::quantity;
use crate::story::Names;

/// Who is where.
#[derive(Clone, Copy)]
pub(super) struct Network<'a> {
    pub(super) peers: &'a [Peer],
    pub(super) nats: &'a [Nat],
    pub(super) links: &'a [Link],
    pub(super) pools: &'a [Pool],
}

impl Network<'_> {
    fn peer(&self, name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == name)
    }

    /// Whether a translator stands before `hidden` that does not stand before `seen_by`.
    fn hides(&self, hidden: &str, seen_by: &str) -> bool {
        self.nats.iter().any(|nat| {
            let inside = inside_of(nat, self.nats, self.links);
            inside.contains(&hidden) && !inside.contains(&seen_by)
        })
    }
}

/// The configurations whose ends are known.
pub(super) fn resolve(
    document: &Document,
    names: &Names,
    network: Network<'_>,
    problems: &mut Problems,
) -> Vec<Ike> {
    let ikes: Vec<Ike> =
        document.ikes.iter().filter_map(|named| ike(named, document, names, network, problems)).collect();
    version::check_pools(document, &ikes, problems);
    ikes
}

/// The proposals of a list, each read by `read`.
pub(super) fn offer<T>(
    list: &Spanned<Vec<Text>>,
    read: fn(&str) -> Result<T, String>,
    problems: &mut Problems,
) -> Vec<T> {
    if list.get_ref().is_empty() {
        problems.add(Problem::at(list.span(), "the offer is empty").label("expected one or more proposals"));
    }
    list.get_ref().iter().filter_map(|text| problems.read(text, read)).collect()
}

/// Tells of tables for peers that are not at an end.
pub(super) fn check_ends<'a>(
    owner: &str,
    told: impl Iterator<Item = &'a Text>,
    ends: [&str; 2],
    problems: &mut Problems,
) {
    for peer in told.filter(|peer| !ends.contains(&peer.get_ref().as_str())) {
        let message = format!("`{}` is no end of `{owner}`", peer.get_ref());
        problems
            .add(Problem::at(peer.span(), message).label(format!("expected `{}` or `{}`", ends[0], ends[1])));
    }
}

/// What an IKE SA offers that is not told what to offer.
const OFFER: &str = "aes128gcm16-prfsha256-x25519";

const MOST_TRIES: i64 = 100;
const MOST_CHILDREN: i64 = 10_000;

/// The shortest packets that messages may be cut to: they hold a piece behind any headers.
const LEAST_FRAGMENT: i64 = 192;

/// The most requests that an end may take at once.
const MOST_AT_ONCE: i64 = 64;

fn ike(
    named: &Named<nouns::Ike>,
    document: &Document,
    names: &Names,
    network: Network<'_>,
    problems: &mut Problems,
) -> Option<Ike> {
    let noun = &named.noun;
    let [first, second] = problems.two_peers(("ike", &named.name), "ends", noun.ends.as_ref(), names)?;
    let ends = [first.get_ref().as_str(), second.get_ref().as_str()];
    check_ends(named.name(), noun.at.keys(), ends, problems);
    check_versions(named, ends, network.peers, problems);
    let both = Both {
        offer: noun.offer.as_ref().map(|list| offer(list, IkeProposal::parse, problems)),
        liveness: problems.read_or(noun.liveness.as_ref(), liveness, None),
        fragments: noun.fragments.as_ref().map(|sizes| fragments(sizes, problems)),
        window: problems.number_or(noun.window.as_ref(), 1..=MOST_AT_ONCE, "a window", 1),
    };
    let proofs = auth::proofs(named, ends, document, network.peers, problems)?;
    let [first, second] = [0, 1].map(|side| {
        let told = proofs.end(named, (ends, side), document, problems)?;
        Some(end(named, &both, (ends[side], ends[1 - side]), told, network, problems))
    });
    let mut told = [first?, second?];
    let pools = pool::meant(noun.pool.as_ref(), ends, (names, network.pools), problems);
    xauth::resolve(noun, &mut told, problems);
    for end in &mut told {
        let own = noun.at.iter().find(|(peer, _)| *peer.get_ref() == end.peer);
        for name in own.and_then(|(_, own)| own.knows.as_ref()).iter().flat_map(|names| &names.0) {
            pki::refers(name, "certificate", &document.certificates, problems);
        }
        let asks = own.and_then(|(_, own)| own.asks.as_ref());
        (end.asks, end.assigns) = pool::roles(&end.peer, &pools, asks, problems);
        version::check(named, end, problems);
    }
    Some(Ike {
        name: named.name().to_owned(),
        ends: told,
        selector_notices: problems.read_or(
            noun.selector_notices.as_ref(),
            between_notices,
            Some(SELECTOR_NOTICES),
        ),
        retransmission: retransmission(&noun.retransmit, problems),
        lifetime: ike_lifetime(noun.lifetime.as_ref(), problems),
        most_children: noun
            .most_children
            .as_ref()
            .map(|most| problems.number_or(Some(most), 1..=MOST_CHILDREN, "a number of children", 1)),
        attempts: problems.number_or(noun.attempts.as_ref(), 1..=MOST_ATTEMPTS, "a number of attempts", 1),
    })
}

fn check_versions(named: &Named<nouns::Ike>, ends: [&str; 2], peers: &[Peer], problems: &mut Problems) {
    let mut addresses =
        peers.iter().filter(|peer| ends.contains(&peer.name.as_str())).map(|peer| peer.address);
    if let (Some(first), Some(second)) = (addresses.next(), addresses.next())
        && first.is_ipv4() != second.is_ipv4()
    {
        let message = format!(
            "the ends of `{}` have addresses of different IP versions, {first} and {second}",
            named.name()
        );
        problems.add(Problem::at(named.name.span(), message));
    }
}

/// What both ends are told alike.
struct Both {
    offer: Option<Vec<IkeProposal>>,
    liveness: Option<Duration>,
    fragments: Option<Vec<usize>>,
    window: u32,
}

/// What the end of this name is told.
fn end(
    named: &Named<nouns::Ike>,
    both: &Both,
    ends: (&str, &str),
    (authentication, expects): (Authentication, IdentityPattern),
    network: Network<'_>,
    problems: &mut Problems,
) -> IkeEnd {
    let own = named.noun.at.iter().find(|(peer, _)| peer.get_ref() == ends.0).map(|(_, own)| own);
    let own_offer =
        own.and_then(|own| own.offer.as_ref()).map(|list| offer(list, IkeProposal::parse, problems));
    let older = version::older(&named.noun, own, problems);
    let default = if older.is_some() { version::OFFER } else { OFFER };
    IkeEnd {
        peer: ends.0.to_owned(),
        older,
        methods: version::methods(&named.noun, own, problems),
        knows: own
            .and_then(|own| own.knows.as_ref())
            .map(|names| names.0.iter().map(|name| name.get_ref().clone()).collect()),
        authentication,
        expects,
        offer: own_offer
            .or_else(|| both.offer.clone())
            .unwrap_or_else(|| IkeProposal::parse(default).into_iter().collect()),
        liveness: problems.read_or(own.and_then(|own| own.liveness.as_ref()), liveness, both.liveness),
        remote: remote(own.and_then(|own| own.remote.as_ref()), ends, network, problems),
        nat: nat_traversal(&named.noun.nat, own.map(|own| &own.nat), older.is_some(), problems),
        life: ike_life(&named.noun, own, network.peers, problems),
        quantum: quantum(&named.noun, own, problems),
        asks: Vec::new(),
        assigns: Vec::new(),
        push: named.noun.push.as_ref().is_some_and(|push| *push.get_ref()),
        xauth: None,
        fragments: own
            .and_then(|own| own.fragments.as_ref())
            .map(|sizes| fragments(sizes, problems))
            .or_else(|| both.fragments.clone()),
        window: problems.number_or(
            own.and_then(|own| own.window.as_ref()),
            1..=MOST_AT_ONCE,
            "a window",
            both.window,
        ),
        mobility: mobility::of_end(&named.noun, own, problems),
    }
}

/// Where the other end is as this one sees it. One that is behind a translator may come from anywhere unless the file says
/// where that lets packets in.
fn remote(
    told: Option<&Text>,
    (own, other): (&str, &str),
    network: Network<'_>,
    problems: &mut Problems,
) -> Option<IpAddr> {
    let anywhere_or_address = |text: &str| match text {
        "any" => Ok(None),
        address => address_of(address).map(Some),
    };
    match told {
        Some(told) => problems.read(told, anywhere_or_address).flatten(),
        None if network.hides(other, own) => None,
        None => network.peer(other).map(|peer| peer.address),
    }
}

/// How often NAT is reminded unless the file says otherwise (RFC 3948 §4).
const KEEPALIVE: Duration = Duration::from_secs(20);

fn nat_traversal(
    both: &nouns::NatTraversal,
    own: Option<&nouns::NatTraversal>,
    older: bool,
    problems: &mut Problems,
) -> NatTraversal {
    let told = |get: fn(&nouns::NatTraversal) -> Option<bool>| own.and_then(get).or_else(|| get(both));
    let keepalive = own.and_then(|own| own.keepalive.as_ref()).or(both.keepalive.as_ref());
    let port = own.and_then(|own| own.port.as_ref()).or(both.port.as_ref());
    if let Some(wrong) = port.filter(|port| ![500, 4500].contains(port.get_ref())) {
        let problem = Problem::at(wrong.span(), format!("IKE does not begin at port {}", wrong.get_ref()));
        problems.add(problem.label("expected 500 or 4500"));
    }
    let forms = own.and_then(|own| own.forms.as_ref()).or(both.forms.as_ref());
    NatTraversal {
        enabled: told(|nat| nat.traversal).unwrap_or(true),
        encapsulate: told(|nat| nat.encapsulate).unwrap_or(false),
        keepalive: problems.read_or(keepalive, liveness, Some(KEEPALIVE)),
        starts_on_nat_port: port.is_some_and(|port| *port.get_ref() == 4500),
        forms: version::nat_forms(forms, older, problems),
    }
}

/// The lengths of packets, each shorter than the one before.
fn fragments(sizes: &Spanned<Vec<Spanned<i64>>>, problems: &mut Problems) -> Vec<usize> {
    let mut before = i64::MAX;
    for size in sizes.get_ref() {
        if *size.get_ref() >= before {
            let message = format!("{} comes after {before}", size.get_ref());
            let problem = Problem::at(size.span(), message).label("expected a smaller size");
            problems.add(problem.help("messages are cut in smaller pieces while no response comes"));
        }
        before = *size.get_ref();
    }
    let least = LEAST_FRAGMENT..=65_535;
    sizes.get_ref().iter().map(|size| problems.number_or(Some(size), least.clone(), "a size", 576)).collect()
}

/// How seldom a peer is told of packets that their SA is not for, unless the file says otherwise.
const SELECTOR_NOTICES: Duration = Duration::from_secs(10);

fn between_notices(text: &str) -> Result<Option<Duration>, String> {
    match text {
        "off" => Ok(None),
        _ => quantity::duration(text).map(Some).map_err(|_| {
            format!("\"{text}\" is no time between two notices: write \"off\" or a duration such as \"10s\"")
        }),
    }
}

fn liveness(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    match quantity::duration(text) {
        Ok(after) if !after.is_zero() => Ok(Some(after)),
        _ => Err(format!(
            "\"{text}\" is no time to wait for a sign of life: write \"off\" or a duration such as \"30s\""
        )),
    }
}

fn retransmission(noun: &nouns::Retransmit, problems: &mut Problems) -> Retransmission {
    let default = Retransmission::default();
    let factor = noun.factor.as_ref().map(|number| Spanned::new(number.span(), number.get_ref().0.clone()));
    let retransmission = Retransmission {
        first: problems.read_or(noun.first.as_ref(), wait, default.first),
        factor: problems.read_or(factor.as_ref(), quantity::factor, default.factor),
        longest: problems.read_or(noun.longest.as_ref(), wait, default.longest),
        tries: problems.number_or(noun.tries.as_ref(), 1..=MOST_TRIES, "a number of tries", default.tries),
    };
    // A first wait that is longer than usual makes the longest so, unless that was said.
    let longest = if noun.longest.is_none() {
        retransmission.longest.max(retransmission.first)
    } else {
        retransmission.longest
    };
    Retransmission { longest, ..retransmission }
}

fn wait(text: &str) -> Result<Duration, String> {
    match quantity::duration(text)? {
        wait if wait.is_zero() => Err("a wait of nothing would send without end".to_owned()),
        wait => Ok(wait),
    }
}
