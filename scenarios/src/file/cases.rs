//! Several scenarios in one file: a table of values, and a scenario for each combination of them.
//!
//! ```toml
//! [cases]                              # four scenarios: each cipher with each hash
//! cipher = ["3des", "aes128"]
//! hash   = ["md5", "sha1"]
//!
//! [ike.site]
//! offer = ["$cipher-$hash-modp1024"]
//! ```
//!
//! A value is filled in before the text is read, wherever `$NAME` stands, and where that is a whole string and the value is
//! none, in place of the string: `count = "$count"`. Of several `[[cases]]` each has its own combinations. A scenario is
//! called by its values, behind the file's name: `matrix.toml#3des,md5`; by the value of `case` alone if there is one.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Problem, suggestion};

/// The text of one scenario, and where its octets come from.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    /// What it is called among those of its file; nothing in a file without cases.
    pub(super) case: Option<String>,
    /// The text with its values.
    pub(super) text: String,
    /// The names of all of its file.
    pub(super) names: Arc<[String]>,
    /// What was filled in: where it stands, and where the file has its `$NAME`.
    filled: Vec<(Range<usize>, Range<usize>)>,
}

/// The value that a case is called by, if there is one of this name, and not by all of them.
const NAME: &str = "case";

/// So many scenarios can be in one file.
const MOST: usize = 4_096;

/// The texts in a file, one for each case.
///
/// # Errors
/// Everything that is wrong with its table of cases.
pub(super) fn variants(file: &str) -> Result<Vec<Variant>, Vec<Problem>> {
    let regions = regions(file);
    if regions.is_empty() {
        return Ok(vec![Variant {
            case: None,
            text: file.to_owned(),
            names: Arc::new([]),
            filled: Vec::new(),
        }]);
    }
    let blocks = blocks(file, &regions)?;
    check(&blocks)?;
    let body = blanked(file, |at| regions.iter().any(|region| region.contains(&at)));
    let rows: Vec<Row<'_>> = blocks.iter().flat_map(combinations).collect();
    let mut known = BTreeSet::new();
    if let Some(twice) = rows.iter().find(|row| !known.insert(row.name())) {
        let problem = Problem::at(regions[0].clone(), format!("two cases are called `{}`", twice.name()));
        return Err(vec![problem.help("the values of a case have to tell it from all others")]);
    }
    let mut used = BTreeSet::new();
    let names: Arc<[String]> = rows.iter().map(Row::name).collect();
    let variants: Result<Vec<Variant>, Problem> =
        rows.iter().map(|row| fill(&body, row, &names, &mut used)).collect();
    let variants = variants.map_err(|problem| vec![problem])?;
    let idle = blocks[0].entries.iter().find(|entry| !used.contains(entry.name.as_str()));
    match idle {
        Some(entry) => {
            let message = format!("`${}` stands nowhere in the file", entry.name);
            Err(vec![Problem::at(entry.place.clone(), message)])
        }
        None => Ok(variants),
    }
}

impl Variant {
    /// Where the file has what stands in the text here.
    pub(super) fn origin(&self, place: Range<usize>) -> Range<usize> {
        self.offset(place.start, false)..self.offset(place.end, true)
    }

    /// An offset of the text in the file; within a value the beginning, or the end, of what it stands for.
    fn offset(&self, at: usize, is_end: bool) -> usize {
        let mut moved = at;
        for (filled, origin) in &self.filled {
            let behind = at >= filled.end && (is_end || at > filled.start || filled.is_empty());
            if behind {
                moved = at - filled.end + origin.end;
            } else if at > filled.start || at == filled.start && !is_end {
                return if is_end { origin.end } else { origin.start };
            } else {
                break;
            }
        }
        moved
    }
}

/// One `[cases]` or `[[cases]]`.
struct Block {
    /// In the order of the file.
    entries: Vec<Entry>,
    place: Range<usize>,
}

struct Entry {
    name: String,
    place: Range<usize>,
    values: Vec<Value>,
}

