//! The algorithms of an SA, and how much key they want (RFC 7296 §2.17).

use std::fmt;

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm};
use ipsec_net::protocol;

/// What encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encryption {
    /// A combined-mode algorithm, which also gives integrity.
    Aead(AeadAlgorithm),
    /// One whose IV is the sequence number and therefore not sent (RFC 8750). Not for IKE messages.
    AeadImplicitIv(AeadAlgorithm),
    /// A cipher, which wants an integrity algorithm beside it.
    Cipher(CipherAlgorithm),
}

impl Encryption {
    /// The key lengths that it takes, in octets, salt not counted.
    #[must_use]
    pub fn key_lens(self) -> &'static [usize] {
        match self {
            Self::Aead(algorithm) | Self::AeadImplicitIv(algorithm) => algorithm.key_lens(),
            Self::Cipher(algorithm) => algorithm.key_lens(),
        }
    }

    /// The length of the salt behind the key, in octets.
    #[must_use]
    pub fn salt_len(self) -> usize {
        match self {
            Self::Aead(algorithm) | Self::AeadImplicitIv(algorithm) => algorithm.salt_len(),
            Self::Cipher(algorithm) => algorithm.salt_len(),
        }
    }

    /// Whether it gives integrity too.
    #[must_use]
    pub fn is_combined(self) -> bool {
        !matches!(self, Self::Cipher(_))
    }

    /// Whether it encrypts: NULL and GMAC do not.
    #[must_use]
    pub fn is_confidential(self) -> bool {
        !matches!(self, Self::Cipher(CipherAlgorithm::Null) | Self::Aead(AeadAlgorithm::AesGmac))
    }

    /// The name of the algorithm.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aead(algorithm) | Self::AeadImplicitIv(algorithm) => algorithm.name(),
            Self::Cipher(algorithm) => algorithm.name(),
        }
    }
}

/// The algorithms that protect messages or packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// Whether integrity comes from exactly one algorithm, as every SA needs it (RFC 8221 §4), and one that is for ESP: GMAC
    /// beside a cipher is not (RFC 4543 §5.3).
    #[must_use]
    pub fn authenticates(&self) -> bool {
        let for_esp = self.integrity.is_none_or(|integrity| integrity.iv_len() == 0);
        for_esp && self.encryption.is_combined() != self.integrity.is_some()
    }
}

/// In the keywords of proposals: `aes128gcm16`, `aes256-sha256`.
impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, mode) = keyword(self.encryption);
        f.write_str(family)?;
        if self.encryption.key_lens().len() > 1 {
            write!(f, "{}", self.key_len * 8)?;
        }
        f.write_str(mode)?;
        if matches!(self.encryption, Encryption::AeadImplicitIv(_)) {
            f.write_str("iiv")?;
        }
        self.integrity.map_or(Ok(()), |integrity| write!(f, "-{}", integrity_keyword(integrity)))
    }
}

/// What protects the packets of an SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protection {
    /// ESP with these algorithms.
    Esp(Suite),
    /// AH with this algorithm.
    Ah(IntegrityAlgorithm),
}

impl Protection {
    /// The protocol number: 50 or 51.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        match self {
            Self::Esp(_) => protocol::ESP,
            Self::Ah(_) => protocol::AH,
        }
    }

    /// The key material that one direction takes, in octets.
    #[must_use]
    pub fn key_material_len(&self) -> usize {
        match self {
            Self::Esp(suite) => suite.key_material_len(),
            Self::Ah(integrity) => integrity.key_len(),
        }
    }

    /// Whether integrity comes from exactly one algorithm.
    #[must_use]
    pub fn authenticates(&self) -> bool {
        match self {
            Self::Esp(suite) => suite.authenticates(),
            Self::Ah(_) => true,
        }
    }

    /// Whether nobody on the way can read the packets.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        match self {
            Self::Esp(suite) => suite.encryption.is_confidential(),
            Self::Ah(_) => false,
        }
    }
}

