//! The state of IKE SAs as plain data, for people and oracles.

use std::net::{IpAddr, SocketAddr};

use ipsec_auth::Identity;
use ipsec_wire::{IkeSpi, Spi};

use crate::negotiate::IkeSuite;
use crate::path::Nat;
use crate::sa::{Role, State};
use crate::session::Session;

/// One IKE SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeSaStatus {
    /// The connection's name.
    pub connection: String,
    /// Which end we are.
    pub role: Role,
    /// The initiator's SPI.
    pub spi_i: IkeSpi,
    /// The responder's SPI; 0 while it is unknown.
    pub spi_r: IkeSpi,
    /// How far it has come.
    pub stage: Stage,
    /// The algorithms of an established one.
    pub suite: Option<IkeSuite>,
    /// Our address and port.
    pub local: SocketAddr,
    /// The peer's, as we see them.
    pub remote: SocketAddr,
    /// Which ends are behind NAT.
    pub nat: Nat,
    /// Who the peer has proven to be.
    pub peer: Option<Identity>,
    /// The message ID of our next request.
    pub next_request: u32,
    /// The message ID of the peer's next request.
    pub next_expected: u32,
    /// How many exchanges of ours are open or wait.
    pub pending: usize,
    /// The inside addresses that were assigned: to us, or by us.
    pub inside: Vec<IpAddr>,
    /// Its Child SA pairs.
    pub children: Vec<ChildStatus>,
}

/// One Child SA pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildStatus {
    /// The child's name.
    pub name: String,
    /// The SPI under which we receive.
    pub inbound: Spi,
    /// The SPI under which we send.
    pub outbound: Spi,
    /// Whether we have asked the peer to delete it.
    pub deleting: bool,
}

/// How far an IKE SA has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Waiting for the `IKE_SA_INIT` response.
    Init,
    /// There are keys, but nobody is authenticated.
    HalfOpen,
    /// Both ends are authenticated.
    Established,
    /// We have asked the peer to delete it.
    Deleting,
    /// Over; repeats of the last request are still answered.
    Closed,
}

impl Stage {
    /// All of them, in the order of an IKE SA's life.
    pub const ALL: [Self; 5] = [Self::Init, Self::HalfOpen, Self::Established, Self::Deleting, Self::Closed];

    /// A short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::HalfOpen => "half-open",
            Self::Established => "established",
            Self::Deleting => "deleting",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn of(state: &State) -> Self {
        match state {
            State::Init => Self::Init,
            State::HalfOpen(_) => Self::HalfOpen,
            State::Established(_) => Self::Established,
            State::Deleting => Self::Deleting,
            State::Closed => Self::Closed,
        }
    }
}

pub(crate) fn of(session: &Session) -> IkeSaStatus {
    let sa = &session.sa;
    let child = |child: &crate::sa::ChildSa| ChildStatus {
        name: child.name.clone(),
        inbound: child.inbound,
        outbound: child.outbound,
        deleting: child.deleting,
    };
    IkeSaStatus {
        connection: sa.connection.name.clone(),
        role: sa.role,
        spi_i: sa.spi_i,
        spi_r: sa.spi_r,
        stage: Stage::of(&sa.state),
        suite: sa.crypto.as_ref().filter(|_| sa.is_established()).map(|crypto| crypto.suite),
        local: sa.path.local,
        remote: sa.path.remote,
        nat: sa.path.nat,
        peer: match &sa.state {
            State::Established(proven) => Some(proven.identity().clone()),
            _ => None,
        },
        next_request: session.requests.next_id(),
        next_expected: session.responses.next_id(),
        pending: session.pending(),
        inside: sa.inside.addresses.clone(),
        children: sa.children.iter().map(child).collect(),
    }
}
