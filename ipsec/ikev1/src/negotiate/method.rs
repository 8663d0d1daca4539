//! How phase 1 authenticates its ends (RFC 2409 §5), as one attribute of a transform says it.

use std::fmt;

use ipsec_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm};
use ipsec_wire::registry::v1::AuthMethod;

use crate::grammar::Means;
use crate::sa::Role;

/// How phase 1 authenticates both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// By a key that both share (RFC 2409 §5.4).
    SharedKey,
    /// By signatures with DSA (RFC 2409 §5.1).
    DsaSignatures,
    /// By signatures with RSA (RFC 2409 §5.1).
    RsaSignatures,
    /// By encryption with RSA (RFC 2409 §5.2).
    RsaEncryption,
    /// By the revised method of encryption with RSA (RFC 2409 §5.3).
    RevisedRsaEncryption,
    /// By signatures with ECDSA on P-256 (RFC 4754).
    Ecdsa256,
    /// By signatures with ECDSA on P-384 (RFC 4754).
    Ecdsa384,
    /// By signatures with ECDSA on P-521 (RFC 4754).
    Ecdsa521,
    /// One end by a signature with RSA; the other one's user has to follow (draft-ietf-ipsec-isakmp-hybrid-auth).
    HybridRsa,
    /// The same with DSA.
    HybridDsa,
}

/// Each method with its keyword and its number: by itself, and where the initiator or the responder is a client that has to
/// go through XAUTH afterwards (draft-beaulieu-ike-xauth-02 §7.2).
const NUMBERS: &[(Method, &str, Numbers)] = &[
    (
        Method::SharedKey,
        "shared-key",
        Numbers {
            alone: Some(AuthMethod::PRE_SHARED_KEY),
            client: Some([AuthMethod::XAUTH_INIT_PRE_SHARED, AuthMethod::XAUTH_RESP_PRE_SHARED]),
        },
    ),
    (
        Method::DsaSignatures,
        "dsa-signatures",
        Numbers {
            alone: Some(AuthMethod::DSS_SIGNATURES),
            client: Some([AuthMethod::XAUTH_INIT_DSS, AuthMethod::XAUTH_RESP_DSS]),
        },
    ),
    (
        Method::RsaSignatures,
        "rsa-signatures",
        Numbers {
            alone: Some(AuthMethod::RSA_SIGNATURES),
            client: Some([AuthMethod::XAUTH_INIT_RSA, AuthMethod::XAUTH_RESP_RSA]),
        },
    ),
    (
        Method::RsaEncryption,
        "rsa-encryption",
        Numbers {
            alone: Some(AuthMethod::RSA_ENCRYPTION),
            client: Some([AuthMethod::XAUTH_INIT_RSA_ENCRYPTION, AuthMethod::XAUTH_RESP_RSA_ENCRYPTION]),
        },
    ),
    (
        Method::RevisedRsaEncryption,
        "revised-rsa-encryption",
        Numbers {
            alone: Some(AuthMethod::RSA_REVISED_ENCRYPTION),
            client: Some([
                AuthMethod::XAUTH_INIT_RSA_REVISED_ENCRYPTION,
                AuthMethod::XAUTH_RESP_RSA_REVISED_ENCRYPTION,
            ]),
        },
    ),
    (Method::Ecdsa256, "ecdsa-256-signatures", Numbers { alone: Some(AuthMethod::ECDSA_256), client: None }),
    (Method::Ecdsa384, "ecdsa-384-signatures", Numbers { alone: Some(AuthMethod::ECDSA_384), client: None }),
    (Method::Ecdsa521, "ecdsa-521-signatures", Numbers { alone: Some(AuthMethod::ECDSA_521), client: None }),
    (
        Method::HybridRsa,
        "hybrid-rsa",
        Numbers { alone: None, client: Some([AuthMethod::HYBRID_INIT_RSA, AuthMethod::HYBRID_RESP_RSA]) },
    ),
    (
        Method::HybridDsa,
        "hybrid-dsa",
        Numbers { alone: None, client: Some([AuthMethod::HYBRID_INIT_DSS, AuthMethod::HYBRID_RESP_DSS]) },
    ),
];

struct Numbers {
    alone: Option<AuthMethod>,
    /// Where the initiator is a client, and where the responder is one.
    client: Option<[AuthMethod; 2]>,
}

impl Method {
    /// Its keyword: `rsa-signatures`.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        NUMBERS.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// Its number where `client` has to go through XAUTH afterwards, or nobody. Some combinations have none.
    pub(crate) fn number(self, client: Option<Role>) -> Option<AuthMethod> {
        let (_, _, numbers) = NUMBERS.iter().find(|row| row.0 == self)?;
        match client {
            None => numbers.alone,
            Some(Role::Initiator) => numbers.client.map(|[initiator, _]| initiator),
            Some(Role::Responder) => numbers.client.map(|[_, responder]| responder),
        }
    }

