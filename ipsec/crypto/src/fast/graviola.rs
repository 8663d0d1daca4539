//! The arms over `graviola`, for x86-64 and AArch64 processors with AES, carry-less multiplication and wide vectors.

use graviola::aead::{AesGcm, ChaCha20Poly1305};
use graviola::key_agreement::{p256, p384, x25519};

use crate::Secret;

/// Whether this processor has all the instructions needed.
pub(crate) fn available() -> bool {
    graviola::util::is_cpu_supported()
}

/// One row for each algorithm: graviola's type for it, how a key makes one, and the longest text under one nonce.
macro_rules! aead {
    ($($keyed:ident($implementation:ty) = $new:expr, at most $longest:expr;)+) => {$(
        /// This algorithm with its key; its ICV has 16 bytes.
        pub(crate) struct $keyed($implementation);

        impl $keyed {
            /// `None` for a key length that it does not take.
            pub(crate) fn new(key: &[u8]) -> Option<Self> {
                if available() { $new(key).map(Self) } else { None }
            }

            pub(crate) fn seal(&self, nonce: &[u8], aad: &[u8], text: &mut [u8], icv: &mut [u8]) -> Option<()> {
                let (nonce, icv) = (nonce.try_into().ok()?, icv.try_into().ok()?);
                (text.len() as u64 <= $longest).then(|| self.0.encrypt(nonce, aad, text, icv))
            }

            pub(crate) fn open(&self, nonce: &[u8], aad: &[u8], text: &mut [u8], icv: &[u8]) -> Option<()> {
                self.0.decrypt(nonce.try_into().ok()?, aad, text, icv).ok()
            }
        }
    )+};
}

aead! {
    FastAesGcm(AesGcm) = |key: &[u8]| matches!(key.len(), 16 | 32).then(|| AesGcm::new(key)),
        at most (1 << 36) - 32;
    FastChaCha20Poly1305(ChaCha20Poly1305) = |key: &[u8]| key.try_into().ok().map(ChaCha20Poly1305::new),
        at most (1 << 38) - 64;
}

/// An X25519 private key.
pub(crate) struct FastX25519(x25519::StaticPrivateKey);

impl FastX25519 {
    pub(crate) fn new(private: &[u8; 32]) -> Option<Self> {
        available().then(|| Self(x25519::StaticPrivateKey::from_array(private)))
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        self.0.public_key().as_bytes().to_vec()
    }

    /// `None` if the peer's value has another length or small order.
    pub(crate) fn agree(&self, peer: &[u8]) -> Option<Secret> {
        let peer = x25519::PublicKey::try_from_slice(peer).ok()?;
        self.0.diffie_hellman(&peer).ok().map(|secret| Secret::from(&secret.0[..]))
    }
}

/// One row for each curve: a private key over graviola's module for it.
macro_rules! ecp {
    ($($private_key:ident in $curve:ident;)+) => {$(
        /// A private key of this curve.
        pub(crate) struct $private_key($curve::StaticPrivateKey);

        impl $private_key {
            /// Takes a scalar of the curve's length, big-endian, between 1 and its order.
            pub(crate) fn new(scalar: &[u8]) -> Option<Self> {
                if available() { $curve::StaticPrivateKey::from_bytes(scalar).ok().map(Self) } else { None }
            }

            /// x | y
            pub(crate) fn public(&self) -> Vec<u8> {
                self.0.public_key_uncompressed()[1..].to_vec()
            }

            /// Takes x | y; `None` if that is not a point of the curve.
            pub(crate) fn agree(&self, peer: &[u8]) -> Option<Secret> {
                let uncompressed = [&[4], peer].concat();
                let peer = $curve::PublicKey::from_x962_uncompressed(&uncompressed).ok()?;
                self.0.diffie_hellman(&peer).ok().map(|secret| Secret::from(&secret.0[..]))
            }
        }
    )+};
}

ecp! {
    FastP256 in p256;
    FastP384 in p384;
}
