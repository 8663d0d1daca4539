//! Whether what a story expects is so.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::slice;

use ipsec::Status;
use ipsec::dataplane::{Outer, SaStatus};
use ipsec::ikev2::Stage;
use ipsec::wire::v2::TrafficSelector;
use ipsec_net::Instant;

use super::held::{self, IkeSa, children};
use super::watch::{Watch, What};
use crate::story::{Fact, FailureReason, SelectorWord, Selectors};

/// What is known of a fact at an instant.
pub(super) enum Finding {
    /// It is so.
    So,
    /// It is not so, or not yet; this is what there is instead.
    NotSo(String),
}

/// Looks a fact up that stands in the story at `since`. `status` gives a peer's state by its name.
pub(super) fn find(
    fact: &Fact,
    since: Instant,
    now: Instant,
    watch: &Watch,
    status: &dyn Fn(&str) -> Status,
) -> Finding {
    let each = |at: &[String], holds: &dyn Fn(&Status) -> Result<(), String>| {
        let wrong =
            at.iter().find_map(|peer| holds(&status(peer)).err().map(|what| format!("{peer} has {what}")));
        wrong.map_or(Finding::So, Finding::NotSo)
    };
    match fact {
        Fact::ChildUp { child, at, .. } => each(at, &|status| match children(status, child) {
            0 => Err(format!("no Child SA {child}")),
            _ => Ok(()),
        }),
        Fact::NoChild { child, at, .. } => each(at, &|status| has_pairs(status, child, 0)),
        Fact::OneChild { child, at, .. } => each(at, &|status| has_pairs(status, child, 1)),
        Fact::ChildCount { child, count, at, .. } => {
            each(at, &|status| has_pairs(status, child, *count as usize))
        }
        Fact::Address { address, at, .. } => each(at, &|status| {
            let inside: Vec<String> = inside(status).map(ToString::to_string).collect();
            match inside.contains(&address.to_string()) {
                true => Ok(()),
                false => Err(format!("the inside addresses {}", inside.join(" "))),
            }
        }),
        Fact::NoAddress { at, .. } => each(at, &|status| match inside(status).next() {
            Some(address) => Err(format!("the inside address {address}")),
            None => Ok(()),
        }),
        Fact::IkeUp { ike, at, .. } => each(at, &|status| {
            let up = of(status, ike).any(|sa| sa.stage == Stage::Established);
            if up { Ok(()) } else { Err(format!("no established IKE SA {ike}")) }
        }),
        Fact::IkeDown { ike, at, .. } => each(at, &|status| match of(status, ike).next() {
            Some(sa) => Err(format!("an IKE SA {ike} ({:?})", sa.stage)),
            None => Ok(()),
        }),
        Fact::NothingLeft { at, .. } => each(at, &|status| match held::ike_sas(status).find(is_alive) {
            Some(sa) => Err(format!("an IKE SA {} ({:?})", sa.connection, sa.stage)),
            None if status.sas.is_empty() => Ok(()),
            None => Err(format!("{} ESP SAs", status.sas.len())),
        }),
        Fact::HalfOpen { most, at, .. } => each(at, &|status| {
            let count = held::ike_sas(status).filter(|sa| sa.stage == Stage::HalfOpen).count();
            if count <= *most as usize { Ok(()) } else { Err(format!("{count} half-open IKE SAs")) }
        }),
        Fact::Suite { ike, at, suite, .. } => each(at, &|status| has_suite(status, ike, &suite.to_string())),
        Fact::Selectors { child, peer, selectors, .. } => find_selectors(watch, child, peer, selectors),
        Fact::Encapsulated { child, in_udp, at, .. } => {
            each(at, &|status| encapsulated(status, child, *in_udp))
        }
        Fact::Between { child, ends, at, .. } => each(at, &|status| runs_between(status, child, *ends)),
        Fact::RunsTo { ike, peer, address, .. } => {
            each(slice::from_ref(peer), &|status| runs_to(status, ike, *address))
        }
        Fact::Told { .. }
        | Fact::Failure { .. }
        | Fact::FailureSaying { .. }
        | Fact::Drop { .. }
        | Fact::Reaches { .. }
        | Fact::Probe { .. }
        | Fact::Retransmissions { .. } => find_happening(fact, since, watch),
        Fact::Messages { most, at, from, to } => find_messages(watch, at, (*from, *to), *most, now),
        Fact::FaultsHappen { .. } => find_faults(watch),
        Fact::Done { tester, .. } => find_done(watch, tester),
        Fact::HasClass { .. }
        | Fact::LosesNothing { .. }
        | Fact::ReachesNobody { .. }
        | Fact::Delivers { .. }
        | Fact::Flows { .. } => find_traffic(fact, since, now, watch),
    }
}

