//! Packets in, packets out (RFC 4301 §5).

use ipsec_crypto::{Entropy, Provider};
use ipsec_net::{Instant, IpPacket, protocol};
use ipsec_wire::Spi;
use ipsec_wire::esp::Header;

use crate::sad::Sad;
use crate::spd::Spd;
use crate::status::{self, SaStatus};
use crate::{Action, DropReason, Flow, Policy, SaPair};

/// The data plane of one host.
pub struct Dataplane {
    provider: &'static Provider,
    spd: Spd,
    sad: Sad,
    /// The identification of the last outer header: distinct ones keep the fragments of different packets apart.
    identification: u16,
}

/// What becomes of a packet from inside.
#[derive(Debug, PartialEq, Eq)]
pub enum Outbound {
    /// Send this protected packet.
    Send(IpPacket),
    /// Send the packet as it is.
    Bypass(IpPacket),
    /// There is no SA for this policy yet. The packet comes back as it was; who does not keep it drops it as
    /// [`DropReason::NoSa`].
    Acquire {
        /// The policy's name.
        policy: String,
        /// The packet.
        packet: IpPacket,
    },
    /// It was dropped.
    Drop(DropReason),
}

/// What becomes of a packet from outside.
#[derive(Debug, PartialEq, Eq)]
pub enum Inbound {
    /// Deliver this packet inside.
    Deliver(IpPacket),
    /// It was dropped.
    Drop {
        /// Why.
        reason: DropReason,
        /// The SPI that it carried, if it was ESP.
        spi: Option<Spi>,
    },
}

impl Dataplane {
    /// A data plane with these policies, in order, and no SAs. What no policy matches is discarded.
    #[must_use]
    pub fn new(provider: &'static Provider, policies: Vec<Policy>) -> Self {
        Self { provider, spd: Spd::new(policies), sad: Sad::default(), identification: 0 }
    }

    /// Takes a packet from inside (RFC 4301 §5.1). Only CBC draws entropy: an IV for each packet.
    pub fn outbound(&mut self, now: Instant, entropy: &mut dyn Entropy, packet: IpPacket) -> Outbound {
        let flow = Flow::outbound(&packet);
        let Some((index, policy)) = self.spd.lookup(&flow) else {
            return Outbound::Drop(DropReason::Discarded);
        };
        match policy.action {
            Action::Discard => return Outbound::Drop(DropReason::Discarded),
            Action::Bypass => return Outbound::Bypass(packet),
            Action::Protect => {}
        }
        let Some(sa) = self.sad.outbound(index, &flow) else {
            return Outbound::Acquire { policy: policy.name.clone(), packet };
        };
        self.identification = self.identification.wrapping_add(1);
        match sa.seal(self.provider, now, entropy, self.identification, packet) {
            Ok(outer) => Outbound::Send(outer),
            Err(reason) => Outbound::Drop(reason),
        }
    }

    /// Takes a whole ESP packet for this host from outside (RFC 4301 §5.2 step 3a). Anything but ESP is taken as
    /// [`Dataplane::inbound_clear`] does.
    pub fn inbound(&mut self, now: Instant, packet: IpPacket) -> Inbound {
        if packet.protocol() != protocol::ESP {
            return self.inbound_clear(packet);
        }
        if packet.fragment().is_some_and(|fragment| fragment.more || fragment.offset > 0) {
            return Inbound::Drop { reason: DropReason::Fragment, spi: None };
        }
        let Ok(Header { spi, sequence }) = Header::parse(packet.payload()) else {
            return Inbound::Drop { reason: DropReason::Malformed, spi: None };
        };
        let opened = match self.sad.inbound(spi) {
            Some(sa) => sa.open(self.provider, now, sequence, packet),
            None => Err(DropReason::UnknownSpi),
        };
        match opened {
            Ok(inner) => Inbound::Deliver(inner),
            Err(reason) => Inbound::Drop { reason, spi: Some(spi) },
        }
    }

    /// Takes a packet from outside that is not protected: policy decides whether it may be in the clear (RFC 4301 §5.2
    /// step 3b).
    pub fn inbound_clear(&mut self, packet: IpPacket) -> Inbound {
        let action = self.spd.lookup(&Flow::inbound(&packet)).map(|(_, policy)| policy.action);
        let reason = match action {
            Some(Action::Bypass) => return Inbound::Deliver(packet),
            Some(Action::Protect) => DropReason::Unprotected,
            Some(Action::Discard) | None => DropReason::Discarded,
        };
        Inbound::Drop { reason, spi: None }
    }

    /// Installs an SA pair. It is used at once for the packets of its policy that its selectors cover; a pair whose
    /// policy is unknown only receives. An older pair that receives under the same SPI goes.
    ///
    /// Keys are set up when the first packet needs them. Parameters that do not fit together show then, as
    /// [`DropReason::Unusable`].
    pub fn install(&mut self, pair: SaPair) {
        self.sad.insert(self.spd.index_of(&pair.policy), pair);
    }

    /// Removes the pair that receives under this SPI and returns how its two SAs ended, the inbound one first; nothing
    /// if there is none.
    pub fn remove(&mut self, inbound: Spi) -> Option<[SaStatus; 2]> {
        self.sad.remove(inbound).map(|pair| status::of(&pair))
    }

    /// When a packet was last authenticated under this SPI: proof that the peer is alive (RFC 7296 §2.4).
    #[must_use]
    pub fn last_received(&self, inbound: Spi) -> Option<Instant> {
        self.sad.pair(inbound)?.inbound.sa.last_used
    }

    /// The SAs as plain data, pair by pair, of each the inbound one first.
    #[must_use]
    pub fn status(&self) -> Vec<SaStatus> {
        self.sad.pairs().flat_map(status::of).collect()
    }
}

#[cfg(test)]
mod tests;
