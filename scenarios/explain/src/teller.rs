//! Tells what a frame shows, and keeps count of the rules that are broken.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::rules::Rule;
use crate::told::{Broken, Message, Note, Told, Violation};

/// How often each rule was broken, and the first frame that did so.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<Rule, (u64, u64)>);

impl Tally {
    pub(crate) fn summary(&self) -> Vec<Broken> {
        let broken = |(rule, (times, first_frame)): (&Rule, &(u64, u64))| Broken {
            rule: *rule,
            times: *times,
            first_frame: *first_frame,
        };
        // In the order of the table of rules.
        let mut all: Vec<Broken> = self.0.iter().map(broken).collect();
        all.sort_by_key(|broken| Rule::ALL.iter().position(|rule| *rule == broken.rule));
        all
    }
}

/// Where a frame's findings go.
pub(crate) struct Teller<'a> {
    pub(crate) frame: u64,
    pub(crate) at: u64,
    /// Whether the checksum of the datagram is right: what does not fit may otherwise have been damaged on its way.
    pub(crate) is_sound: bool,
    pub(crate) tally: &'a mut Tally,
    pub(crate) sink: &'a mut dyn FnMut(Told),
}

impl Teller<'_> {
    pub(crate) fn message(&mut self, message: Message) {
        (self.sink)(Told::Message(message));
    }

    pub(crate) fn note(&mut self, who: IpAddr, text: impl Into<String>) {
        let note = Note { frame: self.frame, at_nanos: self.at, who, text: text.into() };
        (self.sink)(Told::Note(note));
    }

    pub(crate) fn broke(&mut self, who: IpAddr, rule: Rule, what: impl Into<String>) {
        if !self.is_sound {
            return;
        }
        let count = self.tally.0.entry(rule).or_insert((0, self.frame));
        count.0 += 1;
        let (frame, at_nanos) = (self.frame, self.at);
        (self.sink)(Told::Violation(Violation { frame, at_nanos, who, rule, what: what.into() }));
    }
}
