//! What a standby member of a cluster knows of SAs, and how they go on there (RFC 6311 §5.2): no sequence number is sent twice, and
//! no packet is taken that the member before may have taken.

use std::collections::BTreeMap;

use ipsec_wire::Spi;

use super::Dataplane;
use crate::ReplayWindow;
use crate::outbound::OutboundSa;
use crate::sad::Pair;

/// The counters of all pairs at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standby {
    /// By the SPI under which the pair receives: of it and of the AH of a bundle the last number sent, and what was received.
    pairs: BTreeMap<Spi, Vec<(u64, ReplayWindow)>>,
}

impl Dataplane {
    /// What a standby member that is told of everything would know at this instant.
    #[must_use]
    pub fn standby(&self) -> Standby {
        let one = |pair: &Pair| {
            let bundled = pair.bundled.as_ref().map(|ah| (ah.outbound.sequence, ah.inbound.replay.clone()));
            let own = (pair.outbound.sequence, pair.inbound.replay.clone());
            (pair.spi(), std::iter::once(own).chain(bundled).collect())
        };
        Standby { pairs: self.sad.pairs().map(one).collect() }
    }

    /// Goes on as the member that has this knowledge, which skips `leap` numbers as it sends. Under the SPIs that `skips` names the
    /// peer skips as many: all before is too old. Of a pair that came since the member knows nothing; it is removed by who made it.
    pub fn take_over(&mut self, standby: &Standby, leap: u64, skips: impl Fn(Spi) -> bool) {
        for (inbound, known) in &standby.pairs {
            let Some(pair) = self.sad.pair_mut(*inbound) else { continue };
            let bundled = pair.bundled.as_mut().map(|ah| (&mut ah.outbound, &mut ah.inbound));
            let sas = std::iter::once((&mut pair.outbound, &mut pair.inbound)).chain(bundled);
            for ((outbound, inbound_sa), (sent, received)) in sas.zip(known) {
                outbound.sequence = *sent;
                outbound.skip(leap);
                inbound_sa.replay = received.clone();
                if skips(*inbound) {
                    inbound_sa.replay.update(received.highest().saturating_add(leap));
                }
            }
        }
    }

    /// Lets the sequence numbers of the pair that receives under this SPI skip forward, those that it sends with. Returns whether
    /// there is such a pair.
    pub fn skip(&mut self, inbound: Spi, by: u64) -> bool {
        let Some(pair) = self.sad.pair_mut(inbound) else { return false };
        pair.outbound.skip(by);
        pair.bundled.iter_mut().for_each(|ah| ah.outbound.skip(by));
        true
    }
}

impl OutboundSa {
    /// Skips so many numbers; behind the last one nothing is sent any more.
    fn skip(&mut self, by: u64) {
        self.sequence = self.sequence.saturating_add(by).min(self.last_sequence());
    }
}
