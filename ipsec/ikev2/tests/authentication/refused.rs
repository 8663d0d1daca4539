//! What is refused, and what each end says about it.

use std::fmt::Write;

use ipsec_auth::eap::EapMethod;
use ipsec_auth::x509::laboratory::{Authority, Wish};
use ipsec_auth::{Authenticate, Identity, IdentityPattern, Prove, SignatureHash};
use ipsec_crypto::{KeyType, Secret};

use crate::world::{
    EPOCH, Luck, NULL, Ways, World, algorithms, below, certificate, eap, issued, psk, raw_key, root,
};

/// What both ends say to the end.
fn failures(world: &mut World) -> String {
    world.run();
    assert_eq!(world.established(), 0, "{}", world.told);
    assert!(!world.told.contains("dropped"), "{}", world.told);
    let failed = |line: &&str| line.contains("failed:");
    world.told.lines().filter(failed).fold(String::new(), |mut text, line| {
        writeln!(text, "  {line}").unwrap();
        text
    })
}

fn stranger() -> Authority {
    let wish = Wish { subject: "CN=Other", names: &[], key_type: KeyType::P256, validity: (0, 2 * EPOCH) };
    Authority::root(&wish, &mut Luck(77)).unwrap()
}

fn wrong_ways() -> Vec<(&'static str, Ways)> {
    let good = |end| certificate(end, KeyType::P256);
    let below_another = (good(0).0, below(stranger().certificate()));
    let names_east = (
        Prove::Signature { credentials: vec![issued(&root(), 1, KeyType::P256)], algorithms: algorithms() },
        good(0).1,
    );
    let other_secret = Authenticate::SharedKey(Secret::from(b"incorrect".to_vec()));
    let methods = [EapMethod::MsChapV2, EapMethod::Md5Challenge, EapMethod::Gtc];
    let (chap, md5, all) = (&methods[..1], &methods[1..2], &methods[..]);
    let alone = (Prove::EapOnly, Authenticate::EapOnly);
    let no_null = {
        let mut ways = Ways::new((Prove::Null, psk().1), psk());
        ways.local[0] = Identity::Null;
        ways
    };
    let asks_for_another = {
        let mut ways = Ways::new(psk(), psk());
        ways.remote[0] = IdentityPattern::Exactly("north.example".parse().unwrap());
        ways
    };
    let is_another = {
        let mut ways = Ways::new(psk(), psk());
        ways.local[0] = "north.example".parse().unwrap();
        ways
    };
    vec![
        ("another secret", Ways::new((psk().0, other_secret), psk())),
        ("another identity", is_another),
        ("another responder", asks_for_another),
        ("unknown authority, at the responder", Ways::new(below_another, good(1))),
        (
            "unknown authority, at the initiator",
            Ways::new(good(0), (good(1).0, below(stranger().certificate()))),
        ),
        ("another's certificate", Ways::new(names_east, good(1))),
        ("a shared key where a certificate is wanted", Ways::new((psk().0, good(0).1), psk())),
        ("a certificate where a shared key is wanted", Ways::new((good(0).0, psk().1), psk())),
        ("NULL where a shared key is wanted", no_null),
        ("NULL of the responder where a certificate is wanted", Ways::new(psk(), (Prove::Null, good(1).1))),
        ("another raw key", Ways::new((raw_key(0).0, raw_key(5).1), psk())),
        ("EAP where a shared key is wanted", Ways::new((eap("", all, all).0, psk().1), psk())),
        ("a shared key where EAP is wanted", Ways::new((psk().0, eap("", all, all).1), psk())),
        ("a wrong password", Ways::new(eap("looking-glass", chap, chap), good(1))),
        ("a wrong password with MD5", Ways::new(eap("looking-glass", md5, md5), good(1))),
        ("no method in common", Ways::new(eap("wonderland", chap, md5), good(1))),
        (
            "EAP with an unknown responder",
            Ways::new(eap("wonderland", chap, chap), (good(1).0, below(stranger().certificate()))),
        ),
        (
            "EAP alone where the responder does not",
            Ways::new(eap("wonderland", chap, chap), (good(1).0, Authenticate::EapOnly)),
        ),
        (
            "EAP alone where the initiator does not",
            Ways::new(eap("wonderland", chap, chap), (Prove::EapOnly, good(1).1)),
        ),
        ("EAP alone with a method without key", Ways::new(eap("wonderland", md5, md5), alone)),
        ("a responder that has only EAP", Ways::new(psk(), (eap("", all, all).0, psk().1))),
        ("NULL", Ways::new(NULL, NULL)),
    ]
}

#[test]
fn both_ends_say_what_was_wrong() {
    let text = wrong_ways().iter().fold(String::new(), |mut text, (what, ways)| {
        write!(text, "{what}\n{}", failures(&mut World::new(ways))).unwrap();
        text
    });
    insta::assert_snapshot!(text);
}

#[test]
fn an_end_does_not_try_what_the_other_one_does_not_announce() {
    let mut text = String::new();
    let ways = [
        Ways::new((psk().0, certificate(0, KeyType::P256).1), psk()),
        Ways::new(psk(), (certificate(1, KeyType::P256).0, psk().1)),
        Ways::new((Prove::Null, psk().1), psk()),
    ];
    for mut ways in ways {
        if matches!(ways.prove[0], Prove::Null) {
            ways.local[0] = Identity::Null;
        }
        let mut world = World::with(&ways, |connection| connection.announces_methods = true);
        write!(text, "-\n{}", failures(&mut world)).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_hash_function_that_is_not_announced_is_not_used() {
    let ways = Ways::new(certificate(0, KeyType::Ed25519), certificate(1, KeyType::Ed25519));
    let mut text = String::new();
    for hashes in [vec![SignatureHash::Sha2_256], Vec::new()] {
        let change = |connection: &mut ipsec_ikev2::Connection| {
            connection.signature_hashes = Some(hashes.clone());
        };
        write!(text, "{hashes:?}\n{}", failures(&mut World::with(&ways, change))).unwrap();
    }
    insta::assert_snapshot!(text);
}

/// RFC 7296 §2.21: no AUTHENTICATION_FAILED goes with it.
#[test]
fn eap_that_fails_ends_with_its_own_word() {
    let methods = [EapMethod::MsChapV2];
    let ways = Ways::new(eap("looking-glass", &methods, &methods), certificate(1, KeyType::P256));
    let mut world = World::new(&ways);
    world.run();
    let mut said = world.told.lines().filter(|line| line.starts_with("east  ->"));
    assert!(said.next_back().is_some_and(|line| line.ends_with("[EAP]")), "{}", world.told);
    assert!(!world.told.contains("N(AUTHENTICATION_FAILED)"), "{}", world.told);
    assert_eq!(world.established(), 0);
}
