//! DSA (FIPS 186-4 §4), with the nonce that RFC 6979 makes of key and hash.

use crypto_bigint::BoxedUint;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use dsa::{Components, Signature, SigningKey, VerifyingKey};
use md5::Md5;
use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode, Reader, SliceReader};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use rsa::signature::hazmat::PrehashVerifier;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::{BadKey, BadSignature, KeyType, with_hash};
use crate::entropy::AsRng;
use crate::kx::modp::number;
use crate::kx::modp::subgroups::MODP_1024_160;
use crate::{Entropy, HashAlgorithm, Secret};

/// The lengths of p and q in bits that go together (FIPS 186-4 §4.2).
const LENGTHS: [(u32, u32); 4] = [(1024, 160), (2048, 224), (2048, 256), (3072, 256)];

fn invalid(expected: &'static str) -> BadKey {
    BadKey::Invalid { key_type: KeyType::Dsa, expected }
}

/// The numbers that many keys may share.
pub(super) struct Group {
    components: Components,
    p: BoxedUint,
    q: BoxedUint,
    g: BoxedUint,
}

impl Group {
    /// Takes the numbers big-endian, without zeros before them.
    pub(super) fn new(p: &[u8], q: &[u8], g: &[u8]) -> Result<Self, BadKey> {
        let bits =
            |number: &[u8]| number.len() as u32 * 8 - number.first().map_or(0, |top| top.leading_zeros());
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        let lengths = (bits(p), bits(q));
        if !LENGTHS.contains(&lengths) || !is_odd(p) || !is_odd(q) {
            return Err(invalid(
                "primes p and q of 1024 and 160, 2048 and 224, 2048 and 256, or 3072 and 256 bits",
            ));
        }
        let expected = "a generator g between 1 and p";
        let number = |bytes| BoxedUint::from_be_slice(bytes, lengths.0).map_err(|_| invalid(expected));
        let (p, g) = (number(p)?, number(g)?);
        let q = BoxedUint::from_be_slice(q, lengths.1).map_err(|_| invalid(expected))?;
        if g <= BoxedUint::one() || g >= p {
            return Err(invalid(expected));
        }
        let components = Components::from_components(p.clone(), q.clone(), g.clone());
        Ok(Self { components: components.map_err(|_| invalid(expected))?, p, q, g })
    }

    /// The one of RFC 5114 §2.1.
    fn shared() -> Self {
        let octets = |digits: &str| number(digits).to_be_bytes_trimmed_vartime();
        let [p, q, g] = [MODP_1024_160.prime, MODP_1024_160.order, MODP_1024_160.generator].map(octets);
        Self::new(&p, &q, &g).expect("p has 1024 bits and q has 160")
    }

    /// Reads Dss-Parms (RFC 3279 §2.3.2).
    fn load(algorithm: AlgorithmIdentifierRef<'_>) -> Result<Self, BadKey> {
        let parameters = algorithm.parameters.ok_or_else(|| invalid("parameters p, q and g"))?;
        let mut reader =
            SliceReader::new(parameters.value()).map_err(|_| invalid("parameters p, q and g"))?;
        let mut next = || UintRef::decode(&mut reader).map_err(|_| invalid("parameters p, q and g"));
        let [p, q, g] = [next()?, next()?, next()?];
        reader.finish().map_err(|_| invalid("parameters p, q and g"))?;
        Self::new(p.as_bytes(), q.as_bytes(), g.as_bytes())
    }

    /// A public key of the group, in the subgroup of order q (RFC 6989 §2.2 asks the same of a Diffie-Hellman value).
    pub(super) fn public(self, y: &[u8]) -> Result<Public, BadKey> {
        let expected = "a public value y between 1 and p that has the order q";
        let y = BoxedUint::from_be_slice(y, self.p.bits_precision()).map_err(|_| invalid(expected))?;
        if y <= BoxedUint::one() || y >= self.p {
            return Err(invalid(expected));
        }
        VerifyingKey::from_components(self.components, y).map(Public).map_err(|_| invalid(expected))
    }

