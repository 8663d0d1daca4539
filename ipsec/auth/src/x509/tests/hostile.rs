use proptest::prelude::*;

use super::*;

#[test]
fn what_is_no_certificate_is_named() {
    let refused = |der: &[u8]| Certificate::parse(der).unwrap_err();
    assert!(refused(&[]).to_string().starts_with("expected a Certificate in DER (RFC 5280 §4.1): "));
    let root = root();
    let der = root.certificate().der();
    assert!(matches!(refused(&der[..der.len() - 1]), BadCertificate::NotDer(_)));
    assert!(matches!(refused(&[der, &[0]].concat()), BadCertificate::NotDer(_)));
    // The algorithm in the signed part is Ed448.
    let mut two = der.to_vec();
    let at = two.windows(3).position(|octets| octets == [0x2b, 0x65, 0x70]).unwrap();
    two[at + 2] = 0x71;
    let why = "CN=Root: the signed algorithm is not that of the signature (RFC 5280 §4.1.1.2)";
    assert_eq!(refused(&two).to_string(), why);
    // Version 2.
    let mut second = der.to_vec();
    let at = second.windows(5).position(|octets| octets == [0xa0, 3, 2, 1, 2]).unwrap();
    second[at + 4] = 1;
    let why = "CN=Root: extensions in a certificate that is not of version 3 (RFC 5280 §4.1.2.9)";
    assert_eq!(refused(&second).to_string(), why);
}

#[test]
fn an_extension_stands_once_and_is_what_it_says() {
    let root = root();
    let basic = extension(true, &BasicConstraints { ca: false, path_len_constraint: None }).unwrap();
    let make = |extensions| {
        let entropy = &mut Seeded::new(9);
        let spki = Signer::generate(KeyType::Ed25519, entropy).verifier().to_spki();
        let draft = Draft::new(&wish("CN=west", &[]), spki, extensions, entropy).unwrap();
        root.sign(&draft).unwrap_err().to_string()
    };
    let twice = "CN=west: the extension 2.5.29.19 stands there twice (RFC 5280 §4.2)";
    assert_eq!(make(vec![basic.clone(), basic.clone()]), twice);
    let usage = Extension { extn_id: ObjectIdentifier::new_unwrap("2.5.29.15"), ..basic };
    assert_eq!(make(vec![usage]), "CN=west: the extension 2.5.29.15 is malformed (RFC 5280 §4.2)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_certificates_and_lists_are_refused_or_used_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        is_list in any::<bool>(),
    ) {
        let mut root = root();
        let names = named(&["west.example.org", "192.0.2.1"]);
        let west = end(&root, "CN=west", &names);
        root.revoke(&west, NOW).unwrap();
        let crl = root.crl(NOW, NOW + 1).unwrap();
        let original = if is_list { crl.der() } else { west.der() };
        let mut der = original.to_vec();
        for (index, octet) in changes {
            let index = index.index(der.len());
            der[index] = octet;
        }
        let mut store = trust(&root);
        if is_list {
            if let Ok(changed) = Crl::parse(&der) {
                let is_same = changed.der() == original;
                store.crls.push(changed);
                prop_assert_eq!(store.validate(&west, &[], NOW).is_err(), is_same);
            }
        } else if let Ok(changed) = Certificate::parse(&der) {
            let is_same = changed.der() == original;
            prop_assert_eq!(store.validate(&changed, &[], NOW).is_ok(), is_same);
            store.anchors.push(changed);
            let _ = store.validate(&west, &[], NOW);
        }
    }

    #[test]
    fn any_octets_are_parsed_without_a_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Certificate::parse(&octets).is_err());
        prop_assert!(Crl::parse(&octets).is_err());
    }
}
