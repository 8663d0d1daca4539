use std::collections::BTreeSet;

use super::*;
use crate::seeded::Seeded;
use crate::x509::{Revocation, TrustStore};

const DECADE: (u64, u64) = (1_700_000_000, 2_000_000_000);
const NOW: u64 = 1_800_000_000;

const TYPES: [KeyType; 6] =
    [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Ed25519, KeyType::Ed448, KeyType::Rsa];

fn wish(subject: &str, key_type: KeyType) -> Wish<'_> {
    Wish { subject, names: &[], key_type, validity: DECADE }
}

#[test]
fn authorities_of_every_type_issue_certificates_that_validate() {
    for key_type in TYPES {
        let mut entropy = Seeded::new(5);
        let root = Authority::root(&wish("CN=Root", key_type), &mut entropy).unwrap();
        let mut middle = root.subordinate(&wish("CN=Middle", KeyType::P256), Some(0), &mut entropy).unwrap();
        let names = ["west.example.org".parse().unwrap(), "192.0.2.1".parse().unwrap()];
        let end = Wish { names: &names, ..wish("CN=west", key_type) };
        let credential = middle.issue(&end, &mut entropy).unwrap();
        let [own, issuer] = &credential.chain[..] else { panic!("two certificates") };
        assert_eq!(issuer, middle.certificate());
        let mut root = root;
        let crls = vec![root.crl(NOW, NOW + 10).unwrap(), middle.crl(NOW, NOW + 10).unwrap()];
        let anchors = vec![root.certificate().clone()];
        let store = TrustStore { anchors, crls, revocation: Revocation::Required, ..TrustStore::default() };
        let trusted = store.validate(own, &credential.chain[1..], NOW).unwrap();
        assert_eq!(trusted.verifier().to_spki(), credential.signer.verifier().to_spki());
        for name in &names {
            assert_eq!(trusted.speaks_for(name), Ok(()));
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_certificates() {
    let make = |seed| {
        let mut entropy = Seeded::new(seed);
        let mut root = Authority::root(&wish("CN=Root", KeyType::P256), &mut entropy).unwrap();
        let west = root.issue(&wish("CN=west", KeyType::Ed25519), &mut entropy).unwrap();
        root.revoke(&west.chain[0], NOW).unwrap();
        let crl = root.crl(NOW, NOW + 1).unwrap();
        [root.certificate().der().to_vec(), west.chain[0].der().to_vec(), crl.der().to_vec()]
    };
    assert_eq!(make(1), make(1));
    assert!(make(1).iter().zip(make(2)).all(|(one, other)| *one != other));
}

#[test]
fn serial_numbers_are_positive_of_one_length_and_all_different() {
    let mut entropy = Seeded::new(5);
    let root = Authority::root(&wish("CN=Root", KeyType::Ed25519), &mut entropy).unwrap();
    let serials: BTreeSet<Vec<u8>> = (0..20)
        .map(|_| {
            root.issue(&wish("CN=west", KeyType::Ed25519), &mut entropy).unwrap().chain[0].serial().to_vec()
        })
        .collect();
    assert_eq!(serials.len(), 20);
    assert!(serials.iter().all(|serial| serial.len() == 16 && (0x40..0x80).contains(&serial[0])));
}

#[test]
fn a_certificate_may_have_alternative_names_alone() {
    let mut entropy = Seeded::new(5);
    let root = Authority::root(&wish("CN=Root", KeyType::Ed25519), &mut entropy).unwrap();
    let names = ["west@example.org".parse().unwrap()];
    let nameless = Wish { names: &names, ..wish("", KeyType::Ed25519) };
    let west = root.issue(&nameless, &mut entropy).unwrap();
    let store = TrustStore { anchors: vec![root.certificate().clone()], ..TrustStore::default() };
    let trusted = store.validate(&west.chain[0], &[], NOW).unwrap();
    assert_eq!(trusted.speaks_for(&names[0]), Ok(()));
}

#[test]
fn what_cannot_be_issued_is_said() {
    let mut entropy = Seeded::new(5);
    let mut refused = |wish: &Wish<'_>| Authority::root(wish, &mut entropy).unwrap_err().to_string();
    let good = wish("CN=Root", KeyType::Ed25519);
    assert_eq!(
        refused(&Wish { subject: "Root", ..good.clone() }),
        "expected a distinguished name such as CN=west,O=Example (RFC 4514), found \"Root\""
    );
    let names = [Identity::KeyId(b"west".to_vec())];
    assert_eq!(
        refused(&Wish { names: &names, ..good.clone() }),
        "key id west cannot be an alternative name of a certificate (RFC 5280 §4.2.1.6)"
    );
    assert_eq!(
        refused(&Wish { validity: (0, u64::MAX), ..good }),
        "18446744073709551615 seconds since 1970 are no date that a certificate can have"
    );
}

#[test]
fn a_list_whose_entry_has_a_critical_extension_decides_nothing() {
    let mut entropy = Seeded::new(5);
    let mut root = Authority::root(&wish("CN=Root", KeyType::Ed25519), &mut entropy).unwrap();
    let west = root.issue(&wish("CN=west", KeyType::Ed25519), &mut entropy).unwrap();
    root.revoke(&west.chain[0], NOW).unwrap();
    let mut is_revoked = |critical| {
        // The entry's certificate issuer (RFC 5280 §5.3.3), or anything else.
        let extension = extension(critical, &KeyUsage(KeyUsages::CRLSign.into())).unwrap();
        root.revoked[0].crl_entry_extensions = Some(vec![extension]);
        let crls = vec![root.crl(NOW, NOW + 1).unwrap()];
        let store = TrustStore { anchors: vec![root.certificate().clone()], crls, ..TrustStore::default() };
        store.validate(&west.chain[0], &[], NOW).is_err()
    };
    assert!(is_revoked(false) && !is_revoked(true));
}