    /// A private key of the group.
    pub(super) fn private(self, x: &[u8]) -> Result<Private, BadKey> {
        let expected = "a private value x between 0 and q";
        let x = BoxedUint::from_be_slice(x, self.p.bits_precision()).map_err(|_| invalid(expected))?;
        if bool::from(x.is_zero()) || x >= self.q {
            return Err(invalid(expected));
        }
        let params = BoxedMontyParams::new_vartime(self.components.p().clone());
        let y = BoxedMontyForm::new(self.g.clone(), &params).pow(&x).retrieve();
        let public = self.public(&y.to_be_bytes())?;
        SigningKey::from_components(public.0, x).map(Private).map_err(|_| invalid(expected))
    }
}

/// A private key.
#[derive(Clone)]
pub(super) struct Private(SigningKey);

impl Private {
    /// In the group of RFC 5114 §2.1, whose 1024 and 160 bits fit SHA-1: users may share one (FIPS 186-4 §4.3), and
    /// finding another takes a second. Draws x until it is less than q.
    pub(super) fn generate(entropy: &mut dyn Entropy) -> Self {
        let components = Group::shared().components;
        let Ok(key) = SigningKey::try_generate_from_rng_with_components(&mut AsRng(entropy), components);
        Self(key)
    }

    pub(super) fn load(info: &PrivateKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let group = Group::load(info.algorithm)?;
        let x = UintRef::from_der(info.private_key.as_bytes());
        group.private(x.map_err(|_| invalid("an INTEGER x as private key"))?.as_bytes())
    }

    pub(super) fn to_pkcs8(&self) -> pkcs8::Result<Secret> {
        Ok(Secret::from(self.0.to_pkcs8_der()?.as_bytes()))
    }

    pub(super) fn public(&self) -> Public {
        Public(self.0.verifying_key().clone())
    }

    /// r | s. `None` if the key's numbers are not prime.
    pub(super) fn sign(&self, algorithm: HashAlgorithm, hash: &[u8]) -> Option<Vec<u8>> {
        let signature = with_hash!(algorithm, D => self.0.sign_prehashed_rfc6979::<D>(hash)).ok()?;
        let len = self.public().order_len();
        let mut side_by_side = vec![0; 2 * len];
        for (integer, room) in [signature.r(), signature.s()].into_iter().zip(side_by_side.chunks_mut(len)) {
            let bytes = integer.to_be_bytes();
            room.copy_from_slice(bytes.get(bytes.len().checked_sub(len)?..)?);
        }
        Some(side_by_side)
    }
}

/// A public key.
#[derive(Clone)]
pub(super) struct Public(VerifyingKey);

impl Public {
    pub(super) fn load(info: &SubjectPublicKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let group = Group::load(info.algorithm)?;
        let expected = "an INTEGER y as public key";
        let y = info.subject_public_key.as_bytes().ok_or_else(|| invalid(expected))?;
        group.public(UintRef::from_der(y).map_err(|_| invalid(expected))?.as_bytes())
    }

    pub(super) fn to_spki(&self) -> pkcs8::spki::Result<Vec<u8>> {
        Ok(self.0.to_public_key_der()?.into_vec())
    }

    /// The length of r and of s in bytes.
    pub(super) fn order_len(&self) -> usize {
        self.0.components().q().bit_width().div_ceil(8) as usize
    }

    /// Takes r | s.
    pub(super) fn verify(&self, hash: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let (r, s) = signature.split_at(signature.len() / 2);
        let number = |bytes| BoxedUint::from_be_slice_vartime(bytes);
        let signature = Signature::from_components(number(r), number(s)).ok_or(BadSignature::Mismatch)?;
        self.0.verify_prehash(hash, &signature).map_err(|_| BadSignature::Mismatch)
    }
}