impl Protection {
    /// What RFC 8221 says against the algorithms: those that must not or should not be used any more. They are, none the
    /// less: who tests meets them.
    #[must_use]
    pub fn advice(&self) -> Vec<Advice> {
        let (encryption, integrity) = match self {
            Self::Esp(suite) => (Some(suite.encryption), suite.integrity),
            Self::Ah(integrity) => (None, Some(*integrity)),
        };
        let against_encryption = match encryption {
            Some(Encryption::Cipher(CipherAlgorithm::DesCbc)) => Some(Requirement::MustNot),
            Some(Encryption::Cipher(CipherAlgorithm::TripleDesCbc)) => Some(Requirement::ShouldNot),
            _ => None,
        };
        let against_integrity = match integrity {
            Some(IntegrityAlgorithm::HmacMd5_96) => Some(Requirement::MustNot),
            _ => None,
        };
        let name = encryption.map_or("", Encryption::name);
        let of_encryption = against_encryption.map(|against| Advice {
            algorithm: name,
            against,
            clause: "RFC 8221 section 5",
        });
        let name = integrity.map_or("", IntegrityAlgorithm::name);
        let of_integrity = against_integrity.map(|against| Advice {
            algorithm: name,
            against,
            clause: "RFC 8221 section 6",
        });
        of_encryption.into_iter().chain(of_integrity).collect()
    }
}

/// A word against an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Advice {
    /// The algorithm's name.
    pub algorithm: &'static str,
    /// How strong the word is.
    pub against: Requirement,
    /// Who says it.
    pub clause: &'static str,
}

/// Requirement levels against something (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// It is still met, and better replaced.
    ShouldNot,
    /// It does not protect any more.
    MustNot,
}

/// `DES-CBC MUST NOT be used (RFC 8221 section 5)`.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.against {
            Requirement::ShouldNot => "SHOULD NOT",
            Requirement::MustNot => "MUST NOT",
        };
        write!(f, "{} {level} be used ({})", self.algorithm, self.clause)
    }
}

/// The algorithms of ESP; `ah-` before that of AH.
impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Esp(suite) => suite.fmt(f),
            Self::Ah(integrity) => write!(f, "ah-{}", integrity_keyword(*integrity)),
        }
    }
}

/// What stands before the key length in bits, and what behind it.
fn keyword(encryption: Encryption) -> (&'static str, &'static str) {
    match encryption {
        Encryption::Aead(algorithm) | Encryption::AeadImplicitIv(algorithm) => match algorithm {
            AeadAlgorithm::AesGcm8 => ("aes", "gcm8"),
            AeadAlgorithm::AesGcm12 => ("aes", "gcm12"),
            AeadAlgorithm::AesGcm16 => ("aes", "gcm16"),
            AeadAlgorithm::AesCcm8 => ("aes", "ccm8"),
            AeadAlgorithm::AesCcm12 => ("aes", "ccm12"),
            AeadAlgorithm::AesCcm16 => ("aes", "ccm16"),
            AeadAlgorithm::ChaCha20Poly1305 => ("chacha20poly1305", ""),
            AeadAlgorithm::AesGmac => ("aes", "gmac"),
        },
        Encryption::Cipher(algorithm) => match algorithm {
            CipherAlgorithm::Null => ("null", ""),
            CipherAlgorithm::DesCbc => ("des", ""),
            CipherAlgorithm::TripleDesCbc => ("3des", ""),
            CipherAlgorithm::AesCbc => ("aes", ""),
            CipherAlgorithm::AesCtr => ("aes", "ctr"),
            CipherAlgorithm::CamelliaCbc => ("camellia", ""),
        },
    }
}

