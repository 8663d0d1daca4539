//! The state of an endpoint as plain data, for people and oracles.

use std::net::{IpAddr, SocketAddr};

use ipsec_auth::Identity;
use ipsec_wire::{IkeSpi, Spi};

use crate::children::ChildSa;
use crate::negotiate::IkeSuite;
use crate::sa::Role;
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
    /// Whether both ends are authenticated, and quick mode may begin.
    pub established: bool,
    /// The algorithms of an established one.
    pub suite: Option<IkeSuite>,
    /// Our address and port.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// Who the peer has proven to be.
    pub peer: Option<Identity>,
    /// Who uses the peer, if it has proven that by XAUTH.
    pub user: Option<String>,
    /// The inside addresses that were assigned, to us or by us.
    pub inside: Vec<IpAddr>,
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
        established: sa.is_open(),
        suite: sa.crypto.as_ref().filter(|_| sa.is_established()).map(|crypto| crypto.suite),
        local: sa.path.local,
        remote: sa.path.remote,
        peer: sa.peer().map(|proven| proven.identity().clone()),
        user: sa.user.as_ref().map(|user| user.name().to_owned()),
        inside: sa.inside.addresses.clone(),
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
