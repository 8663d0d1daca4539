use ipsec_crypto::KeyType;

use super::*;
use crate::Credential;
use crate::seeded::Seeded;
use crate::x509::laboratory::{Authority, Wish};

fn wish(subject: &str) -> Wish<'_> {
    Wish { subject, names: &[], key_type: KeyType::Ed25519, validity: (0, 2_000_000_000) }
}

fn trust(authority: &Authority) -> TrustStore {
    TrustStore { anchors: vec![authority.certificate().clone()], ..TrustStore::default() }
}

fn two_roots() -> [Authority; 2] {
    let entropy = &mut Seeded::new(1);
    ["CN=A", "CN=B"].map(|name| Authority::root(&wish(name), entropy).unwrap())
}

#[test]
fn a_request_names_each_anchor_once_by_the_hash_of_its_key() {
    let [a, b] = two_roots();
    let (one, other) = (trust(&a), trust(&b));
    let request = certificate_request([&one, &other, &one]).unwrap();
    assert_eq!(request.encoding, CertEncoding::X509_SIGNATURE);
    let hash = |authority: &Authority| HashAlgorithm::Sha1.digest(&[authority.certificate().spki()]);
    assert_eq!(request.authorities, [hash(&a), hash(&b)].concat());
    assert_eq!(certificate_request([]), None);
    assert_eq!(certificate_request([&TrustStore::default()]), None);
}

#[test]
fn a_credential_below_a_requested_authority_is_chosen() {
    let entropy = &mut Seeded::new(2);
    let [a, b] = two_roots();
    let middle = b.subordinate(&wish("CN=Middle"), None, entropy).unwrap();
    let credentials =
        [a.issue(&wish("CN=west"), entropy).unwrap(), middle.issue(&wish("CN=west"), entropy).unwrap()];
    let chosen = |requests: &[v2::CertificateRequest]| {
        let chosen = Credential::select(&credentials, requests).unwrap();
        chosen.chain[0].issuer()
    };
    let request = |authority: &Authority| certificate_request([&trust(authority)]).unwrap();
    assert_eq!(chosen(&[request(&a)]), "CN=A");
    assert_eq!(chosen(&[request(&b)]), "CN=Middle");
    assert_eq!(chosen(&[request(&middle)]), "CN=Middle");
    let unknown = v2::CertificateRequest { encoding: CertEncoding::X509_SIGNATURE, authorities: vec![7; 20] };
    assert_eq!(chosen(&[unknown.clone(), request(&b)]), "CN=Middle");
    // A wish that nobody can grant is none, and neither is one of another encoding or cut short.
    assert_eq!(chosen(&[unknown]), "CN=A");
    assert_eq!(chosen(&[]), "CN=A");
    let other = v2::CertificateRequest { encoding: CertEncoding(12), ..request(&b) };
    let mut short = request(&b);
    short.authorities.pop();
    assert!(!credentials[1].answers(&[other, short]));
    assert!(Credential::select(&[], &[]).is_none());
}

#[test]
fn certificates_are_read_in_order_and_what_is_none_is_passed_over() {
    let entropy = &mut Seeded::new(2);
    let [a, _] = two_roots();
    let middle = a.subordinate(&wish("CN=Middle"), None, entropy).unwrap();
    let west = middle.issue(&wish("CN=west"), entropy).unwrap();
    let mut payloads = west.payloads();
    assert_eq!(payloads.len(), 2);
    payloads.insert(1, v2::Certificate { encoding: CertEncoding(7), data: vec![1] });
    assert_eq!(read_certificates(&payloads).unwrap(), west.chain);
}

#[test]
fn hash_and_url_is_refused_by_name() {
    for encoding in [12, 13] {
        let payload =
            v2::Certificate { encoding: CertEncoding(encoding), data: b"http://example.org/".to_vec() };
        let certificates = v2::Certificate { encoding: CertEncoding(7), data: vec![] };
        assert_eq!(
            read_certificates(&[certificates, payload]).unwrap_err().to_string(),
            format!(
                "CERT payload 2: expected a certificate itself, found a hash and a URL (encoding {encoding})"
            )
        );
    }
    let broken = v2::Certificate { encoding: CertEncoding::X509_SIGNATURE, data: vec![0x30, 0] };
    let refused = read_certificates(&[broken]).unwrap_err();
    assert!(matches!(refused, BadCertPayload::Malformed { position: 1, .. }), "{refused}");
}
