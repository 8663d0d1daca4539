//! NIST's CAVS file for the key derivation of IKEv2 (RFC 7296 §2.14, §2.17, §2.18), in its own text format.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use ipsec_crypto::{PrfAlgorithm, Provider, Secret, prf_plus};
use ipsec_ikev2::keys::{self, Shared};
use ipsec_wire::IkeSpi;

use crate::report::Tally;

/// Replays the file: SKEYSEED, the keys of the IKE SA, those of a child without and with a key exchange of its own, and
/// SKEYSEED of a rekeyed IKE SA.
pub(crate) fn check(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let mut group = BTreeMap::new();
    let mut case = BTreeMap::new();
    let mut number = 0;
    for line in text.lines().map(str::trim).chain([""]) {
        if let Some(inside) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            match inside.split_once(" = ") {
                Some((name, value)) => group.insert(name.to_owned(), value.to_owned()),
                None => group.insert("hash".to_owned(), inside.to_owned()),
            };
        } else if let Some((name, value)) = line.split_once(" = ") {
            case.insert(name.to_owned(), value.to_owned());
        } else if line.is_empty() && !case.is_empty() {
            number += 1;
            replay(&group, &case, number, provider, tally)?;
            case.clear();
        }
    }
    Ok(())
}

type Fields = BTreeMap<String, String>;

fn replay(
    group: &Fields,
    case: &Fields,
    number: usize,
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let octets = |name: &str| {
        let text = case.get(name).ok_or_else(|| format!("case {number} has no {name}"))?;
        hex::decode(text).map_err(|error| format!("case {number}, {name}: {error}"))
    };
    let spi = |name: &str| {
        let octets = octets(name)?;
        let array =
            octets.as_slice().try_into().map_err(|_| format!("case {number}: {name} is not 8 octets"))?;
        Ok::<_, String>(IkeSpi(u64::from_be_bytes(array)))
    };
    let prf = match group.get("hash").map(String::as_str) {
        Some("SHA-1") => PrfAlgorithm::HmacSha1,
        Some("SHA-256") => PrfAlgorithm::HmacSha2_256,
        Some("SHA-384") => PrfAlgorithm::HmacSha2_384,
        Some("SHA-512") => PrfAlgorithm::HmacSha2_512,
        other => return Err(format!("case {number}: no PRF is called {other:?}")),
    };
    let (nonce_i, nonce_r) = (octets("Ni")?, octets("Nr")?);
    let (spi_i, spi_r) = (spi("SPIi")?, spi("SPIr")?);
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
        &number.to_string(),
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
