use ipsec_crypto::Secret;
use proptest::prelude::*;

use super::*;

const SPIS: Spis = (IkeSpi(0x0102_0304_0506_0708), IkeSpi(0));

fn connection() -> Connection {
    let [local, remote] = ["10.0.0.2", "203.0.113.9"].map(|address| address.parse().unwrap());
    Connection::new("site", local, remote, Secret::from(Vec::new()))
}

fn course(source: &str, destination: &str) -> Course {
    Course { source: source.parse().unwrap(), destination: destination.parse().unwrap() }
}

fn sent() -> Course {
    course("10.0.0.2:500", "203.0.113.9:500")
}

#[test]
fn the_hash_is_that_of_spis_address_and_port() {
    let octets = hex::decode("01020304050607080000000000000000cb00710901f4").unwrap();
    assert_eq!(hash(SPIS, "203.0.113.9:500".parse().unwrap()), HashAlgorithm::Sha1.digest(&[&octets]));
    let octets = hex::decode("0102030405060708000000000000000020010db80000000000000000000000011194").unwrap();
    assert_eq!(hash(SPIS, "[2001:db8::1]:4500".parse().unwrap()), HashAlgorithm::Sha1.digest(&[&octets]));
}

#[test]
fn each_end_is_found_that_is_behind_nat() {
    let payloads = detection(&connection(), SPIS, sent());
    let nat = |here, there| Some(Nat { here, there });
    let arrived = |source, destination| found(&payloads, SPIS, course(source, destination));
    assert_eq!(arrived("10.0.0.2:500", "203.0.113.9:500"), nat(false, false));
    assert_eq!(arrived("192.0.2.7:500", "203.0.113.9:500"), nat(false, true), "another address");
    assert_eq!(arrived("10.0.0.2:1024", "203.0.113.9:500"), nat(false, true), "another port");
    assert_eq!(arrived("10.0.0.2:500", "172.16.0.1:500"), nat(true, false));
    assert_eq!(arrived("192.0.2.7:1", "172.16.0.1:500"), nat(true, true));
}

#[test]
fn a_hash_for_other_spis_fits_nothing() {
    let payloads = detection(&connection(), SPIS, sent());
    let other = (SPIS.0, IkeSpi(9));
    assert_eq!(found(&payloads, other, sent()), Some(Nat { here: true, there: true }));
}

#[test]
fn of_several_sources_one_has_to_fit() {
    let mut payloads = detection(&connection(), SPIS, course("10.9.9.9:500", "203.0.113.9:500"));
    payloads.extend(detection(&connection(), SPIS, sent()));
    assert_eq!(found(&payloads, SPIS, sent()), Some(Nat::default()));
}

#[test]
fn who_does_not_look_for_nat_says_nothing_and_finds_nothing() {
    let quiet = Connection { nat_traversal: false, ..connection() };
    assert_eq!(detection(&quiet, SPIS, sent()), []);
    let mut payloads = detection(&connection(), SPIS, sent());
    assert_eq!(found(&[], SPIS, sent()), None);
    payloads.pop();
    assert_eq!(found(&payloads, SPIS, sent()), None, "half of it says nothing");
}

#[test]
fn forced_encapsulation_looks_like_nat_to_the_peer() {
    let forced = Connection { encapsulate: true, ..connection() };
    let payloads = detection(&forced, SPIS, sent());
    assert_eq!(found(&payloads, SPIS, sent()), Some(Nat { here: false, there: true }));
}

proptest! {
    #[test]
    fn forged_hashes_of_any_length_are_taken_for_nat_and_nothing_else(
        source in prop::collection::vec(any::<u8>(), 0..80), destination in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let notify = |kind, data: &Vec<u8>| Payload::Notify(Notify::new(kind, data.clone()));
        let payloads = [
            notify(NotifyType::NAT_DETECTION_SOURCE_IP, &source),
            notify(NotifyType::NAT_DETECTION_DESTINATION_IP, &destination),
        ];
        prop_assert_eq!(found(&payloads, SPIS, sent()), Some(Nat { here: true, there: true }));
    }
}
