//! Packets in, packets out (RFC 4301 §5).

use ipsec_crypto::{Entropy, HashAlgorithm, Provider};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, IpVersion, protocol};
use ipsec_wire::Spi;
use ipsec_wire::esp::Header;

use crate::sad::{Sa, Sad};
use crate::spd::Spd;
use crate::{Action, DropReason, Flow, Mode, Policy, SaPair, Suite, ecn, infer_high};

/// The data plane of one host.
pub struct Dataplane {
    provider: &'static Provider,
    spd: Spd,
    sad: Sad,
    /// The identification of the next outer IPv4 header.
    identification: u16,
}

/// What becomes of a packet from inside.
#[derive(Debug, PartialEq, Eq)]
pub enum Outbound {
    /// Send this protected packet.
    Send(IpPacket),
    /// Send the packet as it is.
    Bypass(IpPacket),
    /// It was dropped for want of an SA for this policy.
    Acquire {
        /// The policy's name.
        policy: String,
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

/// One SA, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaStatus {
    /// The policy's name.
    pub policy: String,
    /// Whether we receive under it.
    pub inbound: bool,
    /// The SPI.
    pub spi: Spi,
    /// The algorithms.
    pub suite: Suite,
    /// Packets carried.
    pub packets: u64,
    /// Octets carried, counted inside the tunnel.
    pub octets: u64,
    /// The last sequence number sent, or the highest one authenticated.
    pub sequence: u64,
    /// A hash of algorithms and key, by which two ends can be compared without telling the key.
    pub fingerprint: [u8; 8],
}

impl Dataplane {
    /// A data plane with these policies, in order, and no SAs.
    #[must_use]
    pub fn new(provider: &'static Provider, policies: Vec<Policy>) -> Self {
        Self { provider, spd: Spd::new(policies), sad: Sad::default(), identification: 0 }
    }

    /// Installs an SA pair. It is used at once for the packets of its policy that its selectors cover; one whose policy
    /// is unknown is ignored.
    pub fn install(&mut self, pair: SaPair) {
        if let Some(policy) = self.spd.index_of(&pair.policy) {
            self.sad.insert(policy, pair);
        }
    }

    /// Removes the pair that receives under this SPI; tells whether it was there.
    pub fn remove(&mut self, inbound: Spi) -> bool {
        self.sad.remove(inbound).is_some()
    }

    /// When a packet was last authenticated under this SPI.
    #[must_use]
    pub fn last_received(&self, inbound: Spi) -> Option<Instant> {
        self.sad.pair(inbound)?.inbound.last_used
    }

    /// Takes a packet from inside (RFC 4301 §5.1).
    pub fn outbound(&mut self, now: Instant, entropy: &mut dyn Entropy, mut packet: IpPacket) -> Outbound {
        let flow = Flow::outbound(&packet);
        let Some(index) = self.spd.lookup(&flow) else {
            return Outbound::Drop(DropReason::Discarded);
        };
        match self.spd.policy(index).action {
            Action::Discard => return Outbound::Drop(DropReason::Discarded),
            Action::Bypass => return Outbound::Bypass(packet),
            Action::Protect => {}
        }
        let Some(sa) = self.sad.outbound(index, &flow) else {
            return Outbound::Acquire { policy: self.spd.policy(index).name.clone() };
        };
        match packet.hop_limit() {
            0 | 1 => return Outbound::Drop(DropReason::HopLimit),
            hops => packet.set_hop_limit(hops - 1),
        }
        self.identification = self.identification.wrapping_add(1);
        match seal(sa, self.provider, now, entropy, packet, self.identification) {
            Ok(outer) => Outbound::Send(outer),
            Err(reason) => Outbound::Drop(reason),
        }
    }

    /// Takes a whole ESP packet from outside (RFC 4301 §5.2).
    pub fn inbound(&mut self, now: Instant, packet: IpPacket) -> Inbound {
        let Ok(header) = Header::parse(packet.payload()) else {
            return Inbound::Drop { reason: DropReason::Malformed, spi: None };
        };
        let opened = match self.sad.inbound(header.spi) {
            Some(sa) => open(sa, self.provider, now, header, packet),
            None => Err(DropReason::UnknownSpi),
        };
        match opened {
            Ok(inner) => Inbound::Deliver(inner),
            Err(reason) => Inbound::Drop { reason, spi: Some(header.spi) },
        }
    }

