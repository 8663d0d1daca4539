//! Digital signatures: what a private key signs and its public key verifies (RFC 7296 §2.15, RFC 7427, RFC 2409 §5.1).
//!
//! ```text
//! Signer        from_pkcs8, generate    sign      a message with an algorithm
//! Verifier      from_spki               verify    that it was signed with the private key of this public one
//!
//! Verifier      encrypt    with RSA, for the private key alone (RFC 2409 §5.2)
//! Signer        decrypt
//! ```

mod algorithm;
mod dsa;
mod ecdsa;
mod ed25519;
mod ed448;
mod encryption;
mod error;
mod identifier;
mod integers;
mod rsa;

use std::fmt;

use p256::NistP256;
use p384::NistP384;
use p521::NistP521;
use pkcs8::der::Decode;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{AssociatedOid, ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};

pub use algorithm::SignatureAlgorithm;
pub use encryption::{BadCiphertext, CannotEncrypt};
pub use error::{BadIdentifier, BadKey, BadSignature, CannotSign, WrongKey};

use crate::{Entropy, Secret};
use algorithm::Scheme;

/// Runs an expression with the type `$digest` of a hash function.
macro_rules! with_hash {
    ($hash:expr, $digest:ident => $expression:expr) => {
        match $hash {
            HashAlgorithm::Md5 => {
                type $digest = Md5;
                $expression
            }
            HashAlgorithm::Sha1 => {
                type $digest = Sha1;
                $expression
            }
            HashAlgorithm::Sha2_256 => {
                type $digest = Sha256;
                $expression
            }
            HashAlgorithm::Sha2_384 => {
                type $digest = Sha384;
                $expression
            }
            HashAlgorithm::Sha2_512 => {
                type $digest = Sha512;
                $expression
            }
        }
    };
}
use with_hash;

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    /// A modulus of two primes (RFC 8017).
    Rsa,
    /// A value in a subgroup modulo a prime (FIPS 186-4 §4).
    Dsa,
    /// A point of P-256.
    P256,
    /// A point of P-384.
    P384,
    /// A point of P-521.
    P521,
    /// A point of edwards25519 (RFC 8032).
    Ed25519,
    /// A point of edwards448 (RFC 8032).
    Ed448,
}

impl KeyType {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Rsa, Self::Dsa, Self::P256, Self::P384, Self::P521, Self::Ed25519, Self::Ed448];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Dsa => "DSA",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
        }
    }

    /// The type that the algorithm of a key says.
    fn of(algorithm: AlgorithmIdentifierRef<'_>) -> Result<Self, BadKey> {
        const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
        const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
        const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
        const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
        const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
        let oid = match algorithm.oid {
            RSA => return Ok(Self::Rsa),
            DSA => return Ok(Self::Dsa),
            ED25519 => return Ok(Self::Ed25519),
            ED448 => return Ok(Self::Ed448),
            EC => match algorithm.parameters_oid() {
                Ok(NistP256::OID) => return Ok(Self::P256),
                Ok(NistP384::OID) => return Ok(Self::P384),
                Ok(NistP521::OID) => return Ok(Self::P521),
                Ok(other) => other,
                Err(_) => return Err(BadKey::NotDer { expected: "the name of a curve" }),
            },
            other => other,
        };
        Err(BadKey::Unsupported { oid: oid.to_string() })
    }

    fn check(self, algorithm: SignatureAlgorithm) -> Result<(), WrongKey> {
        let fits = algorithm.key_types().contains(&self);
        if fits { Ok(()) } else { Err(WrongKey { algorithm, key_type: self }) }
    }
}

/// A private key.
#[derive(Clone)]
pub struct Signer(Box<Private>);

#[derive(Clone)]
enum Private {
    Rsa(rsa::Private),
    Dsa(dsa::Private),
    P256(ecdsa::Private<NistP256>),
    P384(ecdsa::Private<NistP384>),
    P521(ecdsa::Private<NistP521>),
    Ed25519(ed25519::Private),
    Ed448(ed448::Private),
}

