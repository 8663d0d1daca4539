//! Combined-mode algorithms by themselves, as the sets of NIST and Wycheproof have them.

use ipsec_crypto::{Aead, AeadAlgorithm, Provider};

use crate::tally::Tally;

/// A published message and how it is protected.
pub(super) struct Sealed<'a> {
    pub(super) key: &'a [u8],
    pub(super) nonce: &'a [u8],
    pub(super) aad: &'a [u8],
    pub(super) ciphertext: &'a [u8],
    /// The tag, of which the algorithm's own may be longer.
    pub(super) tag: &'a [u8],
}

impl Sealed<'_> {
    /// It comes of `plaintext`, and `plaintext` comes of it, unless its tag is too short to be opened.
    pub(super) fn comes_of(
        &self,
        algorithm: AeadAlgorithm,
        plaintext: &[u8],
        case: &str,
        provider: &'static Provider,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let Some(keyed) = self.keyed(algorithm, provider, tally)? else { return Ok(()) };
        let (mut sealed, mut icv) = (plaintext.to_vec(), vec![0; algorithm.icv_len()]);
        keyed.seal(self.nonce, self.aad, &mut sealed, &mut icv).map_err(|error| error.to_string())?;
        let whole = self.tag.len() == icv.len();
        icv.truncate(self.tag.len());
        let (mut opened, mut accepted) = (plaintext.to_vec(), true);
        if whole {
            opened = self.ciphertext.to_vec();
            accepted = keyed.open(self.nonce, self.aad, &mut opened, self.tag).is_ok();
        }
        tally.case(
            algorithm.name(),
            case,
            &[
                ("ciphertext", self.ciphertext, &sealed),
                ("tag", self.tag, &icv),
                ("plaintext", plaintext, &opened),
                ("accepted", &[1], &[u8::from(accepted)]),
            ],
        );
        Ok(())
    }

    /// It has to be refused, and nothing of it may come out.
    pub(super) fn is_refused(
        &self,
        algorithm: AeadAlgorithm,
        case: &str,
        provider: &'static Provider,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let Some(keyed) = self.keyed(algorithm, provider, tally)? else { return Ok(()) };
        let mut opened = self.ciphertext.to_vec();
        let refused = keyed.open(self.nonce, self.aad, &mut opened, self.tag).is_err();
        tally.refusal(algorithm.name(), case, refused && opened.iter().all(|octet| *octet == 0));
        Ok(())
    }

    /// None if another provider has replayed the case with the same implementation.
    fn keyed(
        &self,
        algorithm: AeadAlgorithm,
        provider: &'static Provider,
        tally: &Tally,
    ) -> Result<Option<Aead>, String> {
        if !tally.takes(has_two_implementations(algorithm, self.key.len())) {
            return Ok(None);
        }
        (provider.aead)(algorithm, self.key).map(Some).map_err(|error| error.to_string())
    }
}

/// Whether [`ipsec_crypto::FAST`] has an implementation of its own.
pub(super) fn has_two_implementations(algorithm: AeadAlgorithm, key_len: usize) -> bool {
    match algorithm {
        AeadAlgorithm::AesGcm16 => matches!(key_len, 16 | 32),
        AeadAlgorithm::ChaCha20Poly1305 => true,
        _ => false,
    }
}
