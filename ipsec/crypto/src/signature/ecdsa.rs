//! ECDSA (FIPS 186-5 §6) on a curve modulo a prime, with the nonce that RFC 6979 makes of key and hash.

use ecdsa::hazmat::{sign_prehashed_rfc6979, verify_prehashed};
use ecdsa::{EcdsaCurve, Signature};
use md5::Md5;
use p256::elliptic_curve::ff::{Field, PrimeField};
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::pkcs8::AssociatedOid;
use p256::elliptic_curve::point::PointCompression;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{Curve, CurveArithmetic, FieldBytes, NonZeroScalar, PublicKey, SecretKey};
use pkcs8::{EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroize;

use super::{BadKey, BadSignature, KeyType, with_hash};
use crate::{Entropy, HashAlgorithm, Secret};

/// A curve with a name (RFC 5480 §2.1.1.1).
pub(super) trait NamedCurve:
    EcdsaCurve
    + CurveArithmetic<AffinePoint: FromSec1Point<Self> + ToSec1Point<Self>>
    + Curve<FieldBytesSize: ModulusSize>
    + AssociatedOid
    + PointCompression
{
    const KEY_TYPE: KeyType;
    /// The function that belongs to it (RFC 4754 §4).
    const HASH: HashAlgorithm;
}

impl NamedCurve for p256::NistP256 {
    const KEY_TYPE: KeyType = KeyType::P256;
    const HASH: HashAlgorithm = HashAlgorithm::Sha2_256;
}

impl NamedCurve for p384::NistP384 {
    const KEY_TYPE: KeyType = KeyType::P384;
    const HASH: HashAlgorithm = HashAlgorithm::Sha2_384;
}

impl NamedCurve for p521::NistP521 {
    const KEY_TYPE: KeyType = KeyType::P521;
    const HASH: HashAlgorithm = HashAlgorithm::Sha2_512;
}

/// A private scalar, never zero.
#[derive(Clone)]
pub(super) struct Private<C: NamedCurve>(SecretKey<C>);

impl<C: NamedCurve> Private<C> {
    /// Draws as many bytes as the order has, less the bits that it has not; modulo the order, and 0 is read as 1.
    pub(super) fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut drawn = FieldBytes::<C>::default();
        entropy.fill(&mut drawn);
        let excess = drawn.len() as u32 * 8 - <C::Scalar as PrimeField>::NUM_BITS;
        drawn[0] &= 0xff >> excess;
        let scalar = NonZeroScalar::<C>::new(C::Scalar::reduce(&drawn)).into_option();
        drawn.zeroize();
        let one = || NonZeroScalar::new(C::Scalar::ONE).into_option().expect("one is not zero");
        Self(SecretKey::from(scalar.unwrap_or_else(one)))
    }

    pub(super) fn load(info: PrivateKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "a scalar between 0 and the order of the curve, and its own public key if any";
        SecretKey::try_from(info).map(Self).map_err(|_| BadKey::Invalid { key_type: C::KEY_TYPE, expected })
    }

    pub(super) fn to_pkcs8(&self) -> pkcs8::Result<Secret> {
        Ok(Secret::from(self.0.to_pkcs8_der()?.as_bytes()))
    }

    pub(super) fn public(&self) -> Public<C> {
        Public(self.0.public_key())
    }

    /// r | s of a hash by the curve's own function, or the length that it ought to have, in bytes.
    pub(super) fn sign_hashed(&self, hash: &[u8]) -> Result<Vec<u8>, usize> {
        let expected = C::HASH.output_len();
        if hash.len() == expected { Ok(self.sign(C::HASH, hash)) } else { Err(expected) }
    }

    /// r | s
    pub(super) fn sign(&self, algorithm: HashAlgorithm, hash: &[u8]) -> Vec<u8> {
        let scalar = self.0.to_nonzero_scalar();
        let (signature, _) = with_hash!(algorithm, D => sign_prehashed_rfc6979::<C, D>(&scalar, hash, &[]));
        signature.to_vec()
    }
}

/// A point of the curve, not that at infinity.
#[derive(Clone)]
pub(super) struct Public<C: NamedCurve>(PublicKey<C>);

impl<C: NamedCurve> Public<C> {
    pub(super) fn load(info: SubjectPublicKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "a point of the curve";
        PublicKey::try_from(info).map(Self).map_err(|_| BadKey::Invalid { key_type: C::KEY_TYPE, expected })
    }

    pub(super) fn to_spki(&self) -> pkcs8::spki::Result<Vec<u8>> {
        Ok(self.0.to_public_key_der()?.into_vec())
    }

    /// The length of r and of s in bytes.
    pub(super) fn order_len(&self) -> usize {
        FieldBytes::<C>::default().len()
    }

    /// Takes r | s.
    pub(super) fn verify(&self, hash: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature = Signature::<C>::from_slice(signature).map_err(|_| BadSignature::Mismatch)?;
        verify_prehashed(&self.0.to_projective(), hash, &signature).map_err(|_| BadSignature::Mismatch)
    }
}
