//! The page of one run.

use maud::{Markup, html};

use super::{chart, document, ladder, mark, time, timeline, topology};
use crate::account::{Account, KeyMaterial, LineFate, Misfortunes, Told};
use crate::outcome::{Failure, Refusal, Verdict};

pub(super) fn page(account: &Account) -> Markup {
    let (_, sign, word) = mark(&account.case.verdict);
    let title = format!("{sign} {} · seed {}", account.suite, account.case.seed);
    let body = html! {
        a.skip href="#content" { "Skip to the content" }
        header.top {
            nav aria-label="Parts of the page" {
                a href="../index.html" { "‹ All scenarios" }
                span.parts {
                    @if matches!(account.case.verdict, Verdict::Failed(_)) { a href="#why" { "Why" } }
                    a href="#topology" { "Topology" }
                    a href="#story" { "Story" }
                    a href="#messages-title" { "Ladder" }
                    a href="#sas" { "SAs" }
                    a href="#counters" { "Counters" }
                    a href="#misfortunes" { "Misfortunes" }
                }
            }
        }
        main #content {
            (head(account, word))
            @match &account.case.verdict {
                Verdict::Failed(failure) => { (why(failure)) }
                Verdict::Unsupported(reason) => { section.why { h2 { "Unsupported" } p { (reason) } } }
                Verdict::Passed => {}
            }
            (refusals(&account.case.refusals))
            section { h2 #topology { "Topology" } div.scroll { (topology::drawing(&account.topology)) } }
            section { h2 #story { "Story" } (story(&account.story)) }
            section { h2 #messages-title { "Ladder" } (ladder::ladder(&account.sequence)) }
            section {
                h2 #sas { "Security associations" }
                @if account.sas.is_empty() { p.muted { "There were none." } }
                @else { (timeline::timelines(&account.sas, account.case.simulated_nanos)) }
            }
            section { h2 #counters { "Counters" } (counters(account)) }
            section { h2 #misfortunes { "What befell packets" } (misfortunes(&account.misfortunes)) }
            section { h2 #keys { "Keys" } (keys(account.keys.as_deref())) }
        }
    };
    document(&title, "../", &body)
}

fn head(account: &Account, word: &str) -> Markup {
    let (class, sign, _) = mark(&account.case.verdict);
    html! {
        p.verdict { span class={ "badge " (class) } { (sign) " " (word) } " " span.code { (account.suite) } ", seed " (account.case.seed) }
        h1 { (account.title) }
        dl.facts {
            div { dt { "Simulated" } dd { (time(account.case.simulated_nanos)) } }
            @if !account.case.digest.is_empty() {
                div { dt { "Digest" } dd.code title=(account.case.digest) { (account.case.digest.get(..16).unwrap_or(&account.case.digest)) } }
            }
            @if !account.covers.is_empty() {
                div { dt { "Covers" } dd { @for clause in &account.covers { span.tag { (clause) } " " } } }
            }
        }
        @for warning in &account.case.warnings { p.warning { "⚠ " (warning) } }
        div.command { code { (account.replay) } button.copy type="button" data-copy=(account.replay) { "Copy" } }
    }
}

fn why(failure: &Failure) -> Markup {
    html! {
        section.why {
            h2 #why { "Why it failed" }
            @if let Some(line) = &failure.line {
                p { a.code href={ "#line" (line.number) } { "line " (line.number) ": " (line.text) } }
            }
            dl.pairs {
                dt { "Expected" } dd { (failure.expected) }
                dt { "Happened" } dd { (failure.happened) }
                dt { "At" } dd { (time(failure.at_nanos)) ", found by " (failure.check) }
            }
        }
    }
}

/// The negotiations that failed, whatever the verdict: many scenarios are about them.
fn refusals(refusals: &[Refusal]) -> Markup {
    html! {
        @if !refusals.is_empty() {
            section {
                h2 { "Negotiations that failed" }
                ul.plain {
                    @for refusal in refusals {
                        li {
                            span.muted { (time(refusal.at_nanos)) " at " } strong { (refusal.peer) } ": " (refusal.text)
                            @if let Some(offers) = &refusal.offers {
                                dl.pairs {
                                    @if let Some(transform) = &offers.transform { dt { "In common" } dd { "no " (transform) } }
                                    dt { "Offered" } dd.code { @for offer in &offers.offered { div { (offer) } } }
                                    @if !offers.configured.is_empty() {
                                        dt { "Configured" } dd.code { @for offer in &offers.configured { div { (offer) } } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn story(lines: &[Told]) -> Markup {
    html! {
        div.scroll {
            table.story {
                thead { tr { th.number { "line" } th.number { "time" } th { "sentence" } th { "outcome" } th.number { "at" } } }
                tbody {
                    @for (index, told) in lines.iter().enumerate() {
                        @let (class, sign, word, at) = outcome(&told.fate);
                        @let again = index > 0 && lines[index - 1].at_nanos == told.at_nanos;
                        tr class=(class) id=[first_of_line(lines, index)] {
                            td.number.muted { (told.line.number) }
                            td.number.again[again] { (time(told.at_nanos)) }
                            td.code { (told.line.text) }
                            td { span.outcome { span.sign aria-hidden="true" { (sign) } " " (word) } }
                            td.number { (at) }
                        }
                    }
                }
            }
        }
    }
}

/// The anchor of a line of the file, which may have several sentences.
fn first_of_line(lines: &[Told], index: usize) -> Option<String> {
    let number = lines[index].line.number;
    let first = lines.iter().position(|told| told.line.number == number) == Some(index);
    first.then(|| format!("line{number}"))
}

fn outcome(fate: &LineFate) -> (&'static str, &'static str, &'static str, String) {
    match fate {
        LineFate::Done => ("done", "▸", "done", String::new()),
        LineFate::Held { at_nanos } => ("held", "✓", "so", time(*at_nanos)),
        LineFate::Broken => ("broken", "✗", "not so", String::new()),
        LineFate::Met => ("held", "✓", "met", String::new()),
        LineFate::Unmet => ("unmet", "○", "not in this run", String::new()),
        LineFate::Unreached => ("unmet", "–", "not reached", String::new()),
    }
}

fn counters(account: &Account) -> Markup {
    html! {
        @if !account.series.is_empty() { (chart::charts(&account.series, account.case.simulated_nanos)) }
        @if account.case.counters.is_empty() { p.muted { "Nothing was counted." } }
        @else {
            details open[account.series.is_empty()] {
                summary { "Sums" }
                table.sums { tbody { @for (name, count) in &account.case.counters { tr { th scope="row" { (name) } td.number { (count) } } } } }
            }
        }
    }
}

fn misfortunes(misfortunes: &Misfortunes) -> Markup {
    html! {
        @if misfortunes.rows.is_empty() {
            p.muted { "Nothing, beside delays." }
        } @else {
            p.muted { "The words at the right make the same happen again without the seed, in a scenario's list " code { "faults" } "." }
            div.scroll.tall {
                table {
                    thead { tr { th.number { "time" } th { "way" } th { "packet" } th { "what befell it" } th { "decision" } } }
                    tbody {
                        @for row in &misfortunes.rows {
                            tr {
                                td.number { (time(row.at_nanos)) }
                                td { (row.way) }
                                td { (row.packet) }
                                td { (row.text) }
                                td.code { (row.decision) }
                            }
                        }
                    }
                }
            }
            @if misfortunes.left_out > 0 { p.muted { "And " (misfortunes.left_out) " more." } }
        }
    }
}

fn keys(keys: Option<&[KeyMaterial]>) -> Markup {
    html! {
        @match keys {
            None => p.muted {
                "What messages hold is shown decrypted; the keys themselves are left out. " code { "--keys" } " puts them here. \
                 They are those of simulated peers and of nobody else."
            }
            Some([]) => p.muted { "No SA had any." }
            Some(keys) => {
                p.warning { "⚠ This page holds the keys in the clear. They are those of simulated peers and of nobody else." }
                @for material in keys {
                    details {
                        summary { (material.owner) }
                        dl.pairs { @for (name, octets) in &material.keys { dt { (name) } dd.code.wrap { (octets) } } }
                    }
                }
            }
        }
    }
}
