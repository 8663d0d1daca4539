//! Key exchange (RFC 7296 §3.4, transform type 4), in a shape that fits Diffie-Hellman and encapsulation alike.
//!
//! ```text
//! Initiator::new      draws a private value        public()  -->
//!                                                            <--   respond   draws another, knows the secret
//! finish              knows the same secret
//! ```

#[macro_use]
mod curve;

mod algorithm;
mod brainpool;
mod ecp;
mod mlkem;
pub(crate) mod modp;
mod random_ecp;
mod x25519;
mod x448;

use std::fmt;

use bp256::BrainpoolP256r1;
use bp384::BrainpoolP384r1;
use brainpool::{BrainpoolP224r1, BrainpoolP512r1};
use ml_kem::{MlKem512, MlKem768, MlKem1024};
use p256::NistP256;
use p384::NistP384;
use p521::NistP521;
use random_ecp::{P192, P224};

pub use algorithm::KeyExchangeAlgorithm;

use crate::fast::{FastP256, FastP384, FastX25519};
use crate::{BadPublicValue, Entropy, PublicValueDefect, Secret};

/// The initiator's half of a key exchange, between sending its public value and hearing the responder's.
///
/// What is drawn from [`Entropy`] once, by an initiator and by a responder, with any [`Provider`](crate::Provider):
///
/// | group | bytes | which become |
/// |---|---|---|
/// | MODP-1024, 1536, 2048, 3072 | 20, 24, 28, 33 | the exponent, big-endian; 0 is read as 1 |
/// | MODP-4096, 6144, 8192 | 38, 44, 50 | the same |
/// | MODP-1024-160, 2048-224, 2048-256 | 20, 28, 32 | the same, modulo the order of the subgroup |
/// | ECP-192, 224, 256, 384 | 24, 28, 32, 48 | the scalar, big-endian, modulo the order of the curve; 0 is read as 1 |
/// | Brainpool-224, 256, 384, 512 | 28, 32, 48, 64 | the same |
/// | ECP-521 | 66 | the same, without the top 7 bits |
/// | X25519, X448 | 32, 56 | the scalar, little-endian, clamped as RFC 7748 §5 says |
/// | ML-KEM, by an initiator | 64 | d and z (FIPS 203 §7.1) |
/// | ML-KEM, by a responder | 32 | m (FIPS 203 §7.2) |
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

    /// The shared secret: padded to the length of p for MODP (RFC 7296 §2.14), the x coordinate for ECP and Brainpool
    /// (RFC 5903 §7, RFC 6954 §2), 32 bytes for ML-KEM.
    ///
    /// ML-KEM takes any ciphertext of the right length; one that the responder did not make gives a secret that nobody
    /// else knows (FIPS 203 §6.3).
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
/// shared secret. Draws what the table at [`Initiator`] says, whether or not the peer's value is good. Runs on any
/// processor.
///
/// # Errors
/// If the initiator's public value must not be used (RFC 6989, FIPS 203 §7.2).
pub fn respond(
    algorithm: KeyExchangeAlgorithm,
    peer_public: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<u8>, Secret), BadPublicValue> {
    answer(algorithm, Initiator::new, peer_public, entropy)
}

/// The same with the processor's help, where there is any for this group.
pub(crate) fn respond_fast(
    algorithm: KeyExchangeAlgorithm,
    peer_public: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<u8>, Secret), BadPublicValue> {
    answer(algorithm, Initiator::fast, peer_public, entropy)
}

