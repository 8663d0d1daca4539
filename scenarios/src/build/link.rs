//! What a link does to packets, from the words of a scenario.

use sim::{Bottleneck, CoDel, Jitter, LinkSettings, Loss, Ratio};

use crate::file::Spread;
use crate::{file, quantity};

pub(super) fn settings(quality: &file::Quality) -> LinkSettings {
    LinkSettings {
        // The standard deviation of an exponential distribution is its mean.
        delay: match quality.spread {
            Spread::Exponential => quality.delay.mean.saturating_sub(quality.delay.jitter),
            Spread::Even | Spread::Normal => quality.delay.mean,
        },
        jitter: match (quality.delay.jitter, quality.spread) {
            (none, _) if none.is_zero() => Jitter::None,
            (jitter, Spread::Even) => Jitter::Uniform(jitter),
            (deviation, Spread::Normal) => Jitter::Normal(deviation),
            (deviation, Spread::Exponential) => Jitter::Exponential(deviation),
        },
        in_order: quality.in_order,
        loss: loss(ratio(quality.loss), quality.burst),
        reorder: ratio(quality.reorder),
        duplicate: ratio(quality.duplicate),
        corrupt: ratio(quality.corrupt),
        truncate: ratio(quality.truncate),
        mtu: usize::from(quality.mtu),
        bottleneck: quality.line.map(|line| Bottleneck {
            codel: line.codel.then(|| CoDel { ecn: line.ecn, ..CoDel::default() }),
            ..Bottleneck::new(line.rate, line.queue)
        }),
        outage: quality.outage,
        ..LinkSettings::default()
    }
}

/// With bursts of a mean length of n packets, in which every packet is lost: a burst ends with one packet in n, and begins
/// so often that the share of lost packets is the same.
fn loss(share: Ratio, burst: Option<u16>) -> Loss {
    match (share, burst) {
        (never, _) if never.is_zero() => Loss::Never,
        (share, None) => Loss::Independent(share),
        (share, Some(length)) => {
            let kept = share.denominator() - share.numerator();
            let begin = Ratio::new(share.numerator(), kept.saturating_mul(u64::from(length)));
            let end = Ratio::new(1, u64::from(length)).unwrap_or(Ratio::ONE);
            Loss::Bursts { begin: begin.unwrap_or(Ratio::ONE), end, good: Ratio::ZERO, bad: Ratio::ONE }
        }
    }
}

fn ratio(ratio: quantity::Ratio) -> Ratio {
    Ratio::new(u64::from(ratio.part), u64::from(ratio.whole)).unwrap_or(Ratio::ONE)
}
