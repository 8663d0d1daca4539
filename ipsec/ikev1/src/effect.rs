//! What an exchange wants changed. `apply` alone carries it out.

use std::time::Duration;

use ipsec_auth::XauthUser;
use ipsec_dataplane::{Nat, Path};
use ipsec_wire::registry::v1::ProtocolId;
use ipsec_wire::v1::Payload;
use ipsec_wire::{IkeSpi, Spi};

use crate::children::ChildSa;
use crate::event::{Cause, ChildRecord, Event};
use crate::exchange::transaction::Purpose;
use crate::features::Features;
use crate::keys::Keys;
use crate::negotiate::IkeSuite;
use crate::refusal::Failure;
use crate::sa::{Inside, PeerIdentity};

/// One change.
pub(crate) enum Effect {
    /// The responder has answered, and called the ISAKMP SA so: its cookie stands in all that follows (RFC 2408 §2.5.3).
    Answered(IkeSpi),
    /// Phase 1 has keys.
    Keyed(Box<Keyed>),
    /// Phase 1 is through, with this peer; the ISAKMP SA may be used for so long.
    Establish(PeerIdentity, Option<Duration>),
    /// What the peer can do.
    Note(Features),
    /// Which ends are behind NAT.
    Nat(Nat),
    /// The peer has come from elsewhere.
    Move(Path),
    /// What had to come next before quick mode has come.
    Pass,
    /// The peer is used by this user.
    User(XauthUser),
    /// We have been asked who uses us, and have answered.
    Asked,
    /// This is assigned; whether by us.
    Assign(Inside, bool),
    /// Begin a transaction.
    Transact(Purpose),
    /// The ISAKMP SA ends for this before it could be used.
    Fail(Failure),
    /// A child is set up.
    AddChild(Box<NewChild>),
    /// The peer no longer has the SAs that it receives under these SPIs.
    DeletedByPeer(ProtocolId, Vec<Spi>),
    /// The peer has no other SAs with us than those of this ISAKMP SA.
    InitialContact,
    /// The peer is alive: it has answered R-U-THERE with this number.
    Alive(u32),
    /// Say this to the peer in an informational exchange.
    Tell(Vec<Payload>),
    /// The exchange of ours whose proposals have this SPI has failed, as the peer says; the only open one where there is
    /// no SPI.
    Refused(Vec<u8>, Failure),
    /// The ISAKMP SA has ended.
    Close(Cause),
    /// Phase 1 will probably fail, for this reason.
    Suspect(crate::refusal::Failure),
    /// Tell this.
    Report(Event),
}

/// What phase 1 gives before authentication.
pub(crate) struct Keyed {
    /// The responder's cookie.
    pub(crate) cookie_r: IkeSpi,
    pub(crate) suite: IkeSuite,
    pub(crate) keys: Keys,
    /// What the first IV is a hash of: g^xi | g^xr (RFC 2409 appendix B).
    pub(crate) publics: Vec<u8>,
}

/// What quick mode gives.
pub(crate) struct NewChild {
    pub(crate) child: ChildSa,
    pub(crate) record: ChildRecord,
}