#[derive(Clone)]
struct Value {
    text: String,
    /// Whether it is a number or a truth value, which stands without quotes.
    bare: bool,
}

/// A value for each name.
struct Row<'a>(Vec<(&'a str, &'a Value)>);

impl Row<'_> {
    fn name(&self) -> String {
        let word = |value: &Value| value.text.split_whitespace().collect::<Vec<_>>().join("-");
        let own = self.0.iter().find(|(name, _)| *name == NAME).map(|(_, value)| word(value));
        own.unwrap_or_else(|| self.0.iter().map(|(_, value)| word(value)).collect::<Vec<_>>().join(","))
    }
}

/// Where tables of cases stand: from their headers to the next header.
fn regions(file: &str) -> Vec<Range<usize>> {
    let mut regions: Vec<Range<usize>> = Vec::new();
    let (mut at, mut open) = (0, false);
    for line in file.split_inclusive('\n') {
        let start = line.trim_start();
        if ["[cases]", "[[cases]]"].iter().any(|header| start.starts_with(header)) {
            regions.push(at..at);
            open = true;
        } else if start.starts_with('[') {
            open = false;
        }
        at += line.len();
        if let Some(last) = regions.last_mut().filter(|_| open) {
            last.end = at;
        }
    }
    regions
}

/// The text with blanks for what is left out, line by line the same.
fn blanked(text: &str, left_out: impl Fn(usize) -> bool) -> String {
    let blank = |(at, letter): (usize, char)| match letter {
        letter if !left_out(at) || letter == '\n' => letter.to_string(),
        letter => " ".repeat(letter.len_utf8()),
    };
    text.char_indices().map(blank).collect()
}

fn blocks(file: &str, regions: &[Range<usize>]) -> Result<Vec<Block>, Vec<Problem>> {
    let alone = blanked(file, |at| !regions.iter().any(|region| region.contains(&at)));
    let root = DeTable::parse(&alone).map_err(|error| {
        let place = error.span().unwrap_or(regions[0].clone());
        vec![Problem::at(place, format!("this is not TOML: {}", error.message()))]
    })?;
    let Some(cases) = root.into_inner().remove("cases") else { return Ok(Vec::new()) };
    let place = |index: usize| regions.get(index).unwrap_or(&regions[0]).clone();
    match cases.into_inner() {
        DeValue::Table(table) => Ok(vec![block(table, place(0))?]),
        DeValue::Array(list) => list
            .into_iter()
            .enumerate()
            .map(|(index, table)| match table.into_inner() {
                DeValue::Table(table) => block(table, place(index)),
                _ => Err(vec![Problem::at(place(index), "`cases` holds names and their values")]),
            })
            .collect(),
        _ => Err(vec![Problem::at(place(0), "`cases` holds names and their values")]),
    }
}

fn block(table: DeTable<'_>, place: Range<usize>) -> Result<Block, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut entries = Vec::new();
    for (key, value) in table {
        let (name, at) = (key.get_ref().to_string(), key.span());
        if !is_name(&name) {
            let problem = Problem::at(at, format!("`{name}` is no name for the values of cases"));
            problems.push(problem.label("expected small letters, digits and `_`"));
            continue;
        }
        let list = match value.get_ref() {
            DeValue::Array(_) => match value.into_inner() {
                DeValue::Array(list) => list.into_iter().collect(),
                _ => Vec::new(),
            },
            _ => vec![value],
        };
        if list.is_empty() {
            problems.push(Problem::at(at.clone(), format!("`{name}` has no values")));
        }
        let mut values = Vec::new();
        for value in list {
            match read(&value) {
                Ok(value) => values.push(value),
                Err(problem) => problems.push(problem),
            }
        }
        entries.push(Entry { name, place: at, values });
    }
    entries.sort_by_key(|entry| entry.place.start);
    if entries.is_empty() && problems.is_empty() {
        problems.push(Problem::at(place.clone(), "there are no values here"));
    }
    if problems.is_empty() { Ok(Block { entries, place }) } else { Err(problems) }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(in_name)
}

