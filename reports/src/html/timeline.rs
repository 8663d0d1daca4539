//! Who held which SA when, as bars over one time axis, and the same as a table.

use maud::{Markup, html};

use super::chart::scaled;
use super::time;
use crate::account::SaSpan;

const LABELS: u64 = 330;
const AXIS: u64 = 640;
const ROW: u64 = 22;
const HEAD: u64 = 26;
/// More SAs than these are in the table only.
const MOST: usize = 120;

/// The bars, and the table behind them.
pub(super) fn timelines(sas: &[SaSpan], end_nanos: u64) -> Markup {
    let shown = &sas[..sas.len().min(MOST)];
    html! {
        (bars(shown, end_nanos))
        @if shown.len() < sas.len() {
            p.muted { "The first " (MOST) " of " (sas.len()) " SAs are drawn; the table has all of them." }
        }
        details {
            summary { "As a table" }
            (table(sas))
        }
    }
}

fn bars(sas: &[SaSpan], end_nanos: u64) -> Markup {
    let mut holders: Vec<&str> = Vec::new();
    for sa in sas {
        if !holders.contains(&sa.holder.as_str()) {
            holders.push(&sa.holder);
        }
    }
    let mut rows: Vec<(u64, Markup)> = Vec::new();
    let mut y = HEAD;
    let mut heads = Vec::new();
    for holder in holders {
        heads.push((y + 14, holder));
        y += ROW;
        for sa in sas.iter().filter(|sa| sa.holder == holder) {
            rows.push((y, bar(sa, y, end_nanos)));
            y += ROW;
        }
        y += 6;
    }
    let (width, height) = (LABELS + AXIS + 10, y);
    html! {
        div.scroll {
            svg.timeline role="img" aria-label="Lives of the SAs; the table below says the same"
                width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
                @for tick in 0..=4u64 {
                    @let x = LABELS + AXIS * tick / 4;
                    path.grid d={ "M" (x) " " (HEAD - 6) "V" (height) } {}
                    text.tick x=(x) y="14" text-anchor=(if tick == 4 { "end" } else { "start" }) {
                        (time(end_nanos / 4 * tick))
                    }
                }
                @for (y, holder) in &heads { text.holder x="0" y=(y) { (holder) } }
                @for (_, row) in &rows { (row) }
            }
        }
    }
}

fn bar(sa: &SaSpan, y: u64, end_nanos: u64) -> Markup {
    let x = |nanos: u64| LABELS + scaled(nanos, end_nanos, AXIS);
    let begin = x(sa.from_nanos);
    let end = sa.end.as_ref().map_or(LABELS + AXIS, |(at, _)| x(*at)).max(begin + 2);
    let fate = match &sa.end {
        Some((at, why)) => format!("until {}: {why}", time(*at)),
        None => "to the end".to_owned(),
    };
    let class = if sa.kind.contains("IKE") || sa.kind.contains("ISAKMP") { "life ike" } else { "life child" };
    html! {
        g class=(class) {
            title { (sa.holder) ", " (sa.kind) " " (sa.name) ", " (sa.spis) ": " (sa.about) "; from " (time(sa.from_nanos)) " " (fate) }
            text.label x="12" y=(y + 14) { (sa.kind) " " tspan.name { (sa.name) } " " tspan.spis { (sa.spis) } }
            rect.open[sa.end.is_none()] x=(begin) y=(y + 4) width=(end - begin) height="13" rx="2" {}
            @if sa.end.is_some() { path.stop d={ "M" (end) " " (y + 2) "v17" } {} }
            @for (at, what) in &sa.marks {
                path.mark d={ "M" (x(*at)) " " (y + 1) "v19" } { title { (time(*at)) " " (what) } }
            }
        }
    }
}

fn table(sas: &[SaSpan]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th { "holder" } th { "SA" } th { "SPIs" } th { "algorithms" } th.number { "from" } th.number { "to" } th { "ended by" } } }
                tbody {
                    @for sa in sas {
                        tr {
                            td { (sa.holder) }
                            td { (sa.kind) " " strong { (sa.name) } }
                            td.code { (sa.spis) }
                            td.code { (sa.about) }
                            td.number { (time(sa.from_nanos)) }
                            @match &sa.end {
                                Some((at, why)) => { td.number { (time(*at)) } td { (marks(sa)) (why) } }
                                None => { td.number { "end" } td { (marks(sa)) "still there" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What happened to an SA meanwhile, in words.
fn marks(sa: &SaSpan) -> String {
    sa.marks.iter().map(|(at, what)| format!("{what} at {}; ", time(*at))).collect()
}
