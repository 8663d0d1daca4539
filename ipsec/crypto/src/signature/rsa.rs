//! RSA with the paddings of PKCS #1 (RFC 8017 §8), and IKEv1's of a bare hash (RFC 2409 §5.1).
//!
//! The exponentiation takes the same time for all exponents of a length, so nothing is drawn to blind it.

use md5::Md5;
use pkcs8::{EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use rsa::pkcs1v15::{Pkcs1v15Encrypt, Pkcs1v15Sign};
use rsa::pss::Pss;
use rsa::traits::{PaddingScheme, PublicKeyParts, SignatureScheme};
use rsa::{PrivateKey, PublicKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::{BadKey, BadSignature, KeyType, with_hash};
use crate::entropy::AsRng;
use crate::{Entropy, HashAlgorithm, Secret};

const GENERATED_BITS: usize = 2048;

/// How a hash fills the modulus.
#[derive(Clone, Copy)]
pub(super) enum Padding {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1(HashAlgorithm),
    /// The same without the hash's identifier.
    Bare,
    /// RSASSA-PSS with a salt as long as the hash.
    Pss(HashAlgorithm),
}

impl Padding {
    /// The bytes that a hash of `len` bytes takes, padded: at least (RFC 8017 §9.1.1, §9.2).
    fn room(self, len: usize) -> usize {
        match self {
            Self::Pkcs1(hash) => with_hash!(hash, D => Pkcs1v15Sign::new::<D>().prefix.len()) + len + 11,
            Self::Bare => len + 11,
            Self::Pss(_) => 2 * len + 2,
        }
    }
}

fn pkcs1(hash: HashAlgorithm) -> Pkcs1v15Sign {
    with_hash!(hash, D => Pkcs1v15Sign::new::<D>())
}

fn pss<D: sha2::Digest>() -> Pss<D> {
    Pss { blinded: false, digest: D::new(), salt_len: Some(<D as sha2::Digest>::output_size()) }
}

/// A private key.
#[derive(Clone)]
pub(super) struct Private(PrivateKey);

impl Private {
    /// Two primes of 1024 bits. Draws candidates until it has found them.
    pub(super) fn generate(entropy: &mut dyn Entropy) -> Self {
        let key = PrivateKey::new(&mut AsRng(entropy), GENERATED_BITS);
        Self(key.expect("this length is one that can be made"))
    }

    pub(super) fn load(info: PrivateKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "two primes whose product has 1024 to 8192 bits, and exponents that belong to them";
        PrivateKey::try_from(info).map(Self).map_err(|_| BadKey::Invalid { key_type: KeyType::Rsa, expected })
    }

    pub(super) fn to_pkcs8(&self) -> pkcs8::Result<Secret> {
        Ok(Secret::from(self.0.to_pkcs8_der()?.as_bytes()))
    }

    pub(super) fn public(&self) -> Public {
        Public(self.0.to_public_key())
    }

    /// The length of the modulus in bits, if it has no room for the padded hash.
    pub(super) fn lacks_room(&self, padding: Padding, hash: &[u8]) -> Option<usize> {
        let bits = self.0.n().bit_width() as usize;
        // PSS leaves the top bit (RFC 8017 §8.1.1).
        let room = if matches!(padding, Padding::Pss(_)) { (bits - 1).div_ceil(8) } else { bits.div_ceil(8) };
        (padding.room(hash.len()) > room).then_some(bits)
    }

    /// The message of a ciphertext as long as the modulus, or with wrong padding one that nobody has sent. `None` if its
    /// number is not below the modulus.
    pub(super) fn decrypt(&self, ciphertext: &[u8]) -> Option<Secret> {
        Pkcs1v15Encrypt.decrypt(None::<&mut AsRng<'_>>, &self.0, ciphertext).ok().map(Secret::from)
    }

    /// Draws the salt of PSS. `None` if the private key is not that of its public key.
    pub(super) fn sign(&self, padding: Padding, hash: &[u8], entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        let mut rng = AsRng(entropy);
        let signature = match padding {
            Padding::Pkcs1(algorithm) => pkcs1(algorithm).sign(None::<&mut AsRng<'_>>, &self.0, hash),
            Padding::Bare => Pkcs1v15Sign::new_unprefixed().sign(None::<&mut AsRng<'_>>, &self.0, hash),
            Padding::Pss(algorithm) => {
                with_hash!(algorithm, D => pss::<D>().sign(Some(&mut rng), &self.0, hash))
            }
        };
        signature.ok()
    }
}

/// A public key.
#[derive(Clone)]
pub(super) struct Public(PublicKey);

impl Public {
    pub(super) fn load(info: SubjectPublicKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "an odd modulus of 1024 to 8192 bits and an odd exponent of at most 33 bits";
        PublicKey::try_from(info).map(Self).map_err(|_| BadKey::Invalid { key_type: KeyType::Rsa, expected })
    }

    pub(super) fn to_spki(&self) -> pkcs8::spki::Result<Vec<u8>> {
        Ok(self.0.to_public_key_der()?.into_vec())
    }

    /// The length of the modulus, in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.size()
    }

    /// `None` if the modulus has no room for the message.
    pub(super) fn encrypt(&self, message: &[u8], entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        Pkcs1v15Encrypt.encrypt(&mut AsRng(entropy), &self.0, message).ok()
    }

    pub(super) fn verify(&self, padding: Padding, hash: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if signature.len() != self.0.size() {
            return Err(BadSignature::Length { expected: self.0.size(), found: signature.len() });
        }
        let verified = match padding {
            Padding::Pkcs1(algorithm) => self.0.verify(pkcs1(algorithm), hash, signature),
            Padding::Bare => self.0.verify(Pkcs1v15Sign::new_unprefixed(), hash, signature),
            Padding::Pss(algorithm) => {
                with_hash!(algorithm, D => self.0.verify(pss::<D>(), hash, signature))
            }
        };
        verified.map_err(|_| BadSignature::Mismatch)
    }
}
