//! X25519 (RFC 7748 §5, RFC 8031): values of 32 bytes, little-endian.

use x25519_dalek::{PublicKey, StaticSecret};

use crate::{Entropy, Secret};

/// A private scalar, as drawn.
pub(super) struct Private(StaticSecret);

impl Private {
    pub(super) fn draw(entropy: &mut dyn Entropy) -> Self {
        let mut scalar = [0; 32];
        entropy.fill(&mut scalar);
        Self(StaticSecret::from(scalar))
    }

    pub(super) fn scalar(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(super) fn public(&self) -> Vec<u8> {
        PublicKey::from(&self.0).to_bytes().to_vec()
    }

    /// `None` if the peer's value has another length or small order.
    pub(super) fn agree(&self, peer: &[u8]) -> Option<Secret> {
        let peer: [u8; 32] = peer.try_into().ok()?;
        let secret = self.0.diffie_hellman(&PublicKey::from(peer));
        secret.was_contributory().then(|| Secret::from(&secret.as_bytes()[..]))
    }
}
