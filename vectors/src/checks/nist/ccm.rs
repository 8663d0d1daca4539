//! AES-CCM (NIST SP 800-38C). RFC 4309 has nonces of 11 octets.

use ipsec_crypto::{AeadAlgorithm, Provider};

use crate::checks::aead::Sealed;
use crate::rsp::each_case;
use crate::tally::Tally;

/// Replays the file of nonces of all lengths ("VNT"), whose tags have 16 octets.
pub(crate) fn check(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let algorithm = AeadAlgorithm::AesCcm16;
    each_case(data, &["Alen", "Plen", "Tlen", "Key"], |case| {
        let (key, nonce, aad) = (case.octets("Key")?, case.octets("Nonce")?, case.octets("Adata")?);
        if nonce.len() != algorithm.nonce_len() {
            let reason = "RFC 4309 section 4 has nonces of 11 octets";
            tally.not_replayed("AES-CCM with nonces of other lengths", reason, 1);
            return Ok(());
        }
        let sealed = case.octets("CT")?;
        let Some((ciphertext, tag)) = sealed.split_last_chunk::<16>() else {
            return Err(format!("case {}: no tag", case.number));
        };
        Sealed { key: &key, nonce: &nonce, aad: &aad, ciphertext, tag }.comes_of(
            algorithm,
            &case.octets("Payload")?,
            &case.name(),
            provider,
            tally,
        )
    })
}
