//! Messages between participants as a ladder of text.
//!
//! ```text
//! time        west                           east
//! 0.000s       |-- IKE_SA_INIT request 0 ---->|
//! 0.081s       |<-- IKE_SA_INIT response 0 ---|
//! 2.000s       |-- IKE_AUTH request 1 --x     |   lost
//! ```
//!
//! A label that is too long for a line goes on below its arrow.

/// A ladder: who takes part, and what went between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The participants from left to right; their names differ.
    pub participants: Vec<String>,
    /// What happened, in order of time.
    pub rungs: Vec<Rung>,
}

/// One line of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rung {
    /// A message from one participant to another.
    Message {
        /// When it was sent, in nanoseconds.
        at_nanos: u64,
        /// Who sent it.
        from: String,
        /// To whom.
        to: String,
        /// What it was.
        label: String,
        /// How it fared.
        fate: Fate,
    },
    /// Something that happened at one participant.
    Note {
        /// When, in nanoseconds.
        at_nanos: u64,
        /// Where.
        at: String,
        /// What.
        text: String,
    },
}

/// How a message fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It arrived.
    #[default]
    Delivered,
    /// It arrived, but something befell it: `twice`, `late`, `corrupted`.
    Troubled(String),
    /// It did not arrive, for this reason: `lost`, `link cut`, `too big`.
    Ended(String),
}

/// The least columns for the time.
const MARGIN: usize = 13;
/// The least distance of two rails.
const NARROWEST: usize = 30;
/// The longest part of a label that stands on one line, unless a word is longer.
const LONGEST: usize = 68;
/// How far the rest of a label is moved in.
const INDENT: usize = 4;

impl Ladder {
    /// The ladder as lines of text, the head first. A rung whose participants are not known is told in words at the right.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.tail(self.rungs.len())
    }

    /// Only the last `count` rungs, the head before them.
    #[must_use]
    pub fn tail(&self, count: usize) -> Vec<String> {
        let rails = Rails { names: &self.participants, margin: self.margin(), width: self.width() };
        let mut lines = vec![rails.head()];
        let skipped = self.rungs.len().saturating_sub(count);
        lines.extend(self.rungs.iter().skip(skipped).flat_map(|rung| rails.rung(rung)));
        lines
    }

    /// The column of the first rail.
    fn margin(&self) -> usize {
        let times = self.rungs.iter().map(|rung| match rung {
            Rung::Message { at_nanos, .. } | Rung::Note { at_nanos, .. } => time(*at_nanos).len() + 2,
        });
        times.max().unwrap_or(0).max(MARGIN)
    }

    /// The distance of two neighbouring rails: room for the longest label and its arrow, and for the longest name.
    fn width(&self) -> usize {
        let labels = self.rungs.iter().map(|rung| match rung {
            Rung::Message { label, .. } => {
                let longest = parts(label).iter().map(|part| part.chars().count()).max().unwrap_or(0);
                longest + "|--  --->".len()
            }
            Rung::Note { .. } => 0,
        });
        let names = self.participants.iter().map(|name| name.chars().count() + 2);
        labels.chain(names).max().unwrap_or(0).max(NARROWEST)
    }
}

/// A label in parts that fit a line each, cut between words; all but the first are moved in.
fn parts(label: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in label.split(' ') {
        let part = parts.last_mut().filter(|part| {
            let there = part.chars().count();
            there <= INDENT || there + 1 + word.chars().count() <= LONGEST
        });
        match part {
            Some(part) if part.trim().is_empty() => part.push_str(word),
            Some(part) => *part += &format!(" {word}"),
            None => parts.push(format!("{:INDENT$}{word}", "")),
        }
    }
    parts
}

/// Seconds with milliseconds; the rest is cut off.
fn time(nanos: u64) -> String {
    crate::text::seconds(nanos - nanos % 1_000_000)
}

struct Rails<'a> {
    names: &'a [String],
    margin: usize,
    width: usize,
}

impl Rails<'_> {
    fn head(&self) -> String {
        let mut line = format!("{:width$}", "time", width = self.margin - 1);
        for name in self.names {
            line.push_str(&format!("{name:width$}", width = self.width));
        }
        line.trim_end().to_owned()
    }

    fn rung(&self, rung: &Rung) -> Vec<String> {
        match rung {
            Rung::Message { at_nanos, from, to, label, fate } => {
                let (remark, arrives) = match fate {
                    Fate::Delivered => ("", true),
                    Fate::Troubled(remark) => (remark.as_str(), true),
                    Fate::Ended(remark) => (remark.as_str(), false),
                };
                let (from_rail, to_rail) = (self.rail(from), self.rail(to));
                match (from_rail, to_rail) {
                    (Some(a), Some(b)) if a != b => self.arrow(*at_nanos, (a, b), label, arrives, remark),
                    _ => {
                        let words = format!("{from} to {to}: {label} {remark}");
                        vec![self.line(&time(*at_nanos), &[], words.trim_end())]
                    }
                }
            }
            Rung::Note { at_nanos, at, text } => {
                let marked: Vec<(usize, char)> = self.rail(at).map(|rail| (rail, '*')).into_iter().collect();
                vec![self.line(&time(*at_nanos), &marked, &format!("{at}: {text}"))]
            }
        }
    }

    fn rail(&self, name: &str) -> Option<usize> {
        let index = self.names.iter().position(|known| known == name)?;
        Some(self.margin + index * self.width)
    }

    fn arrow(
        &self,
        at_nanos: u64,
        (from, to): (usize, usize),
        label: &str,
        arrives: bool,
        remark: &str,
    ) -> Vec<String> {
        let parts = parts(label);
        let label = parts.first().map_or("", String::as_str);
        let (left, right) = (from.min(to), from.max(to));
        let room = right - left - 1;
        let shaft: Vec<char> = match (from < to, arrives) {
            (true, true) => format!("{:-<width$}>", format!("-- {label} "), width = room - 1),
            (true, false) => format!("{:width$}", format!("-- {label} --x"), width = room),
            (false, true) => format!("<{:-<width$}", format!("-- {label} "), width = room - 1),
            (false, false) => format!("{:>width$}", format!("x-- {label} --"), width = room),
        }
        .chars()
        .collect();
        let marks: Vec<(usize, char)> = (left + 1..right).zip(shaft).collect();
        let rest = |part: &String| {
            let marks: Vec<(usize, char)> = (left + "|-- ".len()..right).zip(part.chars()).collect();
            self.line("", &marks, "")
        };
        let first = self.line(&time(at_nanos), &marks, remark);
        std::iter::once(first).chain(parts[1..].iter().map(rest)).collect()
    }

    /// The time, the rails with `marks` over them, and a remark at the right.
    fn line(&self, time: &str, marks: &[(usize, char)], remark: &str) -> String {
        let last = self.margin + self.names.len().saturating_sub(1) * self.width;
        let mut line: Vec<char> = format!("{time:last$} ").chars().collect();
        for rail in (0..self.names.len()).map(|index| self.margin + index * self.width) {
            line[rail] = '|';
        }
        for (column, mark) in marks {
            line[*column] = *mark;
        }
        let gap = if remark.is_empty() { "" } else { "   " };
        format!("{}{gap}{remark}", line.into_iter().collect::<String>()).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::sample;
