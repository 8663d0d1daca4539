//! What an endpoint tells: everything that happens to an SA has a name here.

use std::fmt;
use std::net::SocketAddr;

use ipsec_auth::Identity;
use ipsec_crypto::Secret;
use ipsec_dataplane::{Mode, Protection};
use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::{Payload, TrafficSelector};
use ipsec_wire::{IkeSpi, Spi};

use crate::keys::Keys;
use crate::negotiate::IkeSuite;
use crate::refusal::{DropReason, Failure};
use crate::sa::{Inside, Role};
use crate::status::Stage;

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
    /// An IKE SA has keys, or after an `IKE_INTERMEDIATE` exchange other ones. For key logs; the keys are secret.
    IkeKeyed(IkeKeyRecord),
    /// An IKE SA is established: the peer proved who it is.
    IkeUp {
        /// The connection's name.
        connection: String,
        /// The initiator's SPI.
        spi_i: IkeSpi,
        /// The responder's SPI.
        spi_r: IkeSpi,
        /// Who the peer is.
        peer: Identity,
        /// The algorithms.
        suite: IkeSuite,
    },
    /// An established IKE SA ended, its children with it.
    IkeDown {
        /// The connection's name.
        connection: String,
        /// The initiator's SPI.
        spi_i: IkeSpi,
        /// The responder's SPI.
        spi_r: IkeSpi,
        /// Why.
        cause: Cause,
    },
    /// An attempt to set up an IKE SA, or to replace one, ended without a new one.
    IkeFailed {
        /// The connection's name.
        connection: String,
        /// Why.
        failure: Failure,
        /// Whether another attempt follows.
        retries: bool,
    },
    /// An IKE SA runs between other addresses or ports than before.
    Moved {
        /// The connection's name.
        connection: String,
        /// The initiator's SPI.
        spi_i: IkeSpi,
        /// The responder's SPI.
        spi_r: IkeSpi,
        /// Our address and port.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
        /// Whether its children run there, too, or wait until the peer has shown to be there (RFC 4555 §3.7).
        with_children: bool,
    },
    /// An IKE SA goes on with other message IDs than it had, because this or the peer's member of a cluster has changed
    /// (RFC 6311).
    Synchronised {
        /// The connection's name.
        connection: String,
        /// The initiator's SPI.
        spi_i: IkeSpi,
        /// The responder's SPI.
        spi_r: IkeSpi,
        /// Which end we are.
        role: Role,
        /// Whether this end has just taken over, and the peer has not been heard.
        took_over: bool,
        /// The message ID of our next request.
        next_request: u32,
        /// The message ID of the peer's next request.
        next_expected: u32,
    },
    /// An IKE SA has an assignment of inside addresses, or of more that is told with them: to us, or by us.
    Configured {
        /// The connection's name.
        connection: String,
        /// What was assigned and told.
        inside: Inside,
    },
    /// A Child SA is installed.
    ChildUp(Box<ChildRecord>),
    /// A Child SA was removed.
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
    /// A Child SA could not be set up, or not be replaced; the IKE SA lives on.
    ChildFailed {
        /// The child's name.
        child: String,
        /// Why.
        failure: Failure,
    },
    /// A situation that scenarios may want to have seen, such as `ikev2.cookie.demanded`.
    Probe(&'static str),
}

