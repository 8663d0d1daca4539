//! What an exchange asks for. It looks at the record and returns these; [`crate::apply`] carries them out.

use std::sync::Arc;

use ipsec_auth::{Identity, Proven};
use ipsec_crypto::{KeyExchangeAlgorithm, Secret};
use ipsec_dataplane::{Protection, SaPair};
use ipsec_wire::registry::ProtocolId;
use ipsec_wire::{IkeSpi, Spi};

use crate::collision::End;
use crate::config::{Connection, Synchronisation};
use crate::event::{Cause, ChildRecord, Event};
use crate::exchange::Exchange;
use crate::exchange::auth::Conversation;
use crate::failover::Counters;
use crate::features::Features;
use crate::gateway::Gateway;
use crate::keys::Keys;
use crate::mobility::{Learnt, Mobility};
use crate::negotiate::IkeSuite;
use crate::path::{Nat, Path};
use crate::refusal::Failure;
use crate::sa::{
    Affair, AuthenticationTerm, ChildSa, Crypto, Inside, Pending, Resumption, Rival, Role, Transcript,
};
use crate::ticket::Ticket;

/// One change to an IKE SA or to the world round it.
pub(crate) enum Effect {
    /// `IKE_SA_INIT` is through: there are keys.
    Keyed(Box<Keyed>),
    /// An `IKE_INTERMEDIATE` exchange is through.
    Mixed(Box<Mixed>),
    /// The peer has proven who it is, and so which connection is meant; and says perhaps that it has no other IKE SA
    /// with us.
    Establish { proven: Proven, connection: Arc<Connection>, initial_contact: bool },
    /// The peer proves itself by EAP: what to keep until its next message.
    Converse(Box<Conversation>),
    /// The IKE SA runs here from now on, and its children with it.
    Move(Path),
    /// The IKE SA runs here from now on; its children follow once the peer has shown to be there (RFC 4555 §3.7).
    Relocate(Path),
    /// We have moved the IKE SA here, which the peer has to be told (RFC 4555 §3.5).
    Depart(Path),
    /// Both ends speak MOBIKE.
    Mobile(Box<Mobility>),
    /// What both ends set right after a failover.
    Agree(Synchronisation),
    /// This was learnt of addresses.
    Learn(Learnt),
    /// We were told this of the network inside.
    Configure(Inside),
    /// We have assigned this to the peer, which has this identity.
    Assign(Inside, Identity),
    /// Install a Child SA pair.
    AddChild(Box<NewChild>),
    /// A request of ours is open that one of the peer's may collide with.
    Begin(Affair),
    /// An open request of ours is answered.
    Through(Option<Affair>),
    /// We have asked the peer to delete the child that we receive under this SPI.
    MarkDeleting(Spi),
    /// Another child has the place of the one that we receive under this SPI, which this end deletes.
    Retire { inbound: Spi, by: End },
    /// Keep what was agreed with the peer until its additional key exchanges are through.
    Defer(Box<Pending>),
    /// What we call so is made, or given up.
    Settle(Vec<u8>),
    /// What we call so has lost against an exchange of ours.
    Outdo(Vec<u8>),
    /// The peer has made this child to replace the one that our open request is to replace.
    NoteRival(Rival<Spi>),
    /// The peer has deleted a child that we do not know, perhaps because the response that tells of it is still on its way.
    NoteStillborn(ProtocolId, Spi),
    /// The peer grants no more SAs of this child for resources.
    NoteExhausted(String),
    /// The peer's token, by which it would prove that it has lost the IKE SA.
    NoteToken(Secret),
    /// There is a new IKE SA to replace this one.
    Succeed(Box<Successor>),
    /// The IKE SA with this SPI of ours, which is there, replaces this one.
    Bequeath(IkeSpi),
    /// Take over children from the IKE SA that this one replaces.
    Inherit(Vec<ChildSa>),
    /// Remove the child that we receive under this SPI.
    RemoveChild { inbound: Spi, cause: Cause },
    /// The peer does not receive any more under the child that we receive under this SPI.
    StopSending(Spi),
    /// We could not replace the child that we receive under this SPI.
    NoteUnreplaced(Spi),
    /// The peer makes no more SAs within the IKE SA: another IKE SA has to take its place, with the same children.
    Renew,
    /// We have asked the peer to delete the IKE SA.
    MarkClosing,
    /// End an established IKE SA and its children.
    Close(Cause),
    /// End an IKE SA that did not come to be.
    Fail(Failure),
    /// The authentication of the IKE SA holds so long from now on (RFC 4478).
    LimitAuthentication(AuthenticationTerm),
    /// The gateway has granted a ticket for the IKE SA.
    KeepTicket(Box<Ticket>),
    /// The gateway does not take our ticket: begin with `IKE_SA_INIT`.
    BeginAnew,
    /// The peer sends us to this gateway.
    Redirect(Gateway),
    /// Begin this exchange when the window allows.
    Queue(Box<dyn Exchange>),
    /// Go on in a member of a cluster that knows of these children, by the SPIs under which we receive, and of nothing that is
    /// open.
    TakeOver(Vec<Spi>),
    /// Requests go on with these message IDs at least, ours and the peer's; what was open and has changed the record is to be
    /// asked anew.
    Synchronise(Counters),
    /// The children's sequence numbers skip so many.
    Skip(u64),
    /// Tell the world.
    Report(Event),
}

