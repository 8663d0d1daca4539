//! What goes over the wire when nothing gets in the way, and what each end tells of it.

use std::fmt::Write;

use ipsec_ikev2::Event;
use ipsec_net::Instant;

use crate::world::{Lowest, NAMES, Order, World, connection};

/// What both ends tell after `orders`, which are given at once, in the order in which it happens.
pub(crate) fn ladder(world: World, orders: &[(usize, Order)]) -> String {
    ladder_without(world, orders, None)
}

/// The same, but that the message with this number is lost.
fn ladder_without(mut world: World, orders: &[(usize, Order)], lost: Option<usize>) -> String {
    let mut told = world.events.each_ref().map(Vec::len);
    orders.iter().for_each(|(end, order)| world.order(*end, *order));
    let mut text = String::new();
    let mut messages = 0..;
    loop {
        for end in 0..2 {
            for event in &world.events[end][told[end]..] {
                let line = match event {
                    Event::Sent(message) => format!("-> {message}"),
                    Event::Received(message) => format!("<- {message}"),
                    Event::ChildUp(record) if record.replaces.is_some() => {
                        format!("child {} up in the place of another", record.child)
                    }
                    Event::ChildUp(record) => format!("child {} up", record.child),
                    Event::ChildDown { child, cause, .. } => format!("child {child} down: {cause}"),
                    Event::ChildFailed { child, failure } => format!("child {child} failed: {failure}"),
                    Event::IkeUp { suite, .. } => format!("IKE SA up: {suite}"),
                    Event::IkeDown { cause, .. } => format!("IKE SA down: {cause}"),
                    Event::IkeFailed { failure, .. } => format!("IKE SA failed: {failure}"),
                    Event::Dropped { reason, .. } => format!("dropped: {reason}"),
                    Event::Probe(probe) => format!("({probe})"),
                    Event::Moved { local, remote, .. } => format!("runs from {local} to {remote}"),
                    Event::IkeKeyed(_) | Event::Configured { .. } | Event::Synchronised { .. } => continue,
                };
                writeln!(text, "{}  {line}", NAMES[end]).unwrap();
            }
            told[end] = world.events[end].len();
        }
        if world.flights.is_empty() {
            if !world.wait() {
                return text;
            }
            if !world.flights.is_empty() {
                writeln!(text, "after {} ms", world.now.since(Instant::ZERO).as_millis()).unwrap();
            }
            continue;
        }
        let flight = world.flights.remove(0);
        if messages.next() == lost {
            writeln!(text, "      (the first message is lost)").unwrap();
        } else {
            world.deliver(&flight);
        }
    }
}

fn world() -> World {
    World::new(Lowest::ALL[0])
}

#[test]
fn a_child_is_rekeyed() {
    insta::assert_snapshot!(ladder(world(), &[(0, Order::RekeyChild)]));
}

#[test]
fn a_child_is_rekeyed_with_another_group_than_the_first() {
    use ipsec_crypto::KeyExchangeAlgorithm::{Ecp256, X25519};
    let mut ends = [connection(0), connection(1)];
    ends[0].children[0].proposals[0].key_exchange = vec![X25519, Ecp256];
    ends[1].children[0].proposals[0].key_exchange = vec![Ecp256];
    let world = World::of(ends, Lowest::ALL[0]);
    insta::assert_snapshot!(ladder(world, &[(0, Order::RekeyChild)]));
}

#[test]
fn the_ike_sa_is_rekeyed() {
    insta::assert_snapshot!(ladder(world(), &[(1, Order::RekeyIke)]));
}

#[test]
fn the_peer_is_authenticated_anew() {
    let mut world = world();
    world.order(0, Order::CreateOther);
    world.deliver_all();
    insta::assert_snapshot!(ladder(world, &[(1, Order::Reauthenticate)]));
}

#[test]
fn both_ends_rekey_the_same_child_at_once() {
    insta::assert_snapshot!(ladder(world(), &[(0, Order::RekeyChild), (1, Order::RekeyChild)]));
}

/// The example of RFC 7296 §2.8.1.
#[test]
fn both_ends_rekey_the_same_child_and_the_first_message_is_lost() {
    let orders = [(0, Order::RekeyChild), (1, Order::RekeyChild)];
    insta::assert_snapshot!(ladder_without(world(), &orders, Some(0)));
}

/// The example of RFC 7296 §2.8.2, but that east's message is late because it is lost once.
#[test]
fn both_ends_rekey_the_ike_sa_and_the_first_message_is_lost() {
    let orders = [(1, Order::RekeyIke), (0, Order::RekeyIke)];
    insta::assert_snapshot!(ladder_without(world(), &orders, Some(0)));
}

#[test]
fn both_ends_rekey_the_ike_sa_at_once() {
    insta::assert_snapshot!(ladder(world(), &[(0, Order::RekeyIke), (1, Order::RekeyIke)]));
}

#[test]
fn one_end_deletes_the_child_that_the_other_rekeys() {
    insta::assert_snapshot!(ladder(world(), &[(0, Order::RekeyChild), (1, Order::DeleteChild)]));
}

#[test]
fn one_end_creates_a_child_while_the_other_rekeys_the_ike_sa() {
    insta::assert_snapshot!(ladder(world(), &[(0, Order::RekeyIke), (1, Order::CreateOther)]));
}

#[test]
fn both_ends_delete_the_same_child_at_once() {
    insta::assert_snapshot!(ladder(world(), &[(0, Order::DeleteChild), (1, Order::DeleteChild)]));
}
