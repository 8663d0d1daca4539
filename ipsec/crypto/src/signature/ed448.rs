//! Ed448 (RFC 8032 §5.2), without prehash and with an empty context, as RFC 8420 §2 wants it.

use ed448_goldilocks::{
    CompressedEdwardsY, SECRET_KEY_LENGTH, SIGNATURE_LENGTH, SecretKey, Signature, SigningKey, VerifyingKey,
};
use pkcs8::{EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroize;

use super::{BadKey, BadSignature, KeyType};
use crate::{Entropy, Secret};

/// A private key.
#[derive(Clone)]
pub(super) struct Private(SigningKey);

impl Private {
    /// Draws 57 bytes: the key.
    pub(super) fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut drawn = [0; SECRET_KEY_LENGTH];
        entropy.fill(&mut drawn);
        let key = SigningKey::from(SecretKey::from(drawn));
        drawn.zeroize();
        Self(key)
    }

    pub(super) fn load(info: PrivateKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "57 bytes, and their own public key if any";
        SigningKey::try_from(info)
            .map(Self)
            .map_err(|_| BadKey::Invalid { key_type: KeyType::Ed448, expected })
    }

    pub(super) fn to_pkcs8(&self) -> pkcs8::Result<Secret> {
        Ok(Secret::from(self.0.to_pkcs8_der()?.as_bytes()))
    }

    pub(super) fn public(&self) -> Public {
        Public(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign_raw(message).to_bytes().to_vec()
    }
}

/// A public key in the group of the base point.
#[derive(Clone)]
pub(super) struct Public(VerifyingKey);

impl Public {
    pub(super) fn load(info: SubjectPublicKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "57 bytes that are a point of the order of the base point";
        VerifyingKey::try_from(info)
            .ok()
            .filter(|key| is_canonical(key.as_bytes()))
            .map(Self)
            .ok_or(BadKey::Invalid { key_type: KeyType::Ed448, expected })
    }

    pub(super) fn to_spki(&self) -> pkcs8::spki::Result<Vec<u8>> {
        Ok(self.0.to_public_key_der()?.into_vec())
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if signature.len() != SIGNATURE_LENGTH {
            return Err(BadSignature::Length { expected: SIGNATURE_LENGTH, found: signature.len() });
        }
        let signature = Signature::try_from(signature).map_err(|_| BadSignature::Mismatch)?;
        if !is_canonical(signature.r_bytes()) {
            return Err(BadSignature::Mismatch);
        }
        self.0.verify_raw(&signature, message).map_err(|_| BadSignature::Mismatch)
    }
}

/// Whether the bytes are the one spelling of a point (RFC 8032 §5.2.3); `ed448_goldilocks` takes others too.
fn is_canonical(point: &[u8; 57]) -> bool {
    let decoded = CompressedEdwardsY(*point).decompress().into_option();
    decoded.is_some_and(|decoded| decoded.compress().as_bytes() == point)
}