fn answer(
    algorithm: KeyExchangeAlgorithm,
    initiate: fn(KeyExchangeAlgorithm, &mut dyn Entropy) -> Initiator,
    peer_public: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<u8>, Secret), BadPublicValue> {
    let encapsulated = match algorithm {
        KeyExchangeAlgorithm::MlKem512 => mlkem::encapsulate::<MlKem512>(peer_public, entropy),
        KeyExchangeAlgorithm::MlKem768 => mlkem::encapsulate::<MlKem768>(peer_public, entropy),
        KeyExchangeAlgorithm::MlKem1024 => mlkem::encapsulate::<MlKem1024>(peer_public, entropy),
        // In Diffie-Hellman both halves do the same.
        _ => {
            let mut own = initiate(algorithm, entropy);
            let public = std::mem::take(&mut own.public);
            return own.finish(peer_public).map(|secret| (public, secret));
        }
    };
    check_length(peer_public, algorithm.initiator_public_len())
        .and_then(|()| encapsulated.ok_or(PublicValueDefect::NotReduced))
        .map_err(|defect| BadPublicValue { algorithm, defect })
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
    Ecp192(ecp::Private<P192>),
    Ecp224(ecp::Private<P224>),
    Brainpool224(ecp::Private<BrainpoolP224r1>),
    Brainpool256(ecp::Private<BrainpoolP256r1>),
    Brainpool384(ecp::Private<BrainpoolP384r1>),
    Brainpool512(ecp::Private<BrainpoolP512r1>),
    X25519(x25519::Private),
    X448(x448::Private),
    MlKem512(mlkem::Private<MlKem512>),
    MlKem768(mlkem::Private<MlKem768>),
    MlKem1024(mlkem::Private<MlKem1024>),
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
            KeyExchangeAlgorithm::Ecp192 => return Self::Ecp192(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::Ecp224 => return Self::Ecp224(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::Brainpool224 => return Self::Brainpool224(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::Brainpool256 => return Self::Brainpool256(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::Brainpool384 => return Self::Brainpool384(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::Brainpool512 => return Self::Brainpool512(ecp::Private::draw(entropy)),
            KeyExchangeAlgorithm::X25519 => return Self::X25519(x25519::Private::draw(entropy)),
            KeyExchangeAlgorithm::X448 => return Self::X448(x448::Private::draw(entropy)),
            KeyExchangeAlgorithm::MlKem512 => return Self::MlKem512(mlkem::Private::draw(entropy)),
            KeyExchangeAlgorithm::MlKem768 => return Self::MlKem768(mlkem::Private::draw(entropy)),
            KeyExchangeAlgorithm::MlKem1024 => return Self::MlKem1024(mlkem::Private::draw(entropy)),
            KeyExchangeAlgorithm::Modp768 => &modp::MODP_768,
            KeyExchangeAlgorithm::Modp1024 => &modp::MODP_1024,
            KeyExchangeAlgorithm::Modp1536 => &modp::MODP_1536,
            KeyExchangeAlgorithm::Modp2048 => &modp::MODP_2048,
            KeyExchangeAlgorithm::Modp3072 => &modp::MODP_3072,
            KeyExchangeAlgorithm::Modp4096 => &modp::MODP_4096,
            KeyExchangeAlgorithm::Modp6144 => &modp::MODP_6144,
            KeyExchangeAlgorithm::Modp8192 => &modp::MODP_8192,
            KeyExchangeAlgorithm::Modp1024s160 => &modp::MODP_1024_160,
            KeyExchangeAlgorithm::Modp2048s224 => &modp::MODP_2048_224,
            KeyExchangeAlgorithm::Modp2048s256 => &modp::MODP_2048_256,
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
            Self::Ecp192(private) => private.public(),
            Self::Ecp224(private) => private.public(),
            Self::Brainpool224(private) => private.public(),
            Self::Brainpool256(private) => private.public(),
            Self::Brainpool384(private) => private.public(),
            Self::Brainpool512(private) => private.public(),
            Self::X25519(private) => private.public(),
            Self::X448(private) => private.public(),
            Self::MlKem512(private) => private.public(),
            Self::MlKem768(private) => private.public(),
            Self::MlKem1024(private) => private.public(),
            Self::FastEcp256(private) => private.public(),
            Self::FastEcp384(private) => private.public(),
            Self::FastX25519(private) => private.public(),
        }
    }

    /// `peer` has the method's length.
    fn agree(&self, peer: &[u8]) -> Result<Secret, PublicValueDefect> {
        let on_curve = match self {
            Self::Modp(private) => return private.agree(peer),
            Self::X25519(private) => return private.agree(peer).ok_or(PublicValueDefect::SmallOrder),
            Self::X448(private) => return private.agree(peer).ok_or(PublicValueDefect::SmallOrder),
            Self::FastX25519(private) => return private.agree(peer).ok_or(PublicValueDefect::SmallOrder),
            Self::MlKem512(private) => return private.agree(peer),
            Self::MlKem768(private) => return private.agree(peer),
            Self::MlKem1024(private) => return private.agree(peer),
            Self::Ecp256(private) => private.agree(peer),
            Self::Ecp384(private) => private.agree(peer),
            Self::Ecp521(private) => private.agree(peer),
            Self::Ecp192(private) => private.agree(peer),
            Self::Ecp224(private) => private.agree(peer),
            Self::Brainpool224(private) => private.agree(peer),
            Self::Brainpool256(private) => private.agree(peer),
            Self::Brainpool384(private) => private.agree(peer),
            Self::Brainpool512(private) => private.agree(peer),
            Self::FastEcp256(private) => private.agree(peer),
            Self::FastEcp384(private) => private.agree(peer),
        };
        on_curve.ok_or(PublicValueDefect::NotOnCurve)
    }
}

#[cfg(test)]
mod tests;
