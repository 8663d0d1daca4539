//! The signature algorithms: what each hashes, what key it takes and how it writes a signature.

use super::KeyType;
use super::rsa::Padding;
use crate::HashAlgorithm;

/// A signature algorithm, as IKE uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017 §8.2): IKEv2 method 1, RFC 7427 §A.1.1.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7427 §A.1.2).
    RsaSha2_256,
    /// RSASSA-PKCS1-v1_5 with SHA-384 (RFC 7427 §A.1.3).
    RsaSha2_384,
    /// RSASSA-PKCS1-v1_5 with SHA-512 (RFC 7427 §A.1.4).
    RsaSha2_512,
    /// RSASSA-PSS with SHA-1, MGF1 with SHA-1 and a salt of 20 bytes: the default parameters (RFC 7427 §A.4.2).
    RsaPssSha1,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 7427 §A.4.3).
    RsaPssSha2_256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes.
    RsaPssSha2_384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 bytes.
    RsaPssSha2_512,
    /// RSA of IKEv1: the message is a hash already, padded as RFC 8017 §9.2 says but without the hash's identifier
    /// (RFC 2409 §5.1).
    RsaIkev1,
    /// DSA with SHA-1; r and s in DER (RFC 7427 §A.2.1).
    DsaSha1,
    /// DSA with SHA-256; r and s in DER (RFC 7427 §A.2.2).
    DsaSha2_256,
    /// DSS of IKEv1: the message is a hash of 20 bytes already; r | s (RFC 2409 §5.1).
    DsaIkev1,
    /// ECDSA with SHA-1 on any curve; r and s in DER (RFC 7427 §A.3.1).
    EcdsaSha1,
    /// ECDSA with SHA-256 on any curve; r and s in DER (RFC 7427 §A.3.2).
    EcdsaSha2_256,
    /// ECDSA with SHA-384 on any curve; r and s in DER (RFC 7427 §A.3.3).
    EcdsaSha2_384,
    /// ECDSA with SHA-512 on any curve; r and s in DER (RFC 7427 §A.3.4).
    EcdsaSha2_512,
    /// ECDSA-256, with SHA-256 on P-256; r | s (RFC 4754 §3): IKEv2 method 9.
    Ecdsa256,
    /// ECDSA-384, with SHA-384 on P-384; r | s (RFC 4754 §3): IKEv2 method 10.
    Ecdsa384,
    /// ECDSA-521, with SHA-512 on P-521; r | s (RFC 4754 §3): IKEv2 method 11.
    Ecdsa521,
    /// ECDSA of IKEv1: the message is a hash already, by the function that belongs to the curve; r | s (RFC 2409 §5.1,
    /// RFC 4754 §4).
    EcdsaIkev1,
    /// Ed25519 (RFC 8032 §5.1, RFC 8420), without a context.
    Ed25519,
    /// Ed448 (RFC 8032 §5.2, RFC 8420), with an empty context.
    Ed448,
}

