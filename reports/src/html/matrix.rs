//! The matrix of implementations: a row for each scenario, a column for each pair, and below it what there is to say of the cells
//! that did not just pass, with the way to what was kept of each.

use maud::{Markup, html};

use super::document;
use crate::matrix::{Cell, Matrix, Outcome, pair};
use crate::outcome::Verdict;
use crate::text;

pub(super) fn page(matrix: &Matrix, out: &str) -> Markup {
    let pairs = matrix.pairs();
    let told: Vec<&Cell> = matrix.cells.iter().filter(|cell| cell.outcome != Outcome::Passed).collect();
    let body = html! {
        a.skip href="#scenarios" { "Skip to the scenarios" }
        main {
            h1 { "Implementations with each other" }
            ul.plain { @for (name, version) in &matrix.implementations { li { (name) ": " (version) } } }
            p { (matrix.counts()) }
            div.scroll {
                table #scenarios {
                    thead { tr { th { "scenario" } @for pair in &pairs { th { (pair) } } th style="min-width:44ch" { "what it shows" } } }
                    tbody { @for scenario in matrix.scenarios() { (row(matrix, scenario, &pairs, out)) } }
                }
            }
            @if !told.is_empty() { h2 { "What there is to say" } }
            @for cell in told { (remark(cell, out)) }
        }
    };
    document(&matrix.counts(), "", &body)
}

fn row(matrix: &Matrix, scenario: &str, pairs: &[String], out: &str) -> Markup {
    let cells: Vec<Option<&Cell>> = pairs.iter().map(|pair| matrix.cell(scenario, pair)).collect();
    let shown = cells.iter().flatten().next();
    html! {
        tr {
            th scope="row" style="white-space:nowrap" { (scenario) }
            @for cell in &cells {
                td { @if let Some(cell) = cell { (badge(cell, out)) } }
            }
            td {
                @if let Some(cell) = shown {
                    (cell.title) " "
                    @for clause in &cell.covers { span.tag { (clause) } " " }
                }
            }
        }
    }
}

/// How a cell ended; it leads to what is said of it, or to its ladder.
fn badge(cell: &Cell, out: &str) -> Markup {
    let class = match cell.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed | Outcome::PassedUnexpectedly(_) => "failed",
        Outcome::Warned | Outcome::FailedAsExpected(_) | Outcome::Unsupported(_) => "unsupported",
    };
    let ladder = cell.files.iter().find(|file| file.ends_with("ladder.txt"));
    let target = match (&cell.outcome, ladder) {
        (Outcome::Passed, Some(ladder)) => Some(beside(cell, out, ladder)),
        (Outcome::Passed, None) => None,
        _ => Some(format!("#{}", anchor(cell))),
    };
    let mark = html! { span class=(format!("badge {class}")) { (cell.outcome.mark()) } };
    html! { @match target { Some(target) => { a href=(target) { (mark) } } None => { (mark) } } }
}

fn remark(cell: &Cell, out: &str) -> Markup {
    let reason = match &cell.outcome {
        Outcome::FailedAsExpected(why) | Outcome::PassedUnexpectedly(why) | Outcome::Unsupported(why) => {
            Some(why)
        }
        Outcome::Passed | Outcome::Warned | Outcome::Failed => None,
    };
    let warnings = cell.case.iter().flat_map(|case| &case.warnings);
    html! {
        section.why[!cell.outcome.is_good()] id=(anchor(cell)) {
            h2 { (cell.outcome.mark()) " " (cell.scenario) ", " (pair(cell)) }
            @if let Some(reason) = reason { p { (reason) } }
            @for warning in warnings { p.warning { (warning) } }
            @if let Some(Verdict::Failed(failure)) = cell.case.as_ref().map(|case| &case.verdict) {
                pre.scroll { (text::failure(failure)) }
            }
            @if !cell.files.is_empty() {
                ul.plain { @for file in &cell.files { li { a href=(beside(cell, out, file)) { (file) } } } }
            }
        }
    }
}

fn anchor(cell: &Cell) -> String {
    format!("{}-{}-{}", cell.scenario.replace('#', "-"), cell.initiator, cell.responder)
}

/// Where a file of a cell is, seen from the page.
fn beside(cell: &Cell, out: &str, file: &str) -> String {
    let folder = cell.folder.as_deref().unwrap_or_default();
    let folder = folder.strip_prefix(out).unwrap_or(folder).trim_start_matches('/');
    format!("{folder}/{file}")
}
