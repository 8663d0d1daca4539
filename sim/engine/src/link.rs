//! Links: two ends, and for each direction a delay, its misfortunes and an MTU.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ipsec_net::{IpPacket, protocol, udp};

use crate::{Counters, Direction, Fate, Fault, NodeId, Port, RandomStream, Ratio, Streams};

/// The number of a link in its world, by the order in which links were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(crate) u32);

impl LinkId {
    /// The number.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How one direction of a link behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// The time from one end to the other.
    pub delay: Duration,
    /// Each packet's delay differs by up to this much, either way, each amount as likely as any other.
    pub jitter: Duration,
    /// The probability that a packet is lost.
    pub loss: Ratio,
    /// The probability that a packet is held back by half to one and a half of `reorder_by`.
    pub reorder: Ratio,
    /// How long packets are held back.
    pub reorder_by: Duration,
    /// The probability that a packet arrives twice, the second time up to `reorder_by` later.
    pub duplicate: Ratio,
    /// The probability that one bit of a packet is flipped.
    pub corrupt: Ratio,
    /// The largest packet in octets, at least 68, for IPv6 1280. Larger IPv4 packets without DF are cut into fragments,
    /// others are dropped.
    pub mtu: usize,
}

impl Default for LinkSettings {
    /// 1 ms, no misfortunes, 1500 octets.
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: Ratio::ZERO,
            reorder: Ratio::ZERO,
            reorder_by: Duration::from_millis(20),
            duplicate: Ratio::ZERO,
            corrupt: Ratio::ZERO,
            mtu: 1500,
        }
    }
}

/// Why a link cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The MTU is below the 68 octets that IPv4 asks of each link.
    #[error("link {link}: an MTU of {mtu} is below 68, the least for IPv4")]
    Mtu {
        /// The link's name.
        link: String,
        /// The MTU given.
        mtu: usize,
    },
    /// A packet could arrive before it was sent.
    #[error("link {link}: a jitter of {jitter:?} is more than the delay of {delay:?}")]
    Jitter {
        /// The link's name.
        link: String,
        /// The jitter given.
        jitter: Duration,
        /// The delay given.
        delay: Duration,
    },
    /// Packets are to be held back, but for no time.
    #[error("link {link}: packets are reordered, but held back by no time")]
    Reorder {
        /// The link's name.
        link: String,
    },
    /// A node that is not there.
    #[error("link {link}: node {node} is not in this world")]
    Nowhere {
        /// The link's name.
        link: String,
        /// The node's number.
        node: usize,
    },
    /// A port that another link has taken.
    #[error("link {link}: port {port} of node {node} is taken")]
    Taken {
        /// The link's name.
        link: String,
        /// The node's number.
        node: usize,
        /// The port's number.
        port: u16,
    },
    /// Another link has this name. Misfortunes and their randomness go by name.
    #[error("link {link}: another link has this name")]
    Name {
        /// The link's name.
        link: String,
    },
}

/// What a world's owner does to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It carries nothing any more.
    Cut,
    /// It carries packets again.
    Mended,
    /// Its misfortunes end for good.
    Healed,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "cut",
            Self::Mended => "mended",
            Self::Healed => "healed",
        })
    }
}

impl LinkSettings {
    pub(crate) fn check(&self, link: &str) -> Result<(), LinkError> {
        let name = link.to_owned();
        if self.mtu < 68 {
            return Err(LinkError::Mtu { link: name, mtu: self.mtu });
        }
        if self.jitter > self.delay {
            return Err(LinkError::Jitter { link: name, jitter: self.jitter, delay: self.delay });
        }
        if !self.reorder.is_zero() && self.reorder_by.is_zero() {
            return Err(LinkError::Reorder { link: name });
        }
        Ok(())
    }
}

/// A link at work.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) name: Arc<str>,
    pub(crate) ends: [(NodeId, Port); 2],
    pub(crate) lanes: [Lane; 2],
}

/// One direction of a link.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) settings: LinkSettings,
    pub(crate) counters: Counters,
    pub(crate) cut: bool,
    pub(crate) healed: bool,
    source: Source,
}

/// Where the misfortunes on a lane come from.
#[derive(Debug)]
enum Source {
    Seed(Box<Luck>),
    /// By the packet's number.
    List(BTreeMap<u64, Vec<Fault>>),
}

/// One stream for each kind of misfortune that can happen, so that switching one off leaves the others as they were.
#[derive(Debug)]
struct Luck {
    loss: Option<RandomStream>,
    jitter: Option<RandomStream>,
    reorder: Option<RandomStream>,
    duplicate: Option<RandomStream>,
    corrupt: Option<RandomStream>,
}