    /// The method that a number stands for, and the end that has to go through XAUTH afterwards.
    pub(crate) fn of(number: AuthMethod) -> Option<(Self, Option<Role>)> {
        let clients = [None, Some(Role::Initiator), Some(Role::Responder)];
        let all = NUMBERS.iter().flat_map(|row| clients.map(|client| (row.0, client)));
        all.into_iter().find(|(method, client)| method.number(*client) == Some(number))
    }

    /// The method that signs with a key of this type.
    #[must_use]
    pub fn of_signatures(key_type: KeyType) -> Option<Self> {
        match key_type {
            KeyType::Rsa => Some(Self::RsaSignatures),
            KeyType::Dsa => Some(Self::DsaSignatures),
            KeyType::P256 => Some(Self::Ecdsa256),
            KeyType::P384 => Some(Self::Ecdsa384),
            KeyType::P521 => Some(Self::Ecdsa521),
            KeyType::Ed25519 | KeyType::Ed448 => None,
        }
    }

    /// Whether a key of this type signs.
    pub(crate) fn signs_with(self, key_type: KeyType) -> bool {
        match self {
            Self::HybridRsa => key_type == KeyType::Rsa,
            Self::HybridDsa => key_type == KeyType::Dsa,
            other => Self::of_signatures(key_type) == Some(other),
        }
    }

    /// Whether only one end proves who it is, and the other one's user has to follow.
    pub(crate) fn is_hybrid(self) -> bool {
        matches!(self, Self::HybridRsa | Self::HybridDsa)
    }

    /// What signs HASH_I and HASH_R, where signatures prove.
    pub(crate) fn signature(self) -> Option<SignatureAlgorithm> {
        match self {
            Self::SharedKey | Self::RsaEncryption | Self::RevisedRsaEncryption => None,
            Self::DsaSignatures | Self::HybridDsa => Some(SignatureAlgorithm::DsaIkev1),
            Self::RsaSignatures | Self::HybridRsa => Some(SignatureAlgorithm::RsaIkev1),
            Self::Ecdsa256 | Self::Ecdsa384 | Self::Ecdsa521 => Some(SignatureAlgorithm::EcdsaIkev1),
        }
    }

    /// Whether the ends say who they are with their public values, so that nobody else sees it.
    pub(crate) fn hides_identities(self) -> bool {
        matches!(self, Self::RsaEncryption | Self::RevisedRsaEncryption)
    }

    /// What the end in this role proves by, where `client` has to go through XAUTH afterwards: a hash or a signature. The hash of a
    /// hybrid method only shows that the same one goes on.
    pub(crate) fn means(self, role: Role, client: Option<Role>) -> Means {
        let signs = self.signature().is_some() && !(self.is_hybrid() && client == Some(role));
        if signs { Means::Signature } else { Means::Hash }
    }

    /// The hash whose HMAC makes the HASH_I or HASH_R that is signed, in the place of the negotiated one, where the signature is tied to it
    /// (RFC 2409 §5.1, RFC 4754 §4).
    pub(crate) fn bound_hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::SharedKey
            | Self::RsaSignatures
            | Self::RsaEncryption
            | Self::RevisedRsaEncryption
            | Self::HybridRsa => None,
            Self::DsaSignatures | Self::HybridDsa => Some(HashAlgorithm::Sha1),
            Self::Ecdsa256 => Some(HashAlgorithm::Sha2_256),
            Self::Ecdsa384 => Some(HashAlgorithm::Sha2_384),
            Self::Ecdsa521 => Some(HashAlgorithm::Sha2_512),
        }
    }
}

/// Its keyword.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_one_method_and_one_client() {
        let numbers = (0..=u16::MAX).map(AuthMethod).filter(|number| Method::of(*number).is_some());
        for number in numbers.clone() {
            let (method, client) = Method::of(number).unwrap();
            assert_eq!(method.number(client), Some(number));
        }
        let of_table =
            NUMBERS.iter().map(|row| usize::from(row.2.alone.is_some()) + row.2.client.map_or(0, |_| 2));
        assert_eq!(numbers.count(), of_table.sum::<usize>(), "none stands twice in the table");
    }

    #[test]
    fn numbers_are_those_of_the_registry() {
        let number = |method: Method, client| method.number(client).map(|number| number.0);
        assert_eq!(number(Method::SharedKey, None), Some(1));
        assert_eq!(number(Method::RsaSignatures, Some(Role::Initiator)), Some(65005));
        assert_eq!(number(Method::DsaSignatures, Some(Role::Responder)), Some(65004));
        assert_eq!(number(Method::Ecdsa521, None), Some(11));
        assert_eq!(number(Method::Ecdsa521, Some(Role::Initiator)), None);
        assert_eq!(number(Method::HybridRsa, Some(Role::Initiator)), Some(64221));
        assert_eq!(number(Method::HybridDsa, Some(Role::Responder)), Some(64224));
        assert_eq!(number(Method::HybridRsa, None), None);
    }
}
