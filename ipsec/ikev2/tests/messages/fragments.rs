//! Messages in pieces (RFC 7383).

use std::time::Duration;

use ipsec_ikev2::{Connection, Fragmentation};

use crate::narrated::{narrated, told};
use crate::world::{Lowest, Order, World, connection};

fn cut_to(sizes: &[usize]) -> [Connection; 2] {
    let how = Fragmentation { ipv4: sizes.to_vec(), ipv6: sizes.to_vec(), transmissions: 2 };
    [0, 1].map(|side| Connection { fragmentation: Some(how.clone()), ..connection(side) })
}

fn world(sizes: &[usize]) -> World {
    World::of(cut_to(sizes), Lowest::ALL[0])
}

#[test]
fn an_ike_sa_is_set_up_in_pieces() {
    insta::assert_snapshot!(narrated(&world(&[200]), [0, 0]));
}

#[test]
fn no_packet_is_longer_than_the_ends_want() {
    for size in [192, 256, 300, 576, 1280] {
        let mut world = world(&[size]);
        world.order(0, Order::RekeyIke);
        let longest = world.flights.iter().map(|flight| 28 + flight.octets.len()).max().unwrap();
        assert!(longest <= size, "{longest} octets for {size}");
        world.deliver_all();
        assert_eq!(world.keys[0].len(), 2);
    }
}

#[test]
fn where_one_end_does_not_cut_neither_does() {
    let [west, east] = cut_to(&[200]);
    let mut world = World::of([west, Connection { fragmentation: None, ..east }], Lowest::ALL[0]);
    world.order(0, Order::RekeyIke);
    assert_eq!(world.flights.len(), 1);
}

#[test]
fn one_lost_piece_is_made_up_for_by_the_next_transmission() {
    let mut world = world(&[192]);
    let since = told(&world);
    world.order(0, Order::RekeyIke);
    assert!(world.flights.len() >= 2, "{} pieces", world.flights.len());
    world.flights.remove(0);
    world.deliver_all();
    assert_eq!(world.keys[1].len(), 1, "nothing has happened yet");
    world.wait();
    world.deliver_all();
    insta::assert_snapshot!(narrated(&world, since));
}

#[test]
fn a_forged_piece_is_dropped_by_itself() {
    let mut world = world(&[192]);
    world.order(0, Order::RekeyIke);
    let mut forged = world.flights[0].clone();
    let last = forged.octets.len() - 1;
    forged.octets[last] ^= 1;
    world.flights.insert(0, forged);
    world.deliver_all();
    assert_eq!(world.keys[1].len(), 2, "the genuine pieces make the message");
}

#[test]
fn long_packets_that_do_not_come_through_are_cut_smaller() {
    let mut world = world(&[400, 192]);
    let since = told(&world);
    world.order(0, Order::RekeyIke);
    let begin = world.now;
    loop {
        world.flights.retain(|flight| 28 + flight.octets.len() <= 200);
        world.deliver_all();
        if world.keys[1].len() == 2 {
            break;
        }
        assert!(world.wait() && world.now.since(begin) < Duration::from_secs(20));
    }
    insta::assert_snapshot!(narrated(&world, since));
}

/// RFC 7383 §2.6.1: the first piece alone asks for the response again.
#[test]
fn of_an_answered_request_the_first_piece_alone_is_answered_again() {
    let mut world = world(&[192]);
    world.order(0, Order::CreateOther);
    let pieces = world.flights.clone();
    assert_eq!(pieces.len(), 2);
    world.deliver_all();
    world.deliver(&pieces[1]);
    assert!(world.flights.is_empty());
    world.deliver(&pieces[0]);
    assert!(!world.flights.is_empty());
}