impl SignatureAlgorithm {
    /// All of them, by family.
    pub const ALL: &'static [Self] = &[
        Self::RsaSha1,
        Self::RsaSha2_256,
        Self::RsaSha2_384,
        Self::RsaSha2_512,
        Self::RsaPssSha1,
        Self::RsaPssSha2_256,
        Self::RsaPssSha2_384,
        Self::RsaPssSha2_512,
        Self::RsaIkev1,
        Self::DsaSha1,
        Self::DsaSha2_256,
        Self::DsaIkev1,
        Self::EcdsaSha1,
        Self::EcdsaSha2_256,
        Self::EcdsaSha2_384,
        Self::EcdsaSha2_512,
        Self::Ecdsa256,
        Self::Ecdsa384,
        Self::Ecdsa521,
        Self::EcdsaIkev1,
        Self::Ed25519,
        Self::Ed448,
    ];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaSha1 => "RSA-SHA1",
            Self::RsaSha2_256 => "RSA-SHA2-256",
            Self::RsaSha2_384 => "RSA-SHA2-384",
            Self::RsaSha2_512 => "RSA-SHA2-512",
            Self::RsaPssSha1 => "RSA-PSS-SHA1",
            Self::RsaPssSha2_256 => "RSA-PSS-SHA2-256",
            Self::RsaPssSha2_384 => "RSA-PSS-SHA2-384",
            Self::RsaPssSha2_512 => "RSA-PSS-SHA2-512",
            Self::RsaIkev1 => "RSA-IKEv1",
            Self::DsaSha1 => "DSA-SHA1",
            Self::DsaSha2_256 => "DSA-SHA2-256",
            Self::DsaIkev1 => "DSA-IKEv1",
            Self::EcdsaSha1 => "ECDSA-SHA1",
            Self::EcdsaSha2_256 => "ECDSA-SHA2-256",
            Self::EcdsaSha2_384 => "ECDSA-SHA2-384",
            Self::EcdsaSha2_512 => "ECDSA-SHA2-512",
            Self::Ecdsa256 => "ECDSA-256",
            Self::Ecdsa384 => "ECDSA-384",
            Self::Ecdsa521 => "ECDSA-521",
            Self::EcdsaIkev1 => "ECDSA-IKEv1",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
        }
    }

    /// The hash function that it applies to the message. None for IKEv1's own, which get a hash, and for EdDSA, which
    /// takes the message as it is ("Identity", RFC 8420 §2).
    pub const fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::RsaSha1 | Self::RsaPssSha1 | Self::DsaSha1 | Self::EcdsaSha1 => Some(HashAlgorithm::Sha1),
            Self::RsaSha2_256
            | Self::RsaPssSha2_256
            | Self::DsaSha2_256
            | Self::EcdsaSha2_256
            | Self::Ecdsa256 => Some(HashAlgorithm::Sha2_256),
            Self::RsaSha2_384 | Self::RsaPssSha2_384 | Self::EcdsaSha2_384 | Self::Ecdsa384 => {
                Some(HashAlgorithm::Sha2_384)
            }
            Self::RsaSha2_512 | Self::RsaPssSha2_512 | Self::EcdsaSha2_512 | Self::Ecdsa521 => {
                Some(HashAlgorithm::Sha2_512)
            }
            Self::RsaIkev1 | Self::DsaIkev1 | Self::EcdsaIkev1 | Self::Ed25519 | Self::Ed448 => None,
        }
    }

    /// The types of key that it takes.
    pub const fn key_types(self) -> &'static [KeyType] {
        match self {
            Self::RsaSha1
            | Self::RsaSha2_256
            | Self::RsaSha2_384
            | Self::RsaSha2_512
            | Self::RsaPssSha1
            | Self::RsaPssSha2_256
            | Self::RsaPssSha2_384
            | Self::RsaPssSha2_512
            | Self::RsaIkev1 => &[KeyType::Rsa],
            Self::DsaSha1 | Self::DsaSha2_256 | Self::DsaIkev1 => &[KeyType::Dsa],
            Self::EcdsaSha1
            | Self::EcdsaSha2_256
            | Self::EcdsaSha2_384
            | Self::EcdsaSha2_512
            | Self::EcdsaIkev1 => &[KeyType::P256, KeyType::P384, KeyType::P521],
            Self::Ecdsa256 => &[KeyType::P256],
            Self::Ecdsa384 => &[KeyType::P384],
            Self::Ecdsa521 => &[KeyType::P521],
            Self::Ed25519 => &[KeyType::Ed25519],
            Self::Ed448 => &[KeyType::Ed448],
        }
    }

    /// What is signed in the place of the message: its hash, or itself.
    pub(super) fn digest(self, message: &[&[u8]]) -> Vec<u8> {
        self.hash().map_or_else(|| message.concat(), |hash| hash.digest(message))
    }

    /// How that is signed.
    pub(super) const fn scheme(self) -> Scheme {
        match self {
            Self::RsaSha1 => Scheme::Rsa(Padding::Pkcs1(HashAlgorithm::Sha1)),
            Self::RsaSha2_256 => Scheme::Rsa(Padding::Pkcs1(HashAlgorithm::Sha2_256)),
            Self::RsaSha2_384 => Scheme::Rsa(Padding::Pkcs1(HashAlgorithm::Sha2_384)),
            Self::RsaSha2_512 => Scheme::Rsa(Padding::Pkcs1(HashAlgorithm::Sha2_512)),
            Self::RsaPssSha1 => Scheme::Rsa(Padding::Pss(HashAlgorithm::Sha1)),
            Self::RsaPssSha2_256 => Scheme::Rsa(Padding::Pss(HashAlgorithm::Sha2_256)),
            Self::RsaPssSha2_384 => Scheme::Rsa(Padding::Pss(HashAlgorithm::Sha2_384)),
            Self::RsaPssSha2_512 => Scheme::Rsa(Padding::Pss(HashAlgorithm::Sha2_512)),
            Self::RsaIkev1 => Scheme::Rsa(Padding::Bare),
            Self::DsaSha1 | Self::DsaIkev1 => Scheme::Dsa(HashAlgorithm::Sha1),
            Self::DsaSha2_256 => Scheme::Dsa(HashAlgorithm::Sha2_256),
            Self::EcdsaSha1 => Scheme::Ecdsa(HashAlgorithm::Sha1),
            Self::EcdsaSha2_256 | Self::Ecdsa256 => Scheme::Ecdsa(HashAlgorithm::Sha2_256),
            Self::EcdsaSha2_384 | Self::Ecdsa384 => Scheme::Ecdsa(HashAlgorithm::Sha2_384),
            Self::EcdsaSha2_512 | Self::Ecdsa521 => Scheme::Ecdsa(HashAlgorithm::Sha2_512),
            Self::EcdsaIkev1 => Scheme::EcdsaHashed,
            Self::Ed25519 => Scheme::Ed25519,
            Self::Ed448 => Scheme::Ed448,
        }
    }

    /// Whether r and s are written in DER, not side by side.
    pub(super) const fn writes_der(self) -> bool {
        matches!(
            self,
            Self::DsaSha1
                | Self::DsaSha2_256
                | Self::EcdsaSha1
                | Self::EcdsaSha2_256
                | Self::EcdsaSha2_384
                | Self::EcdsaSha2_512
        )
    }
}

/// How a hash is signed; of DSA and ECDSA, with which hash function the nonce is made.
#[derive(Clone, Copy)]
pub(super) enum Scheme {
    Rsa(Padding),
    Dsa(HashAlgorithm),
    Ecdsa(HashAlgorithm),
    /// Of a hash by the function that belongs to the curve, which makes the nonce too.
    EcdsaHashed,
    Ed25519,
    Ed448,
}
