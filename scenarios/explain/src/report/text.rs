//! For people: messages as a ladder, a page at a time, or as trees; what was found stands below the message that shows it.

use std::io::{self, Write};
use std::net::SocketAddr;

use reports::{Fate, Ladder, Rung, seconds};

use crate::told::{Message, Note, Told, Violation};

/// How messages are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In a line each, as a ladder.
    Ladder,
    /// As a tree each.
    Tree,
}

/// Writes what is told, as it comes.
pub struct Text<W> {
    out: W,
    form: Form,
    page: Ladder,
    /// The first thing that could not be written.
    error: Option<io::Error>,
}

impl<W: Write> Text<W> {
    /// Writes to `out`.
    pub fn new(out: W, form: Form) -> Self {
        Self { out, form, page: Ladder::default(), error: None }
    }

    /// Takes what is told next.
    pub fn take(&mut self, told: &Told) {
        match self.form {
            Form::Tree => {
                let text = tree(told);
                self.write(&text);
            }
            Form::Ladder => self.ladder(told),
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When anything could not be written.
    pub fn finish(mut self) -> io::Result<W> {
        match self.form {
            Form::Ladder => self.turn(),
            Form::Tree => self.write("\n"),
        }
        self.error.take().map_or(Ok(()), Err)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn ladder(&mut self, told: &Told) {
        let (rung, names) = match told {
            Told::Message(message) => {
                let (from, to) = (message.from.ip().to_string(), message.to.ip().to_string());
                (rung(message), vec![from, to])
            }
            Told::Note(note) => (note_rung(note), vec![note.who.to_string()]),
            Told::Violation(violation) => (violation_rung(violation), vec![violation.who.to_string()]),
        };
        let more = names.iter().filter(|name| !self.page.participants.contains(name)).count();
        if self.page.participants.len() + more > MOST_PARTICIPANTS || self.page.rungs.len() >= MOST_RUNGS {
            self.turn();
        }
        for name in names {
            if !self.page.participants.contains(&name) {
                self.page.participants.push(name);
            }
        }
        self.page.rungs.push(rung);
    }

    /// Writes the page and begins another.
    fn turn(&mut self) {
        let page = std::mem::take(&mut self.page);
        if !page.rungs.is_empty() {
            let lines = page.lines().join("\n");
            self.write(&format!("{lines}\n\n"));
        }
    }

    fn write(&mut self, text: &str) {
        if self.error.is_none() {
            self.error = self.out.write_all(text.as_bytes()).err();
        }
    }
}

fn rung(message: &Message) -> Rung {
    let remarks = std::iter::once(format!("#{}", message.frame)).chain(message.remarks.iter().cloned());
    Rung::Message {
        at_nanos: message.at_nanos,
        from: message.from.ip().to_string(),
        to: message.to.ip().to_string(),
        label: message.label.clone(),
        fate: Fate::Troubled(remarks.collect::<Vec<String>>().join(", ")),
    }
}

fn note_rung(note: &Note) -> Rung {
    Rung::Note { at_nanos: note.at_nanos, at: note.who.to_string(), text: note.text.clone() }
}

fn violation_rung(violation: &Violation) -> Rung {
    let text = said(violation);
    Rung::Note { at_nanos: violation.at_nanos, at: violation.who.to_string(), text }
}

/// `!! #11 MUST, RFC 7296 §2.10: a nonce of 8 octets, expected 16 to 256 (nonce-length)`.
fn said(violation: &Violation) -> String {
    let rule = violation.rule;
    let (frame, level) = (violation.frame, rule.level.name());
    format!("!! #{frame} {level}, {}: {} ({})", rule.clause, violation.what, rule.name)
}

fn tree(told: &Told) -> String {
    match told {
        Told::Message(message) => {
            let (from, to) = (end(message.from), end(message.to));
            let head = format!("#{} {} {from} > {to}", message.frame, seconds(message.at_nanos));
            let body =
                if message.tree.is_empty() { format!("{}\n", message.label) } else { message.tree.clone() };
            // What a tree says in its lines need not be said twice.
            let remarks: Vec<&str> =
                message.remarks.iter().map(String::as_str).filter(|remark| !body.contains(remark)).collect();
            let remarks =
                if remarks.is_empty() { String::new() } else { format!("  ({})", remarks.join(", ")) };
            let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
            format!("{head}{remarks}\n{body}")
        }
        Told::Note(note) => format!("  * {}: {}\n", note.who, note.text),
        Told::Violation(violation) => format!("  * {}: {}\n", violation.who, said(violation)),
    }
}

/// An address, with the port where there is one.
pub(super) fn end(end: SocketAddr) -> String {
    if end.port() == 0 { end.ip().to_string() } else { end.to_string() }
}

/// So many participants stand side by side on a page.
const MOST_PARTICIPANTS: usize = 3;
/// So many lines stand on a page.
const MOST_RUNGS: usize = 512;
