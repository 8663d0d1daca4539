//! What may be said of IKE SAs that move.

use ipsec::ikev2;
use serde::Deserialize;

/// When a peer has to show that it is where an IKE SA has moved to (RFC 4555 §3.7).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Routability {
    Before,
    After,
    Never,
}

impl From<Routability> for ikev2::Routability {
    fn from(noun: Routability) -> Self {
        match noun {
            Routability::Before => Self::CheckedBefore,
            Routability::After => Self::CheckedAfter,
            Routability::Never => Self::Unchecked,
        }
    }
}
