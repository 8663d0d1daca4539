//! Sealing of packets from inside (RFC 4301 §5.1, RFC 4303 §3.3).

use ipsec_crypto::{Entropy, Provider};
use ipsec_net::{Instant, IpPacket};

use crate::sa::Sa;
use crate::{DropReason, SaParameters, tunnel};

/// An SA that we send under.
pub(crate) struct OutboundSa {
    pub(crate) sa: Sa,
    /// The last sequence number sent; 0 before the first.
    pub(crate) sequence: u64,
}

impl OutboundSa {
    pub(crate) fn new(parameters: SaParameters) -> Self {
        Self { sa: Sa::new(parameters), sequence: 0 }
    }

    /// The tunnel packet for a packet from inside, which loses a hop; `identification` is for an outer IPv4 header.
    pub(crate) fn seal(
        &mut self,
        provider: &Provider,
        now: Instant,
        entropy: &mut dyn Entropy,
        identification: u16,
        packet: IpPacket,
    ) -> Result<IpPacket, DropReason> {
        let octets = packet.len();
        let sealed = self.process(provider, now, entropy, identification, packet);
        self.sa.count(sealed.as_ref().map(|_| octets).map_err(|reason| *reason));
        sealed
    }

    fn process(
        &mut self,
        provider: &Provider,
        now: Instant,
        entropy: &mut dyn Entropy,
        identification: u16,
        mut packet: IpPacket,
    ) -> Result<IpPacket, DropReason> {
        let SaParameters { spi, mode, .. } = self.sa.parameters;
        let hops = packet.hop_limit().saturating_sub(1);
        if hops == 0 {
            return Err(DropReason::HopLimit);
        }
        packet.set_hop_limit(hops);
        let header = tunnel::outer_header(mode, &packet, identification);
        let next_header = packet.version().protocol();
        let mut buffer = packet.into_buffer();
        let last = self.last_sequence();
        let transform = self.sa.transform(provider)?;
        if self.sequence == last {
            return Err(DropReason::SequenceOverflow);
        }
        self.sequence += 1;
        transform
            .seal(entropy, spi, self.sequence, next_header, &mut buffer)
            .map_err(|_| DropReason::TooLong)?;
        let outer = IpPacket::build(&header, buffer).map_err(|_| DropReason::TooLong)?;
        self.sa.last_used = Some(now);
        Ok(outer)
    }

    /// The last number that may be sent: none is ever sent twice (RFC 4303 §3.3.3).
    fn last_sequence(&self) -> u64 {
        if self.sa.parameters.extended_sequence_numbers { u64::MAX } else { u64::from(u32::MAX) }
    }
}
