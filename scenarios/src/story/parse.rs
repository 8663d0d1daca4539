//! The reader: lines to steps. Each line is read by itself, so that all wrong lines are told at once.

use std::ops::Range;

use ipsec_net::{Instant, parse_duration};

use super::names::{Kind, Names};
use super::pattern::listed;
use super::sentence::{Act, Fact, Place, Sentence, Step, Story};
use super::words::{Token, TokenKind, split};
use super::{fact, pattern, verb};
use crate::diagnostic::{Problem, nearest, position, suggestion};

/// Reads the story that stands at `within` of `source`, the text of a whole file.
///
/// # Errors
/// All lines that cannot be read; a story without a line, and one that expects nothing.
pub fn parse(source: &str, within: Range<usize>, names: &Names) -> Result<Story, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut story = Story::default();
    let mut spans = Vec::new();
    let mut now = None;
    let mut offset = within.start;
    for line in source[within.clone()].split('\n') {
        match (Line { source, names }).read(line, offset, now) {
            Ok(Some((at, steps))) => {
                now = Some(at);
                spans.extend(steps.iter().map(|_| offset..offset + line.trim_end().len()));
                story.steps.extend(steps);
            }
            Ok(None) => {}
            Err(wrong) => {
                now = wrong.at.or(now);
                problems.push(wrong.problem);
            }
        }
        offset += line.len() + 1;
    }
    if problems.is_empty() {
        problems.extend(whole(&story, within.start, &spans));
        problems.extend(idle_traffic(&story, &spans));
    }
    if problems.is_empty() { Ok(story) } else { Err(problems) }
}

/// What is wrong with the story as a whole, which begins at octet `start` and has steps at `spans`.
fn whole(story: &Story, start: usize, spans: &[Range<usize>]) -> Option<Problem> {
    let Some(last) = spans.last() else {
        let problem = Problem::at(start..start, "the story is empty");
        return Some(problem.help("write one sentence a line, such as `0s west: initiate net`"));
    };
    if story.steps.iter().all(|step| matches!(step.sentence, Sentence::Act(_))) {
        let problem =
            Problem::at(last.clone(), "a scenario that checks nothing").label("no `expect` up to here");
        return Some(
            problem.help("say what has to be true, such as `expect net up at west, east within 20s`"),
        );
    }
    None
}

/// Facts about traffic that never starts: they would be true of nothing.
fn idle_traffic(story: &Story, spans: &[Range<usize>]) -> Vec<Problem> {
    let starts = |name: &str| {
        let start =
            |step: &Step| matches!(&step.sentence, Sentence::Act(Act::Start { traffic }) if traffic == name);
        story.steps.iter().any(start)
    };
    let idle = |(step, span): (&Step, &Range<usize>)| {
        let Sentence::Expect(
            Fact::LosesNothing { traffic, .. }
            | Fact::ReachesNobody { traffic, .. }
            | Fact::Delivers { traffic, .. }
            | Fact::Flows { traffic, .. },
        ) = &step.sentence
        else {
            return None;
        };
        let problem = || {
            Problem::at(span.clone(), format!("`{traffic}` never starts"))
                .help(format!("add `{traffic}: start`"))
        };
        (!starts(traffic)).then(problem)
    };
    story.steps.iter().zip(spans).filter_map(idle).collect()
}

/// A line that cannot be read, and its time where that can be.
struct Wrong {
    at: Option<Instant>,
    problem: Problem,
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self { at: None, problem }
    }
}

struct Line<'a> {
    source: &'a str,
    names: &'a Names,
}

