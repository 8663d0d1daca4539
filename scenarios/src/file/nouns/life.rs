//! What may be said of the life of IKE SAs and their children.

use ipsec::ikev2;
use serde::Deserialize;

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

/// What follows when something ends that is still wanted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum OnEnd {
    Forget,
    Restart,
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
