//! Additional key exchanges: in `IKE_INTERMEDIATE` while the IKE SA is set up (RFC 9242), in `IKE_FOLLOWUP_KE` for what
//! `CREATE_CHILD_SA` agrees on (RFC 9370), and what becomes of those when both ends do such things at once.

use std::fmt::Write;
use std::time::Duration;

use ipsec_crypto::KeyExchangeAlgorithm::{Ecp256, MlKem512, MlKem768, X25519};
use ipsec_ikev2::{Connection, Event, Ppk, PpkConfig, PpkMethod, Retransmission};
use ipsec_wire::Header;
use ipsec_wire::registry::ExchangeType;

use crate::explore::{Family, Left, explore_from, narrate, settled};
use crate::ladders::ladder;
use crate::world::{Lowest, Order, World, connection};

/// Ends whose IKE SAs and children have additional key exchanges.
fn ends() -> [Connection; 2] {
    [0, 1].map(|side| {
        let mut end = connection(side);
        end.proposals[0].additional[0] = vec![Some(MlKem768)];
        for child in &mut end.children {
            child.proposals[0].key_exchange = vec![X25519];
            child.proposals[0].additional[1] = vec![Some(MlKem512)];
        }
        end
    })
}

fn world(lowest: Lowest) -> World {
    World::of(ends(), lowest)
}

#[test]
fn an_ike_sa_is_set_up_with_two_additional_key_exchanges() {
    let mut ends = ends();
    ends.iter_mut().for_each(|end| end.proposals[0].additional[2] = vec![Some(Ecp256)]);
    let world = World::unborn(ends, Lowest::ALL[0]);
    insta::assert_snapshot!(ladder(world, &[(0, Order::CreateNet)]));
}

#[test]
fn the_last_intermediate_exchange_is_the_one_with_identities_of_preshared_keys() {
    let mut ends = ends();
    for end in &mut ends {
        end.proposals[0].additional[2] = vec![Some(Ecp256)];
        let keys = vec![Ppk { id: b"lab".to_vec(), secret: vec![7; 32].into() }];
        end.ppk = Some(PpkConfig { keys, required: true, methods: vec![PpkMethod::Intermediate] });
    }
    let ladder = ladder(World::unborn(ends, Lowest::ALL[0]), &[(0, Order::CreateNet)]);
    let said: Vec<&str> = ladder.lines().filter(|line| line.contains("-> IKE_INTERMEDIATE")).collect();
    assert_eq!(
        said,
        [
            "west  -> IKE_INTERMEDIATE request 1 [KE]",
            "east  -> IKE_INTERMEDIATE response 1 [KE]",
            "west  -> IKE_INTERMEDIATE request 2 [KE N(PPK_IDENTITY_KEY)]",
            "east  -> IKE_INTERMEDIATE response 2 [KE N(PPK_IDENTITY)]",
        ]
    );
}

#[test]
fn a_child_is_rekeyed_with_an_additional_key_exchange() {
    insta::assert_snapshot!(ladder(world(Lowest::ALL[0]), &[(0, Order::RekeyChild)]));
}

#[test]
fn an_ike_sa_is_rekeyed_with_an_additional_key_exchange() {
    insta::assert_snapshot!(ladder(world(Lowest::ALL[0]), &[(0, Order::RekeyIke)]));
}

#[test]
fn both_ends_rekey_the_same_child_at_once_with_additional_key_exchanges() {
    let orders = [(0, Order::RekeyChild), (1, Order::RekeyChild)];
    insta::assert_snapshot!(ladder(world(Lowest::ALL[0]), &orders));
}

/// The lengths of the public values tell the methods apart.
#[test]
fn additional_key_exchanges_follow_in_the_order_of_their_types() {
    let mut ends = ends();
    for child in ends.iter_mut().map(|end| &mut end.children[0]) {
        let additional = &mut child.proposals[0].additional;
        *additional = Default::default();
        for (index, method) in [(6, MlKem512), (2, Ecp256), (0, MlKem768)] {
            additional[index] = vec![Some(method)];
        }
    }
    let mut world = World::of(ends, Lowest::ALL[0]);
    world.order(0, Order::RekeyChild);
    let mut lengths = Vec::new();
    while !world.flights.is_empty() {
        let flight = world.flights.remove(0);
        if Header::parse(&flight.octets).unwrap().exchange == ExchangeType::IKE_FOLLOWUP_KE {
            lengths.push(flight.octets.len());
        }
        world.deliver(&flight);
    }
    // The IKE header, SK with IV, pad length and ICV, and the headers of KE and of the notify with its eight octets.
    let last = 28 + 4 + 8 + 1 + 16 + 8;
    let with_notify = last + 8 + 8;
    let values = [(1184, 1088), (64, 64), (800, 768)];
    let mut expected: Vec<usize> =
        values.iter().flat_map(|(ours, theirs)| [with_notify + ours, with_notify + theirs]).collect();
    expected[5] = last + 768;
    assert_eq!(lengths, expected);
    settled(&mut world, Left::Children(&["net"])).unwrap();
}

