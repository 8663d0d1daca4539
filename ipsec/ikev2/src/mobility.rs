//! MOBIKE (RFC 4555): what the ends of an IKE SA know of each other's addresses, what is said of them in notifies, and which
//! pair of addresses is tried next. The exchanges are in [`crate::exchange::mobility`].
//!
//! ```text
//! IKE_AUTH   SK { … N(MOBIKE_SUPPORTED) N(ADDITIONAL_IP4_ADDRESS)+ }   ------->
//!                      <-------   SK { … N(MOBIKE_SUPPORTED) N(ADDITIONAL_IP4_ADDRESS)+ }
//! ```

use std::net::{IpAddr, SocketAddr};

use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};
use ipsec_wire::{IKE_PORT, NAT_PORT};

use crate::config::Connection;
use crate::message::{Opened, find_notify, notifies};
use crate::path::Path;
use crate::sa::IkeSa;

/// What the ends know of each other, where both speak MOBIKE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mobility {
    /// The peer's addresses besides the one that it uses, as it has told us (§3.4).
    pub(crate) others: Vec<IpAddr>,
    /// Where the children still run, while nobody has answered yet where the IKE SA does (§3.7).
    pub(crate) children: Option<Path>,
    /// How often we have moved the IKE SA, as the original initiator.
    pub(crate) moves: u32,
    /// Which of these moves the peer was told last.
    pub(crate) sent: u32,
    /// Which of them the peer has confirmed.
    pub(crate) confirmed: u32,
    /// The peer is to be told our list of addresses, or has not confirmed it.
    pub(crate) listing: bool,
    /// By which hash the peer has told us last where it sees us (§3.8).
    pub(crate) seen: Vec<u8>,
    /// From the message ID of the latest UPDATE_SA_ADDRESSES on, and of the latest list of addresses, one is newer.
    newer: [u32; 2],
}

/// Something that is learnt, or was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Learnt {
    /// The peer was told of this move.
    Sent(u32),
    /// The peer has confirmed this move.
    Confirmed(u32),
    /// Our addresses have changed, and the peer is to be told; or it has been.
    Listing(bool),
    /// The peer has told by this hash where it sees us.
    Seen(Vec<u8>),
    /// The peer has said in the request with this message ID that these are its other addresses.
    Others(Vec<IpAddr>, u32),
    /// The peer has moved the SAs with the request of this message ID.
    Updated(u32),
}

/// So many other addresses of a peer are kept.
const MOST_ADDRESSES: usize = 16;

impl Mobility {
    /// Takes in what was learnt.
    pub(crate) fn learn(&mut self, learnt: Learnt) {
        match learnt {
            Learnt::Sent(moves) => self.sent = moves,
            Learnt::Confirmed(moves) => self.confirmed = moves,
            Learnt::Listing(listing) => self.listing = listing,
            Learnt::Seen(hash) => self.seen = hash,
            Learnt::Others(others, message_id) => {
                self.others = others;
                self.newer[1] = message_id.saturating_add(1);
            }
            Learnt::Updated(message_id) => self.newer[0] = message_id.saturating_add(1),
        }
    }

    /// We have moved the IKE SA, perhaps from one address of the peer's to another.
    pub(crate) fn leave(&mut self, old: IpAddr, new: IpAddr) {
        self.moves = self.moves.wrapping_add(1);
        if old != new && !self.others.contains(&old) && self.others.len() < MOST_ADDRESSES {
            self.others.push(old);
        }
    }

    /// Whether no newer UPDATE_SA_ADDRESSES has come (§3.5).
    pub(crate) fn is_latest_update(&self, message_id: u32) -> bool {
        message_id >= self.newer[0]
    }

    /// Whether no newer list of addresses has come (§3.6).
    pub(crate) fn is_latest_list(&self, message_id: u32) -> bool {
        message_id >= self.newer[1]
    }

