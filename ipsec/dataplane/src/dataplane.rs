//! Packets in, packets out (RFC 4301 §5).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use ipsec_crypto::{Entropy, Provider};
use ipsec_net::icmp_error::{self, IcmpError};
use ipsec_net::{Instant, IpPacket, IpVersion, fragment, icmp, protocol, udp};
use ipsec_wire::{Spi, ah, esp};

use crate::fragment_ports::FragmentPorts;
use crate::inbound::Arrived;
use crate::outbound::Sealing;
use crate::path_mtu::PathMtus;
use crate::sad::{Pair, Sad};
use crate::spd::Spd;
use crate::status::{self, SaStatus};
use crate::timers::Timers;
use crate::{
    Action, Direction, DropReason, Expired, Flow, Mode, Policy, SaPair, Selector, Unselected, esn, tunnel,
};

mod addresses;
mod failover;
mod lifetimes;
mod settings;

pub use failover::Standby;
pub use settings::Settings;

/// The data plane of one host.
pub struct Dataplane {
    provider: &'static Provider,
    settings: Settings,
    spd: Spd,
    sad: Sad,
    /// The identification of the last outer header: distinct ones keep the fragments of different packets apart.
    identification: u16,
    path_mtus: PathMtus,
    fragment_ports: FragmentPorts,
    timers: Timers,
    due: VecDeque<Due>,
}

/// What becomes of a packet from inside.
#[derive(Debug, PartialEq, Eq)]
pub enum Outbound {
    /// Send this protected packet.
    Send(IpPacket),
    /// Send these: the packet was cut before it was protected.
    SendAll(Vec<IpPacket>),
    /// Send the packet as it is.
    Bypass(IpPacket),
    /// There is no SA for this packet yet. It comes back as it was; who does not keep it drops it as
    /// [`DropReason::NoSa`].
    Acquire {
        /// The policy's name.
        policy: String,
        /// What the SA is to carry.
        selectors: Vec<Selector>,
        /// The packet.
        packet: IpPacket,
    },
    /// It was dropped.
    Drop {
        /// Why.
        reason: DropReason,
        /// The SPI of the SA that it should have gone through and the last sequence number sent under it, once an SA was
        /// found.
        sa: Option<(Spi, u32)>,
        /// An ICMP error for its sender.
        answer: Option<IpPacket>,
    },
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
        /// The SPI and the sequence number that it carried, if it was ESP or AH.
        carried: Option<(Spi, u32)>,
        /// The packet inside and the SA's selectors, where these do not match it (RFC 4301 §5.2).
        inside: Option<Box<Unselected>>,
    },
}

/// What time brings about, and what use does to lifetimes.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// Send this packet: a dummy or a NAT keepalive.
    Send(IpPacket),
    /// A pair has reached a limit.
    Expired(Expired),
    /// A packet that was newer than all before came in UDP and was authentic, but ran between other addresses or ports than
    /// those of its SA. Nothing has changed.
    Moved {
        /// The SPI of the SA.
        inbound: Spi,
        /// Where it came to.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
    },
}

impl Dataplane {
    /// A data plane with these policies, in order, and no SAs. What no policy matches is discarded.
    #[must_use]
    pub fn new(provider: &'static Provider, policies: Vec<Policy>, settings: Settings) -> Self {
        Self {
            provider,
            settings,
            spd: Spd::new(policies),
            sad: Sad::default(),
            identification: 0,
            path_mtus: PathMtus::new(settings.link_mtu),
            fragment_ports: FragmentPorts::default(),
            timers: Timers::default(),
            due: VecDeque::new(),
        }
    }

