//! NIST's files of its validation programme (CAVP): ciphers, hash functions, key exchange, signatures, and the key derivation of
//! IKE.

pub(crate) mod cbc;
pub(crate) mod ccm;
pub(crate) mod dsa;
pub(crate) mod ecdh;
pub(crate) mod ecdsa;
pub(crate) mod gcm;
pub(crate) mod hash;
pub(crate) mod ikev1;
pub(crate) mod ikev2;
pub(crate) mod rsa;

use ipsec_crypto::{HashAlgorithm, PrfAlgorithm};
use ipsec_wire::IkeSpi;

use crate::rsp::Case;

/// A hash function by the name that NIST has for it.
fn hash(name: &str) -> Option<HashAlgorithm> {
    match name {
        "SHA-1" | "SHA1" => Some(HashAlgorithm::Sha1),
        "SHA-256" | "SHA256" => Some(HashAlgorithm::Sha2_256),
        "SHA-384" | "SHA384" => Some(HashAlgorithm::Sha2_384),
        "SHA-512" | "SHA512" => Some(HashAlgorithm::Sha2_512),
        _ => None,
    }
}

/// A number in at least so many octets.
pub(super) fn padded(number: &[u8], len: usize) -> Vec<u8> {
    [&vec![0; len.saturating_sub(number.len())], number].concat()
}

/// A field of eight octets.
fn spi(case: &Case<'_>, name: &str) -> Result<IkeSpi, String> {
    let octets = case.octets(name)?;
    let wrong = |_| format!("case {}: {name} is not 8 octets", case.number);
    Ok(IkeSpi(u64::from_be_bytes(octets.as_slice().try_into().map_err(wrong)?)))
}

/// HMAC with the hash function of the section.
fn prf(case: &Case<'_>) -> Result<PrfAlgorithm, String> {
    match hash(case.section) {
        Some(HashAlgorithm::Sha1) => Ok(PrfAlgorithm::HmacSha1),
        Some(HashAlgorithm::Sha2_256) => Ok(PrfAlgorithm::HmacSha2_256),
        Some(HashAlgorithm::Sha2_384) => Ok(PrfAlgorithm::HmacSha2_384),
        Some(HashAlgorithm::Sha2_512) => Ok(PrfAlgorithm::HmacSha2_512),
        _ => Err(format!("case {}: no PRF is called {}", case.number, case.section)),
    }
}
