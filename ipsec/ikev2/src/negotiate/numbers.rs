//! Algorithms and their transform IDs (IANA "IKEv2 Parameters", RFC 8247).

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec_dataplane::Encryption;

const ENCRYPTION: &[(u16, Encryption)] = &[
    (2, Encryption::Cipher(CipherAlgorithm::DesCbc)),
    (3, Encryption::Cipher(CipherAlgorithm::TripleDesCbc)),
    (11, Encryption::Cipher(CipherAlgorithm::Null)),
    (12, Encryption::Cipher(CipherAlgorithm::AesCbc)),
    (13, Encryption::Cipher(CipherAlgorithm::AesCtr)),
    (14, Encryption::Aead(AeadAlgorithm::AesCcm8)),
    (15, Encryption::Aead(AeadAlgorithm::AesCcm12)),
    (16, Encryption::Aead(AeadAlgorithm::AesCcm16)),
    (18, Encryption::Aead(AeadAlgorithm::AesGcm8)),
    (19, Encryption::Aead(AeadAlgorithm::AesGcm12)),
    (20, Encryption::Aead(AeadAlgorithm::AesGcm16)),
    (21, Encryption::Aead(AeadAlgorithm::AesGmac)),
    (23, Encryption::Cipher(CipherAlgorithm::CamelliaCbc)),
    (28, Encryption::Aead(AeadAlgorithm::ChaCha20Poly1305)),
    (29, Encryption::AeadImplicitIv(AeadAlgorithm::AesCcm8)),
    (30, Encryption::AeadImplicitIv(AeadAlgorithm::AesGcm16)),
    (31, Encryption::AeadImplicitIv(AeadAlgorithm::ChaCha20Poly1305)),
];

const PRF: &[(u16, PrfAlgorithm)] = &[
    (1, PrfAlgorithm::HmacMd5),
    (2, PrfAlgorithm::HmacSha1),
    (4, PrfAlgorithm::AesXcbc),
    (5, PrfAlgorithm::HmacSha2_256),
    (6, PrfAlgorithm::HmacSha2_384),
    (7, PrfAlgorithm::HmacSha2_512),
    (8, PrfAlgorithm::AesCmac),
];

const INTEGRITY: &[(u16, IntegrityAlgorithm)] = &[
    (1, IntegrityAlgorithm::HmacMd5_96),
    (2, IntegrityAlgorithm::HmacSha1_96),
    (5, IntegrityAlgorithm::AesXcbc96),
    (8, IntegrityAlgorithm::AesCmac96),
    (9, IntegrityAlgorithm::Aes128Gmac),
    (10, IntegrityAlgorithm::Aes192Gmac),
    (11, IntegrityAlgorithm::Aes256Gmac),
    (12, IntegrityAlgorithm::HmacSha2_256_128),
    (13, IntegrityAlgorithm::HmacSha2_384_192),
    (14, IntegrityAlgorithm::HmacSha2_512_256),
];

const KEY_EXCHANGE: &[(u16, KeyExchangeAlgorithm)] = &[
    (1, KeyExchangeAlgorithm::Modp768),
    (2, KeyExchangeAlgorithm::Modp1024),
    (5, KeyExchangeAlgorithm::Modp1536),
    (14, KeyExchangeAlgorithm::Modp2048),
    (15, KeyExchangeAlgorithm::Modp3072),
    (16, KeyExchangeAlgorithm::Modp4096),
    (17, KeyExchangeAlgorithm::Modp6144),
    (18, KeyExchangeAlgorithm::Modp8192),
    (19, KeyExchangeAlgorithm::Ecp256),
    (20, KeyExchangeAlgorithm::Ecp384),
    (21, KeyExchangeAlgorithm::Ecp521),
    (22, KeyExchangeAlgorithm::Modp1024s160),
    (23, KeyExchangeAlgorithm::Modp2048s224),
    (24, KeyExchangeAlgorithm::Modp2048s256),
    (25, KeyExchangeAlgorithm::Ecp192),
    (26, KeyExchangeAlgorithm::Ecp224),
    (27, KeyExchangeAlgorithm::Brainpool224),
    (28, KeyExchangeAlgorithm::Brainpool256),
    (29, KeyExchangeAlgorithm::Brainpool384),
    (30, KeyExchangeAlgorithm::Brainpool512),
    (31, KeyExchangeAlgorithm::X25519),
    (32, KeyExchangeAlgorithm::X448),
    (35, KeyExchangeAlgorithm::MlKem512),
    (36, KeyExchangeAlgorithm::MlKem768),
    (37, KeyExchangeAlgorithm::MlKem1024),
];

pub(crate) fn encryption(id: u16) -> Option<Encryption> {
    by_id(ENCRYPTION, id)
}

pub(crate) fn encryption_id(algorithm: Encryption) -> Option<u16> {
    by_algorithm(ENCRYPTION, algorithm)
}

pub(crate) fn prf(id: u16) -> Option<PrfAlgorithm> {
    by_id(PRF, id)
}

pub(crate) fn prf_id(algorithm: PrfAlgorithm) -> Option<u16> {
    by_algorithm(PRF, algorithm)
}

pub(crate) fn integrity(id: u16) -> Option<IntegrityAlgorithm> {
    by_id(INTEGRITY, id)
}

pub(crate) fn integrity_id(algorithm: IntegrityAlgorithm) -> Option<u16> {
    by_algorithm(INTEGRITY, algorithm)
}

pub(crate) fn key_exchange(id: u16) -> Option<KeyExchangeAlgorithm> {
    by_id(KEY_EXCHANGE, id)
}

pub(crate) fn key_exchange_id(algorithm: KeyExchangeAlgorithm) -> Option<u16> {
    by_algorithm(KEY_EXCHANGE, algorithm)
}

fn by_id<T: Copy>(table: &[(u16, T)], id: u16) -> Option<T> {
    table.iter().find(|row| row.0 == id).map(|row| row.1)
}

fn by_algorithm<T: Copy + PartialEq>(table: &[(u16, T)], algorithm: T) -> Option<u16> {
    table.iter().find(|row| row.1 == algorithm).map(|row| row.0)
}
