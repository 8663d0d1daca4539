//! Which algorithms there are and who makes them: a plain struct, of which a caller may replace any field.

use crate::{
    Aead, AeadAlgorithm, BadPublicValue, Cipher, CipherAlgorithm, Entropy, HashAlgorithm, Initiator,
    Integrity, IntegrityAlgorithm, KeyExchangeAlgorithm, KeyLength, Prf, PrfAlgorithm, Secret, fast, kx,
};

/// The algorithms on offer and what makes their keyed instances.
///
/// Any two providers that offer an algorithm give the same bytes for it and draw the same bytes of [`Entropy`].
#[derive(Debug, Clone)]
pub struct Provider {
    /// The name to print.
    pub name: &'static str,
    /// The hash functions on offer; [`HashAlgorithm::digest`] computes them.
    pub hashes: &'static [HashAlgorithm],
    /// The pseudorandom functions on offer.
    pub prfs: &'static [PrfAlgorithm],
    /// The combined-mode algorithms on offer.
    pub aeads: &'static [AeadAlgorithm],
    /// The encryption algorithms on offer.
    pub ciphers: &'static [CipherAlgorithm],
    /// The integrity algorithms on offer.
    pub integrities: &'static [IntegrityAlgorithm],
    /// The key exchange methods on offer.
    pub key_exchanges: &'static [KeyExchangeAlgorithm],
    /// Makes a keyed pseudorandom function; see [`Prf::new`].
    pub prf: fn(PrfAlgorithm, &[u8]) -> Prf,
    /// Makes a keyed combined-mode algorithm; see [`Aead::new`].
    pub aead: fn(AeadAlgorithm, &[u8]) -> Result<Aead, KeyLength>,
    /// Makes a keyed encryption algorithm; see [`Cipher::new`].
    pub cipher: fn(CipherAlgorithm, &[u8]) -> Result<Cipher, KeyLength>,
    /// Makes a keyed integrity algorithm; see [`Integrity::new`].
    pub integrity: fn(IntegrityAlgorithm, &[u8]) -> Result<Integrity, KeyLength>,
    /// Begins a key exchange; see [`Initiator::new`].
    pub initiate: fn(KeyExchangeAlgorithm, &mut dyn Entropy) -> Initiator,
    /// Answers a key exchange; see [`respond`](crate::respond).
    pub respond: Respond,
}

/// The signature of [`respond`](crate::respond).
pub type Respond =
    fn(KeyExchangeAlgorithm, &[u8], &mut dyn Entropy) -> Result<(Vec<u8>, Secret), BadPublicValue>;

/// Runs the same on any processor.
pub static PORTABLE: Provider = Provider {
    name: "portable",
    hashes: HashAlgorithm::ALL,
    prfs: PrfAlgorithm::ALL,
    aeads: AeadAlgorithm::ALL,
    ciphers: CipherAlgorithm::ALL,
    integrities: IntegrityAlgorithm::ALL,
    key_exchanges: KeyExchangeAlgorithm::ALL,
    prf: Prf::new,
    aead: Aead::new,
    cipher: Cipher::new,
    integrity: Integrity::new,
    initiate: Initiator::new,
    respond: kx::respond,
};

/// AES-GCM-16 with keys of 16 and 32 bytes, ChaCha20-Poly1305, X25519, ECP-256 and ECP-384 by the processor's own
/// means; the rest, and everything on a processor without those means, as [`PORTABLE`] does it.
pub static FAST: Provider = Provider {
    name: "fast",
    aead: Aead::fast,
    initiate: Initiator::fast,
    respond: kx::respond_fast,
    ..PORTABLE
};

impl Provider {
    /// [`FAST`] if this processor has what it needs, else [`PORTABLE`].
    pub fn best() -> &'static Self {
        if fast::available() { &FAST } else { &PORTABLE }
    }
}

#[cfg(test)]
mod tests;
