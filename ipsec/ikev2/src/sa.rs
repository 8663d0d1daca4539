//! The record of an IKE SA: plain data. Exchanges read it, [`crate::apply`] alone changes it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipsec_auth::{Identity, Proven};
use ipsec_crypto::{KeyExchangeAlgorithm, Secret};
use ipsec_net::Instant;
use ipsec_wire::registry::ProtocolId;
use ipsec_wire::v2::{ConfigAttribute, TrafficSelector};
use ipsec_wire::{IkeSpi, Spi};

use crate::collision::{Doing, End};
use crate::config::{ChildConfig, Connection, Uniqueness};
use crate::exchange::auth::Conversation;
use crate::exchange::child::Agreed;
use crate::features::Features;
use crate::keys::Keys;
use crate::mobility::Mobility;
use crate::negotiate::IkeSuite;
use crate::path::Path;
use crate::protect::Protection;
use crate::ticket::{Serial, Ticket};

/// Which end began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The one that sent the first `IKE_SA_INIT` request.
    Initiator,
    /// The one that answered it.
    Responder,
}

impl Role {
    /// The other end's.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
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
    /// IntAuth, empty before the first `IKE_INTERMEDIATE` exchange (RFC 9242 §3.3.2).
    pub(crate) int_auth: Vec<u8>,
    /// The additional key exchanges that have not taken place yet, in order (RFC 9370 §2.2.2).
    pub(crate) to_come: Vec<KeyExchangeAlgorithm>,
    /// Whether a PPK was mixed in by `IKE_INTERMEDIATE` (RFC 9867 §3.1).
    pub(crate) has_ppk: bool,
    /// What the initiator and the responder prove of `IKE_SA_INIT` where that is the whole of it; empty where it is not.
    pub(crate) full: [Vec<u8>; 2],
}

impl Transcript {
    /// Has both messages proven by each end: eight zeros, the one that it received, and the one that it sent
    /// (draft-ietf-ipsecme-ikev2-downgrade-prevention).
    pub(crate) fn prove_all(&mut self) {
        let (request, response) = (self.request.as_slice(), self.response.as_slice());
        self.full = [[&[0; 8], response, request].concat(), [&[0; 8], request, response].concat()];
    }

    /// What `signer` proves of `IKE_SA_INIT`.
    pub(crate) fn proven_by(&self, signer: Role) -> &[u8] {
        let (plain, full) = match signer {
            Role::Initiator => (&self.request, &self.full[0]),
            Role::Responder => (&self.response, &self.full[1]),
        };
        if full.is_empty() { plain } else { full }
    }

    /// The parts of IntAuth: `IntAuth_i`, `IntAuth_r`, and how many `IKE_INTERMEDIATE` exchanges they stand for.
    pub(crate) fn intermediate(&self) -> (&[u8], &[u8], u32) {
        let Some((parts, id)) = self.int_auth.split_last_chunk::<4>() else {
            return (&[], &[], 0);
        };
        let (initiator, responder) = parts.split_at(parts.len() / 2);
        (initiator, responder, u32::from_be_bytes(*id).saturating_sub(1))
    }
}

/// What the initiator was told of the network inside (RFC 7296 §2.19).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// The addresses that it was assigned.
    pub addresses: Vec<IpAddr>,
    /// What else it was told.
    pub attributes: Vec<ConfigAttribute>,
}

