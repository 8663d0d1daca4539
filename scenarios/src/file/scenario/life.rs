//! How IKE SAs and children begin, and what follows when one ends.

use std::time::Duration;

use ipsec::ikev2::{
    Childless, OnClose, OnLoss, Reauthentication, RedirectPolicy, Synchronisation, Uniqueness,
};

/// How IKE SAs begin, and what follows when one ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IkeLife {
    /// Whether they may come without a child (RFC 6023).
    pub childless: Childless,
    /// What becomes of the other end's older ones.
    pub unique: Uniqueness,
    /// How the other end is authenticated anew.
    pub reauthentication: Reauthentication,
    /// How long the other end's authentication holds (RFC 4478), in whole seconds; without end when nothing.
    pub authentication_lifetime: Option<Duration>,
    /// What follows when the other end no longer answers.
    pub on_loss: OnLoss,
    /// Whether it goes where the other end sends it (RFC 5685).
    pub follows_redirects: bool,
    /// Where it sends the other end when that one begins.
    pub redirect: Option<RedirectPolicy>,
    /// Whether it asks for tickets, and resumes with them what was lost (RFC 5723).
    pub resumes: bool,
    /// What it sets right after a failover (RFC 6311).
    pub synchronises: Synchronisation,
}

/// How a peer grants tickets to resume with; its key outlives its restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketGrant {
    /// How long they can be used, in whole seconds.
    pub lifetime: Duration,
    /// Whether they come with `IKE_AUTH`, or only when they are asked for later.
    pub at_once: bool,
}

/// How a child begins, and what follows when it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildLife {
    /// Whether this end sets it up as soon as the world begins.
    pub start: bool,
    /// How often this end asks for it before it gives it up.
    pub attempts: u32,
    /// What follows when the other end deletes it.
    pub on_close: OnClose,
}