impl Signer {
    /// Loads a PrivateKeyInfo in DER (PKCS #8, RFC 5208 §5, RFC 5958 §2), not encrypted.
    ///
    /// # Errors
    /// If it is none, or not one of a good key of a known type.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, BadKey> {
        let info = PrivateKeyInfoRef::from_der(der)
            .map_err(|_| BadKey::NotDer { expected: "a PrivateKeyInfo (PKCS #8)" })?;
        let private = match KeyType::of(info.algorithm)? {
            KeyType::Rsa => Private::Rsa(rsa::Private::load(info)?),
            KeyType::Dsa => Private::Dsa(dsa::Private::load(&info)?),
            KeyType::P256 => Private::P256(ecdsa::Private::load(info)?),
            KeyType::P384 => Private::P384(ecdsa::Private::load(info)?),
            KeyType::P521 => Private::P521(ecdsa::Private::load(info)?),
            KeyType::Ed25519 => Private::Ed25519(ed25519::Private::load(info)?),
            KeyType::Ed448 => Private::Ed448(ed448::Private::load(info)?),
        };
        Ok(Self(Box::new(private)))
    }

    /// Makes a new key: RSA of 2048 bits, DSA in the group of RFC 5114 §2.1 (1024 and 160 bits). What is drawn:
    ///
    /// | type | bytes | which become |
    /// |---|---|---|
    /// | RSA | as many as it takes | candidates for primes: this needs a source that does not end, and time |
    /// | DSA | 20 or more | candidates for x, until one is between 0 and q: this needs a source that does not end |
    /// | P-256, P-384, P-521 | 32, 48, 66 | the scalar, as for ECP at [`Initiator`](crate::Initiator) |
    /// | Ed25519, Ed448 | 32, 57 | the private key of RFC 8032 §5.1.5, §5.2.5 |
    pub fn generate(key_type: KeyType, entropy: &mut dyn Entropy) -> Self {
        Self(Box::new(match key_type {
            KeyType::Rsa => Private::Rsa(rsa::Private::generate(entropy)),
            KeyType::Dsa => Private::Dsa(dsa::Private::generate(entropy)),
            KeyType::P256 => Private::P256(ecdsa::Private::generate(entropy)),
            KeyType::P384 => Private::P384(ecdsa::Private::generate(entropy)),
            KeyType::P521 => Private::P521(ecdsa::Private::generate(entropy)),
            KeyType::Ed25519 => Private::Ed25519(ed25519::Private::generate(entropy)),
            KeyType::Ed448 => Private::Ed448(ed448::Private::generate(entropy)),
        }))
    }

    /// The key as a PrivateKeyInfo in DER (PKCS #8), to be loaded again.
    pub fn to_pkcs8(&self) -> Secret {
        let der = match &*self.0 {
            Private::Rsa(key) => key.to_pkcs8(),
            Private::Dsa(key) => key.to_pkcs8(),
            Private::P256(key) => key.to_pkcs8(),
            Private::P384(key) => key.to_pkcs8(),
            Private::P521(key) => key.to_pkcs8(),
            Private::Ed25519(key) => key.to_pkcs8(),
            Private::Ed448(key) => key.to_pkcs8(),
        };
        written(der)
    }

    /// What it is made of.
    pub fn key_type(&self) -> KeyType {
        match &*self.0 {
            Private::Rsa(_) => KeyType::Rsa,
            Private::Dsa(_) => KeyType::Dsa,
            Private::P256(_) => KeyType::P256,
            Private::P384(_) => KeyType::P384,
            Private::P521(_) => KeyType::P521,
            Private::Ed25519(_) => KeyType::Ed25519,
            Private::Ed448(_) => KeyType::Ed448,
        }
    }

    /// Its public key.
    pub fn verifier(&self) -> Verifier {
        Verifier(Box::new(match &*self.0 {
            Private::Rsa(key) => Public::Rsa(key.public()),
            Private::Dsa(key) => Public::Dsa(key.public()),
            Private::P256(key) => Public::P256(key.public()),
            Private::P384(key) => Public::P384(key.public()),
            Private::P521(key) => Public::P521(key.public()),
            Private::Ed25519(key) => Public::Ed25519(key.public()),
            Private::Ed448(key) => Public::Ed448(key.public()),
        }))
    }

    /// Signs the parts of a message as if they were one. Only PSS draws: a salt as long as the hash. ECDSA and DSA make
    /// their nonce of key and hash (RFC 6979), so the same message has the same signature.
    ///
    /// # Errors
    /// If the algorithm does not take this key, or the key has no room for its hash.
    pub fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[&[u8]],
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, CannotSign> {
        let wrong = WrongKey { algorithm, key_type: self.key_type() };
        self.key_type().check(algorithm)?;
        let hash = algorithm.digest(message);
        let no_hash = |expected| CannotSign::HashLength { algorithm, expected, found: hash.len() };
        let signature = match (&*self.0, algorithm.scheme()) {
            (Private::Rsa(key), Scheme::Rsa(padding)) => {
                if let Some(bits) = key.lacks_room(padding, &hash) {
                    return Err(CannotSign::NoRoom { algorithm, bits });
                }
                key.sign(padding, &hash, entropy).ok_or(CannotSign::Inconsistent)?
            }
            (Private::Dsa(key), Scheme::Dsa(nonce)) => {
                let expected = nonce.output_len();
                if hash.len() != expected {
                    return Err(no_hash(expected));
                }
                key.sign(nonce, &hash).ok_or(CannotSign::Inconsistent)?
            }
            (Private::P256(key), Scheme::Ecdsa(nonce)) => key.sign(nonce, &hash),
            (Private::P384(key), Scheme::Ecdsa(nonce)) => key.sign(nonce, &hash),
            (Private::P521(key), Scheme::Ecdsa(nonce)) => key.sign(nonce, &hash),
            (Private::P256(key), Scheme::EcdsaHashed) => key.sign_hashed(&hash).map_err(no_hash)?,
            (Private::P384(key), Scheme::EcdsaHashed) => key.sign_hashed(&hash).map_err(no_hash)?,
            (Private::P521(key), Scheme::EcdsaHashed) => key.sign_hashed(&hash).map_err(no_hash)?,
            (Private::Ed25519(key), Scheme::Ed25519) => key.sign(&hash),
            (Private::Ed448(key), Scheme::Ed448) => key.sign(&hash),
            _ => return Err(wrong.into()),
        };
        if algorithm.writes_der() {
            return Ok(integers::to_der(&signature));
        }
        Ok(signature)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key_type().name())
    }
}