/// An IKE SA.
#[derive(Debug)]
pub(crate) struct IkeSa {
    pub(crate) role: Role,
    pub(crate) connection: Arc<Connection>,
    /// Where it runs.
    pub(crate) path: Path,
    pub(crate) spi_i: IkeSpi,
    pub(crate) spi_r: IkeSpi,
    pub(crate) state: State,
    /// What the peer can do, as it said in `IKE_SA_INIT`.
    pub(crate) features: Features,
    pub(crate) crypto: Option<Crypto>,
    /// The responder's state of an `IKE_AUTH` with several rounds, while it is half open.
    pub(crate) conversation: Option<Box<Conversation>>,
    pub(crate) children: Vec<ChildSa>,
    /// When the peer was last proven to be alive.
    pub(crate) last_heard: Instant,
    /// We had no other IKE SA of the connection when we began this one, and tell the peer so (RFC 7296 §2.4).
    pub(crate) is_first: bool,
    /// We began it, or the one that it replaces: we are the client of a gateway, if one end is.
    pub(crate) begun_here: bool,
    /// How long its authentication holds, if there is a limit to that.
    pub(crate) authentication: Option<AuthenticationTerm>,
    /// What it goes on with, until the endpoint has acted upon that; nothing if it was not resumed.
    pub(crate) resumption: Option<Box<Resumption>>,
    /// What it can be resumed with.
    pub(crate) ticket: Option<Box<Ticket>>,
    /// The gateway that sent us to this one (RFC 5685 §9.3).
    pub(crate) redirected_from: Option<IpAddr>,
    /// The peer's older IKE SAs end for it, and that has not been acted upon yet.
    pub(crate) supersedes: Option<Supersession>,
    /// What our open requests do, where one of the peer's may collide with them.
    pub(crate) affairs: Vec<Affair>,
    /// The token by which the peer would prove that it has lost this SA (RFC 6290).
    pub(crate) token: Option<Secret>,
    /// What the peer has asked for and additional key exchanges have still to come for.
    pub(crate) pending: Vec<Pending>,
    /// SPIs that the peer has deleted while we waited for the response that may tell us of them.
    pub(crate) stillborn: Vec<(ProtocolId, Spi)>,
    /// The IKE SA that the peer has made to replace this one while we had asked for the same.
    pub(crate) rival: Option<Box<Rival<IkeSpi>>>,
    /// The child that the peer has made to replace one while our open request asks for the same.
    pub(crate) rival_child: Option<Box<Rival<Spi>>>,
    /// Our SPI of the IKE SA that has taken the place of this one and has its children.
    pub(crate) heir: Option<IkeSpi>,
    /// What was assigned: to us, or by us. Before it is established, what we wish for.
    pub(crate) inside: Inside,
    /// The children of which the peer grants no more SAs for resources until one is gone (RFC 9611 §3).
    pub(crate) exhausted: Vec<String>,
    /// It is to take the place of another, and whether it does is not decided yet.
    pub(crate) waits: bool,
    /// What the ends know of each other's addresses, where both speak MOBIKE (RFC 4555).
    pub(crate) mobility: Option<Box<Mobility>>,
}

/// Where the two ends are and what they call the SA.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) path: Path,
    pub(crate) spi_i: IkeSpi,
    pub(crate) spi_r: IkeSpi,
}

/// How older IKE SAs end for a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supersession {
    /// The peer does not know them any more (RFC 7296 §2.4).
    Silent,
    /// The peer is told.
    ByDeletion,
}

impl Supersession {
    /// How they end when `peer` has set up another one with us in this role, and says perhaps by `INITIAL_CONTACT` that it knows
    /// of none; nothing if they stay.
    pub(crate) fn of(unique: Uniqueness, role: Role, peer: &Identity, initial_contact: bool) -> Option<Self> {
        match (unique, role) {
            (Uniqueness::Never, _) => None,
            // Those who stay unknown are not one peer, and cannot say what was its own (RFC 7619 §2.3).
            _ if *peer == Identity::Null => None,
            _ if initial_contact => Some(Self::Silent),
            (Uniqueness::Replace, Role::Responder) => Some(Self::ByDeletion),
            _ => None,
        }
    }
}

/// What a resumed IKE SA goes on with (RFC 5723 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resumption {
    /// Who the peer was, and so is.
    pub(crate) peer: Identity,
    /// Who we were.
    pub(crate) own: Identity,
    /// At the gateway: the ticket, when it would have expired, and the gateway's SPI of the IKE SA that it was.
    pub(crate) used: Option<(Serial, Instant, IkeSpi)>,
}

/// How long the authentication of an IKE SA holds (RFC 4478); those that replace it inherit that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuthenticationTerm {
    /// When it began.
    pub(crate) from: Instant,
    /// How long it lasts.
    pub(crate) lifetime: Duration,
}

impl AuthenticationTerm {
    /// When the client repeats the authentication: early enough that several requests may be lost.
    pub(crate) fn renewal(&self) -> Instant {
        self.from + self.lifetime * 9 / 10
    }

