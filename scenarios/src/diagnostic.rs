//! What is wrong with a scenario file: where, what was expected, and the nearest word that would have done.

use std::fmt;
use std::ops::Range;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    message: String,
    span: Option<Range<usize>>,
    label: String,
    help: Option<String>,
}

impl Problem {
    /// Something wrong at these octets of the file.
    pub fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), span: Some(span), label: "here".to_owned(), help: None }
    }

    /// Something wrong with the file as a whole.
    pub fn anywhere(message: impl Into<String>) -> Self {
        Self { message: message.into(), span: None, label: String::new(), help: None }
    }

    /// With these words under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// In one case of a file with several, where what was read stands in the file at `origin`.
    #[must_use]
    pub(crate) fn in_case(mut self, case: &str, origin: impl FnOnce(Range<usize>) -> Range<usize>) -> Self {
        self.span = self.span.map(origin);
        self.message = format!("in the case {case}: {}", self.message);
        self
    }
}

/// The text of a file, and behind it those of the files that it includes.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    text: String,
    parts: Vec<Part>,
}

/// A file in a [`Source`].
#[derive(Clone, Debug)]
struct Part {
    /// Where it begins there.
    start: usize,
    name: String,
    text: String,
}

impl Source {
    /// One file.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self { text: text.to_owned(), parts: vec![Part::new(0, name, text)] }
    }

    /// Puts another file behind what is there.
    pub(crate) fn add(&mut self, name: &str, text: &str) {
        self.text.push('\n');
        self.parts.push(Part::new(self.text.len(), name, text));
        self.text.push_str(text);
    }

    /// Puts blanks where something stands that has been read.
    pub(crate) fn blank(&mut self, place: Range<usize>) {
        let blank =
            |letter: char| if letter == '\n' { '\n'.to_string() } else { " ".repeat(letter.len_utf8()) };
        let blanks: String = self.text[place.clone()].chars().map(blank).collect();
        self.text.replace_range(place, &blanks);
    }

    /// All of it, in which places are counted.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The name of the file that includes the others.
    pub(crate) fn name(&self) -> &str {
        &self.parts[0].name
    }

    /// The file in which a place stands.
    fn part(&self, place: Option<&Range<usize>>) -> &Part {
        let holds = |part: &&Part| place.is_some_and(|place| part.start <= place.start);
        self.parts.iter().rev().find(holds).unwrap_or(&self.parts[0])
    }
}

impl Part {
    fn new(start: usize, name: &str, text: &str) -> Self {
        Self { start, name: name.to_owned(), text: text.to_owned() }
    }

    /// A place of the whole in this file.
    fn local(&self, place: &Range<usize>) -> Range<usize> {
        let local = |at: usize| at.saturating_sub(self.start).min(self.text.len());
        local(place.start)..local(place.end)
    }
}

/// All that is wrong with a file.
#[derive(Debug)]
pub struct Diagnostics {
    source: Source,
    problems: Vec<Problem>,
}

impl Diagnostics {
    /// The problems of the file of this name and text, put in the order of their places; the same one is told once.
    #[must_use]
    pub fn new(name: &str, text: &str, problems: Vec<Problem>) -> Self {
        Self::of(&Source::new(name, text), problems)
    }

    /// The same, of a file with others.
    pub(crate) fn of(source: &Source, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        problems.dedup();
        Self { source: source.clone(), problems }
    }

    /// The problems in full, with the lines of the file that they stand in; with `colour` for a terminal.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(WIDTH)
            .with_context_lines(1);
        let mut text = String::new();
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            let part = self.source.part(problem.span.as_ref());
            let source = NamedSource::new(&part.name, part.text.clone());
            let span = problem.span.as_ref().map(|span| part.local(span));
            let located = Located { problem, span, source: &source, name: &part.name };
            // Writing to a String cannot fail, and the spans were taken from this source.
            let _ = handler.render_report(&mut text, &located);
        }
        text
    }
}

/// One line for each problem: `first-tunnel.toml:3:11: there is no peer …`.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let part = self.source.part(problem.span.as_ref());
            match &problem.span {
                Some(span) => {
                    let (line, column) = position(&part.text, part.local(span).start);
                    write!(f, "{}:{line}:{column}: {}", part.name, problem.message)?;
                }
                None => write!(f, "{}: {}", part.name, problem.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// The line and column, in characters and both from 1, of an offset into a text.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The known word that is most like `word`, if any is so like it that it may have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&word.to_lowercase(), &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Advice for an unknown word: the nearest known one, or else all of them.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(known) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{known}`?"));
    }
    let all: Vec<String> = known.into_iter().map(|known| format!("`{known}`")).collect();
    (!all.is_empty()).then(|| format!("known here: {}", all.join(", ")))
}

/// The columns that a rendered problem takes.
const WIDTH: usize = 110;

/// A problem in its file, as `miette` wants it.
#[derive(Debug)]
struct Located<'a> {
    problem: &'a Problem,
    /// Its place in that file.
    span: Option<Range<usize>>,
    source: &'a NamedSource<String>,
    name: &'a str,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            Some(_) => f.write_str(&self.problem.message),
            None => write!(f, "{}: {}", self.name, self.problem.message),
        }
    }
}

impl std::error::Error for Located<'_> {}

impl Diagnostic for Located<'_> {
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.as_ref().map(|_| self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span.clone()?;
        let label = LabeledSpan::new(Some(self.problem.label.clone()), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_only_when_it_is_near() {
        let known = ["initiate", "terminate", "delete"];
        assert_eq!(nearest("inititate", known), Some("initiate"));
        assert_eq!(nearest("Delete", known), Some("delete"));
        assert_eq!(nearest("rekey", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn positions_count_lines_and_characters() {
        let text = "a\n± b\r\nc";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, text.find('b').unwrap()), (2, 3));
        assert_eq!(position(text, text.len()), (3, 2));
    }
}