    /// Takes a packet from inside (RFC 4301 §5.1). Only CBC draws entropy: an IV for each packet.
    pub fn outbound(&mut self, now: Instant, entropy: &mut dyn Entropy, mut packet: IpPacket) -> Outbound {
        let shown = Flow::outbound(&packet);
        let mut flow = self.complete(now, &packet, shown);
        if self.settings.icmp_errors
            && icmp_error::is_error(&packet)
            && let Some(about) = Flow::outbound_error(&packet)
            && self.spd.lookup(&flow, Direction::Outbound).is_none_or(|(_, p, _)| p.action == Action::Discard)
        {
            flow = about;
        }
        let Some((index, policy, used)) = self.spd.lookup(&flow, Direction::Outbound) else {
            return drop_as(DropReason::Discarded);
        };
        match policy.action {
            Action::Discard => return drop_as(DropReason::Discarded),
            Action::Bypass => return Outbound::Bypass(packet),
            Action::Protect => {}
        }
        let Some(pair) = self.sad.outbound(index, &flow, used) else {
            let selectors = policy.populated(&flow);
            return Outbound::Acquire { policy: policy.name.clone(), selectors, packet };
        };
        if shown != flow && packet.fragment().is_some() && !pair.outbound.sa.carries_fragment(&shown, &flow) {
            pair.outbound.sa.count(Err(DropReason::LaterFragment));
            return drop_on(pair, DropReason::LaterFragment);
        }
        let mtu = self.path_mtus.to(now, remote_end(pair, &packet));
        let cut = match room(self.provider, pair, mtu, &packet) {
            Ok(Some(room)) if packet.len() > room => Some(cut(&packet, room, pair)),
            Ok(_) => None,
            Err(reason) => return drop_on(pair, reason),
        };
        let identification = &mut self.identification;
        let mut seal = |packet: &mut IpPacket| {
            *identification = identification.wrapping_add(1);
            let identification = *identification;
            seal(pair, packet, &mut Sealing { provider: self.provider, now, entropy, identification })
        };
        let sent = match cut {
            None => match seal(&mut packet) {
                Ok(()) => Outbound::Send(packet),
                Err(reason) => drop_on(pair, reason),
            },
            Some(Ok(mut pieces)) => match pieces.iter_mut().try_for_each(seal) {
                Ok(()) => Outbound::SendAll(pieces),
                Err(reason) => drop_on(pair, reason),
            },
            Some(Err(answer)) => {
                pair.outbound.sa.count(Err(DropReason::PathMtu));
                return Outbound::Drop { reason: DropReason::PathMtu, sa: named(pair), answer };
            }
        };
        let serial = lifetimes::reached(pair, pair.outbound.sa.used(), pair.outbound.is_running_out());
        self.note(serial);
        sent
    }

    /// Takes a whole ESP or AH packet for this host from outside (RFC 4301 §5.2 step 3a). Anything else is taken as
    /// [`Dataplane::inbound_clear`] does.
    pub fn inbound(&mut self, now: Instant, packet: IpPacket) -> Inbound {
        if !matches!(packet.protocol(), protocol::ESP | protocol::AH) {
            return self.inbound_clear(now, packet);
        }
        self.inbound_protected(now, packet)
    }

    /// Takes a whole UDP packet for this host from outside that has ESP in it (RFC 3948 §2.1).
    pub fn inbound_in_udp(&mut self, now: Instant, packet: IpPacket) -> Inbound {
        self.inbound_protected(now, packet)
    }

    fn inbound_protected(&mut self, now: Instant, mut packet: IpPacket) -> Inbound {
        if packet.fragment().is_some_and(|fragment| fragment.more || fragment.offset > 0) {
            return drop_from_outside(DropReason::Fragment, None);
        }
        let Some((key, arrived)) = identified(&packet) else {
            return drop_from_outside(DropReason::Malformed, None);
        };
        let carried = Some((key.1, arrived.sequence));
        let Some(place) = self.sad.find(key) else {
            return drop_from_outside(DropReason::UnknownSpi, carried);
        };
        // A place always has its pair.
        let Some(pair) = self.sad.at(place) else {
            return drop_from_outside(DropReason::UnknownSpi, carried);
        };
        let yields = pair.yields;
        let (ran, before) = (addresses::run(&packet, &arrived), pair.inbound.replay.highest());
        let opened = open(self.provider, pair, place.is_bundled, now, &mut packet, arrived).and_then(|()| {
            let shown = Flow::inbound(&packet);
            let flow = match packet.fragment() {
                Some(_) if self.settings.stateful_fragments => {
                    self.fragment_ports.complete(now, &packet, shown)
                }
                _ => shown,
            };
            let carries = pair.inbound.sa.carries_fragment(&shown, &flow);
            let carries = match Flow::inbound_error(&packet).map(|about| pair.inbound.sa.carries(&about)) {
                Some(true) => carries || self.settings.icmp_errors,
                Some(false) => carries && !self.settings.check_quoted_packets,
                None => carries,
            };
            if carries { Ok(packet.len()) } else { Err(DropReason::Selectors) }
        });
        pair.inbound.sa.count(opened);
        let inside = (opened == Err(DropReason::Selectors))
            .then(|| Box::new(Unselected::new(&packet, &pair.inbound.sa.parameters)));
        let moved = addresses::moved(pair, ran, before);
        let reached = lifetimes::reached(pair, pair.inbound.sa.used(), false);
        self.due.extend(moved);
        if yields && matches!(opened, Ok(_) | Err(DropReason::Selectors)) {
            self.sad.prefer(place);
        }
        self.note(reached);
        match opened {
            Ok(_) => Inbound::Deliver(packet),
            Err(reason) => Inbound::Drop { reason, carried, inside },
        }
    }

