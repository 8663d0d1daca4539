//! The key schedule (RFC 7296 §2.14, §2.17, RFC 9370 §2.2.2, §2.2.4):
//!
//! ```text
//! SKEYSEED    = prf(Ni | Nr, SK(0))
//! SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr)              after each additional key exchange in IKE_INTERMEDIATE
//! {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)
//! SKEYSEED    = prf(SK_d (old), SK(0) | Ni | Nr [| SK(1) … | SK(n)])
//! KEYMAT      = prf+(SK_d, [SK(0)] | Ni | Nr [| SK(1) … | SK(n)])
//! ```

mod int_auth;
mod ppk;

use ipsec_crypto::{KeyMaterialTooLong, PrfAlgorithm, Provider, Secret, prf_plus};
use ipsec_wire::IkeSpi;

use crate::negotiate::IkeSuite;

pub use int_auth::{int_auth, int_auth_content};
pub use ppk::{mix_ppk, ppk_confirmation, ppk_skeyseed};

/// The seven secrets of an IKE SA. `ai` and `ar` are empty where the cipher gives integrity itself; `ei` and `er` end
/// in the salt where the cipher has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr as the RFC names them")]
pub struct Keys {
    pub d: Secret,
    pub ai: Secret,
    pub ar: Secret,
    pub ei: Secret,
    pub er: Secret,
    pub pi: Secret,
    pub pr: Secret,
}

/// What both ends put into the key schedule.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// The initiator's nonce.
    pub nonce_i: &'a [u8],
    /// The responder's nonce.
    pub nonce_r: &'a [u8],
    /// The initiator's SPI.
    pub spi_i: IkeSpi,
    /// The responder's SPI.
    pub spi_r: IkeSpi,
}

/// SKEYSEED of a first IKE SA (RFC 7296 §2.14). A PRF with a key of fixed length takes but its share of each nonce.
#[must_use]
pub fn skeyseed(provider: &Provider, prf: PrfAlgorithm, shared: &Shared<'_>, secret: &Secret) -> Secret {
    let share = prf.skeyseed_nonce_len().unwrap_or(usize::MAX);
    let part = |nonce: &'_ [u8]| nonce[..nonce.len().min(share)].to_vec();
    let key = [part(shared.nonce_i), part(shared.nonce_r)].concat();
    (provider.prf)(prf, &key).compute(&[secret.as_bytes()])
}

/// The keys of an IKE SA with `suite` from its SKEYSEED.
///
/// # Errors
/// When the suite needs more than 255 blocks of the PRF, which none does.
pub fn ike_keys(
    provider: &Provider,
    suite: &IkeSuite,
    skeyseed: &Secret,
    shared: &Shared<'_>,
) -> Result<Keys, KeyMaterialTooLong> {
    let own = suite.prf.preferred_key_len();
    let integrity = suite.protection.integrity_key_len();
    let encryption = suite.protection.encryption_key_len();
    let lengths = [own, integrity, integrity, encryption, encryption, own, own];
    let (spi_i, spi_r) = (shared.spi_i.0.to_be_bytes(), shared.spi_r.0.to_be_bytes());
    let prf = (provider.prf)(suite.prf, skeyseed.as_bytes());
    let seed: [&[u8]; 4] = [shared.nonce_i, shared.nonce_r, &spi_i, &spi_r];
    let stream = prf_plus(&prf, &seed, lengths.iter().sum())?;
    let [d, ai, ar, ei, er, pi, pr] = cut(&stream, lengths);
    Ok(Keys { d, ai, ar, ei, er, pi, pr })
}

/// SKEYSEED of an IKE SA that replaces another, whose `SK_d` is given (RFC 7296 §2.18), with the secrets of the additional
/// key exchanges (RFC 9370 §2.2.4). Without those it is also what an additional key exchange makes of the `SK_d` before it,
/// while an IKE SA is being set up (RFC 9370 §2.2.2).
#[must_use]
pub fn rekeyed_skeyseed(
    provider: &Provider,
    prf: PrfAlgorithm,
    sk_d: &Secret,
    shared: &Shared<'_>,
    secret: &Secret,
    additional: &[Secret],
) -> Secret {
    let mut parts = vec![secret.as_bytes(), shared.nonce_i, shared.nonce_r];
    parts.extend(additional.iter().map(Secret::as_bytes));
    (provider.prf)(prf, sk_d.as_bytes()).compute(&parts)
}

/// SKEYSEED of a resumed IKE SA, from the `SK_d` of the one that it was (RFC 5723 §5.1).
#[must_use]
pub fn resumed_skeyseed(
    provider: &Provider,
    prf: PrfAlgorithm,
    sk_d: &Secret,
    shared: &Shared<'_>,
) -> Secret {
    (provider.prf)(prf, sk_d.as_bytes()).compute(&[b"Resumption", shared.nonce_i, shared.nonce_r])
}

/// `length` octets of a Child SA's key material (RFC 7296 §2.17). `secret` is the child's own key exchange, if it had
/// one, `additional` are those that followed it (RFC 9370 §2.2.4); the nonces are those of the exchange that makes the child.
///
/// # Errors
/// When more than 255 blocks of the PRF are needed.
pub fn key_material(
    provider: &Provider,
    prf: PrfAlgorithm,
    sk_d: &Secret,
    (secret, additional): (Option<&Secret>, &[Secret]),
    nonces: (&[u8], &[u8]),
    length: usize,
) -> Result<Secret, KeyMaterialTooLong> {
    let prf = (provider.prf)(prf, sk_d.as_bytes());
    let mut seed = vec![secret.map_or(&[][..], Secret::as_bytes), nonces.0, nonces.1];
    seed.extend(additional.iter().map(Secret::as_bytes));
    prf_plus(&prf, &seed, length)
}

/// A Child SA's key material of `length` octets for each direction, first for the packets of the exchange's initiator,
/// then for its responder's (RFC 7296 §2.17).
///
/// # Errors
/// When the suite needs more than 255 blocks of the PRF, which none does.
pub(crate) fn child_keys(
    provider: &Provider,
    prf: PrfAlgorithm,
    sk_d: &Secret,
    secrets: (Option<&Secret>, &[Secret]),
    nonces: (&[u8], &[u8]),
    length: usize,
) -> Result<(Secret, Secret), KeyMaterialTooLong> {
    let stream = key_material(provider, prf, sk_d, secrets, nonces, 2 * length)?;
    let [initiator, responder] = cut(&stream, [length, length]);
    Ok((initiator, responder))
}

fn cut<const N: usize>(stream: &Secret, lengths: [usize; N]) -> [Secret; N] {
    let mut rest = stream.as_bytes();
    lengths.map(|length| {
        let (key, after) = rest.split_at(length);
        rest = after;
        Secret::from(key)
    })
}

#[cfg(test)]
mod tests;
