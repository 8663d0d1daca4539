//! Signatures of RSA with the paddings of PKCS #1 (FIPS 186-3), among them paddings that are almost right.

use ipsec_crypto::{HashAlgorithm, Provider, SignatureAlgorithm, Verifier};

use super::{hash, padded};
use crate::checks::signature::{Way, judge, spki_of_rsa};
use crate::rsp::each_case;
use crate::tally::Tally;

/// RSASSA-PKCS1-v1_5.
pub(crate) fn pkcs1(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    check(data, tally, |name| match hash(name) {
        Some(HashAlgorithm::Sha1) => Ok(SignatureAlgorithm::RsaSha1),
        Some(HashAlgorithm::Sha2_256) => Ok(SignatureAlgorithm::RsaSha2_256),
        Some(HashAlgorithm::Sha2_384) => Ok(SignatureAlgorithm::RsaSha2_384),
        Some(HashAlgorithm::Sha2_512) => Ok(SignatureAlgorithm::RsaSha2_512),
        _ => Err("no implementation of the hash function"),
    })
}

/// RSASSA-PSS with salts of 20 octets.
pub(crate) fn pss(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    check(data, tally, |name| match hash(name) {
        Some(HashAlgorithm::Sha1) => Ok(SignatureAlgorithm::RsaPssSha1),
        Some(_) => Err("here salts have the length of the hash"),
        None => Err("no implementation of the hash function"),
    })
}

fn check(
    data: &[u8],
    tally: &mut Tally,
    algorithm: fn(&str) -> Result<SignatureAlgorithm, &'static str>,
) -> Result<(), String> {
    // One of the files has two exclamation marks behind a prime.
    each_case(data, &["n", "e", "p", "q", "!!"], |case| {
        let hash_name = case.text("SHAAlg")?;
        let algorithm = match algorithm(hash_name) {
            Ok(algorithm) => algorithm,
            Err(reason) => {
                tally.not_replayed(&format!("RSA with {hash_name}"), reason, 1);
                return Ok(());
            }
        };
        let modulus = case.integer("n")?;
        let verifier = Verifier::from_spki(&spki_of_rsa(&modulus, &case.integer("e")?)).ok();
        let (message, signature) = (case.octets("Msg")?, padded(&case.integer("S")?, modulus.len()));
        let ways = [Way { algorithm, message, signature }];
        judge(verifier.as_ref(), &ways, !case.says("Result") || case.is_right()?, &case.name(), tally);
        Ok(())
    })
}
