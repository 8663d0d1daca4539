//! What an endpoint tells: everything that happens to an SA has a name here.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipsec_auth::Identity;
use ipsec_crypto::Secret;
use ipsec_dataplane::SaPair;
use ipsec_wire::registry::v1::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v1::{Attribute, Payload};
use ipsec_wire::{IkeSpi, Spi};

use crate::negotiate::{ChildSuite, IkeSuite};
use crate::refusal::{DropReason, Failure};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A message went out.
    Sent(MessageRecord),
    /// A message was understood.
    Received(MessageRecord),
    /// A message was dropped without an answer.
    Dropped {
        /// Where it came from.
        from: SocketAddr,
        /// Why.
        reason: DropReason,
    },
    /// An ISAKMP SA has keys. For key logs; the key is secret.
    IkeKeyed(IkeKeyRecord),
    /// An ISAKMP SA is established: the peer proved who it is.
    IkeUp {
        /// The connection's name.
        connection: String,
        /// The initiator's cookie.
        cookie_i: IkeSpi,
        /// The responder's cookie.
        cookie_r: IkeSpi,
        /// Who the peer is.
        peer: Identity,
        /// The algorithms.
        suite: IkeSuite,
    },
    /// An established ISAKMP SA ended. Its children go on: they end by themselves (RFC 2408 §3.15).
    IkeDown {
        /// The connection's name.
        connection: String,
        /// The initiator's cookie.
        cookie_i: IkeSpi,
        /// The responder's cookie.
        cookie_r: IkeSpi,
        /// Why.
        cause: Cause,
    },
    /// Inside addresses are assigned, to us or by us, and what belongs to them.
    Assigned {
        /// The connection's name.
        connection: String,
        /// The addresses.
        addresses: Vec<IpAddr>,
        /// What else is told.
        attributes: Vec<Attribute>,
        /// Whether by us.
        by_us: bool,
    },
    /// A peer's SAs run between other addresses or ports than before: NAT has moved it (RFC 3947 §7).
    Moved {
        /// The connection's name.
        connection: String,
        /// Our address and port.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
    },
    /// Phase 1 ended without an ISAKMP SA.
    IkeFailed {
        /// The connection's name.
        connection: String,
        /// Why.
        failure: Failure,
        /// Whether another attempt follows.
        retries: bool,
    },
    /// A pair of IPsec SAs is installed, or with a bundle two.
    ChildUp(Box<ChildRecord>),
    /// A pair of IPsec SAs was removed.
    ChildDown {
        /// The child's name.
        child: String,
        /// The SPI under which we received.
        inbound: Spi,
        /// The SPI under which we sent.
        outbound: Spi,
        /// Why.
        cause: Cause,
    },
    /// Quick mode brought no IPsec SAs.
    ChildFailed {
        /// The child's name.
        child: String,
        /// Why.
        failure: Failure,
    },
    /// A situation that scenarios may want to have seen, such as `ikev1.repeat.answered`.
    Probe(&'static str),
}

/// Why an SA ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// We deleted it.
    Deleted,
    /// The peer deleted it.
    DeletedByPeer,
    /// Another one has taken its place.
    Replaced,
    /// Its lifetime is over.
    Expired,
    /// The peer says that it has no other SAs than those of a new ISAKMP SA (INITIAL-CONTACT, RFC 2407 §4.6.3.3).
    Superseded,
    /// We were told to forget it, without a word to the peer.
    Forgotten,
    /// It failed.
    Failed(Failure),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deleted => f.write_str("deleted here"),
            Self::DeletedByPeer => f.write_str("deleted by the peer"),
            Self::Replaced => f.write_str("replaced"),
            Self::Expired => f.write_str("its lifetime is over"),
            Self::Superseded => f.write_str("superseded: the peer has no other SAs than its new ones"),
            Self::Forgotten => f.write_str("forgotten on command"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// One IKE message, as a ladder shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// The other end.
    pub peer: SocketAddr,
    /// The exchange.
    pub exchange: ExchangeType,
    /// The message ID; 0 in phase 1.
    pub message_id: u32,
    /// Whether it was encrypted.
    pub encrypted: bool,
    /// The payloads in order; a notify with its type. Empty for repeats.
    pub payloads: Vec<(PayloadType, Option<NotifyType>)>,
    /// How often the message has been sent, this time included; 1 for received ones.
    pub transmission: u32,
    /// Whether it is sent once more because the peer repeated what it answers.
    pub answers_repeat: bool,
}

/// `main mode [SA V]`, `quick mode 1f0c22e9 [HASH SA Nonce ID ID]`, or `main mode, transmission 2`.
impl fmt::Display for MessageRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.exchange)?;
        if self.message_id != 0 {
            write!(f, " {:08x}", self.message_id)?;
        }
        if self.transmission > 1 {
            return write!(f, ", transmission {}", self.transmission);
        }
        for (index, (kind, notify)) in self.payloads.iter().enumerate() {
            f.write_str(if index == 0 { " [" } else { " " })?;
            match notify {
                Some(notify) => write!(f, "{kind}({notify})")?,
                None => write!(f, "{kind}")?,
            }
        }
        f.write_str(if self.payloads.is_empty() { " []" } else { "]" })
    }
}

/// The payloads as a record lists them.
pub(crate) fn listed(payloads: &[Payload]) -> Vec<(PayloadType, Option<NotifyType>)> {
    let notify = |payload: &Payload| match payload {
        Payload::Notify(notify) => Some(notify.kind),
        _ => None,
    };
    payloads.iter().map(|payload| (payload.kind(), notify(payload))).collect()
}

/// The encryption key of an ISAKMP SA and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeKeyRecord {
    /// The initiator's cookie.
    pub cookie_i: IkeSpi,
    /// The responder's cookie.
    pub cookie_r: IkeSpi,
    /// The algorithms.
    pub suite: IkeSuite,
    /// The key that both ends encrypt with (RFC 2409 appendix B).
    pub key: Secret,
}

/// A pair of IPsec SAs, or with a bundle two, their keys among them.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildRecord {
    /// The child's name.
    pub child: String,
    /// Whether we started the exchange that made it.
    pub initiator: bool,
    /// The algorithms.
    pub suite: ChildSuite,
    /// The outer addresses, ours and the peer's.
    pub addresses: (IpAddr, IpAddr),
    /// The pair as it is installed, the selectors and keys among it.
    pub pair: SaPair,
}
