//! Authentication by digital signature (RFC 7296 §2.15, §3.8): over the sender's first message, the other side's nonce
//! and the sender's identity under its `SK_pi` or `SK_pr`.
//!
//! ```text
//! method  1          RSASSA-PKCS1-v1_5 with SHA-1            RFC 7296 §3.8
//! method  9, 10, 11  ECDSA with the curve's own hash, r | s  RFC 4754
//! method 14          length | AlgorithmIdentifier | value    RFC 7427, where both ends sent SIGNATURE_HASH_ALGORITHMS
//! ```

mod hash;

use ipsec_crypto::{
    CannotSign, Entropy, KeyType, PrfAlgorithm, Provider, Secret, SignatureAlgorithm, Signer, Verifier,
};
use ipsec_wire::registry::AuthMethod;
use ipsec_wire::v2::Authentication;
use thiserror::Error;

pub use hash::{OddHashList, SignatureHash};

use crate::{Identity, NotProven, Proven, SignedOctets};

/// What both ends said in IKE_SA_INIT about signatures, and what is allowed here.
#[derive(Clone, Copy, Debug)]
pub struct SignatureRules<'a> {
    /// The SIGNATURE_HASH_ALGORITHMS that this end sent, if it did.
    pub announced: Option<&'a [SignatureHash]>,
    /// The SIGNATURE_HASH_ALGORITHMS that the peer sent, if it did.
    pub received: Option<&'a [SignatureHash]>,
    /// The algorithms that method 14 may use in either direction, the preferred one first.
    pub algorithms: &'a [SignatureAlgorithm],
}

/// The algorithms that method 14 should use with a key of this type, the preferred one first: the hash function as
/// strong as the curve, PSS before PKCS #1 v1.5 (RFC 8247 §4.2), nothing with SHA-1.
#[must_use]
pub const fn preferred_algorithms(key_type: KeyType) -> &'static [SignatureAlgorithm] {
    use SignatureAlgorithm as A;
    match key_type {
        KeyType::Rsa => &[
            A::RsaPssSha2_256,
            A::RsaPssSha2_384,
            A::RsaPssSha2_512,
            A::RsaSha2_256,
            A::RsaSha2_384,
            A::RsaSha2_512,
        ],
        KeyType::Dsa => &[A::DsaSha2_256],
        KeyType::P256 => &[A::EcdsaSha2_256, A::EcdsaSha2_384, A::EcdsaSha2_512],
        KeyType::P384 => &[A::EcdsaSha2_384, A::EcdsaSha2_512, A::EcdsaSha2_256],
        KeyType::P521 => &[A::EcdsaSha2_512, A::EcdsaSha2_384, A::EcdsaSha2_256],
        KeyType::Ed25519 => &[A::Ed25519],
        KeyType::Ed448 => &[A::Ed448],
    }
}

/// Why this end cannot prove itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CannotProve {
    /// A key that only method 14 can use, and one of the ends did not send SIGNATURE_HASH_ALGORITHMS.
    #[error("a key of {} needs SIGNATURE_HASH_ALGORITHMS of both ends", .key_type.name())]
    NeedsHashList {
        /// What the key is made of.
        key_type: KeyType,
    },
    /// Of what the key can do nothing is both allowed here and verifiable with the peer's hash functions.
    #[error("no allowed algorithm of a key of {} uses a hash function that the peer announced", .key_type.name())]
    NoAlgorithm {
        /// What the key is made of.
        key_type: KeyType,
    },
    /// The key refuses.
    #[error(transparent)]
    Sign(#[from] CannotSign),
}

impl SignatureRules<'_> {
    /// How a key of this type signs.
    ///
    /// # Errors
    /// If it cannot in a way that the peer will verify.
    pub fn choose(&self, key_type: KeyType) -> Result<(AuthMethod, SignatureAlgorithm), CannotProve> {
        let Some((_, received)) = self.announced.zip(self.received) else {
            return bound_method(key_type).ok_or(CannotProve::NeedsHashList { key_type });
        };
        let fits = |algorithm: &&SignatureAlgorithm| {
            algorithm.key_types().contains(&key_type)
                && SignatureHash::of(**algorithm).is_some_and(|hash| received.contains(&hash))
        };
        let algorithm = self.algorithms.iter().find(fits).ok_or(CannotProve::NoAlgorithm { key_type })?;
        Ok((AuthMethod::DIGITAL_SIGNATURE, *algorithm))
    }
}

/// The method that is bound to a type of key, without a choice of algorithm.
const fn bound_method(key_type: KeyType) -> Option<(AuthMethod, SignatureAlgorithm)> {
    match key_type {
        KeyType::Rsa => Some((AuthMethod::RSA_SIGNATURE, SignatureAlgorithm::RsaSha1)),
        KeyType::P256 => Some((AuthMethod::ECDSA_256, SignatureAlgorithm::Ecdsa256)),
        KeyType::P384 => Some((AuthMethod::ECDSA_384, SignatureAlgorithm::Ecdsa384)),
        KeyType::P521 => Some((AuthMethod::ECDSA_521, SignatureAlgorithm::Ecdsa521)),
        KeyType::Dsa | KeyType::Ed25519 | KeyType::Ed448 => None,
    }
}

