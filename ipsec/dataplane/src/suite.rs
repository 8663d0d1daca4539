//! The algorithms of an SA, and how much key they want (RFC 7296 §2.17).

use std::fmt;

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm};

/// What encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encryption {
    /// A combined-mode algorithm, which also gives integrity.
    Aead(AeadAlgorithm),
    /// A cipher, which wants an integrity algorithm beside it.
    Cipher(CipherAlgorithm),
}

impl Encryption {
    /// The key lengths that it takes, in octets, salt not counted.
    #[must_use]
    pub fn key_lens(self) -> &'static [usize] {
        match self {
            Self::Aead(algorithm) => algorithm.key_lens(),
            Self::Cipher(algorithm) => algorithm.key_lens(),
        }
    }

    /// The length of the salt behind the key, in octets.
    #[must_use]
    pub fn salt_len(self) -> usize {
        match self {
            Self::Aead(algorithm) => algorithm.salt_len(),
            Self::Cipher(algorithm) => algorithm.salt_len(),
        }
    }

    /// The name of the algorithm.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aead(algorithm) => algorithm.name(),
            Self::Cipher(algorithm) => algorithm.name(),
        }
    }
}

/// The algorithms that protect messages or packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suite {
    /// What encrypts.
    pub encryption: Encryption,
    /// The length of its key in octets, salt not counted.
    pub key_len: usize,
    /// What gives integrity, beside a cipher that does not.
    pub integrity: Option<IntegrityAlgorithm>,
}

impl Suite {
    /// The length of the encryption key with its salt, in octets.
    #[must_use]
    pub fn encryption_key_len(&self) -> usize {
        self.key_len + self.encryption.salt_len()
    }

    /// The length of the integrity key in octets; 0 without an integrity algorithm.
    #[must_use]
    pub fn integrity_key_len(&self) -> usize {
        self.integrity.map_or(0, IntegrityAlgorithm::key_len)
    }

    /// The key material that one direction takes, in octets: encryption key, salt, integrity key.
    #[must_use]
    pub fn key_material_len(&self) -> usize {
        self.encryption_key_len() + self.integrity_key_len()
    }
}

/// `AES-GCM-16-256`, `AES-CBC-128-HMAC-SHA2-256-128`.
impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encryption.name())?;
        if self.encryption.key_lens().len() > 1 {
            write!(f, "-{}", self.key_len * 8)?;
        }
        self.integrity.map_or(Ok(()), |integrity| write!(f, "-{}", integrity.name()))
    }
}
