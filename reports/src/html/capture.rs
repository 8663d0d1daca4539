//! The page of a capture that was made anywhere: one file that needs no other, to be shown to somebody. What was found, who talked
//! to whom, the ladder, and each message unfolded on demand, also without its script.

use maud::{Markup, html};

use super::{ladder, standalone, time, timeline};
use crate::account::{SaSpan, Sequence};

/// A capture, told. Times are nanoseconds since its first frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Its name.
    pub name: String,
    /// Why it could not be read to its end.
    pub unreadable: Option<String>,
    /// From its first frame to its last.
    pub nanos: u64,
    /// What there is to say of all of it: how many frames, what they carried.
    pub facts: Vec<(String, String)>,
    /// The rules that were broken.
    pub broken: Vec<Broken>,
    /// Whether one of them is more than a note.
    pub fails: bool,
    /// What became of each conversation, and with which keys it was opened.
    pub conversations: Vec<Conversation>,
    /// The SAs, in the order in which they began.
    pub sas: Vec<SaSpan>,
    /// What was said.
    pub sequence: Sequence,
    /// Each message of the ladder, unfolded.
    pub frames: Vec<Frame>,
    /// How many messages and remarks followed that are not on the page.
    pub left_out: u64,
}

/// A rule, and how often it was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// `MUST`, `SHOULD` or `note`.
    pub level: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub clause: String,
    /// What it says.
    pub says: String,
    /// How often.
    pub times: u64,
    /// The frame that was the first to break it.
    pub first_frame: u64,
}

/// A conversation, or the packets of one SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which one it is.
    pub title: String,
    /// How it ended.
    pub outcome: String,
    /// What else is known of it.
    pub facts: Vec<(String, String)>,
}

/// A message with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its number in the capture.
    pub number: u64,
    /// When it was captured.
    pub at_nanos: u64,
    /// From where to where.
    pub way: String,
    /// What it is, in a line.
    pub label: String,
    /// What it holds, as lines that are moved in by two spaces for each level.
    pub tree: String,
    /// What is known of it beside that.
    pub remarks: Vec<String>,
    /// The rules that it breaks: the clause, and how.
    pub breaks: Vec<(String, String)>,
}

