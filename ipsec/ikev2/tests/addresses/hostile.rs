//! Attackers who see messages, change the addresses on them, keep them and send them again: an IKE SA goes only where a
//! message comes from that is authentic and new, and only where NAT explains it.

use std::collections::BTreeMap;

use ipsec_ikev2::{DropReason, Event, Nat};
use ipsec_wire::registry::NotifyType;

use crate::world::{BOX, EAST, Flight, WEST, World, connection};

/// The same message from somewhere else.
fn elsewhere(flight: &Flight) -> Flight {
    Flight { source: "192.0.2.66:666".parse().unwrap(), ..flight.clone() }
}

fn dropped(world: &World, end: usize) -> Vec<&DropReason> {
    world.events[end]
        .iter()
        .filter_map(|event| match event {
            Event::Dropped { reason, .. } => Some(reason),
            _ => None,
        })
        .collect()
}

#[test]
fn a_replayed_request_is_answered_where_it_comes_from_and_moves_nothing() {
    let mut world = World::behind_nat().up();
    world.at(0, |west, now| west.check(now, "site").unwrap());
    let request = world.flights[0].clone();
    world.deliver_all();
    let before = world.sa(1).remote;
    world.deliver(&elsewhere(&request));
    let answer = world.flights.pop().unwrap();
    assert_eq!(answer.destination.to_string(), "192.0.2.66:666");
    assert!(answer.octets.len() <= 3 * request.octets.len(), "no more than three octets for each");
    assert_eq!(world.sa(1).remote, before);
    assert!(world.moved[1].is_empty());
}

#[test]
fn a_long_answer_is_not_repeated_to_strangers() {
    let mut world = World::behind_nat();
    world.ends[0].initiate(world.now, "net").unwrap();
    world.drain(0);
    let init = world.flights.remove(0);
    world.deliver(&init);
    let answer = world.flights.remove(0);
    world.deliver(&answer);
    let auth = world.flights.remove(0);
    world.deliver(&auth);
    world.flights.clear();
    world.deliver(&elsewhere(&auth));
    match world.flights.pop() {
        Some(answer) => assert!(answer.octets.len() <= 3 * auth.octets.len()),
        None => assert_eq!(dropped(&world, 1), [&DropReason::Amplification]),
    }
}

#[test]
fn a_changed_request_moves_nothing() {
    let mut world = World::behind_nat().up();
    world.at(0, |west, now| west.check(now, "site").unwrap());
    let mut forged = elsewhere(&world.flights[0]);
    *forged.octets.last_mut().unwrap() ^= 1;
    let before = world.sa(1).remote;
    world.deliver(&forged);
    assert_eq!(dropped(&world, 1), [&DropReason::Integrity]);
    assert_eq!(world.sa(1).remote, before);
    world.deliver_all();
    assert_eq!(world.sa(1).remote, before, "the genuine one is new");
}

#[test]
fn who_is_behind_nat_follows_nobody() {
    let mut world = World::behind_nat().up();
    world.at(1, |east, now| east.check(now, "site").unwrap());
    let request = world.flights.remove(0);
    world.deliver(&elsewhere(&request));
    assert_eq!(world.sa(0).remote.to_string(), format!("{EAST}:4500"));
    let answer = world.flights.remove(0);
    assert_eq!(answer.destination.to_string(), "192.0.2.66:666", "it is answered where it came from");
}

#[test]
fn without_nat_nobody_is_followed() {
    let ends = [connection(0, WEST, EAST), connection(1, EAST, WEST)];
    let mut world = World::new(ends, [None, None]).up();
    world.at(0, |west, now| west.check(now, "site").unwrap());
    let request = world.flights.remove(0);
    world.deliver(&elsewhere(&request));
    assert_eq!(world.sa(1).remote.to_string(), format!("{WEST}:500"));
    let inbound = *world.installed[1].keys().next().unwrap();
    let [local, remote] = [format!("{EAST}:4500"), format!("{BOX}:7")].map(|end| end.parse().unwrap());
    world.at(1, |east, now| east.moved(now, inbound, local, remote));
    assert_eq!(world.sa(1).remote.to_string(), format!("{WEST}:500"));
}

#[test]
fn an_answer_in_the_clear_counts_only_from_where_it_was_asked() {
    let mut world = World::behind_nat();
    world.ends[0].initiate(world.now, "net").unwrap();
    world.drain(0);
    let init = world.flights.remove(0);
    world.deliver(&init);
    let answer = world.flights.remove(0);
    world.deliver(&elsewhere(&answer));
    assert_eq!(dropped(&world, 0), [&DropReason::Address]);
    world.deliver(&answer);
    world.deliver_all();
    assert_eq!(world.sa(0).nat, Nat { here: true, there: false });
}

/// Whoever changes the hashes on the way makes the ends encapsulate, and shows in their proofs, which are over the messages
/// as they were sent.
#[test]
fn forged_hashes_end_the_attempt() {
    let kind = NotifyType::NAT_DETECTION_SOURCE_IP.0.to_be_bytes();
    let ends = [connection(0, WEST, EAST), connection(1, EAST, WEST)];
    let mut world = World::new(ends, [None, None]);
    world.ends[0].initiate(world.now, "net").unwrap();
    world.drain(0);
    let mut init = world.flights.remove(0);
    let place = init.octets.windows(2).rposition(|octets| octets == kind).unwrap();
    init.octets[place + 2] ^= 1;
    world.deliver(&init);
    world.deliver_all();
    let failed = |event: &Event| matches!(event, Event::IkeFailed { .. });
    assert!(world.events[1].iter().any(failed), "{}", world.text);
    assert!(world.installed.iter().all(BTreeMap::is_empty));
}
