//! The index: how it all ended, what failed, and a row for each scenario, with filters.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::{PAGES, document, file_name, mark, time};
use crate::outcome::{Case, Failure, Results, Suite, Tally, Verdict};
use crate::text;

/// The failures that are told at the top.
const SHOWN: usize = 40;
/// The seeds of a row that have a link.
const SEEDS: usize = 12;

type Pages = BTreeSet<(String, u64)>;

/// What all names begin with, as far as it says nothing: the folders that all scenarios are in, but for the last one where that is
/// all there is.
fn common(results: &Results) -> usize {
    let folders: Vec<&str> = results.suites.iter().map(|suite| folder(suite.file())).collect();
    let Some(first) = folders.first() else { return 0 };
    let mut shared = *first;
    while !folders.iter().all(|folder| within(folder, shared)) {
        shared = folder(shared);
    }
    if folders.iter().all(|folder| *folder == shared) {
        shared = folder(shared);
    }
    if shared.is_empty() { 0 } else { shared.len() + 1 }
}

/// Whether a folder is another one or in it.
fn within(folder: &str, outer: &str) -> bool {
    outer.is_empty()
        || folder.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn index(results: &Results, pages: &Pages) -> Markup {
    let tally = results.tally();
    let sign = if results.passed() { "✓" } else { "✗" };
    let skipped = common(results);
    let body = html! {
        a.skip href="#scenarios" { "Skip to the scenarios" }
        main {
            h1 { "Esplanade" }
            (sums(results, tally))
            (failures(results, pages, skipped))
            section {
                h2 #scenarios { "Scenarios" }
                (filters(results, skipped))
                div.scroll {
                    table.scenarios {
                        thead { tr { th { "verdict" } th { "scenario" } th { "clauses" } th.number { "passed" } th.number { "failed" } th.number { "unsupported" } th.number { "simulated" } th { "runs" } } }
                        tbody #rows { @for suite in &results.suites { (row(suite, pages, skipped)) } }
                    }
                }
                p #none.muted hidden { "No scenario is like that." }
            }
            p.muted { "Pages show messages decrypted. Keys are on them only if they were asked for." }
        }
    };
    document(&format!("{sign} {} passed, {} failed", tally.passed, tally.failed), "", &body)
}

fn sums(results: &Results, tally: Tally) -> Markup {
    let cases = results.suites.iter().flat_map(|suite| &suite.cases);
    let simulated = cases.fold(0u64, |sum, case| sum.saturating_add(case.simulated_nanos));
    let all = (tally.passed + tally.failed + tally.known + tally.unsupported).max(1);
    let share = |part: u64| format!("flex-grow:{}", part * 1000 / all + u64::from(part > 0));
    html! {
        dl.sums {
            div { dt { span.badge.passed { "✓ passed" } } dd { (tally.passed) } }
            div { dt { span.badge.failed { "✗ failed" } } dd { (tally.failed) } }
            @if tally.known > 0 { div { dt { span.badge.known { "– known to fail" } } dd { (tally.known) } } }
            div { dt { span.badge.unsupported { "– unsupported" } } dd { (tally.unsupported) } }
            div { dt { "scenarios" } dd { (results.suites.len()) } }
            div { dt { "simulated" } dd { (hours(simulated)) } }
        }
        div.shares aria-hidden="true" {
            span.passed style=(share(tally.passed)) {}
            span.failed style=(share(tally.failed)) {}
            span.known style=(share(tally.known)) {}
            span.unsupported style=(share(tally.unsupported)) {}
        }
    }
}

/// How long it took, roughly.
fn hours(nanos: u64) -> String {
    let minutes = nanos / 60_000_000_000;
    match minutes {
        0 if nanos < 1_000_000_000 => format!("{} ms", nanos / 1_000_000),
        0 => format!("{} s", nanos / 1_000_000_000),
        1..=59 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

fn failures(results: &Results, pages: &Pages, skipped: usize) -> Markup {
    let failed: Vec<(&Suite, &Case, &Failure)> = results
        .suites
        .iter()
        .flat_map(|suite| suite.failures().map(move |(case, failure)| (suite, case, failure)))
        .collect();
    let wrong =
        results.suites.iter().flat_map(|suite| text::wrong(suite).into_iter().map(move |what| (suite, what)));
    let wrong: Vec<(&Suite, String)> = wrong.collect();
    html! {
        @if !failed.is_empty() || !wrong.is_empty() {
            section.why {
                h2 { "What failed" }
                ul.failures {
                    @for (suite, case, failure) in failed.iter().take(SHOWN) {
                        li {
                            (link(suite, case.seed, pages, &html! { (name(suite, skipped)) ", seed " (case.seed) }))
                            @if let Some(line) = &failure.line { div.code { "line " (line.number) ": " (line.text) } }
                            div { "expected " (failure.expected) "; " (failure.happened) span.muted { ", at " (time(failure.at_nanos)) } }
                        }
                    }
                    @for (suite, text) in wrong.iter().take(SHOWN) { li { strong { (name(suite, skipped)) } div { (text) } } }
                }
                @let more = failed.len().saturating_sub(SHOWN) + wrong.len().saturating_sub(SHOWN);
                @if more > 0 { p.muted { "And " (more) " more." } }
            }
        }
    }
}

fn filters(results: &Results, skipped: usize) -> Markup {
    let folders: BTreeSet<&str> = results.suites.iter().map(|suite| folder(suite.file())).collect();
    let clauses: BTreeSet<&str> =
        results.suites.iter().flat_map(|suite| &suite.covers).map(String::as_str).collect();
    html! {
        form #filters role="search" {
            label { "Verdict"
                select name="verdict" {
                    option value="" { "any" }
                    option value="passed" { "passed" }
                    option value="failed" { "failed" }
                    option value="known" { "known to fail" }
                    option value="unsupported" { "unsupported" }
                }
            }
            label { "Suite"
                select name="suite" { option value="" { "all" } @for folder in folders { option value=(folder) { (folder.get(skipped..).unwrap_or(folder)) } } }
            }
            label { "Clause"
                input name="clause" type="search" list="clauses" placeholder="rfc7296#2.8" size="14" autocomplete="off";
                datalist #clauses { @for clause in clauses { option value=(clause) {} } }
            }
            label.wide { "Text"
                input name="text" type="search" placeholder="words of a name or a title, press / to go here" autocomplete="off";
            }
            output #count aria-live="polite" {}
        }
    }
}

/// The name of a scenario without what all have in common.
fn name(suite: &Suite, skipped: usize) -> &str {
    suite.name.get(skipped..).unwrap_or(&suite.name)
}

/// The folder of a scenario's file.
fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn row(suite: &Suite, pages: &Pages, skipped: usize) -> Markup {
    let tally = suite.tally();
    let (class, sign, word) = match tally {
        Tally { failed: 1.., .. } => ("failed", "✗", "failed"),
        Tally { known: 1.., .. } => KNOWN,
        Tally { passed: 0, .. } => ("unsupported", "–", "unsupported"),
        _ => ("passed", "✓", "passed"),
    };
    let simulated = suite.cases.iter().fold(0u64, |sum, case| sum.saturating_add(case.simulated_nanos));
    let count = |count: u64| if count == 0 { String::new() } else { count.to_string() };
    html! {
        tr data-verdict=(class) data-suite=(folder(suite.file())) data-clauses=(suite.covers.join(" ")) {
            td { span class={ "badge " (class) } { (sign) " " (word) } }
            td {
                @match suite.cases.first() {
                    Some(case) => (link(suite, case.seed, pages, &html! { (name(suite, skipped)) })),
                    None => (name(suite, skipped)),
                }
                div.muted { (suite.title) }
                @if let Some(reason) = &suite.known_failure { div.muted { "known to fail: " (reason) } }
            }
            td.clauses { @for clause in &suite.covers { span.tag { (clause) } " " } }
            td.number { (count(tally.passed)) }
            td.number { (count(tally.failed)) }
            td.number { (count(tally.unsupported)) }
            td.number { (hours(simulated)) }
            td.runs { (runs(suite, pages)) }
        }
    }
}

/// How what is known to fail is marked.
const KNOWN: (&str, &str, &str) = ("known", "–", "known to fail");

/// The runs of a scenario that have a page, those that failed first.
fn runs(suite: &Suite, pages: &Pages) -> Markup {
    let has_page = |case: &&Case| pages.contains(&(suite.name.clone(), case.seed));
    let is_failed = |case: &Case| matches!(case.verdict, Verdict::Failed(_));
    let mut cases: Vec<&Case> = suite.cases.iter().filter(has_page).collect();
    cases.sort_by_key(|case| !is_failed(case));
    html! {
        @for case in cases.iter().take(SEEDS) {
            @let is_known = is_failed(case) && suite.known_failure.is_some();
            @let (class, sign, word) = if is_known { KNOWN } else { mark(&case.verdict) };
            a class={ "run " (class) } href=(address(suite, case.seed)) aria-label={ "seed " (case.seed) ", " (word) } { (sign) (case.seed) } " "
        }
        @if cases.len() > SEEDS { span.muted { "and " (cases.len() - SEEDS) " more" } }
    }
}

fn link(suite: &Suite, seed: u64, pages: &Pages, text: &Markup) -> Markup {
    html! {
        @if pages.contains(&(suite.name.clone(), seed)) { a href=(address(suite, seed)) { (text) } }
        @else { strong { (text) } }
    }
}

/// Where the page of a run is.
fn address(suite: &Suite, seed: u64) -> String {
    format!("{PAGES}/{}", file_name(&suite.name, seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: &[&str]) -> Vec<String> {
        let suite = |name: &&str| Suite { name: (*name).to_owned(), ..Suite::default() };
        let results = Results { suites: names.iter().map(suite).collect() };
        let skipped = common(&results);
        results.suites.iter().map(|suite| name(suite, skipped).to_owned()).collect()
    }

    #[test]
    fn what_is_known_to_fail_has_neither_failed_nor_is_it_unsupported() {
        let mut results = crate::outcome::sample::results();
        results.suites = vec![results.suites.swap_remove(1)];
        results.suites[0].known_failure = Some("issue 12".to_owned());
        let page = index(&results, &Pages::new()).into_string();
        let rows = |class: &str| page.matches(&format!("data-verdict=\"{class}\"")).count();
        assert_eq!(["passed", "failed", "known", "unsupported"].map(rows), [0, 0, 1, 0]);
        assert!(page.contains("– known to fail</span></dt><dd>1</dd>"), "{page}");
    }

    #[test]
    fn names_are_shown_without_the_folders_that_all_are_in() {
        assert_eq!(shown(&["a/b/c/x.toml", "a/b/d/y.toml#one/two"]), ["c/x.toml", "d/y.toml#one/two"]);
        assert_eq!(shown(&["a/b/c/x.toml", "a/b/c/y.toml"]), ["c/x.toml", "c/y.toml"]);
        assert_eq!(shown(&["a/bc/x.toml", "a/b/y.toml"]), ["bc/x.toml", "b/y.toml"]);
        assert_eq!(shown(&["/x.toml", "y.toml"]), ["/x.toml", "y.toml"]);
        assert_eq!(shown(&["x.toml"]), ["x.toml"]);
    }
}
