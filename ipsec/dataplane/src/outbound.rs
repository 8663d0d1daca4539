//! Sealing of packets from inside (RFC 4301 §5.1, RFC 4303 §3.3, RFC 4302 §3.3).

use ipsec_crypto::{Entropy, Provider};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, IpVersion, NotIp, protocol, udp};

use crate::sa::{Sa, Transform};
use crate::{DropReason, Mode, SaParameters, tunnel};

/// An SA that we send under.
pub(crate) struct OutboundSa {
    pub(crate) sa: Sa,
    /// The last sequence number sent; 0 before the first.
    pub(crate) sequence: u64,
}

/// What a packet is sealed with besides its SA.
pub(crate) struct Sealing<'a> {
    pub(crate) provider: &'static Provider,
    pub(crate) now: Instant,
    pub(crate) entropy: &'a mut dyn Entropy,
    /// For an outer IPv4 header.
    pub(crate) identification: u16,
}

impl OutboundSa {
    pub(crate) fn new(parameters: SaParameters, in_bundle: bool) -> Self {
        let sequence = parameters.options.sequence;
        Self { sa: Sa::new(parameters, in_bundle), sequence }
    }

    /// The protected packet for a packet from inside, which loses a hop in a tunnel.
    pub(crate) fn seal(&mut self, packet: IpPacket, with: &mut Sealing<'_>) -> Result<IpPacket, DropReason> {
        let octets = packet.len();
        let sealed = match self.sa.parameters.mode {
            Mode::Tunnel { local, remote } => with_one_hop_less(packet).and_then(|inner| {
                let header = tunnel::outer_header((local, remote), &inner, &self.sa.parameters, with);
                let next_header = inner.version().protocol();
                let mut buffer = inner.into_buffer();
                self.pad(&mut buffer);
                self.protect(next_header, buffer, IpVersion::of(local), with, |protocol, buffer| {
                    IpPacket::build(&IpHeader { protocol, ..header }, buffer)
                })
            }),
            Mode::Transport => self.seal_in_transport(packet, with),
        };
        self.sa.count(sealed.as_ref().map(|_| octets).map_err(|reason| *reason));
        sealed
    }

    /// A packet that only pretends to carry something, `length` octets of it (RFC 4303 §2.6).
    pub(crate) fn dummy(&mut self, length: usize, with: &mut Sealing<'_>) -> Result<IpPacket, DropReason> {
        let Mode::Tunnel { local, remote } = self.sa.parameters.mode else {
            return Err(DropReason::Unusable);
        };
        let header = tunnel::dummy_header((local, remote), &self.sa.parameters, with);
        let buffer = Buffer::copy_of(&vec![0; length]);
        self.protect(protocol::NONE, buffer, IpVersion::of(local), with, |protocol, buffer| {
            IpPacket::build(&IpHeader { protocol, ..header }, buffer)
        })
    }

    fn seal_in_transport(
        &mut self,
        packet: IpPacket,
        with: &mut Sealing<'_>,
    ) -> Result<IpPacket, DropReason> {
        if packet.fragment().is_some_and(|fragment| fragment.more || fragment.offset > 0) {
            return Err(DropReason::TransportFragment);
        }
        let (next_header, version) = (packet.protocol(), packet.version());
        let (headers, buffer) = packet.into_parts().map_err(|_| DropReason::TooLong)?;
        self.protect(next_header, buffer, version, with, |protocol, buffer| headers.join(protocol, buffer))
    }

    /// Turns a payload into a protected packet under the next sequence number; `outer` puts the IP header, of this version,
    /// before what has this protocol.
    fn protect(
        &mut self,
        next_header: u8,
        mut buffer: Buffer,
        version: IpVersion,
        with: &mut Sealing<'_>,
        outer: impl FnOnce(u8, Buffer) -> Result<IpPacket, NotIp>,
    ) -> Result<IpPacket, DropReason> {
        let (spi, last) = (self.sa.parameters.spi, self.last_sequence());
        let encapsulation = self.sa.parameters.options.encapsulation;
        let too_long = |_| DropReason::TooLong;
        let transform = self.sa.transform(with.provider)?;
        if self.sequence == last {
            return Err(DropReason::SequenceOverflow);
        }
        self.sequence += 1;
        let packet = match transform {
            Transform::Esp(esp) => {
                esp.seal(with.entropy, spi, self.sequence, next_header, &mut buffer)
                    .map_err(|_| DropReason::TooLong)?;
                match encapsulation {
                    None => outer(protocol::ESP, buffer).map_err(too_long)?,
                    Some(encapsulation) => {
                        encapsulation.prepend(&mut buffer);
                        let mut packet = outer(protocol::UDP, buffer).map_err(too_long)?;
                        // IPv6 knows no datagrams without a checksum (RFC 8200 §8.1).
                        if version == IpVersion::V6 {
                            udp::mend_checksum(&mut packet);
                        }
                        packet
                    }
                }
            }
            Transform::Ah(ah) => {
                ah.prepend(version, spi, self.sequence, next_header, &mut buffer);
                let mut packet = outer(protocol::AH, buffer).map_err(too_long)?;
                ah.sign(self.sequence, &mut packet)?;
                packet
            }
        };
        self.sa.last_used = Some(with.now);
        Ok(packet)
    }

    /// How many octets of the packet that a tunnel would have to carry, or of the payload in transport mode, fit `room`
    /// octets behind the outer IP headers; `version` is that of the outer packet.
    pub(crate) fn payload_within(
        &mut self,
        provider: &Provider,
        version: IpVersion,
        room: usize,
    ) -> Result<usize, DropReason> {
        let udp = self.sa.parameters.options.encapsulation.map_or(0, |_| udp::HEADER_LEN);
        Ok(match self.sa.transform(provider)? {
            Transform::Esp(esp) => esp.payload_within(room.saturating_sub(udp)),
            Transform::Ah(ah) => room.saturating_sub(ah.header_len(version)),
        })
    }

    /// The last number that may be sent: none is ever sent twice (RFC 4303 §3.3.3).
    fn last_sequence(&self) -> u64 {
        if self.sa.parameters.extended_sequence_numbers { u64::MAX } else { u64::from(u32::MAX) }
    }

    /// Whether so few sequence numbers are left, a sixteenth of all, that new keys are due.
    pub(crate) fn is_running_out(&self) -> bool {
        let last = self.last_sequence();
        self.sequence > last - last / 16
    }

    /// Hides how long a packet is.
    fn pad(&self, buffer: &mut Buffer) {
        if let Some(length) = self.sa.parameters.options.pad_to {
            let missing = usize::from(length).saturating_sub(buffer.len());
            buffer.grow_back(missing);
        }
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
