//! Phase 1 with signatures (RFC 2409 §5.1): each algorithm in both modes, and what is refused with which words.

use ipsec_auth::{Credential, Identity, IdentityPattern};
use ipsec_crypto::{HashAlgorithm, KeyType, Secret};
use ipsec_ikev1::{Authentication, Connection, IkeSuite, Mode};

use crate::pki::{PKI, signatures, signs, trust};
use crate::world::{EAST, Fate, IKE, WEST, World};

const MODES: [Mode; 2] = [Mode::Main, Mode::Aggressive];

fn world(mode: Mode, key_type: KeyType, change: impl Fn(usize, &mut Connection)) -> World {
    World::new(|end, connection| {
        connection.mode = mode;
        signs(end, connection, &[key_type]);
        change(end, connection);
    })
}

#[test]
fn each_algorithm_signs_in_both_modes_and_with_each_hash() {
    let hashes = [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_512];
    for mode in MODES {
        for key_type in [KeyType::Rsa, KeyType::Dsa, KeyType::P256, KeyType::P384, KeyType::P521] {
            for hash in hashes {
                let suite = IkeSuite { hash, ..IKE };
                let mut world = world(mode, key_type, |_, connection| connection.proposals = vec![suite]);
                world.initiate(WEST);
                world.run(1);
                let name = key_type.name();
                assert_eq!(world.pairs(), [1, 1], "{mode:?} {name} {hash:?}\n{}", world.log.join("\n"));
            }
        }
    }
}

#[test]
fn certificates_and_requests_stand_where_the_profile_wants_them() {
    for mode in MODES {
        let mut world = world(mode, KeyType::P256, |_, _| {});
        world.initiate(WEST);
        world.run(1);
        insta::assert_snapshot!(format!("signatures_{mode:?}"), world.log.join("\n"));
    }
}

#[test]
fn of_several_methods_the_first_that_both_have_is_taken() {
    for mode in MODES {
        let mut world = World::new(|end, connection| {
            connection.mode = mode;
            let psk = Authentication::SharedKey(Secret::from(b"secret".to_vec()));
            let keys: &[KeyType] =
                if end == WEST { &[KeyType::P384, KeyType::P256] } else { &[KeyType::P256] };
            signs(end, connection, keys);
            connection.authentication.push(psk);
        });
        world.initiate(WEST);
        world.run(1);
        assert_eq!(world.pairs(), [1, 1]);
        let log = world.log.join("\n");
        assert!(log.contains("SIG") && !log.contains("ID HASH"), "{log}");
    }
}

#[test]
fn the_peers_request_chooses_the_certificate() {
    let other = |end| PKI.issue(&PKI.stranger, end, KeyType::P256, (1_767_225_600, 1_798_761_599));
    for mode in MODES {
        let mut world = world(mode, KeyType::P256, |end, connection| {
            if end == WEST {
                // Its first certificate is one that east does not know.
                signatures(connection).credentials.insert(0, other(end));
            }
        });
        world.initiate(WEST);
        world.run(1);
        assert_eq!(world.pairs(), [1, 1], "{}", world.log.join("\n"));
    }
}

#[test]
fn any_message_may_be_lost_or_come_twice_or_be_overtaken() {
    for (mode, messages) in [(Mode::Main, 10), (Mode::Aggressive, 7)] {
        for unlucky in 0..messages {
            for fate in [Fate::Lost, Fate::Twice, Fate::Late] {
                let mut world = world(mode, KeyType::P256, |_, _| {})
                    .unlucky(move |number| if number == unlucky { fate } else { Fate::Arrives });
                world.initiate(WEST);
                world.run(60);
                let log = world.log.join("\n");
                assert_eq!(
                    (world.pairs(), world.established()),
                    ([1, 1], [1, 1]),
                    "{unlucky} {fate:?}\n{log}"
                );
            }
        }
    }
}

/// What each end says where one of them, or both, are changed.
fn failures(mode: Mode, change: impl Fn(usize, &mut Connection)) -> String {
    let mut world = world(mode, KeyType::P256, change);
    world.initiate(WEST);
    world.run(90);
    assert_eq!(world.pairs(), [0, 0]);
    let said = |end: usize| {
        let mut texts = world.failures(end);
        texts.dedup();
        format!("{}: {}", ["west", "east"][end], texts.join("\n      "))
    };
    format!("{mode:?}\n{}\n{}", said(WEST), said(EAST))
}

fn in_both_modes(change: impl Fn(usize, &mut Connection)) -> String {
    MODES.map(|mode| failures(mode, &change)).join("\n")
}

fn west_has(credential: &Credential) -> impl Fn(usize, &mut Connection) {
    |end, connection| {
        if end == WEST {
            signatures(connection).credentials = vec![credential.clone()];
        }
    }
}

#[test]
fn an_expired_certificate_is_refused() {
    let expired = PKI.issue(&PKI.root, WEST, KeyType::P256, (1_704_067_200, 1_735_689_599));
    insta::assert_snapshot!(in_both_modes(west_has(&expired)));
}

#[test]
fn a_certificate_of_an_authority_that_is_not_known_is_refused() {
    let foreign = PKI.issue(&PKI.stranger, WEST, KeyType::P256, (1_767_225_600, 1_798_761_599));
    insta::assert_snapshot!(in_both_modes(west_has(&foreign)));
}

#[test]
fn a_responder_of_an_authority_that_is_not_known_is_refused() {
    insta::assert_snapshot!(in_both_modes(|end, connection| {
        if end == WEST {
            signatures(connection).peers = trust(&PKI.stranger);
        }
    }));
}

#[test]
fn a_signature_by_another_key_than_that_of_the_certificate_is_refused() {
    let mut mixed = PKI.credential(WEST, KeyType::P256);
    mixed.signer = PKI.credential(EAST, KeyType::P256).signer;
    insta::assert_snapshot!(in_both_modes(west_has(&mixed)));
}

#[test]
fn a_certificate_of_somebody_else_is_refused() {
    insta::assert_snapshot!(in_both_modes(west_has(&PKI.credential(EAST, KeyType::P256))));
}

#[test]
fn a_good_certificate_of_somebody_who_is_not_expected_is_refused() {
    insta::assert_snapshot!(in_both_modes(|end, connection| {
        if end == EAST {
            connection.remote_id = IdentityPattern::Exactly(Identity::Fqdn("north.example".into()));
        }
    }));
}

#[test]
fn without_a_certificate_and_without_one_at_hand_there_is_no_key() {
    let mut bare = PKI.credential(WEST, KeyType::P256);
    bare.chain.clear();
    insta::assert_snapshot!(in_both_modes(west_has(&bare)));
}

#[test]
fn a_method_that_is_not_configured_is_refused_with_both_offers() {
    insta::assert_snapshot!(in_both_modes(|end, connection| {
        if end == EAST {
            signs(end, connection, &[KeyType::P384]);
        }
    }));
}
