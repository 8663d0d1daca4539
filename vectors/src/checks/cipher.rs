//! Ciphers by themselves.

use ipsec_crypto::{CipherAlgorithm, Provider};

use super::{Case, cases, json};
use crate::report::Tally;

/// RFC 3686: AES-CTR with the nonce and IV of ESP.
pub(crate) fn aes_ctr(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        let nonce = [case.octets("nonce")?, case.octets("iv")?].concat();
        both_ways(&case, CipherAlgorithm::AesCtr, &nonce, provider, tally)?;
    }
    Ok(())
}

/// Encrypts `plain` and decrypts `cipher`.
pub(super) fn both_ways(
    case: &Case<'_>,
    algorithm: CipherAlgorithm,
    nonce: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let (plain, cipher) = (case.octets("plain")?, case.octets("cipher")?);
    let keyed = (provider.cipher)(algorithm, &case.octets("key")?).map_err(|error| error.to_string())?;
    let (mut encrypted, mut decrypted) = (plain.clone(), cipher.clone());
    keyed.encrypt(nonce, &mut encrypted).map_err(|error| error.to_string())?;
    keyed.decrypt(nonce, &mut decrypted).map_err(|error| error.to_string())?;
    tally.case(
        algorithm.name(),
        &case.name,
        &[("cipher", &cipher, &encrypted), ("plain", &plain, &decrypted)],
    );
    Ok(())
}
