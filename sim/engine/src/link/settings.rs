//! How one direction of a link behaves.

use std::sync::Arc;
use std::time::Duration;

use ipsec_net::Instant;

use super::bottleneck::Bottleneck;
use crate::Ratio;

/// How one direction of a link behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// The time from one end to the other.
    pub delay: Duration,
    /// How the delays of packets differ.
    pub jitter: Jitter,
    /// Whether a packet waits for those before it that take longer, so that jitter never reorders.
    pub in_order: bool,
    /// Which packets are lost.
    pub loss: Loss,
    /// The probability that a packet is held back.
    pub reorder: Ratio,
    /// How far packets are held back.
    pub hold: Hold,
    /// The probability that a packet arrives twice.
    pub duplicate: Ratio,
    /// How much later the second copy arrives at most.
    pub duplicate_within: Duration,
    /// The probability that one bit behind the IP header is flipped.
    pub corrupt: Ratio,
    /// The probability that one bit of the IP header is flipped.
    pub corrupt_header: Ratio,
    /// The probability that a packet loses its end.
    pub truncate: Ratio,
    /// The probability that an ECN-capable packet is marked as having met congestion (RFC 3168).
    pub mark: Ratio,
    /// The largest packet in octets, at least 68, for IPv6 1280. Larger IPv4 packets without DF are cut into fragments,
    /// others are dropped, and their sender is told if the far end has an address ([`crate::World::set_address`]).
    pub mtu: usize,
    /// The link's capacity and its queue; nothing when packets never wait.
    pub bottleneck: Option<Bottleneck>,
    /// When the link carries nothing.
    pub outage: Option<Outage>,
}

impl Default for LinkSettings {
    /// 1 ms, no misfortunes, 1500 octets, no queue.
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            jitter: Jitter::None,
            in_order: false,
            loss: Loss::Never,
            reorder: Ratio::ZERO,
            hold: Hold::For(Duration::from_millis(20)),
            duplicate: Ratio::ZERO,
            duplicate_within: Duration::from_millis(20),
            corrupt: Ratio::ZERO,
            corrupt_header: Ratio::ZERO,
            truncate: Ratio::ZERO,
            mark: Ratio::ZERO,
            mtu: 1500,
            bottleneck: None,
            outage: None,
        }
    }
}

/// How the delays of packets differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// By up to this much, either way, each amount as likely as any other. At most the delay itself.
    Uniform(Duration),
    /// As the normal distribution with this standard deviation; no packet arrives before it was sent.
    Normal(Duration),
    /// The delay is the least; what comes on top has the exponential distribution with this mean.
    Exponential(Duration),
    /// What comes on top is one of these, each as likely as any other: a measured distribution.
    Table(Arc<[Duration]>),
}

/// Which packets are lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// None.
    #[default]
    Never,
    /// Each with this probability, whatever befell the others (Bernoulli).
    Independent(Ratio),
    /// In bursts, by the model of Gilbert and Elliott: the link is good or bad, and each packet may change that.
    Bursts {
        /// The probability to become bad with the next packet.
        begin: Ratio,
        /// The probability to become good again with the next packet: bursts are 1/`end` packets long on average.
        end: Ratio,
        /// The probability of loss while the link is good.
        good: Ratio,
        /// The probability of loss while the link is bad.
        bad: Ratio,
    },
}

/// How far a packet is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// By half to one and a half of this time.
    For(Duration),
    /// Until this many later packets have overtaken it, but for no longer than `within`.
    Places {
        /// How many packets overtake it, at least 1.
        places: u32,
        /// How long it waits for them.
        within: Duration,
    },
}

/// When a link carries nothing: from `first` on for `lasts`, and again each `every` if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it begins for the first time.
    pub first: Instant,
    /// How long it lasts.
    pub lasts: Duration,
    /// How much later it begins again, and again; longer than it lasts.
    pub every: Option<Duration>,
}

