//! Opening of packets from outside (RFC 4301 §5.2, RFC 4303 §3.4, RFC 4302 §3.4).

use ipsec_crypto::Provider;
use ipsec_net::{Buffer, Instant, IpPacket, protocol};

use crate::sa::{Sa, Transform};
use crate::{DropReason, Mode, ReplayWindow, SaParameters, esn, esp, tunnel};

/// An SA that we receive under.
pub(crate) struct InboundSa {
    pub(crate) sa: Sa,
    pub(crate) replay: ReplayWindow,
    /// How many packets in a row have failed the integrity check.
    forged: u32,
}

/// What has to be known of a packet to open it.
#[derive(Clone, Copy)]
pub(crate) struct Arrived {
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

    /// Makes a packet with this SA's SPI the packet inside it.
    pub(crate) fn open(
        &mut self,
        provider: &Provider,
        now: Instant,
        packet: &mut IpPacket,
        arrived: Arrived,
    ) -> Result<(), DropReason> {
        let sequence = self.sequence(arrived.sequence);
        self.replay.check(sequence)?;
        let copy = self.may_be_lost().then(|| packet.clone());
        let opened = self.attempt(provider, now, sequence, packet, arrived.encapsulation);
        if opened != Err(DropReason::Integrity) {
            return opened;
        }
        self.forged = self.forged.saturating_add(1);
        let Some(copy) = copy else { return opened };
        for ahead in 1..=SUBSPACES {
            let Some(later) = sequence.checked_add(ahead << 32) else { break };
            packet.clone_from(&copy);
            let opened = self.attempt(provider, now, later, packet, arrived.encapsulation);
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
        packet: &mut IpPacket,
        encapsulation: usize,
    ) -> Result<(), DropReason> {
        let mode = self.sa.parameters.mode;
        let mut is_authentic = false;
        let opened = match self.sa.transform(provider)? {
            Transform::Esp(transform) => {
                let open = |buffer: &mut Buffer| {
                    buffer.shrink_front(encapsulation);
                    transform.decrypt(sequence, buffer)?;
                    is_authentic = true;
                    esp::take_trailer(buffer)
                };
                match mode {
                    Mode::Tunnel { .. } => tunnel::release(packet, open),
                    Mode::Transport => replace_payload(packet, open).map(|()| {
                        if let Some(encapsulation) = &self.sa.parameters.options.encapsulation {
                            encapsulation.mend_checksum(packet);
                        }
                    }),
                }
            }
            Transform::Ah(transform) => {
                // A fragment header that says nothing is not authenticated (RFC 4302 appendix A2).
                if packet.fragment().is_some() {
                    let protocol = packet.protocol();
                    replace_payload(packet, |_| Ok(protocol))?;
                }
                let header = transform.verify(sequence, packet)?;
                is_authentic = true;
                let open = |buffer: &mut Buffer| {
                    buffer.shrink_front(header.len());
                    Ok(header.next_header)
                };
                match mode {
                    Mode::Tunnel { .. } => tunnel::release(packet, open),
                    Mode::Transport => replace_payload(packet, open),
                }
            }
        };
        if is_authentic {
            self.authentic(now, sequence);
        }
        opened
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

/// Leaves the packet's headers, and of its payload what `open` does.
fn replace_payload(
    packet: &mut IpPacket,
    open: impl FnOnce(&mut Buffer) -> Result<u8, DropReason>,
) -> Result<(), DropReason> {
    let headers = packet.headers().map_err(|_| DropReason::Malformed)?;
    packet.replace_payload(headers, |buffer| match open(buffer)? {
        protocol::NONE => Err(DropReason::Dummy),
        protocol => Ok(protocol),
    })
}
