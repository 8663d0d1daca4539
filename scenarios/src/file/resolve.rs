//! From nouns to a scenario: each reference checked, each default filled in, everything wrong told at once.

mod auth;
mod child;
mod firewall;
mod ike;
mod inside;
pub(super) mod junos;
mod life;
mod link;
mod manual;
mod mobility;
mod names;
mod nat;
mod options;
mod peer;
mod pki;
mod policy;
mod pool;
mod problems;
mod quantum;
mod router;
mod terms;
mod tester;
mod traffic;
mod version;
mod xauth;

use std::ops::Range;
use std::time::Duration;

use ipsec_net::Instant;
use sim::{Decision, Direction};

use self::problems::Problems;
use super::nouns::{Reasons, Text, Top};
use super::read::Document;
use super::scenario::{Clause, KnownFailure, Link, Scenario};
use crate::diagnostic::Problem;
use crate::quantity;
use crate::story::{self, Names, Story};

/// Resolves the nouns of the file with this text.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn resolve(document: &Document, source: &str) -> Result<Scenario, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut names = names::declared(document, &mut problems);
    let peers = peer::resolve(&document.peers, &mut problems);
    let routers = router::resolve(&document.routers, &mut problems);
    let links = link::resolve(document, &names, &peers, &mut problems);
    for link in &links {
        names.add(&link.name, story::Kind::Link, &[&link.ends[0].node, &link.ends[1].node]);
    }
    mobility::check_links(&document.peers, &links, &names, &mut problems);
    for peer in &peers {
        names.add_addresses(&peer.name, peer.addresses.iter().map(|known| known.address).collect());
    }
    let nats = nat::resolve(&document.nats, &names, &links, &mut problems);
    let firewalls = firewall::resolve(&document.firewalls, &names, &links, &mut problems);
    let pools = pool::resolve(&document.pools, &names, &mut problems);
    let network = ike::Network { peers: &peers, nats: &nats, links: &links, pools: &pools };
    let ikes = ike::resolve(document, &names, network, &mut problems);
    let authorities = pki::authorities(document, &mut problems);
    let certificates = pki::certificates(document, &ikes, &mut problems);
    let testers = tester::resolve(&document.testers, &names, &ikes, source, &mut problems);
    let children = child::resolve(&document.children, &names, &ikes, &peers, &mut problems);
    let manual = manual::resolve(&document.manual, &names, &peers, &mut problems);
    let policies = policy::resolve(&document.policies, &names, &mut problems);
    let traffic = traffic::resolve(&document.traffic, &peers, &mut problems);
    let top = &document.top;
    if let Some(include) = top.include.as_ref().and_then(|include| include.0.first()) {
        problems.add(Problem::at(include.span(), "only a file can include others"));
    }
    let story = read_story(top, &names, source, &mut problems);
    let scenario = Scenario {
        title: title(top, &mut problems),
        covers: top.covers.iter().filter_map(|text| problems.read(text, clause)).collect(),
        seeds: problems.read_or(top.seeds.as_ref(), quantity::seeds, SEEDS),
        tags: top.tags.clone(),
        known_failures: known_failures(top, &mut problems),
        allowed_drops: top
            .allow
            .drops
            .iter()
            .filter_map(|text| problems.read(text, story::drop_reason))
            .collect(),
        faults: faults(top, &links, &mut problems),
        epoch: Scenario::EPOCH,
        limit: limit(top.limit.as_ref(), &story, &mut problems),
        peers,
        routers,
        nats,
        firewalls,
        testers,
        links,
        authorities,
        certificates,
        pools,
        ikes,
        children,
        manual,
        policies,
        traffic,
        story,
    };
    problems.none_or(scenario)
}

/// The seeds of a scenario that names none.
const SEEDS: Range<u64> = 0..20;

/// How long a run lasts after the last time that its story speaks of, unless the file says otherwise.
const SLACK: Duration = Duration::from_secs(60);

fn title(top: &Top, problems: &mut Problems) -> String {
    match &top.title {
        Some(title) if !title.get_ref().trim().is_empty() => return title.get_ref().clone(),
        Some(title) => problems.add(Problem::at(title.span(), "the title is empty")),
        None => problems.add(
            Problem::at(0..0, "there is no `title`")
                .label("say here in one sentence what the scenario shows"),
        ),
    }
    String::new()
}

/// `known-failure = "why"` is about virtual peers; by name it is about other implementations, and below that about one case.
fn known_failures(top: &Top, problems: &mut Problems) -> Vec<KnownFailure> {
    let mut known = Vec::new();
    let mut add = |with: &str, case: Option<&str>, reason: &Text| {
        if reason.get_ref().trim().is_empty() {
            problems.add(Problem::at(reason.span(), "a known failure needs a reason"));
        }
        let (with, case) = (with.to_owned(), case.map(str::to_owned));
        known.push(KnownFailure { with, case, reason: reason.get_ref().clone() });
    };
    let mut too_deep = Vec::new();
    match &top.known_failure {
        None => {}
        Some(Reasons::One(reason)) => add(KnownFailure::OURS, None, reason),
        Some(Reasons::Named(named)) => {
            for (with, reasons) in named {
                match reasons {
                    Reasons::One(reason) => add(with.get_ref(), None, reason),
                    Reasons::Named(cases) => {
                        for (case, reason) in cases {
                            match reason {
                                Reasons::One(reason) => add(with.get_ref(), Some(case.get_ref()), reason),
                                Reasons::Named(_) => too_deep.push(case.span()),
                            }
                        }
                    }
                }
            }
        }
    }
    for span in too_deep {
        problems.add(Problem::at(span, "a known failure is of an implementation, or of a case of one"));
    }
    known
}

