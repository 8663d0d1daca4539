//! For colleagues: one page that needs nothing else, with what was found, the conversations, the ladder, and each message unfolded
//! on demand. A page has room for some thousand messages; those that follow are counted.

use std::io::{self, Write};
use std::net::IpAddr;

use reports::account::{self, Entry, Mood, Remark, SaSpan};
use reports::html::{self, Broken, Capture, Conversation, Frame};
use reports::seconds;

use super::summary::date;
use super::text::end;
use crate::file::Unreadable;
use crate::rules::Level;
use crate::told::{FlowSummary, IkeSummary, Kind, Message, Note, Summary, Told, Violation};

/// Gathers what is told for a page.
pub struct Html {
    page: Capture,
}

impl Html {
    /// A page of the capture with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { page: Capture { name: name.into(), ..Capture::default() } }
    }

    /// Takes what is told next.
    pub fn take(&mut self, told: Told) {
        if self.page.sequence.entries.len() >= MOST {
            self.page.left_out += 1;
            return;
        }
        match told {
            Told::Message(message) => self.message(message),
            Told::Note(note) => self.note(note),
            Told::Violation(violation) => self.violation(violation),
        }
    }

    /// Writes the page, with the summary, and why the file could not be read to its end if that is so.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish<W: Write>(
        mut self,
        mut out: W,
        summary: &Summary,
        unreadable: Option<&Unreadable>,
    ) -> io::Result<W> {
        let page = &mut self.page;
        page.unreadable = unreadable.map(ToString::to_string);
        page.nanos = summary.nanos;
        page.fails = summary.broken(Level::Must) > 0;
        page.facts = facts(summary);
        page.broken = summary
            .violations
            .iter()
            .map(|broken| Broken {
                level: broken.rule.level.name().to_owned(),
                name: broken.rule.name.to_owned(),
                clause: broken.rule.clause.to_owned(),
                says: broken.rule.says.to_owned(),
                times: broken.times,
                first_frame: broken.first_frame,
            })
            .collect();
        let flows = summary.flows.iter().take(MOST_FLOWS).map(flow);
        page.conversations = summary.ike.iter().map(conversation).chain(flows).collect();
        page.sas = summary.ike.iter().flat_map(spans).collect();
        out.write_all(html::capture(page).as_bytes())?;
        out.flush()?;
        Ok(out)
    }

    /// The place of an address among the participants; the last one stands for all that have no place of their own.
    fn participant(&mut self, address: IpAddr) -> usize {
        let name = address.to_string();
        let participants = &mut self.page.sequence.participants;
        if let Some(place) = participants.iter().position(|known| *known == name) {
            return place;
        }
        if participants.len() < MOST_PARTICIPANTS {
            participants.push(name);
        } else if participants.len() == MOST_PARTICIPANTS {
            participants.push("others".to_owned());
        }
        participants.len() - 1
    }

    fn message(&mut self, message: Message) {
        let Message { frame, at_nanos, from, to, label, tree, remarks, .. } = message;
        let (exchange, tone) = exchange(message.kind, &label);
        let repeats = u32::from(remarks.iter().any(|remark| remark.starts_with("repeats ")));
        let (sender, receiver) = (self.participant(from.ip()), self.participant(to.ip()));
        self.page.sequence.entries.push(Entry::Message(account::Message {
            at_nanos,
            from: sender,
            to: receiver,
            label: label.clone(),
            exchange,
            tone,
            repeats,
            packets: 1,
            arrivals: vec![at_nanos],
            end: None,
            troubles: remarks.iter().filter(|remark| is_trouble(remark)).cloned().collect(),
            tree: (!tree.is_empty()).then(|| tree.clone()),
        }));
        let way = format!("{} → {}", end(from), end(to));
        self.page.frames.push(Frame {
            number: frame,
            at_nanos,
            way,
            label,
            tree,
            remarks,
            breaks: Vec::new(),
        });
    }

    fn note(&mut self, note: Note) {
        let mood = if note.text.contains("is established") || note.text.contains(" SAs ") {
            Mood::Up
        } else if note.text.starts_with("deletes ") {
            Mood::Down
        } else {
            Mood::Plain
        };
        let at = Some(self.participant(note.who));
        let remark = Remark { at_nanos: note.at_nanos, at, text: note.text, mood };
        self.page.sequence.entries.push(Entry::Remark(remark));
    }

    fn violation(&mut self, violation: Violation) {
        let Violation { frame, at_nanos, who, rule, what } = violation;
        let text = format!("{}: {what}", rule.clause);
        let mood = if rule.level == Level::Note { Mood::Plain } else { Mood::Trouble };
        let at = Some(self.participant(who));
        self.page.sequence.entries.push(Entry::Remark(Remark { at_nanos, at, text, mood }));
        if let Some(told) = self.page.frames.last_mut().filter(|told| told.number == frame) {
            told.breaks.push((rule.clause.to_owned(), what));
        }
    }
}

/// Whether a remark is about something that befell a message, and not about what it is.
fn is_trouble(remark: &str) -> bool {
    ["repeats", "cannot be opened", "not authentic", "malformed", "too short", "the checksum"]
        .iter()
        .any(|trouble| remark.starts_with(trouble))
}

