//! Hybrid authentication (draft-ietf-ipsec-isakmp-hybrid-auth): the server signs, the client's user has a password.

use ipsec_auth::{Identity, IdentityPattern, XauthUsers};
use ipsec_crypto::{KeyType, Secret};
use ipsec_ikev1::{Authentication, Connection, Event, Method, Mode, Signatures, Xauth};

use crate::pki::{PKI, identity, trust};
use crate::world::{EAST, Fate, WEST, World};

const MODES: [Mode; 2] = [Mode::Main, Mode::Aggressive];

fn secret(text: &str) -> Secret {
    Secret::from(text.as_bytes())
}

fn group() -> Identity {
    Identity::KeyId(b"group".to_vec())
}

/// East signs with such a key and asks for a user, of which it knows alice alone; west answers this password.
fn hybrid(end: usize, connection: &mut Connection, key_type: KeyType, password: &str) {
    let methods = vec![Method::HybridRsa, Method::HybridDsa];
    let credentials = if end == EAST { vec![PKI.credential(EAST, key_type)] } else { Vec::new() };
    let signatures = Signatures { methods, credentials, peers: trust(&PKI.root) };
    connection.authentication = vec![Authentication::Hybrid(signatures)];
    let identities = [group(), identity(EAST)];
    connection.local_id = identities[end].clone();
    connection.remote_id = IdentityPattern::Exactly(identities[1 - end].clone());
    connection.xauth = Some(match end {
        EAST => Xauth::Server { users: XauthUsers::from([("alice".to_owned(), secret("wonder"))]), tries: 1 },
        _ => Xauth::Client { user: "alice".to_owned(), passwords: vec![secret(password)] },
    });
}

fn world(mode: Mode, key_type: KeyType, password: &'static str) -> World {
    World::new(move |end, connection| {
        connection.mode = mode;
        hybrid(end, connection, key_type, password);
    })
}

fn peer(world: &World, end: usize) -> Option<Identity> {
    world.ends[end].status().ike.first().and_then(|sa| sa.peer.clone())
}

#[test]
fn the_server_signs_and_the_user_has_a_password_whichever_end_begins() {
    for mode in MODES {
        for key_type in [KeyType::Rsa, KeyType::Dsa] {
            for end in [WEST, EAST] {
                let mut world = world(mode, key_type, "wonder");
                world.initiate(end);
                world.run(1);
                let what = format!("{mode:?} {key_type:?} {end}\n{}", world.log.join("\n"));
                assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{what}");
                assert_eq!(peer(&world, WEST), Some(identity(EAST)), "{what}");
                assert_eq!(peer(&world, EAST), Some(Identity::KeyId(b"alice".to_vec())), "{what}");
                assert_eq!([WEST, EAST].map(|end| world.drops(end)), [vec![], vec![]] as [Vec<&str>; 2]);
            }
        }
    }
}

#[test]
fn only_the_server_has_a_signature_and_a_certificate() {
    for mode in MODES {
        let mut world = world(mode, KeyType::Rsa, "wonder");
        world.initiate(WEST);
        world.run(1);
        insta::assert_snapshot!(format!("hybrid_{mode:?}"), world.log.join("\n"));
    }
}

/// The hash of the client is one that everybody can make.
#[test]
fn without_the_password_the_client_is_nobody() {
    for mode in MODES {
        for end in [WEST, EAST] {
            let mut world = world(mode, KeyType::Rsa, "wander");
            world.initiate(end);
            world.run(1);
            let what = world.log.join("\n");
            assert_eq!((world.pairs(), world.established()), ([0, 0], [0, 0]), "{what}");
            assert!(world.events[EAST].iter().all(|event| !matches!(event, Event::IkeUp { .. })), "{what}");
            assert_eq!(world.failures(EAST)[0], "XAUTH failed: the password of \"alice\" is wrong");
        }
    }
}

/// The words of the user are under keys that only the server shares.
#[test]
fn a_server_whose_certificate_does_not_count_hears_no_password() {
    for mode in MODES {
        let mut world = World::new(|end, connection| {
            connection.mode = mode;
            hybrid(end, connection, KeyType::Rsa, "wonder");
            if let (WEST, Some(Authentication::Hybrid(signatures))) =
                (end, connection.authentication.first_mut())
            {
                signatures.peers = trust(&PKI.stranger);
            }
        });
        world.initiate(WEST);
        world.run(200);
        let log = world.log.join("\n");
        assert_eq!(world.pairs(), [0, 0], "{log}");
        assert!(!log.contains("west -> transaction"), "{log}");
        assert!(world.failures(WEST)[0].starts_with("authentication failed"), "{log}");
    }
}

#[test]
fn who_does_not_speak_it_has_no_common_method() {
    let mut world = World::new(|end, connection| {
        if end == WEST {
            hybrid(end, connection, KeyType::Rsa, "wonder");
        } else {
            connection.remote_id = IdentityPattern::Any;
        }
    });
    world.initiate(WEST);
    world.run(1);
    let failure = world.failures(EAST)[0].clone();
    assert!(failure.contains("offered aes128-sha1-ecp256 by hybrid-rsa with xauth"), "{failure}");
}

#[test]
fn each_message_may_be_lost() {
    for mode in MODES {
        for victim in 0..12 {
            let world = world(mode, KeyType::Rsa, "wonder");
            let mut world =
                world.unlucky(move |number| if number == victim { Fate::Lost } else { Fate::Arrives });
            world.initiate(WEST);
            world.run(60);
            assert_eq!(world.pairs(), [1, 1], "{mode:?} {victim}\n{}", world.log.join("\n"));
        }
    }
}
