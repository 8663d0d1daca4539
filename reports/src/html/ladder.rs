//! The ladder as a drawing: time runs down, each message is an arrow from when and where it was sent to when and where it
//! came. One that was lost ends halfway; a second copy has an arrow of its own; a repeat is dashed.
//!
//! Time is not drawn to scale, or silence would take all the room: what happens has its row, and longer waits more of it.

use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use super::time;
use crate::account::{Entry, Message, Mood, Remark, Sequence, TONES};

/// Where the first rail stands; the times are left of it.
const MARGIN: usize = 104;
/// Room for the names of the participants.
const HEAD: usize = 46;
/// Room for remarks, right of the last rail.
const REMARKS: usize = 390;
/// The width of a character in tenths.
const CHARACTER: usize = 70;

/// What the page needs to know of each message to show it in full; short names, as there may be thousands.
#[derive(Serialize)]
struct Shown<'a> {
    /// The label.
    l: &'a str,
    /// From whom to whom.
    w: String,
    /// When it was sent.
    s: String,
    /// When it came.
    a: Vec<String>,
    /// Why it did not, and when that was clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    /// What befell it.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    b: &'a [String],
    /// How often the same was sent before.
    #[serde(skip_serializing_if = "is_zero")]
    r: u32,
    /// Its tree, by its place among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The drawing, its legend, and the payload trees as data for the script.
pub(super) fn ladder(sequence: &Sequence) -> Markup {
    let drawn = Drawing::new(sequence);
    html! {
        (legend(sequence))
        @if sequence.left_out > 0 {
            p.muted { "The first " (sequence.left_out) " packets and remarks are left out." }
        }
        div.ladder {
            div.scroll { (drawn.svg()) }
            aside #message aria-live="polite" tabindex="-1" {
                p.muted { "Choose a message to see what it holds: click it, or move with ↑ and ↓ and press Enter." }
            }
        }
        script #messages type="application/json" { (PreEscaped(data(sequence))) }
    }
}

/// Which colour is which exchange, and what the lines mean.
fn legend(sequence: &Sequence) -> Markup {
    let mut exchanges: Vec<(&str, u8)> = Vec::new();
    for message in messages(sequence) {
        let exchange = (message.exchange.as_str(), message.tone % TONES);
        if !exchanges.contains(&exchange) {
            exchanges.push(exchange);
        }
    }
    let sample = |class: &str, path: &str| {
        html! { svg.sample width="34" height="12" aria-hidden="true" { g class=(class) { path d=(path) {} } } }
    };
    html! {
        ul.legend {
            @for (exchange, tone) in exchanges {
                li { (sample(&format!("m t{tone}"), "M1 6H32M26 2L32 6L26 10")) (exchange) }
            }
            li { (sample("m again", "M1 6H32M26 2L32 6L26 10")) "repeat" }
            li { (sample("m copy", "M1 6H32M26 2L32 6L26 10")) "second copy" }
            li { (sample("m gone", "M1 6H18M14 2L22 10M14 10L22 2")) "lost or dropped" }
        }
    }
}

fn messages(sequence: &Sequence) -> impl Iterator<Item = &Message> {
    sequence.entries.iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message),
        Entry::Remark(_) => None,
    })
}

/// The messages and their trees, each tree once.
fn data(sequence: &Sequence) -> String {
    let name = |index: usize| sequence.participants.get(index).map_or("?", String::as_str);
    let mut trees: Vec<&str> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    let mut shown = Vec::new();
    for message in messages(sequence) {
        let tree = message.tree.as_deref().map(|tree| {
            *places.entry(tree).or_insert_with(|| {
                trees.push(tree);
                trees.len() - 1
            })
        });
        shown.push(Shown {
            l: &message.label,
            w: format!("{} → {}", name(message.from), name(message.to)),
            s: time(message.at_nanos),
            a: message.arrivals.iter().copied().map(time).collect(),
            e: message.end.as_ref().map(|(at, why)| format!("{why} at {}", time(*at))),
            b: &message.troubles,
            r: message.repeats,
            t: tree,
        });
    }
    // In a script element only `<` can do harm, and JSON may write it as a number.
    serde_json::json!({ "messages": shown, "trees": trees }).to_string().replace('<', "\\u003c")
}

