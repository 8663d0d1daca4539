//! Algorithms and their numbers in version 1 (IANA "Magic Numbers for ISAKMP Protocol" and "Internet Key Exchange (IKE)
//! Attributes").

use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, HashAlgorithm, IntegrityAlgorithm as Integrity, KeyExchangeAlgorithm,
};
use ipsec_dataplane::Encryption as Cipher;
use ipsec_wire::registry::v1::{AhTransform, Authentication, Encryption, EspTransform, Group, Hash};

/// Ciphers of phase 1.
pub(super) const CIPHERS: &[(Encryption, CipherAlgorithm)] = &[
    (Encryption::DES_CBC, CipherAlgorithm::DesCbc),
    (Encryption::TRIPLE_DES_CBC, CipherAlgorithm::TripleDesCbc),
    (Encryption::AES_CBC, CipherAlgorithm::AesCbc),
    (Encryption::CAMELLIA_CBC, CipherAlgorithm::CamelliaCbc),
];

/// Hashes of phase 1.
pub(super) const HASHES: &[(Hash, HashAlgorithm)] = &[
    (Hash::MD5, HashAlgorithm::Md5),
    (Hash::SHA, HashAlgorithm::Sha1),
    (Hash::SHA2_256, HashAlgorithm::Sha2_256),
    (Hash::SHA2_384, HashAlgorithm::Sha2_384),
    (Hash::SHA2_512, HashAlgorithm::Sha2_512),
];

/// Groups of both phases.
pub(super) const GROUPS: &[(Group, KeyExchangeAlgorithm)] = &[
    (Group::MODP_768, KeyExchangeAlgorithm::Modp768),
    (Group::MODP_1024, KeyExchangeAlgorithm::Modp1024),
    (Group::MODP_1536, KeyExchangeAlgorithm::Modp1536),
    (Group::MODP_2048, KeyExchangeAlgorithm::Modp2048),
    (Group::MODP_3072, KeyExchangeAlgorithm::Modp3072),
    (Group::MODP_4096, KeyExchangeAlgorithm::Modp4096),
    (Group::MODP_6144, KeyExchangeAlgorithm::Modp6144),
    (Group::MODP_8192, KeyExchangeAlgorithm::Modp8192),
    (Group::ECP_256, KeyExchangeAlgorithm::Ecp256),
    (Group::ECP_384, KeyExchangeAlgorithm::Ecp384),
    (Group::ECP_521, KeyExchangeAlgorithm::Ecp521),
    (Group::MODP_1024_160, KeyExchangeAlgorithm::Modp1024s160),
    (Group::MODP_2048_224, KeyExchangeAlgorithm::Modp2048s224),
    (Group::MODP_2048_256, KeyExchangeAlgorithm::Modp2048s256),
    (Group::ECP_192, KeyExchangeAlgorithm::Ecp192),
    (Group::ECP_224, KeyExchangeAlgorithm::Ecp224),
    (Group::BRAINPOOL_P224R1, KeyExchangeAlgorithm::Brainpool224),
    (Group::BRAINPOOL_P256R1, KeyExchangeAlgorithm::Brainpool256),
    (Group::BRAINPOOL_P384R1, KeyExchangeAlgorithm::Brainpool384),
    (Group::BRAINPOOL_P512R1, KeyExchangeAlgorithm::Brainpool512),
];

/// Transforms of ESP.
pub(super) const ESP: &[(EspTransform, Cipher)] = &[
    (EspTransform::DES, Cipher::Cipher(CipherAlgorithm::DesCbc)),
    (EspTransform::TRIPLE_DES, Cipher::Cipher(CipherAlgorithm::TripleDesCbc)),
    (EspTransform::NULL, Cipher::Cipher(CipherAlgorithm::Null)),
    (EspTransform::AES_CBC, Cipher::Cipher(CipherAlgorithm::AesCbc)),
    (EspTransform::AES_CTR, Cipher::Cipher(CipherAlgorithm::AesCtr)),
    (EspTransform::AES_CCM_8, Cipher::Aead(AeadAlgorithm::AesCcm8)),
    (EspTransform::AES_CCM_12, Cipher::Aead(AeadAlgorithm::AesCcm12)),
    (EspTransform::AES_CCM_16, Cipher::Aead(AeadAlgorithm::AesCcm16)),
    (EspTransform::AES_GCM_8, Cipher::Aead(AeadAlgorithm::AesGcm8)),
    (EspTransform::AES_GCM_12, Cipher::Aead(AeadAlgorithm::AesGcm12)),
    (EspTransform::AES_GCM_16, Cipher::Aead(AeadAlgorithm::AesGcm16)),
    (EspTransform::CAMELLIA, Cipher::Cipher(CipherAlgorithm::CamelliaCbc)),
    (EspTransform::NULL_AUTH_AES_GMAC, Cipher::Aead(AeadAlgorithm::AesGmac)),
];

/// What gives integrity beside a cipher of ESP.
pub(super) const INTEGRITY: &[(Authentication, Integrity)] = &[
    (Authentication::HMAC_MD5, Integrity::HmacMd5_96),
    (Authentication::HMAC_SHA, Integrity::HmacSha1_96),
    (Authentication::HMAC_SHA2_256, Integrity::HmacSha2_256_128),
    (Authentication::HMAC_SHA2_384, Integrity::HmacSha2_384_192),
    (Authentication::HMAC_SHA2_512, Integrity::HmacSha2_512_256),
    (Authentication::AES_XCBC_MAC, Integrity::AesXcbc96),
    (Authentication::AES_128_GMAC, Integrity::Aes128Gmac),
    (Authentication::AES_192_GMAC, Integrity::Aes192Gmac),
    (Authentication::AES_256_GMAC, Integrity::Aes256Gmac),
];

/// Transforms of AH; the attribute has to say the same once more (RFC 2407 §4.4.3).
pub(super) const AH: &[(AhTransform, Integrity)] = &[
    (AhTransform::MD5, Integrity::HmacMd5_96),
    (AhTransform::SHA, Integrity::HmacSha1_96),
    (AhTransform::SHA2_256, Integrity::HmacSha2_256_128),
    (AhTransform::SHA2_384, Integrity::HmacSha2_384_192),
    (AhTransform::SHA2_512, Integrity::HmacSha2_512_256),
    (AhTransform::AES_XCBC_MAC, Integrity::AesXcbc96),
    (AhTransform::AES_128_GMAC, Integrity::Aes128Gmac),
    (AhTransform::AES_192_GMAC, Integrity::Aes192Gmac),
    (AhTransform::AES_256_GMAC, Integrity::Aes256Gmac),
];

pub(super) fn algorithm<N: PartialEq + Copy, A: Copy>(table: &[(N, A)], number: N) -> Option<A> {
    table.iter().find(|row| row.0 == number).map(|row| row.1)
}

pub(super) fn number<N: Copy, A: PartialEq + Copy>(table: &[(N, A)], algorithm: A) -> Option<N> {
    table.iter().find(|row| row.1 == algorithm).map(|row| row.0)
}
