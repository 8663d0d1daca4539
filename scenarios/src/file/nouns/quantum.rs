//! What is to hold against quantum computers and against downgrades.

use serde::Deserialize;

use super::Text;

/// A post-quantum preshared key, and how it is used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct Ppk {
    /// What both ends call it.
    pub(in crate::file) id: Text,
    pub(in crate::file) secret: Text,
    /// Whether there is to be no IKE SA without it.
    #[serde(default)]
    pub(in crate::file) required: bool,
    /// When it is mixed in; in `IKE_INTERMEDIATE` rather than in `IKE_AUTH` when the file does not say.
    pub(in crate::file) mixed: Option<Mixing>,
}

/// When a post-quantum preshared key is mixed in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Mixing {
    /// RFC 8784.
    Auth,
    /// RFC 9867.
    Intermediate,
}

/// Whether both `IKE_SA_INIT` messages are part of what each end proves.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Prevention {
    Off,
    Offer,
    Require,
}

impl From<Prevention> for ipsec::ikev2::FullTranscript {
    fn from(prevention: Prevention) -> Self {
        match prevention {
            Prevention::Off => Self::Off,
            Prevention::Offer => Self::Offer,
            Prevention::Require => Self::Require,
        }
    }
}
