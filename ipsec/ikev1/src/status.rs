//! The state of an endpoint as plain data, for people and oracles.

use std::net::SocketAddr;

use ipsec_auth::Identity;
use ipsec_wire::{IkeSpi, Spi};

use crate::children::ChildSa;
use crate::negotiate::IkeSuite;
use crate::sa::{Role, State};
use crate::session::Session;

/// What an endpoint holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The ISAKMP SAs.
    pub ike: Vec<IkeSaStatus>,
    /// The pairs of IPsec SAs.
    pub children: Vec<ChildStatus>,
}

/// One ISAKMP SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeSaStatus {
    /// The connection's name.
    pub connection: String,
    /// Which end we are.
    pub role: Role,
    /// The initiator's cookie.
    pub cookie_i: IkeSpi,
    /// The responder's cookie; 0 while it is unknown.
    pub cookie_r: IkeSpi,
    /// Whether both ends are authenticated.
    pub established: bool,
    /// The algorithms of an established one.
    pub suite: Option<IkeSuite>,
    /// Our address and port.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// Who the peer has proven to be.
    pub peer: Option<Identity>,
    /// How many exchanges are open or wait.
    pub pending: usize,
}

/// One pair of IPsec SAs, or with a bundle two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildStatus {
    /// The child's name.
    pub name: String,
    /// The SPI under which we receive.
    pub inbound: Spi,
    /// The SPI under which we send.
    pub outbound: Spi,
    /// Whether another one has taken its place.
    pub replaced: bool,
}

pub(crate) fn of(session: &Session) -> IkeSaStatus {
    let sa = &session.sa;
    IkeSaStatus {
        connection: sa.connection.name.clone(),
        role: sa.role,
        cookie_i: sa.cookie_i,
        cookie_r: sa.cookie_r,
        established: sa.is_established(),
        suite: sa.crypto.as_ref().filter(|_| sa.is_established()).map(|crypto| crypto.suite),
        local: sa.path.local,
        remote: sa.path.remote,
        peer: match &sa.state {
            State::Established(proven) => Some(proven.identity().clone()),
            _ => None,
        },
        pending: session.pending(),
    }
}

pub(crate) fn of_child(child: &ChildSa) -> ChildStatus {
    ChildStatus {
        name: child.name.clone(),
        inbound: child.inbound.first(),
        outbound: child.outbound.first(),
        replaced: child.retire.is_some(),
    }
}
