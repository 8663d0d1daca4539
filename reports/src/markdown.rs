//! Results as Markdown, for the page of a job in continuous integration: the sums, the folders, and what failed.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::outcome::{Case, Failure, Results, Suite, Tally, sum};
use crate::text;

/// The failures that are shown; pages of jobs have little room.
const SHOWN: usize = 20;

/// The results as Markdown.
#[must_use]
pub fn to_markdown(results: &Results) -> String {
    let tally = results.tally();
    let sign = if results.passed() { "✅" } else { "❌" };
    let mut page = format!("## {sign} Esplanade: {}\n\n", text::counts(tally));
    folders(&mut page, results);
    let failed: Vec<(&Suite, &Case, &Failure)> = results
        .suites
        .iter()
        .flat_map(|suite| suite.failures().map(move |(case, failure)| (suite, case, failure)))
        .collect();
    if !failed.is_empty() {
        page.push_str("\n### What failed\n");
    }
    for (suite, case, found) in failed.iter().take(SHOWN) {
        let (name, seed) = (code(&suite.name), case.seed);
        let _ = writeln!(page, "\n{name}, seed {seed}: {}", plain(&suite.title));
        let _ = writeln!(page, "\n<details><summary>expected {}</summary>\n", plain(&found.expected));
        let _ = writeln!(page, "{}\n\n</details>", fenced(&text::failure(found)));
    }
    if failed.len() > SHOWN {
        let _ = writeln!(page, "\nAnd {} more.", failed.len() - SHOWN);
    }
    let wrong =
        results.suites.iter().flat_map(|suite| text::wrong(suite).into_iter().map(move |what| (suite, what)));
    let wrong: Vec<(&Suite, String)> = wrong.collect();
    if !wrong.is_empty() {
        page.push_str("\n### What is wrong with scenarios\n\n");
    }
    for (suite, what) in wrong.iter().take(SHOWN) {
        let _ = writeln!(page, "- {}, {}", code(&suite.name), plain(what));
    }
    page
}

/// A row for each folder with scenarios.
fn folders(page: &mut String, results: &Results) {
    let mut folders: BTreeMap<&str, Vec<&Suite>> = BTreeMap::new();
    for suite in &results.suites {
        let folder = suite.file().rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(suite);
    }
    page.push_str("| suite | scenarios | passed | failed | known to fail | unsupported |\n|---|---:|---:|---:|---:|---:|\n");
    for (folder, suites) in folders {
        let Tally { passed, failed, known, unsupported } = sum(suites.iter().copied());
        let name = if folder.is_empty() { String::new() } else { code(folder).replace('|', "\\|") };
        let _ =
            writeln!(page, "| {name} | {} | {passed} | {failed} | {known} | {unsupported} |", suites.len());
    }
}

/// Text that stays text.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        match character {
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => plain.extend(['\\', character]),
            character if character.is_control() => plain.push(' '),
            character => plain.push(character),
        }
    }
    plain
}

/// A text as code, between more backticks than it has in a row.
fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    let line = text.replace(|character: char| character.is_control(), " ");
    format!("{ticks}{pad}{line}{pad}{ticks}")
}

fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{text}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::sample;

    #[test]
    fn results_read_as_markdown() {
        insta::assert_snapshot!(to_markdown(&sample::results()));
    }

    #[test]
    fn hostile_text_stays_text() {
        let mut results = sample::results();
        results.suites[1].title = "<b>*bold*</b> | `code`".to_owned();
        results.suites[1].name = "a`b/c.toml".to_owned();
        let page = to_markdown(&results);
        assert!(page.contains(r"&lt;b>\*bold\*&lt;/b> \| \`code\`"), "{page}");
        assert!(page.contains("``a`b/c.toml``"), "{page}");
    }

    #[test]
    fn of_many_failures_the_first_are_shown() {
        let mut suite = sample::results().suites.remove(1);
        let failed = suite.cases[1].clone();
        suite.cases = (0..50).map(|seed| Case { seed, ..failed.clone() }).collect();
        let page = to_markdown(&Results { suites: vec![suite] });
        assert_eq!(page.matches("<details>").count(), SHOWN);
        assert!(page.contains("And 30 more."));
    }
}
