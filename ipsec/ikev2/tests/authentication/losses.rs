//! Each message of each way to prove oneself is lost once: both ends come to the same end, only later.

use ipsec_auth::eap::EapMethod;
use ipsec_auth::{Authenticate, Prove};
use ipsec_crypto::KeyType;

use crate::world::{Ways, World, certificate, eap, psk};

fn ways() -> [Ways; 4] {
    let methods = [EapMethod::MsChapV2];
    let alice = || eap("wonderland", &methods, &methods);
    [
        Ways::new(psk(), psk()),
        Ways::new(certificate(0, KeyType::Ed25519), certificate(1, KeyType::P256)),
        Ways::new(alice(), certificate(1, KeyType::P256)),
        Ways::new(alice(), (Prove::EapOnly, Authenticate::EapOnly)),
    ]
}

#[test]
fn a_lost_message_costs_time_only() {
    for ways in ways() {
        let mut whole = World::new(&ways);
        whole.run();
        for lost in 0..whole.sent {
            let mut world = World::new(&ways);
            world.lost = Some(lost);
            world.run();
            assert_eq!(world.established(), 2, "message {lost} is lost:\n{}", world.told);
            assert!(world.now > whole.now && world.sent > whole.sent);
            let ups = world.told.lines().filter(|line| line.contains("IKE SA up")).count();
            assert_eq!(ups, 2, "{}", world.told);
        }
    }
}

#[test]
fn a_refusal_is_the_same_whatever_message_is_lost() {
    let methods = [EapMethod::MsChapV2];
    let ways = Ways::new(eap("looking-glass", &methods, &methods), certificate(1, KeyType::P256));
    let failures = |lost| {
        let mut world = World::new(&ways);
        world.lost = lost;
        world.run();
        assert_eq!(world.established(), 0);
        let mut failures: Vec<String> =
            world.told.lines().filter(|line| line.contains("failed:")).map(str::to_owned).collect();
        failures.sort();
        (failures, world.sent)
    };
    let (expected, sent) = failures(None);
    assert_eq!(expected.len(), 2, "{expected:?}");
    for lost in 0..sent {
        assert_eq!(failures(Some(lost)).0, expected, "message {lost} is lost");
    }
}