impl Outage {
    /// Whether the link carries nothing at `now`.
    #[must_use]
    pub fn covers(&self, now: Instant) -> bool {
        if now < self.first {
            return false;
        }
        let since = now.since(self.first).as_nanos();
        let within = self.every.map_or(since, |every| since % every.as_nanos().max(1));
        within < self.lasts.as_nanos()
    }
}

/// Why a link cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("link {link}: {problem}")]
pub struct LinkError {
    /// The link's name.
    pub link: String,
    /// What is wrong.
    pub problem: LinkProblem,
}

/// What is wrong with a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkProblem {
    /// The MTU is below the 68 octets that IPv4 asks of each link.
    #[error("an MTU of {0} is below 68, the least for IPv4")]
    Mtu(usize),
    /// A packet could arrive before it was sent.
    #[error("a jitter of {jitter:?} is more than the delay of {delay:?}")]
    Jitter {
        /// The jitter given.
        jitter: Duration,
        /// The delay given.
        delay: Duration,
    },
    /// A table of delays without one.
    #[error("the table of delays is empty")]
    Table,
    /// Packets are to be held back, but for no time or no places.
    #[error("packets are reordered, but held back by nothing")]
    Reorder,
    /// The link becomes bad and never good again.
    #[error("bursts of losses begin, but never end")]
    Bursts,
    /// A link that never gets a packet across.
    #[error("a rate of 0 bits per second carries nothing; cut the link instead")]
    Rate,
    /// A queue that has no room for a packet.
    #[error("a queue of {limit} octets has no room for a packet of {mtu}")]
    Queue {
        /// The queue's limit.
        limit: usize,
        /// The MTU.
        mtu: usize,
    },
    /// CoDel without a target or an interval, or with a target that is not below its interval.
    #[error("CoDel's target of {target:?} has to lie above 0 and below its interval of {interval:?}")]
    CoDel {
        /// The target given.
        target: Duration,
        /// The interval given.
        interval: Duration,
    },
    /// An outage that never ends for more than an instant, or lasts no time.
    #[error("an outage of {lasts:?} has to last some time, and to end before it begins again")]
    Outage {
        /// How long it lasts.
        lasts: Duration,
        /// How often it begins.
        every: Option<Duration>,
    },
    /// A node that is not there.
    #[error("node {0} is not in this world")]
    Nowhere(usize),
    /// A port that another link has taken.
    #[error("port {port} of node {node} is taken")]
    Taken {
        /// The node's number.
        node: usize,
        /// The port's number.
        port: u16,
    },
    /// Another link has this name. Misfortunes and their randomness go by name.
    #[error("another link has this name")]
    Name,
}

impl LinkProblem {
    pub(crate) fn of(self, link: &str) -> LinkError {
        LinkError { link: link.to_owned(), problem: self }
    }
}

impl LinkSettings {
    /// Whether such a link can be.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), LinkProblem> {
        if self.mtu < 68 {
            return Err(LinkProblem::Mtu(self.mtu));
        }
        match &self.jitter {
            Jitter::Uniform(jitter) if *jitter > self.delay => {
                return Err(LinkProblem::Jitter { jitter: *jitter, delay: self.delay });
            }
            Jitter::Table(table) if table.is_empty() => return Err(LinkProblem::Table),
            _ => {}
        }
        let held = match self.hold {
            Hold::For(time) => !time.is_zero(),
            Hold::Places { places, within } => places > 0 && !within.is_zero(),
        };
        if !self.reorder.is_zero() && !held {
            return Err(LinkProblem::Reorder);
        }
        if let Loss::Bursts { begin, end, .. } = self.loss
            && !begin.is_zero()
            && end.is_zero()
        {
            return Err(LinkProblem::Bursts);
        }
        if let Some(Outage { lasts, every, .. }) = self.outage
            && (lasts.is_zero() || every.is_some_and(|every| every <= lasts))
        {
            return Err(LinkProblem::Outage { lasts, every });
        }
        self.bottleneck.as_ref().map_or(Ok(()), |bottleneck| bottleneck.check(self.mtu))
    }
}
