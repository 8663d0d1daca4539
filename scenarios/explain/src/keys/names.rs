//! Names for algorithms: those of Wireshark's tables, which end with a reference in brackets that may be left out, and those of
//! our own log.

use ipsec_crypto::{
    AeadAlgorithm as Aead, CipherAlgorithm as Cipher, IntegrityAlgorithm as Mac, KeyExchangeAlgorithm,
    PrfAlgorithm,
};
use ipsec_dataplane::Encryption;

use super::Integrity;

/// Ciphers of ESP; the length of the key follows from the key.
const ESP_ENCRYPTION: &[(&str, Encryption)] = &[
    ("NULL", Encryption::Cipher(Cipher::Null)),
    ("TripleDES-CBC [RFC2451]", Encryption::Cipher(Cipher::TripleDesCbc)),
    ("AES-CBC [RFC3602]", Encryption::Cipher(Cipher::AesCbc)),
    ("AES-CTR [RFC3686]", Encryption::Cipher(Cipher::AesCtr)),
    ("DES-CBC [RFC2405]", Encryption::Cipher(Cipher::DesCbc)),
    ("CAMELLIA-CBC [RFC4312]", Encryption::Cipher(Cipher::CamelliaCbc)),
    ("AES-GCM [RFC4106]", Encryption::Aead(Aead::AesGcm16)),
    ("AES-GCM with 8 octet ICV [RFC4106]", Encryption::Aead(Aead::AesGcm8)),
    ("AES-GCM with 12 octet ICV [RFC4106]", Encryption::Aead(Aead::AesGcm12)),
    ("AES-GCM with 16 octet ICV [RFC4106]", Encryption::Aead(Aead::AesGcm16)),
    ("AES-CCM with 8 octet ICV [RFC4309]", Encryption::Aead(Aead::AesCcm8)),
    ("AES-CCM with 12 octet ICV [RFC4309]", Encryption::Aead(Aead::AesCcm12)),
    ("AES-CCM with 16 octet ICV [RFC4309]", Encryption::Aead(Aead::AesCcm16)),
    ("ChaCha20 with Poly1305 [RFC7634]", Encryption::Aead(Aead::ChaCha20Poly1305)),
];

const ESP_INTEGRITY: &[(&str, Integrity)] = &[
    ("NULL", Integrity::None),
    ("HMAC-MD5-96 [RFC2403]", Integrity::Algorithm(Mac::HmacMd5_96)),
    ("HMAC-SHA-1-96 [RFC2404]", Integrity::Algorithm(Mac::HmacSha1_96)),
    ("HMAC-SHA-256-128 [RFC4868]", Integrity::Algorithm(Mac::HmacSha2_256_128)),
    ("HMAC-SHA-384-192 [RFC4868]", Integrity::Algorithm(Mac::HmacSha2_384_192)),
    ("HMAC-SHA-512-256 [RFC4868]", Integrity::Algorithm(Mac::HmacSha2_512_256)),
    ("ANY 64 bit authentication [no checking]", Integrity::Unchecked(8)),
    ("ANY 96 bit authentication [no checking]", Integrity::Unchecked(12)),
    ("ANY 128 bit authentication [no checking]", Integrity::Unchecked(16)),
    ("ANY 192 bit authentication [no checking]", Integrity::Unchecked(24)),
    ("ANY 256 bit authentication [no checking]", Integrity::Unchecked(32)),
];