/// The AUTH payload that proves possession of the private key. Draws what [`Signer::sign`] does.
///
/// # Errors
/// If the key cannot sign in a way that the peer will verify.
pub fn prove_signature(
    provider: &Provider,
    prf: PrfAlgorithm,
    signer: &Signer,
    rules: &SignatureRules<'_>,
    octets: &SignedOctets<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Authentication, CannotProve> {
    let (method, algorithm) = rules.choose(signer.key_type())?;
    let maced_id = maced_id(provider, prf, octets);
    let signed = [octets.message, octets.nonce, maced_id.as_bytes(), octets.int_auth];
    let signature = signer.sign(algorithm, &signed, entropy)?;
    let mut data = Vec::new();
    if method == AuthMethod::DIGITAL_SIGNATURE {
        let identifier = algorithm.identifier().unwrap_or_default();
        data.push(u8::try_from(identifier.len()).unwrap_or_default());
        data.extend_from_slice(identifier);
    }
    data.extend_from_slice(&signature);
    Ok(Authentication { method, data })
}

/// Checks that `auth` was made by the private key of `verifier` and so proves `identity`; that the key is the
/// identity's is for the caller to know, by its certificate or its configuration.
///
/// # Errors
/// When it was not, or in a way that was not agreed.
pub fn verify_signature(
    provider: &Provider,
    prf: PrfAlgorithm,
    verifier: &Verifier,
    rules: &SignatureRules<'_>,
    octets: &SignedOctets<'_>,
    auth: &Authentication,
    identity: Identity,
) -> Result<Proven, NotProven> {
    let maced_id = maced_id(provider, prf, octets);
    let signed = [octets.message, octets.nonce, maced_id.as_bytes(), octets.int_auth];
    let (algorithms, signature) = named(rules, verifier.key_type(), auth)?;
    let mut refused = None;
    for algorithm in algorithms {
        match verifier.verify(algorithm, &signed, signature) {
            Ok(()) => return Ok(Proven::new(identity)),
            Err(why) => refused = refused.or(Some(NotProven::Signature { algorithm, why })),
        }
    }
    Err(refused.unwrap_or(NotProven::Method { expected: AuthMethod::DIGITAL_SIGNATURE, found: auth.method }))
}

/// The algorithms that a payload may mean, and the signature in it.
fn named<'a>(
    rules: &SignatureRules<'_>,
    key_type: KeyType,
    auth: &'a Authentication,
) -> Result<(Vec<SignatureAlgorithm>, &'a [u8]), NotProven> {
    let bound = bound_method(key_type);
    let must_be_14 = rules.announced.is_some() && rules.received.is_some();
    if let (AuthMethod::DIGITAL_SIGNATURE, Some(announced)) = (auth.method, rules.announced) {
        let (algorithm, signature) = split(&auth.data)?;
        if !rules.algorithms.contains(&algorithm) {
            return Err(NotProven::Algorithm { expected: rules.algorithms.to_vec(), found: algorithm });
        }
        if !SignatureHash::of(algorithm).is_some_and(|hash| announced.contains(&hash)) {
            return Err(NotProven::Hash { announced: announced.to_vec(), algorithm });
        }
        return Ok((vec![algorithm], signature));
    }
    match bound {
        // The padding of PKCS #1 v1.5 says which hash function it is; only SHA-1 is certain to be understood.
        Some((AuthMethod::RSA_SIGNATURE, _)) if auth.method == AuthMethod::RSA_SIGNATURE && !must_be_14 => {
            use SignatureAlgorithm as A;
            Ok((vec![A::RsaSha1, A::RsaSha2_256, A::RsaSha2_384, A::RsaSha2_512], &auth.data))
        }
        Some((method, algorithm)) if auth.method == method && !must_be_14 => {
            Ok((vec![algorithm], &auth.data))
        }
        Some((expected, _)) if !must_be_14 => Err(NotProven::Method { expected, found: auth.method }),
        _ => Err(NotProven::Method { expected: AuthMethod::DIGITAL_SIGNATURE, found: auth.method }),
    }
}

/// Takes the data of method 14 apart (RFC 7427 §3).
fn split(data: &[u8]) -> Result<(SignatureAlgorithm, &[u8]), NotProven> {
    let Some((&length, rest)) = data.split_first() else {
        return Err(NotProven::Truncated { expected: 1, found: 0 });
    };
    let expected = usize::from(length);
    let Some((identifier, signature)) = rest.split_at_checked(expected) else {
        return Err(NotProven::Truncated { expected, found: rest.len() });
    };
    Ok((SignatureAlgorithm::from_identifier(identifier)?, signature))
}

fn maced_id(provider: &Provider, prf: PrfAlgorithm, octets: &SignedOctets<'_>) -> Secret {
    (provider.prf)(prf, octets.sk_p.as_bytes()).compute(&[octets.id])
}

#[cfg(test)]
mod tests;