fn integrity_keyword(integrity: IntegrityAlgorithm) -> &'static str {
    match integrity {
        IntegrityAlgorithm::HmacMd5_96 => "md5",
        IntegrityAlgorithm::HmacSha1_96 => "sha1",
        IntegrityAlgorithm::HmacSha2_256_128 => "sha256",
        IntegrityAlgorithm::HmacSha2_384_192 => "sha384",
        IntegrityAlgorithm::HmacSha2_512_256 => "sha512",
        IntegrityAlgorithm::AesXcbc96 => "aesxcbc",
        IntegrityAlgorithm::AesCmac96 => "aescmac",
        IntegrityAlgorithm::Aes128Gmac => "aes128gmac",
        IntegrityAlgorithm::Aes192Gmac => "aes192gmac",
        IntegrityAlgorithm::Aes256Gmac => "aes256gmac",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(encryption: Encryption, key_len: usize, integrity: Option<IntegrityAlgorithm>) -> Suite {
        Suite { encryption, key_len, integrity }
    }

    #[test]
    fn suites_read_as_proposals_do() {
        use Encryption::{Aead, Cipher};
        let cases = [
            (suite(Aead(AeadAlgorithm::AesGcm16), 16, None), "aes128gcm16"),
            (suite(Aead(AeadAlgorithm::ChaCha20Poly1305), 32, None), "chacha20poly1305"),
            (suite(Aead(AeadAlgorithm::AesGmac), 24, None), "aes192gmac"),
            (
                suite(Cipher(CipherAlgorithm::AesCbc), 32, Some(IntegrityAlgorithm::HmacSha2_256_128)),
                "aes256-sha256",
            ),
            (
                suite(Cipher(CipherAlgorithm::AesCtr), 24, Some(IntegrityAlgorithm::AesXcbc96)),
                "aes192ctr-aesxcbc",
            ),
            (
                suite(Cipher(CipherAlgorithm::TripleDesCbc), 24, Some(IntegrityAlgorithm::HmacSha1_96)),
                "3des-sha1",
            ),
            (
                suite(Cipher(CipherAlgorithm::Null), 0, Some(IntegrityAlgorithm::HmacSha2_512_256)),
                "null-sha512",
            ),
        ];
        for (suite, text) in cases {
            assert_eq!(suite.to_string(), text);
        }
    }

    #[test]
    fn key_material_is_key_and_salt_and_integrity_key() {
        let gcm = suite(Encryption::Aead(AeadAlgorithm::AesGcm16), 32, None);
        assert_eq!((gcm.encryption_key_len(), gcm.key_material_len()), (36, 36));
        let integrity = Some(IntegrityAlgorithm::HmacSha2_256_128);
        let cbc = suite(Encryption::Cipher(CipherAlgorithm::AesCbc), 16, integrity);
        assert_eq!((cbc.encryption_key_len(), cbc.key_material_len()), (16, 48));
    }

    #[test]
    fn integrity_comes_from_exactly_one_algorithm() {
        let hmac = Some(IntegrityAlgorithm::HmacSha1_96);
        let (gcm, cbc) =
            (Encryption::Aead(AeadAlgorithm::AesGcm16), Encryption::Cipher(CipherAlgorithm::AesCbc));
        assert!(suite(gcm, 16, None).authenticates() && suite(cbc, 16, hmac).authenticates());
        assert!(!suite(gcm, 16, hmac).authenticates() && !suite(cbc, 16, None).authenticates());
    }

    #[test]
    fn what_is_outdated_is_advised_against_and_nothing_else() {
        let esp =
            |encryption, key_len, integrity| Protection::Esp(suite(encryption, key_len, Some(integrity)));
        let told = |protection: Protection| -> Vec<String> {
            protection.advice().iter().map(ToString::to_string).collect()
        };
        let des = Encryption::Cipher(CipherAlgorithm::DesCbc);
        assert_eq!(
            told(esp(des, 8, IntegrityAlgorithm::HmacMd5_96)),
            [
                "DES-CBC MUST NOT be used (RFC 8221 section 5)",
                "HMAC-MD5-96 MUST NOT be used (RFC 8221 section 6)"
            ]
        );
        let triple = Encryption::Cipher(CipherAlgorithm::TripleDesCbc);
        let told_of_3des = told(esp(triple, 24, IntegrityAlgorithm::HmacSha1_96));
        assert_eq!(told_of_3des, ["3DES-CBC SHOULD NOT be used (RFC 8221 section 5)"]);
        let aes = Encryption::Cipher(CipherAlgorithm::AesCbc);
        assert!(told(esp(aes, 16, IntegrityAlgorithm::HmacSha2_256_128)).is_empty());
        assert!(told(Protection::Ah(IntegrityAlgorithm::HmacSha1_96)).is_empty());
    }
}
