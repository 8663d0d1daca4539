//! What the exchanges look like.

use ipsec_crypto::KeyExchangeAlgorithm;
use ipsec_ikev1::Mode;
use ipsec_wire::v1::{Message, Payload};

use crate::world::{EAST, WEST, World};

fn ladder(world: &World) -> String {
    world.log.join("\n")
}

#[test]
fn main_mode_and_quick_mode() {
    let mut world = World::new(|_, _| {});
    world.initiate(WEST);
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]));
    world.order(EAST, |now, east| east.terminate(now, "site").unwrap());
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([0, 0], [0, 0]));
    insta::assert_snapshot!(ladder(&world));
}

/// The responder's cookie is unknown in the first message only (RFC 2408 §2.5.3).
#[test]
fn both_cookies_stand_in_all_messages_but_the_first() {
    for mode in [Mode::Main, Mode::Aggressive] {
        let mut world = World::new(|_, connection| connection.mode = mode);
        world.initiate(WEST);
        let mut cookies = Vec::new();
        while let Some(flight) = world.flights.first().cloned() {
            world.flights.remove(0);
            cookies.push(flight.octets[8..16].to_vec());
            world.deliver(flight.to, &flight.octets);
        }
        assert_eq!(cookies[0], [0; 8]);
        assert!(
            cookies[1] != [0; 8] && cookies[1..].iter().all(|cookie| *cookie == cookies[1]),
            "{cookies:?}"
        );
    }
}

#[test]
fn no_two_nonces_of_phase_1_are_the_same() {
    let mut world = World::new(|_, _| {});
    world.initiate(WEST);
    let mut nonces = Vec::new();
    for _ in 0..2 {
        while let Some(flight) = world.flights.first().cloned() {
            world.flights.remove(0);
            let payloads = Message::parse(&flight.octets).map(|message| message.payloads);
            nonces.extend(payloads.unwrap_or_default().into_iter().filter_map(|payload| match payload {
                Payload::Nonce(nonce) => Some(nonce),
                _ => None,
            }));
            world.deliver(flight.to, &flight.octets);
        }
        world.order(WEST, |now, west| west.rekey_ike(now, "site").unwrap());
    }
    assert!(nonces.len() == 4 && nonces.iter().all(|nonce| (8..=256).contains(&nonce.len())), "{nonces:?}");
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
}

#[test]
fn the_cookies_keep_their_places_when_the_responder_begins_something() {
    let mut world = World::new(|_, _| {});
    world.initiate(WEST);
    let cookies = world.flights[0].octets[..8].to_vec();
    world.run(1);
    world.order(EAST, |now, east| east.terminate(now, "site").unwrap());
    assert!(!world.flights.is_empty());
    assert!(world.flights.iter().all(|flight| flight.octets[..8] == cookies));
    world.run(1);
    assert_eq!(world.established(), [0, 0]);
}

#[test]
fn aggressive_mode_and_quick_mode_with_a_key_exchange_of_its_own() {
    let mut world = World::new(|_, connection| {
        connection.mode = Mode::Aggressive;
        connection.children[0].group = Some(KeyExchangeAlgorithm::Ecp256);
    });
    world.initiate(EAST);
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]));
    insta::assert_snapshot!(ladder(&world));
}

#[test]
fn a_key_exchange_of_its_own_changes_the_keys_and_the_ends_still_agree() {
    let keys = |group| {
        let mut world = World::new(move |_, connection| connection.children[0].group = group);
        world.initiate(WEST);
        world.run(1);
        assert_eq!(world.pairs(), [1, 1]);
        world.installed[WEST].values().next().unwrap().outbound.key.clone()
    };
    assert_ne!(keys(None), keys(Some(KeyExchangeAlgorithm::Ecp256)));
}

#[test]
fn several_quick_modes_run_under_one_isakmp_sa() {
    let mut world = World::new(|_, connection| {
        let mut other = connection.children[0].clone();
        other.name = "dns".to_owned();
        for side in [&mut other.local, &mut other.remote] {
            (side.protocol, side.port) = (17, 53);
        }
        connection.children.push(other);
    });
    world.order(WEST, |now, west| {
        west.initiate(now, "dns").unwrap();
        west.initiate(now, "net").unwrap();
        west.initiate(now, "net").unwrap();
    });
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([2, 2], [1, 1]));
    let narrow = world.installed[EAST].values().find(|pair| pair.policy == "dns").unwrap();
    let selector = &narrow.inbound.selectors[0];
    assert_eq!((selector.protocol, selector.local_ports.clone()), (Some(17), 53..=53));
}
