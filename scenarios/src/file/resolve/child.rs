//! Child configurations: what each end protects, which is what its peer protects unless the file says otherwise.

use ipsec::dataplane::LifetimePolicy;
use ipsec_net::Prefix;

use super::ike::{check_ends, offer};
use super::life::child_life;
use super::options::{lifetime, options};
use super::peer::prefixes;
use super::problems::Problems;
use super::terms;
use super::version;
use crate::diagnostic::Problem;
use crate::file::nouns;
use crate::file::proposal::ChildProposal;
use crate::file::read::Named;
use crate::file::scenario::{Child, ChildEnd, ChildTerms, Ike, IkeEnd, Mode, Peer};
use crate::story::{Kind, Names};

/// The children whose IKE configuration is known.
pub(super) fn resolve(
    nouns: &[Named<nouns::Child>],
    names: &Names,
    ikes: &[Ike],
    peers: &[Peer],
    problems: &mut Problems,
) -> Vec<Child> {
    nouns.iter().filter_map(|named| child(named, names, ikes, peers, problems)).collect()
}

/// What a Child SA offers that is not told what to offer.
const OFFER: &str = "aes128gcm16";

/// The anti-replay window of a child that is not told, in packets (RFC 4303 §3.4.3).
const REPLAY_WINDOW: u32 = 64;

fn child(
    named: &Named<nouns::Child>,
    names: &Names,
    ikes: &[Ike],
    peers: &[Peer],
    problems: &mut Problems,
) -> Option<Child> {
    let noun = &named.noun;
    let Some(of) = &noun.of else {
        problems.missing("child", &named.name, "of", "the name of an IKE configuration");
        return None;
    };
    if !problems.refers(of, Kind::Ike, names) {
        return None;
    }
    let ike = ikes.iter().find(|ike| ike.name == *of.get_ref())?;
    let ends = [ike.ends[0].peer.as_str(), ike.ends[1].peer.as_str()];
    check_ends(named.name(), noun.at.keys(), ends, problems);
    let both = Both {
        offer: noun.offer.as_ref().map(|list| offer(list, ChildProposal::parse, problems)),
        replay_window: replay_window(noun.replay.as_ref(), REPLAY_WINDOW, problems),
        mode: noun.mode.map_or(Mode::Tunnel, Mode::from),
        lifetime: lifetime(noun.lifetime.as_ref(), problems),
        rekey: rekeys(noun, problems),
        terms: terms::of_both(noun, problems),
    };
    let told = [
        end(named, &both, (&ike.ends[0], &ike.ends[1]), peers, problems),
        end(
            named,
            &Both { terms: terms::turned(&both.terms), ..both.clone() },
            (&ike.ends[1], &ike.ends[0]),
            peers,
            problems,
        ),
    ];
    Some(Child { name: named.name().to_owned(), ike: ike.name.clone(), ends: told })
}

/// Whether soft limits replace the SAs of a child: they do unless the file says `rekey = "never"`.
fn rekeys(noun: &nouns::Child, problems: &mut Problems) -> bool {
    let Some(rekey) = &noun.rekey else { return true };
    if rekey.get_ref() != "never" {
        let problem = Problem::at(rekey.span(), format!("`{}` says nothing of rekeying", rekey.get_ref()));
        problems.add(
            problem.label("expected \"never\"").help("without `rekey` a child is rekeyed at its soft limits"),
        );
    }
    false
}

fn replay_window(number: Option<&toml::Spanned<i64>>, default: u32, problems: &mut Problems) -> u32 {
    match number {
        Some(number) if *number.get_ref() == 0 => 0,
        _ => problems.number_or(number, 32..=4096, "a replay window", default),
    }
}

/// What both ends are told alike.
#[derive(Clone)]
struct Both {
    offer: Option<Vec<ChildProposal>>,
    replay_window: u32,
    mode: Mode,
    lifetime: LifetimePolicy,
    rekey: bool,
    /// As the first end sees them.
    terms: ChildTerms,
}

