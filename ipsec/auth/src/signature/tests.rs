use ipsec_crypto::{FixedEntropy, PORTABLE};

use super::SignatureHash as H;
use super::*;
use crate::seeded::Seeded;

const PRF: PrfAlgorithm = PrfAlgorithm::HmacSha2_256;

/// Both ends sent the same list, or neither any.
fn rules(hashes: Option<&'static [SignatureHash]>, key_type: KeyType) -> SignatureRules<'static> {
    SignatureRules { announced: hashes, received: hashes, algorithms: preferred_algorithms(key_type) }
}

fn with_octets<T>(message: &[u8], use_them: impl FnOnce(&SignedOctets<'_>) -> T) -> T {
    let sk_p = Secret::from(vec![7; 32]);
    use_them(&SignedOctets { message, nonce: b"nonce", id: b"\x02\0\0\0west", sk_p: &sk_p, int_auth: b"" })
}

fn prove(signer: &Signer, rules: &SignatureRules<'_>) -> Result<Authentication, CannotProve> {
    with_octets(b"message", |octets| {
        prove_signature(&PORTABLE, PRF, signer, rules, octets, &mut Seeded::new(1))
    })
}

fn verify(
    verifier: &Verifier,
    rules: &SignatureRules<'_>,
    auth: &Authentication,
    message: &[u8],
) -> Result<Proven, NotProven> {
    let identity = Identity::Fqdn("west".into());
    with_octets(message, |octets| verify_signature(&PORTABLE, PRF, verifier, rules, octets, auth, identity))
}

fn key(key_type: KeyType) -> Signer {
    Signer::generate(key_type, &mut Seeded::new(3))
}

#[test]
fn each_key_proves_by_the_method_that_was_agreed() {
    let expected = [
        (KeyType::Rsa, Some(AuthMethod::RSA_SIGNATURE)),
        (KeyType::P256, Some(AuthMethod::ECDSA_256)),
        (KeyType::P384, Some(AuthMethod::ECDSA_384)),
        (KeyType::P521, Some(AuthMethod::ECDSA_521)),
        (KeyType::Ed25519, None),
        (KeyType::Ed448, None),
    ];
    for (key_type, bound) in expected {
        let signer = key(key_type);
        for hashes in [None, Some(SignatureHash::RECOMMENDED)] {
            let rules = rules(hashes, key_type);
            let method = if hashes.is_some() { Some(AuthMethod::DIGITAL_SIGNATURE) } else { bound };
            let auth = prove(&signer, &rules);
            let Some(method) = method else {
                assert_eq!(auth, Err(CannotProve::NeedsHashList { key_type }));
                continue;
            };
            let auth = auth.unwrap();
            assert_eq!(auth.method, method);
            let proven = verify(&signer.verifier(), &rules, &auth, b"message").unwrap();
            assert_eq!(proven.identity().to_string(), "west");
            let refused = verify(&signer.verifier(), &rules, &auth, b"massage").unwrap_err();
            assert!(matches!(refused, NotProven::Signature { .. }), "{refused}");
        }
    }
}

#[test]
fn the_signed_octets_are_message_nonce_and_maced_identity() {
    let signer = key(KeyType::P256);
    let auth = prove(&signer, &rules(None, KeyType::P256)).unwrap();
    let maced = (PORTABLE.prf)(PRF, &[7; 32]).compute(&[b"\x02\0\0\0west"]);
    let signed = [&b"messagenonce"[..], maced.as_bytes()].concat();
    assert_eq!(signer.verifier().verify(SignatureAlgorithm::Ecdsa256, &[&signed], &auth.data), Ok(()));
}

#[test]
fn method_14_carries_length_identifier_and_signature() {
    let signer = key(KeyType::Ed25519);
    let auth = prove(&signer, &rules(Some(SignatureHash::RECOMMENDED), KeyType::Ed25519)).unwrap();
    assert_eq!(auth.data[..8], [7, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70]);
    assert_eq!(auth.data.len(), 1 + 7 + 64);
}

#[test]
fn the_first_algorithm_that_the_peer_can_verify_is_used() {
    let choose = |key_type, received: &'static [SignatureHash]| {
        let rules = SignatureRules { received: Some(received), ..rules(Some(SignatureHash::ALL), key_type) };
        rules.choose(key_type).map(|(_, algorithm)| algorithm)
    };
    assert_eq!(choose(KeyType::Rsa, &[H::Sha2_512, H::Sha2_384]), Ok(SignatureAlgorithm::RsaPssSha2_384));
    assert_eq!(choose(KeyType::P521, &[H::Sha2_256]), Ok(SignatureAlgorithm::EcdsaSha2_256));
    assert_eq!(choose(KeyType::Ed448, &[H::Identity]), Ok(SignatureAlgorithm::Ed448));
    let refused = [
        (KeyType::Ed25519, &[H::Sha2_256][..]),
        (KeyType::P256, &[H::Identity]),
        (KeyType::Rsa, &[H::Sha1]),
        (KeyType::Rsa, &[]),
    ];
    for (key_type, received) in refused {
        assert_eq!(choose(key_type, received), Err(CannotProve::NoAlgorithm { key_type }));
    }
}

#[test]
fn one_list_alone_does_not_make_method_14_the_method() {
    let signer = key(KeyType::P384);
    let both = rules(Some(SignatureHash::RECOMMENDED), KeyType::P384);
    for one in [SignatureRules { announced: None, ..both }, SignatureRules { received: None, ..both }] {
        assert_eq!(one.choose(KeyType::P384).unwrap().0, AuthMethod::ECDSA_384);
    }
    // Who announced a list can be spoken to by method 14, who did not cannot (RFC 7427 §4).
    let auth = prove(&signer, &both).unwrap();
    let announced = SignatureRules { received: None, ..both };
    assert!(verify(&signer.verifier(), &announced, &auth, b"message").is_ok());
    let silent = SignatureRules { announced: None, ..both };
    let refused = verify(&signer.verifier(), &silent, &auth, b"message").unwrap_err();
    assert_eq!(
        refused,
        NotProven::Method { expected: AuthMethod::ECDSA_384, found: AuthMethod::DIGITAL_SIGNATURE }
    );
}

#[test]
fn with_both_lists_the_older_methods_are_refused() {
    let signer = key(KeyType::P256);
    let auth = prove(&signer, &rules(None, KeyType::P256)).unwrap();
    let both = rules(Some(SignatureHash::RECOMMENDED), KeyType::P256);
    let refused = verify(&signer.verifier(), &both, &auth, b"message").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "expected the authentication method digital signature, found ECDSA with SHA-256 on P-256"
    );
}