/// Ciphers of IKEv2, which name the length of their key too; that follows from the key here.
const IKE_ENCRYPTION: &[(&str, Encryption)] = &[
    ("3DES [RFC2451]", Encryption::Cipher(Cipher::TripleDesCbc)),
    ("DES [RFC2405]", Encryption::Cipher(Cipher::DesCbc)),
    ("AES-CBC-128 [RFC3602]", Encryption::Cipher(Cipher::AesCbc)),
    ("AES-CBC-192 [RFC3602]", Encryption::Cipher(Cipher::AesCbc)),
    ("AES-CBC-256 [RFC3602]", Encryption::Cipher(Cipher::AesCbc)),
    ("AES-CTR-128 [RFC5930]", Encryption::Cipher(Cipher::AesCtr)),
    ("AES-CTR-192 [RFC5930]", Encryption::Cipher(Cipher::AesCtr)),
    ("AES-CTR-256 [RFC5930]", Encryption::Cipher(Cipher::AesCtr)),
    ("CAMELLIA-CBC-128 [RFC5529]", Encryption::Cipher(Cipher::CamelliaCbc)),
    ("CAMELLIA-CBC-192 [RFC5529]", Encryption::Cipher(Cipher::CamelliaCbc)),
    ("CAMELLIA-CBC-256 [RFC5529]", Encryption::Cipher(Cipher::CamelliaCbc)),
    ("NULL [RFC2410]", Encryption::Cipher(Cipher::Null)),
    ("AES-GCM-128 with 8 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm8)),
    ("AES-GCM-192 with 8 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm8)),
    ("AES-GCM-256 with 8 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm8)),
    ("AES-GCM-128 with 12 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm12)),
    ("AES-GCM-192 with 12 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm12)),
    ("AES-GCM-256 with 12 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm12)),
    ("AES-GCM-128 with 16 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm16)),
    ("AES-GCM-192 with 16 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm16)),
    ("AES-GCM-256 with 16 octet ICV [RFC5282]", Encryption::Aead(Aead::AesGcm16)),
    ("AES-CCM-128 with 8 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm8)),
    ("AES-CCM-192 with 8 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm8)),
    ("AES-CCM-256 with 8 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm8)),
    ("AES-CCM-128 with 12 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm12)),
    ("AES-CCM-192 with 12 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm12)),
    ("AES-CCM-256 with 12 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm12)),
    ("AES-CCM-128 with 16 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm16)),
    ("AES-CCM-192 with 16 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm16)),
    ("AES-CCM-256 with 16 octet ICV [RFC5282]", Encryption::Aead(Aead::AesCcm16)),
    ("ChaCha20 with Poly1305 [RFC7634]", Encryption::Aead(Aead::ChaCha20Poly1305)),
];

const IKE_INTEGRITY: &[(&str, Integrity)] = &[
    ("NONE [RFC4306]", Integrity::None),
    ("HMAC_MD5_96 [RFC2403]", Integrity::Algorithm(Mac::HmacMd5_96)),
    ("HMAC_SHA1_96 [RFC2404]", Integrity::Algorithm(Mac::HmacSha1_96)),
    ("HMAC_SHA2_256_128 [RFC4868]", Integrity::Algorithm(Mac::HmacSha2_256_128)),
    ("HMAC_SHA2_384_192 [RFC4868]", Integrity::Algorithm(Mac::HmacSha2_384_192)),
    ("HMAC_SHA2_512_256 [RFC4868]", Integrity::Algorithm(Mac::HmacSha2_512_256)),
    ("AES_XCBC_96 [RFC3566]", Integrity::Algorithm(Mac::AesXcbc96)),
    ("AES_CMAC_96 [RFC4494]", Integrity::Algorithm(Mac::AesCmac96)),
    ("ANY 64-bits of Authentication [No Checking]", Integrity::Unchecked(8)),
    ("ANY 96-bits of Authentication [No Checking]", Integrity::Unchecked(12)),
    ("ANY 128-bits of Authentication [No Checking]", Integrity::Unchecked(16)),
    ("ANY 160-bits of Authentication [No Checking]", Integrity::Unchecked(20)),
    ("ANY 192-bits of Authentication [No Checking]", Integrity::Unchecked(24)),
    ("ANY 256-bits of Authentication [No Checking]", Integrity::Unchecked(32)),
];

pub(super) fn esp_encryption(name: &str) -> Result<Encryption, String> {
    find(name, "cipher of ESP", ESP_ENCRYPTION)
}

pub(super) fn esp_integrity(name: &str) -> Result<Integrity, String> {
    find(name, "integrity algorithm of ESP", ESP_INTEGRITY)
}

pub(super) fn ike_encryption(name: &str) -> Result<Encryption, String> {
    find(name, "cipher of IKEv2", IKE_ENCRYPTION)
}

pub(super) fn ike_integrity(name: &str) -> Result<Integrity, String> {
    find(name, "integrity algorithm of IKEv2", IKE_INTEGRITY)
}

/// How the log calls a cipher.
pub(super) fn of_encryption(encryption: Encryption) -> String {
    match encryption {
        Encryption::AeadImplicitIv(_) => format!("{} {IMPLICIT}", encryption.name()),
        _ => encryption.name().to_owned(),
    }
}

/// What the log says behind a cipher whose IV is not sent (RFC 8750).
const IMPLICIT: &str = "with implicit IV";

/// A cipher of the log.
pub(super) fn encryption(name: &str) -> Result<Encryption, String> {
    let aeads = Aead::ALL.iter().flat_map(|one| [Encryption::Aead(*one), Encryption::AeadImplicitIv(*one)]);
    let all = aeads.chain(Cipher::ALL.iter().map(|one| Encryption::Cipher(*one)));
    of_log(name, "cipher", all.map(|one| (of_encryption(one), one)))
}

/// An integrity algorithm of the log.
pub(super) fn integrity(name: &str) -> Result<Mac, String> {
    of_log(name, "integrity algorithm", Mac::ALL.iter().map(|one| (one.name().to_owned(), *one)))
}

/// A PRF of the log.
pub(super) fn prf(name: &str) -> Result<PrfAlgorithm, String> {
    of_log(name, "PRF", PrfAlgorithm::ALL.iter().map(|one| (one.name().to_owned(), *one)))
}

/// A key exchange method of the log, by its word in proposals.
pub(super) fn group(name: &str) -> Result<KeyExchangeAlgorithm, String> {
    let all = KeyExchangeAlgorithm::ALL.iter().map(|one| (one.keyword().to_owned(), *one));
    of_log(name, "key exchange method", all)
}

fn of_log<T: Copy>(name: &str, what: &str, all: impl Iterator<Item = (String, T)>) -> Result<T, String> {
    let all: Vec<(String, T)> = all.collect();
    let table: Vec<(&str, T)> = all.iter().map(|(name, one)| (name.as_str(), *one)).collect();
    find(name, what, &table)
}

/// What a name stands for, or a complaint with the nearest name.
fn find<T: Copy>(name: &str, what: &str, table: &[(&str, T)]) -> Result<T, String> {
    let bare = |name: &str| name.split('[').next().unwrap_or(name).trim().to_ascii_lowercase();
    let wanted = bare(name);
    if let Some((_, meaning)) = table.iter().find(|(known, _)| bare(known) == wanted) {
        return Ok(*meaning);
    }
    let near = table.iter().min_by_key(|(known, _)| strsim::damerau_levenshtein(&bare(known), &wanted));
    let near = near.map_or("", |(known, _)| known);
    Err(format!("\"{name}\" is no {what} that is known here; did you mean \"{near}\"?"))
}
