//! Choices about the life of IKE SAs and their children: how they begin, what becomes of several of them, and what follows
//! when one ends.

use crate::gateway::Gateway;

/// Whether an IKE SA may come without a child (RFC 6023).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Childless {
    /// It may not: as responder we do not announce it, and refuse an `IKE_AUTH` request that asks for no child.
    Refuse,
    /// It may.
    #[default]
    Allow,
    /// It has to: as initiator we set up children in exchanges of their own, and only with a responder that announces it;
    /// as responder we refuse the child in `IKE_AUTH`.
    Require,
}

/// What becomes of the IKE SAs that a peer has set up with us when it sets up another one (RFC 7296 §2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uniqueness {
    /// They end, without a word, when the peer says by `INITIAL_CONTACT` that it knows of none.
    #[default]
    InitialContact,
    /// They stay, whatever the peer says; and we say nothing of the kind.
    Never,
    /// They stay, and the new one is refused, unless the peer says that it knows of none.
    Keep,
    /// We delete them.
    Replace,
}

/// How the peer is authenticated anew (RFC 7296 §2.8.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reauthentication {
    /// A new IKE SA and its children stand before the old ones go.
    #[default]
    MakeBeforeBreak,
    /// The old IKE SA is deleted, then a new one is set up; for peers that cannot have two. Traffic is interrupted.
    BreakBeforeMake,
}

/// What follows when a peer no longer answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// The IKE SA and its children are forgotten.
    #[default]
    Forget,
    /// They are set up anew, in as many attempts as the connection has.
    Restart,
}

/// What follows when the peer deletes a child, or its IKE SA, while we want it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnClose {
    /// Nothing.
    #[default]
    Forget,
    /// It is set up anew.
    Restart,
}

/// Where a responder sends its initiators instead of serving them (RFC 5685), if they say that they follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectPolicy {
    /// To this gateway.
    pub to: Gateway,
    /// When it does so.
    pub during: RedirectTime,
}

/// When a responder redirects an initiator by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectTime {
    /// In its `IKE_SA_INIT` response, before it keeps anything (RFC 5685 §3).
    Init,
    /// In its `IKE_AUTH` response, when both have proven who they are (RFC 5685 §6).
    Auth,
}
