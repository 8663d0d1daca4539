//! ML-KEM (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem): the initiator sends an encapsulation key, the responder answers
//! with a ciphertext, and both have a shared secret of 32 bytes.

use ml_kem::array::typenum::Unsigned;
use ml_kem::kem::{Decapsulate, Decapsulator, Encapsulate, FromSeed, Kem, KeyExport, Seed, TryKeyInit};
use zeroize::Zeroize;

use crate::entropy::AsRng;
use crate::{Entropy, PublicValueDefect, Secret};

/// The initiator's decapsulation key of the parameter set `K`.
pub(super) struct Private<K: Kem>(Box<K::DecapsulationKey>);

impl<K> Private<K>
where
    K: FromSeed,
    K::DecapsulationKey: Decapsulate<Kem = K>,
{
    /// Draws d | z, of 32 bytes each (FIPS 203 §7.1).
    pub(super) fn draw(entropy: &mut dyn Entropy) -> Self {
        let mut seed = Seed::<K>::default();
        entropy.fill(&mut seed);
        let (private, _) = K::from_seed(&seed);
        seed.zeroize();
        Self(Box::new(private))
    }

    pub(super) fn public(&self) -> Vec<u8> {
        self.0.encapsulation_key().to_bytes().to_vec()
    }

    /// Of a ciphertext that was not made with this key comes a secret that nobody else knows (FIPS 203 §6.3).
    pub(super) fn agree(&self, ciphertext: &[u8]) -> Result<Secret, PublicValueDefect> {
        let mut shared = self.0.decapsulate_slice(ciphertext).map_err(|_| PublicValueDefect::Length {
            expected: K::CiphertextSize::USIZE,
            found: ciphertext.len(),
        })?;
        let secret = Secret::from(&shared[..]);
        shared.zeroize();
        Ok(secret)
    }
}

/// The responder's ciphertext and the shared secret. Draws m, 32 bytes (FIPS 203 §7.2), whatever the key.
///
/// `None` if the encapsulation key has another length or a coefficient that is not reduced modulo q.
pub(super) fn encapsulate<K: Kem>(key: &[u8], entropy: &mut dyn Entropy) -> Option<(Vec<u8>, Secret)> {
    let Ok(key) = K::EncapsulationKey::new_from_slice(key) else {
        entropy.fill(&mut [0; 32]);
        return None;
    };
    let (ciphertext, mut shared) = key.encapsulate_with_rng(&mut AsRng(entropy));
    let secret = Secret::from(&shared[..]);
    shared.zeroize();
    Some((ciphertext.to_vec(), secret))
}
