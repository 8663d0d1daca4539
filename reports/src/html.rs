//! The report in HTML: a folder that opens from disk, without network or server. An index with filters, and a page for each
//! run of which an [`Account`] was given.
//!
//! ```text
//! index.html            what ran and how it ended
//! cases/NAME-SEED.html  one run
//! style.css script.js   beside the index; they are files of this crate
//! ```
//!
//! [`capture`] makes a page of a capture, with all of that inside.

mod capture;
mod chart;
mod index;
mod ladder;
mod matrix;
mod page;
mod timeline;
mod topology;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use capture::{Broken, Capture, Conversation, Frame, capture};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::account::Account;
use crate::matrix::Matrix;
use crate::outcome::{Results, Verdict};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");
const PAGES: &str = "cases";

/// A report in the making. Pages may be written from several threads at once; the index is written last.
#[derive(Debug)]
pub struct Report {
    folder: PathBuf,
    /// The runs that have a page, by scenario and seed.
    pages: Mutex<BTreeSet<(String, u64)>>,
}

impl Report {
    /// Begins a report in `folder`, which is made if need be.
    ///
    /// # Errors
    /// When the folder cannot be made or written to.
    pub fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join(PAGES))?;
        fs::write(folder.join("style.css"), STYLE)?;
        fs::write(folder.join("script.js"), SCRIPT)?;
        Ok(Self { folder: folder.to_owned(), pages: Mutex::default() })
    }

    /// Writes the page of a run, and returns its path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn page(&self, account: &Account) -> io::Result<PathBuf> {
        let path = self.folder.join(PAGES).join(file_name(&account.suite, account.case.seed));
        fs::write(&path, page::page(account).into_string())?;
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert((account.suite.clone(), account.case.seed));
        Ok(path)
    }

    /// Writes the index, and returns its path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self, results: &Results) -> io::Result<PathBuf> {
        let path = self.folder.join("index.html");
        let pages = self.pages.into_inner().unwrap_or_else(PoisonError::into_inner);
        crate::write(&path, index::index(results, &pages).into_string().as_bytes())?;
        Ok(path)
    }
}

/// Writes a matrix of implementations as a page into `folder`, and returns its path. The folders of its cells are in `out`, seen
/// from where the cells are; seen from the page they are beside it.
///
/// # Errors
/// When a file cannot be written.
pub fn matrix(folder: &Path, matrix: &Matrix, out: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("style.css"), STYLE)?;
    fs::write(folder.join("script.js"), SCRIPT)?;
    let path = folder.join("index.html");
    crate::write(&path, matrix::page(matrix, out).into_string().as_bytes())?;
    Ok(path)
}

/// The name of the file with the page of a run. Two scenarios never share one: what is not a plain character is written as `=`
/// and its number, but for the signs that stand between the parts of a path and before a case.
fn file_name(suite: &str, seed: u64) -> String {
    let mut name = String::new();
    for character in suite.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' | ',' => name.push(character),
            '/' => name.push('+'),
            '#' => name.push('@'),
            other => {
                let _ = write!(name, "={:x}=", u32::from(other));
            }
        }
    }
    // File systems take 255 octets. Longer names end in a checksum of all of it.
    if name.len() > LONGEST_NAME {
        let sum = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, octet| {
            (sum ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        });
        name.truncate(LONGEST_NAME);
        let _ = write!(name, "~{sum:016x}");
    }
    format!("{name}-{seed}.html")
}

const LONGEST_NAME: usize = 180;

/// A whole document; `up` leads from it to the folder of the style sheet.
fn document(title: &str, up: &str, body: &Markup) -> Markup {
    let beside = html! {
        link rel="stylesheet" href=(format!("{up}style.css"));
        script src=(format!("{up}script.js")) defer {}
    };
    document_with(title, &beside, body)
}

/// A whole document that needs no other file.
fn standalone(title: &str, body: &Markup) -> Markup {
    let body = html! { (body) script { (PreEscaped(SCRIPT)) } };
    document_with(title, &html! { style { (PreEscaped(STYLE)) } }, &body)
}

/// A whole document, with this at the end of its head.
fn document_with(title: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="data:,";
                (head)
            }
            body { (body) }
        }
    }
}

/// How a verdict is marked: a word for style sheets, a sign and a word for people.
fn mark(verdict: &Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("passed", "✓", "passed"),
        Verdict::Failed(_) => ("failed", "✗", "failed"),
        Verdict::Unsupported(_) => ("unsupported", "–", "unsupported"),
    }
}

/// A time as people read it: with three decimals where it has no more, or else with six.
fn time(nanos: u64) -> String {
    if nanos.is_multiple_of(1_000_000) {
        return crate::seconds(nanos);
    }
    format!("{}.{:06}s", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1_000)
}

#[cfg(test)]
mod tests;