    /// When the gateway ends the IKE SA.
    pub(crate) fn end(&self) -> Instant {
        self.from + self.lifetime
    }
}

/// What an open request of ours does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affair {
    /// It asks for a new child.
    CreateChild,
    /// It asks to replace the child that we receive under this SPI.
    RekeyChild(Spi),
    /// It is one of the additional key exchanges for what is to replace the child that we receive under this SPI.
    FollowChild(Spi),
    /// It asks to delete children.
    DeleteChild,
    /// It asks to replace the IKE SA.
    RekeyIke,
    /// It is one of the additional key exchanges for what is to replace the IKE SA.
    FollowIke,
}

impl Affair {
    /// Whether the response may tell of a new child.
    pub(crate) fn makes_child(self) -> bool {
        self == Self::CreateChild || self.replaces_child()
    }

    /// Whether the response may tell of a child that replaces another one.
    pub(crate) fn replaces_child(self) -> bool {
        matches!(self, Self::RekeyChild(_) | Self::FollowChild(_))
    }
}

/// What a `CREATE_CHILD_SA` exchange of the peer's has agreed on, until its additional key exchanges are through
/// (RFC 9370 §2.2.4).
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// What we call it to the peer.
    pub(crate) link: Vec<u8>,
    pub(crate) making: Making,
    /// The initiator's nonce and ours.
    pub(crate) nonces: [Vec<u8>; 2],
    /// What the key exchanges so far have given, that of `CREATE_CHILD_SA` first.
    pub(crate) secrets: Vec<Secret>,
    /// The key exchanges that are still to come; at least one.
    pub(crate) to_come: Vec<KeyExchangeAlgorithm>,
    /// Whether an exchange of ours has won over it: the peer goes no further, and it is no rival of what we begin later.
    pub(crate) lost: bool,
    /// When it is forgotten.
    pub(crate) until: Instant,
}

/// What is made once all key exchanges are through.
#[derive(Clone, Debug)]
pub(crate) enum Making {
    /// A child.
    Child(Box<Agreed>),
    /// An IKE SA with this suite and these SPIs, in the place of the one that it was asked for on.
    Ike { suite: IkeSuite, spi_i: IkeSpi, spi_r: IkeSpi },
}

/// An SA that the peer has made at the same time as we asked for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rival<S> {
    /// Our SPI of it.
    pub(crate) spi: S,
    /// The nonces of the exchange that made it.
    pub(crate) nonces: [Vec<u8>; 2],
}

/// What was agreed in the exchange that made the IKE SA.
#[derive(Debug)]
pub(crate) struct Crypto {
    pub(crate) suite: IkeSuite,
    pub(crate) protection: Protection,
    /// What the latest request was opened with, where answering it has changed the keys (RFC 9242 §3.3.1): it may be repeated in
    /// other pieces.
    pub(crate) before: Option<Box<Protection>>,
}

impl Crypto {
    pub(crate) fn keys(&self) -> &Keys {
        self.protection.keys()
    }
}

/// A Child SA pair as IKE knows it; the keys live in the data plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChildSa {
    pub(crate) name: String,
    /// ESP or AH.
    pub(crate) protocol: ProtocolId,
    pub(crate) inbound: Spi,
    pub(crate) outbound: Spi,
    /// What we protect at our side.
    pub(crate) local: Vec<TrafficSelector>,
    /// What we protect at the peer's side.
    pub(crate) remote: Vec<TrafficSelector>,
    /// The resource that we use it for, if it is one of several (RFC 9611).
    pub(crate) resource: Option<u32>,
    /// Whether its sequence numbers have 64 bits.
    pub(crate) extended_sequence_numbers: bool,
    /// We have asked the peer to delete it.
    pub(crate) deleting: bool,
    /// Another one has its place; this end deletes it.
    pub(crate) retired: Option<End>,
    /// The peer has refused to replace it.
    pub(crate) unreplaced: bool,
}

impl ChildSa {
    /// Whether it is there to stay: neither deleted nor replaced.
    pub(crate) fn is_current(&self) -> bool {
        !self.deleting && self.retired.is_none()
    }
}

