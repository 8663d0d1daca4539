//! What was counted over time, as small charts of steps that share one time axis.

use maud::{Markup, html};

use super::time;
use crate::account::{Series, Unit};

const WIDTH: u64 = 340;
const HEIGHT: u64 = 64;

/// A chart for each series.
pub(super) fn charts(series: &[Series], end_nanos: u64) -> Markup {
    html! {
        div.charts { @for series in series { (chart(series, end_nanos)) } }
    }
}

fn chart(series: &Series, end_nanos: u64) -> Markup {
    let most = series.values.iter().copied().max().unwrap_or(0);
    let sum: u64 = series.values.iter().sum();
    let (peak, total) = match series.unit {
        Unit::Octets => (rate(most, series.interval_nanos), amount(sum)),
        Unit::Packets => (format!("{most} in {}", time(series.interval_nanos)), count(sum)),
    };
    html! {
        figure.chart {
            figcaption { strong { (series.name) } " " span.muted { (total) ", at most " (peak) } }
            svg role="img" aria-label={ (series.name) ": " (total) ", at most " (peak) }
                width=(WIDTH) height=(HEIGHT + 18) viewBox={ "0 0 " (WIDTH) " " (HEIGHT + 18) } {
                path.area d=(area(series, end_nanos, most)) {}
                path.axis d={ "M0 " (HEIGHT) "H" (WIDTH) } {}
                text x="0" y=(HEIGHT + 14) { "0" }
                text text-anchor="end" x=(WIDTH) y=(HEIGHT + 14) { (time(end_nanos)) }
            }
        }
    }
}

/// The outline of the steps. Intervals in which nothing was counted leave the base line, and return to it.
fn area(series: &Series, end_nanos: u64, most: u64) -> String {
    let x = |nanos: u64| scaled(nanos, end_nanos, WIDTH);
    let mut path = format!("M0 {HEIGHT}");
    let mut height = HEIGHT;
    for (index, value) in (0u64..).zip(&series.values) {
        let y = HEIGHT - scaled(*value, most, HEIGHT - 4).max(u64::from(*value > 0));
        if y != height {
            path += &format!("H{}V{y}", x(index * series.interval_nanos));
            height = y;
        }
    }
    let end = x((series.values.len() as u64).saturating_mul(series.interval_nanos));
    path + &format!("H{end}V{HEIGHT}Z")
}

/// `part` of `whole` as a share of `size`; at most `size`.
pub(super) fn scaled(part: u64, whole: u64, size: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let share = u128::from(part.min(whole)) * u128::from(size) / u128::from(whole);
    u64::try_from(share).unwrap_or(size)
}

/// Octets in an interval as bits per second.
fn rate(octets: u64, interval_nanos: u64) -> String {
    let bits = u128::from(octets) * 8 * 1_000_000_000 / u128::from(interval_nanos.max(1));
    prefixed(u64::try_from(bits).unwrap_or(u64::MAX), "bit/s")
}

fn amount(octets: u64) -> String {
    prefixed(octets, "octets")
}

fn count(packets: u64) -> String {
    if packets == 1 { "1 packet".to_owned() } else { format!("{packets} packets") }
}

/// `1.2 Mbit/s`: three digits at most, with a prefix.
fn prefixed(number: u64, unit: &str) -> String {
    let steps = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    match steps.into_iter().find(|(step, _)| number >= *step) {
        None => format!("{number} {unit}"),
        Some((step, prefix)) => {
            let tenths = number / (step / 10);
            match tenths {
                100.. => format!("{} {prefix}{unit}", tenths / 10),
                _ => format!("{}.{} {prefix}{unit}", tenths / 10, tenths % 10),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(prefixed(999, "octets"), "999 octets");
        assert_eq!(prefixed(1_250_000, "bit/s"), "1.2 Mbit/s");
        assert_eq!(prefixed(64_000, "bit/s"), "64 kbit/s");
        assert_eq!(rate(125, 1_000_000), "1.0 Mbit/s");
    }

    #[test]
    fn the_outline_begins_and_ends_at_the_base_line_and_changes_only_with_the_values() {
        let values = vec![0, 4, 4, 0, 2];
        let series = Series { name: "lost".into(), unit: Unit::Packets, interval_nanos: 10, values };
        assert_eq!(area(&series, 50, 4), "M0 64H68V4H204V64H272V34H340V64Z");
        assert_eq!(area(&Series { values: Vec::new(), ..series }, 0, 0), "M0 64H0V64Z");
    }
}