/// A public key.
#[derive(Clone)]
pub struct Verifier(Box<Public>);

#[derive(Clone)]
enum Public {
    Rsa(rsa::Public),
    Dsa(dsa::Public),
    P256(ecdsa::Public<NistP256>),
    P384(ecdsa::Public<NistP384>),
    P521(ecdsa::Public<NistP521>),
    Ed25519(ed25519::Public),
    Ed448(ed448::Public),
}

impl Verifier {
    /// Loads a SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7), as a certificate and a raw public key (RFC 7670) have it.
    ///
    /// # Errors
    /// If it is none, or not one of a good key of a known type.
    pub fn from_spki(der: &[u8]) -> Result<Self, BadKey> {
        let info = SubjectPublicKeyInfoRef::from_der(der)
            .map_err(|_| BadKey::NotDer { expected: "a SubjectPublicKeyInfo" })?;
        let public = match KeyType::of(info.algorithm)? {
            KeyType::Rsa => Public::Rsa(rsa::Public::load(info)?),
            KeyType::Dsa => Public::Dsa(dsa::Public::load(&info)?),
            KeyType::P256 => Public::P256(ecdsa::Public::load(info)?),
            KeyType::P384 => Public::P384(ecdsa::Public::load(info)?),
            KeyType::P521 => Public::P521(ecdsa::Public::load(info)?),
            KeyType::Ed25519 => Public::Ed25519(ed25519::Public::load(info)?),
            KeyType::Ed448 => Public::Ed448(ed448::Public::load(info)?),
        };
        Ok(Self(Box::new(public)))
    }

    /// The key as a SubjectPublicKeyInfo in DER.
    pub fn to_spki(&self) -> Vec<u8> {
        let der = match &*self.0 {
            Public::Rsa(key) => key.to_spki(),
            Public::Dsa(key) => key.to_spki(),
            Public::P256(key) => key.to_spki(),
            Public::P384(key) => key.to_spki(),
            Public::P521(key) => key.to_spki(),
            Public::Ed25519(key) => key.to_spki(),
            Public::Ed448(key) => key.to_spki(),
        };
        written(der)
    }

    /// What it is made of.
    pub fn key_type(&self) -> KeyType {
        match &*self.0 {
            Public::Rsa(_) => KeyType::Rsa,
            Public::Dsa(_) => KeyType::Dsa,
            Public::P256(_) => KeyType::P256,
            Public::P384(_) => KeyType::P384,
            Public::P521(_) => KeyType::P521,
            Public::Ed25519(_) => KeyType::Ed25519,
            Public::Ed448(_) => KeyType::Ed448,
        }
    }

    /// Verifies that the parts of a message, as if they were one, were signed with the private key of this one.
    ///
    /// # Errors
    /// If they were not, or if the signature cannot be one of this algorithm and key.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let wrong = WrongKey { algorithm, key_type: self.key_type() };
        self.key_type().check(algorithm)?;
        let hash = algorithm.digest(message);
        let integers = |order_len: usize| -> Result<Vec<u8>, BadSignature> {
            if algorithm.writes_der() {
                return integers::from_der(signature, order_len)
                    .ok_or(BadSignature::NotDer { most: order_len });
            }
            let (expected, found) = (2 * order_len, signature.len());
            if found == expected {
                Ok(signature.to_vec())
            } else {
                Err(BadSignature::Length { expected, found })
            }
        };
        match (&*self.0, algorithm.scheme()) {
            (Public::Rsa(key), Scheme::Rsa(padding)) => key.verify(padding, &hash, signature),
            (Public::Dsa(key), Scheme::Dsa(_)) => key.verify(&hash, &integers(key.order_len())?),
            (Public::P256(key), Scheme::Ecdsa(_) | Scheme::EcdsaHashed) => {
                key.verify(&hash, &integers(key.order_len())?)
            }
            (Public::P384(key), Scheme::Ecdsa(_) | Scheme::EcdsaHashed) => {
                key.verify(&hash, &integers(key.order_len())?)
            }
            (Public::P521(key), Scheme::Ecdsa(_) | Scheme::EcdsaHashed) => {
                key.verify(&hash, &integers(key.order_len())?)
            }
            (Public::Ed25519(key), Scheme::Ed25519) => key.verify(&hash, signature),
            (Public::Ed448(key), Scheme::Ed448) => key.verify(&hash, signature),
            _ => Err(wrong.into()),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.key_type().name())
    }
}

fn written<T, E: fmt::Debug>(der: Result<T, E>) -> T {
    der.expect("a key that was loaded or made has numbers of a length that DER can say")
}

#[cfg(test)]
mod tests;
