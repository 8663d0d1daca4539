//! Packet filters between two links.

use ipsec_net::protocol;
use sim::middlebox::Side;
use sim::middlebox::firewall::{Policy, Rule, StateTimers, Verdict};

use super::inside::inside;
use super::problems::Problems;
use crate::diagnostic::suggestion;
use crate::file::nouns;
use crate::file::read::Named;
use crate::file::scenario::{Firewall, Link};
use crate::quantity;
use crate::story::Names;

/// The filters that stand between two links.
pub(super) fn resolve(
    nouns: &[Named<nouns::Firewall>],
    names: &Names,
    links: &[Link],
    problems: &mut Problems,
) -> Vec<Firewall> {
    let firewall = |named: &Named<nouns::Firewall>| {
        let inside = inside("firewall", &named.name, named.noun.inside.as_ref(), names, links, problems)?;
        Some(Firewall { name: named.name().to_owned(), inside, policy: policy(&named.noun, problems) })
    };
    nouns.iter().filter_map(firewall).collect()
}

fn policy(noun: &nouns::Firewall, problems: &mut Problems) -> Policy {
    let base = Policy::default();
    let mut rules = |list: &[nouns::Text], side: Side| -> Vec<Rule> {
        list.iter().filter_map(|text| problems.read(text, |text| passes(text, side))).flatten().collect()
    };
    let mut all = rules(&noun.lets_in, Side::Outside);
    all.extend(rules(noun.lets_out.as_deref().unwrap_or_default(), Side::Inside));
    let lasts = problems.read_or(noun.timeout.as_ref(), quantity::lasting, base.timers.udp);
    let mut policy = Policy {
        rules: all,
        outbound: if noun.lets_out.is_some() { Verdict::Drop } else { base.outbound },
        timers: StateTimers { udp: lasts, other: lasts, ..base.timers },
        states: problems.number_or(noun.flows.as_ref(), 1..=1 << 20, "flows", base.states),
        ..base
    };
    for text in &noun.drops {
        problems.read(text, |text| forbid(&mut policy, text));
    }
    policy
}

/// Has a filter drop something.
type Prohibition = fn(&mut Policy);

/// What can stand among `drops`, besides a UDP port.
const PROHIBITIONS: [(&str, Prohibition); 5] = [
    ("esp", |policy| policy.drop_esp = true),
    ("ah", |policy| policy.drop_ah = true),
    ("esp-in-udp", |policy| policy.drop_udp_encapsulated_esp = true),
    ("fragments", |policy| policy.drop_fragments = true),
    ("icmp-errors", |policy| policy.drop_icmp_errors = true),
];

/// Has the filter drop what the word says, whatever flow it belongs to.
fn forbid(policy: &mut Policy, text: &str) -> Result<(), String> {
    if let Some((_, prohibit)) = PROHIBITIONS.iter().find(|(word, _)| *word == text) {
        prohibit(policy);
    } else if let Some(port) = text.strip_prefix("udp/").and_then(|port| port.parse().ok()) {
        policy.drop_udp_ports.insert(port);
    } else {
        let words = PROHIBITIONS.map(|(word, _)| word);
        return Err(unknown(text, &words, "nothing that is dropped by itself"));
    }
    Ok(())
}

/// What can stand among `lets-in` and `lets-out`; ports stand behind UDP and TCP.
const FLOWS: [(&str, &[u8]); 5] = [
    ("esp", &[protocol::ESP]),
    ("ah", &[protocol::AH]),
    ("icmp", &[protocol::ICMP, protocol::ICMPV6]),
    ("udp", &[protocol::UDP]),
    ("tcp", &[protocol::TCP]),
];

/// The rules by which flows of this kind that begin at this side pass.
fn passes(text: &str, side: Side) -> Result<Vec<Rule>, String> {
    let pass = Rule { from: Some(side), ..Rule::all(Verdict::Pass) };
    if text == "everything" {
        return Ok(vec![pass]);
    }
    let wrong = || {
        let words: Vec<&str> = FLOWS.iter().map(|(word, _)| *word).chain(["everything"]).collect();
        unknown(text, &words, "no kind of flow")
    };
    let (word, port) = text.split_once('/').map_or((text, None), |(word, port)| (word, Some(port)));
    let (_, protocols) = FLOWS.iter().find(|(known, _)| *known == word).ok_or_else(wrong)?;
    let ports = match port {
        None => None,
        Some(port) if ["udp", "tcp"].contains(&word) => {
            let port: u16 = port.parse().map_err(|_| wrong())?;
            Some(port..=port)
        }
        Some(_) => return Err(wrong()),
    };
    let rule =
        |number: &u8| Rule { protocol: Some(*number), destination_ports: ports.clone(), ..pass.clone() };
    Ok(protocols.iter().map(rule).collect())
}

fn unknown(text: &str, words: &[&str], what: &str) -> String {
    let hint = suggestion(text, words.iter().copied()).unwrap_or_default();
    format!("`{text}` is {what}; {hint}, or a port such as `udp/500`")
}

#[cfg(test)]
mod tests;
