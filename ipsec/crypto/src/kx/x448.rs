//! X448 (RFC 7748 §5, RFC 8031): values of 56 bytes, little-endian.

use x448::{PublicKey, StaticSecret};

use crate::{Entropy, Secret};

/// A private scalar, clamped.
pub(super) struct Private(StaticSecret);

impl Private {
    pub(super) fn draw(entropy: &mut dyn Entropy) -> Self {
        let mut scalar = [0; 56];
        entropy.fill(&mut scalar);
        Self(StaticSecret::from(scalar))
    }

    pub(super) fn public(&self) -> Vec<u8> {
        PublicKey::from(&self.0).as_bytes().to_vec()
    }

    /// `None` if the peer's value has another length or small order.
    pub(super) fn agree(&self, peer: &[u8]) -> Option<Secret> {
        // A point of small order may be spelled beyond the prime too, so the result tells, as RFC 7748 §6.2 has it.
        let peer = PublicKey::from_bytes_unchecked(peer)?;
        let secret = Secret::from(&self.0.diffie_hellman(&peer).as_bytes()[..]);
        (secret != Secret::from(vec![0; 56])).then_some(secret)
    }
}
