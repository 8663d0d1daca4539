//! Authentication by pre-shared key (RFC 7296 §2.15):
//!
//! ```text
//! AUTH = prf( prf(Shared Secret, "Key Pad for IKEv2"), RealMessage | NonceData | prf(SK_p, RestOfIDPayload) [| IntAuth] )
//! ```

use ipsec_crypto::{PrfAlgorithm, Provider, Secret};

use crate::{Identity, NotProven, Proven};

/// What an AUTH payload signs: the sender's first message, the other side's nonce, and the sender's identity under its
/// `SK_pi` or `SK_pr`.
#[derive(Clone, Copy, Debug)]
pub struct SignedOctets<'a> {
    /// The sender's `IKE_SA_INIT` message, from the IKE header to its end.
    pub message: &'a [u8],
    /// The receiver's nonce, without payload header.
    pub nonce: &'a [u8],
    /// The sender's ID payload without its generic header, as it stood on the wire.
    pub id: &'a [u8],
    /// `SK_pi` if the sender is the initiator, else `SK_pr`.
    pub sk_p: &'a Secret,
    /// IntAuth, which stands for the messages of `IKE_INTERMEDIATE` (RFC 9242 §3.3.2); empty where there were none.
    pub int_auth: &'a [u8],
}

/// The content of the AUTH payload that proves knowledge of `secret`.
#[must_use]
pub fn prove_psk(
    provider: &Provider,
    prf: PrfAlgorithm,
    secret: &Secret,
    octets: &SignedOctets<'_>,
) -> Vec<u8> {
    compute(provider, prf, secret, octets).as_bytes().to_vec()
}

/// Checks that `auth` proves `identity`'s knowledge of `secret`, in constant time.
///
/// # Errors
/// When it does not.
pub fn verify_psk(
    provider: &Provider,
    prf: PrfAlgorithm,
    secret: &Secret,
    octets: &SignedOctets<'_>,
    auth: &[u8],
    identity: Identity,
) -> Result<Proven, NotProven> {
    let expected = compute(provider, prf, secret, octets);
    if expected == Secret::from(auth.to_vec()) {
        Ok(Proven::new(identity))
    } else {
        Err(NotProven::SharedSecret)
    }
}

fn compute(provider: &Provider, prf: PrfAlgorithm, secret: &Secret, octets: &SignedOctets<'_>) -> Secret {
    let maced_id = (provider.prf)(prf, octets.sk_p.as_bytes()).compute(&[octets.id]);
    let key = (provider.prf)(prf, secret.as_bytes()).compute(&[KEY_PAD]);
    (provider.prf)(prf, key.as_bytes()).compute(&[
        octets.message,
        octets.nonce,
        maced_id.as_bytes(),
        octets.int_auth,
    ])
}

const KEY_PAD: &[u8] = b"Key Pad for IKEv2";

#[cfg(test)]
mod tests {
    use ipsec_crypto::PORTABLE;

    use super::*;

    fn verify(secret: &str, id: &[u8], auth: &[u8]) -> Result<Proven, NotProven> {
        let sk_p = Secret::from(vec![7; 32]);
        let octets = SignedOctets { message: b"message", nonce: b"nonce", id, sk_p: &sk_p, int_auth: b"" };
        let secret = Secret::from(secret.as_bytes().to_vec());
        verify_psk(
            &PORTABLE,
            PrfAlgorithm::HmacSha2_256,
            &secret,
            &octets,
            auth,
            Identity::Fqdn("west".into()),
        )
    }

    #[test]
    fn only_the_same_secret_and_identity_prove() {
        let sk_p = Secret::from(vec![7; 32]);
        let octets =
            SignedOctets { message: b"message", nonce: b"nonce", id: b"id", sk_p: &sk_p, int_auth: b"" };
        let secret = Secret::from(b"secret".to_vec());
        let auth = prove_psk(&PORTABLE, PrfAlgorithm::HmacSha2_256, &secret, &octets);
        assert_eq!(verify("secret", b"id", &auth).unwrap().identity(), &Identity::Fqdn("west".into()));
        assert_eq!(verify("Secret", b"id", &auth), Err(NotProven::SharedSecret));
        assert_eq!(verify("secret", b"Id", &auth), Err(NotProven::SharedSecret));
        assert_eq!(verify("secret", b"id", &auth[..31]), Err(NotProven::SharedSecret));
        assert_eq!(verify("secret", b"id", &[]), Err(NotProven::SharedSecret));
        let other = SignedOctets { int_auth: b"intermediate", ..octets };
        let auth = prove_psk(&PORTABLE, PrfAlgorithm::HmacSha2_256, &secret, &other);
        assert_eq!(verify("secret", b"id", &auth), Err(NotProven::SharedSecret));
    }
}