    /// What the IKE SA that replaces this one begins with: message IDs and hashes are others there, and what was not confirmed
    /// is told again.
    pub(crate) fn inherited(&self) -> Self {
        Self { sent: self.confirmed, seen: Vec::new(), newer: [0; 2], ..self.clone() }
    }
}

/// What a message of `IKE_AUTH` says, from an end that has these addresses.
pub(crate) fn offered(sa: &IkeSa, connection: &Connection, own: &[IpAddr]) -> Vec<Payload> {
    if !connection.mobike {
        return Vec::new();
    }
    let mut payloads = vec![said(NotifyType::MOBIKE_SUPPORTED)];
    payloads.extend(additional(own, &sa.path));
    payloads
}

/// What the peer says in its message of `IKE_AUTH` that makes the IKE SA mobile; nothing where it does not speak MOBIKE.
pub(crate) fn supported(connection: &Connection, message: &Opened<'_>) -> Option<Mobility> {
    find_notify(&message.payloads, NotifyType::MOBIKE_SUPPORTED).filter(|_| connection.mobike)?;
    Some(Mobility { others: told(&message.payloads).unwrap_or_default(), ..Mobility::default() })
}

/// The addresses besides the one in use; none where there is no other.
fn additional(own: &[IpAddr], path: &Path) -> Vec<Payload> {
    let others = own.iter().filter(|address| **address != path.local.ip());
    let notify = |address: &IpAddr| match address {
        IpAddr::V4(address) => Notify::new(NotifyType::ADDITIONAL_IP4_ADDRESS, address.octets().to_vec()),
        IpAddr::V6(address) => Notify::new(NotifyType::ADDITIONAL_IP6_ADDRESS, address.octets().to_vec()),
    };
    others.map(|address| Payload::Notify(notify(address))).collect()
}

/// The list of our addresses, in place of all that was told before (§3.6).
pub(crate) fn list(sa: &IkeSa, own: &[IpAddr]) -> Vec<Payload> {
    let mut payloads = additional(own, &sa.path);
    if payloads.is_empty() {
        payloads.push(said(NotifyType::NO_ADDITIONAL_ADDRESSES));
    }
    payloads.extend(no_nats(sa));
    payloads
}

/// The list of the peer's other addresses, if the message has one.
pub(crate) fn told(payloads: &[Payload]) -> Option<Vec<IpAddr>> {
    let none = find_notify(payloads, NotifyType::NO_ADDITIONAL_ADDRESSES).is_some();
    let addresses: Vec<IpAddr> = notifies(payloads).filter_map(address).take(MOST_ADDRESSES).collect();
    (none || !addresses.is_empty()).then_some(addresses)
}

/// An address that a peer can be reached at.
fn address(notify: &Notify) -> Option<IpAddr> {
    let address = match notify.kind {
        NotifyType::ADDITIONAL_IP4_ADDRESS => <[u8; 4]>::try_from(&*notify.data).ok().map(IpAddr::from),
        NotifyType::ADDITIONAL_IP6_ADDRESS => <[u8; 16]>::try_from(&*notify.data).ok().map(IpAddr::from),
        _ => None,
    };
    address.filter(is_of_one_host)
}

/// Whether an address may be that of a peer: not of all, of many, or of none.
pub(crate) fn is_of_one_host(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(broadcast || address.is_unspecified() || address.is_multicast() || address.is_loopback())
}

/// Says between which addresses the message runs, where NAT traversal is off and so nobody may change them (§3.9).
pub(crate) fn no_nats(sa: &IkeSa) -> Option<Payload> {
    let traverses = sa.connection.nat_traversal && sa.features.nat_traversal;
    let forbids = sa.connection.mobike && !traverses;
    let data = ends(sa.path.local, sa.path.remote).filter(|_| forbids)?;
    Some(Payload::Notify(Notify::new(NotifyType::NO_NATS_ALLOWED, data)))
}

/// Whether the message forbids NAT and has met one.
pub(crate) fn meets_forbidden_nat(message: &Opened<'_>) -> bool {
    let told = find_notify(&message.payloads, NotifyType::NO_NATS_ALLOWED);
    told.is_some_and(|notify| Some(&notify.data) != ends(message.came.remote, message.came.local).as_ref())
}

