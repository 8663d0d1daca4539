//! What does not come up, and the reason that each end gives.

use ipsec_auth::{Identity, IdentityPattern};
use ipsec_crypto::{CipherAlgorithm, HashAlgorithm, KeyExchangeAlgorithm, Secret};
use ipsec_ikev1::{Authentication, IkeSuite, Mode};

use crate::world::{EAST, IKE, WEST, World};

/// Nothing comes up between ends of which east is changed so, and what west and east say of it.
fn refused(mode: Mode, change: impl Fn(&mut ipsec_ikev1::Connection)) -> (World, [String; 2]) {
    let mut world = World::new(|end, connection| {
        connection.mode = mode;
        if end == EAST {
            change(connection);
        }
    });
    world.initiate(WEST);
    world.run(90);
    assert_eq!(world.pairs(), [0, 0]);
    assert!(world.ends.iter().all(|end| end.status().ike.iter().all(|sa| sa.established)));
    let texts = [WEST, EAST].map(|end| {
        let mut texts = world.failures(end);
        texts.dedup();
        texts.join("\n")
    });
    (world, texts)
}

fn another_key(connection: &mut ipsec_ikev1::Connection) {
    connection.authentication = vec![Authentication::SharedKey(Secret::from(b"other".to_vec()))];
}

#[test]
fn different_keys_in_main_mode_show_as_messages_that_cannot_be_read() {
    let (world, [west, east]) = refused(Mode::Main, another_key);
    assert_eq!(west, "the peer does not answer: main mode, message 6 did not come");
    insta::assert_snapshot!(east, @"authentication failed: a message came that was protected with other keys (it decrypts to no payloads: the keys of the ends differ, or it was changed on its way)");
    assert!(world.drops(EAST).contains(&"ike-undecipherable"));
}

#[test]
fn different_keys_in_aggressive_mode_show_at_once() {
    let (_, [west, east]) = refused(Mode::Aggressive, another_key);
    insta::assert_snapshot!(west, @"authentication failed: 198.51.100.1: the HASH payload was not made with the expected shared key over these messages");
    insta::assert_snapshot!(east, @"authentication failed: the peer said INVALID-HASH-INFORMATION, unprotected");
}

#[test]
fn proposals_without_a_common_one_are_told_with_both_lists() {
    let stronger = IkeSuite { hash: HashAlgorithm::Sha2_256, group: KeyExchangeAlgorithm::Modp2048, ..IKE };
    let (_, [west, east]) = refused(Mode::Main, |connection| connection.proposals = vec![stronger]);
    insta::assert_snapshot!(west, @"no proposal was chosen: the peer said NO-PROPOSAL-CHOSEN, unprotected");
    insta::assert_snapshot!(east, @"no proposal was chosen: hash algorithm: offered aes128-sha1-ecp256 by shared-key, configured aes128-sha256-modp2048 by shared-key");
}

#[test]
fn another_mode_is_refused_with_both_modes_named() {
    let (_, [west, east]) = refused(Mode::Main, |connection| connection.mode = Mode::Aggressive);
    insta::assert_snapshot!(west, @"the peer refused: INVALID-EXCHANGE-TYPE, unprotected");
    insta::assert_snapshot!(east, @"no proposal was chosen: offered main mode, configured aggressive mode");
}

#[test]
fn a_peer_that_proves_to_be_somebody_else_is_refused() {
    let expected = IdentityPattern::Exactly(Identity::Fqdn("north.example".into()));
    for mode in [Mode::Main, Mode::Aggressive] {
        let expects = |connection: &mut ipsec_ikev1::Connection| connection.remote_id = expected.clone();
        let (_, [_, east]) = refused(mode, expects);
        assert_eq!(east, "authentication failed: the peer is 192.0.2.1, expected north.example");
    }
}

#[test]
fn quick_mode_for_other_packets_is_refused_with_both_sides() {
    let (world, [west, east]) = refused(Mode::Main, |connection| connection.children[0].remote.port = 80);
    assert_eq!(world.established(), [1, 1], "the ISAKMP SA stays");
    insta::assert_snapshot!(west, @"no common identities of quick mode: the peer said INVALID-ID-INFORMATION");
    insta::assert_snapshot!(east, @"no common identities of quick mode: offered 10.2.0.0-10.2.255.255 === 10.1.0.0-10.1.255.255, configured 10.2.0.0-10.2.255.255 === 10.1.0.0-10.1.255.255[0/80]");
}

#[test]
fn quick_mode_without_a_common_proposal_is_refused_with_both_lists() {
    let (_, [west, east]) = refused(Mode::Main, |connection| {
        let child = &mut connection.children[0];
        child.group = Some(KeyExchangeAlgorithm::Ecp256);
        child.proposals[0].esp.as_mut().unwrap().encryption =
            ipsec_dataplane::Encryption::Cipher(CipherAlgorithm::CamelliaCbc);
    });
    insta::assert_snapshot!(west, @"no proposal was chosen: the peer said NO-PROPOSAL-CHOSEN");
    insta::assert_snapshot!(east, @"no proposal was chosen: offered aes128-sha1 tunnel, configured camellia128-sha1 tunnel with ecp256");
}

#[test]
fn a_peer_that_is_not_there_is_given_up_and_tried_again_as_often_as_configured() {
    let mut world = World::new(|_, connection| connection.attempts = 3).unlucky(|_| crate::world::Fate::Lost);
    world.initiate(WEST);
    world.run(250);
    let failures = world.failures(WEST);
    assert_eq!(failures, ["the peer does not answer: main mode, message 2 did not come"; 3]);
    assert_eq!(world.sent, 3 * 8);
    assert!(world.ends[WEST].status().ike.is_empty() && world.ends[WEST].next_timeout().is_none());
}
