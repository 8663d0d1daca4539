//! What may be said of the life of IKE SAs and their children.

use ipsec::ikev2;
use serde::Deserialize;

use super::Text;

/// Whether an IKE SA may come without a child.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Childless {
    Refuse,
    Allow,
    Require,
}

/// What becomes of a peer's older IKE SAs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Uniqueness {
    InitialContact,
    Never,
    Keep,
    Replace,
}

/// How a peer is authenticated anew.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Reauthentication {
    MakeBeforeBreak,
    BreakBeforeMake,
}

/// How a peer grants tickets.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Tickets {
    pub(in crate::file) lifetime: Option<Text>,
    pub(in crate::file) at_once: Option<bool>,
}

/// Where a responder sends its initiators.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Redirect {
    pub(in crate::file) to: Option<Text>,
    pub(in crate::file) during: Option<RedirectTime>,
}

/// When a responder redirects.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum RedirectTime {
    #[default]
    Init,
    Auth,
}

/// What follows when something ends that is still wanted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum OnEnd {
    Forget,
    Restart,
}

/// Which counters are set right after a failover.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Synchronisation {
    Nothing,
    MessageIds,
    ReplayCounters,
    All,
}

impl From<Synchronisation> for ikev2::Synchronisation {
    fn from(noun: Synchronisation) -> Self {
        Self {
            message_ids: matches!(noun, Synchronisation::MessageIds | Synchronisation::All),
            replay_counters: matches!(noun, Synchronisation::ReplayCounters | Synchronisation::All),
        }
    }
}

impl From<Childless> for ikev2::Childless {
    fn from(noun: Childless) -> Self {
        match noun {
            Childless::Refuse => Self::Refuse,
            Childless::Allow => Self::Allow,
            Childless::Require => Self::Require,
        }
    }
}

impl From<Uniqueness> for ikev2::Uniqueness {
    fn from(noun: Uniqueness) -> Self {
        match noun {
            Uniqueness::InitialContact => Self::InitialContact,
            Uniqueness::Never => Self::Never,
            Uniqueness::Keep => Self::Keep,
            Uniqueness::Replace => Self::Replace,
        }
    }
}

impl From<RedirectTime> for ikev2::RedirectTime {
    fn from(noun: RedirectTime) -> Self {
        match noun {
            RedirectTime::Init => Self::Init,
            RedirectTime::Auth => Self::Auth,
        }
    }
}

impl From<Reauthentication> for ikev2::Reauthentication {
    fn from(noun: Reauthentication) -> Self {
        match noun {
            Reauthentication::MakeBeforeBreak => Self::MakeBeforeBreak,
            Reauthentication::BreakBeforeMake => Self::BreakBeforeMake,
        }
    }
}

impl From<OnEnd> for ikev2::OnLoss {
    fn from(noun: OnEnd) -> Self {
        match noun {
            OnEnd::Forget => Self::Forget,
            OnEnd::Restart => Self::Restart,
        }
    }
}

impl From<OnEnd> for ikev2::OnClose {
    fn from(noun: OnEnd) -> Self {
        match noun {
            OnEnd::Forget => Self::Forget,
            OnEnd::Restart => Self::Restart,
        }
    }
}
