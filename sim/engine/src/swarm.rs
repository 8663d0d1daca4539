//! Swarm testing (Groce and others, 2012): a run in which some kinds of misfortune are switched off and the rest weigh more
//! or less finds what a run with a little of everything does not.

use std::collections::BTreeMap;

use crate::link::{Jitter, LinkSettings, Loss};
use crate::{RandomStream, Ratio};

/// The kinds of misfortune that links have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the setting of this name")]
pub enum Misfortune {
    Jitter,
    Loss,
    Reorder,
    Duplicate,
    Corrupt,
    CorruptHeader,
    Truncate,
    Mark,
    Outage,
    Queue,
}

impl Misfortune {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Jitter,
        Self::Loss,
        Self::Reorder,
        Self::Duplicate,
        Self::Corrupt,
        Self::CorruptHeader,
        Self::Truncate,
        Self::Mark,
        Self::Outage,
        Self::Queue,
    ];
}

/// How much each kind of misfortune weighs in a run: 0 switches it off, 4 leaves its probability as it is, 16 makes it
/// four times as likely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swarm {
    weights: BTreeMap<Misfortune, u64>,
}

/// The weight that leaves a probability as it is.
const WHOLE: u64 = 4;

impl Swarm {
    /// Draws a weight for each kind: half of them are switched off, the others weigh a quarter, a half, one, two or four
    /// times as much as they did.
    #[must_use]
    pub fn draw(luck: &mut RandomStream) -> Self {
        let mut weight = |kind| {
            let off = luck.below(2) == 0;
            let weight = 1 << luck.below(5);
            (kind, if off { 0 } else { weight })
        };
        Self { weights: Misfortune::ALL.into_iter().map(&mut weight).collect() }
    }

    /// Gives a kind a weight of so many quarters.
    #[must_use]
    pub fn with(mut self, kind: Misfortune, quarters: u64) -> Self {
        self.weights.insert(kind, quarters);
        self
    }

    /// The weight of a kind in quarters.
    #[must_use]
    pub fn weight(&self, kind: Misfortune) -> u64 {
        self.weights.get(&kind).copied().unwrap_or(WHOLE)
    }

    /// How a link behaves in such a run.
    #[must_use]
    pub fn apply(&self, settings: &LinkSettings) -> LinkSettings {
        let on = |kind| self.weight(kind) > 0;
        let weighed = |kind, ratio| scaled(ratio, self.weight(kind));
        let LinkSettings { reorder, duplicate, corrupt, corrupt_header, truncate, mark, .. } = *settings;
        LinkSettings {
            jitter: if on(Misfortune::Jitter) { settings.jitter.clone() } else { Jitter::None },
            loss: self.loss(settings.loss),
            reorder: weighed(Misfortune::Reorder, reorder),
            duplicate: weighed(Misfortune::Duplicate, duplicate),
            corrupt: weighed(Misfortune::Corrupt, corrupt),
            corrupt_header: weighed(Misfortune::CorruptHeader, corrupt_header),
            truncate: weighed(Misfortune::Truncate, truncate),
            mark: weighed(Misfortune::Mark, mark),
            outage: settings.outage.filter(|_| on(Misfortune::Outage)),
            bottleneck: settings.bottleneck.clone().filter(|_| on(Misfortune::Queue)),
            ..settings.clone()
        }
    }

    /// Bursts come more or less often; how long they are stays.
    fn loss(&self, loss: Loss) -> Loss {
        let weighed = |ratio| scaled(ratio, self.weight(Misfortune::Loss));
        match loss {
            _ if self.weight(Misfortune::Loss) == 0 => Loss::Never,
            Loss::Never => Loss::Never,
            Loss::Independent(ratio) => Loss::Independent(weighed(ratio)),
            Loss::Bursts { begin, end, good, bad } => {
                Loss::Bursts { begin: weighed(begin), end, good: weighed(good), bad }
            }
        }
    }
}

/// `ratio` times so many quarters, at most 1.
fn scaled(ratio: Ratio, quarters: u64) -> Ratio {
    let numerator = ratio.numerator().saturating_mul(quarters);
    let denominator = ratio.denominator().saturating_mul(WHOLE);
    Ratio::new(numerator.min(denominator), denominator).unwrap_or(Ratio::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Streams;

    fn percent(percent: u64) -> Ratio {
        Ratio::new(percent, 100).unwrap()
    }

    fn is(left: Ratio, right: Ratio) -> bool {
        left.numerator() * right.denominator() == right.numerator() * left.denominator()
    }

    #[test]
    fn a_weight_scales_a_probability_and_never_beyond_one() {
        let settings =
            LinkSettings { duplicate: percent(30), corrupt: percent(10), ..LinkSettings::default() };
        let swarm = Swarm::default().with(Misfortune::Duplicate, 16).with(Misfortune::Corrupt, 2);
        let applied = swarm.apply(&settings);
        assert!(is(applied.duplicate, Ratio::ONE) && is(applied.corrupt, percent(5)));
        assert_eq!(applied.check(), Ok(()));
    }

    #[test]
    fn what_is_switched_off_is_gone_and_what_nobody_named_stays() {
        let bursts = Loss::Bursts { begin: percent(2), end: percent(30), good: Ratio::ZERO, bad: Ratio::ONE };
        let settings = LinkSettings { loss: bursts, reorder: percent(3), ..LinkSettings::default() };
        let applied = Swarm::default().with(Misfortune::Loss, 0).apply(&settings);
        assert_eq!(applied.loss, Loss::Never);
        assert!(is(applied.reorder, percent(3)));
    }

    #[test]
    fn each_kind_is_off_in_about_half_of_the_swarms_and_each_weight_is_drawn() {
        let mut luck = Streams::new(1).stream(&["swarm"]);
        let swarms: Vec<Swarm> = (0..1000).map(|_| Swarm::draw(&mut luck)).collect();
        for kind in Misfortune::ALL {
            let off = swarms.iter().filter(|swarm| swarm.weight(kind) == 0).count();
            assert!((430..570).contains(&off), "{kind:?}: {off}");
            let weights: std::collections::BTreeSet<u64> =
                swarms.iter().map(|swarm| swarm.weight(kind)).collect();
            assert_eq!(weights, [0, 1, 2, 4, 8, 16].into());
        }
    }
}