fn has_pairs(status: &Status, child: &str, count: usize) -> Result<(), String> {
    match children(status, child) {
        there if there == count => Ok(()),
        there => Err(format!("{there} SA pairs of {child}")),
    }
}

/// Facts about what peers reported.
fn find_happening(fact: &Fact, since: Instant, watch: &Watch) -> Finding {
    match fact {
        Fact::Told { words, at, .. } => {
            let matches = |what: &What| matches!(what, What::Told(text) if text.contains(words.as_str()));
            count(watch, at, since, &matches, 1, &format!("word of \"{words}\""))
        }
        Fact::Failure { reason, at, .. } => {
            let matches = |what: &What| matches!(what, What::Failure(name, _) if *name == reason.name());
            count(watch, at, since, &matches, 1, &format!("failure {}", reason.name()))
        }
        Fact::FailureSaying { reason, words, at, .. } => find_failure(watch, at, since, *reason, words),
        Fact::Drop { reason, at, .. } => {
            let matches = |what: &What| matches!(what, What::Drop(name) if name == reason);
            count(watch, at, since, &matches, 1, &format!("drop {reason}"))
        }
        Fact::Reaches { sa, limit, measure, at, .. } => {
            let wanted = What::Expired(sa.clone(), *limit, *measure);
            let name = format!("{} limit of {} of {sa}", limit.name(), measure.name());
            happened(watch, at, since, &wanted, 1, &name)
        }
        Fact::Probe { probe, at, .. } => {
            let matches = |what: &What| matches!(what, What::Probe(name) if name == probe);
            count(watch, at, since, &matches, 1, probe)
        }
        Fact::Retransmissions { count, at, .. } => {
            happened(watch, at, since, &What::Retransmission, *count, "retransmissions")
        }
        _ => Finding::NotSo("this is no fact about what happened".to_owned()),
    }
}

/// How many IKE messages peers have sent in a time.
fn find_messages(watch: &Watch, at: &[String], span: (Instant, Instant), most: u32, now: Instant) -> Finding {
    if now < span.1 {
        return Finding::NotSo("the time is not over".to_owned());
    }
    for peer in at {
        let number = watch.scene.scenario.peers.iter().position(|known| known.name == *peer);
        let sent = number.and_then(|number| watch.sent.get(&number)).map_or(&[][..], Vec::as_slice);
        let count = sent.iter().filter(|at| (span.0..span.1).contains(at)).count();
        if count > most as usize {
            return Finding::NotSo(format!("{peer} sent {count} messages"));
        }
    }
    Finding::So
}

/// Whether a tester has come to the end of its script.
fn find_done(watch: &Watch, tester: &str) -> Finding {
    match &watch.violation {
        _ if watch.done.contains(tester) => Finding::So,
        Some((_, wrong)) => Finding::NotSo(format!("{}: {}", wrong.expected, wrong.happened)),
        None => Finding::NotSo(format!("{tester} has not come to the end of its script")),
    }
}

/// Whether each of the scenario's faults has befallen a packet.
fn find_faults(watch: &Watch) -> Finding {
    let Some(listed) = &watch.scene.scenario.faults else {
        return Finding::NotSo("the scenario lists no faults".to_owned());
    };
    match listed.iter().find(|fault| !watch.befallen.contains(fault)) {
        None => Finding::So,
        Some(fault) => Finding::NotSo(format!("nothing befell: {fault}")),
    }
}

