//! A scenario file in parts that can be left out.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipsec_net::{Instant, format_duration};
use sim::{Decision, Direction};

use super::Size;
use crate::file::Scenario;

/// A line of a story with its time.
pub(super) type Line = (Instant, String);

/// The parts of a scenario file.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Title, nouns and whatever else is neither story nor faults.
    table: toml::Table,
    /// The first and the second end of each link.
    ends: Vec<(String, [String; 2])>,
    seed: u64,
    pub(super) faults: Vec<Decision>,
    /// The story.
    pub(super) lines: Vec<Line>,
}

/// The keys that have parts of their own here.
const OWN: [&str; 3] = ["story", "seeds", "faults"];

impl Draft {
    pub(super) fn new(text: &str, scenario: &Scenario, seed: u64, faults: Vec<Decision>) -> Self {
        let mut table: toml::Table = text.parse().unwrap_or_default();
        OWN.iter().for_each(|key| drop(table.remove(*key)));
        let mut lines: Vec<(usize, Instant, String)> = Vec::new();
        for step in &scenario.story.steps {
            // A sentence with several subjects makes several steps.
            if lines.last().is_none_or(|(line, ..)| *line != step.place.line) {
                lines.push((step.place.line, step.at, step.place.text.clone()));
            }
        }
        let lines = lines.into_iter().map(|(_, at, text)| (at, text)).collect();
        let ends = scenario
            .links
            .iter()
            .map(|link| (link.name.clone(), link.ends.each_ref().map(|end| end.node.clone())));
        Self { table, ends: ends.collect(), seed, faults, lines }
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let (nouns, mut top): (toml::Table, toml::Table) =
            self.table.clone().into_iter().partition(|(_, value)| value.is_table());
        let title: toml::Table = top.remove_entry("title").into_iter().collect();
        let mut text = format!("{title}{top}");
        let _ = writeln!(text, "seeds = \"{}..{}\"", self.seed, self.seed + 1);
        text.push_str("faults = [");
        for fault in &self.faults {
            let _ = write!(text, "\n    \"{}\",", self.fault(fault));
        }
        text.push_str(if self.faults.is_empty() { "]\n" } else { "\n]\n" });
        text.push_str("story = '''\n");
        for (at, line) in &self.lines {
            let _ = writeln!(text, "{:8} {line}", format_duration(at.since(Instant::ZERO)));
        }
        let _ = write!(text, "'''\n\n{nouns}");
        text
    }

    pub(super) fn size(&self) -> Size {
        let nouns = self.paths(2).iter().filter(|path| path[0] != "allow").count();
        Size { faults: self.faults.len(), lines: self.lines.len(), nouns, keys: self.paths(3).len() }
    }

    /// The paths of the nouns (2 deep, such as `link.wan`) or of their keys (3 deep, such as `link.wan.loss`).
    pub(super) fn paths(&self, depth: usize) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        collect(&self.table, depth, &mut Vec::new(), &mut paths);
        paths
    }

    /// The story's lines without which the sentence that fails would be about something else, and the others: those at its
    /// time, and where links are healed before it, all from then on, since that is the story's end in good weather.
    pub(super) fn parted(&self, fails: Option<&str>) -> (Vec<Line>, Vec<Line>) {
        let failing = self.lines.iter().find(|(_, line)| Some(&**line) == fails).map(|(at, _)| *at);
        let healed = self.lines.iter().rfind(|(_, line)| line.ends_with(": heal")).map(|(at, _)| *at);
        let end = failing.map(|failing| healed.map_or(failing, |healed| healed.min(failing))..=failing);
        self.lines.iter().cloned().partition(|(at, _)| end.as_ref().is_some_and(|end| end.contains(at)))
    }

    /// The draft with these faults.
    pub(super) fn with_faults(&self, faults: &[Decision]) -> Self {
        Self { faults: faults.to_vec(), ..self.clone() }
    }

    /// The draft with these story lines.
    pub(super) fn with_lines(&self, lines: &[Line]) -> Self {
        Self { lines: lines.to_vec(), ..self.clone() }
    }

    /// The draft with those of its nouns or keys that have one of these paths.
    pub(super) fn with_paths(&self, depth: usize, paths: &[Vec<String>]) -> Self {
        let wanted: BTreeSet<&[String]> = paths.iter().map(Vec::as_slice).collect();
        let mut draft = self.clone();
        for path in self.paths(depth) {
            if !wanted.contains(path.as_slice()) {
                remove(&mut draft.table, &path);
            }
        }
        draft
    }

    /// A fault as scenario files have it: with the sender instead of the direction.
    fn fault(&self, fault: &Decision) -> String {
        let ends = self.ends.iter().find(|(link, _)| **link == *fault.link).map(|(_, ends)| ends);
        let sender = ends.map(|[first, second]| match fault.direction {
            Direction::Forward => first,
            Direction::Backward => second,
        });
        let (text, direction) = (fault.to_string(), fault.direction.name());
        match sender {
            Some(sender) => text.replacen(&format!(" {direction} "), &format!(" {sender} "), 1),
            None => text,
        }
    }
}

fn collect(table: &toml::Table, depth: usize, path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    for (key, value) in table {
        path.push(key.clone());
        if path.len() == depth {
            paths.push(path.clone());
        } else if let Some(table) = value.as_table() {
            collect(table, depth, path, paths);
        }
        path.pop();
    }
}

fn remove(table: &mut toml::Table, path: &[String]) {
    match path {
        [] => {}
        [key] => drop(table.remove(key)),
        [key, rest @ ..] => {
            if let Some(inner) = table.get_mut(key).and_then(toml::Value::as_table_mut) {
                remove(inner, rest);
                if inner.is_empty() {
                    table.remove(key);
                }
            }
        }
    }
}
