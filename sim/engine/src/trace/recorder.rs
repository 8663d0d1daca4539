//! Two runs compared: where they part, and what went before and came after.

use std::fmt::Write as _;

use ipsec_net::Instant;

use super::{Kind, Observer, octets};
use crate::Note;

/// Keeps the canonical octets and a readable line of each record.
#[derive(Debug, Default)]
pub struct Recorder {
    records: Vec<(Vec<u8>, String)>,
}

impl<T: Note> Observer<T> for Recorder {
    fn record(&mut self, at: Instant, kind: &Kind<'_, T>) {
        let mut record = Vec::new();
        octets::write(at, kind, &mut record);
        self.records.push((record, format!("{at} {kind:?}")));
    }
}

impl Recorder {
    fn octets(&self, index: usize) -> Option<&[u8]> {
        self.records.get(index).map(|record| record.0.as_slice())
    }
}

/// Where two runs part: the first record that differs, with up to `around` records before it, which are the same in both
/// runs, and as many after it from each. Nothing when the runs are the same.
#[must_use]
pub fn first_difference(a: &Recorder, b: &Recorder, around: usize) -> Option<String> {
    let length = a.records.len().max(b.records.len());
    let differs = |index: &usize| a.octets(*index) != b.octets(*index);
    let index = (0..length).find(differs)?;
    let mut text = String::new();
    for (number, before) in a.records.iter().enumerate().take(index).skip(index.saturating_sub(around)) {
        let _ = writeln!(text, "  both runs, record {number}: {}", before.1);
    }
    for (name, run) in [("first", a), ("second", b)] {
        let end = run.records.len().min(index + 1 + around);
        for (number, record) in run.records.iter().enumerate().take(end).skip(index) {
            let _ = writeln!(text, "> {name} run, record {number}: {}", record.1);
        }
        if end <= index {
            let _ = writeln!(text, "> {name} run ends before record {index}");
        }
    }
    Some(text)
}