impl Link {
    pub(crate) fn new(
        name: &str,
        ends: [(NodeId, Port); 2],
        settings: [LinkSettings; 2],
        streams: Streams,
        fate: &Fate,
    ) -> Self {
        let lane = |direction: Direction| {
            let settings = settings[direction.index()];
            let source = match fate {
                Fate::Seed => Source::Seed(Box::new(Luck::new(name, direction, &settings, streams))),
                Fate::List(decisions) => {
                    let mut by_packet: BTreeMap<u64, Vec<Fault>> = BTreeMap::new();
                    for decision in decisions.iter() {
                        if *decision.link == *name && decision.direction == direction {
                            by_packet.entry(decision.ordinal).or_default().push(decision.fault);
                        }
                    }
                    Source::List(by_packet)
                }
            };
            Lane { settings, counters: Counters::default(), cut: false, healed: false, source }
        };
        Self { name: name.into(), ends, lanes: Direction::BOTH.map(lane) }
    }

    /// The end that a packet in this direction comes to.
    pub(crate) fn far_end(&self, direction: Direction) -> (NodeId, Port) {
        self.ends[1 - direction.index()]
    }
}

impl Lane {
    /// What befalls the packet with this number, which is the next one.
    pub(crate) fn faults(&mut self, ordinal: u64, packet: &IpPacket) -> Vec<Fault> {
        match &mut self.source {
            _ if self.healed => Vec::new(),
            Source::Seed(luck) => luck.draw(&self.settings, packet),
            Source::List(by_packet) => by_packet.remove(&ordinal).unwrap_or_default(),
        }
    }
}

impl Luck {
    fn new(name: &str, direction: Direction, settings: &LinkSettings, streams: Streams) -> Self {
        let component = format!("link.{name}");
        let direction = match direction {
            Direction::Forward => "forward",
            Direction::Backward => "backward",
        };
        let stream = |kind, possible: bool| possible.then(|| streams.stream(&[&component, direction, kind]));
        Self {
            loss: stream("loss", !settings.loss.is_zero()),
            jitter: stream("jitter", !settings.jitter.is_zero()),
            reorder: stream("reorder", !settings.reorder.is_zero()),
            duplicate: stream("duplicate", !settings.duplicate.is_zero()),
            corrupt: stream("corrupt", !settings.corrupt.is_zero()),
        }
    }

    /// Each stream draws for each packet, lost ones too, so that no misfortune shifts the draws of another.
    fn draw(&mut self, settings: &LinkSettings, packet: &IpPacket) -> Vec<Fault> {
        let LinkSettings { loss, reorder, duplicate, corrupt, jitter, reorder_by, .. } = *settings;
        let mut faults = Vec::new();
        let lost = self.loss.as_mut().is_some_and(|luck| luck.chance(loss));
        if let Some(luck) = &mut self.jitter {
            let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
            let drawn = luck.between(Duration::ZERO, 2 * jitter);
            faults.push(Fault::Delayed(nanos(drawn).saturating_sub(nanos(jitter))));
        }
        if let Some(luck) = &mut self.reorder
            && luck.chance(reorder)
        {
            faults.push(Fault::HeldBack(luck.between(reorder_by / 2, reorder_by * 3 / 2)));
        }
        if let Some(luck) = &mut self.duplicate
            && luck.chance(duplicate)
        {
            faults.push(Fault::Duplicated(luck.between(Duration::ZERO, reorder_by)));
        }
        if let Some(luck) = &mut self.corrupt
            && luck.chance(corrupt)
        {
            faults.extend(bit(luck, packet).map(|bit| Fault::Corrupted { bit }));
        }
        if lost { vec![Fault::Lost] } else { faults }
    }
}

/// Draws a bit behind the IP header, but none of a UDP checksum, which [`corrupt`] would mend again.
fn bit(luck: &mut RandomStream, packet: &IpPacket) -> Option<u32> {
    let bits = u32::try_from(packet.payload().len()).ok()?.checked_mul(8)?;
    let is_udp = packet.protocol() == protocol::UDP && packet.fragment().is_none();
    let checksum = if is_udp && bits >= UDP_CHECKSUM.end { UDP_CHECKSUM } else { bits..bits };
    let choice = bits - checksum.len() as u32;
    if choice == 0 {
        return None;
    }
    let drawn = u32::try_from(luck.below(u64::from(choice))).ok()?;
    Some(if drawn < checksum.start { drawn } else { drawn + checksum.len() as u32 })
}

/// The bits of a UDP header that hold the checksum (RFC 768).
const UDP_CHECKSUM: std::ops::Range<u32> = 48..64;

/// Flips a bit behind the IP header, if there is such a one, and mends a UDP checksum.
pub(crate) fn corrupt(packet: &mut IpPacket, bit: u32) {
    if let Some(octet) = packet.payload_mut().get_mut(bit as usize / 8) {
        *octet ^= 0x80 >> (bit % 8);
        udp::mend_checksum(packet);
    }
}

#[cfg(test)]
mod tests;
