//! What the gateways and the network are told to do, and what has to be so in the end.

use sim::RandomStream;

use super::luck::{between, once_in, pick};
use super::world::{Kind, Outlook};

/// An instant in milliseconds, and the sentence that stands there.
pub(super) type Line = (u64, String);

/// While acts are drawn.
const STORM: u64 = 120_000;
/// When everything that was told has been given up or done, liveness checks among them.
const CALM: u64 = 720_000;

/// What happens in the storm.
pub(super) fn draw(kind: Kind, luck: &mut RandomStream) -> Vec<Line> {
    let mut lines = vec![(0, "west: initiate net".to_owned()), (2_000, "talk: start".to_owned())];
    let mut at = 0;
    for _ in 0..between(luck, 3, 12) {
        // Half of the acts follow close upon another one: that is where collisions are.
        at = if once_in(luck, 2) { at + between(luck, 0, 300) } else { between(luck, 1_000, STORM) };
        act(kind, luck, at.min(STORM), &mut lines);
    }
    lines.push((STORM + 5_000, "talk: stop".to_owned()));
    lines.sort_by_key(|(at, _)| *at);
    lines
}

fn act(kind: Kind, luck: &mut RandomStream, at: u64, lines: &mut Vec<Line>) {
    let peer = pick(luck, &["west", "east"]);
    match luck.below(20) {
        0..4 => lines.push((at, format!("{peer}: rekey net"))),
        4..7 => lines.push((at, format!("{peer}: rekey-ike site"))),
        7..9 => lines.push((at, format!("{peer}: initiate net"))),
        9..11 => lines.push((at, format!("{peer}: delete net"))),
        11 => lines.push((at, format!("{peer}: terminate site"))),
        12 if kind.version == 2 => lines.push((at, format!("{peer}: reauthenticate site"))),
        13 => lines.push((at, format!("{peer}: check site"))),
        14 => lines.push((at, format!("{peer}: restart"))),
        15 => {
            lines.push((at, format!("{peer}: crash")));
            lines.push((at + between(luck, 100, 60_000), format!("{peer}: restart")));
        }
        16..18 => {
            let link = pick(luck, kind.links());
            lines.push((at, format!("{link}: cut")));
            lines.push((at + between(luck, 100, 90_000), format!("{link}: mend")));
        }
        18 if kind.behind_nat => lines.push((at, "home: forget".to_owned())),
        18 if kind.moves => {
            let place = pick(luck, &["192.0.2.1", "192.0.2.77"]);
            lines.push((at, format!("west: move to {place}")));
        }
        _ => lines.push((at, format!("west, east: rekey {}", pick(luck, &["net", "net"])))),
    }
}

/// The end: the network heals, and what the model says of the child comes true: where it lasts, nothing is lost; then nothing
/// is left.
pub(super) fn end(kind: Kind, outlook: Outlook) -> Vec<Line> {
    let mut lines: Vec<Line> =
        kind.links().iter().map(|link| (STORM + 100_000, format!("{link}: heal"))).collect();
    let at = |time: u64, line: &str| (CALM + time, line.to_owned());
    if kind.version == 1 {
        // Nothing answers a delete (RFC 2408 §5.15): what one end alone has lasts until its life ends.
        lines.push((CALM - 60_000, "west, east: terminate site".to_owned()));
    }
    lines.push(at(0, "west: initiate net"));
    match outlook {
        Outlook::Lasts => lines.extend([
            at(0, "expect net up at west, east within 30s"),
            at(30_000, "talk: start"),
            at(30_000, "expect talk flows within 5s"),
            at(60_000, "talk: stop"),
            at(60_000, "expect talk loses nothing from 12min35s to 13min"),
        ]),
        Outlook::Passes => {}
        Outlook::Never => lines.push(at(30_000, "expect no net at west, east")),
    }
    lines.push(at(61_000, "west, east: terminate site"));
    lines.push(at(61_000, "expect nothing left at west, east within 3min"));
    lines
}