/// What the first of `ends` is told, the second being its other end.
fn end(
    named: &Named<nouns::Child>,
    both: &Both,
    ikes: (&IkeEnd, &IkeEnd),
    peers: &[Peer],
    problems: &mut Problems,
) -> ChildEnd {
    let ends = (ikes.0.peer.as_str(), ikes.1.peer.as_str());
    let own = named.noun.at.iter().find(|(peer, _)| peer.get_ref() == ends.0).map(|(_, own)| own);
    let own_offer =
        own.and_then(|own| own.offer.as_ref()).map(|list| offer(list, ChildProposal::parse, problems));
    let local = own.and_then(|own| own.protects.as_ref()).map(|list| prefixes(list, problems));
    let remote = own.and_then(|own| own.reaches.as_ref()).map(|list| prefixes(list, problems));
    let mode = own.and_then(|own| own.mode).map_or(both.mode, Mode::from);
    let end = ChildEnd {
        peer: ends.0.to_owned(),
        mode,
        local: local.unwrap_or_else(|| side(mode, ikes.0, ikes.1, peers)),
        remote: remote.unwrap_or_else(|| side(mode, ikes.1, ikes.0, peers)),
        offer: own_offer
            .or_else(|| both.offer.clone())
            .unwrap_or_else(|| ChildProposal::parse(OFFER).into_iter().collect()),
        replay_window: replay_window(own.and_then(|own| own.replay.as_ref()), both.replay_window, problems),
        lifetime: match own.and_then(|own| own.lifetime.as_ref()) {
            Some(own) => lifetime(Some(own), problems),
            None => both.lifetime,
        },
        rekey: both.rekey,
        terms: terms::of_end(own, &both.terms, problems),
        options: options(
            own.and_then(|own| own.options.as_ref()).or(named.noun.options.as_ref()),
            mode,
            problems,
        ),
        life: child_life(&named.noun, own, problems),
    };
    if problems.is_empty() {
        check_carries(named, &end, ends.1, problems);
        version::check_child(named, &end, ikes.0, problems);
    }
    end
}

/// What a child carries of `end` that is not told: what `other` assigns, which may be anything, or else what it has.
fn side(mode: Mode, end: &IkeEnd, other: &IkeEnd, peers: &[Peer]) -> Vec<Prefix> {
    match other.assigns.is_empty() {
        true => carried(mode, &end.peer, peers),
        false => ["0.0.0.0/0", "::/0"].iter().filter_map(|text| text.parse().ok()).collect(),
    }
}

/// What a child carries of a peer that is not told: its networks through a tunnel, its own packets in transport mode.
pub(super) fn carried(mode: Mode, peer: &str, peers: &[Peer]) -> Vec<Prefix> {
    let Some(peer) = peers.iter().find(|known| known.name == peer) else { return Vec::new() };
    match mode {
        Mode::Tunnel => peer.protects.clone(),
        Mode::Transport => vec![Prefix::host(peer.address)],
    }
}

/// Tells of a child that could carry no packet.
fn check_carries(named: &Named<nouns::Child>, end: &ChildEnd, other: &str, problems: &mut Problems) {
    let (name, peer) = (named.name(), &end.peer);
    let in_common = |l: &Prefix| end.remote.iter().any(|r| l.address().is_ipv4() == r.address().is_ipv4());
    let (message, help) = if end.local.is_empty() {
        let help = format!("give `protects` to [peer.{peer}] or [child.{name}.at.{peer}]");
        (format!("`{peer}` protects nothing that `{name}` could carry"), help)
    } else if end.remote.is_empty() {
        let help = format!("give `protects` to [peer.{other}] or `reaches` to [child.{name}.at.{peer}]");
        (format!("`{peer}` reaches nothing through `{name}`"), help)
    } else if !end.local.iter().any(in_common) {
        let message = format!("the networks at the two sides of `{name}` have no IP version in common");
        (message, "traffic selectors pair networks of one version".to_owned())
    } else {
        return;
    };
    problems.add(Problem::at(named.name.span(), message).help(help));
}
