//! Post-quantum preshared keys in the key schedule: mixed in with `IKE_AUTH` (RFC 8784 §3) or in `IKE_INTERMEDIATE`
//! (RFC 9867 §3.1).
//!
//! ```text
//! RFC 8784: SK_d = prf+(PPK, SK_d')   SK_pi = prf+(PPK, SK_pi')   SK_pr = prf+(PPK, SK_pr')
//! RFC 9867: SKEYSEED' = prf+(PPK, SK_d), and all keys anew from it
//! ```

use ipsec_crypto::{KeyMaterialTooLong, PrfAlgorithm, Provider, Secret, prf_plus};

use super::{Keys, Shared};

/// The keys with the PPK in `SK_d`, `SK_pi` and `SK_pr`; those that protect messages stay as they are.
///
/// # Errors
/// When a key is longer than 255 blocks of the PRF, which none is.
pub fn mix_ppk(
    provider: &Provider,
    prf: PrfAlgorithm,
    keys: &Keys,
    ppk: &Secret,
) -> Result<Keys, KeyMaterialTooLong> {
    let keyed = (provider.prf)(prf, ppk.as_bytes());
    let mixed = |key: &Secret| prf_plus(&keyed, &[key.as_bytes()], key.len());
    Ok(Keys { d: mixed(&keys.d)?, pi: mixed(&keys.pi)?, pr: mixed(&keys.pr)?, ..keys.clone() })
}

/// SKEYSEED' of an IKE SA that has the PPK in all its keys, from the last `SK_d` without it.
///
/// # Errors
/// When the PRF's key is longer than 255 of its blocks, which none is.
pub fn ppk_skeyseed(
    provider: &Provider,
    prf: PrfAlgorithm,
    sk_d: &Secret,
    ppk: &Secret,
) -> Result<Secret, KeyMaterialTooLong> {
    prf_plus(&(provider.prf)(prf, ppk.as_bytes()), &[sk_d.as_bytes()], prf.preferred_key_len())
}

/// What shows in PPK_IDENTITY_KEY that both ends mean the same PPK by an identifier: the first eight octets of
/// prf(PPK, Ni | Nr | SPIi | SPIr).
#[must_use]
pub fn ppk_confirmation(
    provider: &Provider,
    prf: PrfAlgorithm,
    ppk: &Secret,
    shared: &Shared<'_>,
) -> [u8; 8] {
    let (spi_i, spi_r) = (shared.spi_i.0.to_be_bytes(), shared.spi_r.0.to_be_bytes());
    let parts: [&[u8]; 4] = [shared.nonce_i, shared.nonce_r, &spi_i, &spi_r];
    let whole = (provider.prf)(prf, ppk.as_bytes()).compute(&parts);
    let mut confirmation = [0; 8];
    confirmation.copy_from_slice(&whole.as_bytes()[..8]);
    confirmation
}