    /// Takes a packet from outside that is not protected: policy decides whether it may be in the clear.
    pub fn inbound_clear(&mut self, packet: IpPacket) -> Inbound {
        let drop = |reason| Inbound::Drop { reason, spi: None };
        let Some(index) = self.spd.lookup(&Flow::inbound(&packet)) else {
            return drop(DropReason::Discarded);
        };
        match self.spd.policy(index).action {
            Action::Bypass => Inbound::Deliver(packet),
            Action::Discard => drop(DropReason::Discarded),
            Action::Protect => drop(DropReason::Unprotected),
        }
    }

    /// The SAs, as plain data.
    #[must_use]
    pub fn status(&self) -> Vec<SaStatus> {
        let both = |pair: &crate::sad::Pair| {
            let policy = &self.spd.policy(pair.policy).name;
            let inbound = status(policy, &pair.inbound, true, pair.inbound.replay.highest());
            [inbound, status(policy, &pair.outbound, false, pair.outbound.sequence)]
        };
        self.sad.pairs().flat_map(both).collect()
    }
}

fn seal(
    sa: &mut Sa,
    provider: &Provider,
    now: Instant,
    entropy: &mut dyn Entropy,
    packet: IpPacket,
    identification: u16,
) -> Result<IpPacket, DropReason> {
    let Mode::Tunnel { local, remote } = sa.parameters.mode;
    let most = if sa.parameters.extended_sequence_numbers { u64::MAX } else { u64::from(u32::MAX) };
    if sa.sequence >= most {
        return Err(DropReason::SequenceOverflow);
    }
    let sequence = sa.sequence + 1;
    let (next_header, class, length) = (packet.version().protocol(), packet.traffic_class(), packet.len());
    let spi = sa.parameters.spi;
    let mut buffer = packet.into_buffer();
    sa.transform(provider).map_err(|_| DropReason::NoSa)?.seal(
        entropy,
        spi,
        sequence,
        next_header,
        &mut buffer,
    );
    sa.sequence = sequence;
    let mut header = IpHeader::new(local, remote, protocol::ESP);
    header.traffic_class = ecn::outer(class);
    header.identification = identification;
    let outer = IpPacket::build(&header, buffer).map_err(|_| DropReason::TooLong)?;
    sa.count(now, length);
    Ok(outer)
}

fn open(
    sa: &mut Sa,
    provider: &Provider,
    now: Instant,
    header: Header,
    packet: IpPacket,
) -> Result<IpPacket, DropReason> {
    let sequence = if sa.parameters.extended_sequence_numbers {
        infer_high(sa.replay.highest(), sa.replay.size(), header.sequence)
    } else {
        u64::from(header.sequence)
    };
    sa.replay.check(sequence)?;
    let outer_class = packet.traffic_class();
    let mut buffer = packet.into_payload();
    let opened = sa.transform(provider).map_err(|_| DropReason::UnknownSpi)?.open(sequence, &mut buffer)?;
    sa.replay.update(sequence);
    let inner = inner_packet(opened.next_header, buffer, outer_class)?;
    if !sa.carries(&Flow::inbound(&inner)) {
        return Err(DropReason::Selectors);
    }
    sa.count(now, inner.len());
    Ok(inner)
}

fn inner_packet(next_header: u8, buffer: Buffer, outer_class: u8) -> Result<IpPacket, DropReason> {
    let version = match next_header {
        protocol::IPV4 => IpVersion::V4,
        protocol::IPV6 => IpVersion::V6,
        protocol::NONE => return Err(DropReason::Dummy),
        _ => return Err(DropReason::NextHeader),
    };
    let mut inner = IpPacket::parse(buffer).map_err(|_| DropReason::NotIp)?;
    if inner.version() != version {
        return Err(DropReason::NotIp);
    }
    let class = ecn::decapsulated(inner.traffic_class(), outer_class)?;
    if class != inner.traffic_class() {
        inner.set_traffic_class(class);
    }
    Ok(inner)
}

fn status(policy: &str, sa: &Sa, inbound: bool, sequence: u64) -> SaStatus {
    let parameters = &sa.parameters;
    let suite = parameters.suite.to_string();
    let hash = HashAlgorithm::Sha2_256.digest(&[suite.as_bytes(), parameters.key.as_bytes()]);
    let mut fingerprint = [0; 8];
    fingerprint.copy_from_slice(&hash[..8]);
    SaStatus {
        policy: policy.to_owned(),
        inbound,
        spi: parameters.spi,
        suite: parameters.suite,
        packets: sa.packets,
        octets: sa.octets,
        sequence,
        fingerprint,
    }
}

#[cfg(test)]
mod tests;
