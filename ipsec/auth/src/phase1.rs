//! Authentication in phase 1 of IKEv1 (RFC 2409 §5): by a hash under SKEYID, where that shows whom it is from (§5.2 to §5.4),
//! or by a signature over the hash (§5.1):
//!
//! ```text
//! HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b)
//! HASH_R = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi_b | IDir_b)
//! ```

use ipsec_crypto::{CannotSign, Entropy, Prf, Secret, SignatureAlgorithm, Signer, Verifier};
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::IdType;
use ipsec_wire::{v1, v2};

use crate::{Identity, NotProven, Proven};

/// What a HASH payload of phase 1 covers. The sender of the hash is `own`, whichever end it is.
#[derive(Clone, Copy, Debug)]
pub struct HashedOctets<'a> {
    /// The sender's Diffie-Hellman public value.
    pub own_public: &'a [u8],
    /// The other end's.
    pub other_public: &'a [u8],
    /// The sender's cookie.
    pub own_cookie: IkeSpi,
    /// The other end's.
    pub other_cookie: IkeSpi,
    /// The initiator's SA payload without its generic header, as it stood on the wire.
    pub sa: &'a [u8],
    /// The sender's ID payload without its generic header, as it stood on the wire.
    pub id: &'a [u8],
}

/// The HASH payload; `prf` is keyed with SKEYID.
#[must_use]
pub fn prove_hash(prf: &Prf, octets: &HashedOctets<'_>) -> Vec<u8> {
    compute(prf, octets).as_bytes().to_vec()
}

/// Checks in constant time that `hash` proves `identity`'s knowledge of what SKEYID was made from.
///
/// # Errors
/// When it does not.
pub fn verify_hash(
    prf: &Prf,
    octets: &HashedOctets<'_>,
    hash: &[u8],
    identity: Identity,
) -> Result<Proven, NotProven> {
    if compute(prf, octets) == Secret::from(hash) {
        Ok(Proven::new(identity))
    } else {
        Err(NotProven::HashPayload)
    }
}

