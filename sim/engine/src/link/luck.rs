//! Misfortunes drawn from the streams of a seed.

use std::time::Duration;

use ipsec_net::IpPacket;

use super::damage;
use super::settings::{Hold, Jitter, LinkSettings, Loss};
use crate::{Direction, Fault, RandomStream, Ratio, Streams, distribution};

/// One stream for each kind of misfortune that can happen, so that switching one off leaves the others as they were.
#[derive(Debug, Default)]
pub(super) struct Luck {
    loss: Option<Box<RandomStream>>,
    jitter: Option<Box<RandomStream>>,
    reorder: Option<Box<RandomStream>>,
    duplicate: Option<Box<RandomStream>>,
    corrupt: Option<Box<RandomStream>>,
    corrupt_header: Option<Box<RandomStream>>,
    truncate: Option<Box<RandomStream>>,
    mark: Option<Box<RandomStream>>,
    /// Whether losses come in a burst at present ([`Loss::Bursts`]).
    bad: bool,
}

impl Luck {
    pub(super) fn new(name: &str, direction: Direction, settings: &LinkSettings, streams: Streams) -> Self {
        let mut luck = Self::default();
        luck.begin(name, direction, settings, streams);
        luck
    }

    /// Opens the streams of the kinds of misfortune that these settings have and that had none before.
    pub(super) fn begin(
        &mut self,
        name: &str,
        direction: Direction,
        settings: &LinkSettings,
        streams: Streams,
    ) {
        let component = format!("link.{name}");
        let open = |stream: &mut Option<Box<RandomStream>>, kind: &str, possible: bool| {
            if possible {
                stream.get_or_insert_with(|| Box::new(streams.stream(&[&component, direction.name(), kind])));
            }
        };
        open(&mut self.loss, "loss", settings.loss != Loss::Never);
        open(&mut self.jitter, "jitter", settings.jitter != Jitter::None);
        open(&mut self.reorder, "reorder", !settings.reorder.is_zero());
        open(&mut self.duplicate, "duplicate", !settings.duplicate.is_zero());
        open(&mut self.corrupt, "corrupt", !settings.corrupt.is_zero());
        open(&mut self.corrupt_header, "corrupt-header", !settings.corrupt_header.is_zero());
        open(&mut self.truncate, "truncate", !settings.truncate.is_zero());
        open(&mut self.mark, "mark", !settings.mark.is_zero());
    }

    /// What befalls the next packet. Each stream draws for each packet, lost ones too, so that no misfortune shifts the
    /// draws of another.
    pub(super) fn draw(&mut self, settings: &LinkSettings, packet: &IpPacket) -> Vec<Fault> {
        let mut faults = Vec::new();
        let lost = self.lost(&settings.loss);
        if let Some(luck) = &mut self.jitter {
            faults.extend(jitter(luck, settings).map(Fault::Delayed));
        }
        faults.extend(chosen(&mut self.reorder, settings.reorder, |luck| Some(held(luck, settings.hold))));
        faults.extend(chosen(&mut self.duplicate, settings.duplicate, |luck| {
            Some(Fault::Duplicated(luck.between(Duration::ZERO, settings.duplicate_within)))
        }));
        faults.extend(chosen(&mut self.corrupt, settings.corrupt, |luck| {
            damage::payload_bit(luck, packet).map(|bit| Fault::Corrupted { bit })
        }));
        faults.extend(chosen(&mut self.corrupt_header, settings.corrupt_header, |luck| {
            damage::header_bit(luck, packet).map(|bit| Fault::HeaderCorrupted { bit })
        }));
        faults.extend(chosen(&mut self.truncate, settings.truncate, |luck| {
            let kept = luck.below(packet.payload().len() as u64);
            Some(Fault::Truncated { kept: u32::try_from(kept).ok()? })
        }));
        faults.extend(chosen(&mut self.mark, settings.mark, |_| {
            damage::is_ecn_capable(packet).then_some(Fault::Marked)
        }));
        if lost { vec![Fault::Lost] } else { faults }
    }

    fn lost(&mut self, loss: &Loss) -> bool {
        let Some(luck) = &mut self.loss else { return false };
        match *loss {
            Loss::Never => false,
            Loss::Independent(ratio) => luck.chance(ratio),
            Loss::Bursts { begin, end, good, bad } => {
                let changes = luck.chance(if self.bad { end } else { begin });
                self.bad ^= changes;
                luck.chance(if self.bad { bad } else { good })
            }
        }
    }
}

/// Draws whether it happens, and if so what; the stream draws for each packet.
fn chosen(
    stream: &mut Option<Box<RandomStream>>,
    ratio: Ratio,
    what: impl FnOnce(&mut RandomStream) -> Option<Fault>,
) -> Option<Fault> {
    let luck = stream.as_mut()?;
    if luck.chance(ratio) { what(luck) } else { None }
}

/// How many nanoseconds later than the delay, or earlier.
fn jitter(luck: &mut RandomStream, settings: &LinkSettings) -> Option<i64> {
    let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    Some(match &settings.jitter {
        Jitter::None => return None,
        Jitter::Uniform(most) => nanos(luck.between(Duration::ZERO, 2 * *most)).saturating_sub(nanos(*most)),
        Jitter::Normal(deviation) => distribution::normal(luck, *deviation).max(-nanos(settings.delay)),
        Jitter::Exponential(mean) => nanos(distribution::exponential(luck, *mean)),
        Jitter::Table(table) => nanos(*table.get(usize::try_from(luck.below(table.len() as u64)).ok()?)?),
    })
}

fn held(luck: &mut RandomStream, hold: Hold) -> Fault {
    match hold {
        Hold::For(time) => Fault::HeldBack(luck.between(time / 2, time * 3 / 2)),
        Hold::Places { places, within } => Fault::Overtaken { by: places, within },
    }
}

#[cfg(test)]
mod tests;