/// Something that takes a row: the entry's place, and what of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// A copy arrives.
    Arrival(usize),
    /// The message is seen to be gone.
    End,
    /// A remark.
    Remark,
    /// The message is sent.
    Sent,
}

/// The rows of all entries.
struct Drawing<'a> {
    sequence: &'a Sequence,
    /// The distance of two rails.
    rails: usize,
    /// For each entry its number among the messages, if it is one.
    numbers: Vec<usize>,
    /// For each entry the heights of its parts.
    heights: Vec<Vec<(Part, usize)>>,
    /// The times beside the rows.
    times: Vec<(usize, u64)>,
    height: usize,
}

impl<'a> Drawing<'a> {
    fn new(sequence: &'a Sequence) -> Self {
        let mut points: Vec<(u64, Part, usize)> = Vec::new();
        for (index, entry) in sequence.entries.iter().enumerate() {
            match entry {
                Entry::Remark(remark) => points.push((remark.at_nanos, Part::Remark, index)),
                Entry::Message(message) => {
                    points.push((message.at_nanos, Part::Sent, index));
                    let arrivals = message.arrivals.iter().enumerate();
                    points.extend(arrivals.map(|(copy, at)| (*at, Part::Arrival(copy), index)));
                    points.extend(message.end.iter().map(|(at, _)| (*at, Part::End, index)));
                }
            }
        }
        // Where everything was seen at one place, nothing takes time, and the order of the entries is that of what happened.
        if messages(sequence).all(|message| message.arrivals == [message.at_nanos]) {
            points.sort_unstable_by_key(|(at, part, index)| (*at, *index, *part != Part::Sent, *part));
        } else {
            points.sort_unstable();
        }
        let mut heights = vec![Vec::new(); sequence.entries.len()];
        let (mut times, mut y, mut before) = (Vec::new(), HEAD, None);
        for (at, part, index) in points {
            y += room(part) + before.map_or(0, |before| wait(at - before));
            if matches!(part, Part::Sent | Part::Remark) && times.last().is_none_or(|(_, last)| *last != at) {
                times.push((y, at));
            }
            heights[index].push((part, y));
            before = Some(at);
        }
        let counted = sequence.entries.iter().scan(0, |next, entry| {
            let number = *next;
            *next += usize::from(matches!(entry, Entry::Message(_)));
            Some(number)
        });
        let numbers = counted.collect();
        let rails = match sequence.participants.len() {
            0..=2 => 410,
            3 => 285,
            _ => 240,
        };
        Self { sequence, rails, numbers, heights, times, height: y + 24 }
    }

    fn x(&self, participant: usize) -> usize {
        MARGIN + participant * self.rails
    }

    fn last_rail(&self) -> usize {
        self.x(self.sequence.participants.len().saturating_sub(1))
    }