/// Facts about what hosts sent and received.
fn find_traffic(fact: &Fact, since: Instant, now: Instant, watch: &Watch) -> Finding {
    match fact {
        Fact::LosesNothing { traffic, from, to } => {
            let index = index(watch, traffic);
            match watch.ledger.between(index, *from, *to) {
                _ if now < *to => Finding::NotSo("the time is not over".to_owned()),
                (0, _) => Finding::NotSo("nothing was sent".to_owned()),
                (sent, came) if sent == came => Finding::So,
                (sent, came) => {
                    let missing = watch.ledger.first_missing(index, *from, *to);
                    let first = missing.map_or_else(String::new, |probe| {
                        format!("; the first is number {} of end {}", probe.number, probe.side + 1)
                    });
                    Finding::NotSo(format!("{} of {sent} packets did not come{first}", sent - came))
                }
            }
        }
        // What is on its way may still arrive: nobody is reached only when the time for that is over, too.
        Fact::ReachesNobody { traffic, from, to } => {
            match watch.ledger.between(index(watch, traffic), *from, *to) {
                _ if now < fact.end(*to) + super::case::TRAVEL => {
                    Finding::NotSo("the time is not over".to_owned())
                }
                (0, _) => Finding::NotSo("nothing was sent".to_owned()),
                (_, 0) => Finding::So,
                (sent, came) => Finding::NotSo(format!("{came} of {sent} packets came")),
            }
        }
        Fact::Delivers { traffic, share, from, to } => {
            match watch.ledger.between(index(watch, traffic), *from, *to) {
                _ if now < *to => Finding::NotSo("the time is not over".to_owned()),
                (sent, came) if sent > 0 && share.is_reached_by(came, sent) => Finding::So,
                (sent, came) => Finding::NotSo(format!("{came} of {sent} packets came")),
            }
        }
        Fact::Flows { traffic, .. } => {
            let index = index(watch, traffic);
            let both = watch.scene.scenario.traffic(traffic).is_some_and(|t| t.both || t.kind.is_answered());
            let sides: &[u8] = if both { &[0, 1] } else { &[0] };
            match sides.iter().find(|side| !watch.ledger.flows(index, **side, since)) {
                None => Finding::So,
                Some(side) => Finding::NotSo(format!("nothing that end {} sent has come", side + 1)),
            }
        }
        Fact::HasClass { traffic, class, .. } => {
            match watch.ledger.has_class(index(watch, traffic), *class, since) {
                true => Finding::So,
                false => Finding::NotSo(format!("nothing came with class {class}")),
            }
        }
        _ => Finding::NotSo("this is no fact about traffic".to_owned()),
    }
}

/// Whether the packets of all pairs of a child go in UDP, or none.
fn encapsulated(status: &Status, child: &str, in_udp: bool) -> Result<(), String> {
    let mut sas = status.sas.iter().filter(|sa| sa.policy == child).peekable();
    if sas.peek().is_none() {
        return Err(format!("no SA of {child}"));
    }
    let is_so = |sa: &SaStatus| sa.outer.is_some_and(|outer| outer.encapsulation.is_some()) == in_udp;
    match sas.find(|sa| !is_so(sa)) {
        None => Ok(()),
        Some(sa) => Err(format!("SPI {} of {child} {} UDP", sa.spi, if in_udp { "without" } else { "in" })),
    }
}

/// Whether the packets of all pairs of a child run between two addresses.
fn runs_between(status: &Status, child: &str, ends: [IpAddr; 2]) -> Result<(), String> {
    let mut outers = status.sas.iter().filter(|sa| sa.policy == child).map(|sa| sa.outer).peekable();
    if outers.peek().is_none() {
        return Err(format!("no SA of {child}"));
    }
    let [one, other] = ends;
    let is_so = |outer: &Outer| [(one, other), (other, one)].contains(&(outer.local, outer.remote));
    match outers.find(|outer| !outer.as_ref().is_some_and(is_so)) {
        None => Ok(()),
        Some(None) => Err(format!("{child} without outer addresses")),
        Some(Some(outer)) => Err(format!("{child} between {} and {}", outer.local, outer.remote)),
    }
}

/// Whether an established IKE SA has its other end at an address.
fn runs_to(status: &Status, ike: &str, address: IpAddr) -> Result<(), String> {
    let up = of(status, ike).filter(|sa| sa.stage == Stage::Established);
    let seen: Vec<IpAddr> = up.map(|sa| sa.remote.ip()).collect();
    if seen.contains(&address) {
        return Ok(());
    }
    if seen.is_empty() {
        return Err(format!("no established IKE SA {ike}"));
    }
    let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
    Err(format!("the other end at {}", seen.join(", ")))
}

/// The inside addresses that were assigned to this peer or by it.
fn inside(status: &Status) -> impl Iterator<Item = &IpAddr> {
    held::ike_sas(status).filter(is_alive).flat_map(|sa| sa.inside)
}

