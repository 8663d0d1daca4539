//! Opening of packets from outside (RFC 4301 §5.2, RFC 4303 §3.4, RFC 4302 §3.4).

use ipsec_crypto::Provider;
use ipsec_net::{Buffer, Headers, Instant, IpPacket, protocol};
use ipsec_wire::ah;

use crate::sa::{Sa, Transform};
use crate::{DropReason, Mode, ReplayWindow, SaParameters, esn, esp, tunnel};

/// An SA that we receive under.
pub(crate) struct InboundSa {
    pub(crate) sa: Sa,
    pub(crate) replay: ReplayWindow,
    /// How many packets in a row have failed the integrity check.
    forged: u32,
}

/// A packet that is not opened yet.
pub(crate) struct Arrived {
    pub(crate) packet: IpPacket,
    /// The sequence number that it carries.
    pub(crate) sequence: u32,
    /// How many octets of encapsulation stand before ESP.
    pub(crate) encapsulation: usize,
}

/// After so many forged packets in a row, and each time that their number doubles, one is tried with later upper halves of
/// its sequence number: the two ends may have lost each other over a gap of 2³² packets (RFC 4303 appendix A3).
const LOST_AFTER: u32 = 8;
/// How many later upper halves are tried.
const SUBSPACES: u64 = 4;

impl InboundSa {
    pub(crate) fn new(parameters: SaParameters, in_bundle: bool) -> Self {
        let mut replay = ReplayWindow::new(parameters.replay_window);
        if parameters.options.sequence > 0 {
            replay.update(parameters.options.sequence);
        }
        Self { sa: Sa::new(parameters, in_bundle), replay, forged: 0 }
    }

    /// The packet inside a packet with this SA's SPI.
    pub(crate) fn open(
        &mut self,
        provider: &Provider,
        now: Instant,
        arrived: Arrived,
    ) -> Result<IpPacket, DropReason> {
        let sequence = self.sequence(arrived.sequence);
        self.replay.check(sequence)?;
        let copy = self.may_be_lost().then(|| (arrived.packet.clone(), arrived.encapsulation));
        let opened = self.attempt(provider, now, sequence, arrived.packet, arrived.encapsulation);
        if opened != Err(DropReason::Integrity) {
            return opened;
        }
        self.forged = self.forged.saturating_add(1);
        let Some((packet, encapsulation)) = copy else { return opened };
        for ahead in 1..=SUBSPACES {
            let Some(later) = sequence.checked_add(ahead << 32) else { break };
            let opened = self.attempt(provider, now, later, packet.clone(), encapsulation);
            if opened != Err(DropReason::Integrity) {
                return opened;
            }
        }
        opened
    }

    fn attempt(
        &mut self,
        provider: &Provider,
        now: Instant,
        sequence: u64,
        packet: IpPacket,
        encapsulation: usize,
    ) -> Result<IpPacket, DropReason> {
        let mode = self.sa.parameters.mode;
        match (self.sa.transform(provider)?, mode) {
            (Transform::Esp(transform), Mode::Tunnel { .. }) => {
                let class = packet.traffic_class();
                let mut buffer = packet.into_payload();
                buffer.shrink_front(encapsulation);
                transform.decrypt(sequence, &mut buffer)?;
                self.authentic(now, sequence);
                let next_header = esp::take_trailer(&mut buffer)?;
                tunnel::inner_packet(next_header, buffer, class)
            }
            (Transform::Esp(transform), Mode::Transport) => {
                let (headers, mut buffer) = packet.into_parts().map_err(|_| DropReason::Malformed)?;
                buffer.shrink_front(encapsulation);
                transform.decrypt(sequence, &mut buffer)?;
                self.authentic(now, sequence);
                let next_header = esp::take_trailer(&mut buffer)?;
                let mut packet = joined(headers, next_header, buffer)?;
                if let Some(encapsulation) = &self.sa.parameters.options.encapsulation {
                    encapsulation.mend_checksum(&mut packet);
                }
                Ok(packet)
            }
            (Transform::Ah(transform), mode) => {
                // A fragment header that says nothing is not authenticated (RFC 4302 appendix A2).
                let mut packet = match packet.fragment() {
                    None => packet,
                    Some(_) => whole(packet)?,
                };
                let header = transform.verify(sequence, &mut packet)?;
                self.authentic(now, sequence);
                authenticated(header, mode, packet)
            }
        }
    }

    /// Accounts for an authentic packet; from here on its sequence number is used.
    fn authentic(&mut self, now: Instant, sequence: u64) {
        self.replay.update(sequence);
        self.sa.last_used = Some(now);
        self.forged = 0;
    }

    /// The full sequence number.
    fn sequence(&self, low: u32) -> u64 {
        if self.sa.parameters.extended_sequence_numbers {
            esn::infer(self.replay.highest(), self.replay.size(), low)
        } else {
            u64::from(low)
        }
    }

    fn may_be_lost(&self) -> bool {
        self.sa.parameters.extended_sequence_numbers
            && self.forged >= LOST_AFTER
            && self.forged.is_power_of_two()
    }
}

/// What AH has authenticated, without it.
fn authenticated(header: ah::Header, mode: Mode, packet: IpPacket) -> Result<IpPacket, DropReason> {
    match mode {
        Mode::Tunnel { .. } => {
            let class = packet.traffic_class();
            let mut buffer = packet.into_payload();
            buffer.shrink_front(header.len());
            tunnel::inner_packet(header.next_header, buffer, class)
        }
        Mode::Transport => {
            let (headers, mut buffer) = packet.into_parts().map_err(|_| DropReason::Malformed)?;
            buffer.shrink_front(header.len());
            joined(headers, header.next_header, buffer)
        }
    }
}

fn joined(headers: Headers, next_header: u8, buffer: Buffer) -> Result<IpPacket, DropReason> {
    match next_header {
        protocol::NONE => Err(DropReason::Dummy),
        protocol => headers.join(protocol, buffer).map_err(|_| DropReason::NotIp),
    }
}

/// Without a fragment header that makes no fragment of it.
fn whole(packet: IpPacket) -> Result<IpPacket, DropReason> {
    let protocol = packet.protocol();
    let (headers, buffer) = packet.into_parts().map_err(|_| DropReason::Malformed)?;
    headers.join(protocol, buffer).map_err(|_| DropReason::Malformed)
}
