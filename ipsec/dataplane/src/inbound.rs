//! Opening of ESP packets from outside (RFC 4301 §5.2, RFC 4303 §3.4).

use ipsec_crypto::Provider;
use ipsec_net::{Instant, IpPacket};

use crate::sa::Sa;
use crate::{DropReason, Flow, ReplayWindow, SaParameters, esn, esp, tunnel};

/// An SA that we receive under.
pub(crate) struct InboundSa {
    pub(crate) sa: Sa,
    pub(crate) replay: ReplayWindow,
}

impl InboundSa {
    pub(crate) fn new(parameters: SaParameters) -> Self {
        let replay = ReplayWindow::new(parameters.replay_window);
        Self { sa: Sa::new(parameters), replay }
    }

    /// The packet inside an ESP packet with this SA's SPI, `low` being the sequence number that it carries.
    pub(crate) fn open(
        &mut self,
        provider: &Provider,
        now: Instant,
        low: u32,
        packet: IpPacket,
    ) -> Result<IpPacket, DropReason> {
        let opened = self.process(provider, now, low, packet);
        self.sa.count(opened.as_ref().map(IpPacket::len).map_err(|reason| *reason));
        opened
    }

    fn process(
        &mut self,
        provider: &Provider,
        now: Instant,
        low: u32,
        packet: IpPacket,
    ) -> Result<IpPacket, DropReason> {
        let sequence = self.sequence(low);
        self.replay.check(sequence)?;
        let outer_class = packet.traffic_class();
        let mut buffer = packet.into_payload();
        self.sa.transform(provider)?.decrypt(sequence, &mut buffer)?;
        self.replay.update(sequence);
        self.sa.last_used = Some(now);
        let next_header = esp::take_trailer(&mut buffer)?;
        let inner = tunnel::inner_packet(next_header, buffer, outer_class)?;
        if !self.sa.carries(&Flow::inbound(&inner)) {
            return Err(DropReason::Selectors);
        }
        Ok(inner)
    }

    /// The full sequence number.
    fn sequence(&self, low: u32) -> u64 {
        if self.sa.parameters.extended_sequence_numbers {
            esn::infer(self.replay.highest(), self.replay.size(), low)
        } else {
            u64::from(low)
        }
    }
}