/// `wan west 12 lost`: the link, the peer that sent the packet, its number among those that this peer sent on the link,
/// counted from 0, and what befalls it.
fn faults(top: &Top, links: &[Link], problems: &mut Problems) -> Option<Vec<Decision>> {
    let fault = |text: &str| {
        let mut words = text.split_whitespace();
        let (link, sender) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let Some(link) = links.iter().find(|known| known.name == link) else {
            let known: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
            return Err(format!("there is no link `{link}`, but {}", known.join(", ")));
        };
        let [first, second] = link.ends.each_ref().map(|end| end.node.as_str());
        let direction = match sender {
            sender if sender == first => Direction::Forward,
            sender if sender == second => Direction::Backward,
            _ => {
                return Err(format!(
                    "`{sender}` is not at an end of `{}`: expected {first} or {second}",
                    link.name
                ));
            }
        };
        let rest: Vec<&str> = words.collect();
        let decision = format!("{} {} {}", link.name, direction.name(), rest.join(" "));
        decision.parse::<Decision>().map_err(|_| {
            format!("\"{text}\" is no fault: write link, sender, number and what befalls it, such as \"{} {first} 12 lost\"", link.name)
        })
    };
    Some(top.faults.as_ref()?.iter().filter_map(|text| problems.read(text, fault)).collect())
}

fn clause(text: &str) -> Result<Clause, String> {
    let wrong = || format!("\"{text}\" is no clause: write an RFC and a section, such as \"rfc7296#2.8\"");
    let (rfc, section) = text.strip_prefix("rfc").and_then(|rest| rest.split_once('#')).ok_or_else(wrong)?;
    let number = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    let appendix = |part: &str| part.len() == 1 && part.bytes().all(|octet| octet.is_ascii_uppercase());
    let (first, rest) = section.split_once('.').map_or((section, None), |(first, rest)| (first, Some(rest)));
    let fits = (number(first) || appendix(first)) && rest.is_none_or(|rest| rest.split('.').all(number));
    match rfc.parse() {
        Ok(rfc) if fits => Ok(Clause { rfc, section: section.to_owned() }),
        _ => Err(wrong()),
    }
}

fn limit(text: Option<&Text>, story: &Story, problems: &mut Problems) -> Instant {
    let end = story.end();
    let Some(text) = text else { return end + SLACK };
    let limit = Instant::ZERO + problems.read(text, quantity::duration).unwrap_or_default();
    if limit < end {
        let problem = Problem::at(text.span(), "the limit comes before the story is over");
        problems.add(problem.label(format!("the story speaks of times up to {end}")));
    }
    limit
}

fn read_story(top: &Top, names: &Names, source: &str, problems: &mut Problems) -> Story {
    let Some(text) = &top.story else {
        let problem = Problem::at(0..0, "there is no `story`");
        problems.add(
            problem
                .label("add `story = '''` and one sentence a line")
                .help("a scenario without a story checks nothing"),
        );
        return Story::default();
    };
    let story = inside_quotes(source, text.span(), "story").map_err(|problem| vec![problem]);
    match story.and_then(|within| story::parse(source, within, names)) {
        Ok(story) => story,
        Err(wrong) => {
            wrong.into_iter().for_each(|problem| problems.add(problem));
            Story::default()
        }
    }
}

/// What stands between the quotes of a TOML string, exactly as it stands in the file, so that places in it are places in
/// the file.
///
/// # Errors
/// When it holds escape sequences, which mean something else than they show.
fn inside_quotes(source: &str, span: Range<usize>, what: &str) -> Result<Range<usize>, Problem> {
    let quoted = source.get(span.clone()).unwrap_or_default();
    let quotes = if quoted.starts_with("'''") || quoted.starts_with("\"\"\"") { 3 } else { 1 };
    if quoted.starts_with('"')
        && let Some(escape) = quoted.find('\\')
    {
        let at = span.start + escape;
        let problem = Problem::at(at..at + 1, format!("a {what} has no escape sequences"));
        return Err(problem
            .help(format!("put the {what} between ''' and ''', where every character stands for itself")));
    }
    Ok(span.start + quotes..span.end.saturating_sub(quotes).max(span.start + quotes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_name_an_rfc_and_a_section() {
        for text in ["rfc7296#2.8", "rfc7296#2.8.1", "rfc4303#3", "rfc7296#C.1", "rfc7296#A"] {
            assert_eq!(clause(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "rfc#2",
            "rfc7296",
            "rfc7296#",
            "7296#2",
            "rfc7296#2.",
            "rfc7296#AB",
            "rfc99999#1",
            "rfc1#2..3",
        ] {
            assert!(clause(text).is_err(), "{text}");
        }
    }
}
