//! Messages between participants as a ladder of text.
//!
//! ```text
//! time        west                           east
//! 0.000s       |-- IKE_SA_INIT request 0 ---->|
//! 0.081s       |<-- IKE_SA_INIT response 0 ---|
//! 2.000s       |-- IKE_AUTH request 1 --x     |   lost
//! ```

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

impl Ladder {
    /// The ladder as lines of text, the head first. A rung whose participants are not known is told in words at the right.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let rails = Rails { names: &self.participants, margin: self.margin(), width: self.width() };
        let mut lines = vec![rails.head()];
        lines.extend(self.rungs.iter().map(|rung| rails.rung(rung)));
        lines
    }

    /// Only the last `count` rungs, the head before them.
    #[must_use]
    pub fn tail(&self, count: usize) -> Vec<String> {
        let mut lines = self.lines();
        let skipped = self.rungs.len().saturating_sub(count);
        lines.drain(1..=skipped);
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
            Rung::Message { label, .. } => label.chars().count() + "|--  --->".len(),
            Rung::Note { .. } => 0,
        });
        let names = self.participants.iter().map(|name| name.chars().count() + 2);
        labels.chain(names).max().unwrap_or(0).max(NARROWEST)
    }
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

    fn rung(&self, rung: &Rung) -> String {
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
                        self.line(*at_nanos, &[], words.trim_end())
                    }
                }
            }
            Rung::Note { at_nanos, at, text } => {
                let marked: Vec<(usize, char)> = self.rail(at).map(|rail| (rail, '*')).into_iter().collect();
                self.line(*at_nanos, &marked, &format!("{at}: {text}"))
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
    ) -> String {
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
        self.line(at_nanos, &marks, remark)
    }

    /// The time, the rails with `marks` over them, and a remark at the right.
    fn line(&self, at_nanos: u64, marks: &[(usize, char)], remark: &str) -> String {
        let last = self.margin + self.names.len().saturating_sub(1) * self.width;
        let mut line: Vec<char> = format!("{:last$} ", time(at_nanos)).chars().collect();
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