/// Why an SA ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// We deleted it.
    Deleted,
    /// The peer deleted it.
    DeletedByPeer,
    /// Another one has taken its place (RFC 7296 §2.8).
    Rekeyed,
    /// A new IKE SA is there in which the peer has been authenticated anew (RFC 7296 §2.8.3).
    Reauthenticated,
    /// Its lifetime is over.
    Expired,
    /// The peer has lost it, and has proven that it was the one that had it (RFC 6290).
    LostByPeer,
    /// Its IKE SA ended.
    WithIkeSa,
    /// The peer, which had set it up, says that it has no other IKE SA than a new one (RFC 7296 §2.4).
    Superseded,
    /// The peer has sent us to another gateway (RFC 5685).
    Redirected,
    /// It goes on as another one, by a ticket (RFC 5723).
    Resumed,
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
            Self::Rekeyed => f.write_str("replaced by rekeying"),
            Self::Reauthenticated => f.write_str("the peer is authenticated anew"),
            Self::Expired => f.write_str("its lifetime is over"),
            Self::LostByPeer => f.write_str("the peer has lost it"),
            Self::WithIkeSa => f.write_str("gone with its IKE SA"),
            Self::Superseded => f.write_str("superseded: the peer has no other IKE SA than its new one"),
            Self::Redirected => f.write_str("the peer sent us to another gateway"),
            Self::Resumed => f.write_str("resumed as another one"),
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
    /// Whether it is a response.
    pub response: bool,
    /// The message ID.
    pub message_id: u32,
    /// The payloads in order, those inside SK among them; a notify with its type. Empty for repeats.
    pub payloads: Vec<(PayloadType, Option<NotifyType>)>,
    /// How often the message has been sent, this time included; 1 for received ones.
    pub transmission: u32,
    /// How many pieces it was cut in; 1 when it is whole (RFC 7383).
    pub pieces: usize,
    /// How far its IKE SA had come; nothing for an answer that belongs to none.
    pub stage: Option<Stage>,
}

/// `IKE_SA_INIT request 0 [N(COOKIE) SA KE Nonce]`, or `IKE_AUTH request 1, transmission 2`, and perhaps `, 3 pieces`.
impl fmt::Display for MessageRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.response { "response" } else { "request" };
        write!(f, "{} {direction} {}", self.exchange, self.message_id)?;
        if self.transmission > 1 {
            write!(f, ", transmission {}", self.transmission)?;
            return self.write_pieces(f);
        }
        for (index, (kind, notify)) in self.payloads.iter().enumerate() {
            f.write_str(if index == 0 { " [" } else { " " })?;
            match notify {
                Some(notify) => write!(f, "{kind}({notify})")?,
                None => write!(f, "{kind}")?,
            }
        }
        f.write_str(if self.payloads.is_empty() { " []" } else { "]" })?;
        self.write_pieces(f)
    }
}

impl MessageRecord {
    fn write_pieces(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pieces == 1 { Ok(()) } else { write!(f, ", {} pieces", self.pieces) }
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

/// The keys of an IKE SA and what they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeKeyRecord {
    /// The initiator's SPI.
    pub spi_i: IkeSpi,
    /// The responder's SPI.
    pub spi_r: IkeSpi,
    /// The algorithms.
    pub suite: IkeSuite,
    /// The keys.
    pub keys: Keys,
}

/// A Child SA pair, its keys among them.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildRecord {
    /// The child's name.
    pub child: String,
    /// Whether we started the exchange that made it.
    pub initiator: bool,
    /// The SPI under which we receive.
    pub inbound: Spi,
    /// The SPI under which we send.
    pub outbound: Spi,
    /// The SPI under which we receive in the pair that this one is to replace, if it was made by rekeying.
    pub replaces: Option<Spi>,
    /// ESP or AH, and the algorithms.
    pub protection: Protection,
    /// How packets are encapsulated.
    pub mode: Mode,
    /// Whether sequence numbers have 64 bits.
    pub extended_sequence_numbers: bool,
    /// What we protect at our side.
    pub local: Vec<TrafficSelector>,
    /// What we protect at the peer's side.
    pub remote: Vec<TrafficSelector>,
    /// The resource that we use it for, if it is one of several SAs of the child (RFC 9611).
    pub resource: Option<u32>,
    /// The outer addresses, ours and the peer's.
    pub addresses: (std::net::IpAddr, std::net::IpAddr),
    /// The key material of the inbound SA.
    pub inbound_key: Secret,
    /// The key material of the outbound SA.
    pub outbound_key: Secret,
}