/// What was seen in a family without misfortunes, for people.
fn report(orders: &'static [(usize, Order)], left: Left) -> String {
    let family = Family { orders, at_once: orders.len(), nonces: true, misfortune: false, left };
    let seen = explore_from(&family, world);
    let mut text = format!("runs: {}", seen.runs);
    for (name, count) in &seen.occurred {
        write!(text, "\n{name}: {count}").unwrap();
    }
    text
}

#[test]
fn both_ends_rekey_the_same_child_in_every_order() {
    let orders = &[(0, Order::RekeyChild), (1, Order::RekeyChild)];
    insta::assert_snapshot!(report(orders, Left::Children(&["net"])));
}

#[test]
fn both_ends_rekey_the_ike_sa_in_every_order() {
    let orders = &[(0, Order::RekeyIke), (1, Order::RekeyIke)];
    insta::assert_snapshot!(report(orders, Left::Children(&["net"])));
}

#[test]
fn one_end_rekeys_a_child_that_the_other_deletes_in_every_order() {
    let orders = &[(0, Order::RekeyChild), (1, Order::DeleteChild)];
    insta::assert_snapshot!(report(orders, Left::Children(&[])));
}

#[test]
fn one_end_rekeys_the_ike_sa_and_the_other_a_child_in_every_order() {
    let orders = &[(0, Order::RekeyIke), (1, Order::RekeyChild)];
    insta::assert_snapshot!(report(orders, Left::Children(&["net"])));
}

#[test]
fn one_end_rekeys_the_ike_sa_and_the_other_creates_a_child_in_every_order() {
    let orders = &[(0, Order::RekeyIke), (1, Order::CreateOther)];
    insta::assert_snapshot!(report(orders, Left::Children(&["net", "other"])));
}

/// The responder forgets what it has agreed on when the peer does not go on; asked again, it says STATE_NOT_FOUND, and the
/// initiator begins anew.
#[test]
fn what_the_responder_has_forgotten_is_agreed_on_anew() {
    for order in [Order::RekeyChild, Order::RekeyIke] {
        let mut ends = ends();
        ends[1].retransmission = Retransmission { transmissions: 2, ..Retransmission::default() };
        let mut world = World::of(ends, Lowest::ALL[0]);
        world.order(0, order);
        for _ in 0..2 {
            let flight = world.flights.remove(0);
            world.deliver(&flight);
        }
        // The first three transmissions of IKE_FOLLOWUP_KE are lost, and the responder waits but 3 s.
        let begun = world.now;
        while world.now.since(begun) < Duration::from_secs(5) {
            world.flights.clear();
            world.wait();
        }
        world.deliver_all();
        while world.wait() {
            world.deliver_all();
        }
        let probe = |event: &&Event| matches!(event, Event::Probe("ikev2.state-not-found.sent"));
        assert_eq!(world.events[1].iter().filter(probe).count(), 1);
        settled(&mut world, Left::Children(&["net"])).unwrap();
    }
}

/// Both ends replace the IKE SA. West, whose exchange loses, goes no further and creates a child, so that east has to begin anew:
/// what east has agreed on with west before is no rival of that.
#[test]
fn what_has_lost_once_is_no_rival_of_the_next_attempt() {
    let mut world = world(Lowest { end: 0, as_initiator: true });
    world.order(0, Order::RekeyIke);
    world.order(1, Order::RekeyIke);
    for _ in 0..3 {
        let flight = world.flights.remove(0);
        world.deliver(&flight);
    }
    world.order(0, Order::CreateOther);
    world.deliver_all();
    while world.wait() {
        world.deliver_all();
    }
    let count = |end: usize, name: &str| {
        world.events[end]
            .iter()
            .filter(|event| matches!(event, Event::Probe(probe) if *probe == name))
            .count()
    };
    assert_eq!(count(1, "ikev2.temporary-failure.received"), 1, "{}", narrate(&world));
    assert_eq!([0, 1].map(|end| count(end, "ikev2.ike-rekey.collision")), [1, 1], "{}", narrate(&world));
    settled(&mut world, Left::Children(&["net", "other"])).unwrap();
}
