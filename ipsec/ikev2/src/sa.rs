//! The record of an IKE SA: plain data. Exchanges read it, [`crate::apply`] alone changes it.

use std::net::SocketAddr;
use std::sync::Arc;

use ipsec_auth::{Identity, Proven};
use ipsec_net::Instant;
use ipsec_wire::registry::ProtocolId;
use ipsec_wire::{IkeSpi, Spi};

use crate::config::Connection;
use crate::keys::Keys;
use crate::negotiate::IkeSuite;
use crate::protect::Protection;

/// Which end began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The one that sent the first `IKE_SA_INIT` request.
    Initiator,
    /// The one that answered it.
    Responder,
}

/// How far an IKE SA has come.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// The initiator waits for the `IKE_SA_INIT` response.
    Init,
    /// There are keys, but nobody is authenticated.
    HalfOpen(Box<Transcript>),
    /// Both ends have proven who they are.
    Established(Proven),
    /// We have asked the peer to delete it.
    Deleting,
    /// It is over, and only repeats of the last request are still answered.
    Closed,
}

/// What `IKE_AUTH` signs, kept until both ends are authenticated (RFC 7296 §2.15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transcript {
    /// The last `IKE_SA_INIT` request, from the IKE header on.
    pub(crate) request: Vec<u8>,
    /// Its response.
    pub(crate) response: Vec<u8>,
    pub(crate) nonce_i: Vec<u8>,
    pub(crate) nonce_r: Vec<u8>,
}

/// An IKE SA.
#[derive(Debug)]
pub(crate) struct IkeSa {
    pub(crate) role: Role,
    pub(crate) connection: Arc<Connection>,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) spi_i: IkeSpi,
    pub(crate) spi_r: IkeSpi,
    pub(crate) state: State,
    pub(crate) crypto: Option<Crypto>,
    pub(crate) children: Vec<ChildSa>,
    /// When the peer was last proven to be alive.
    pub(crate) last_heard: Instant,
    /// We had no other IKE SA of the connection when we began this one, and tell the peer so (RFC 7296 §2.4).
    pub(crate) is_first: bool,
    /// The peer has told us so, and that has not been acted upon yet.
    pub(crate) supersedes: bool,
}

/// What was agreed in `IKE_SA_INIT`.
#[derive(Debug)]
pub(crate) struct Crypto {
    pub(crate) suite: IkeSuite,
    pub(crate) keys: Keys,
    pub(crate) protection: Protection,
}

/// A Child SA pair as IKE knows it; the keys live in the data plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChildSa {
    pub(crate) name: String,
    /// ESP or AH.
    pub(crate) protocol: ProtocolId,
    pub(crate) inbound: Spi,
    pub(crate) outbound: Spi,
    /// We have asked the peer to delete it.
    pub(crate) deleting: bool,
}

impl IkeSa {
    /// Whether the peer has proven who it is and neither end has begun to delete the SA.
    pub(crate) fn is_established(&self) -> bool {
        matches!(self.state, State::Established(_))
    }

    /// Who the peer has proven to be.
    pub(crate) fn peer(&self) -> Option<&Identity> {
        match &self.state {
            State::Established(proven) => Some(proven.identity()),
            _ => None,
        }
    }

    /// Whether the SA is over.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// The child under which we send with this SPI.
    pub(crate) fn child_by_outbound(&self, protocol: ProtocolId, spi: Spi) -> Option<&ChildSa> {
        self.children.iter().find(|child| (child.protocol, child.outbound) == (protocol, spi))
    }
}
