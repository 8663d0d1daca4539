//! Opening of ESP packets from outside (RFC 4301 §5.2, RFC 4303 §3.4).

use ipsec_crypto::Provider;
use ipsec_net::{Buffer, Instant, IpPacket, protocol};

use crate::sa::Sa;
use crate::{DropReason, Flow, Mode, ReplayWindow, SaParameters, esn, esp, tunnel};

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
        let inner = match self.sa.parameters.mode {
            Mode::Tunnel { .. } => {
                let outer_class = packet.traffic_class();
                let mut buffer = packet.into_payload();
                let next_header = self.decrypt(provider, now, sequence, &mut buffer)?;
                tunnel::inner_packet(next_header, buffer, outer_class)?
            }
            Mode::Transport => {
                let (headers, mut buffer) = packet.into_parts().map_err(|_| DropReason::Malformed)?;
                match self.decrypt(provider, now, sequence, &mut buffer)? {
                    protocol::NONE => return Err(DropReason::Dummy),
                    protocol => headers.join(protocol, buffer).map_err(|_| DropReason::NotIp)?,
                }
            }
        };
        if !self.sa.carries(&Flow::inbound(&inner)) {
            return Err(DropReason::Selectors);
        }
        Ok(inner)
    }

    /// Turns an ESP packet into its payload and names its protocol; from here on the sequence number is used.
    fn decrypt(
        &mut self,
        provider: &Provider,
        now: Instant,
        sequence: u64,
        buffer: &mut Buffer,
    ) -> Result<u8, DropReason> {
        self.sa.transform(provider)?.decrypt(sequence, buffer)?;
        self.replay.update(sequence);
        self.sa.last_used = Some(now);
        esp::take_trailer(buffer)
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