    /// Takes a packet from outside that is not protected: policy decides whether it may be in the clear (RFC 4301 §5.2
    /// step 3b).
    pub fn inbound_clear(&mut self, now: Instant, packet: IpPacket) -> Inbound {
        let mut flow = Flow::inbound(&packet);
        if flow.ports.is_none() {
            flow = self.complete(now, &packet, flow);
        }
        let found = self.spd.lookup(&flow, Direction::Inbound);
        let reason = match found.map(|(_, policy, _)| policy.action) {
            Some(Action::Bypass) => {
                // Of what nothing proves, only that is remembered which policy lets pass.
                self.complete(now, &packet, flow);
                return Inbound::Deliver(packet);
            }
            Some(Action::Protect) => DropReason::Unprotected,
            Some(Action::Discard) | None => DropReason::Discarded,
        };
        drop_from_outside(reason, None)
    }

    /// Takes an ICMP error from outside for this host. One that tells of a narrow path, about a packet that an SA here may
    /// have sent, makes later ones fit (RFC 4301 §8.2.1). Returns whether it changed anything.
    pub fn inbound_error(&mut self, now: Instant, packet: &IpPacket) -> bool {
        let Some(message) = icmp_error::read(packet).filter(|_| self.settings.path_mtu_discovery) else {
            return false;
        };
        let Some(IcmpError::PacketTooBig { mtu }) = message.error else { return false };
        let about = message.quoted;
        let spi = match (about.protocol, about.payload) {
            (protocol::ESP, [a, b, c, d, ..])
            | (protocol::AH, [_, _, _, _, a, b, c, d, ..])
            | (protocol::UDP, [_, _, _, _, _, _, _, _, a, b, c, d, ..]) => [*a, *b, *c, *d],
            _ => return false,
        };
        let spi = Spi(u32::from_be_bytes(spi));
        if !self.sad.pairs().any(|pair| pair.sends_under(spi) && pair.sends_to(about.destination)) {
            return false;
        }
        self.path_mtus.learn(now, about.destination, mtu)
    }

    /// How long a packet to this gateway may be at present, in octets.
    #[must_use]
    pub fn path_mtu(&self, now: Instant, destination: IpAddr) -> usize {
        self.path_mtus.to(now, destination)
    }

    /// Installs an SA pair. It is used at once for the packets of its policy that its selectors cover; a pair whose
    /// policy is unknown only receives. An older pair that receives under the same SPI goes.
    ///
    /// Keys are set up when the first packet needs them. Parameters that do not fit together show then, as
    /// [`DropReason::Unusable`].
    pub fn install(&mut self, now: Instant, pair: SaPair) {
        let policy = self.spd.index_of(&pair.policy);
        let pair = self.sad.insert(now, policy, pair);
        lifetimes::begin(&mut self.timers, now, pair);
        self.follow(policy);
    }

    /// Removes the pair that receives under this SPI and returns how its SAs ended, those of the pair itself first, of
    /// each the inbound one first; nothing if there is none.
    pub fn remove(&mut self, inbound: Spi) -> Option<Vec<SaStatus>> {
        let pair = self.sad.remove(inbound)?;
        lifetimes::end(&mut self.timers, &pair);
        self.follow(pair.policy_index);
        Some(status::of(&pair).collect())
    }

    /// Sends nothing more under the pair that receives under this SPI, since its other end does not receive any more; packets of
    /// its policy go through another one, if there is one. Returns whether there was a pair that sent.
    pub fn stop_sending(&mut self, inbound: Spi) -> bool {
        let policy = self.sad.stop_sending(inbound);
        self.follow(policy);
        policy.is_some()
    }