impl IkeSa {
    /// One that has not begun yet.
    pub(crate) fn new(role: Role, connection: Arc<Connection>, ends: Ends, now: Instant) -> Self {
        let Ends { path, spi_i, spi_r } = ends;
        Self {
            role,
            connection,
            path,
            spi_i,
            spi_r,
            state: State::Init,
            features: Features::default(),
            crypto: None,
            conversation: None,
            children: Vec::new(),
            last_heard: now,
            is_first: false,
            begun_here: role == Role::Initiator,
            authentication: None,
            resumption: None,
            ticket: None,
            redirected_from: None,
            supersedes: None,
            affairs: Vec::new(),
            token: None,
            pending: Vec::new(),
            stillborn: Vec::new(),
            rival: None,
            rival_child: None,
            heir: None,
            inside: Inside::default(),
            exhausted: Vec::new(),
            waits: false,
            mobility: None,
        }
    }

    /// Where its children run.
    pub(crate) fn children_path(&self) -> Path {
        self.mobility.as_ref().and_then(|mobility| mobility.children).unwrap_or(self.path)
    }

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

    /// The configuration of the child of this name for this IKE SA.
    pub(crate) fn child_config(&self, name: &str) -> Option<ChildConfig> {
        let config = self.connection.children.iter().find(|child| child.name == name)?;
        let established = !matches!(self.state, State::Init | State::HalfOpen(_));
        let addresses = if established { self.inside.addresses.as_slice() } else { &[] };
        Some(config.with_assigned(&self.connection, addresses))
    }

    /// The child under which we send with this SPI.
    pub(crate) fn child_by_outbound(&self, protocol: ProtocolId, spi: Spi) -> Option<&ChildSa> {
        self.children.iter().find(|child| (child.protocol, child.outbound) == (protocol, spi))
    }

    /// The child that we receive under this SPI.
    pub(crate) fn child(&self, inbound: Spi) -> Option<&ChildSa> {
        self.children.iter().find(|child| child.inbound == inbound)
    }

    /// The names of the children that are there to stay, each once.
    pub(crate) fn child_names(&self) -> Vec<String> {
        let current = self.children.iter().filter(|child| child.is_current());
        let mut names: Vec<String> = current.map(|child| child.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether exchanges about children belong to this IKE SA, and not to another one that replaces it or that it is
    /// meant to replace.
    pub(crate) fn is_current(&self) -> bool {
        self.is_established() && self.heir.is_none() && !self.waits
    }

    /// What we are doing that a request about `child`, or about no child, may collide with (RFC 7296 §2.25).
    pub(crate) fn doing(&self, child: Option<&ChildSa>) -> Doing {
        if self.heir.is_some() || self.waits || !self.is_established() {
            return Doing::ClosingIke;
        }
        if child.is_some_and(|child| child.deleting) {
            return Doing::ClosingSame;
        }
        if child.is_some_and(|child| child.retired == Some(End::Ours)) {
            return Doing::ReplacedSame;
        }
        let is_same = |old: &Spi| child.is_some_and(|child| child.inbound == *old);
        let doing = |affair: &Affair| match affair {
            Affair::CreateChild => Doing::CreatingChild,
            Affair::DeleteChild => Doing::ClosingOther,
            Affair::RekeyIke => Doing::RekeyingIke,
            Affair::FollowIke => Doing::FollowingIke,
            Affair::RekeyChild(old) if is_same(old) => Doing::RekeyingSame,
            Affair::FollowChild(old) if is_same(old) => Doing::FollowingSame,
            Affair::RekeyChild(_) | Affair::FollowChild(_) => Doing::RekeyingOther,
        };
        let all: Vec<Doing> = self.affairs.iter().map(doing).collect();
        // Where several requests are open, what touches the same SA matters most.
        let foremost = [
            Doing::RekeyingIke,
            Doing::FollowingIke,
            Doing::RekeyingSame,
            Doing::FollowingSame,
            Doing::RekeyingOther,
            Doing::CreatingChild,
        ];
        let foremost = foremost.into_iter().find(|doing| all.contains(doing));
        foremost.or(all.first().copied()).unwrap_or(Doing::Nothing)
    }
}
