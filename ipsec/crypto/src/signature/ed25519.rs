//! Ed25519 (RFC 8032 §5.1), without prehash and context, as RFC 8420 §2 wants it.

use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer as _, SigningKey, VerifyingKey};
use pkcs8::{EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroize;

use super::{BadKey, BadSignature, KeyType};
use crate::{Entropy, Secret};

/// A private key.
#[derive(Clone)]
pub(super) struct Private(SigningKey);

impl Private {
    /// Draws 32 bytes: the key.
    pub(super) fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut drawn = [0; 32];
        entropy.fill(&mut drawn);
        let key = SigningKey::from_bytes(&drawn);
        drawn.zeroize();
        Self(key)
    }

    pub(super) fn load(info: PrivateKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "32 bytes, and their own public key if any";
        SigningKey::try_from(info)
            .map(Self)
            .map_err(|_| BadKey::Invalid { key_type: KeyType::Ed25519, expected })
    }

    pub(super) fn to_pkcs8(&self) -> pkcs8::Result<Secret> {
        Ok(Secret::from(self.0.to_pkcs8_der()?.as_bytes()))
    }

    pub(super) fn public(&self) -> Public {
        Public(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_vec()
    }
}

/// A public key that is not of small order.
#[derive(Clone)]
pub(super) struct Public(VerifyingKey);

impl Public {
    pub(super) fn load(info: SubjectPublicKeyInfoRef<'_>) -> Result<Self, BadKey> {
        let expected = "32 bytes that are a point of the curve, not of small order";
        VerifyingKey::try_from(info)
            .ok()
            .filter(|key| !key.is_weak())
            .map(Self)
            .ok_or(BadKey::Invalid { key_type: KeyType::Ed25519, expected })
    }

    pub(super) fn to_spki(&self) -> pkcs8::spki::Result<Vec<u8>> {
        Ok(self.0.to_public_key_der()?.into_vec())
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature: &[u8; SIGNATURE_LENGTH] = signature
            .try_into()
            .map_err(|_| BadSignature::Length { expected: SIGNATURE_LENGTH, found: signature.len() })?;
        let signature = Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).map_err(|_| BadSignature::Mismatch)
    }
}
