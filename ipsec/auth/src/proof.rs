//! The proof that a peer is who it says it is. Whoever holds one got it from a verification in this crate.

use crate::Identity;

/// A verified identity. Nothing outside this crate can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    identity: Identity,
}

impl Proven {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity }
    }

    /// Who was proven to speak.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// The AUTH payload does not prove the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the AUTH payload does not prove the identity")]
pub struct NotProven;