impl Line<'_> {
    fn read(
        &self,
        line: &str,
        offset: usize,
        now: Option<Instant>,
    ) -> Result<Option<(Instant, Vec<Step>)>, Wrong> {
        let tokens = split(line, offset)?;
        let Some(first) = tokens.first() else {
            return Ok(None);
        };
        let timed = first.text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
        let at = match (timed, now) {
            (true, _) => time(first, now)?,
            (false, Some(now)) => now,
            (false, None) => {
                let problem = Problem::at(first.span.clone(), "the first line of the story has no time");
                return Err(problem.label("expected a time such as `0s` before this").into());
            }
        };
        let words = if timed { &tokens[1..] } else { &tokens[..] };
        let last = tokens.last().unwrap_or(first).span.clone();
        let sentences = self.sentence(words, last);
        let sentences = sentences.map_err(|problem| Wrong { at: Some(at), problem })?;
        let place = self.place(words);
        let step = |sentence| Step { at, place: place.clone(), sentence };
        Ok(Some((at, sentences.into_iter().map(step).collect())))
    }

    fn place(&self, words: &[Token<'_>]) -> Place {
        let start = words.first().map_or(0, |token| token.span.start);
        let end = words.last().map_or(start, |token| token.span.end);
        let (line, column) = position(self.source, start);
        Place { line, column, text: self.source[start..end].to_owned() }
    }

    fn sentence(&self, words: &[Token<'_>], last: Range<usize>) -> Result<Vec<Sentence>, Problem> {
        let Some((first, rest)) = words.split_first() else {
            return Err(Problem::at(last, "there is a time, but nothing happens")
                .label("expected a sentence after this"));
        };
        match (first.kind, first.text) {
            (TokenKind::Word, "expect") => {
                let (fact, slots) =
                    fact::read(rest, self.names).map_err(|miss| miss.into_problem(rest, last))?;
                slots.check_parts(self.names)?;
                Ok(vec![Sentence::Expect(fact)])
            }
            (TokenKind::Word, "sometimes") => {
                let fitted = pattern::fit("PROBE at PEER", rest, self.names);
                let slots = fitted.map_err(|miss| miss.into_problem(rest, last))?;
                Ok(vec![Sentence::Sometimes { peer: slots.peer(), probe: slots.probe }])
            }
            _ => Ok(self.act(first, words, last)?.into_iter().map(Sentence::Act).collect()),
        }
    }

    fn act(&self, first: &Token<'_>, words: &[Token<'_>], last: Range<usize>) -> Result<Vec<Act>, Problem> {
        let Some(colon) = words.iter().position(|token| token.kind == TokenKind::Colon) else {
            return Err(no_colon(first, last));
        };
        let (subjects, kind) = self.subjects(&words[..colon], words[colon].span.clone())?;
        let behind = &words[colon + 1..];
        let Some((name, arguments)) = behind.split_first() else {
            let expected = listed(&verbs_of(kind));
            return Err(
                Problem::at(last, "a verb is missing").label(format!("expected {expected} after this"))
            );
        };
        let row = verb::row(kind, name.text).ok_or_else(|| unknown_verb(name, kind))?;
        let acts = verb::read(row, &subjects, arguments, self.names)
            .map_err(|miss| miss.into_problem(arguments, last))?;
        for (_, slots) in &acts {
            slots.check_parts(self.names)?;
        }
        Ok(acts.into_iter().map(|(act, _)| act).collect())
    }

    /// The names before the colon, and the kind that they all are of.
    fn subjects<'t>(
        &self,
        tokens: &'t [Token<'t>],
        colon: Range<usize>,
    ) -> Result<(Vec<&'t Token<'t>>, Kind), Problem> {
        let mut subjects: Vec<(&Token<'_>, Kind)> = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let is_comma = token.kind == TokenKind::Comma;
            if is_comma != (index % 2 == 1) {
                let expected = if is_comma { "expected a name" } else { "expected `,` or `:`" };
                return Err(
                    Problem::at(token.span.clone(), format!("unexpected `{}`", token.text)).label(expected)
                );
            }
            if is_comma {
                continue;
            }
            let Some(kind) = self.names.kind(token.text) else {
                return Err(self.unknown_name(token));
            };
            if let Some((other, other_kind)) = subjects.first().filter(|(_, other)| *other != kind) {
                let message = format!(
                    "`{}` is {} and `{}` is {}: they have no verb in common",
                    other.text,
                    other_kind.noun(),
                    token.text,
                    kind.noun()
                );
                return Err(Problem::at(token.span.clone(), message));
            }
            subjects.push((token, kind));
        }
        match subjects.first() {
            Some((_, kind)) if tokens.len() % 2 == 1 => {
                let kind = *kind;
                Ok((subjects.into_iter().map(|(token, _)| token).collect(), kind))
            }
            _ => Err(Problem::at(colon, "a name is missing").label("expected a name before this")),
        }
    }

    fn unknown_name(&self, token: &Token<'_>) -> Problem {
        let problem = Problem::at(token.span.clone(), format!("nothing is called `{}`", token.text));
        match suggestion(token.text, self.names.of(None)) {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

/// The time at the left of a line: absolute, or behind a `+` after the line above.
fn time(token: &Token<'_>, now: Option<Instant>) -> Result<Instant, Problem> {
    let wrong = |message: String| Problem::at(token.span.clone(), message);
    let (base, text) = match token.text.strip_prefix('+') {
        Some(text) => {
            let now =
                now.ok_or_else(|| wrong("there is no line above that this could come after".to_owned()))?;
            (now, text)
        }
        None => (Instant::ZERO, token.text),
    };
    let duration = parse_duration(text).map_err(|error| wrong(error.to_string()))?;
    let at = base + duration;
    match now {
        Some(now) if at < now => {
            let problem =
                wrong("time goes backwards".to_owned()).label(format!("the line above is at {now}"));
            Err(problem.help(
                "lines stand in the order in which they happen; `+1s` is one second after the line above",
            ))
        }
        _ => Ok(at),
    }
}

fn no_colon(first: &Token<'_>, last: Range<usize>) -> Problem {
    match nearest(first.text, ["expect", "sometimes"]) {
        Some(known) => Problem::at(first.span.clone(), format!("unexpected `{}`", first.text))
            .help(format!("did you mean `{known}`?")),
        None => Problem::at(first.span.start..last.end, "this is no sentence")
            .label("there is no `:` behind its subject")
            .help("a line is `SUBJECT: VERB …`, `expect …` or `sometimes …`"),
    }
}

fn unknown_verb(token: &Token<'_>, kind: Kind) -> Problem {
    let known = verbs_of(kind);
    if let Some(row) = verb::VERBS.iter().find(|row| row.name == token.text) {
        let message = format!("`{}` is what {} does, not {}", token.text, row.subject.noun(), kind.noun());
        return Problem::at(token.span.clone(), message).label(format!("expected {}", listed(&known)));
    }
    let problem = Problem::at(token.span.clone(), format!("unknown verb `{}`", token.text))
        .label(format!("expected {}", listed(&known)));
    let names: Vec<&str> = verb::VERBS.iter().filter(|row| row.subject == kind).map(|row| row.name).collect();
    match nearest(token.text, names) {
        Some(name) => problem.help(format!("did you mean `{name}`?")),
        None => problem,
    }
}

fn verbs_of(kind: Kind) -> Vec<String> {
    let rows = verb::VERBS.iter().filter(|row| row.subject == kind);
    let names: Vec<String> = rows.map(|row| format!("`{}`", row.name)).collect();
    if names.is_empty() { vec![format!("nothing: {} does nothing by itself", kind.noun())] } else { names }
}
