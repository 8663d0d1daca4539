//! Several requests at once (RFC 7296 §2.3).

use ipsec_ikev2::{Connection, Event};

use crate::narrated::{narrated, told};
use crate::world::{Lowest, Order, World, connection};

fn world(sizes: [u32; 2]) -> World {
    let ends = [0, 1].map(|side| Connection { window: sizes[side], ..connection(side) });
    World::of(ends, Lowest::ALL[0])
}

#[test]
fn several_requests_are_open_at_once() {
    let mut world = world([1, 4]);
    let since = told(&world);
    world.order(0, Order::CreateOther);
    world.order(0, Order::RekeyChild);
    world.order(0, Order::CreateOther);
    assert_eq!(world.flights.len(), 3, "east takes four");
    world.deliver_all();
    insta::assert_snapshot!(narrated(&world, since));
}

#[test]
fn what_an_end_does_not_take_waits() {
    let mut world = world([4, 1]);
    world.order(0, Order::CreateOther);
    world.order(0, Order::RekeyChild);
    assert_eq!(world.flights.len(), 1, "east takes one");
}

#[test]
fn requests_are_answered_in_any_order() {
    let mut world = world([4, 4]);
    world.order(0, Order::CreateOther);
    world.order(0, Order::RekeyChild);
    world.order(0, Order::CreateOther);
    world.flights.reverse();
    world.deliver_all();
    let up = |event: &&Event| matches!(event, Event::ChildUp(_));
    assert_eq!(world.events.each_ref().map(|events| events.iter().filter(up).count()), [4, 4]);
    assert_eq!(world.installed.each_ref().map(std::collections::BTreeMap::len), [3, 3]);
}

#[test]
fn an_ike_sa_is_replaced_by_itself_and_not_beside_other_things() {
    let mut world = world([4, 4]);
    world.order(0, Order::CreateOther);
    world.order(0, Order::RekeyIke);
    assert_eq!(world.flights.len(), 1);
    world.deliver_all();
    assert_eq!(world.keys[0].len(), 2);
    assert_eq!(world.installed.each_ref().map(std::collections::BTreeMap::len), [2, 2]);
}
