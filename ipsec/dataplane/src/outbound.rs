//! Sealing of packets from inside (RFC 4301 §5.1, RFC 4303 §3.3).

use ipsec_crypto::{Entropy, Provider};
use ipsec_net::{Buffer, Instant, IpPacket, protocol};

use crate::sa::Sa;
use crate::{DropReason, Mode, SaParameters, tunnel};

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

    /// The protected packet for a packet from inside, which loses a hop in a tunnel; `identification` is for an outer
    /// IPv4 header.
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
        packet: IpPacket,
    ) -> Result<IpPacket, DropReason> {
        let too_long = |_| DropReason::TooLong;
        let outer = match self.sa.parameters.mode {
            Mode::Tunnel { local, remote } => {
                let inner = with_one_hop_less(packet)?;
                let header = tunnel::outer_header((local, remote), &inner, identification);
                let next_header = inner.version().protocol();
                let mut buffer = inner.into_buffer();
                self.encrypt(provider, entropy, next_header, &mut buffer)?;
                IpPacket::build(&header, buffer).map_err(too_long)?
            }
            Mode::Transport => {
                if packet.fragment().is_some() {
                    return Err(DropReason::TransportFragment);
                }
                let next_header = packet.protocol();
                let (headers, mut buffer) = packet.into_parts().map_err(too_long)?;
                self.encrypt(provider, entropy, next_header, &mut buffer)?;
                headers.join(protocol::ESP, buffer).map_err(too_long)?
            }
        };
        self.sa.last_used = Some(now);
        Ok(outer)
    }

    /// Turns a payload into an ESP packet under the next sequence number.
    fn encrypt(
        &mut self,
        provider: &Provider,
        entropy: &mut dyn Entropy,
        next_header: u8,
        buffer: &mut Buffer,
    ) -> Result<(), DropReason> {
        let (spi, last) = (self.sa.parameters.spi, self.last_sequence());
        let transform = self.sa.transform(provider)?;
        if self.sequence == last {
            return Err(DropReason::SequenceOverflow);
        }
        self.sequence += 1;
        transform.seal(entropy, spi, self.sequence, next_header, buffer).map_err(|_| DropReason::TooLong)
    }

    /// The last number that may be sent: none is ever sent twice (RFC 4303 §3.3.3).
    fn last_sequence(&self) -> u64 {
        if self.sa.parameters.extended_sequence_numbers { u64::MAX } else { u64::from(u32::MAX) }
    }
}

/// A packet on its way into a tunnel is forwarded (RFC 4301 §5.1.2.1).
fn with_one_hop_less(mut packet: IpPacket) -> Result<IpPacket, DropReason> {
    let hops = packet.hop_limit().saturating_sub(1);
    if hops == 0 {
        return Err(DropReason::HopLimit);
    }
    packet.set_hop_limit(hops);
    Ok(packet)
}