/// What `IKE_SA_INIT` brought.
pub(crate) struct Keyed {
    pub(crate) spi_r: IkeSpi,
    pub(crate) suite: IkeSuite,
    pub(crate) keys: Keys,
    pub(crate) transcript: Transcript,
    /// What the peer can do.
    pub(crate) features: Features,
    /// What it goes on with, if it was resumed.
    pub(crate) resumption: Option<Resumption>,
    /// Which ends are behind NAT, where both look for it.
    pub(crate) nat: Option<Nat>,
}

/// What an `IKE_INTERMEDIATE` exchange brought.
pub(crate) struct Mixed {
    /// New keys, if it had a key exchange or a PPK.
    pub(crate) keys: Option<Keys>,
    pub(crate) int_auth: Vec<u8>,
    /// The additional key exchanges that are still to come.
    pub(crate) to_come: Vec<KeyExchangeAlgorithm>,
    /// Whether a PPK was mixed in.
    pub(crate) has_ppk: bool,
}

/// A Child SA pair that was agreed.
pub(crate) struct NewChild {
    pub(crate) record: ChildRecord,
    pub(crate) pair: SaPair,
    /// The nonces of the exchange that made it.
    pub(crate) nonces: [Vec<u8>; 2],
}

impl NewChild {
    pub(crate) fn protocol(&self) -> ProtocolId {
        match self.record.protection {
            Protection::Esp(_) => ProtocolId::ESP,
            Protection::Ah(_) => ProtocolId::AH,
        }
    }
}

/// An IKE SA that was agreed to replace another one.
pub(crate) struct Successor {
    pub(crate) role: Role,
    pub(crate) spi_i: IkeSpi,
    pub(crate) spi_r: IkeSpi,
    pub(crate) crypto: Crypto,
    /// Who the peer is, as was proven for the old one.
    pub(crate) proven: Proven,
    /// The nonces of the exchange that made it.
    pub(crate) nonces: [Vec<u8>; 2],
    pub(crate) fate: Fate,
}

/// What becomes of a new IKE SA that was made to replace another one (RFC 7296 §2.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It inherits.
    Heir,
    /// We have asked for one, too, and do not know yet which survives.
    Undecided,
    /// The peer's survives, and we delete this one.
    Redundant,
}

impl Successor {
    /// Our SPI of it.
    pub(crate) fn spi(&self) -> IkeSpi {
        match self.role {
            Role::Initiator => self.spi_i,
            Role::Responder => self.spi_r,
        }
    }
}