/// The SIG payload: the signature over the hash. Where the algorithm is tied to a hash function `prf` is its HMAC, else that
/// of the negotiated one; it is keyed with SKEYID.
///
/// # Errors
/// If the key cannot sign it.
pub fn prove_hash_signature(
    prf: &Prf,
    octets: &HashedOctets<'_>,
    (signer, algorithm): (&Signer, SignatureAlgorithm),
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, CannotSign> {
    signer.sign(algorithm, &[compute(prf, octets).as_bytes()], entropy)
}

/// Checks that `signature` over the hash was made by the private key of `verifier` and so proves `identity`; that the key is
/// the identity's is for the caller to know, by its certificate.
///
/// # Errors
/// When it was not.
pub fn verify_hash_signature(
    prf: &Prf,
    octets: &HashedOctets<'_>,
    (verifier, algorithm): (&Verifier, SignatureAlgorithm),
    signature: &[u8],
    identity: Identity,
) -> Result<Proven, NotProven> {
    match verifier.verify(algorithm, &[compute(prf, octets).as_bytes()], signature) {
        Ok(()) => Ok(Proven::new(identity)),
        Err(why) => Err(NotProven::Signature { algorithm, why }),
    }
}

fn compute(prf: &Prf, octets: &HashedOctets<'_>) -> Secret {
    prf.compute(&[
        octets.own_public,
        octets.other_public,
        &octets.own_cookie.0.to_be_bytes(),
        &octets.other_cookie.0.to_be_bytes(),
        octets.sa,
        octets.id,
    ])
}

impl Identity {
    /// The identity in a payload of version 1 (RFC 2407 §4.6.2.1). Types of several addresses are no identity of a peer.
    #[must_use]
    pub fn from_v1(id: &v1::Identification) -> Self {
        // Version 2 kept the numbers, and added this one.
        if id.kind.0 == IdType::NULL.0 {
            return Self::Other(id.kind.0, id.data.clone());
        }
        Self::from_wire(&v2::Identification::new(IdType(id.kind.0), &id.data))
    }

    /// The payload of version 1 that carries the identity, for any protocol and port.
    #[must_use]
    pub fn to_v1(&self) -> v1::Identification {
        let id = self.to_wire();
        v1::Identification::new(ipsec_wire::registry::v1::IdType(id.kind().0), id.data())
    }
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::PrfAlgorithm;
    use ipsec_wire::registry::v1::IdType;

    use super::*;

    const OCTETS: HashedOctets<'_> = HashedOctets {
        own_public: b"own",
        other_public: b"other",
        own_cookie: IkeSpi(1),
        other_cookie: IkeSpi(2),
        sa: b"sa",
        id: b"id",
    };

    #[test]
    fn a_hash_proves_only_what_it_covers_with_the_same_key() {
        let prf = |key: &[u8]| Prf::new(PrfAlgorithm::HmacSha1, key);
        let who = || Identity::Fqdn("west".into());
        let hash = prove_hash(&prf(b"skeyid"), &OCTETS);
        assert_eq!(verify_hash(&prf(b"skeyid"), &OCTETS, &hash, who()).unwrap().identity(), &who());
        let refused = |key: &[u8], octets: &HashedOctets<'_>, hash: &[u8]| {
            verify_hash(&prf(key), octets, hash, who()) == Err(NotProven::HashPayload)
        };
        assert!(refused(b"other", &OCTETS, &hash));
        assert!(refused(b"skeyid", &OCTETS, &hash[..19]) && refused(b"skeyid", &OCTETS, &[]));
        let turned = HashedOctets { own_cookie: IkeSpi(2), other_cookie: IkeSpi(1), ..OCTETS };
        assert!(refused(b"skeyid", &turned, &hash), "one end's hash is not the other's");
        for changed in [
            HashedOctets { own_public: b"other", other_public: b"own", ..OCTETS },
            HashedOctets { sa: b"sb", ..OCTETS },
            HashedOctets { id: b"ie", ..OCTETS },
        ] {
            assert!(refused(b"skeyid", &changed, &hash), "{changed:?}");
        }
    }

    #[test]
    fn a_signature_proves_only_what_its_hash_covers_and_only_to_its_key() {
        let prf = |key: &[u8]| Prf::new(PrfAlgorithm::HmacSha2_256, key);
        let entropy = &mut crate::seeded::Seeded::new(1);
        let [own, other] = [(); 2].map(|()| Signer::generate(ipsec_crypto::KeyType::P256, entropy));
        let algorithm = SignatureAlgorithm::EcdsaIkev1;
        let who = || Identity::Fqdn("west".into());
        let signature = prove_hash_signature(&prf(b"skeyid"), &OCTETS, (&own, algorithm), entropy).unwrap();
        let verify = |key: &[u8], octets: &HashedOctets<'_>, signer: &Signer, signature: &[u8]| {
            verify_hash_signature(&prf(key), octets, (&signer.verifier(), algorithm), signature, who())
        };
        assert_eq!(verify(b"skeyid", &OCTETS, &own, &signature).unwrap().identity(), &who());
        assert!(verify(b"other", &OCTETS, &own, &signature).is_err());
        assert!(verify(b"skeyid", &OCTETS, &other, &signature).is_err());
        assert!(verify(b"skeyid", &HashedOctets { id: b"ie", ..OCTETS }, &own, &signature).is_err());
        assert!(verify(b"skeyid", &OCTETS, &own, &signature[1..]).is_err());
        let wrong = SignatureAlgorithm::RsaIkev1;
        assert!(prove_hash_signature(&prf(b"skeyid"), &OCTETS, (&own, wrong), entropy).is_err());
    }

    #[test]
    fn identities_survive_version_1() {
        for text in ["192.0.2.1", "2001:db8::1", "west.example.org", "east@example.org", "CN=west,O=Example"]
        {
            let identity: Identity = text.parse().unwrap();
            let sent = identity.to_v1();
            assert_eq!((sent.protocol, sent.port), (0, 0), "any, in phase 1");
            assert_eq!(Identity::from_v1(&sent), identity);
        }
        let subnet = v1::Identification::new(IdType::IPV4_ADDR_SUBNET, &[10, 0, 0, 0, 255, 0, 0, 0]);
        assert!(matches!(Identity::from_v1(&subnet), Identity::Other(4, _)));
        assert!(matches!(
            Identity::from_v1(&v1::Identification::new(IdType(13), &[])),
            Identity::Other(13, _)
        ));
    }
}
