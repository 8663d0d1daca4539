//! The key derivation of IKEv1 (RFC 2409 §5): SKEYID and what follows from it.

use ipsec_crypto::{Provider, Secret};
use ipsec_ikev1::keys::{Shared, keys, skeyid_psk, skeyid_signatures};

use super::{prf, spi};
use crate::rsp::{Case, each_case};
use crate::tally::Tally;

/// Replays the file for shared keys.
pub(crate) fn psk(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let psk = Secret::from(case.octets("pre-shared-key")?);
        let prf = prf(case)?;
        replay(case, provider, tally, |shared, _| skeyid_psk(provider, prf, &psk, shared))
    })
}

/// Replays the file for signatures.
pub(crate) fn signatures(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let prf = prf(case)?;
        replay(case, provider, tally, |shared, secret| skeyid_signatures(provider, prf, secret, shared))
    })
}

fn replay(
    case: &Case<'_>,
    provider: &'static Provider,
    tally: &mut Tally,
    skeyid: impl Fn(&Shared<'_>, &Secret) -> Secret,
) -> Result<(), String> {
    let (nonce_i, nonce_r) = (case.octets("Ni")?, case.octets("Nr")?);
    let (cookie_i, cookie_r) = (spi(case, "CKY_I")?, spi(case, "CKY_R")?);
    let shared = Shared { nonce_i: &nonce_i, nonce_r: &nonce_r, cookie_i, cookie_r };
    let secret = Secret::from(case.octets("g^xy")?);
    let prf = prf(case)?;
    let made = keys(provider, prf, skeyid(&shared, &secret), &secret, &shared);
    tally.case(
        prf.name(),
        &case.name(),
        &[
            ("SKEYID", &case.octets("SKEYID")?, made.skeyid.as_bytes()),
            ("SKEYID_d", &case.octets("SKEYID_d")?, made.d.as_bytes()),
            ("SKEYID_a", &case.octets("SKEYID_a")?, made.a.as_bytes()),
            ("SKEYID_e", &case.octets("SKEYID_e")?, made.e.as_bytes()),
        ],
    );
    Ok(())
}
