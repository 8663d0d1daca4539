//! NULL authentication (RFC 7619 §2.1): like a pre-shared key that is the sender's own `SK_pi` or `SK_pr`. It proves
//! nobody's identity, only that the messages are those of one and the same peer.

use ipsec_crypto::{PrfAlgorithm, Provider};
use ipsec_wire::registry::AuthMethod;
use ipsec_wire::v2::Authentication;

use crate::{Identity, NotProven, Proven, SignedOctets, prove_psk, verify_psk};

/// The AUTH payload of one who stays unknown.
#[must_use]
pub fn prove_null(provider: &Provider, prf: PrfAlgorithm, octets: &SignedOctets<'_>) -> Authentication {
    let data = prove_psk(provider, prf, octets.sk_p, octets);
    Authentication { method: AuthMethod::NULL, data }
}

/// Checks that `auth` ties its sender to the messages before. Whatever identity the sender asserted, the proof is one
/// of [`Identity::Null`].
///
/// # Errors
/// When it does not, or is of another method.
pub fn verify_null(
    provider: &Provider,
    prf: PrfAlgorithm,
    octets: &SignedOctets<'_>,
    auth: &Authentication,
) -> Result<Proven, NotProven> {
    if auth.method != AuthMethod::NULL {
        return Err(NotProven::Method { expected: AuthMethod::NULL, found: auth.method });
    }
    verify_psk(provider, prf, octets.sk_p, octets, &auth.data, Identity::Null)
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::{PORTABLE, Secret};

    use super::*;

    #[test]
    fn null_authentication_ties_the_messages_together_and_proves_no_name() {
        let sk_p = Secret::from(vec![7; 32]);
        let octets = SignedOctets {
            message: b"message",
            nonce: b"nonce",
            id: b"\x0d\0\0\0",
            sk_p: &sk_p,
            int_auth: b"",
        };
        let prf = PrfAlgorithm::HmacSha2_256;
        let auth = prove_null(&PORTABLE, prf, &octets);
        assert_eq!(auth.method, AuthMethod::NULL);
        assert_eq!(verify_null(&PORTABLE, prf, &octets, &auth).unwrap().identity(), &Identity::Null);
        let other = SignedOctets { message: b"massage", ..octets };
        assert_eq!(verify_null(&PORTABLE, prf, &other, &auth), Err(NotProven::SharedSecret));
        let shared = Authentication { method: AuthMethod::SHARED_KEY, data: auth.data };
        let error = verify_null(&PORTABLE, prf, &octets, &shared).unwrap_err();
        assert_eq!(error.to_string(), "expected the authentication method NULL, found shared key");
    }
}