/// The page as a document of its own.
#[must_use]
pub fn capture(capture: &Capture) -> String {
    let (class, sign, word) = if capture.fails {
        ("failed", "✗", "a MUST was broken")
    } else {
        ("passed", "✓", "no MUST was broken")
    };
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header.top {
            nav aria-label="Parts of the page" {
                span.muted { (capture.name) }
                span.parts {
                    a href="#rules" { "Rules" }
                    a href="#conversations" { "Conversations" }
                    a href="#sas" { "SAs" }
                    a href="#messages-title" { "Ladder" }
                    a href="#frames" { "Messages" }
                }
            }
        }
        main #content {
            p.verdict { span class={ "badge " (class) } { (sign) " " (word) } }
            h1 { (capture.name) }
            @if let Some(why) = &capture.unreadable { p.warning { "⚠ It could not be read to its end: " (why) } }
            dl.facts { @for (name, fact) in &capture.facts { div { dt { (name) } dd { (fact) } } } }
            section { h2 #rules { "Rules that were broken" } (rules(capture)) }
            section {
                h2 #conversations { "Conversations" }
                @if capture.conversations.is_empty() { p.muted { "There were none." } }
                @for one in &capture.conversations { (conversation(one, capture.conversations.len() <= UNFOLDED)) }
            }
            section {
                h2 #sas { "Security associations" }
                @if capture.sas.is_empty() { p.muted { "None could be read." } }
                @else { (timeline::timelines(&capture.sas, capture.nanos)) }
            }
            section { h2 #messages-title { "Ladder" } (left_out(capture)) (ladder::ladder(&capture.sequence)) }
            section { h2 #frames { "Messages" } @for one in &capture.frames { (frame(one)) } (left_out(capture)) }
        }
    };
    standalone(&format!("{sign} {}", capture.name), &body).into_string()
}

fn rules(capture: &Capture) -> Markup {
    let is_shown = |frame: u64| capture.frames.iter().any(|one| one.number == frame);
    html! {
        @if capture.broken.is_empty() { p.muted { "None." } }
        @else {
            div.scroll {
                table {
                    thead { tr { th { "level" } th { "rule" } th { "clause" } th.number { "times" } th { "first in" } th { "what it says" } } }
                    tbody {
                        @for rule in &capture.broken {
                            tr {
                                td { span class={ "badge " (if rule.level == "note" { "unsupported" } else { "failed" }) } { (rule.level) } }
                                td.code { (rule.name) }
                                td { span.tag { (rule.clause) } }
                                td.number { (rule.times) }
                                td {
                                    @if is_shown(rule.first_frame) { a href={ "#f" (rule.first_frame) } { "frame " (rule.first_frame) } }
                                    @else { "frame " (rule.first_frame) }
                                }
                                td { (rule.says) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn conversation(conversation: &Conversation, is_open: bool) -> Markup {
    html! {
        details open[is_open] {
            summary { (conversation.title) ": " (conversation.outcome) }
            dl.pairs { @for (name, fact) in &conversation.facts { dt { (name) } dd.wrap { (fact) } } }
        }
    }
}

fn left_out(capture: &Capture) -> Markup {
    html! {
        @if capture.left_out > 0 {
            p.muted { (capture.left_out) " more messages and remarks are left out here; the text has all of them." }
        }
    }
}

fn frame(frame: &Frame) -> Markup {
    let remarks =
        if frame.remarks.is_empty() { String::new() } else { format!(" · {}", frame.remarks.join(" · ")) };
    html! {
        details #{ "f" (frame.number) } {
            summary {
                span.muted { "#" (frame.number) " " (time(frame.at_nanos)) " " (frame.way) } " "
                span.code { (frame.label) } span.muted { (remarks) }
                @if !frame.breaks.is_empty() { " " span.badge.failed { "✗ " (frame.breaks.len()) } }
            }
            @for (clause, what) in &frame.breaks { p { span.tag { (clause) } " " (what) } }
            @if frame.tree.is_empty() { p.muted { "There is no more to see inside." } } @else { (tree(&frame.tree)) }
        }
    }
}

/// Lines that are moved in by two spaces a level, as nested lists.
fn tree(text: &str) -> Markup {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| ((line.len() - line.trim_start().len()) / 2, line.trim()))
        .collect();
    html! { ul.tree { (branches(&lines)) } }
}

/// The lines of one level, each with those that are moved in behind it.
fn branches(lines: &[(usize, &str)]) -> Markup {
    let mut items = Vec::new();
    let mut rest = lines;
    while let [(depth, text), behind @ ..] = rest {
        let inside = behind.iter().take_while(|(other, _)| other > depth).count();
        let (inside, next) = behind.split_at(inside);
        items.push((*text, inside));
        rest = next;
    }
    html! {
        @for (text, inside) in items {
            li {
                @if inside.is_empty() { (text) }
                @else { details open { summary { (text) } ul { (branches(inside)) } } }
            }
        }
    }
}

/// More conversations than these are folded.
const UNFOLDED: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Entry, Message};

    fn sample() -> Capture {
        let message =
            Message { label: "IKE_SA_INIT <request> 0".into(), packets: 1, to: 1, ..Message::default() };
        Capture {
            name: "capture.pcapng".into(),
            facts: vec![("Frames".into(), "1".into())],
            broken: vec![Broken {
                level: "MUST".into(),
                name: "reserved".into(),
                clause: "RFC 7296 §3.2".into(),
                says: "Reserved fields are sent as zero.".into(),
                times: 1,
                first_frame: 7,
            }],
            fails: true,
            sequence: Sequence {
                participants: vec!["192.0.2.1".into(), "192.0.2.2".into()],
                entries: vec![Entry::Message(message)],
                left_out: 0,
            },
            frames: vec![Frame {
                number: 7,
                at_nanos: 0,
                way: "192.0.2.1 → 192.0.2.2".into(),
                label: "IKE_SA_INIT <request> 0".into(),
                tree: "IKE_SA_INIT\n  SA\n    proposal 1\n  KE\n".into(),
                remarks: vec!["repeats frame 3".into()],
                breaks: vec![("RFC 7296 §3.2".into(), "reserved bits".into())],
            }],
            ..Capture::default()
        }
    }

    #[test]
    fn a_page_needs_nothing_else_and_leads_from_a_rule_to_the_frame_that_broke_it() {
        let page = capture(&sample());
        for link in ["href=\"", "src=\""].iter().flat_map(|kind| page.split(kind).skip(1)) {
            let link = link.split('"').next().unwrap();
            let place = link.strip_prefix('#').map(|place| format!("id=\"{place}\""));
            assert!(link == "data:," || place.is_some_and(|place| page.contains(&place)), "{link}");
        }
        assert!(page.contains("href=\"#f7\"") && !page.contains("<request>"));
        assert_eq!((page.matches("<style>").count(), page.matches("</script>").count()), (1, 2));
    }

    #[test]
    fn a_tree_is_nested_as_its_lines_are_moved_in() {
        let nested = tree("a\n  b\n    c\n  d\n").into_string();
        let bare: String = nested.replace(" class=\"tree\"", "").replace(" open", "");
        let expected = "<ul><li><details><summary>a</summary><ul><li><details><summary>b</summary><ul><li>c</li></ul>\
                        </details></li><li>d</li></ul></details></li></ul>";
        assert_eq!(bare, expected);
    }
}