    fn svg(&self) -> Markup {
        let (width, height) = (self.last_rail() + REMARKS, self.height);
        html! {
            svg #ladder width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="group" aria-label="Ladder of messages" {
                @for (index, name) in self.sequence.participants.iter().enumerate() {
                    path.rail d={ "M" (self.x(index)) " " (HEAD - 14) "V" (height) } {}
                    text.participant x=(self.x(index)) y="20" text-anchor="middle" { (name) }
                }
                @for (y, at) in &self.times { text.time x=(MARGIN - 14) y=(y + 4) { (milliseconds(*at)) } }
                @for ((entry, heights), number) in self.sequence.entries.iter().zip(&self.heights).zip(&self.numbers) {
                    @match entry {
                        Entry::Remark(remark) => { (self.remark(remark, heights)) }
                        Entry::Message(message) => { (self.message(message, heights, *number)) }
                    }
                }
            }
        }
    }

    fn remark(&self, remark: &Remark, heights: &[(Part, usize)]) -> Markup {
        let y = heights.first().map_or(0, |(_, y)| *y);
        let class = match remark.mood {
            Mood::Up => "remark up",
            Mood::Down => "remark down",
            Mood::Trouble => "remark trouble",
            Mood::Plain => "remark",
        };
        let room = (REMARKS - 20) * 10 / CHARACTER;
        let place = remark.at.and_then(|at| Some((self.x(at), self.sequence.participants.get(at)?)));
        html! {
            g class=(class) {
                @if let Some((x, _)) = place {
                    @if x < self.last_rail() { path.leader d={ "M" (x + 7) " " (y) "H" (self.last_rail() + 10) } {} }
                    (dot(remark.mood, x, y))
                }
                text x=(self.last_rail() + 16) y=(y + 4) {
                    @if let Some((_, name)) = place { tspan.at { (name) } " " }
                    (cut(&remark.text, room))
                    title { (remark.text) }
                }
            }
        }
    }

    fn message(&self, message: &Message, heights: &[(Part, usize)], number: usize) -> Markup {
        let (from, to) = (self.x(message.from), self.x(message.to));
        let begin = heights.iter().find(|(part, _)| *part == Part::Sent).map_or(0, |(_, y)| *y);
        let mut class = format!("m t{}", message.tone % TONES);
        if message.repeats > 0 {
            class.push_str(" again");
        }
        if message.packets > 1 {
            class.push_str(" many");
        }
        let arrivals = heights.iter().filter_map(|(part, y)| match part {
            Part::Arrival(copy) => Some((*copy, *y)),
            _ => None,
        });
        let troubles: usize = message.troubles.iter().map(|trouble| trouble.chars().count() + 3).sum();
        let room = (from.abs_diff(to).saturating_sub(24) * 10 / CHARACTER).saturating_sub(troubles);
        let label = cut(&message.label, room);
        let right = to >= from;
        let way = from.abs_diff(to) * 11 / 20;
        // Where the label stands, where an arrow ends that reaches nobody, and where it says why.
        let (text_x, stop, why_x, anchor) = match right {
            true => (from + 12, from + way, from + way + 10, "start"),
            false => (from.saturating_sub(12), from - way, (from - way).saturating_sub(10), "end"),
        };
        html! {
            g class=(class) id={ "m" (number) } tabindex=(if number == 0 { "0" } else { "-1" }) role="button" {
                title { (self.in_words(message)) }
                @for (copy, y) in arrivals {
                    @let path = arrow((from, begin), (to, y));
                    @if copy > 0 { path.copy d=(path) {} } @else { path d=(path) {} }
                }
                @if let Some((_, why)) = &message.end {
                    path.gone d=(cross((from, begin), (stop, begin + 7))) {}
                    text.why x=(why_x) y=(begin + 11) text-anchor=(anchor) { (why) }
                } @else if message.arrivals.is_empty() {
                    path.copy d={ "M" (from) " " (begin) "L" (stop) " " (begin + 7) } {}
                    text x=(why_x) y=(begin + 11) text-anchor=(anchor) { "on its way" }
                }
                text x=(text_x) y=(begin.saturating_sub(5)) text-anchor=(anchor) {
                    (label)
                    @for trouble in &message.troubles { tspan.why { " · " (trouble) } }
                }
            }
        }
    }

    /// A message for those who cannot see it, and for those who point at it.
    fn in_words(&self, message: &Message) -> String {
        let name = |index: usize| self.sequence.participants.get(index).map_or("?", String::as_str);
        let Message { at_nanos, label, arrivals, end, troubles, .. } = message;
        let mut words =
            format!("{} {} to {}: {label}", time(*at_nanos), name(message.from), name(message.to));
        for trouble in troubles {
            words += &format!(", {trouble}");
        }
        for (index, at) in arrivals.iter().enumerate() {
            words += &format!("{} {}", if index == 0 { ", arrives" } else { " and" }, time(*at));
        }
        match end {
            Some((_, why)) => words += &format!(", {why}"),
            None if arrivals.is_empty() => words += ", on its way when the run ended",
            None => {}
        }
        words
    }
}

/// A time beside the ladder, where all have three decimals.
fn milliseconds(nanos: u64) -> String {
    crate::seconds(nanos - nanos % 1_000_000)
}

/// A sign for each kind of remark, so that none is told by colour alone.
fn dot(mood: Mood, x: usize, y: usize) -> Markup {
    match mood {
        Mood::Up => html! { circle cx=(x) cy=(y) r="5" {} },
        Mood::Down => html! { circle.hollow cx=(x) cy=(y) r="4.5" {} },
        Mood::Trouble => html! { path d={ "M" (x) " " (y - 6) "l6.5 11h-13z" } {} },
        Mood::Plain => html! { rect x=(x - 3) y=(y - 3) width="6" height="6" {} },
    }
}

