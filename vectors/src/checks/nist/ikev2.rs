//! The key derivation of IKEv2 (RFC 7296 §2.14, §2.17, §2.18).

use ipsec_crypto::{Provider, Secret, prf_plus};
use ipsec_ikev2::keys::{self, Shared};

use super::{prf, spi};
use crate::rsp::{Case, each_case};
use crate::tally::Tally;

/// Replays the file: SKEYSEED, the keys of the IKE SA, those of a child without and with a key exchange of its own, and
/// SKEYSEED of a rekeyed IKE SA.
pub(crate) fn check(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| replay(case, provider, tally))
}

fn replay(case: &Case<'_>, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let octets = |name: &str| case.octets(name);
    let prf = prf(case)?;
    let (nonce_i, nonce_r) = (octets("Ni")?, octets("Nr")?);
    let (spi_i, spi_r) = (spi(case, "SPIi")?, spi(case, "SPIr")?);
    let secret = Secret::from(octets("g^ir")?);
    let fresh = Secret::from(octets("g^ir (new)")?);
    let shared = Shared { nonce_i: &nonce_i, nonce_r: &nonce_r, spi_i, spi_r };
    let wrong = |error: ipsec_crypto::KeyMaterialTooLong| error.to_string();

    let skeyseed = keys::skeyseed(provider, prf, &shared, &secret);
    let dkm = octets("DKM")?;
    let seed: [&[u8]; 4] = [&nonce_i, &nonce_r, &spi_i.0.to_be_bytes(), &spi_r.0.to_be_bytes()];
    let stream = prf_plus(&(provider.prf)(prf, skeyseed.as_bytes()), &seed, dkm.len()).map_err(wrong)?;
    let sk_d = Secret::from(stream.as_bytes().get(..prf.preferred_key_len()).unwrap_or_default());
    let rekeyed = keys::rekeyed_skeyseed(provider, prf, &sk_d, &shared, &fresh, &[]);
    let child = octets("DKM(Child SA)")?;
    let with_exchange = octets("DKM(Child SA D-H)")?;
    let material = |secret, length: usize| {
        let nonces = (nonce_i.as_slice(), nonce_r.as_slice());
        keys::key_material(provider, prf, &sk_d, (secret, &[]), nonces, length).map_err(wrong)
    };
    let (plain, own) = (material(None, child.len())?, material(Some(&fresh), with_exchange.len())?);
    tally.case(
        prf.name(),
        &case.name(),
        &[
            ("SKEYSEED", &octets("SKEYSEED")?, skeyseed.as_bytes()),
            ("DKM", &dkm, stream.as_bytes()),
            ("DKM(Child SA)", &child, plain.as_bytes()),
            ("DKM(Child SA D-H)", &with_exchange, own.as_bytes()),
            ("SKEYSEED(Rekey)", &octets("SKEYSEED(Rekey)")?, rekeyed.as_bytes()),
        ],
    );
    Ok(())
}