/// What a message belongs to, and the colour of that.
fn exchange(kind: Kind, label: &str) -> (String, u8) {
    let first = |count: usize| label.split(' ').take(count).collect::<Vec<&str>>().join(" ").replace('*', "");
    match kind {
        Kind::Esp => ("ESP".to_owned(), 6),
        Kind::Ah => ("AH".to_owned(), 7),
        Kind::Keepalive => ("NAT keepalive".to_owned(), 5),
        Kind::Ike => {
            // Modes of version 1 are two words.
            let two = first(2);
            let name = if two.ends_with(" mode") { two } else { first(1) };
            let tone = match name.as_str() {
                "IKE_SA_INIT" | "main mode" => 0,
                "IKE_AUTH" | "aggressive mode" => 1,
                "CREATE_CHILD_SA" | "quick mode" => 2,
                "INFORMATIONAL" | "informational" => 3,
                _ => 4,
            };
            (name, tone)
        }
    }
}

fn facts(summary: &Summary) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Frames".to_owned(), summary.frames.to_string()),
        ("Duration".to_owned(), seconds(summary.nanos)),
    ];
    if summary.began_nanos > 0 {
        facts.push(("Began".to_owned(), date(summary.began_nanos)));
    }
    facts.extend(summary.carried.iter().map(|(what, count)| (what.clone(), count.to_string())));
    facts
}

fn conversation(sa: &IkeSummary) -> Conversation {
    let kind = if sa.version == 1 { "ISAKMP SA" } else { "IKE SA" };
    let mut facts = Vec::new();
    let mut fact = |name: &str, fact: String| {
        if !fact.is_empty() {
            facts.push((name.to_owned(), fact));
        }
    };
    fact(if sa.version == 1 { "Cookies" } else { "SPIs" }, format!("{} {}", sa.spi_i, sa.spi_r));
    fact("Mode", sa.mode.clone().unwrap_or_default());
    fact("Algorithms", sa.suite.join(", "));
    fact("Keys", sa.keys.map_or("not known", crate::told::KeySource::says).to_owned());
    fact("Initiator", sa.identities[0].clone().unwrap_or_default());
    fact("Responder", sa.identities[1].clone().unwrap_or_default());
    fact("Proof", sa.method.clone().unwrap_or_default());
    let behind = ["initiator", "responder"].into_iter().zip(sa.behind_nat).filter(|(_, behind)| *behind);
    fact("Behind a NAT", behind.map(|(end, _)| end).collect::<Vec<&str>>().join(" and "));
    let counts =
        format!("{}, of which {} repeat others and {} were not opened", sa.messages, sa.repeats, sa.closed);
    fact("Messages", counts);
    for child in &sa.children {
        let [i, r] = child.selectors.each_ref().map(|list| list.join(" "));
        let mode = if child.is_transport { ", transport mode" } else { "" };
        let (spi_i, spi_r) = (&child.spi_i, &child.spi_r);
        let suite = child.suite.join(" ");
        fact(
            &format!("{} SAs", child.protocol),
            format!("{spi_i} and {spi_r} {}: {suite}, {i} to {r}{mode}", child.outcome),
        );
    }
    let title = format!("{kind} {}, {} → {}", sa.number, sa.initiator, sa.responder);
    Conversation { title, outcome: sa.outcome.clone(), facts }
}

fn flow(flow: &FlowSummary) -> Conversation {
    let packets = format!("{} packets, {} octets", flow.packets, flow.octets);
    let (first, highest) = flow.sequence;
    let facts = vec![
        (
            "Sequence".to_owned(),
            format!("{first} to {highest}, {} missing, {} late", flow.missing, flow.late),
        ),
        ("Repeated".to_owned(), flow.repeats.to_string()),
        ("Opened".to_owned(), format!("{}, {} not though there is a key", flow.opened, flow.closed)),
        ("Seen".to_owned(), format!("from {} to {}", seconds(flow.first_nanos), seconds(flow.last_nanos))),
    ];
    let owner = flow.ike.map_or(String::new(), |number| format!(" of IKE SA {number}"));
    let title = format!("{} {}, {} → {}{owner}", flow.protocol, flow.spi, end(flow.from), end(flow.to));
    Conversation { title, outcome: packets, facts }
}

/// An IKE SA and its Child SAs, as bars over time.
fn spans(sa: &IkeSummary) -> Vec<SaSpan> {
    let holder = format!("{} → {}", sa.initiator.ip(), sa.responder.ip());
    let ended = |outcome: &str| {
        let is_over = ["deleted", "replaced", "failed", "gone", "rekeyed", "refused"]
            .iter()
            .any(|word| outcome.contains(word));
        is_over.then(|| (sa.last_nanos, outcome.to_owned()))
    };
    let of_ike = SaSpan {
        holder: holder.clone(),
        kind: if sa.version == 1 { "ISAKMP SA" } else { "IKE SA" }.to_owned(),
        name: sa.number.to_string(),
        spis: format!("{} {}", sa.spi_i, sa.spi_r),
        about: sa.suite.join(" "),
        from_nanos: sa.first_nanos,
        end: ended(&sa.outcome),
        marks: Vec::new(),
    };
    let of_child = sa.children.iter().map(|child| SaSpan {
        holder: holder.clone(),
        kind: format!("{} SAs", child.protocol),
        name: String::new(),
        spis: format!("{} {}", child.spi_i, child.spi_r),
        about: child.suite.join(" "),
        from_nanos: child.at_nanos,
        end: ended(&child.outcome),
        marks: Vec::new(),
    });
    std::iter::once(of_ike).chain(of_child).collect()
}

/// So many messages and remarks are on a page.
const MOST: usize = 1_500;
/// So many participants have a place of their own.
const MOST_PARTICIPANTS: usize = 8;
/// So many flows of packets are on a page.
const MOST_FLOWS: usize = 256;
