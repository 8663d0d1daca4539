//! What goes over the wire when both ends believe each other.

use ipsec_auth::eap::EapMethod;
use ipsec_auth::{Authenticate, Identity, IdentityPattern, Prove};
use ipsec_crypto::{KeyType, Secret};

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

/// RFC 7296 §3.5, §4: addresses, names, mail addresses and opaque octets, with shared keys.
#[test]
fn identities_of_each_type_that_has_to_be_accepted() {
    let identities = [
        Identity::Address([192, 0, 2, 1].into()),
        Identity::Fqdn("west.example".to_owned()),
        Identity::Email("west@example.org".to_owned()),
        Identity::KeyId(vec![0, 1, 0xff]),
    ];
    for identity in identities {
        let mut ways = Ways::new(psk(), psk());
        ways.local[0] = identity.clone();
        ways.remote[1] = IdentityPattern::Exactly(identity.clone());
        ladder(&ways);
        ways.remote[1] = IdentityPattern::Exactly(Identity::KeyId(vec![0, 1]));
        let mut world = World::new(&ways);
        world.run();
        assert_eq!(world.established(), 0, "{identity}");
    }
}

/// RFC 7296 §2.15: a text of any length, as it is.
#[test]
fn shared_keys_are_the_octets_that_were_written() {
    let key = |octets: Vec<u8>| {
        let secret = Secret::from(octets);
        (Prove::SharedKey(secret.clone()), Authenticate::SharedKey(secret))
    };
    let long: Vec<u8> = (0x20..0x7f).cycle().take(200).collect();
    ladder(&Ways::new(key(long.clone()), key(long.clone())));
    for other in [[long.as_slice(), &[0]].concat(), long[..199].to_vec()] {
        let (west, east) = (key(long.clone()), key(other));
        let ways = Ways::new(
            (west.0, east.1),
            (east.0.clone(), Authenticate::SharedKey(Secret::from(long.clone()))),
        );
        let mut world = World::new(&ways);
        world.run();
        assert_eq!(world.established(), 0);
    }
}
