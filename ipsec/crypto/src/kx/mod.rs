//! Key exchange (RFC 7296 §3.4, transform type 4), in a shape that fits Diffie-Hellman and encapsulation alike.
//!
//! ```text
//! Initiator::new      draws a private value        public()  -->
//!                                                            <--   respond   draws another, knows the secret
//! finish              knows the same secret
//! ```

mod ecp;
mod modp;
mod x25519;

use std::fmt;

use p256::NistP256;
use p384::NistP384;
use p521::NistP521;

use crate::fast::{FastP256, FastP384, FastX25519};
use crate::{BadPublicValue, Entropy, PublicValueDefect, Secret};

/// A key exchange method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyExchangeAlgorithm {
    /// Group 2, 1024-bit MODP (RFC 2409 §6.2).
    Modp1024,
    /// Group 5, 1536-bit MODP (RFC 3526 §2).
    Modp1536,
    /// Group 14, 2048-bit MODP (RFC 3526 §3).
    Modp2048,
    /// Group 15, 3072-bit MODP (RFC 3526 §4).
    Modp3072,
    /// Group 16, 4096-bit MODP (RFC 3526 §5).
    Modp4096,
    /// Group 17, 6144-bit MODP (RFC 3526 §6).
    Modp6144,
    /// Group 18, 8192-bit MODP (RFC 3526 §7).
    Modp8192,
    /// Group 19, 256-bit random ECP, P-256 (RFC 5903 §3.1).
    Ecp256,
    /// Group 20, 384-bit random ECP, P-384 (RFC 5903 §3.2).
    Ecp384,
    /// Group 21, 521-bit random ECP, P-521 (RFC 5903 §3.3).
    Ecp521,
    /// Group 31, Curve25519 (RFC 8031).
    X25519,
}

impl KeyExchangeAlgorithm {
    /// All of them, in the order of their transform identifiers.
    pub const ALL: &'static [Self] = &[
        Self::Modp1024,
        Self::Modp1536,
        Self::Modp2048,
        Self::Modp3072,
        Self::Modp4096,
        Self::Modp6144,
        Self::Modp8192,
        Self::Ecp256,
        Self::Ecp384,
        Self::Ecp521,
        Self::X25519,
    ];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modp1024 => "MODP-1024",
            Self::Modp1536 => "MODP-1536",
            Self::Modp2048 => "MODP-2048",
            Self::Modp3072 => "MODP-3072",
            Self::Modp4096 => "MODP-4096",
            Self::Modp6144 => "MODP-6144",
            Self::Modp8192 => "MODP-8192",
            Self::Ecp256 => "ECP-256",
            Self::Ecp384 => "ECP-384",
            Self::Ecp521 => "ECP-521",
            Self::X25519 => "X25519",
        }
    }

    /// The length in bytes of the public value that the initiator sends: the length of p for MODP, of x | y for ECP.
    pub const fn initiator_public_len(self) -> usize {
        match self {
            Self::Modp1024 => 128,
            Self::Modp1536 => 192,
            Self::Modp2048 => 256,
            Self::Modp3072 => 384,
            Self::Modp4096 => 512,
            Self::Modp6144 => 768,
            Self::Modp8192 => 1024,
            Self::Ecp256 => 64,
            Self::Ecp384 => 96,
            Self::Ecp521 => 132,
            Self::X25519 => 32,
        }
    }

    /// The length in bytes of the public value that the responder sends.
    pub const fn responder_public_len(self) -> usize {
        self.initiator_public_len()
    }
}

/// The initiator's half of a key exchange, between sending its public value and hearing the responder's.
///
/// What is drawn from [`Entropy`] once, by an initiator and by a responder, with any [`Provider`](crate::Provider):
///
/// | group | bytes | which become |
/// |---|---|---|
/// | MODP-1024, 1536, 2048, 3072 | 20, 24, 28, 33 | the exponent, big-endian; 0 is read as 1 |
/// | MODP-4096, 6144, 8192 | 38, 44, 50 | the same |
/// | ECP-256, ECP-384 | 32, 48 | the scalar, big-endian, modulo the order of the curve; 0 is read as 1 |
/// | ECP-521 | 66 | the same, without the top 7 bits |
/// | X25519 | 32 | the scalar, little-endian, clamped as RFC 7748 §5 says |
///
/// So the number of bytes never depends on their values, and a published private key is what to feed in.
pub struct Initiator {
    algorithm: KeyExchangeAlgorithm,
    private: Private,
    public: Vec<u8>,
}

impl Initiator {
    /// Draws a private value and computes the public one. Runs on any processor.
    pub fn new(algorithm: KeyExchangeAlgorithm, entropy: &mut dyn Entropy) -> Self {
        Self::with(algorithm, Private::portable(algorithm, entropy))
    }

    /// The same with the processor's help, where there is any for this group.
    pub(crate) fn fast(algorithm: KeyExchangeAlgorithm, entropy: &mut dyn Entropy) -> Self {
        Self::with(algorithm, Private::fast(algorithm, entropy))
    }

    /// Which method it is.
    pub fn algorithm(&self) -> KeyExchangeAlgorithm {
        self.algorithm
    }