fn in_name(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
}

fn read(value: &Spanned<DeValue<'_>>) -> Result<Value, Problem> {
    let (text, bare) = match value.get_ref() {
        DeValue::String(text) => (text.to_string(), false),
        DeValue::Integer(number) => (number.to_string(), true),
        DeValue::Boolean(truth) => (truth.to_string(), true),
        _ => {
            let problem = Problem::at(value.span(), "this can be no value of a case");
            return Err(problem.label("expected a string, a whole number, true or false"));
        }
    };
    let forbidden = |letter: char| letter.is_control() || matches!(letter, '"' | '\'' | '\\' | '$');
    if let Some(letter) = text.chars().find(|letter| forbidden(*letter)) {
        let message = format!("a value of a case cannot have {letter:?} in it");
        return Err(Problem::at(value.span(), message));
    }
    Ok(Value { text, bare })
}

/// Each block has the same names, and there are not too many cases.
fn check(blocks: &[Block]) -> Result<(), Vec<Problem>> {
    let names = |block: &Block| block.entries.iter().map(|entry| entry.name.clone()).collect::<BTreeSet<_>>();
    let first = names(&blocks[0]);
    if let Some(other) = blocks.iter().find(|block| names(block) != first) {
        let problem = Problem::at(other.place.clone(), "each `[[cases]]` has values for the same names");
        let listed = first.into_iter().collect::<Vec<_>>().join(", ");
        return Err(vec![problem.help(format!("the first has {listed}"))]);
    }
    let sizes =
        blocks.iter().map(|block| block.entries.iter().map(|entry| entry.values.len()).product::<usize>());
    let count: usize = sizes.sum();
    if count > MOST {
        let message = format!("these are {count} cases, {MOST} are the most");
        return Err(vec![Problem::at(blocks[0].place.clone(), message)]);
    }
    Ok(())
}

/// Each combination of a block's values, those of the last name changing first.
fn combinations(block: &Block) -> Vec<Row<'_>> {
    let mut rows = vec![Row(Vec::new())];
    for entry in &block.entries {
        let mut longer = Vec::new();
        for row in &rows {
            let with = |value| Row(row.0.iter().copied().chain([(entry.name.as_str(), value)]).collect());
            longer.extend(entry.values.iter().map(with));
        }
        rows = longer;
    }
    rows
}

/// The text with the values of a row; notes which of them were used.
fn fill<'a>(
    body: &str,
    row: &Row<'a>,
    names: &Arc<[String]>,
    used: &mut BTreeSet<&'a str>,
) -> Result<Variant, Problem> {
    let (mut text, mut filled, mut from) = (String::new(), Vec::new(), 0);
    for (dollar, _) in body.match_indices('$') {
        let rest = &body[dollar + 1..];
        let length = rest.find(|letter| !in_name(letter)).unwrap_or(rest.len());
        let name = &rest[..length];
        if !is_name(name) {
            continue;
        }
        let place = dollar..dollar + 1 + length;
        let Some((name, value)) = row.0.iter().find(|(known, _)| *known == name) else {
            let problem = Problem::at(place, format!("no case has a value for `${name}`"));
            let known: Vec<&str> = row.0.iter().map(|(known, _)| *known).collect();
            return Err(match suggestion(name, known) {
                Some(help) => problem.help(help),
                None => problem,
            });
        };
        used.insert(name);
        let whole = body[..dollar].ends_with('"') && body[place.end..].starts_with('"');
        let place = if value.bare && whole { place.start - 1..place.end + 1 } else { place };
        text.push_str(&body[from..place.start]);
        let start = text.len();
        text.push_str(&value.text);
        filled.push((start..text.len(), place.clone()));
        from = place.end;
    }
    text.push_str(&body[from..]);
    Ok(Variant { case: Some(row.name()), text, names: Arc::clone(names), filled })
}

#[cfg(test)]
mod tests;
