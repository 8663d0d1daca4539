//! The network of a scenario as a drawing: columns from the first place outwards, networks below their gateways.

use maud::{Markup, html};

use crate::account::{Site, SiteKind, Topology};

/// The size of a place's box.
const WIDTH: usize = 190;
/// The height of a line of text.
const LINE: usize = 16;
/// The room between columns, where the links have their words.
const GAP: usize = 170;
/// The room between two places of a column.
const BETWEEN: usize = 26;
/// More places than these are no drawing any more.
const MOST: usize = 60;

/// A place and where it is drawn.
struct Placed<'a> {
    site: &'a Site,
    x: usize,
    y: usize,
    height: usize,
}

impl Placed<'_> {
    fn middle(&self) -> (usize, usize) {
        (self.x + WIDTH / 2, self.y + self.height / 2)
    }
}

/// The drawing, or a sentence where there is too much for one.
pub(super) fn drawing(topology: &Topology) -> Markup {
    let Topology { sites, wires } = topology;
    if sites.is_empty() {
        return html! { p.muted { "Nothing was built." } };
    }
    if sites.len() > MOST {
        return html! { p.muted { (sites.len()) " places and " (wires.len()) " links: too many to draw." } };
    }
    let placed = placed(topology);
    let width = placed.iter().map(|place| place.x + WIDTH).max().unwrap_or(0) + 1;
    let height = placed.iter().map(|place| place.y + place.height).max().unwrap_or(0) + 1;
    let joined = |wire: &crate::account::Wire| -> Option<(usize, usize)> {
        let [a, b] = wire.ends;
        (a < placed.len() && b < placed.len()).then_some((a, b))
    };
    html! {
        svg.topology role="img" aria-label=(in_words(topology)) width=(width) height=(height)
            viewBox={ "0 0 " (width) " " (height) } {
            @for wire in wires {
                @if let Some((a, b)) = joined(wire) {
                    @let ((x1, y1), (x2, y2)) = (placed[a].middle(), placed[b].middle());
                    line.inner[wire.name.is_empty()].wire[!wire.name.is_empty()] x1=(x1) y1=(y1) x2=(x2) y2=(y2) {}
                }
            }
            @for place in &placed { (drawn(place)) }
            @for wire in wires.iter().filter(|wire| !wire.name.is_empty()) {
                @if let Some((a, b)) = joined(wire) { (words(&placed[a], &placed[b], wire)) }
            }
        }
    }
}

/// Where each place is drawn.
fn placed(topology: &Topology) -> Vec<Placed<'_>> {
    let columns = columns(topology);
    let mut bottoms: Vec<usize> = vec![1; columns.iter().max().map_or(0, |last| last + 1)];
    let height = |site: &Site| LINE * (2 + site.lines.len()) + 12;
    let mut placed: Vec<Placed<'_>> = topology
        .sites
        .iter()
        .zip(&columns)
        .map(|(site, column)| Placed { site, x: 1 + column * (WIDTH + GAP), y: 0, height: height(site) })
        .collect();
    // A network stands right below its gateway.
    let owner = |index: usize| {
        let of = topology.wires.iter().find(|wire| wire.name.is_empty() && wire.ends.contains(&index));
        of.map(|wire| if wire.ends[0] == index { wire.ends[1] } else { wire.ends[0] })
    };
    let is_network = |index: usize| topology.sites[index].kind == SiteKind::Network;
    let mut order: Vec<usize> = Vec::new();
    for index in (0..placed.len()).filter(|index| !is_network(*index)) {
        order.push(index);
        order.extend((0..placed.len()).filter(|other| is_network(*other) && owner(*other) == Some(index)));
    }
    let orphans: Vec<usize> = (0..placed.len()).filter(|index| !order.contains(index)).collect();
    for index in order.into_iter().chain(orphans) {
        let bottom = &mut bottoms[columns[index]];
        placed[index].y = *bottom;
        *bottom += placed[index].height + BETWEEN;
    }
    placed
}

/// The column of each place: how many links it is away from the first one. Networks stand where their gateways do.
fn columns(topology: &Topology) -> Vec<usize> {
    let mut columns: Vec<Option<usize>> = vec![None; topology.sites.len()];
    for first in 0..columns.len() {
        if columns[first].is_some() || topology.sites[first].kind == SiteKind::Network {
            continue;
        }
        columns[first] = Some(0);
        let mut queue = vec![first];
        let mut next = 0;
        while let Some(here) = queue.get(next).copied() {
            next += 1;
            for wire in topology.wires.iter().filter(|wire| wire.ends.contains(&here)) {
                let there = if wire.ends[0] == here { wire.ends[1] } else { wire.ends[0] };
                let step = usize::from(!wire.name.is_empty());
                if columns.get(there).is_some_and(Option::is_none) {
                    columns[there] = columns[here].map(|column| column + step);
                    queue.push(there);
                }
            }
        }
    }
    columns.into_iter().map(Option::unwrap_or_default).collect()
}

fn drawn(place: &Placed<'_>) -> Markup {
    let Placed { site, x, y, height } = place;
    let (class, kind) = match site.kind {
        SiteKind::Peer => ("site peer", "gateway"),
        SiteKind::Router => ("site router", "router"),
        SiteKind::Nat => ("site nat", "NAT"),
        SiteKind::Firewall => ("site firewall", "firewall"),
        SiteKind::Tester => ("site tester", "tester"),
        SiteKind::Network => ("site network", ""),
    };
    let middle = x + WIDTH / 2;
    html! {
        g class=(class) {
            rect x=(x) y=(y) width=(WIDTH) height=(height) rx="6" {}
            text.name x=(middle) y=(y + 20) { (site.name) }
            @if !kind.is_empty() { text.kind x=(middle) y=(y + 20 + LINE) { (kind) } }
            @for (index, line) in site.lines.iter().enumerate() {
                @let skipped = if kind.is_empty() { 1 } else { 2 };
                text x=(middle) y=(y + 20 + LINE * (skipped + index)) { (line) }
            }
        }
    }
}

/// The name of a link and what it does, beside its middle.
fn words(a: &Placed<'_>, b: &Placed<'_>, wire: &crate::account::Wire) -> Markup {
    let ((x1, y1), (x2, y2)) = (a.middle(), b.middle());
    let (x, y) = ((x1 + x2) / 2, (y1 + y2) / 2);
    // In a column the line is vertical, and boxes leave little room: the words stand beside it.
    let (x, anchor) = if a.x == b.x { (x + 8, "start") } else { (x, "middle") };
    html! {
        g.link text-anchor=(anchor) {
            text.name x=(x) y=(y.saturating_sub(6)) { (wire.name) }
            @for (index, line) in wire.lines.iter().enumerate() {
                text x=(x) y=(y + LINE * (index + 1)) { (line) }
            }
        }
    }
}

/// The drawing for those who cannot see it.
fn in_words(topology: &Topology) -> String {
    let name = |index: usize| topology.sites.get(index).map_or("?", |site| site.name.as_str());
    let wires = topology.wires.iter().filter(|wire| !wire.name.is_empty());
    let wires: Vec<String> = wires
        .map(|wire| format!("{} joins {} and {}", wire.name, name(wire.ends[0]), name(wire.ends[1])))
        .collect();
    let sites: Vec<&str> = topology.sites.iter().map(|site| site.name.as_str()).collect();
    format!("Topology: {}. {}.", sites.join(", "), wires.join("; "))
}
