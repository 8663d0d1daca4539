//! AES-GCM (NIST SP 800-38D) with nonces of 96 bits, which are those of RFC 4106.

use ipsec_crypto::{AeadAlgorithm, Provider};

use crate::checks::aead::Sealed;
use crate::rsp::{Case, each_case};
use crate::tally::Tally;

/// Messages to be sealed. A tag of another length than IPsec has is the beginning of one of 128 bits (SP 800-38D §7.1).
pub(crate) fn encrypt(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let parts = Parts::of(case)?;
        let algorithm = algorithm(parts.tag.len()).unwrap_or(AeadAlgorithm::AesGcm16);
        parts.sealed().comes_of(algorithm, &case.octets("PT")?, &case.name(), provider, tally)
    })
}

/// Messages to be opened, or refused. Those with other tags than IPsec has cannot be opened here.
pub(crate) fn decrypt(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let parts = Parts::of(case)?;
        let Some(algorithm) = algorithm(parts.tag.len()) else {
            let reason = "RFC 4106 section 6 has tags of 64, 96 and 128 bits";
            tally.not_replayed("AES-GCM opened with tags of other lengths", reason, 1);
            return Ok(());
        };
        if case.says("FAIL") {
            return parts.sealed().is_refused(algorithm, &case.name(), provider, tally);
        }
        parts.sealed().comes_of(algorithm, &case.octets("PT")?, &case.name(), provider, tally)
    })
}

struct Parts {
    key: Vec<u8>,
    nonce: Vec<u8>,
    aad: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl Parts {
    fn of(case: &Case<'_>) -> Result<Self, String> {
        let octets = |name: &str| case.octets(name);
        Ok(Self {
            key: octets("Key")?,
            nonce: octets("IV")?,
            aad: octets("AAD")?,
            ciphertext: octets("CT")?,
            tag: octets("Tag")?,
        })
    }

    fn sealed(&self) -> Sealed<'_> {
        let Self { key, nonce, aad, ciphertext, tag } = self;
        Sealed { key, nonce, aad, ciphertext, tag }
    }
}

fn algorithm(tag_len: usize) -> Option<AeadAlgorithm> {
    match tag_len {
        8 => Some(AeadAlgorithm::AesGcm8),
        12 => Some(AeadAlgorithm::AesGcm12),
        16 => Some(AeadAlgorithm::AesGcm16),
        _ => None,
    }
}
