//! ECDSA (FIPS 186-3) on the curves that IKE signs on.

use ipsec_crypto::{HashAlgorithm, KeyType, Provider, SignatureAlgorithm, Verifier};

use super::{hash, padded};
use crate::checks::signature::{Way, integers, judge, spki_of_point};
use crate::rsp::{Case, each_case};
use crate::tally::Tally;

/// Signatures that are right or wrong ("SigVer"), or all right ("SigGen").
pub(crate) fn check(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let (curve, hash_name) = case.section.split_once(',').unwrap_or((case.section, ""));
        let key_type = match curve {
            "P-256" => KeyType::P256,
            "P-384" => KeyType::P384,
            "P-521" => KeyType::P521,
            _ => {
                tally.not_replayed(
                    &format!("ECDSA on {curve}"),
                    "no implementation of signatures on the curve",
                    1,
                );
                return Ok(());
            }
        };
        let Some(hash) = hash(hash_name) else {
            tally.not_replayed(
                &format!("ECDSA with {hash_name}"),
                "no implementation of the hash function",
                1,
            );
            return Ok(());
        };
        one(case, key_type, hash, tally)
    })
}

fn one(case: &Case<'_>, key_type: KeyType, hash: HashAlgorithm, tally: &mut Tally) -> Result<(), String> {
    let (len, curves_own, side_by_side) = match key_type {
        KeyType::P256 => (32, HashAlgorithm::Sha2_256, SignatureAlgorithm::Ecdsa256),
        KeyType::P384 => (48, HashAlgorithm::Sha2_384, SignatureAlgorithm::Ecdsa384),
        _ => (66, HashAlgorithm::Sha2_512, SignatureAlgorithm::Ecdsa521),
    };
    let algorithm = match hash {
        HashAlgorithm::Sha1 => SignatureAlgorithm::EcdsaSha1,
        HashAlgorithm::Sha2_384 => SignatureAlgorithm::EcdsaSha2_384,
        HashAlgorithm::Sha2_512 => SignatureAlgorithm::EcdsaSha2_512,
        _ => SignatureAlgorithm::EcdsaSha2_256,
    };
    let coordinate = |name: &str| Ok::<_, String>(padded(&case.integer(name)?, len));
    let point = [coordinate("Qx")?, coordinate("Qy")?].concat();
    let verifier = Verifier::from_spki(&spki_of_point(key_type, &point)).ok();
    let (message, r, s) = (case.octets("Msg")?, case.integer("R")?, case.integer("S")?);
    let mut ways = vec![Way { algorithm, message: message.clone(), signature: integers(&[&r, &s]) }];
    // With the hash function of its curve it also has r and s side by side (RFC 4754), in IKEv1 over the hash itself.
    if hash == curves_own {
        let signature = [padded(&r, len), padded(&s, len)].concat();
        let digest = hash.digest(&[&message]);
        ways.push(Way { algorithm: side_by_side, message, signature: signature.clone() });
        ways.push(Way { algorithm: SignatureAlgorithm::EcdsaIkev1, message: digest, signature });
    }
    judge(verifier.as_ref(), &ways, !case.says("Result") || case.is_right()?, &case.name(), tally);
    Ok(())
}