/// Source and destination address, then their ports; nothing where the versions differ.
fn ends(source: SocketAddr, destination: SocketAddr) -> Option<Vec<u8>> {
    let mut data = match (source.ip(), destination.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => [source.octets(), destination.octets()].concat(),
        (IpAddr::V6(source), IpAddr::V6(destination)) => [source.octets(), destination.octets()].concat(),
        _ => return None,
    };
    data.extend(source.port().to_be_bytes());
    data.extend(destination.port().to_be_bytes());
    Some(data)
}

/// The ways between addresses of ours and of the peer's: to the one of the peer's that is in use before others, and from ours
/// that is in use before others.
fn ways(own: &[IpAddr], path: &Path, others: &[IpAddr]) -> Vec<(IpAddr, IpAddr)> {
    let mut remotes = vec![path.remote.ip()];
    remotes.extend(others.iter().filter(|other| **other != path.remote.ip()));
    let mut locals: Vec<IpAddr> = own.to_vec();
    locals.sort_by_key(|local| *local != path.local.ip());
    let joins = |local: &IpAddr, remote: &IpAddr| local.is_ipv4() == remote.is_ipv4() && local != remote;
    let pairs = remotes.iter().flat_map(|remote| locals.iter().map(move |local| (*local, *remote)));
    pairs.filter(|(local, remote)| joins(local, remote)).collect()
}

/// The pairs of addresses between which an IKE SA of this connection may begin, that on this path first (§3.1).
pub(crate) fn first_ways(own: &[IpAddr], connection: &Connection, path: &Path) -> Vec<Path> {
    if !connection.mobike {
        return vec![*path];
    }
    let all = ways(own, path, &connection.also_at);
    let here = std::iter::once((path.local.ip(), path.remote.ip()));
    let others = all.iter().copied().filter(|way| *way != (path.local.ip(), path.remote.ip()));
    here.chain(others).map(|way| along(path, way)).collect()
}

/// The way to take where one in use may be gone with an address of ours, or of the peer's; nothing where there is none.
pub(crate) fn best(own: &[IpAddr], path: &Path, others: &[IpAddr], is_remote_there: bool) -> Option<Path> {
    let there = |(_, remote): &&(IpAddr, IpAddr)| is_remote_there || *remote != path.remote.ip();
    ways(own, path, others).iter().find(there).map(|way| along(path, *way))
}

/// The way behind the one in use, in a round over all; nothing where there is no other.
pub(crate) fn next(own: &[IpAddr], path: &Path, others: &[IpAddr]) -> Option<Path> {
    let mut all: Vec<(IpAddr, IpAddr)> = ways(own, path, others);
    // A round has an order of its own, whichever is in use.
    all.sort_unstable();
    let here = (path.local.ip(), path.remote.ip());
    let behind = all.iter().find(|way| **way > here).or_else(|| all.first())?;
    (*behind != here).then(|| along(path, *behind))
}

/// Whether messages may run so between addresses that the ends have.
pub(crate) fn is_way(own: &[IpAddr], path: &Path, others: &[IpAddr], came: &Path) -> bool {
    ways(own, path, others).iter().any(|way| along(path, *way).joins_same(came))
}

/// The path over other addresses. What is known of NAT is supposed to go on there, until the peer says what it sees.
fn along(path: &Path, (local, remote): (IpAddr, IpAddr)) -> Path {
    let usual = if path.local.port() == IKE_PORT { IKE_PORT } else { NAT_PORT };
    let port = if path.remote.ip() == remote { path.remote.port() } else { usual };
    Path { local: (local, path.local.port()).into(), remote: (remote, port).into(), nat: path.nat }
}

fn said(kind: NotifyType) -> Payload {
    Payload::Notify(Notify::new(kind, Vec::new()))
}

#[cfg(test)]
mod tests;
