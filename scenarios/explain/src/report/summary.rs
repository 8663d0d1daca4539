//! The summary for people: what there was, what became of each IKE SA, which packets went, and what was broken.

use std::fmt::Write as _;

use reports::seconds;

use super::text::end;
use crate::rules::Level;
use crate::told::{ChildSummary, FlowSummary, IkeSummary, KeySource, Summary};

/// The summary as text.
#[must_use]
pub fn summary(summary: &Summary) -> String {
    let mut text = String::new();
    let began = if summary.began_nanos == 0 {
        String::new()
    } else {
        format!(", from {}", date(summary.began_nanos))
    };
    let _ = writeln!(text, "{} frames in {}{began}", summary.frames, seconds(summary.nanos));
    for (what, count) in &summary.carried {
        let _ = writeln!(text, "  {count:>8}  {what}");
    }
    for sa in &summary.ike {
        let _ = write!(text, "\n{}", ike(sa));
    }
    if !summary.flows.is_empty() {
        let _ = writeln!(text, "\nProtected traffic");
        for each in &summary.flows {
            let _ = writeln!(text, "  {}", flow(each));
        }
    }
    if summary.forgotten > 0 {
        let _ = writeln!(
            text,
            "\n{} conversations and flows are left out: there were too many at a time",
            summary.forgotten
        );
    }
    let _ = write!(text, "\n{}", verdict(summary));
    text
}

fn ike(sa: &IkeSummary) -> String {
    let mut text = String::new();
    let kind = if sa.version == 1 { "ISAKMP SA" } else { "IKE SA" };
    let [i, r] = sa.behind_nat.map(|behind| if behind { " (behind a NAT)" } else { "" });
    let _ = writeln!(text, "{kind} {}  {}{i} > {}{r}  {}", sa.number, sa.initiator, sa.responder, sa.outcome);
    let spis = if sa.version == 1 { "cookies" } else { "SPIs" };
    let _ = writeln!(text, "  {spis} {} {}", sa.spi_i, sa.spi_r);
    let suite: Vec<&str> = sa.mode.iter().chain(&sa.suite).chain(&sa.method).map(String::as_str).collect();
    if !suite.is_empty() {
        let _ = writeln!(text, "  {}", suite.join(", "));
    }
    if sa.keys == Some(KeySource::Computed) {
        let _ = writeln!(text, "  keys {}", KeySource::Computed.says());
    }
    for (end, identity) in ["initiator", "responder"].iter().zip(&sa.identities) {
        if let Some(identity) = identity {
            let _ = writeln!(text, "  {end} is {identity}");
        }
    }
    let repeats = if sa.repeats > 0 { format!(", {} of them repeats", sa.repeats) } else { String::new() };
    let closed = if sa.closed > 0 { format!(", {} not opened", sa.closed) } else { String::new() };
    let (first, last) = (seconds(sa.first_nanos), seconds(sa.last_nanos));
    let messages = count(sa.messages, "message");
    let _ = writeln!(text, "  {messages}{repeats}{closed}, from {first} to {last}");
    for each in &sa.children {
        let _ = writeln!(text, "  {}", child(each));
    }
    text
}

fn child(child: &ChildSummary) -> String {
    let [i, r] = child.selectors.each_ref().map(|list| list.join(" "));
    let mode = if child.is_transport { ", transport mode" } else { "" };
    format!(
        "{} SAs {} and {} {}: {}, {i} to {r}{mode}",
        child.protocol,
        child.spi_i,
        child.spi_r,
        child.outcome,
        child.suite.join(" ")
    )
}

fn flow(flow: &FlowSummary) -> String {
    let (from, to) = (end(flow.from), end(flow.to));
    let owner = flow.ike.map_or(String::new(), |number| format!(" of IKE SA {number}"));
    let (first, highest) = flow.sequence;
    let (packets, octets) = (count(flow.packets, "packet"), count(flow.octets, "octet"));
    let mut text = format!(
        "{} {} {from} > {to}{owner}: {packets}, {octets}, sequence {first} to {highest}",
        flow.protocol, flow.spi
    );
    let counts = [
        (flow.missing, "missing"),
        (flow.late, "late"),
        (flow.repeats, "repeated"),
        (flow.opened, "opened"),
        (flow.closed, "not opened"),
    ];
    for (number, what) in counts {
        if number > 0 {
            let _ = write!(text, ", {number} {what}");
        }
    }
    let (first, last) = (seconds(flow.first_nanos), seconds(flow.last_nanos));
    let _ = write!(text, ", from {first} to {last}");
    text
}

fn verdict(summary: &Summary) -> String {
    if summary.violations.is_empty() {
        return "No rule was broken.\n".to_owned();
    }
    let mut text = String::new();
    for broken in &summary.violations {
        let rule = broken.rule;
        let times = if broken.times == 1 { "once".to_owned() } else { format!("{} times", broken.times) };
        let _ = writeln!(
            text,
            "{:<6} {:<20} {times}, first in frame {}\n       {}: {}",
            rule.level.name(),
            rule.name,
            broken.first_frame,
            rule.clause,
            rule.says
        );
    }
    let _ = match summary.broken(Level::Must) {
        0 => writeln!(text, "\nNo MUST was broken."),
        1 => writeln!(text, "\nA MUST was broken once."),
        times => writeln!(text, "\nA MUST was broken {times} times."),
    };
    text
}

/// `1 packet`, `2 packets`.
fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A moment since 1970 as date and time of day: `2026-01-01 00:00:00 UTC`.
pub(super) fn date(nanos: u64) -> String {
    let seconds = nanos / 1_000_000_000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March put the leap day at their end; 719468 days lie between that count's beginning and 1970.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + carry;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_as_dates() {
        let cases = [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_767_225_600, "2026-01-01 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(date(seconds * 1_000_000_000), expected);
        }
    }
}
