//! What the two ends tell each other in `IKE_SA_INIT` that they can do beyond RFC 7296, by notifies: one field for each.

use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use crate::config::Connection;
use crate::message::find_notify;

/// What the peer has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// The responder takes an `IKE_AUTH` that asks for no child (RFC 6023).
    pub(crate) childless: bool,
}

impl Features {
    /// What the peer says in its `IKE_SA_INIT` message.
    pub(crate) fn of(payloads: &[Payload]) -> Self {
        Self { childless: find_notify(payloads, NotifyType::CHILDLESS_IKEV2_SUPPORTED).is_some() }
    }
}

/// What an initiator says.
pub(crate) fn offered(_connection: &Connection) -> Vec<Payload> {
    Vec::new()
}

/// What a responder says to a peer with these features, before it knows which of the connections is meant.
pub(crate) fn answered(_connections: &[&Connection], _theirs: &Features) -> Vec<Payload> {
    vec![said(NotifyType::CHILDLESS_IKEV2_SUPPORTED)]
}

fn said(kind: NotifyType) -> Payload {
    Payload::Notify(Notify::new(kind, Vec::new()))
}
