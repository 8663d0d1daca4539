use ipsec_crypto::Secret;

use super::*;

const HASHING: Hashing =
    Hashing { hash: HashAlgorithm::Sha1, cookies: (IkeSpi(0x0102_0304_0506_0708), IkeSpi(0x1112)) };

const FORM: Option<NatTraversal> = Some(NatTraversal::Rfc3947);

fn connection() -> Connection {
    let [local, remote] = ["10.0.0.2", "203.0.113.9"].map(|address| address.parse().unwrap());
    Connection::new("site", local, remote, Secret::from(Vec::new()))
}

fn path(local: &str, remote: &str) -> Path {
    Path::new(local.parse().unwrap(), remote.parse().unwrap())
}

/// What the initiator sends, between where it believes to run.
fn said(form: Option<NatTraversal>) -> Vec<Payload> {
    detection(&connection(), form, HASHING, &path("10.0.0.2:500", "203.0.113.9:500"))
}

#[test]
fn the_hash_is_the_agreed_one_of_cookies_address_and_port() {
    let octets = hex("01020304050607080000000000001112cb00710901f4");
    for hash in [HashAlgorithm::Md5, HashAlgorithm::Sha2_256] {
        let hashing = Hashing { hash, ..HASHING };
        assert_eq!(hashing.of("203.0.113.9:500".parse().unwrap()), hash.digest(&[&octets]));
    }
    let octets = hex("0102030405060708000000000000111220010db80000000000000000000000011194");
    let digest = HashAlgorithm::Sha1.digest(&[&octets]);
    assert_eq!(HASHING.of("[2001:db8::1]:4500".parse().unwrap()), digest);
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

#[test]
fn each_end_is_found_that_is_behind_nat() {
    let nat = |here, there| Some(Nat { here, there });
    let arrived = |local, remote| found(FORM, &said(FORM), HASHING, &path(local, remote));
    assert_eq!(arrived("203.0.113.9:500", "10.0.0.2:500"), nat(false, false));
    assert_eq!(arrived("203.0.113.9:500", "192.0.2.7:500"), nat(false, true), "another address");
    assert_eq!(arrived("203.0.113.9:500", "10.0.0.2:1024"), nat(false, true), "another port");
    assert_eq!(arrived("172.16.0.1:500", "10.0.0.2:500"), nat(true, false));
    assert_eq!(arrived("172.16.0.1:500", "192.0.2.7:1"), nat(true, true));
}

#[test]
fn of_several_sources_one_has_to_fit_and_none_is_no_word_at_all() {
    let mut payloads = said(FORM);
    payloads.insert(1, Payload::NatD(vec![0; 20]));
    let came = path("203.0.113.9:500", "10.0.0.2:500");
    assert_eq!(found(FORM, &payloads, HASHING, &came), Some(Nat::default()));
    assert_eq!(found(FORM, &payloads[..1], HASHING, &came), None);
    assert_eq!(found(None, &payloads, HASHING, &came), None, "it is not looked for");
}

#[test]
fn drafts_have_their_own_payload_and_that_of_another_form_fits_nothing() {
    let draft = Some(NatTraversal::Draft03);
    assert!(said(draft).iter().all(|payload| matches!(payload, Payload::NatDDraft(_))));
    let came = path("203.0.113.9:500", "10.0.0.2:500");
    assert_eq!(found(draft, &said(draft), HASHING, &came), Some(Nat::default()));
    assert_eq!(found(FORM, &said(draft), HASHING, &came), Some(Nat { here: true, there: true }));
    assert_eq!(said(None), []);
}

#[test]
fn who_wants_esp_in_udp_looks_as_if_it_were_behind_nat() {
    let forced = Connection { encapsulate: true, ..connection() };
    let payloads = detection(&forced, FORM, HASHING, &path("10.0.0.2:500", "203.0.113.9:500"));
    let nat = found(FORM, &payloads, HASHING, &path("203.0.113.9:500", "10.0.0.2:500"));
    assert_eq!(nat, Some(Nat { here: false, there: true }));
}
