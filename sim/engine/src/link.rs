//! Links: two ends, and for each direction a delay, its misfortunes and an MTU.

use std::sync::Arc;
use std::time::Duration;

use ipsec_net::{IpPacket, udp};

use crate::{Direction, Fault, NodeId, Port, RandomStream, Ratio, Streams};

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
    /// The largest packet in octets; larger IPv4 packets without DF are cut into fragments, others are dropped.
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
    /// How many packets were put on it.
    pub(crate) sent: u64,
    pub(crate) cut: bool,
    pub(crate) healed: bool,
    /// One stream for each kind of misfortune, so that switching one off leaves the others as they were.
    luck: Luck,
}

#[derive(Debug)]
struct Luck {
    loss: RandomStream,
    jitter: RandomStream,
    reorder: RandomStream,
    duplicate: RandomStream,
    corrupt: RandomStream,
}

impl Link {
    pub(crate) fn new(
        name: &str,
        ends: [(NodeId, Port); 2],
        settings: [LinkSettings; 2],
        streams: Streams,
    ) -> Self {
        let lane = |direction: &str, settings| {
            let component = format!("link.{name}");
            let stream = |kind| streams.stream(&[&component, direction, kind]);
            let luck = Luck {
                loss: stream("loss"),
                jitter: stream("jitter"),
                reorder: stream("reorder"),
                duplicate: stream("duplicate"),
                corrupt: stream("corrupt"),
            };
            Lane { settings, sent: 0, cut: false, healed: false, luck }
        };
        let [forward, backward] = settings;
        Self { name: name.into(), ends, lanes: [lane("forward", forward), lane("backward", backward)] }
    }

    /// The end that a packet in this direction comes to.
    pub(crate) fn far_end(&self, direction: Direction) -> (NodeId, Port) {
        self.ends[1 - direction.index()]
    }
}

impl Lane {
    /// Draws what befalls the next packet.
    pub(crate) fn draw(&mut self, packet: &IpPacket) -> Vec<Fault> {
        let LinkSettings { loss, reorder, duplicate, corrupt, jitter, reorder_by, .. } = self.settings;
        let mut faults = Vec::new();
        if !loss.is_zero() && self.luck.loss.chance(loss) {
            faults.push(Fault::Lost);
        }
        if !jitter.is_zero() {
            let drawn = self.luck.jitter.between(Duration::ZERO, 2 * jitter);
            let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
            faults.push(Fault::Delayed(nanos(drawn).saturating_sub(nanos(jitter))));
        }
        if !reorder.is_zero() && self.luck.reorder.chance(reorder) {
            faults.push(Fault::HeldBack(self.luck.reorder.between(reorder_by / 2, reorder_by * 3 / 2)));
        }
        if !duplicate.is_zero() && self.luck.duplicate.chance(duplicate) {
            faults.push(Fault::Duplicated(self.luck.duplicate.between(Duration::ZERO, reorder_by)));
        }
        let bits = packet.payload().len() as u64 * 8;
        if !corrupt.is_zero() && bits > 0 && self.luck.corrupt.chance(corrupt) {
            faults.push(Fault::Corrupted { bit: self.luck.corrupt.below(bits) as u32 });
        }
        if faults.contains(&Fault::Lost) {
            faults.truncate(1);
        }
        faults
    }
}

/// Flips a bit behind the IP header, if there is such a one, and mends a UDP checksum.
pub(crate) fn corrupt(packet: &mut IpPacket, bit: u32) {
    if let Some(octet) = packet.payload_mut().get_mut(bit as usize / 8) {
        *octet ^= 0x80 >> (bit % 8);
        udp::mend_checksum(packet);
    }
}
