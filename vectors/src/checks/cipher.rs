//! Ciphers by themselves.

use ipsec_crypto::{CipherAlgorithm, Provider};

use super::{Case, cases, json};
use crate::rsp;
use crate::tally::Tally;

/// RFC 3686: AES-CTR with the nonce and IV of ESP.
pub(crate) fn aes_ctr(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        let nonce = [case.octets("nonce")?, case.octets("iv")?].concat();
        both_ways(&case, CipherAlgorithm::AesCtr, &nonce, provider, tally)?;
    }
    Ok(())
}

/// Camellia's own values: single blocks, each in CBC mode with an IV of zeros, which is the block cipher itself.
///
/// `K No.1 : 00 11 …` is a key, `P` and `C` with a number are a plaintext and its ciphertext.
pub(crate) fn camellia(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let text = rsp::unzipped(data)?;
    let (mut key, mut plain, mut number) = (Vec::new(), Vec::new(), 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, digits)) = line.split_once(" : ") else { continue };
        let octets = hex::decode(digits.replace(' ', "")).map_err(|error| format!("{name}: {error}"))?;
        match name.get(..1) {
            Some("K") => key = octets,
            Some("P") => plain = octets,
            Some("C") => {
                number += 1;
                let algorithm = CipherAlgorithm::CamelliaCbc;
                let (with, case) = ((&*key, &[0; 16][..]), number.to_string());
                comes_of(algorithm, with, [&plain, &octets], &case, provider, tally)?;
            }
            _ => return Err(format!("{name} is neither key, plaintext nor ciphertext")),
        }
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
    comes_of(algorithm, (&case.octets("key")?, nonce), [&plain, &cipher], &case.name, provider, tally)
}

/// The ciphertext comes of the plaintext with key and nonce, and the plaintext of the ciphertext.
pub(super) fn comes_of(
    algorithm: CipherAlgorithm,
    (key, nonce): (&[u8], &[u8]),
    [plain, cipher]: [&[u8]; 2],
    case: &str,
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let keyed = (provider.cipher)(algorithm, key).map_err(|error| error.to_string())?;
    let (mut encrypted, mut decrypted) = (plain.to_vec(), cipher.to_vec());
    keyed.encrypt(nonce, &mut encrypted).map_err(|error| error.to_string())?;
    keyed.decrypt(nonce, &mut decrypted).map_err(|error| error.to_string())?;
    tally.case(algorithm.name(), case, &[("cipher", cipher, &encrypted), ("plain", plain, &decrypted)]);
    Ok(())
}