/// The IKE SAs of a configuration that are not over.
fn of<'a>(status: &'a Status, ike: &str) -> impl Iterator<Item = IkeSa<'a>> {
    held::ike_sas(status).filter(move |sa| sa.connection == ike && is_alive(sa))
}

/// A closed one only answers repeats of the last request.
fn is_alive(sa: &IkeSa<'_>) -> bool {
    sa.stage != Stage::Closed
}

fn index(watch: &Watch, traffic: &str) -> u8 {
    let position = watch.scene.scenario.traffic.iter().position(|t| t.name == traffic);
    position.and_then(|position| u8::try_from(position).ok()).unwrap_or(u8::MAX)
}

fn happened(watch: &Watch, at: &[String], since: Instant, wanted: &What, least: u32, name: &str) -> Finding {
    count(watch, at, since, &|what| what == wanted, least, name)
}

fn count(
    watch: &Watch,
    at: &[String],
    since: Instant,
    wanted: &dyn Fn(&What) -> bool,
    least: u32,
    name: &str,
) -> Finding {
    for peer in at {
        let number = watch.scene.scenario.peers.iter().position(|p| p.name == *peer);
        let seen =
            watch.happenings.iter().filter(|h| Some(h.peer) == number && h.at >= since && wanted(&h.what));
        let seen = seen.count();
        if seen < least as usize {
            return Finding::NotSo(match seen {
                0 => format!("{peer} saw no {name}"),
                _ => format!("{peer} saw {seen} {name}"),
            });
        }
    }
    Finding::So
}

/// Whether there is an established IKE SA with these algorithms; what there is instead.
fn has_suite(status: &Status, ike: &str, suite: &str) -> Result<(), String> {
    let up: Vec<String> = of(status, ike).filter_map(|sa| sa.suite).collect();
    if up.iter().any(|other| other == suite) { Ok(()) } else { Err(format!("{ike} with {}", up.join(", "))) }
}

fn find_selectors(watch: &Watch, child: &str, peer: &str, expected: &Selectors) -> Finding {
    let number = watch.scene.scenario.peers.iter().position(|p| p.name == peer);
    let mut found =
        watch.children.iter().filter(|((at, _), record)| Some(*at) == number && record.child == child);
    let Some((_, record)) = found.next() else {
        return Finding::NotSo(format!("{peer} has no Child SA {child}"));
    };
    let is = |found: &[TrafficSelector], wanted: &[SelectorWord]| {
        found.iter().all(|one| wanted.iter().any(|word| word.means == *one))
            && wanted.iter().all(|word| found.contains(&word.means))
    };
    if is(&record.local, &expected.local) && is(&record.remote, &expected.remote) {
        return Finding::So;
    }
    let show = |list: &[TrafficSelector]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    Finding::NotSo(format!("{peer} has {} === {}", show(&record.local), show(&record.remote)))
}

/// A failure for a reason with these words in its text; if there is none, what those for the reason say.
fn find_failure(
    watch: &Watch,
    at: &[String],
    since: Instant,
    reason: Option<FailureReason>,
    words: &str,
) -> Finding {
    let meant = |own: &str| reason.is_none_or(|reason| own == reason.name());
    let says = |what: &What| matches!(what, What::Failure(own, text) if meant(own) && text.contains(words));
    let name = reason.map_or_else(String::new, |reason| format!(" {}", reason.name()));
    let found = count(watch, at, since, &says, 1, &format!("failure{name} that says \"{words}\""));
    let others = watch.happenings.iter().filter(|h| h.at >= since).filter_map(|h| match &h.what {
        What::Failure(own, text) if meant(own) => {
            let peer = watch.scene.scenario.peers.get(h.peer).map_or("", |peer| peer.name.as_str());
            Some((peer, text.as_str())).filter(|(peer, _)| at.iter().any(|one| one == peer))
        }
        _ => None,
    });
    let others: BTreeSet<(&str, &str)> = others.collect();
    match found {
        Finding::NotSo(text) if !others.is_empty() => {
            let others: Vec<String> =
                others.iter().map(|(peer, said)| format!("{peer} said: {said}")).collect();
            Finding::NotSo(format!("{text}; {}", others.join(" | ")))
        }
        found => found,
    }
}