/// The room above a part.
fn room(part: Part) -> usize {
    match part {
        Part::Sent => 24,
        Part::Remark => 19,
        Part::Arrival(_) | Part::End => 7,
    }
}

/// The room that a wait takes: some for each power of ten above a millisecond.
fn wait(nanos: u64) -> usize {
    let milliseconds = nanos / 1_000_000;
    milliseconds.checked_ilog10().map_or(0, |power| 2 + 3 * usize::try_from(power).unwrap_or(0))
}

/// The path of an arrow with an open head that points along it.
fn arrow((x1, y1): (usize, usize), (x2, y2): (usize, usize)) -> String {
    if x1 == x2 {
        return format!("M{x1} {y1}h26V{y2}H{x2}m6 -4l-6 4l6 4");
    }
    // The head is turned by the slope, in thousandths: arrows are much wider than they are high, unless they wait for long.
    let (dx, dy) = (x2 as i64 - x1 as i64, y2 as i64 - y1 as i64);
    let length = (dx * dx + dy * dy).isqrt().max(1);
    let (along, across) =
        ((dx * 1000 / length, dy * 1000 / length), (-dy * 1000 / length, dx * 1000 / length));
    let barb = |side: i64| {
        let x = (-8 * along.0 + side * 4 * across.0) / 100;
        let y = (-8 * along.1 + side * 4 * across.1) / 100;
        (tenths(x), tenths(y))
    };
    let ((ax, ay), (bx, by)) = (barb(1), barb(-1));
    format!("M{x1} {y1}L{x2} {y2}m{ax} {ay}L{x2} {y2}l{bx} {by}")
}

/// A path that ends in a cross.
fn cross((x1, y1): (usize, usize), (x2, y2): (usize, usize)) -> String {
    format!("M{x1} {y1}L{x2} {y2}m-4.5 -4.5l9 9m0 -9l-9 9")
}

/// A number of tenths as a decimal.
fn tenths(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}.{}", number.abs() / 10, number.abs() % 10)
}

/// The beginning of a text that has too many characters.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_where_they_go() {
        assert_eq!(arrow((100, 50), (200, 50)), "M100 50L200 50m-8.0 4.0L200 50l-8.0 -4.0");
        assert_eq!(arrow((200, 50), (100, 50)), "M200 50L100 50m8.0 -4.0L100 50l8.0 4.0");
        assert!(arrow((100, 50), (100, 80)).starts_with("M100 50h26"));
    }

    #[test]
    fn what_was_seen_at_one_place_is_drawn_in_its_order() {
        let message = |at_nanos| {
            Entry::Message(Message {
                at_nanos,
                to: 1,
                arrivals: vec![at_nanos],
                packets: 1,
                ..Message::default()
            })
        };
        let remark = Remark { at_nanos: 5, at: Some(0), text: "up".into(), mood: Mood::Up };
        let entries = vec![message(5), Entry::Remark(remark), message(5)];
        let participants = vec!["a".into(), "b".into()];
        let sequence = Sequence { participants, entries, left_out: 0 };
        let drawn = Drawing::new(&sequence);
        let order: Vec<Part> = drawn.heights.iter().flatten().map(|(part, _)| *part).collect();
        let arrives = Part::Arrival(0);
        assert_eq!(order, [Part::Sent, arrives, Part::Remark, Part::Sent, arrives]);
        assert!(drawn.heights.iter().flatten().is_sorted_by_key(|(_, height)| *height));
    }

    #[test]
    fn longer_waits_take_more_room_but_not_in_proportion() {
        assert_eq!([0, 999_999, 1_000_000, 10_000_000, 60_000_000_000].map(wait), [0, 0, 2, 5, 14]);
    }

    #[test]
    fn labels_that_are_too_long_end_in_dots() {
        assert_eq!(cut("IKE_AUTH request 1", 18), "IKE_AUTH request 1");
        assert_eq!(cut("IKE_AUTH request 1", 10), "IKE_AUTH…");
    }

    #[test]
    fn data_in_a_page_cannot_end_its_element() {
        let hostile = Message { label: "</script><!--".to_owned(), packets: 1, ..Message::default() };
        let sequence =
            Sequence { participants: vec!["a".into()], entries: vec![Entry::Message(hostile)], left_out: 0 };
        assert!(!data(&sequence).contains('<'));
        assert!(data(&sequence).contains("\\u003c/script>"));
    }
}
