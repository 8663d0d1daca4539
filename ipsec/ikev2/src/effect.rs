//! What an exchange asks for. It looks at the record and returns these; [`crate::apply`] carries them out.

use std::sync::Arc;

use ipsec_auth::Proven;
use ipsec_dataplane::SaPair;
use ipsec_wire::{IkeSpi, Spi};

use crate::config::Connection;
use crate::event::{Cause, ChildRecord, Event};
use crate::keys::Keys;
use crate::negotiate::IkeSuite;
use crate::refusal::Failure;
use crate::sa::Transcript;

/// One change to an IKE SA or to the world round it.
pub(crate) enum Effect {
    /// `IKE_SA_INIT` is through: there are keys.
    Keyed(Box<Keyed>),
    /// The peer has proven who it is, and so which connection is meant; and says perhaps that it has no other IKE SA
    /// with us.
    Establish { proven: Proven, connection: Arc<Connection>, initial_contact: bool },
    /// Install a Child SA pair.
    AddChild(Box<NewChild>),
    /// We have asked the peer to delete the child that we receive under this SPI.
    MarkDeleting(Spi),
    /// Remove the child that we receive under this SPI.
    RemoveChild { inbound: Spi, cause: Cause },
    /// We have asked the peer to delete the IKE SA.
    MarkClosing,
    /// End an established IKE SA and its children.
    Close(Cause),
    /// End an IKE SA that did not come to be.
    Fail(Failure),
    /// Tell the world.
    Report(Event),
}

/// What `IKE_SA_INIT` brought.
pub(crate) struct Keyed {
    pub(crate) spi_r: IkeSpi,
    pub(crate) suite: IkeSuite,
    pub(crate) keys: Keys,
    pub(crate) transcript: Transcript,
}

/// A Child SA pair that was agreed.
pub(crate) struct NewChild {
    pub(crate) record: ChildRecord,
    pub(crate) pair: SaPair,
}
