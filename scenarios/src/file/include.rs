//! What several files share: `include` at the top of a file names others, whose nouns stand behind its own.
//!
//! ```toml
//! title   = "…"
//! include = "../../topologies/two-gateways.toml"      # from the folder of this file
//! ```

use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostics, Problem, Source};

/// The text of a file with those that it includes, for [`Source::text`] to be read as one.
///
/// # Errors
/// When a file cannot be read, or one that is included holds more than nouns.
pub(super) fn read(path: &Path) -> Result<Source, Diagnostics> {
    let name = path.display().to_string();
    let text = text(path).map_err(|what| Diagnostics::new(&name, "", vec![Problem::anywhere(what)]))?;
    let mut source = Source::new(&name, &text);
    let Some(included) = Included::of(&text) else { return Ok(source) };
    source.blank(included.place);
    let mut problems = Vec::new();
    for (place, file) in included.files {
        let path = path.parent().unwrap_or(Path::new("")).join(&file);
        match self::text(&path) {
            Ok(text) if has_only_tables(&text) => source.add(&path.display().to_string(), &text),
            Ok(_) => problems.push(
                Problem::at(place, format!("{file} holds more than nouns"))
                    .help("a file that is included begins with a table, such as [peer.west]"),
            ),
            Err(what) => problems.push(Problem::at(place, format!("{}: {what}", path.display()))),
        }
    }
    if problems.is_empty() { Ok(source) } else { Err(Diagnostics::of(&source, problems)) }
}

fn text(path: &Path) -> Result<String, String> {
    let octets = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(octets).map_err(|_| "the file is not UTF-8 text".to_owned())
}

/// The key `include` and its files, each with its place.
struct Included {
    place: std::ops::Range<usize>,
    files: Vec<(std::ops::Range<usize>, String)>,
}

impl Included {
    /// Nothing where the file includes none, or where that is not to be read: then what is wrong is told when all of it is.
    fn of(text: &str) -> Option<Self> {
        let top = &text[..first_table(text)];
        let (key, value) = DeTable::parse(top).ok()?.into_inner().remove_entry("include")?;
        let place = key.span().start..value.span().end;
        let text = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
        let files = match value.get_ref() {
            DeValue::Array(list) => {
                list.iter().map(|file| Some((file.span(), text(file.get_ref())?))).collect::<Option<_>>()?
            }
            one => vec![(value.span(), text(one)?)],
        };
        Some(Self { place, files })
    }
}

/// Where the first line stands that begins a table.
fn first_table(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            return at;
        }
        at += line.len();
    }
    at
}

fn has_only_tables(text: &str) -> bool {
    let top = &text[..first_table(text)];
    top.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests;