    /// The pairs of this policy have changed.
    fn follow(&mut self, policy: Option<usize>) {
        if let Some(index) = policy {
            self.spd.follow(index, || self.sad.selectors_of(index));
        }
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

    fn complete(&mut self, now: Instant, packet: &IpPacket, flow: Flow) -> Flow {
        if packet.fragment().is_none() || !self.settings.stateful_fragments {
            return flow;
        }
        self.fragment_ports.complete(now, packet, flow)
    }
}

fn drop_as(reason: DropReason) -> Outbound {
    Outbound::Drop { reason, sa: None, answer: None }
}

fn drop_on(pair: &Pair, reason: DropReason) -> Outbound {
    Outbound::Drop { reason, sa: named(pair), answer: None }
}

/// The SPI that a pair sends under, and the last sequence number.
fn named(pair: &Pair) -> Option<(Spi, u32)> {
    Some((pair.outbound.sa.parameters.spi, esn::low(pair.outbound.sequence)))
}

fn drop_from_outside(reason: DropReason, carried: Option<(Spi, u32)>) -> Inbound {
    Inbound::Drop { reason, carried, inside: None }
}

/// Which SA a packet belongs to, and what is needed to open it.
fn identified(packet: &IpPacket) -> Option<((u8, Spi), Arrived)> {
    let (protocol, encapsulation) = match packet.protocol() {
        protocol::UDP => (protocol::ESP, udp::HEADER_LEN),
        other => (other, 0),
    };
    let octets = packet.payload().get(encapsulation..)?;
    let (spi, sequence) = if protocol == protocol::AH {
        let header = ah::Header::parse(octets).ok()?;
        (header.spi, header.sequence)
    } else {
        let header = esp::Header::parse(octets).ok()?;
        (header.spi, header.sequence)
    };
    Some(((protocol, spi), Arrived { sequence, encapsulation }))
}

/// Makes the packet the one inside, through both SAs of a bundle where there is one.
fn open(
    provider: &Provider,
    pair: &mut Pair,
    is_bundled: bool,
    now: Instant,
    packet: &mut IpPacket,
    arrived: Arrived,
) -> Result<(), DropReason> {
    match (&mut pair.bundled, is_bundled) {
        (None, _) => pair.inbound.open(provider, now, packet, arrived),
        (Some(_), false) => Err(DropReason::Unbundled),
        (Some(bundled), true) => {
            let opened = bundled.inbound.open(provider, now, packet, arrived);
            bundled.inbound.sa.count(opened.map(|()| packet.len()));
            opened?;
            if !matches!(packet.protocol(), protocol::ESP | protocol::UDP) {
                return Err(DropReason::Unbundled);
            }
            let ((_, spi), arrived) = identified(packet).ok_or(DropReason::Malformed)?;
            if spi != pair.inbound.sa.parameters.spi {
                return Err(DropReason::Unbundled);
            }
            pair.inbound.open(provider, now, packet, arrived)
        }
    }
}

/// Protects the packet by both SAs of a bundle where there is one.
fn seal(pair: &mut Pair, packet: &mut IpPacket, with: &mut Sealing<'_>) -> Result<(), DropReason> {
    pair.outbound.seal(packet, with)?;
    match &mut pair.bundled {
        None => Ok(()),
        Some(bundled) => bundled.outbound.seal(packet, with),
    }
}

/// Where the protected packet goes.
fn remote_end(pair: &Pair, packet: &IpPacket) -> IpAddr {
    match pair.outbound.sa.parameters.mode {
        Mode::Tunnel { remote, .. } => remote,
        Mode::Transport => packet.destination(),
    }
}

/// How long the packet may be so that what protects it is not longer than `mtu`; nothing where it may be cut on the way.
fn room(
    provider: &Provider,
    pair: &mut Pair,
    mtu: usize,
    packet: &IpPacket,
) -> Result<Option<usize>, DropReason> {
    let parameters = &pair.outbound.sa.parameters;
    let (kept, version, headers) = match parameters.mode {
        Mode::Tunnel { remote, .. } => {
            let version = IpVersion::of(remote);
            let kept = tunnel::sets_dont_fragment(parameters.options.dont_fragment, packet);
            (kept, version, version.header_len())
        }
        Mode::Transport => {
            let version = packet.version();
            (version == IpVersion::V4 && packet.dont_fragment(), version, packet.header_len())
        }
    };
    if !kept {
        return Ok(None);
    }
    let mut room = mtu.saturating_sub(headers);
    if let Some(bundled) = &mut pair.bundled {
        room = bundled.outbound.payload_within(provider, version, room)?;
    }
    let payload = pair.outbound.payload_within(provider, version, room)?;
    Ok(Some(match pair.outbound.sa.parameters.mode {
        Mode::Tunnel { .. } => payload,
        Mode::Transport => headers + payload,
    }))
}

/// A packet in pieces that fit, or an ICMP error for its sender where it may not be cut (RFC 4301 §8.2.1).
fn cut(packet: &IpPacket, room: usize, pair: &Pair) -> Result<Vec<IpPacket>, Option<IpPacket>> {
    if packet.version() == IpVersion::V4 && !packet.dont_fragment() {
        return fragment(packet.clone(), room, 0).map_err(|_| None);
    }
    let mtu = room.max(packet.version().minimum_mtu());
    let ours = match pair.outbound.sa.parameters.mode {
        Mode::Tunnel { local, .. } if local.is_ipv4() == packet.source().is_ipv4() => local,
        // The gateway has no address of that version; the far host speaks for the path.
        _ => packet.destination(),
    };
    Err(icmp::packet_too_big(packet, ours, mtu))
}

#[cfg(test)]
mod tests;
