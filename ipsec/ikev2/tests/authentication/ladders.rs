//! What goes over the wire when both ends believe each other.

use ipsec_auth::eap::EapMethod;
use ipsec_auth::{Authenticate, Identity, IdentityPattern, Prove};
use ipsec_crypto::KeyType;

use crate::world::{NULL, Ways, World, certificate, eap, psk, raw_key};

fn ladder(ways: &Ways) -> String {
    let mut world = World::new(ways);
    world.run();
    assert_eq!(world.established(), 2, "{}", world.told);
    world.told
}

#[test]
fn shared_keys() {
    insta::assert_snapshot!(ladder(&Ways::new(psk(), psk())));
}

#[test]
fn certificates() {
    let ways = Ways::new(certificate(0, KeyType::P256), certificate(1, KeyType::Ed25519));
    insta::assert_snapshot!(ladder(&ways));
}

#[test]
fn certificates_without_hash_lists() {
    let ways = Ways::new(certificate(0, KeyType::P256), certificate(1, KeyType::P384));
    let mut world = World::with(&ways, |connection| connection.signature_hashes = Some(Vec::new()));
    world.run();
    assert_eq!(world.established(), 2, "{}", world.told);
    insta::assert_snapshot!(world.told);
}

#[test]
fn ends_that_announce_what_they_accept() {
    let ways = Ways::new(certificate(0, KeyType::P256), psk());
    let mut world = World::with(&ways, |connection| connection.announces_methods = true);
    world.run();
    assert_eq!(world.established(), 2, "{}", world.told);
    insta::assert_snapshot!(world.told);
}

#[test]
fn a_certificate_and_a_shared_key() {
    insta::assert_snapshot!(ladder(&Ways::new(certificate(0, KeyType::P521), psk())));
}

#[test]
fn raw_keys() {
    insta::assert_snapshot!(ladder(&Ways::new(raw_key(0), raw_key(1))));
}

#[test]
fn an_initiator_who_stays_unknown() {
    let mut ways = Ways::new(NULL, certificate(1, KeyType::P256));
    ways.local[0] = Identity::Null;
    ways.remote[1] = IdentityPattern::Exactly(Identity::Null);
    insta::assert_snapshot!(ladder(&ways));
}

#[test]
fn eap_with_a_method_that_makes_a_key() {
    let methods = [EapMethod::MsChapV2];
    let ways = Ways::new(eap("wonderland", &methods, &methods), certificate(1, KeyType::P256));
    insta::assert_snapshot!(ladder(&ways));
}

#[test]
fn eap_with_a_method_that_is_not_wanted_before_one_that_makes_no_key() {
    let (wanted, offered) = ([EapMethod::Md5Challenge], [EapMethod::Gtc, EapMethod::Md5Challenge]);
    let ways = Ways::new(eap("wonderland", &wanted, &offered), certificate(1, KeyType::P256));
    insta::assert_snapshot!(ladder(&ways));
}

#[test]
fn eap_alone() {
    let methods = [EapMethod::MsChapV2];
    let ways = Ways::new(eap("wonderland", &methods, &methods), (Prove::EapOnly, Authenticate::EapOnly));
    insta::assert_snapshot!(ladder(&ways));
}

#[test]
fn eap_that_asks_for_the_identity_and_tells_something_first() {
    let methods = [EapMethod::MsChapV2];
    let (prove, Authenticate::Eap(mut server)) = eap("wonderland", &methods, &methods) else {
        unreachable!()
    };
    (server.asks_identity, server.notice) = (true, Some("Mind the gap".to_owned()));
    let ways = Ways::new((prove, Authenticate::Eap(server)), certificate(1, KeyType::P256));
    insta::assert_snapshot!(ladder(&ways));
}
