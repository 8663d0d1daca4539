mod openssl;
mod rfc4754;
mod rfc6979;
mod rfc8032;

use proptest::prelude::*;

use super::*;
use crate::{FixedEntropy, HashAlgorithm};

/// A source that does not end, for the search for primes.
pub(super) struct Endless(pub(super) u64);

impl Entropy for Endless {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            self.0 += 1;
            let block = HashAlgorithm::Sha2_256.digest(&[&self.0.to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

/// No entropy is expected to be drawn.
fn sign(signer: &Signer, algorithm: SignatureAlgorithm, message: &[u8]) -> Vec<u8> {
    let mut entropy = FixedEntropy::new([]);
    let signature = signer.sign(algorithm, &[message], &mut entropy).unwrap();
    assert_eq!(entropy.drawn(), 0);
    signature
}

/// One key of each type, made without a search.
pub(super) fn signers() -> Vec<Signer> {
    let mut signers: Vec<Signer> = [openssl::RSA_2048, openssl::DSA_1024]
        .map(|digits| Signer::from_pkcs8(&unhex(digits)).unwrap())
        .into();
    for key_type in &KeyType::ALL[2..] {
        signers.push(Signer::generate(*key_type, &mut FixedEntropy::new([7; 66])));
    }
    assert!(signers.iter().map(Signer::key_type).eq(KeyType::ALL.iter().copied()));
    signers
}

/// Twenty bytes, which IKEv1's DSA wants.
const MESSAGE: &[u8] = b"a hash of twenty ...";

/// As many as an algorithm of IKEv1 wants with a key of this type, or twenty.
fn message(algorithm: SignatureAlgorithm, key_type: KeyType) -> Vec<u8> {
    let len = match (algorithm, key_type) {
        (SignatureAlgorithm::EcdsaIkev1, KeyType::P256) => 32,
        (SignatureAlgorithm::EcdsaIkev1, KeyType::P384) => 48,
        (SignatureAlgorithm::EcdsaIkev1, KeyType::P521) => 64,
        _ => MESSAGE.len(),
    };
    MESSAGE.iter().copied().cycle().take(len).collect()
}

#[test]
fn a_signature_is_that_of_its_algorithm_key_and_message_alone() {
    for signer in signers() {
        let verifier = signer.verifier();
        for &algorithm in SignatureAlgorithm::ALL {
            let message = message(algorithm, signer.key_type());
            let message = message.as_slice();
            let signature = signer.sign(algorithm, &[message], &mut FixedEntropy::new([9; 64]));
            let wrong = WrongKey { algorithm, key_type: signer.key_type() };
            if !algorithm.key_types().contains(&signer.key_type()) {
                assert_eq!(signature, Err(CannotSign::Key(wrong)));
                let verified = verifier.verify(algorithm, &[message], &[0; 64]);
                assert_eq!(verified, Err(BadSignature::Key(wrong)));
                continue;
            }
            let signature = signature.unwrap();
            let name = algorithm.name();
            assert_eq!(verifier.verify(algorithm, &[message], &signature), Ok(()), "{name}");
            let parts = [&message[..3], &[], &message[3..]];
            assert_eq!(verifier.verify(algorithm, &parts, &signature), Ok(()), "{name}");
            let other = verifier.verify(algorithm, &[b"A", &message[1..]], &signature);
            assert_eq!(other, Err(BadSignature::Mismatch), "{name}");
            for &other in SignatureAlgorithm::ALL {
                let verified = verifier.verify(other, &[message], &signature);
                assert_eq!(verified.is_ok(), other == algorithm, "{name} as {}", other.name());
            }
        }
    }
}

#[test]
fn pss_draws_its_salt_and_nothing_else_does() {
    let signer = &signers()[0];
    let salts = [
        (SignatureAlgorithm::RsaPssSha1, 20),
        (SignatureAlgorithm::RsaPssSha2_256, 32),
        (SignatureAlgorithm::RsaPssSha2_384, 48),
        (SignatureAlgorithm::RsaPssSha2_512, 64),
        (SignatureAlgorithm::RsaSha2_256, 0),
        (SignatureAlgorithm::RsaIkev1, 0),
    ];
    for (algorithm, len) in salts {
        let signatures = [1, 2].map(|salt| {
            let mut entropy = FixedEntropy::new([salt; 64]);
            let signature = signer.sign(algorithm, &[MESSAGE], &mut entropy).unwrap();
            assert_eq!(entropy.drawn(), len, "{}", algorithm.name());
            assert_eq!(signer.verifier().verify(algorithm, &[MESSAGE], &signature), Ok(()));
            signature
        });
        assert_eq!(signatures[0] == signatures[1], len == 0, "{}", algorithm.name());
    }
}

#[test]
fn rsa_signatures_are_those_of_openssl() {
    let signer = &signers()[0];
    let verifier = Verifier::from_spki(&unhex(openssl::RSA_2048_SPKI)).unwrap();
    assert_eq!(verifier.to_spki(), signer.verifier().to_spki());
    let bare = "abc".repeat(11);
    let signatures = [
        (SignatureAlgorithm::RsaSha1, "abc", openssl::RSA_SHA1),
        (SignatureAlgorithm::RsaSha2_256, "abc", openssl::RSA_SHA2_256),
        (SignatureAlgorithm::RsaIkev1, &bare[..32], openssl::RSA_BARE),
    ];
    for (algorithm, message, signature) in signatures {
        assert_eq!(hex::encode(sign(signer, algorithm, message.as_bytes())), signature);
    }
    let signatures = [
        (SignatureAlgorithm::RsaPssSha2_256, openssl::RSA_PSS_SHA2_256),
        (SignatureAlgorithm::RsaPssSha2_512, openssl::RSA_PSS_SHA2_512),
    ];
    for (algorithm, signature) in signatures {
        assert_eq!(verifier.verify(algorithm, &[b"abc"], &unhex(signature)), Ok(()));
    }
}

#[test]
fn dsa_signatures_of_openssl_are_verified() {
    let signer = &signers()[1];
    let verifier = Verifier::from_spki(&unhex(openssl::DSA_1024_SPKI)).unwrap();
    assert_eq!(verifier.to_spki(), signer.verifier().to_spki());
    let signature = unhex(openssl::DSA_SHA1);
    assert_eq!(verifier.verify(SignatureAlgorithm::DsaSha1, &[b"abc"], &signature), Ok(()));
    // The same two integers side by side, over the hash itself.
    let hash = HashAlgorithm::Sha1.digest(&[b"abc"]);
    let side_by_side = integers::from_der(&signature, 20).unwrap();
    assert_eq!(verifier.verify(SignatureAlgorithm::DsaIkev1, &[&hash], &side_by_side), Ok(()));
}

#[test]
fn keys_are_loaded_as_they_were_written() {
    for signer in signers() {
        let pkcs8 = signer.to_pkcs8();
        let again = Signer::from_pkcs8(pkcs8.as_bytes()).unwrap();
        assert_eq!((again.key_type(), again.to_pkcs8()), (signer.key_type(), pkcs8));
        let spki = signer.verifier().to_spki();
        let verifier = Verifier::from_spki(&spki).unwrap();
        assert_eq!((verifier.key_type(), verifier.to_spki()), (signer.key_type(), spki));
    }
    // OpenSSL leaves no choice in these two either.
    for digits in [openssl::RSA_2048, openssl::DSA_1024] {
        assert_eq!(hex::encode(Signer::from_pkcs8(&unhex(digits)).unwrap().to_pkcs8().as_bytes()), digits);
    }
}

#[test]
fn a_key_is_made_of_what_is_drawn() {
    let lens = [32, 48, 66, 32, 57];
    for (key_type, len) in KeyType::ALL[2..].iter().zip(lens) {
        let mut entropy = FixedEntropy::new([7; 66]);
        let signer = Signer::generate(*key_type, &mut entropy);
        assert_eq!((signer.key_type(), entropy.drawn()), (*key_type, len));
        // Zeros make a key too.
        let zeros = Signer::generate(*key_type, &mut FixedEntropy::new([]));
        assert_ne!(zeros.to_pkcs8(), signer.to_pkcs8());
    }
}

#[test]
fn keys_that_are_looked_for_are_found_and_found_again() {
    for key_type in [KeyType::Rsa, KeyType::Dsa] {
        let [first, second] = [(), ()].map(|()| Signer::generate(key_type, &mut Endless(11)));
        assert_eq!(first.to_pkcs8(), second.to_pkcs8());
        let algorithm = *SignatureAlgorithm::ALL
            .iter()
            .find(|algorithm| algorithm.key_types().contains(&key_type))
            .unwrap();
        let signature = sign(&first, algorithm, b"abc");
        assert_eq!(second.verifier().verify(algorithm, &[b"abc"], &signature), Ok(()));
        assert_eq!(Verifier::from_spki(&first.verifier().to_spki()).unwrap().key_type(), key_type);
    }
}

#[test]
fn a_modulus_without_room_is_named() {
    let signer = Signer::from_pkcs8(&unhex(openssl::RSA_1024)).unwrap();
    let mut entropy = FixedEntropy::new([1; 64]);
    let error = signer.sign(SignatureAlgorithm::RsaPssSha2_512, &[b"abc"], &mut entropy).unwrap_err();
    assert_eq!(error.to_string(), "RSA-PSS-SHA2-512 has no room in a modulus of 1024 bits");
    for algorithm in [SignatureAlgorithm::RsaPssSha2_384, SignatureAlgorithm::RsaSha2_512] {
        assert!(signer.sign(algorithm, &[b"abc"], &mut entropy).is_ok());
    }
    let error = signer.sign(SignatureAlgorithm::RsaIkev1, &[&[1; 118]], &mut entropy).unwrap_err();
    assert_eq!(error.to_string(), "RSA-IKEv1 has no room in a modulus of 1024 bits");
    assert!(signer.sign(SignatureAlgorithm::RsaIkev1, &[&[1; 117]], &mut entropy).is_ok());
    let verified = signer.verifier().verify(SignatureAlgorithm::RsaPssSha2_512, &[b"abc"], &[1; 128]);
    assert_eq!(verified, Err(BadSignature::Mismatch));
}

#[test]
fn what_is_wrong_is_said() {
    let signers = signers();
    let mut entropy = FixedEntropy::new([]);
    let error = signers[1].sign(SignatureAlgorithm::DsaIkev1, &[b"abc"], &mut entropy).unwrap_err();
    assert_eq!(error.to_string(), "DSA-IKEv1 signs a hash of 20 bytes, not of 3");
    let error = signers[2].sign(SignatureAlgorithm::EcdsaIkev1, &[b"abc"], &mut entropy).unwrap_err();
    assert_eq!(error.to_string(), "ECDSA-IKEv1 signs a hash of 32 bytes, not of 3");
    let error = signers[0].sign(SignatureAlgorithm::EcdsaSha2_256, &[b"abc"], &mut entropy).unwrap_err();
    assert_eq!(error.to_string(), "ECDSA-SHA2-256 takes a key of P-256 or P-384 or P-521, not of RSA");
    let verify = |index: usize, algorithm, signature: &[u8]| {
        signers[index].verifier().verify(algorithm, &[MESSAGE], signature).unwrap_err().to_string()
    };
    assert_eq!(
        verify(0, SignatureAlgorithm::RsaSha1, &[0; 255]),
        "expected a signature of 256 bytes, found 255"
    );
    assert_eq!(
        verify(2, SignatureAlgorithm::Ecdsa256, &[0; 63]),
        "expected a signature of 64 bytes, found 63"
    );
    assert_eq!(
        verify(4, SignatureAlgorithm::EcdsaSha2_512, &[0x30, 0]),
        "expected a SEQUENCE of r and s in DER, each of at most 66 bytes"
    );
    assert_eq!(
        verify(5, SignatureAlgorithm::Ed25519, &[0; 65]),
        "expected a signature of 64 bytes, found 65"
    );
    assert_eq!(
        verify(6, SignatureAlgorithm::Ed448, &[0xff; 114]),
        "the signature does not match the key and the message"
    );
}

#[test]
fn keys_of_other_kinds_are_refused_by_name() {
    let error = Signer::from_pkcs8(&[]).unwrap_err();
    assert_eq!(error.to_string(), "expected a PrivateKeyInfo (PKCS #8) in DER");
    let error = Verifier::from_spki(&[0x30]).unwrap_err();
    assert_eq!(error.to_string(), "expected a SubjectPublicKeyInfo in DER");
    // X25519 (RFC 8410 §10.2), and a point of secp256k1.
    let x25519 = "302a300506032b656e03210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    let error = Verifier::from_spki(&unhex(x25519)).unwrap_err();
    assert_eq!(error, BadKey::Unsupported { oid: "1.3.101.110".to_owned() });
    let secp256k1 = format!("3056301006072a8648ce3d020106052b8104000a03420004{}", "00".repeat(64));
    let error = Verifier::from_spki(&unhex(&secp256k1)).unwrap_err();
    assert_eq!(error, BadKey::Unsupported { oid: "1.3.132.0.10".to_owned() });
    // No point of P-256.
    let p256 = format!("3059301306072a8648ce3d020106082a8648ce3d03010703420004{}", "00".repeat(64));
    let error = Verifier::from_spki(&unhex(&p256)).unwrap_err();
    assert_eq!(error.to_string(), "bad P-256 key: expected a point of the curve");
    // The neutral points of edwards25519 and edwards448.
    let ed25519 = format!("302a300506032b657003210001{}", "00".repeat(31));
    let error = Verifier::from_spki(&unhex(&ed25519)).unwrap_err();
    let expected = "bad Ed25519 key: expected 32 bytes that are a point of the curve, not of small order";
    assert_eq!(error.to_string(), expected);
    let ed448 = format!("3043300506032b6571033a0001{}", "00".repeat(56));
    let error = Verifier::from_spki(&unhex(&ed448)).unwrap_err();
    let expected = "bad Ed448 key: expected 57 bytes that are a point of the order of the base point";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_point_of_edwards448_is_taken_in_its_one_spelling_only() {
    let verifier = signers()[6].verifier();
    let mut spki = verifier.to_spki();
    assert!(Verifier::from_spki(&spki).is_ok());
    // Between y and the sign of x are seven bits without a meaning.
    for bit in 0..7 {
        *spki.last_mut().unwrap() ^= 1 << bit;
        assert!(Verifier::from_spki(&spki).is_err(), "bit {bit}");
        *spki.last_mut().unwrap() ^= 1 << bit;
    }
}

#[test]
fn keys_do_not_print_themselves() {
    let signer = &signers()[2];
    assert_eq!(format!("{signer:?} {:?}", signer.verifier()), "Signer(P-256) Verifier(P-256)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_key_with_some_octets_changed_is_refused_or_used_without_a_panic(
        which in 0usize..7,
        public in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let signer = &signers()[which];
        let mut der = if public { signer.verifier().to_spki() } else { signer.to_pkcs8().as_bytes().to_vec() };
        for (index, octet) in changes {
            let index = index.index(der.len());
            der[index] = octet;
        }
        if public {
            if let Ok(verifier) = Verifier::from_spki(&der) {
                for &algorithm in SignatureAlgorithm::ALL {
                    let _ = verifier.verify(algorithm, &[MESSAGE], &[1; 256]);
                    let _ = verifier.verify(algorithm, &[MESSAGE], &[1; 40]);
                    let _ = verifier.verify(algorithm, &[MESSAGE], &[0x30, 6, 2, 1, 1, 2, 1, 2]);
                }
            }
        } else if let Ok(signer) = Signer::from_pkcs8(&der) {
            for &algorithm in SignatureAlgorithm::ALL {
                if let Ok(signature) = signer.sign(algorithm, &[MESSAGE], &mut FixedEntropy::new([5; 64])) {
                    let _ = signer.verifier().verify(algorithm, &[MESSAGE], &signature);
                }
            }
        }
    }

    #[test]
    fn a_changed_signature_does_not_verify(
        which in any::<prop::sample::Index>(),
        index in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let algorithm = *which.get(SignatureAlgorithm::ALL);
        let signer = signers().into_iter().find(|key| algorithm.key_types().contains(&key.key_type())).unwrap();
        let message = message(algorithm, signer.key_type());
        let mut signature = signer.sign(algorithm, &[&message], &mut FixedEntropy::new([9; 64])).unwrap();
        let index = index.index(signature.len());
        signature[index] ^= 1 << bit;
        prop_assert!(signer.verifier().verify(algorithm, &[&message], &signature).is_err());
    }

    #[test]
    fn any_octets_as_a_signature_are_refused(
        which in any::<prop::sample::Index>(),
        signature in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let algorithm = *which.get(SignatureAlgorithm::ALL);
        for signer in signers() {
            prop_assert!(signer.verifier().verify(algorithm, &[MESSAGE], &signature).is_err());
        }
    }
}
