//! Authentication in a resumed IKE SA (RFC 5723 §4.3.3): whoever knows the keys that come from the old one is who it was.
//!
//! ```text
//! AUTH = prf(SK_p, RealMessage | NonceData | prf(SK_p, RestOfIDPayload) [| IntAuth])
//! ```

use ipsec_crypto::{PrfAlgorithm, Provider, Secret};

use crate::{Identity, NotProven, Proven, SignedOctets};

/// The content of the AUTH payload of an end of a resumed IKE SA.
#[must_use]
pub fn prove_resumed(provider: &Provider, prf: PrfAlgorithm, octets: &SignedOctets<'_>) -> Vec<u8> {
    compute(provider, prf, octets).as_bytes().to_vec()
}

/// Checks in constant time that `auth` was made with the keys of the resumed IKE SA, whose peer is `identity`.
///
/// # Errors
/// When it was not.
pub fn verify_resumed(
    provider: &Provider,
    prf: PrfAlgorithm,
    octets: &SignedOctets<'_>,
    auth: &[u8],
    identity: Identity,
) -> Result<Proven, NotProven> {
    if compute(provider, prf, octets) == Secret::from(auth.to_vec()) {
        Ok(Proven::new(identity))
    } else {
        Err(NotProven::SharedSecret)
    }
}

fn compute(provider: &Provider, prf: PrfAlgorithm, octets: &SignedOctets<'_>) -> Secret {
    let keyed = || (provider.prf)(prf, octets.sk_p.as_bytes());
    let maced_id = keyed().compute(&[octets.id]);
    keyed().compute(&[octets.message, octets.nonce, maced_id.as_bytes(), octets.int_auth])
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::PORTABLE;

    use super::*;
    use crate::prove_psk;

    const PRF: PrfAlgorithm = PrfAlgorithm::HmacSha2_256;

    #[test]
    fn only_the_same_keys_messages_and_identity_prove() {
        let (sk_p, other) = (Secret::from(vec![7; 32]), Secret::from(vec![8; 32]));
        let octets =
            SignedOctets { message: b"message", nonce: b"nonce", id: b"id", sk_p: &sk_p, int_auth: b"" };
        let auth = prove_resumed(&PORTABLE, PRF, &octets);
        let west = || Identity::Fqdn("west".into());
        let verify = |octets: &SignedOctets<'_>| verify_resumed(&PORTABLE, PRF, octets, &auth, west());
        assert_eq!(verify(&octets).unwrap().identity(), &west());
        for wrong in [
            SignedOctets { message: b"Message", ..octets },
            SignedOctets { nonce: b"Nonce", ..octets },
            SignedOctets { id: b"Id", ..octets },
            SignedOctets { sk_p: &other, ..octets },
            SignedOctets { int_auth: b"more", ..octets },
        ] {
            assert_eq!(verify(&wrong), Err(NotProven::SharedSecret));
        }
        assert_ne!(prove_psk(&PORTABLE, PRF, &sk_p, &octets), auth, "a pre-shared key is padded");
    }
}