    /// The public value to send: [`KeyExchangeAlgorithm::initiator_public_len`] bytes.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The shared secret: padded to the length of p for MODP (RFC 7296 §2.14), the x coordinate for ECP (RFC 5903 §7).
    ///
    /// # Errors
    /// If the responder's public value must not be used (RFC 6989).
    pub fn finish(self, peer_public: &[u8]) -> Result<Secret, BadPublicValue> {
        let algorithm = self.algorithm;
        check_length(peer_public, algorithm.responder_public_len())
            .and_then(|()| self.private.agree(peer_public))
            .map_err(|defect| BadPublicValue { algorithm, defect })
    }

    fn with(algorithm: KeyExchangeAlgorithm, private: Private) -> Self {
        Self { algorithm, public: private.public(), private }
    }
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initiator").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The responder's half in one step: its public value ([`KeyExchangeAlgorithm::responder_public_len`] bytes) and the
/// shared secret. Draws what an [`Initiator`] draws, whether or not the peer's value is good. Runs on any processor.
///
/// # Errors
/// If the initiator's public value must not be used (RFC 6989).
pub fn respond(
    algorithm: KeyExchangeAlgorithm,
    peer_public: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<u8>, Secret), BadPublicValue> {
    answer(Initiator::new(algorithm, entropy), peer_public)
}

/// The same with the processor's help, where there is any for this group.
pub(crate) fn respond_fast(
    algorithm: KeyExchangeAlgorithm,
    peer_public: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<u8>, Secret), BadPublicValue> {
    answer(Initiator::fast(algorithm, entropy), peer_public)
}

/// In Diffie-Hellman both halves do the same.
fn answer(mut own: Initiator, peer_public: &[u8]) -> Result<(Vec<u8>, Secret), BadPublicValue> {
    let public = std::mem::take(&mut own.public);
    own.finish(peer_public).map(|secret| (public, secret))
}

fn check_length(public: &[u8], expected: usize) -> Result<(), PublicValueDefect> {
    if public.len() == expected {
        Ok(())
    } else {
        Err(PublicValueDefect::Length { expected, found: public.len() })
    }
}

enum Private {
    Modp(modp::Private),
    Ecp256(ecp::Private<NistP256>),
    Ecp384(ecp::Private<NistP384>),
    Ecp521(ecp::Private<NistP521>),
    X25519(x25519::Private),
    FastEcp256(FastP256),
    FastEcp384(FastP384),
    FastX25519(FastX25519),
}

impl Private {
    fn portable(algorithm: KeyExchangeAlgorithm, entropy: &mut dyn Entropy) -> Self {
        let group = match algorithm {
            KeyExchangeAlgorithm::Ecp256 => return Self::Ecp256(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::Ecp384 => return Self::Ecp384(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::Ecp521 => return Self::Ecp521(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::X25519 => return Self::X25519(x25519::Private::draw(entropy)),
            KeyExchangeAlgorithm::Modp1024 => &modp::MODP_1024,
            KeyExchangeAlgorithm::Modp1536 => &modp::MODP_1536,
            KeyExchangeAlgorithm::Modp2048 => &modp::MODP_2048,
            KeyExchangeAlgorithm::Modp3072 => &modp::MODP_3072,
            KeyExchangeAlgorithm::Modp4096 => &modp::MODP_4096,
            KeyExchangeAlgorithm::Modp6144 => &modp::MODP_6144,
            KeyExchangeAlgorithm::Modp8192 => &modp::MODP_8192,
        };
        Self::Modp(modp::Private::draw(group, entropy))
    }

    fn fast(algorithm: KeyExchangeAlgorithm, entropy: &mut dyn Entropy) -> Self {
        let portable = Self::portable(algorithm, entropy);
        let fast = match &portable {
            Self::Ecp256(private) => FastP256::new(private.scalar().as_bytes()).map(Self::FastEcp256),
            Self::Ecp384(private) => FastP384::new(private.scalar().as_bytes()).map(Self::FastEcp384),
            Self::X25519(private) => FastX25519::new(private.scalar()).map(Self::FastX25519),
            _ => None,
        };
        fast.unwrap_or(portable)
    }

    fn public(&self) -> Vec<u8> {
        match self {
            Self::Modp(private) => private.public(),
            Self::Ecp256(private) => private.public(),
            Self::Ecp384(private) => private.public(),
            Self::Ecp521(private) => private.public(),
            Self::X25519(private) => private.public(),
            Self::FastEcp256(private) => private.public(),
            Self::FastEcp384(private) => private.public(),
            Self::FastX25519(private) => private.public(),
        }
    }

    /// `peer` has the group's length.
    fn agree(&self, peer: &[u8]) -> Result<Secret, PublicValueDefect> {
        match self {
            Self::Modp(private) => private.agree(peer).ok_or(PublicValueDefect::OutOfRange),
            Self::Ecp256(private) => private.agree(peer).ok_or(PublicValueDefect::NotOnCurve),
            Self::Ecp384(private) => private.agree(peer).ok_or(PublicValueDefect::NotOnCurve),
            Self::Ecp521(private) => private.agree(peer).ok_or(PublicValueDefect::NotOnCurve),
            Self::X25519(private) => private.agree(peer).ok_or(PublicValueDefect::SmallOrder),
            Self::FastEcp256(private) => private.agree(peer).ok_or(PublicValueDefect::NotOnCurve),
            Self::FastEcp384(private) => private.agree(peer).ok_or(PublicValueDefect::NotOnCurve),
            Self::FastX25519(private) => private.agree(peer).ok_or(PublicValueDefect::SmallOrder),
        }
    }
}

#[cfg(test)]
mod tests;
