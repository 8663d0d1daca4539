//! What a real implementation holds, as its adapter was told it, in the form in which a virtual peer tells it.

use std::net::{IpAddr, SocketAddr};

use ipsec::Status;
use ipsec::dataplane::{Direction, Outer, Protection, SaStatus, Suite, UdpEncapsulation};
use ipsec::ikev1;
use ipsec::ikev2::{ChildStatus, IkeSaStatus, IkeSuite, Nat, Role, Stage};
use ipsec::wire::{IkeSpi, Spi};

use crate::file::{ChildProposal, IkeProposal};

/// An IKE SA.
pub(super) struct HeldIke {
    pub(super) name: String,
    /// Whether it is one of version 1.
    pub(super) older: bool,
    pub(super) role: Role,
    pub(super) stage: Stage,
    /// The initiator's SPI, and the responder's.
    pub(super) spis: [IkeSpi; 2],
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) suite: Option<IkeSuite>,
    pub(super) nat: Nat,
    /// Exchanges that are open or wait.
    pub(super) pending: usize,
    /// Inside addresses: its own, or those that it has lent.
    pub(super) inside: Vec<IpAddr>,
    pub(super) children: Vec<HeldChild>,
}

/// An SA pair that carries packets in both directions.
pub(super) struct HeldChild {
    pub(super) name: String,
    pub(super) inbound: Spi,
    pub(super) outbound: Spi,
    pub(super) suite: Option<Suite>,
    pub(super) in_udp: bool,
    /// Packets and octets that came, and that went.
    pub(super) came: [u64; 2],
    pub(super) went: [u64; 2],
}

/// The state of somebody who holds these.
pub(super) fn status(all: Vec<HeldIke>) -> Status {
    let mut status = Status::default();
    for sa in all {
        status.sas.extend(sa.children.iter().flat_map(|child| pair(&sa, child)));
        if sa.older { older(&mut status, sa) } else { newer(&mut status, sa) }
    }
    status
}

fn newer(status: &mut Status, sa: HeldIke) {
    let child = |child: HeldChild| ChildStatus {
        name: child.name,
        inbound: child.inbound,
        outbound: child.outbound,
        deleting: false,
    };
    status.ike.push(IkeSaStatus {
        connection: sa.name,
        role: sa.role,
        spi_i: sa.spis[0],
        spi_r: sa.spis[1],
        stage: sa.stage,
        suite: sa.suite,
        local: sa.local,
        remote: sa.remote,
        nat: sa.nat,
        peer: None,
        next_request: 0,
        next_expected: 0,
        pending: sa.pending,
        inside: sa.inside,
        children: sa.children.into_iter().map(child).collect(),
    });
}

fn older(status: &mut Status, sa: HeldIke) {
    status.ikev1.ike.push(ikev1::IkeSaStatus {
        connection: sa.name,
        role: if sa.role == Role::Initiator { ikev1::Role::Initiator } else { ikev1::Role::Responder },
        cookie_i: sa.spis[0],
        cookie_r: sa.spis[1],
        established: sa.stage == Stage::Established,
        suite: None,
        local: sa.local,
        remote: sa.remote,
        peer: None,
        user: None,
        inside: sa.inside,
        pending: sa.pending,
    });
    status.ikev1.children.extend(sa.children.into_iter().map(|child| ikev1::ChildStatus {
        name: child.name,
        inbound: child.inbound,
        outbound: child.outbound,
        replaced: false,
    }));
}

/// Both SAs of a pair; none where their algorithms are not known.
fn pair(sa: &HeldIke, child: &HeldChild) -> Vec<SaStatus> {
    let Some(suite) = child.suite else { return Vec::new() };
    let encapsulation = child.in_udp.then_some(UdpEncapsulation {
        local_port: sa.local.port(),
        remote_port: sa.remote.port(),
        keepalive: None,
        original: None,
    });
    let one = |direction, spi, [packets, octets]: [u64; 2]| SaStatus {
        policy: child.name.clone(),
        direction,
        spi,
        protection: Protection::Esp(suite),
        packets,
        octets,
        dropped: 0,
        sequence: 0,
        last_used: None,
        outer: Some(Outer { local: sa.local.ip(), remote: sa.remote.ip(), encapsulation }),
        fingerprint: [0; 8],
    };
    vec![
        one(Direction::Inbound, child.inbound, child.came),
        one(Direction::Outbound, child.outbound, child.went),
    ]
}

/// The algorithms of an IKE SA, as proposals are written.
pub(super) fn ike_suite(text: &str) -> Option<IkeSuite> {
    let proposal = IkeProposal::parse(text).ok()?;
    let (encryption, key_len) = *proposal.encryption.first()?;
    Some(IkeSuite {
        protection: Suite { encryption, key_len, integrity: proposal.integrity.first().copied() },
        prf: *proposal.prf.first()?,
        key_exchange: *proposal.groups.first()?,
        additional: [None; 7],
    })
}

/// The algorithms of an SA pair under ESP, as proposals are written.
pub(super) fn child_suite(text: &str) -> Option<Suite> {
    let proposal = ChildProposal::parse(text).ok()?;
    let (encryption, key_len) = *proposal.encryption.first()?;
    Some(Suite { encryption, key_len, integrity: proposal.integrity.first().copied() })
}

/// Octets in hexadecimal digits; 0 where these are none.
pub(super) fn ike_spi(text: &str) -> IkeSpi {
    IkeSpi(u64::from_str_radix(text, 16).unwrap_or(0))
}

/// The same for a child.
pub(super) fn child_spi(text: &str) -> Spi {
    Spi(u32::from_str_radix(text, 16).unwrap_or(0))
}
