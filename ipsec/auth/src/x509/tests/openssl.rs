//! Certificates that OpenSSL 3.0 made: a root with RSA that signs by PSS, an authority with P-384 under name constraints,
//! two peers with Ed25519, and the authority's list, which revokes one of them.

use super::*;

const ROOT: &[u8] = include_bytes!("openssl/root.der");
const MIDDLE: &[u8] = include_bytes!("openssl/middle.der");
const WEST: &[u8] = include_bytes!("openssl/west.der");
const EAST: &[u8] = include_bytes!("openssl/east.der");
const CRL: &[u8] = include_bytes!("openssl/middle.crl");

/// 2026-11-25, an hour after all of them were made.
const THEN: u64 = 1_795_646_688;

fn store() -> TrustStore {
    TrustStore {
        anchors: vec![Certificate::parse(ROOT).unwrap()],
        authorities: vec![Certificate::parse(MIDDLE).unwrap()],
        crls: vec![Crl::parse(CRL).unwrap()],
        ..TrustStore::default()
    }
}

#[test]
fn certificates_of_openssl_validate() {
    let west = Certificate::parse(WEST).unwrap();
    let store = store();
    let trusted = store.validate(&west, &[], THEN).unwrap();
    for identity in named(&["west.example.org", "192.0.2.1", "west@example.org"]) {
        assert_eq!(trusted.speaks_for(&identity), Ok(()));
    }
    assert_eq!(west.subject(), "CN=west,O=Example,C=NL");
    assert_eq!(hex::encode(west.serial()), "0080aabbccddeeff00112233445566778899aabbcc");
    assert_eq!(trusted.verifier().key_type(), KeyType::Ed25519);
    assert_eq!(west.der(), WEST);
}

#[test]
fn a_list_of_openssl_revokes() {
    let east = Certificate::parse(EAST).unwrap();
    assert_eq!(
        store().validate(&east, &[], THEN).unwrap_err().to_string(),
        "CN=east,O=Example,C=NL: revoked since 2026-11-25T21:44:48Z (RFC 5280 §6.1.3 (a)(3))"
    );
    assert_eq!(store().crls[0].der(), CRL);
    assert_eq!(store().crls[0].updates(), (1_795_643_088, Some(1_798_235_088)));
}

const STATUS_ROOT: &[u8] = include_bytes!("openssl/status-root.der");
const STATUS_WEST: &[u8] = include_bytes!("openssl/status-west.der");
/// Of a responder that the root has certified, by its name, with hashes of SHA-1.
const GOOD: &[u8] = include_bytes!("openssl/status-good.der");
/// Of the root itself, by its key, with hashes of SHA-256 and a reason.
const REVOKED: &[u8] = include_bytes!("openssl/status-revoked.der");

#[test]
fn ocsp_responses_of_openssl_are_understood() {
    let west = Certificate::parse(STATUS_WEST).unwrap();
    let anchors = vec![Certificate::parse(STATUS_ROOT).unwrap()];
    let store = TrustStore { anchors, revocation: Revocation::Required, ..TrustStore::default() };
    // 2026-11-30.
    let now = 1_796_000_000;
    let verdict = |der| {
        let responses = [OcspResponse::parse(der).unwrap()];
        store.validate_with(&west, &[], &responses, now).map(|_| ()).map_err(|why| why.to_string())
    };
    assert_eq!(verdict(GOOD), Ok(()));
    let since = "CN=west: revoked since 2026-11-29T00:00:00Z (RFC 5280 §6.1.3 (a)(3))";
    assert_eq!(verdict(REVOKED), Err(since.to_owned()));
}