#[test]
fn method_1_is_understood_with_any_hash_function() {
    let signer = key(KeyType::Rsa);
    let rules = rules(None, KeyType::Rsa);
    let maced = (PORTABLE.prf)(PRF, &[7; 32]).compute(&[b"\x02\0\0\0west"]);
    for algorithm in [SignatureAlgorithm::RsaSha1, SignatureAlgorithm::RsaSha2_512] {
        let signed: [&[u8]; 2] = [b"messagenonce", maced.as_bytes()];
        let data = signer.sign(algorithm, &signed, &mut FixedEntropy::new([])).unwrap();
        let auth = Authentication { method: AuthMethod::RSA_SIGNATURE, data };
        assert!(verify(&signer.verifier(), &rules, &auth, b"message").is_ok(), "{}", algorithm.name());
    }
}

#[test]
fn a_refusal_says_what_was_expected() {
    let signer = key(KeyType::P256);
    let rules = rules(Some(&[SignatureHash::Sha2_384]), KeyType::P256);
    let refused = |data: &[u8]| {
        let auth = Authentication { method: AuthMethod::DIGITAL_SIGNATURE, data: data.to_vec() };
        verify(&signer.verifier(), &rules, &auth, b"message").unwrap_err().to_string()
    };
    let identified = |algorithm: SignatureAlgorithm| {
        let identifier = algorithm.identifier().unwrap();
        [&[u8::try_from(identifier.len()).unwrap()], identifier, &[0; 64]].concat()
    };
    let truncated = "expected an AlgorithmIdentifier of 12 octets and a signature, found 1 octets";
    assert_eq!(refused(&[12, 0x30]), truncated);
    assert_eq!(refused(&[]), "expected an AlgorithmIdentifier of 1 octets and a signature, found 0 octets");
    assert_eq!(refused(&[0]), "expected a known signature algorithm: expected an AlgorithmIdentifier in DER");
    assert_eq!(
        refused(&identified(SignatureAlgorithm::RsaSha1)),
        "expected a signature with ECDSA-SHA2-256 or ECDSA-SHA2-384 or ECDSA-SHA2-512, found one with RSA-SHA1"
    );
    assert_eq!(
        refused(&identified(SignatureAlgorithm::EcdsaSha2_256)),
        "expected a hash function out of SHA2-384, ECDSA-SHA2-256 uses another"
    );
    assert_eq!(
        refused(&identified(SignatureAlgorithm::EcdsaSha2_384)),
        "expected a signature with ECDSA-SHA2-384: expected a SEQUENCE of r and s in DER, each of at most 32 bytes"
    );
}

#[test]
fn hash_lists_survive_the_wire_without_what_is_not_known() {
    let all = SignatureHash::emit_list(SignatureHash::ALL);
    assert_eq!(all, [0, 1, 0, 2, 0, 3, 0, 4, 0, 5]);
    assert_eq!(SignatureHash::parse_list(&all).unwrap(), SignatureHash::ALL);
    let some = SignatureHash::parse_list(&[0, 6, 0, 2, 0xff, 0xff]).unwrap();
    assert_eq!(some, [SignatureHash::Sha2_256]);
    assert_eq!(SignatureHash::parse_list(&[0, 1, 0]), Err(OddHashList { found: 3 }));
}

#[test]
fn an_end_announces_what_its_algorithms_need() {
    use SignatureAlgorithm as A;
    assert_eq!(H::needed_by(&[A::Ed25519]), [H::Identity]);
    assert_eq!(H::needed_by(&[A::EcdsaSha2_384, A::RsaPssSha2_256]), [H::Sha2_256, H::Sha2_384]);
    assert_eq!(H::needed_by(SignatureAlgorithm::ALL), H::ALL);
    // Only method 14 asks for them.
    assert_eq!(H::needed_by(&[A::Ecdsa256, A::RsaIkev1]), []);
}
