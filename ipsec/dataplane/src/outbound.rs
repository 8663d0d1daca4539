//! Sealing of packets from inside (RFC 4301 §5.1, RFC 4303 §3.3, RFC 4302 §3.3).

use std::net::IpAddr;

use ipsec_crypto::{Entropy, Provider};
use ipsec_net::{Buffer, Instant, IpPacket, IpVersion, protocol, udp};

use crate::sa::{Sa, Transform};
use crate::{DropReason, Mode, Protection, SaParameters, tunnel};

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

    /// Protects a packet from inside, which loses a hop in a tunnel.
    pub(crate) fn seal(&mut self, packet: &mut IpPacket, with: &mut Sealing<'_>) -> Result<(), DropReason> {
        let octets = packet.len();
        let sealed = match self.sa.parameters.mode {
            Mode::Tunnel { local, remote } => self.seal_in_tunnel((local, remote), packet, with),
            Mode::Transport => self.seal_in_transport(packet, with),
        };
        self.sa.count(sealed.map(|()| octets));
        sealed
    }

    /// A packet that only pretends to carry something, `length` octets of it (RFC 4303 §2.6).
    pub(crate) fn dummy(&mut self, length: usize, with: &mut Sealing<'_>) -> Result<IpPacket, DropReason> {
        let Mode::Tunnel { local, remote } = self.sa.parameters.mode else {
            return Err(DropReason::Unusable);
        };
        let mut header = tunnel::dummy_header((local, remote), &self.sa.parameters, with);
        header.protocol = self.outer_protocol();
        let mut buffer = Buffer::copy_of(&vec![0; length]);
        self.protect(protocol::NONE, IpVersion::of(local), &mut buffer, with)?;
        let mut packet = IpPacket::build(&header, buffer)?;
        self.finish(&mut packet)?;
        Ok(packet)
    }

    fn seal_in_tunnel(
        &mut self,
        ends: (IpAddr, IpAddr),
        packet: &mut IpPacket,
        with: &mut Sealing<'_>,
    ) -> Result<(), DropReason> {
        take_a_hop(packet)?;
        let mut header = tunnel::outer_header(ends, packet, &self.sa.parameters, with);
        header.protocol = self.outer_protocol();
        let next_header = packet.version().protocol();
        packet.enclose(&header, |buffer| {
            self.pad(buffer);
            self.protect(next_header, IpVersion::of(ends.0), buffer, with)
        })?;
        self.finish(packet)
    }

    fn seal_in_transport(&mut self, packet: &mut IpPacket, with: &mut Sealing<'_>) -> Result<(), DropReason> {
        if packet.fragment().is_some_and(|fragment| fragment.more || fragment.offset > 0) {
            return Err(DropReason::TransportFragment);
        }
        let (next_header, version) = (packet.protocol(), packet.version());
        packet.replace_payload(packet.headers()?, |buffer| {
            self.protect(next_header, version, buffer, with)?;
            Ok::<u8, DropReason>(self.outer_protocol())
        })?;
        self.finish(packet)
    }

    /// Turns a payload into what follows the IP header, of this version, under the next sequence number. The check value of
    /// AH is still missing.
    fn protect(
        &mut self,
        next_header: u8,
        version: IpVersion,
        buffer: &mut Buffer,
        with: &mut Sealing<'_>,
    ) -> Result<(), DropReason> {
        let (spi, last) = (self.sa.parameters.spi, self.last_sequence());
        let encapsulation = self.sa.parameters.options.encapsulation;
        let transform = self.sa.transform(with.provider)?;
        if self.sequence == last {
            return Err(DropReason::SequenceOverflow);
        }
        self.sequence += 1;
        match transform {
            Transform::Esp(esp) => {
                esp.seal(with.entropy, spi, self.sequence, next_header, buffer)
                    .map_err(|_| DropReason::TooLong)?;
                if let Some(encapsulation) = encapsulation {
                    encapsulation.prepend(buffer);
                }
            }
            Transform::Ah(ah) => ah.prepend(version, spi, self.sequence, next_header, buffer),
        }
        self.sa.last_used = Some(with.now);
        Ok(())
    }

    /// The protocol of what [`OutboundSa::protect`] makes.
    fn outer_protocol(&self) -> u8 {
        match (&self.sa.parameters.protection, self.sa.parameters.options.encapsulation) {
            (Protection::Esp(_), Some(_)) => protocol::UDP,
            (protection, _) => protection.protocol(),
        }
    }

    /// Does what can only be done once the IP header is there.
    fn finish(&self, packet: &mut IpPacket) -> Result<(), DropReason> {
        if let Some(Transform::Ah(ah)) = self.sa.keyed() {
            return ah.sign(self.sequence, packet);
        }
        // IPv6 knows no datagrams without a checksum (RFC 8200 §8.1).
        if packet.protocol() == protocol::UDP && packet.version() == IpVersion::V6 {
            udp::mend_checksum(packet);
        }
        Ok(())
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
    pub(crate) fn last_sequence(&self) -> u64 {
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
fn take_a_hop(packet: &mut IpPacket) -> Result<(), DropReason> {
    let hops = packet.hop_limit().saturating_sub(1);
    if hops == 0 {
        return Err(DropReason::HopLimit);
    }
    packet.set_hop_limit(hops);
    Ok(())
}
